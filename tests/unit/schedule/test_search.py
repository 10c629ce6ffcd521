"""What search promises: feasible, distinct, non-dominated, repeatable, stoppable at any time."""

from __future__ import annotations

import threading
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linewright.plant.arrays import NEVER, SchedulingProblem
from linewright.plant.generate import SMALL, FacilitySpec
from linewright.plant.timing import decode, evaluate, objectives
from linewright.schedule import Portfolio, Progress, current_plan, first_plan, search
from naive import decode as naive_decode
from naive import objectives as naive_objectives
from naive import random_plan, random_problem
from schedules import MakeProblem, flaws, wrap

MOVES = 4000
ASSEMBLY = FacilitySpec(machines=6, people=5, orders=8, operations=40, shop="assembly", skills=2)
UNATTENDED_PLANT = FacilitySpec(machines=4, people=0, orders=6, operations=30, skills=0, attended=0.0)


def check(problem: SchedulingProblem, found: Portfolio) -> None:
    p = problem.arrays
    for candidate in found.candidates:
        assert flaws(p, candidate.plan) == []
        times = decode(p, candidate.plan, candidate.not_before_s)
        for mine, theirs in zip(times, candidate.times, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_array_equal(objectives(p, candidate.plan, times), candidate.objectives)
        assert candidate.origin
    values = [candidate.objectives for candidate in found.candidates]
    for i, a in enumerate(values):
        for b in values[:i]:
            assert (a < b).any()
            assert (b < a).any()
    seen = {
        (c.times.start_s.tobytes(), p.alt_machine[c.plan.alternative].tobytes(), c.plan.operator.tobytes())
        for c in found.candidates
    }
    assert len(seen) == len(found.candidates)


@pytest.mark.parametrize("spec", [SMALL, ASSEMBLY, UNATTENDED_PLANT])
def test_plans_are_feasible_distinct_and_non_dominated(disrupted: MakeProblem, spec: FacilitySpec) -> None:
    problem = disrupted(spec, rush=True)
    found = search(problem, scenarios=30, moves=MOVES)
    check(problem, found)
    assert len(found.candidates) >= 10
    assert found.moves == MOVES
    assert any(candidate.origin.startswith("search") for candidate in found.candidates)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0, 3]))
def test_any_problem_is_searched(seed: int, people: int) -> None:
    random = Random(seed)
    problem = wrap(random_problem(random, people))
    p = problem.arrays
    given_plan = random_plan(p, random)
    found = search(problem, scenarios=10, moves=500, starts=[given_plan])
    assert found.candidates
    for candidate in found.candidates:
        assert flaws(p, candidate.plan) == []
        times = naive_decode(p, candidate.plan, candidate.not_before_s.tolist())
        np.testing.assert_array_equal(times.end_s, candidate.times.end_s)
        if candidate.objectives[1] < NEVER:
            np.testing.assert_allclose(naive_objectives(p, candidate.plan, times), candidate.objectives)
    if candidate.objectives[1] < NEVER:
        check(problem, found)
        _, offered = evaluate(p, given_plan)  # no worse than what it was given
        if offered[1] < NEVER:
            assert not any((offered < c.objectives).all() for c in found.candidates)


def test_one_seed_gives_one_answer_on_any_number_of_threads(disrupted: MakeProblem) -> None:
    problem = disrupted()
    found = [search(problem, moves=MOVES, threads=threads, seed=5) for threads in (1, 2, 3)]
    for other in found[1:]:
        assert len(other.candidates) == len(found[0].candidates)
        for a, b in zip(found[0].candidates, other.candidates, strict=True):
            np.testing.assert_array_equal(a.objectives, b.objectives)
            np.testing.assert_array_equal(a.plan.sequence, b.plan.sequence)
            np.testing.assert_array_equal(a.plan.operator, b.plan.operator)
    another = search(problem, moves=MOVES, seed=6)
    assert [c.objectives.tolist() for c in another.candidates] != [
        c.objectives.tolist() for c in found[0].candidates
    ]


def test_more_moves_find_better_plans(disrupted: MakeProblem) -> None:
    problem = disrupted(hours=1)
    few, many = (search(problem, scenarios=10**6, moves=moves) for moves in (0, 20_000))
    best_few = np.min([c.objectives for c in few.candidates], axis=0)
    best_many = np.min([c.objectives for c in many.candidates], axis=0)
    assert (best_many <= best_few).all()
    assert (best_many < best_few).sum() >= 2
    assert many.evaluated > few.evaluated


def test_it_stops_when_told_and_gives_what_it_has(disrupted: MakeProblem) -> None:
    problem = disrupted()
    stop = threading.Event()
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 8:
            stop.set()

    found = search(problem, seconds=600, on_progress=watch, stop=stop)
    assert len(seen) == 8
    assert [s.evaluated for s in seen] == sorted(s.evaluated for s in seen)
    assert np.isfinite(seen[-1].best).all()
    check(problem, found)
    stopped_before = search(problem, seconds=600, stop=stop)
    assert stopped_before.candidates
    assert stopped_before.moves == 0


def test_the_plan_in_force_is_among_the_starts(disrupted: MakeProblem) -> None:
    problem = disrupted()
    _, force = evaluate(problem.arrays, current_plan(problem))
    found = search(problem, scenarios=10**6, moves=0)
    assert not any((force < c.objectives).all() for c in found.candidates)


def test_what_is_known_besides_does_not_come_back(disrupted: MakeProblem) -> None:
    problem = disrupted()
    alone = search(problem, scenarios=10**6, moves=0).candidates
    beside = search(problem, scenarios=10**6, moves=0, besides=alone[1:3]).candidates
    assert len(beside) == len(alone) - 2
    for known in alone[1:3]:
        assert not any(candidate.same_as(known) for candidate in beside)


def test_nothing_to_plan_is_no_plan(disrupted: MakeProblem) -> None:
    problem = disrupted(hours=24 * 60)
    assert not problem.operations
    assert search(problem, moves=100).candidates == ()


def test_a_first_plan_is_feasible_and_repeatable(disrupted: MakeProblem) -> None:
    problem = disrupted()
    plan = first_plan(problem, seed=3)
    assert flaws(problem.arrays, plan) == []
    np.testing.assert_array_equal(plan.sequence, first_plan(problem, seed=3).sequence)
