"""The records of a plant, in the terms of ISA-95 (IEC 62264).

A `Plant` is a value: it says what exists and what is ordered, not what has happened (`state`).
Each record checks its own fields; what spans records (a cyclic routing, an unknown machine) is
checked by `plant.checks`. All instants are aware datetimes; durations carry their unit in the name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

LARGEST = 10**12
"""Of any number in a record; keeps seconds times quantities within 64 bits."""

LONGEST = timedelta(days=366)
"""No setup, run, transfer or repair takes longer: what seems to is written in a wrong unit."""

LARGEST_CV = 10.0
"""A coefficient of variation above this is written in percent."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _amount(name: str, value: float) -> None:
    _require(value >= 0, f"{name} is {value}: it cannot be negative")
    _require(value <= LARGEST, f"{name} is {value}: it is too large, the limit is {LARGEST:.0e}")


def _positive(name: str, value: float) -> None:
    _require(value > 0, f"{name} is {value}: it must be positive")
    _amount(name, value)


def _duration(name: str, value: float, unit: timedelta) -> None:
    _require(value >= 0, f"{name} is {value}: a duration cannot be negative")
    _require(
        value * unit.total_seconds() <= LONGEST.total_seconds(),
        f"{name} is {value}: that is more than a year",
    )


def _cv(name: str, value: float) -> None:
    _require(value >= 0, f"{name} is {value}: it cannot be negative")
    _require(value <= LARGEST_CV, f"{name} is {value}: it is standard deviation divided by mean, not percent")


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


class Level(StrEnum):
    """Levels of the ISA-95 role-based equipment hierarchy."""

    ENTERPRISE = "enterprise"
    SITE = "site"
    AREA = "area"
    WORK_CENTER = "work_center"
    WORK_UNIT = "work_unit"


