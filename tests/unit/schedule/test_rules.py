"""The dispatcher: whatever the rule, a feasible plan that takes as long as it thought."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from linewright.plant.arrays import NEVER, PlanArrays, ProblemArrays
from linewright.plant.generate import SMALL
from linewright.schedule.context import context
from linewright.schedule.keyed import stream
from linewright.schedule.rules import (
    CLASSICS,
    DELAY,
    HOLD,
    WEIGHTS,
    breed_rules,
    draw_rules,
    held_until,
    sample,
)
from naive import decode as naive_decode
from naive import objectives as naive_objectives
from naive import random_problem
from schedules import MakeProblem, flaws


def drawn(p: ProblemArrays, count: int, seed: int = 1) -> tuple[np.ndarray, list[PlanArrays], np.ndarray]:
    draws = stream(seed)
    rules = draw_rules(0, count, p.order_due_s.size, draws)
    arrays = [np.empty((count, len(p.op_order)), np.int64) for _ in range(3)]
    values = sample(p, context(p), rules, *arrays)
    plans = [PlanArrays(*(rows[k] for rows in arrays)) for k in range(count)]
    return values, plans, (rules[:, HOLD] > 0).astype(np.int64)


@pytest.mark.parametrize("people", [0, 3])
def test_plans_of_any_problem_are_feasible_and_measured_right(people: int) -> None:
    for seed in range(25):
        p = random_problem(Random(seed), people)
        values, plans, hold = drawn(p, CLASSICS + 8)
        for value, plan, held in zip(values, plans, hold, strict=True):
            assert flaws(p, plan) == []
            until = held_until(p, context(p), plan.sequence, plan.alternative, int(held))
            times = naive_decode(p, plan, until.tolist())
            if max(times.end_s) < NEVER:
                np.testing.assert_allclose(value, naive_objectives(p, plan, times))


def test_settled_operations_keep_their_place(disrupted: MakeProblem) -> None:
    p = disrupted().arrays
    assert len(p.fixed_sequence) > 0
    for plan in drawn(p, 40)[1]:
        assert flaws(p, plan) == []


def test_the_same_stream_gives_the_same_plans(disrupted: MakeProblem) -> None:
    p = disrupted(SMALL).arrays
    first, again, other = drawn(p, 30, 1), drawn(p, 30, 1), drawn(p, 30, 2)
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])


def test_random_rules_differ(disrupted: MakeProblem) -> None:
    values, _, hold = drawn(disrupted().arrays, 60)
    assert len(np.unique(values, axis=0)) > 30
    assert set(hold) == {0, 1}


def test_bred_rules_are_like_their_parents() -> None:
    orders = 40
    parents = draw_rules(0, 30, orders, stream(1))
    assert parents.shape == (30, WEIGHTS + orders)
    bred = breed_rules(parents, 200, np.random.default_rng(1))
    assert len(np.unique(bred, axis=0)) > 150
    assert (bred[:, DELAY] <= 1).all()
    for weight in range(WEIGHTS):  # nobody has what no parent has
        assert (bred[:, weight] != 0).any() <= (parents[:, weight] != 0).any()
        assert set(np.sign(bred[:, weight])) <= set(np.sign(parents[:, weight]))
    kept = [np.isin(bred[:, WEIGHTS + order], parents[:, WEIGHTS + order]).mean() for order in range(orders)]
    assert 0.6 < np.mean(kept) < 0.98  # most bonuses are a parent's, some are new


def test_an_order_with_a_bonus_goes_first(disrupted: MakeProblem) -> None:
    p = disrupted().arrays
    orders = p.order_due_s.size
    arrays = [np.empty((1, len(p.op_order)), np.int64) for _ in range(3)]
    free = np.setdiff1d(np.arange(len(p.op_order)), p.fixed_sequence)
    rule = np.zeros((1, WEIGHTS + orders))
    rule[0, DELAY] = 1.0
    sample(p, context(p), rule, *arrays)
    last = int(p.op_order[[op for op in arrays[0][0] if op in set(free)][-1]])
    before = np.flatnonzero(p.op_order[arrays[0][0]] == last).mean()
    rule[0, WEIGHTS + last] = 100.0
    sample(p, context(p), rule, *arrays)
    assert np.flatnonzero(p.op_order[arrays[0][0]] == last).mean() < before
