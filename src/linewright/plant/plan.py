"""The plan in force and what has happened to it so far, and the state of a plant at one moment.

An *operation* here is one routing operation of one order: the pair (order, operation). When it is
sent to the shop floor it is one ISA-95 job order whose id is `job_order_id(order, operation)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from linewright.plant.records import Absence, Downtime, MaterialLot, Order


def job_order_id(order: str, operation: str) -> str:
    """The id under which an operation of an order is known to the shop floor."""
    return f"{order}/{operation}"


def split_job_order(job_order: str) -> tuple[str, str]:
    """The (order, operation) behind a job order id; an operation's id holds no slash, an order's may."""
    order, _, operation = job_order.rpartition("/")
    return order, operation


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who does one operation, where and when."""

    order: str
    operation: str
    machine: str
    operator: str  # "" when the operation runs unattended
    setup_start: datetime
    start: datetime  # setup done, run begins
    end: datetime

    @property
    def key(self) -> tuple[str, str]:
        return self.order, self.operation


@dataclass(frozen=True, slots=True)
class Plan:
    """A complete set of assignments under a version that only grows (the fencing token)."""

    version: int
    assignments: tuple[Assignment, ...]
    scenario: str = ""  # the approved scenario it came from; empty: as first loaded


class OperationStatus(StrEnum):
    STARTED = "started"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of an operation that has begun.

    `end` is set when it is done. `remaining_s` is the work left as reported by the shop floor (setup
    and run together, at the planned rate); None: derived from `setup_start` and the calendars.
    """

    order: str
    operation: str
    machine: str
    operator: str
    status: OperationStatus
    setup_start: datetime
    start: datetime | None = None
    end: datetime | None = None
    good: int | None = None
    scrap: int | None = None
    remaining_s: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.order, self.operation


@dataclass(frozen=True, slots=True)
class Controls:
    """What the planner asked for on top of the facts; each is a hard fact for search."""

    pin_machine: dict[tuple[str, str], str] = field(default_factory=dict)
    pin_operator: dict[tuple[str, str], str] = field(default_factory=dict)
    not_before: dict[tuple[str, str], datetime] = field(default_factory=dict)
    forbid_machines: frozenset[str] = frozenset()  # for operations that have not begun
    forbid: frozenset[tuple[str, str, str]] = frozenset()  # (order, operation, machine)
    priority: dict[str, float] = field(default_factory=dict)  # order -> weight
    freeze_until: datetime | None = None  # None: `at` + planning.freeze_min


@dataclass(frozen=True, slots=True)
class PlantState:
    """What is so at one moment; the mirror folds it from the event log, the folder loads it.

    Everything that is not here is as `Plant` says. Orders, lots, absences and downtimes that became
    known after the plant was described are listed here and win over the plant's own by id.
    """

    at: datetime
    plan: Plan
    progress: tuple[Progress, ...] = ()
    machine_down_until: dict[str, datetime] = field(default_factory=dict)  # expected end of repair
    machine_family: dict[str, str] = field(default_factory=dict)  # family mounted now
    orders: tuple[Order, ...] = ()  # received or changed since
    cancelled: frozenset[str] = frozenset()
    lots: tuple[MaterialLot, ...] = ()
    absences: tuple[Absence, ...] = ()
    downtimes: tuple[Downtime, ...] = ()
    position: int = 0  # of the last event folded in
