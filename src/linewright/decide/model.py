"""What a planner sees and decides on: proposals, and scenarios that are complete.

These records are what the API serves and what `linewright replan` writes. Instants are aware datetimes
(ISO 8601 on the wire), durations carry their unit in the name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

Level: TypeAlias = Literal["screened", "certified"]
Status: TypeAlias = Literal["generating", "open", "approved", "rejected", "superseded"]
"""Of a proposal."""


class Kpi(msgspec.Struct, frozen=True):
    """A simulated figure: median and 90 % interval over replications."""

    median: float
    p05: float
    p95: float


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One condition a scenario must meet in simulation: to advance, or to go unflagged if not decisive."""

    name: str
    passed: bool
    estimate: float
    low: float
    high: float
    limit: float
    n: int
    text: str  # in a planner's words
    decisive: bool = True  # False: a warning that stops nothing


class VerdictRecord(msgspec.Struct, frozen=True, kw_only=True):
    advances: bool
    level: Level
    rank: int  # 1 is best
    replications: int
    gates: list[Gate]
    worst_replication: int


class ScenarioOperation(msgspec.Struct, frozen=True, kw_only=True):
    order: str
    operation: str
    machine: str
    operator: str
    setup_start: datetime
    start: datetime
    end: datetime
    state: Literal["free", "frozen", "started"] = "free"


class Instruction(msgspec.Struct, frozen=True, kw_only=True):
    """The work instruction of a job that changed."""

    job_order: str
    machine: str
    operator: str
    text: str
    change: Literal["new", "moved", "reassigned", "earlier", "later"]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What one operator is told."""

    operator: str
    text: str


class StagingMove(msgspec.Struct, frozen=True, kw_only=True):
    """A material to be at a machine by a time."""

    job_order: str
    material: str
    lot: str
    quantity: float
    from_location: str
    to_machine: str
    needed_by: datetime
    change: Literal["same", "new", "moved", "earlier", "later", "other lot"]


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """When an order's work is released to a work center, before and after."""

    order: str
    before: datetime | None
    after: datetime


class Downstream(msgspec.Struct, frozen=True, kw_only=True):
    """What changes at a work center: its start times, the releases of work to it and its set point."""

    work_center: str
    operations: int  # that change
    first_start_before: datetime | None
    first_start_after: datetime | None
    mean_shift_s: float
    releases: list[Release]
    units_per_h_before: float  # planned output over the next 24 h: the rate it is set to
    units_per_h_after: float


class OrderEffect(msgspec.Struct, frozen=True, kw_only=True):
    """An order's completion under a scenario, beside the plan in force."""

    order: str
    due: datetime
    priority: float
    completion: datetime
    completion_keep: datetime | None  # under "keep the plan"
    p_late: float


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How a scenario differs from the plan in force, over operations that have not begun.

    Each job order that reads differently counts once: those moved, reassigned, shifted and new add up to
    `jobs`.
    """

    operations_moved: int  # to another machine, or by more than the plant's tolerance: the objective
    operations_reassigned: int  # not moved, but with another person
    operations_shifted: int  # neither, but noticeably earlier or later
    operations_new: int  # not in the plan in force
    machine_changes: int  # of those moved
    operator_changes: int  # of those moved or reassigned
    minutes_moved: float
    jobs: list[str]  # job orders that change


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    id: str  # "keep", "push-right", "s01" …
    origin: str
    label: str  # "least late", "least change", "most robust", … or ""
    objectives: dict[str, float]
    kpis: dict[str, Kpi]
    verdict: VerdictRecord
    difference: Difference
    reason: str
    operations: list[ScenarioOperation]
    instructions: list[Instruction]
    notices: list[Notice]
    staging: list[StagingMove]
    changes: list[Downstream]
    orders: list[OrderEffect]
    provenance: dict[str, Any]  # engine, version, seed, budget, parent plan version


class Unplanned(msgspec.Struct, frozen=True, kw_only=True):
    order: str
    operation: str
    why: str
    remedy: str


class ControlsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the planner asks of a regeneration (`plant.plan.Controls` on the wire)."""

    pin_machine: dict[str, str] = {}  # job order -> machine
    pin_operator: dict[str, str] = {}
    not_before: dict[str, datetime] = {}
    forbid_machines: list[str] = []
    forbid: list[tuple[str, str]] = []  # (job order, machine)
    priority: dict[str, float] = {}  # order -> weight
    freeze_until: datetime | None = None


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """Alternatives for one disruption, tested on the twin, waiting for a planner."""

    id: str
    disruption: str  # id of the disruption
    title: str  # "M07 down until 14:30"
    created: datetime  # plant time
    at: datetime  # the moment planned from
    watermark: int  # last event position the scenarios know of
    plan_version: int  # the plan in force they depart from
    seconds_to_scenarios: float
    status: Status
    stale: str  # "" or what has happened since, or why nothing came of it, in words
    controls: ControlsRecord
    objectives: list[str]
    unplannable: list[Unplanned]
    scenarios: list[Scenario]
    parent: str = ""  # the proposal this one was regenerated from
    approved_scenario: str = ""
