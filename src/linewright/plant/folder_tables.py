"""The tables of a plant folder: their files, their columns, and what each column holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from linewright.plant.folder_values import (
    CLOCK,
    DATE,
    INSTANT,
    LEVEL,
    NAMES,
    NUMBER,
    STATUS,
    TEXT,
    WEEKDAYS,
    WHOLE,
    WORK_BREAK,
    YES_NO,
    Kind,
)

FORMAT = 1
"""Version of the folder's layout; `format` in plant.toml."""


@dataclass(frozen=True, slots=True)
class Column:
    """`field` is the attribute of the record that the column fills; its own name where empty."""

    name: str
    kind: Kind = TEXT
    required: bool = False  # the column must be there
    filled: bool = False  # … and no cell of it may be empty
    default: Any = ""  # what an empty cell, or an absent column, means
    field: str = ""

    @property
    def attribute(self) -> str:
        return self.field or self.name


@dataclass(frozen=True, slots=True)
class Table:
    file: str
    columns: tuple[Column, ...]
    required: bool = False  # the file must be there
    key: int = 1  # the first columns, which say what a row is about


def _must(name: str, kind: Kind = TEXT, field: str = "") -> Column:
    return Column(name, kind, required=True, filled=True, field=field)


EQUIPMENT = Table(
    "equipment.csv",
    (
        _must("id"),
        _must("level", LEVEL),
        Column("parent"),
        Column("name"),
        Column("calendar"),
        Column("setup_group"),
        Column("initial_family"),
        Column("mtbf_h", NUMBER, default=0.0),
        Column("mttr_h", NUMBER, default=0.0),
        Column("mttr_cv", NUMBER, default=0.0),
    ),
    required=True,
)
PEOPLE = Table(
    "people.csv",
    (_must("id"), _must("calendar"), Column("skills", NAMES, default=()), Column("name")),
)
CALENDARS = Table(
    "calendars.csv",
    (
        _must("calendar"),
        _must("days", WEEKDAYS, field="weekdays"),
        _must("start", CLOCK),
        _must("end", CLOCK),
        Column("kind", WORK_BREAK, default=False, field="is_break"),
    ),
    required=True,
)
CALENDAR_EXCEPTIONS = Table(
    "calendar_exceptions.csv",
    (
        _must("calendar"),
        _must("date", DATE, field="on"),
        Column("start", CLOCK, default=None),
        Column("end", CLOCK, default=None),
    ),
)
MATERIALS = Table("materials.csv", (_must("id"), Column("unit", default="pcs"), Column("name")))
LOTS = Table(
    "lots.csv",
    (
        _must("id"),
        _must("material"),
        _must("quantity", NUMBER),
        Column("available", INSTANT, default=None),
        Column("location"),
    ),
)
PARTS = Table("parts.csv", (_must("id"), Column("name")))
ROUTINGS = Table(
    "routings.csv",
    (
        _must("part"),
        _must("operation", field="id"),
        Column("after", NAMES, required=True, default=()),
        Column("name"),
        Column("family"),
        Column("pausable", YES_NO, default=True),
        Column("transfer_min", NUMBER, default=0.0),
        Column("scrap_rate", NUMBER, default=0.0),
        Column("rework_rate", NUMBER, default=0.0),
        Column("instructions"),
    ),
    required=True,
    key=2,
)
ALTERNATIVES = Table(
    "alternatives.csv",
    (
        _must("part"),
        _must("operation"),
        _must("machine"),
        _must("min_per_unit", NUMBER),
        Column("fixed_min", NUMBER, default=0.0),
        Column("skill"),
        Column("cv", NUMBER, default=0.0),
    ),
    required=True,
    key=2,
)
CONSUMPTION = Table(
    "consumption.csv",
    (_must("part"), _must("operation"), _must("material"), _must("quantity_per_unit", NUMBER)),
    key=2,
)
SETUPS = Table(
    "setups.csv",
    (
        _must("setup_group", field="group"),
        _must("from_family"),
        _must("to_family"),
        _must("minutes", NUMBER),
    ),
    key=3,
)
ORDERS = Table(
    "orders.csv",
    (
        _must("id"),
        _must("part"),
        _must("quantity", WHOLE),
        _must("due", INSTANT),
        Column("release", INSTANT, default=None),
        Column("priority", NUMBER, default=1.0),
        Column("customer"),
    ),
    required=True,
)
DOWNTIMES = Table(
    "downtimes.csv",
    (
        _must("machine"),
        _must("start", INSTANT),
        _must("end", INSTANT),
        Column("reason", default="maintenance"),
    ),
)
ABSENCES = Table(
    "absences.csv",
    (_must("person"), _must("start", INSTANT), _must("end", INSTANT), Column("reason")),
)
PLAN = Table(
    "plan.csv",
    (
        _must("order"),
        _must("operation"),
        _must("machine"),
        Column("operator"),
        _must("setup_start", INSTANT),
        _must("start", INSTANT),
        _must("end", INSTANT),
    ),
    key=2,
)
_PROGRESS_COLUMNS = (
    _must("order"),
    _must("operation"),
    _must("machine"),
    Column("operator"),
    Column("status", STATUS, default=None),
    _must("setup_start", INSTANT),
    Column("start", INSTANT, default=None),
    Column("end", INSTANT, default=None),
    Column("good", WHOLE, default=None),
    Column("scrap", WHOLE, default=None),
    Column("remaining_s", WHOLE, default=None),
)
PROGRESS = Table("progress.csv", _PROGRESS_COLUMNS, key=2)
HISTORY = Table("history.csv", _PROGRESS_COLUMNS, key=2)
MACHINE_STATE = Table(
    "machine_state.csv",
    (_must("machine"), Column("family"), Column("down_until", INSTANT, default=None)),
)

TABLES = (
    EQUIPMENT,
    PEOPLE,
    CALENDARS,
    CALENDAR_EXCEPTIONS,
    MATERIALS,
    LOTS,
    PARTS,
    ROUTINGS,
    ALTERNATIVES,
    CONSUMPTION,
    SETUPS,
    ORDERS,
    DOWNTIMES,
    ABSENCES,
    PLAN,
    PROGRESS,
    MACHINE_STATE,
    HISTORY,
)
"""In the order in which findings are reported."""

SETTINGS_FILE = "plant.toml"
SETTINGS: dict[str, tuple[str, ...]] = {
    "": ("format", "id", "name", "timezone"),
    "planning": ("freeze_min", "moved_tolerance_min"),
    "state": ("at", "plan_version", "scenario", "position", "cancelled"),
}
"""Keys of plant.toml by table; `[assumptions]` holds any."""
