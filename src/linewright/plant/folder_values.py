"""Cells of a plant folder: what a person may write in one, and how Linewright writes it.

Each `Kind` turns text into a value and back. A cell that cannot be read raises `CellError`, which says
what is wrong and what to write instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from linewright.plant.names import nearest
from linewright.plant.plan import OperationStatus
from linewright.plant.records import LARGEST, Level

FIRST_YEAR, LAST_YEAR = 1970, 2199

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class CellError(ValueError):
    """A cell that cannot be read: what is wrong, and what to do."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Style:
    """How a table is written: the zone of times without offset, and whether 2,5 is a number."""

    zone: ZoneInfo
    decimal_comma: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of cell. `meaning` is what the documentation calls it."""

    meaning: str
    parse: Callable[[str, Style], Any]
    text: Callable[[Any, Style], str]


@cache
def load_zone(name: str) -> ZoneInfo:
    """The IANA time zone of a name; `CellError` where there is none.

    Files that a system keeps beside the zones are none: `localtime` is another one on every machine, and
    those under `right/` count leap seconds.
    """
    known = available_timezones() - {"localtime", "Factory"}
    if name in known:
        return ZoneInfo(name)
    advice = nearest(name, known) or "Maybe Europe/Berlin or America/Chicago."
    raise CellError(f'"{name}" is not a known time zone.', advice)


def instant(text: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 instant in UTC; without an offset it is local time in `zone`.

    Of a local time that comes twice (clocks go back) the first is meant; one that is skipped (clocks
    go forward) raises `CellError`, as does anything else that is not an instant.
    """
    example = "Write it like 2026-03-06T14:30, or with an offset like 2026-03-06T14:30+01:00."
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise CellError(f'"{text}" is not a date and time.', example) from None
    if ":" not in text and "T" not in text.upper():
        raise CellError(f'"{text}" has no time of day.', f"Maybe {text}T00:00 or {text}T23:59.")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise CellError(
            f'"{text}" lies outside the years {FIRST_YEAR} to {LAST_YEAR}.', "Maybe the year is mistyped."
        )
    if value.tzinfo is not None:
        return value.astimezone(UTC)
    moment = value.replace(tzinfo=zone).astimezone(UTC)
    shown = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    if shown != value:
        raise CellError(
            f'"{text}" does not exist in {zone.key}: clocks go forward over it.',
            f"Maybe {shown.isoformat(timespec='minutes')}.",
        )
    return moment


def instant_text(moment: datetime, zone: ZoneInfo) -> str:
    """The local time of an instant, with an offset only where it would be misread without."""
    local = moment.astimezone(zone)
    bare = local.replace(tzinfo=None, fold=0)
    clear = bare.replace(tzinfo=zone).astimezone(UTC) == moment.astimezone(UTC)
    precision = "microseconds" if local.microsecond else "seconds" if local.second else "minutes"
    return (bare if clear else local).isoformat(timespec=precision)


def number(text: str, style: Style) -> float:
    plain = text.replace(",", ".") if style.decimal_comma and text.count(",") == 1 else text
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", plain, re.ASCII):
        raise CellError(
            f'"{text}" is not a number.', "Write it like 12.5, without unit or thousands separator."
        )
    value = float(plain)
    if abs(value) > LARGEST:
        raise CellError(f'"{text}" is too large.', f"Maybe a digit too many: the limit is {LARGEST:.0e}.")
    return value


def number_text(value: float) -> str:
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise CellError(f"{value} cannot be written.", f"Use a number up to {LARGEST:.0e}.")
    return str(int(value)) if value == int(value) else repr(float(value))


def whole(text: str, style: Style) -> int:
    if not re.fullmatch(r"[+-]?\d+(\.0*)?", text, re.ASCII):
        raise CellError(
            f'"{text}" is not a whole number.', "Write it like 12, without unit or thousands separator."
        )
    value = int(text.partition(".")[0])
    if abs(value) > LARGEST:
        raise CellError(f'"{text}" is too large.', f"Maybe a digit too many: the limit is {LARGEST:.0e}.")
    return value


def day(text: str, style: Style) -> date:
    try:
        value = date.fromisoformat(text)
    except ValueError:
        raise CellError(f'"{text}" is not a date.', "Write it like 2026-03-06.") from None
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise CellError(
            f'"{text}" lies outside the years {FIRST_YEAR} to {LAST_YEAR}.', "Maybe the year is mistyped."
        )
    return value


def clock(text: str, style: Style) -> time:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", text, re.ASCII)
    if found:
        hour, minute, second = (int(group or 0) for group in found.groups())
        if (hour, minute, second) == (24, 0, 0):  # the end of a day is the start of the next
            return time(0)
        if hour < 24 and minute < 60 and second < 60:
            return time(hour, minute, second)
    raise CellError(f'"{text}" is not a time of day.', "Write it like 06:00 or 22:30.")


def clock_text(value: time) -> str:
    return value.isoformat(timespec="seconds" if value.second else "minutes")


def weekdays(text: str, style: Style) -> frozenset[int]:
    """Days of the week: `mon-fri`, `mon;wed`, `sat-mon`, `mon-wed;sat`."""
    found: set[int] = set()
    for piece in re.split(r"[;,]", text.lower()):
        first, dash, last = (end.strip() for end in piece.partition("-"))
        last = last if dash else first
        if first not in DAYS or last not in DAYS:
            raise CellError(
                f'"{piece.strip()}" is not a day or a span of days.', "Write mon-fri, or mon;wed;sat."
            )
        start, span = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7
        found.update((start + step) % 7 for step in range(span + 1))
    return frozenset(found)


def weekdays_text(days: frozenset[int]) -> str:
    runs: list[list[int]] = []
    for value in sorted(days):
        if runs and runs[-1][-1] == value - 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ";".join(
        f"{DAYS[run[0]]}-{DAYS[run[-1]]}" if len(run) > 2 else ";".join(DAYS[item] for item in run)
        for run in runs
    )


def names(text: str, style: Style) -> tuple[str, ...]:
    return tuple(piece.strip() for piece in text.split(";") if piece.strip())


def _choice(words: dict[str, Any]) -> Callable[[str, Style], Any]:
    def parse(text: str, style: Style) -> Any:
        if text.lower() not in words:
            raise CellError(
                f'"{text}" is not one of {", ".join(words)}.', nearest(text, words) or "Choose one."
            )
        return words[text.lower()]

    return parse


TEXT = Kind("text", lambda text, style: text, lambda value, style: value)
NAMES = Kind("names, separated by `;`", names, lambda value, style: ";".join(value))
NUMBER = Kind("number", number, lambda value, style: number_text(value))
WHOLE = Kind("whole number", whole, lambda value, style: number_text(value))
INSTANT = Kind(
    "date and time",
    lambda text, style: instant(text, style.zone),
    lambda value, style: instant_text(value, style.zone),
)
DATE = Kind("date", day, lambda value, style: value.isoformat())
CLOCK = Kind("time of day", clock, lambda value, style: clock_text(value))
WEEKDAYS = Kind("days of the week", weekdays, lambda value, style: weekdays_text(value))
YES_NO = Kind(
    "yes or no",
    _choice({"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}),
    lambda value, style: "yes" if value else "no",
)
WORK_BREAK = Kind(
    "work or break",
    _choice({"work": False, "break": True}),
    lambda value, style: "break" if value else "work",
)
LEVEL = Kind("level", _choice({str(item): item for item in Level}), lambda value, style: str(value))
STATUS = Kind(
    "started or done", _choice({str(item): item for item in OperationStatus}), lambda value, style: str(value)
)
