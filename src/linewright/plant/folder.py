"""The folder a person edits, to and from a plant and its state.

`folder_tables` says which files and columns there are, `folder_csv` reads and writes one of them,
`checks` looks at what spans them. Instants are read into UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from linewright.errors import Finding, PlantError
from linewright.plant import folder_tables as tables
from linewright.plant.checks import check
from linewright.plant.folder_csv import Row, Sheet, read_sheet
from linewright.plant.folder_settings import Settings, read_settings
from linewright.plant.folder_values import Style
from linewright.plant.folder_write import write_plant
from linewright.plant.names import nearest
from linewright.plant.places import Places
from linewright.plant.plan import Assignment, OperationStatus, Plan, PlantState, Progress
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
    Plant,
    RoutingOperation,
    SetupTime,
    Shift,
)

__all__ = ["check_text", "read_history", "read_plant", "write_plant"]

MAX_FINDINGS_PER_FILE = 500
"""A file with more findings than this has one cause; the rest of them is only counted."""

T = TypeVar("T")


def read_plant(directory: Path) -> tuple[Plant, PlantState]:
    """Read and check a plant folder, `history.csv` included.

    Raises:
        PlantError: everything that is wrong with it, in the order of files and lines.
    """
    folder = _read(directory)
    return folder.plant, folder.state


def read_history(directory: Path) -> tuple[Progress, ...]:
    """What `history.csv` of a plant folder records; empty without the file.

    Raises:
        PlantError: everything that is wrong with the file by itself.
    """
    _require_folder(directory)
    settings = read_settings(directory / tables.SETTINGS_FILE)
    reader = _Reader(directory, settings)
    history = reader.progress(tables.HISTORY)
    _raise(settings.findings + reader.findings)
    return history


def check_text(directory: Path) -> tuple[str, bool]:
    """What `linewright plant check` prints, and whether the folder is sound."""
    try:
        folder = _read(directory)
    except PlantError as error:
        count = len(error.findings)
        return f"{error}\n{count} {_plural('finding', count)}.", False
    plant, state = folder.plant, folder.state
    operations = sum(len(part.operations) for part in plant.parts)
    counts = (
        (len(plant.machines), "machine"),
        (len(plant.people), "person"),
        (len(plant.parts), "part"),
        (operations, "routing operation"),
        (len(plant.orders), "order"),
        (len(state.plan.assignments), "planned operation"),
        (len(folder.history), "recorded operation"),
    )
    listed = ", ".join(f"{count:,} {_plural(word, count)}" for count, word in counts)
    return f"{plant.name or plant.id}: {listed}.\nNo findings.", True


def _plural(word: str, count: int) -> str:
    return word if count == 1 else "people" if word == "person" else f"{word}s"


@dataclass(frozen=True, slots=True)
class _Folder:
    plant: Plant
    state: PlantState
    history: tuple[Progress, ...]


def _require_folder(directory: Path) -> None:
    if not directory.is_dir():
        what = "is not a folder." if directory.exists() else "does not exist."
        raise PlantError(
            [Finding(str(directory), what, "Maybe another path: a plant is a folder with plant.toml.")]
        )


def _read(directory: Path) -> _Folder:
    _require_folder(directory)
    settings = read_settings(directory / tables.SETTINGS_FILE)
    if not (directory / tables.SETTINGS_FILE).exists() and not any(
        (directory / table.file).exists() for table in tables.TABLES
    ):
        raise PlantError(
            [
                Finding(
                    str(directory),
                    "is not a plant folder: it holds none of its files.",
                    "Maybe another path.",
                )
            ]
        )
    reader = _Reader(directory, settings)
    plant = reader.plant()
    state = reader.state()
    history = reader.progress(tables.HISTORY)
    findings = settings.findings + _misnamed(directory) + reader.findings
    findings += check(plant, state, reader.places, history)
    _raise(findings)
    return _Folder(plant, state, history)


def _raise(findings: list[Finding]) -> None:
    """Raise the findings, if any, by file and line, and no flood of them from one file."""
    if not findings:
        return
    rank = {table.file: position for position, table in enumerate(tables.TABLES)}
    by_file: dict[str, list[tuple[int, Finding]]] = {}
    for finding in findings:
        file, _, rest = finding.where.partition(":")
        line = rest.partition(" ")[0]
        by_file.setdefault(file, []).append((int(line) if line.isdecimal() else 0, finding))
    shown: list[Finding] = []
    for file in sorted(by_file, key=lambda name: rank.get(name, -1)):
        in_file = [finding for _, finding in sorted(by_file[file], key=lambda placed: placed[0])]
        shown += in_file[:MAX_FINDINGS_PER_FILE]
        if more := len(in_file[MAX_FINDINGS_PER_FILE:]):
            shown.append(Finding(file, f"{more:,} more findings.", "Correct those above first."))
    raise PlantError(shown)


def _misnamed(directory: Path) -> list[Finding]:
    """Tables that nobody would read because their name is nearly right."""
    known = {table.file for table in tables.TABLES}
    present = {path.name for path in directory.iterdir()}
    return [
        Finding(name, "is not a table of a plant.", f"{advice} Otherwise move it elsewhere.")
        for name in sorted(present - known)
        if name.lower().endswith(".csv") and (advice := nearest(name, known - present, 0.8))
    ]


class _Reader:
    """Tables to records, with a place for each record and a finding for each row that makes none."""

    def __init__(self, directory: Path, settings: Settings) -> None:
        self.directory = directory
        self.settings = settings
        self.style = Style(settings.zone)
        self.places = Places()
        self.places.unreadable(tables.SETTINGS_FILE, settings.unread, lost=False)
        self.findings: list[Finding] = []

    def sheet(self, table: tables.Table) -> Sheet:
        sheet = read_sheet(self.directory / table.file, table, self.style)
        self.findings += sheet.findings
        self.places.unreadable(table.file, sheet.unread, sheet.lost)
        return sheet

    def make(self, row: Row, make: Callable[..., T], **values: Any) -> T | None:
        """The record of a row, or None with a finding for what the record itself refuses."""
        try:
            record = make(**(row.values | values))
        except ValueError as error:
            self.findings.append(Finding(row.where, f"{error}.", "Correct this row."))
            return None
        self.places.note(record, row.where)
        return record

    def records(self, table: tables.Table, make: Callable[..., T]) -> tuple[T, ...]:
        """The records of a table that has one row for each."""
        sheet = self.sheet(table)
        made = []
        for row in sheet.rows:
            record = self.make(row, make)
            if record is None:
                sheet.unread.add(row.key)
            else:
                made.append(record)
        self.places.unreadable(table.file, sheet.unread, sheet.lost)
        return tuple(made)

    def plant(self) -> Plant:
        s = self.settings
        return Plant(
            id=s.id,
            name=s.name,
            timezone=s.timezone,
            equipment=self.records(tables.EQUIPMENT, Equipment),
            people=self.records(tables.PEOPLE, _person),
            calendars=self.calendars(),
            materials=self.records(tables.MATERIALS, Material),
            lots=self.records(tables.LOTS, MaterialLot),
            parts=self.parts(),
            setups=self.records(tables.SETUPS, SetupTime),
            orders=self.records(tables.ORDERS, Order),
            downtimes=self.records(tables.DOWNTIMES, Downtime),
            absences=self.records(tables.ABSENCES, Absence),
            planning=s.planning,
            assumptions=s.assumptions,
        )

    def state(self) -> PlantState:
        s = self.settings
        plan = Plan(s.plan_version, self.records(tables.PLAN, Assignment), s.scenario)
        progress = self.progress(tables.PROGRESS)
        down, family = {}, {}
        seen: set[str] = set()
        for row in self.sheet(tables.MACHINE_STATE).rows:
            machine = row.values["machine"]
            if machine in seen:
                what = f"machine {machine} comes twice."
                self.findings.append(Finding(row.where, what, "Remove one of the rows."))
            seen.add(machine)
            self.places.note(("machine_state", machine), row.where)
            if row.values["down_until"]:
                down[machine] = row.values["down_until"]
            if row.values["family"]:
                family[machine] = row.values["family"]
        return PlantState(
            at=s.at,
            plan=plan,
            progress=progress,
            machine_down_until=down,
            machine_family=family,
            cancelled=s.cancelled,
            position=s.position,
        )

    def progress(self, table: tables.Table) -> tuple[Progress, ...]:
        return self.records(table, _progress)

    def calendars(self) -> tuple[Calendar, ...]:
        shifts: dict[str, list[Shift]] = {}
        exceptions: dict[str, list[CalendarException]] = {}
        where: dict[str, str] = {}
        for row in self.sheet(tables.CALENDARS).rows:
            name = row.values.pop("calendar")
            where.setdefault(name, row.where)
            if shift := self.make(row, Shift):
                shifts.setdefault(name, []).append(shift)
        for row in self.sheet(tables.CALENDAR_EXCEPTIONS).rows:
            name = row.values.pop("calendar")
            if name not in shifts:
                self.unattached(row, tables.CALENDARS, "calendar", (name,), shifts)
            elif exception := self.make(row, CalendarException):
                exceptions.setdefault(name, []).append(exception)
        calendars = tuple(
            Calendar(name, tuple(periods), tuple(exceptions.get(name, ())))
            for name, periods in shifts.items()
        )
        for calendar in calendars:
            self.places.note(calendar, where[calendar.id])
        return calendars

    def parts(self) -> tuple[Part, ...]:
        listed = self.records(tables.PARTS, _NamedPart)
        routed: dict[str, list[RoutingOperation]] = {item.id: [] for item in listed}
        where = {item.id: self.places.of(item) for item in listed}
        sheet = self.sheet(tables.ROUTINGS)
        for row in sheet.rows:
            part = row.values.pop("part")
            where.setdefault(part, row.where)
            if operation := self.make(row, RoutingOperation, alternatives=()):
                routed.setdefault(part, []).append(operation)
            else:
                sheet.unread.add(row.key)
        self.places.unreadable(tables.ROUTINGS.file, sheet.unread, sheet.lost)
        alternatives = self.children(tables.ALTERNATIVES, Alternative, routed)
        consumption = self.children(tables.CONSUMPTION, Consumption, routed)
        names = [(item.id, item.name) for item in listed]
        names += [(part, "") for part in routed if part not in {item.id for item in listed}]
        parts = []
        for part, name in names:
            operations = []
            for bare in routed[part]:
                key = (part, bare.id)
                operation = replace(
                    bare,
                    alternatives=tuple(alternatives.get(key, ())),
                    consumes=tuple(consumption.get(key, ())),
                )
                self.places.note(operation, self.places.of(bare))
                operations.append(operation)
            parts.append(Part(part, tuple(operations), name))
            self.places.note(parts[-1], where[part])
        return tuple(parts)

    def children(
        self, table: tables.Table, make: Callable[..., T], routed: dict[str, list[RoutingOperation]]
    ) -> dict[tuple[str, str], list[T]]:
        """The records of a table whose rows belong to an operation of a part."""
        sheet = self.sheet(table)
        operations = {part: {item.id for item in items} for part, items in routed.items()}
        found: dict[tuple[str, str], list[T]] = {}
        for row in sheet.rows:
            part, operation = row.values.pop("part"), row.values.pop("operation")
            if part not in operations:
                self.unattached(row, tables.ROUTINGS, "part", (part,), operations)
            elif operation not in operations[part]:
                what = f"operation of part {part}"
                self.unattached(row, tables.ROUTINGS, what, (part, operation), operations[part])
            elif record := self.make(row, make):
                found.setdefault((part, operation), []).append(record)
            else:
                sheet.unread.add(row.key)
        self.places.unreadable(table.file, sheet.unread, sheet.lost)
        return found

    def unattached(self, row: Row, table: tables.Table, what: str, key: tuple[str, ...], known: Any) -> None:
        """A finding for a row about something that another table does not have."""
        if not self.places.hidden(table.file, *key):
            advice = nearest(key[-1], known) or f"Add it to {table.file}, or remove the row."
            self.findings.append(Finding(row.where, f'unknown {what} "{key[-1]}".', advice))


@dataclass(frozen=True, slots=True)
class _NamedPart:
    id: str
    name: str


def _person(id: str, calendar: str, skills: Sequence[str], name: str) -> Person:
    return Person(id, calendar, frozenset(skills), name)


def _progress(**values: Any) -> Progress:
    if values["status"] is None:
        values["status"] = OperationStatus.STARTED if values["end"] is None else OperationStatus.DONE
    return Progress(**values)
