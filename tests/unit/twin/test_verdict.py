"""The verdict: gates that can fail, ranked by bad cases, certified within the time there is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from linewright.errors import LinewrightError
from linewright.plant.arrays import FREE, Ints, PlanArrays, Times
from linewright.plant.timing import decode
from linewright.twin.gates import bounds, cvar, tail, unsound
from linewright.twin.simulate import Simulation
from linewright.twin.verdict import CERTIFY, SCREEN, judge


@dataclass(frozen=True)
class Candidate:
    plan: PlanArrays
    times: Times
    not_before_s: Ints


def candidate(problem: Any, plan: PlanArrays, held: Ints | None = None) -> Candidate:
    not_before = np.zeros(len(problem.operations), np.int64) if held is None else held
    return Candidate(plan, decode(problem.arrays, plan, not_before), not_before)


def gate(verdict: Any, name: str) -> Any:
    return next(item for item in verdict.gates if item.name == name)


@pytest.fixture
def judged(make_problem: Any) -> tuple[Any, list[Candidate]]:
    problem, plans = make_problem(11, plans=16)
    return problem, [candidate(problem, plan) for plan in plans]


def test_all_are_screened_the_best_and_the_incumbent_certified(judged: Any) -> None:
    problem, candidates = judged
    levels: list[str] = []
    verdicts = judge(problem, candidates, incumbent=0, seed=1, on_level=levels.append)
    assert levels == ["screened", "certified"]
    assert sorted(v.rank for v in verdicts) == list(range(1, 17))
    certified = [i for i, v in enumerate(verdicts) if v.level == "certified"]
    assert len(certified) == 11
    assert 0 in certified
    assert {v.replications for v in verdicts} == {SCREEN, CERTIFY}
    keep = verdicts[0]
    assert keep.advances
    assert all(value == (0.0, 0.0, 0.0) for value in keep.against_keep.values())
    ranked = sorted(verdicts, key=lambda v: v.rank)
    assert [v.advances for v in ranked] == sorted((v.advances for v in ranked), reverse=True)
    best = [v for v in ranked if v.advances and v.level == "certified"]
    assert [v.cvar_s for v in best] == sorted(v.cvar_s for v in best)
    for v in verdicts:
        low_to_high = [(low, median, high) for median, low, high in v.kpis.values()]
        assert all(low <= median <= high for low, median, high in low_to_high)
        assert ((v.p_late >= 0) & (v.p_late <= 1)).all()
        assert 0 <= v.worst_replication < v.replications


def test_the_same_on_any_threads_and_without_time_only_screening(judged: Any) -> None:
    problem, candidates = judged
    one, two = (judge(problem, candidates, seed=3, threads=threads) for threads in (1, 2))
    assert [(v.rank, v.gates, v.kpis) for v in one] == [(v.rank, v.gates, v.kpis) for v in two]
    hurried = judge(problem, candidates, seed=3, seconds=0.0)
    assert {(v.level, v.replications) for v in hurried} == {("screened", SCREEN)}


def test_a_plan_that_is_later_in_bad_cases_does_not_advance(judged: Any) -> None:
    problem, candidates = judged
    held = np.full(len(problem.operations), 20 * 24 * 3600, np.int64)
    later = candidate(problem, candidates[0].plan, held)
    verdicts = judge(problem, [candidates[0], later], seed=1)
    assert not verdicts[1].advances
    tail = gate(verdicts[1], "bad cases")
    assert not tail.passed
    assert tail.low > tail.limit
    assert not gate(verdicts[1], "longer repairs").passed
    assert verdicts[1].rank == 2


def test_a_good_mean_with_worse_bad_cases_does_not_advance() -> None:
    steady, gamble = np.full(200, 100.0), np.where(np.arange(200) % 20 == 0, 1000.0, 10.0)
    assert gamble.mean() < steady.mean()
    mean, low, _ = bounds(cvar(gamble)[1] - cvar(steady)[1])
    assert mean > 0
    assert low > 0


def test_bad_cases_are_proven_no_worse_or_on_few_replications_not_shown_worse() -> None:
    kept = np.random.default_rng(3).lognormal(10, 1, 20)
    other = np.random.default_rng(4).lognormal(10, 1, 20)
    other[np.argmax(other)] = kept.max()

    def judged_by_tail(candidate: Any, proven: bool) -> Any:
        kpis = np.stack([kept, candidate])[:, :, None]
        nothing = np.zeros((2, 20, 0))
        found = Simulation(("weighted_tardiness_s",), kpis, nothing.astype(np.int64), nothing, 0)
        return tail("bad cases", found, 1, "In its worst tenth of cases", proven=proven)

    unsure = judged_by_tail(other, True)
    assert unsure.low < 0 < unsure.limit < unsure.high
    assert not unsure.passed
    assert judged_by_tail(other, False).passed
    assert judged_by_tail(kept, True).passed
    assert not judged_by_tail(kept + 1e6, False).passed


def test_orders_of_a_priority_shown_to_be_late_more_often_stop_a_plan(make_problem: Any) -> None:
    problem, plans = make_problem(11)
    weight = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 9.0])
    due = np.array([1000, 1000, 1000, 1000, 1000, 50]) * 24 * 3600
    problem = replace(problem, arrays=problem.arrays._replace(order_weight=weight, order_due_s=due))
    held = np.zeros(len(problem.operations), np.int64)
    held[problem.arrays.op_order == 5] = 51 * 24 * 3600
    verdicts = judge(problem, [candidate(problem, plans[0]), candidate(problem, plans[0], held)], seed=1)
    assert not gate(verdicts[1], "on time, priority 9").passed
    assert gate(verdicts[1], "on time, priority 1").passed
    assert verdicts[1].p_late[5] == 1.0


def test_times_a_plan_cannot_keep_are_found(judged: Any) -> None:
    problem, candidates = judged
    wrong = candidates[1].times.end_s.copy()
    wrong[4] -= 60
    lying = replace(candidates[1], times=candidates[1].times._replace(end_s=wrong))
    verdict = judge(problem, [candidates[0], lying], seed=1)[1]
    assert not verdict.advances
    assert "O1/10" in gate(verdict, "feasible").text


def test_what_does_not_fit_into_the_calendars_is_found(make_problem: Any) -> None:
    problem, plans = make_problem(3, days=2)
    verdict = judge(problem, [candidate(problem, plans[0])], seed=1)[0]
    assert not verdict.advances
    assert "do not fit" in gate(verdict, "feasible").text


def test_moved_frozen_operations_are_found(judged: Any) -> None:
    problem, candidates = judged
    p = problem.arrays
    other = next(op for op in range(1, len(p.op_state)) if p.alt_ptr[op + 1] - p.alt_ptr[op] > 1)
    fixed = p.fixed_alternative.copy()
    fixed[other] = p.alt_ptr[other] + (candidates[0].plan.alternative[other] == p.alt_ptr[other])
    problem = replace(problem, arrays=p._replace(fixed_alternative=fixed))
    verdict = judge(problem, [candidates[0]], seed=1)[0]
    assert p.op_state[other] == FREE
    assert not gate(verdict, "frozen").passed


def test_arrays_that_are_no_plan_are_refused_by_name_and_the_rest_is_judged(judged: Any) -> None:
    problem, candidates = judged
    p, plan = problem.arrays, candidates[0].plan
    twice = plan._replace(sequence=np.where(plan.sequence == 5, 4, plan.sequence))
    backwards = plan._replace(sequence=plan.sequence[::-1].copy())
    elsewhere = plan._replace(alternative=plan.alternative + 1000)
    op = int(np.argmax(p.alt_crew[plan.alternative] >= 0))
    nobody = plan.operator.copy()
    nobody[op] = -1
    stranger = plan.operator.copy()
    stranger[op] = 99
    assert unsound(problem, plan) == ""
    assert "every operation once" in unsound(problem, twice)
    assert "which it needs" in unsound(problem, backwards)
    assert "machine that cannot do it" in unsound(problem, elsewhere)
    for operators in (nobody, stranger):
        assert "operator who cannot" in unsound(problem, plan._replace(operator=operators))
    broken = replace(candidates[1], plan=twice)
    verdicts = judge(problem, [candidates[0], broken, candidates[2]], seed=1)
    assert (verdicts[1].advances, verdicts[1].rank, verdicts[1].replications) == (False, 3, 0)
    assert all(math.isnan(value[0]) for value in verdicts[1].kpis.values())
    assert verdicts[2].replications == CERTIFY
    with pytest.raises(LinewrightError, match="no plan of this problem"):
        judge(problem, [broken, candidates[0]], seed=1)


def test_cvar_is_the_mean_of_the_worst_tenth() -> None:
    values = np.random.default_rng(1).lognormal(size=200)
    found, parts = cvar(values)
    assert found == pytest.approx(np.sort(values)[-20:].mean())
    assert parts.mean() == pytest.approx(found)


def test_bounds_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    outside = [bounds(rng.normal(3.0, 2.0, 20))[2] < 3.0 for _ in range(4000)]
    assert 0.04 < np.mean(outside) < 0.06
    assert bounds(np.full(20, 2.5)) == (2.5, 2.5, 2.5)