@dataclass(frozen=True, slots=True)
class Equipment:
    """A node of the equipment hierarchy; a work unit is what a planner calls a *machine*."""

    id: str
    level: Level
    parent: str = ""
    name: str = ""
    calendar: str = ""  # work units only
    setup_group: str = ""  # rows of setups.csv that apply; empty: no setup times
    initial_family: str = ""  # setup family mounted before anything has run
    mtbf_h: float = 0.0  # mean operating hours between failures; 0: never fails
    mttr_h: float = 0.0  # mean hours to repair
    mttr_cv: float = 0.0  # coefficient of variation of the repair time

    def __post_init__(self) -> None:
        _require(bool(self.id), "id is empty")
        _amount("mtbf_h", self.mtbf_h)
        _duration("mttr_h", self.mttr_h, _HOUR)
        _cv("mttr_cv", self.mttr_cv)
        _require(
            not (self.mtbf_h > 0 and self.mttr_h == 0),
            "mtbf_h is given without mttr_h: a failure without a repair time never ends",
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who operates machines."""

    id: str
    calendar: str
    skills: frozenset[str] = frozenset()
    name: str = ""

    def __post_init__(self) -> None:
        _require(bool(self.id), "id is empty")
        _require(bool(self.calendar), "calendar is empty")


@dataclass(frozen=True, slots=True)
class Shift:
    """A weekly working period of a calendar, in the plant's local time.

    `end` <= `start` means that the period runs past midnight into the next day. Breaks are cut out
    of the working periods of the same calendar.
    """

    weekdays: frozenset[int]  # 0 = Monday … 6 = Sunday; the day on which the period starts
    start: time
    end: time
    is_break: bool = False


@dataclass(frozen=True, slots=True)
class CalendarException:
    """A date on which a calendar differs: closed all day, or open for one extra period.

    Closed: no period starts on that date (a night shift of the day before still ends on it).
    """

    on: date
    start: time | None = None  # None: closed all day
    end: time | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a machine or a person works."""

    id: str
    shifts: tuple[Shift, ...]
    exceptions: tuple[CalendarException, ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    id: str
    unit: str = "pcs"
    name: str = ""


@dataclass(frozen=True, slots=True)
class MaterialLot:
    """A quantity of a material that is here (`available` None) or expected."""

    id: str
    material: str
    quantity: float
    available: datetime | None = None
    location: str = ""

    def __post_init__(self) -> None:
        _amount("quantity", self.quantity)


@dataclass(frozen=True, slots=True)
class Alternative:
    """One machine an operation may run on, and how long it takes there.

    Planned run time in seconds = round(60 * (fixed_min + min_per_unit * order quantity)), at least 1.
    """

    machine: str
    min_per_unit: float
    fixed_min: float = 0.0
    skill: str = ""  # what the attending person must be able to do; empty: runs unattended
    cv: float = 0.0  # coefficient of variation of the run time (lognormal)

    def __post_init__(self) -> None:
        _duration("min_per_unit", self.min_per_unit, _MINUTE)
        _duration("fixed_min", self.fixed_min, _MINUTE)
        _cv("cv", self.cv)

    def run_s(self, quantity: int) -> int:
        """Planned run time, in seconds, for a quantity."""
        return max(1, round(60 * (self.fixed_min + self.min_per_unit * quantity)))


@dataclass(frozen=True, slots=True)
class Consumption:
    """A material used up by an operation, taken when its setup starts."""

    material: str
    quantity_per_unit: float

    def __post_init__(self) -> None:
        _positive("quantity_per_unit", self.quantity_per_unit)


@dataclass(frozen=True, slots=True)
class RoutingOperation:
    """An operation of a part's routing (ISA-95 operations segment)."""

    id: str  # unique within its part
    after: tuple[str, ...]  # operations of the same part that must have ended
    alternatives: tuple[Alternative, ...]
    name: str = ""
    family: str = ""  # setup family; empty: needs no particular setup
    pausable: bool = True  # may be interrupted by closed time and go on afterwards
    transfer_min: float = 0.0  # least time between its end and the start of a successor
    consumes: tuple[Consumption, ...] = ()
    scrap_rate: float = 0.0  # expected share of units scrapped
    rework_rate: float = 0.0  # expected share of units that are run twice
    instructions: str = ""

    def __post_init__(self) -> None:
        _require(bool(self.id), "operation is empty")
        _require(
            "/" not in self.id, f"operation {self.id!r} holds a slash: ORDER/OPERATION names a job order"
        )
        _duration("transfer_min", self.transfer_min, _MINUTE)
        _require(0 <= self.scrap_rate < 1, f"scrap_rate is {self.scrap_rate}: it must be from 0 to below 1")
        _require(0 <= self.rework_rate <= 1, f"rework_rate is {self.rework_rate}: it must be from 0 to 1")


@dataclass(frozen=True, slots=True)
class Part:
    """A product and its routing as a precedence graph (ISA-95 operations definition).

    A part whose id is also a material id *supplies* that material: an order for it becomes a lot of
    the ordered quantity when its last operation ends. This is how assemblies are written.
    """

    id: str
    operations: tuple[RoutingOperation, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A request for a quantity of a part (ISA-95 operations request)."""

    id: str
    part: str
    quantity: int
    due: datetime
    release: datetime | None = None
    priority: float = 1.0  # weight of its tardiness
    customer: str = ""

    def __post_init__(self) -> None:
        _require(bool(self.id), "id is empty")
        _positive("quantity", self.quantity)
        _positive("priority", self.priority)


@dataclass(frozen=True, slots=True)
class SetupTime:
    """Minutes to change a machine of a setup group from one family to another ("*": any)."""

    group: str
    from_family: str
    to_family: str
    minutes: float

    def __post_init__(self) -> None:
        _duration("minutes", self.minutes, _MINUTE)


@dataclass(frozen=True, slots=True)
class Downtime:
    """A period in which a machine does not work: maintenance, or an outage with a known end."""

    machine: str
    start: datetime
    end: datetime
    reason: str = "maintenance"

    def __post_init__(self) -> None:
        _require(self.end > self.start, f"end {self.end} is not after start {self.start}")


@dataclass(frozen=True, slots=True)
class Absence:
    """A period in which a person is not there although the calendar says so."""

    person: str
    start: datetime
    end: datetime
    reason: str = ""

    def __post_init__(self) -> None:
        _require(self.end > self.start, f"end {self.end} is not after start {self.start}")


@dataclass(frozen=True, slots=True)
class Planning:
    """What the plant asks of every plan; `[planning]` in plant.toml."""

    freeze_min: float = 60.0  # operations planned to start within it keep machine, person and sequence
    moved_tolerance_min: float = 30.0  # a start shifted by more counts as moved

    def __post_init__(self) -> None:
        _duration("freeze_min", self.freeze_min, _MINUTE)
        _duration("moved_tolerance_min", self.moved_tolerance_min, _MINUTE)


@dataclass(frozen=True, slots=True)
class Plant:
    """Everything a plant folder says, less the plan in force and the progress (`PlantState`)."""

    id: str
    name: str
    timezone: str
    equipment: tuple[Equipment, ...]
    people: tuple[Person, ...]
    calendars: tuple[Calendar, ...]
    parts: tuple[Part, ...]
    orders: tuple[Order, ...]
    materials: tuple[Material, ...] = ()
    lots: tuple[MaterialLot, ...] = ()
    setups: tuple[SetupTime, ...] = ()
    downtimes: tuple[Downtime, ...] = ()
    absences: tuple[Absence, ...] = ()
    planning: Planning = field(default_factory=Planning)
    assumptions: tuple[tuple[str, str], ...] = ()  # what was assumed, not known: (what, how)

    @property
    def machines(self) -> tuple[Equipment, ...]:
        """The work units, in file order; their position is the machine's index in the arrays."""
        return tuple(item for item in self.equipment if item.level is Level.WORK_UNIT)
