"""The simulator: exact without chance, the same chance for all plans, the same answer on any threads."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linewright.errors import LinewrightError
from linewright.plant.arrays import NEVER, UNATTENDED
from linewright.plant.timing import decode
from linewright.signals.kpi import KPIS
from linewright.twin.execute import LOG_REPAIR, RELIEF_S
from linewright.twin.simulate import execute_once, nominal_times, simulate

DAY = 24 * 3600


def none_held(problem: Any) -> np.ndarray:
    return np.zeros(len(problem.operations), np.int64)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), days=st.sampled_from([3, 60]), held=st.booleans())
def test_without_chance_the_twin_keeps_the_plan_to_the_second(
    make_problem: Any, seed: int, days: int, held: bool
) -> None:
    problem, plans = make_problem(seed, days=days)
    not_before = np.random.default_rng(seed).integers(0, 2 * DAY, len(problem.operations)) * held
    for plan in plans:
        for promised, found in zip(
            decode(problem.arrays, plan, not_before), nominal_times(problem, plan, not_before), strict=True
        ):
            np.testing.assert_array_equal(promised, found)


def test_without_chance_every_replication_is_the_plan(make_problem: Any) -> None:
    problem, plans = make_problem(2, chance=False)
    found = simulate(problem, plans, [none_held(problem)] * 3, replications=4, seed=1, window_s=2 * DAY)
    ends = [decode(problem.arrays, plan, none_held(problem)).end_s.max() for plan in plans]
    np.testing.assert_array_equal(found.of("makespan_s"), np.repeat(np.array([ends]).T, 4, axis=1))
    np.testing.assert_array_equal(found.of("effectiveness"), 1.0)
    assert not found.of("breakdowns").any()


def test_the_answer_is_the_same_bits_on_one_and_two_threads_and_in_parts(make_problem: Any) -> None:
    problem, plans = make_problem(3)
    held = [none_held(problem)] * 3
    one = simulate(problem, plans, held, replications=9, seed=4, threads=1, window_s=DAY)
    two = simulate(problem, plans, held, replications=9, seed=4, threads=2, window_s=DAY)
    first = simulate(problem, plans, held, replications=5, seed=4, window_s=DAY)
    rest = simulate(problem, plans, held, replications=4, seed=4, first_replication=5, window_s=DAY)
    alone = simulate(problem, plans[1:2], held[:1], replications=9, seed=4, window_s=DAY)
    parts = first.followed_by(rest)
    for name in ("kpis", "completion_s", "bottleneck"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
        np.testing.assert_array_equal(getattr(one, name), getattr(parts, name))
        np.testing.assert_array_equal(getattr(one.plans([1]), name), getattr(alone, name))
    other = simulate(problem, plans, held, replications=9, seed=5, window_s=DAY)
    assert not np.array_equal(one.kpis, other.kpis)


def test_two_plans_meet_the_same_breakdowns_and_the_same_spread(make_problem: Any) -> None:
    problem, plans = make_problem(5, machines=2)
    repairs, runs = [], []
    for plan in plans[:2]:
        found = execute_once(problem, plan, none_held(problem), replication=2, seed=9, window_s=DAY)
        rows = found.log[found.log[:, 0] == LOG_REPAIR]
        repairs.append({m: [int(u - s) for _, _, on, s, u in rows if on == m] for m in (0, 1)})
        runs.append(found.draws.run_s)
    np.testing.assert_array_equal(runs[0], runs[1])
    assert sum(map(len, repairs[0].values())) > 0
    for machine in (0, 1):  # as many of them as both plans' operating time reaches
        common = min(len(repairs[0][machine]), len(repairs[1][machine]))
        assert repairs[0][machine][:common] == repairs[1][machine][:common]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), replication=st.integers(0, 50))
def test_longer_repairs_never_end_anything_earlier(make_problem: Any, seed: int, replication: int) -> None:
    problem, plans = make_problem(seed)
    held = none_held(problem)
    before = np.zeros(len(held), np.int64)
    for scale in (0.5, 1.0, 1.5, 3.0):
        found = execute_once(
            problem, plans[0], held, replication=replication, seed=1, window_s=DAY, repair_scale=scale,
            relief_s=NEVER,
        )  # fmt: skip
        assert (found.blocks.end_s >= before).all()
        before = found.blocks.end_s


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_work_that_slips_is_taken_over_by_somebody_who_can_do_it_and_is_free(
    make_problem: Any, seed: int
) -> None:
    problem, plans = make_problem(seed, operators=5)
    p, plan = problem.arrays, plans[0]
    found = execute_once(problem, plan, none_held(problem), replication=0, seed=seed, window_s=DAY).blocks
    busy: dict[int, list[tuple[int, int]]] = {}
    for op in range(len(problem.operations)):
        who = int(found.operator[op])
        if who == UNATTENDED or found.end_s[op] == NEVER:
            assert plan.operator[op] == who or found.end_s[op] == NEVER
            continue
        crew = p.alt_crew[plan.alternative[op]]
        assert who in p.crew[p.crew_ptr[crew] : p.crew_ptr[crew + 1]]
        busy.setdefault(who, []).append((int(found.begin_s[op]), int(found.end_s[op])))
    for spells in busy.values():
        spells.sort()
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spells))


def test_relief_saves_a_shift_and_is_never_needed_without_chance(make_problem: Any) -> None:
    problem, plans = make_problem(7, operators=6)
    held = [none_held(problem)] * len(plans)
    with_relief, without = (
        simulate(problem, plans, held, replications=60, seed=2, window_s=DAY, relief_s=relief)
        for relief in (RELIEF_S, NEVER)
    )
    assert with_relief.of("makespan_s").mean() < without.of("makespan_s").mean()
    calm, _ = make_problem(7, operators=6, chance=False)
    for plan in plans:
        blocks = execute_once(calm, plan, held[0], replication=0, seed=1, window_s=DAY).blocks
        np.testing.assert_array_equal(blocks.operator, plan.operator)


def test_run_times_spread_around_their_plan(make_problem: Any) -> None:
    problem, _ = make_problem(6)
    u = problem.uncertainty
    problem = replace(
        problem,
        uncertainty=u._replace(
            op_units=u.op_quantity, op_scrap=np.zeros_like(u.op_scrap), op_rework=np.zeros_like(u.op_rework)
        ),
    )
    plan = make_problem(6)[1][0]
    found = np.array(
        [
            execute_once(
                problem, plan, none_held(problem), replication=r, seed=1, window_s=DAY, log=False
            ).draws.run_s
            for r in range(3000)
        ]
    )
    planned, cv = problem.arrays.alt_run_s, problem.uncertainty.alt_cv
    error = np.abs(found.mean(axis=0) / planned - 1)
    assert (error <= 4 * cv / np.sqrt(3000) + 1e-3).all()
    spread = found.std(axis=0) / found.mean(axis=0)
    np.testing.assert_allclose(spread, cv, atol=0.06)
    assert (found[:, cv == 0] == planned[cv == 0]).all()


def test_a_block_that_cannot_pause_begins_where_its_plan_fits_and_works_overtime(make_problem: Any) -> None:
    problem, plans = make_problem(1, orders=1, operations=1, machines=1, operators=0)
    p, u = problem.arrays, problem.uncertainty
    plan = plans[0]._replace(operator=np.array([UNATTENDED]))
    machine_shift = 1  # open from 6 to 14
    p = p._replace(
        op_ready_s=np.array([8 * 3600]),
        op_pausable=np.array([0]),
        op_state=np.array([0]),
        alt_run_s=np.array([6 * 3600]),
        machine_ready_s=np.array([0]),
        pair_calendar=np.full_like(p.pair_calendar, machine_shift),
        op_family=np.array([-1]),
    )
    u = u._replace(
        alt_cv=np.array([0.3]), machine_mtbf_s=np.zeros(1), op_scrap=np.zeros(1), op_rework=np.zeros(1)
    )
    problem = replace(problem, arrays=p, uncertainty=u)
    begins, overtime = set(), []
    for replication in range(50):
        found = execute_once(problem, plan, none_held(problem), replication=replication, seed=1, window_s=DAY)
        blocks, run = found.blocks, int(found.draws.run_s[0])
        begins.add(int(blocks.begin_s[0]))
        assert blocks.end_s[0] == blocks.begin_s[0] + run  # no pause, whatever it takes
        assert blocks.overtime_s[0] == max(0, run - 6 * 3600)
        overtime.append(int(blocks.overtime_s[0]))
    assert begins == {8 * 3600}
    assert min(overtime) == 0 < max(overtime)


def test_scrap_does_not_reach_the_next_operation(make_problem: Any) -> None:
    problem, plans = make_problem(8)
    p = problem.arrays
    blocks = execute_once(problem, plans[0], none_held(problem), replication=0, seed=1, window_s=DAY).blocks
    assert blocks.scrap.sum() > 0
    units = problem.uncertainty.op_units
    assert (units < problem.uncertainty.op_quantity).any(), "some were scrapped before now"
    for op in range(len(p.op_order)):
        assert blocks.produced[op] <= units[op]
        assert blocks.produced[op] == units[op] or p.pred_ptr[op] < p.pred_ptr[op + 1]
        for before in p.pred[p.pred_ptr[op] : p.pred_ptr[op + 1]]:
            if p.op_order[before] == p.op_order[op]:
                assert blocks.produced[op] == blocks.produced[before] - blocks.scrap[before]


def test_an_order_beyond_the_horizon_counts_as_ending_there(make_problem: Any) -> None:
    problem, plans = make_problem(3, days=2)
    found = simulate(problem, plans[:1], [none_held(problem)], replications=3, seed=1, window_s=DAY)
    blocks = execute_once(problem, plans[0], none_held(problem), replication=0, seed=1, window_s=DAY).blocks
    missing = int((blocks.end_s == NEVER).sum())
    assert missing > 0
    assert found.of("unfinished_operations")[0, 0] == missing
    assert found.of("makespan_s")[0, 0] == problem.horizon_s


def test_figures_are_finite_and_named(make_problem: Any) -> None:
    problem, plans = make_problem(4)
    found = simulate(problem, plans, [none_held(problem)] * 3, replications=3, seed=1, window_s=3 * DAY)
    assert found.names == KPIS
    assert found.kpis.shape == (3, 3, len(KPIS))
    assert np.isfinite(found.kpis).all()
    np.testing.assert_allclose(
        found.of("oee"), found.of("availability") * found.of("effectiveness") * found.of("quality_ratio")
    )
    late = found.completion_s > problem.arrays.order_due_s
    np.testing.assert_array_equal(found.of("late_orders"), late.sum(axis=2))


def test_what_cannot_be_simulated_is_refused(make_problem: Any) -> None:
    problem, plans = make_problem(1)
    with pytest.raises(LinewrightError, match="nothing to simulate"):
        simulate(problem, [], [], replications=1, seed=1, window_s=DAY)
    short = plans[0]._replace(sequence=plans[0].sequence[:-1])
    with pytest.raises(LinewrightError, match="made for another state"):
        simulate(problem, [short], [none_held(problem)], replications=1, seed=1, window_s=DAY)
