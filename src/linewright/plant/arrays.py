"""The one flat-array form of the scheduling problem, read by search, CP-SAT, generator and simulator.

Instants are integer seconds since `SchedulingProblem.epoch` (the moment of planning, so that *now* is
0); durations are integer seconds. Indices are positions in the name tuples of `SchedulingProblem`.
Finished operations are not in the problem: what they still mean (a predecessor's end, a consumed lot,
a mounted family) is folded into ready times and initial states. `plant.build` makes it.

The semantics that every engine and the checker share:

* A *block* is setup followed by run on one machine, with one operator from begin to end if attended.
  It begins when its machine and operator are free, its predecessors have ended (plus transfer time)
  and its ready time has come. Machine and operator each do one block at a time, in plan sequence.
* A block works only while the (machine, operator) pair's calendar is open: the intersection of both
  calendars. A pausable block stops at closing and goes on at the next opening. A block that is not
  pausable begins where setup and run fit into one open interval.
* Setup time depends on the family mounted before and the operation's family, by machine. An operation
  without a family needs no setup and leaves the mounted family as it is.
* A machine that is down becomes free when its repair is expected to end (`machine_ready_s`).
* Started operations continue on their machine with their operator: setup 0, run = the work left,
  pausable. Frozen operations keep machine, operator and sequence, and start not before planned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

FREE, FROZEN, STARTED = 0, 1, 2
UNATTENDED = -1
NEVER = 2**60
"""An instant that does not come: a block that does not fit into the calendars' horizon."""

BUCKET_S = 4 * 3600
"""Width of the look-up buckets of the calendars."""

OBJECTIVES = (
    "weighted_tardiness_s",
    "makespan_s",
    "mean_flow_s",
    "setup_s",
    "imbalance_s",
    "moved_operations",
)
"""All minimised, in this order in every objective vector. `plant.timing.objectives` defines them."""


class ProblemArrays(NamedTuple):
    """N operations, A alternatives, M machines, W operators, J orders, K calendars, F families.

    All integer arrays are int64 and C-contiguous, so that each kernel compiles once.
    """

    # operations [N]
    op_order: Ints  # index of the order
    op_ready_s: Ints  # earliest begin: release, material, finished predecessors, not-before
    op_family: Ints  # setup family, -1: none
    op_pausable: Ints  # 0 or 1
    op_state: Ints  # FREE, FROZEN or STARTED
    op_base_machine: Ints  # machine in the plan in force, -1: not in it
    op_base_operator: Ints  # operator in the plan in force, UNATTENDED: none
    op_base_begin_s: Ints  # setup start in the plan in force (this and the next: where op_base_machine >= 0)
    op_base_start_s: Ints  # run start in the plan in force
    # precedence, compressed rows: predecessors of i are pred[pred_ptr[i]:pred_ptr[i + 1]]
    pred_ptr: Ints  # [N + 1]
    pred: Ints
    pred_lag_s: Ints  # least time from the predecessor's end to this operation's begin
    succ_ptr: Ints  # [N + 1]
    succ: Ints
    # alternatives, compressed rows: those of i are alt_ptr[i]:alt_ptr[i + 1], never empty
    alt_ptr: Ints  # [N + 1]
    alt_machine: Ints  # [A]
    alt_run_s: Ints  # [A] run time, or the work left of a started operation
    alt_crew: Ints  # [A] index into crews, UNATTENDED where no operator is needed
    crew_ptr: Ints  # [crews + 1]
    crew: Ints  # operator indices
    # the operations whose place is settled, in sequence: started first, then frozen
    fixed_sequence: Ints
    fixed_alternative: Ints  # [N] index into alternatives, -1 where free
    fixed_operator: Ints  # [N] operator, UNATTENDED where none or free
    # machines [M]
    machine_ready_s: Ints  # 0, or the expected end of the repair
    machine_family: Ints  # mounted now, F when nothing is
    machine_setup: Ints  # row block of setup_s
    machine_class: Ints  # row of pair_calendar
    setup_s: Ints  # [groups, F + 1, F]: from (F: nothing mounted) -> to
    # operators [W]
    operator_ready_s: Ints
    operator_class: Ints  # column of pair_calendar
    # calendars
    pair_calendar: Ints  # [machine classes, operator classes + 1]; last column: unattended
    cal_ptr: Ints  # [K + 1]
    cal_open_s: Ints  # intervals, sorted, disjoint, not touching; the first may open before 0
    cal_close_s: Ints
    cal_bucket: Ints  # [K, buckets] first interval with close > bucket * BUCKET_S
    # orders [J]
    order_due_s: Ints
    order_weight: Floats  # 0 where the order cannot be completed (see `unplannable`)
    order_complete: Ints  # 1 where all remaining operations are in the problem
    # settings
    moved_tolerance_s: int


class UncertaintyArrays(NamedTuple):
    """What the simulator draws from, aligned with `ProblemArrays`; keys do not change between replans."""

    op_key: npt.NDArray[np.uint64]  # [N] from (order, operation)
    op_quantity: Ints  # [N] units that the planned run time is for, at least 1
    op_units: Ints  # [N] units that can still reach it: what done predecessors have scrapped does not
    op_scrap: Floats  # [N] probability that a unit is scrapped
    op_rework: Floats  # [N] probability that a unit is run twice
    alt_cv: Floats  # [A] coefficient of variation of the run time (lognormal, mean as planned)
    machine_key: npt.NDArray[np.uint64]  # [M]
    machine_mtbf_s: Floats  # [M] mean operating time between failures, 0: never
    machine_mttr_s: Floats  # [M]
    machine_mttr_cv: Floats  # [M]


@dataclass(frozen=True, slots=True)
class Unplannable:
    """An operation left out of the problem, and what would make it possible."""

    order: str
    operation: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Pegging:
    """A quantity of a lot reserved for an operation; `lot` is "order:ID" for what an order supplies."""

    order: str
    operation: str
    material: str
    lot: str
    quantity: float
    location: str
    available_s: int


@dataclass(frozen=True, slots=True)
class SchedulingProblem:
    """The arrays with the names they stand for."""

    epoch: datetime
    arrays: ProblemArrays
    uncertainty: UncertaintyArrays
    operations: tuple[tuple[str, str], ...]  # [N] (order, operation)
    started_s: dict[int, tuple[int, int]]  # started operation -> (setup start, run start), both <= 0
    machines: tuple[str, ...]
    operators: tuple[str, ...]
    orders: tuple[str, ...]
    families: tuple[str, ...]
    pegging: tuple[Pegging, ...]
    unplannable: tuple[Unplannable, ...]
    horizon_s: int
    begun_orders: frozenset[int] = frozenset()  # orders of which an operation is done or under way
    base_end_s: dict[int, int] = field(default_factory=dict)  # operation -> end in the plan in force

    def instant(self, seconds: int) -> datetime:
        """The instant `seconds` after the epoch."""
        return self.epoch + timedelta(seconds=int(seconds))


class PlanArrays(NamedTuple):
    """A plan in array form: what search decides. Timing follows from it (`plant.timing.decode`)."""

    sequence: Ints  # [N] operations in an order that respects precedence and starts with fixed_sequence
    alternative: Ints  # [N] chosen alternative of each operation (index into alternatives)
    operator: Ints  # [N] chosen operator, UNATTENDED where none


class Times(NamedTuple):
    """When each operation of a plan happens; NEVER where it does not fit the horizon."""

    setup_start_s: Ints  # [N]
    start_s: Ints  # [N]
    end_s: Ints  # [N]
