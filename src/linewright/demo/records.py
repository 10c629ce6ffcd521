"""What the shop floor remembers: job orders, machines, lots, orders, absences, and what has happened.

Instants are integer seconds since the floor's epoch. The records are what the floor's store keeps.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntFlag
from typing import Literal, TypeAlias

import msgspec

from linewright.events.vocabulary import AnyBody, EquipmentState
from linewright.plant.plan import split_job_order

JobState: TypeAlias = Literal["stored", "released", "running", "ended", "aborted", "cancelled"]


class LotShare(msgspec.Struct, frozen=True):
    """A quantity of a lot; "order:ID" is what an order makes."""

    lot: str
    material: str
    quantity: float


class JobSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a job order asks for: one operation of one order, on a machine, by an operator, in a place."""

    id: str  # "ORDER/OPERATION"
    machine: str
    operator: str = ""
    setup_start: int
    start: int
    end: int
    priority: int = 0
    plan_version: int
    sequence: int = 0  # breaks ties between equal setup starts
    not_before: int | None = None
    lots: tuple[LotShare, ...] = ()  # reserved for it; empty: the stores decide


class Job(msgspec.Struct, kw_only=True):
    """A job order and how far it is. Work still to do is counted as it really is, which no plan knows."""

    spec: JobSpec
    state: JobState = "stored"
    phase: Literal["", "setup", "run"] = ""
    begun: int = 0  # setup start
    run_begun: int | None = None
    ended: int | None = None
    left: int = 0  # real work left in the phase, as of `since`
    since: int = 0
    working: bool = False
    run_total: int = 0  # real run time
    setup_planned: int = 0
    run_planned: int = 0
    report_at: int = 0  # next progress report
    units: int = 0  # that come in; what was scrapped before does not
    good: int = 0
    scrap: int = 0
    rework: int = 0
    note: str = ""  # why it was aborted or cancelled

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def order(self) -> str:
        return split_job_order(self.spec.id)[0]

    @property
    def operation(self) -> str:
        return split_job_order(self.spec.id)[1]

    @property
    def place(self) -> tuple[int, int, str]:
        """Where it stands in the queues of its machine and its operator."""
        return self.spec.setup_start, self.spec.sequence, self.spec.id


class Machine(msgspec.Struct, kw_only=True):
    id: str
    job: str = ""  # begun on it and not ended
    down_until: int | None = None
    down_reason: str = ""
    family: str = ""  # mounted
    failures: int = 0
    to_failure: int | None = None  # operating seconds until it breaks; None: it never does
    good: int = 0
    scrap: int = 0
    state: EquipmentState | None = None  # as last reported
    reported: tuple[str, str, int | None] = ("", "", None)  # state, job and expected end as last reported


class Lot(msgspec.Struct, kw_only=True):
    id: str
    material: str
    quantity: float  # left
    available: int
    location: str = ""
    arrived: bool = False


class OrderRecord(msgspec.Struct, kw_only=True):
    """An order: from the folder, or come in while the plant was running."""

    id: str
    part: str
    quantity: int
    due: int
    release: int
    priority: float = 1.0


class Away(msgspec.Struct, kw_only=True):
    """A person who is absent although the calendar says otherwise."""

    person: str
    start: int
    end: int


class Answer(IntFlag):
    """What a job control method answers: OPC 10031-4 annex B.2, with bits of our own from 33."""

    DONE = 1 << 0
    UNKNOWN_JOB_ORDER = 1 << 1
    INVALID_STATUS = 1 << 3
    NOT_ACCEPTED = 1 << 4
    INVALID_REQUEST = 1 << 32
    STALE_PLAN_VERSION = 1 << 33
    VERSION_CONFLICT = 1 << 34
    UNKNOWN_EQUIPMENT = 1 << 35
    UNKNOWN_PERSONNEL = 1 << 36


class Entry(msgspec.Struct, frozen=True):
    """A happening in the floor's numbered journal; the body is one of the event vocabulary."""

    sequence: int
    time: datetime
    body: AnyBody
