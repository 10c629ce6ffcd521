"""How people write times, durations and disruptions on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from linewright.errors import LinewrightError
from linewright.plant import folder_values

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "min": "minutes", "s": "seconds"}
LONGEST = timedelta(days=3650)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|min|m|s)", re.IGNORECASE)


class BadArgument(LinewrightError):
    """A command-line value that cannot be read; the message shows how it is written."""


def duration(text: str, option: str) -> timedelta:
    """ "8h", "90m", "1d 4h", "1h30m" as a timedelta; it must be positive."""
    found = _PART.findall(text)
    if not found or _PART.sub("", text).strip():
        raise BadArgument(f"{option}: {text!r} is not a duration. Write it like 8h, 90m or 1d 4h.")
    try:
        total = sum((timedelta(**{_UNITS[unit.lower()]: float(n)}) for n, unit in found), timedelta())
    except OverflowError:
        total = LONGEST + timedelta(1)
    if total > LONGEST:
        raise BadArgument(f"{option}: {text!r} is more than ten years. Give a shorter duration, like 8h.")
    if total <= timedelta():
        raise BadArgument(f"{option}: {text!r} is no time at all. Give a duration above zero, like 8h.")
    return total


def instant(text: str, zone: str, option: str) -> datetime:
    """An ISO 8601 time, read as in the tables of a plant: without an offset it is local time of the plant."""
    try:
        return folder_values.instant(text, ZoneInfo(zone))
    except folder_values.CellError as error:
        raise BadArgument(f"{option}: {error.what} {error.advice}") from None


def pair(text: str, option: str, what: str) -> tuple[str, str]:
    """NAME=VALUE."""
    name, separator, value = text.partition("=")
    if not separator or not name.strip() or not value.strip():
        raise BadArgument(f"{option}: {text!r} cannot be read. Write it like {what}.")
    return name.strip(), value.strip()


def once(names: Iterable[str], option: str) -> None:
    """Refuse an option that says two things of one name: which of them was meant?"""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadArgument(f"{option}: {name} is named twice. Keep one of them.")
        seen.add(name)


def job(text: str, option: str) -> tuple[str, str]:
    """ORDER/OPERATION; the order's id may itself hold a slash."""
    order, separator, operation = text.rpartition("/")
    if not separator or not order or not operation:
        raise BadArgument(f"{option}: {text!r} is not a job. Write it as ORDER/OPERATION, like O-1042/20.")
    return order, operation
