"""Where the records of a plant were written, and what a reader saw but could not read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from linewright.plant.plan import Assignment, Progress
from linewright.plant.records import (
    Absence,
    Alternative,
    Calendar,
    CalendarException,
    Consumption,
    Downtime,
    Equipment,
    Material,
    MaterialLot,
    Order,
    Part,
    Person,
    RoutingOperation,
    SetupTime,
    Shift,
)

_WORDS: dict[type[Any], str] = {
    Equipment: "equipment",
    Person: "person",
    Calendar: "calendar",
    Material: "material",
    MaterialLot: "lot",
    Part: "part",
    RoutingOperation: "operation",
    Order: "order",
}


class Places:
    """File and line of each record, by identity: two equal rows have two places.

    What could not be read is noted too, so that nobody reports its absence a second time.
    """

    def __init__(self) -> None:
        self._where: dict[int, tuple[Any, str]] = {}  # the record is kept, so that its id stays its own
        self._named: dict[tuple[str, ...], str] = {}
        self._unread: dict[str, set[tuple[str, ...]]] = {}
        self._lost: set[str] = set()

    def note(self, record: Any, where: str) -> None:
        """The place of a record, or of a tuple that names what is no record: ("machine_state", "M1")."""
        if isinstance(record, tuple):
            self._named[record] = where
        else:
            self._where[id(record)] = (record, where)

    def unreadable(self, file: str, keys: Iterable[tuple[str, ...]], lost: bool) -> None:
        """Keys of the rows of a file that could not be read; `lost`: it could be any row."""
        keys = set(keys)
        self._unread[file] = {key[:cells] for key in keys for cells in range(1, len(key) + 1)}
        if lost or any("" in key for key in keys):
            self._lost.add(file)

    def of(self, record: Any) -> str:
        """Where a record stands; without a reader its own name."""
        if isinstance(record, tuple):
            return self._named.get(record, " ".join(record))
        known = self._where.get(id(record))
        return known[1] if known else _name(record)

    def hidden(self, file: str, *key: str) -> bool:
        """Whether a row of this key (its first cells) may stand in what could not be read."""
        return file in self._lost or key in self._unread.get(file, ())

    def complete(self, *files: str) -> bool:
        """Whether all of these files were read to the last row."""
        return not any(file in self._lost or self._unread.get(file) for file in files)


def _name(record: Any) -> str:
    if isinstance(record, Assignment):
        return f"plan {record.order}/{record.operation}"
    if isinstance(record, Progress):
        return f"progress {record.order}/{record.operation}"
    if isinstance(record, SetupTime):
        return f"setup {record.group} {record.from_family} to {record.to_family}"
    if isinstance(record, Downtime):
        return f"downtime of {record.machine}"
    if isinstance(record, Absence):
        return f"absence of {record.person}"
    if isinstance(record, Alternative):
        return f"alternative on {record.machine}"
    if isinstance(record, Consumption):
        return f"consumption of {record.material}"
    if isinstance(record, Shift | CalendarException):
        return "calendar"
    return f"{_WORDS[type(record)]} {record.id}"
