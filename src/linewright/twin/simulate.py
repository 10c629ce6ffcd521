"""Simulate plans: many replications of many plans from one state, with common random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linewright.errors import LinewrightError
from linewright.plant.arrays import (
    NEVER,
    Floats,
    Ints,
    PlanArrays,
    SchedulingProblem,
    Times,
    UncertaintyArrays,
)
from linewright.plant.timing import decode
from linewright.signals.kpi import KPIS, Blocks, empty_blocks, planned_busy_s
from linewright.twin.execute import RELIEF_S, Draws, draw, execute, replicate


@dataclass(frozen=True, slots=True)
class Simulation:
    """Figures of P plans over R replications; the same replication is the same chance for every plan."""

    names: tuple[str, ...]
    kpis: Floats  # [P, R, len(names)]
    completion_s: Ints  # [P, R, orders]
    bottleneck: Floats  # [P, R, machines] share of the window as the bottleneck
    first_replication: int

    def of(self, name: str) -> Floats:
        """[P, R] one figure."""
        return self.kpis[:, :, self.names.index(name)]

    def followed_by(self, later: Simulation) -> Simulation:
        """This simulation and a later one of the same plans, as one."""
        return Simulation(
            self.names,
            np.concatenate([self.kpis, later.kpis], axis=1),
            np.concatenate([self.completion_s, later.completion_s], axis=1),
            np.concatenate([self.bottleneck, later.bottleneck], axis=1),
            self.first_replication,
        )

    def plans(self, which: Sequence[int]) -> Simulation:
        """Some of the plans."""
        index = list(which)
        return Simulation(
            self.names,
            self.kpis[index],
            self.completion_s[index],
            self.bottleneck[index],
            self.first_replication,
        )


def simulate(
    problem: SchedulingProblem,
    plans: Sequence[PlanArrays],
    not_before: Sequence[Ints],
    *,
    replications: int,
    seed: int,
    threads: int = 2,
    first_replication: int = 0,
    window_s: int,
    repair_scale: float = 1.0,
    relief_s: int = RELIEF_S,
    in_force: int | None = None,
    uncertainty: UncertaintyArrays | None = None,
) -> Simulation:
    """Execute each plan in each replication.

    The result does not depend on `threads`, on the other plans, or on how replications are divided
    over calls. Chance is keyed: replication r has the same breakdowns and spreads for every plan.

    Args:
        not_before: [N] seconds for each plan, see `plant.timing.decode`.
        first_replication: number of the first one, to continue an earlier call.
        window_s: figures that need an end (OEE, throughput, WIP) count [0, window_s).
        repair_scale: factor on the duration of every repair, under way or to come.
        relief_s: how late a block may end before another of its crew takes it; NEVER: nobody does.
        in_force: which plan is the one in force. People relieve each other by what it promised before
            anything happened; by any other plan as it would go without chance.
        uncertainty: to draw from something else than `problem.uncertainty`.

    Raises:
        LinewrightError: nothing to simulate, or a plan of another problem.
    """
    p = problem.arrays
    n, orders, machines = len(p.op_order), len(p.order_due_s), len(p.machine_ready_s)
    if not plans or replications < 1 or window_s < 1 or n == 0:
        raise LinewrightError(
            f"nothing to simulate: {len(plans)} plans, {n} operations, {replications} replications,"
            f" a window of {window_s} s. Maybe every order is finished."
        )
    for i, (plan, held) in enumerate(zip(plans, not_before, strict=True)):
        if {len(plan.sequence), len(plan.alternative), len(plan.operator), len(held)} != {n}:
            raise LinewrightError(
                f"plan {i} has {len(plan.sequence)} operations, the problem {n}."
                " Maybe it was made for another state."
            )
    sequences, alternatives, operators, held_s = (
        np.ascontiguousarray(rows, dtype=np.int64)
        for rows in (
            [plan.sequence for plan in plans],
            [plan.alternative for plan in plans],
            [plan.operator for plan in plans],
            list(not_before),
        )
    )
    promised_end_s = np.stack(
        [
            _promised_end_s(problem, plan, held, in_force=i == in_force)
            for i, (plan, held) in enumerate(zip(plans, held_s, strict=True))
        ]
    )
    begun = begun_orders(problem)
    pbt_s = planned_busy_s(p, window_s)
    u = uncertainty or problem.uncertainty
    kpis = np.empty((replications, len(plans), len(KPIS)))
    completion_s = np.empty((replications, len(plans), orders), np.int64)
    bottleneck = np.empty((replications, len(plans), machines))

    def run(rows: range) -> None:
        blocks = empty_blocks(n)
        for r in rows:
            replicate(
                p, u, sequences, alternatives, operators, held_s, promised_end_s, relief_s, begun, pbt_s,
                seed, first_replication + r, float(repair_scale), window_s, problem.horizon_s,
                blocks, kpis[r], completion_s[r], bottleneck[r],
            )  # fmt: skip

    if threads <= 1:
        run(range(replications))
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, (range(k, replications, threads) for k in range(threads))))
    return Simulation(
        KPIS,
        np.ascontiguousarray(kpis.swapaxes(0, 1)),
        np.ascontiguousarray(completion_s.swapaxes(0, 1)),
        np.ascontiguousarray(bottleneck.swapaxes(0, 1)),
        first_replication,
    )


@dataclass(frozen=True, slots=True)
class Execution:
    """One plan in one replication, in detail."""

    blocks: Blocks
    log: Ints  # [rows, 5]: kind, operation, machine, since, until
    draws: Draws


def execute_once(
    problem: SchedulingProblem,
    plan: PlanArrays,
    not_before_s: Ints,
    *,
    replication: int,
    seed: int,
    window_s: int,
    repair_scale: float = 1.0,
    relief_s: int = RELIEF_S,
    in_force: bool = False,
    uncertainty: UncertaintyArrays | None = None,
    log: bool = True,
) -> Execution:
    """Execute a plan in one replication of `simulate` and keep what happened to each operation.

    Args:
        in_force: whether it is the plan in force, see `simulate`.
        log: also keep every spell of setup, run and repair.
    """
    p, u = problem.arrays, uncertainty or problem.uncertainty
    draws = Draws(*draw(p, u, plan.sequence, seed, replication, float(repair_scale)))
    promised_end_s = _promised_end_s(problem, plan, not_before_s, in_force=in_force)
    blocks = empty_blocks(len(p.op_order))
    needed = np.array([4 * len(p.op_order) if log else 0], np.int64)
    while True:
        rows = np.empty((int(needed[0]), 5), np.int64)
        execute(
            p, u, plan.sequence, plan.alternative, plan.operator, not_before_s, promised_end_s, relief_s,
            draws, seed, replication, float(repair_scale), window_s, blocks, rows, needed,
        )  # fmt: skip
        if needed[0] <= len(rows) or not log:
            return Execution(blocks, rows[: needed[0]], draws)


def _promised_end_s(
    problem: SchedulingProblem, plan: PlanArrays, not_before_s: Ints, *, in_force: bool
) -> Ints:
    """[N] ends that a plan promises: without chance, or for the plan in force those it was released with."""
    end_s: Ints = decode(problem.arrays, plan, not_before_s).end_s
    if in_force:
        for op, end in problem.base_end_s.items():
            end_s[op] = end
    return end_s


def nominal_times(problem: SchedulingProblem, plan: PlanArrays, not_before_s: Ints) -> Times:
    """What the simulator makes of a plan when nothing is left to chance: the times of `decode`."""
    blocks = execute_once(
        problem, plan, not_before_s, replication=0, seed=0, window_s=problem.horizon_s,
        relief_s=NEVER, uncertainty=without_chance(problem.uncertainty), log=False,
    ).blocks  # fmt: skip
    return Times(blocks.begin_s, blocks.start_s, blocks.end_s)


def begun_orders(problem: SchedulingProblem) -> Ints:
    """[orders] 1 where an operation of the order is done or under way."""
    begun: npt.NDArray[np.int64] = np.zeros(len(problem.orders), np.int64)
    begun[list(problem.begun_orders)] = 1
    begun[problem.arrays.op_order[list(problem.started_s)]] = 1
    return begun


def without_chance(uncertainty: UncertaintyArrays) -> UncertaintyArrays:
    """The same plant where everything takes as long as planned and nothing fails."""
    u = uncertainty
    return u._replace(
        op_units=u.op_quantity,
        op_scrap=np.zeros_like(u.op_scrap),
        op_rework=np.zeros_like(u.op_rework),
        alt_cv=np.zeros_like(u.alt_cv),
        machine_mtbf_s=np.zeros_like(u.machine_mtbf_s),
        machine_mttr_cv=np.zeros_like(u.machine_mttr_cv),
    )
