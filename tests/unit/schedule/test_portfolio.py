"""Choosing from a front."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linewright.plant.arrays import PlanArrays
from linewright.schedule.portfolio import non_dominated, spread
from naive import random_problem

rows = st.lists(st.lists(st.integers(0, 4), min_size=6, max_size=6), min_size=1, max_size=30)


@settings(deadline=None)
@given(rows)
def test_non_dominated_is_what_nothing_dominates(found: list[list[int]]) -> None:
    values = np.array(found, float)
    kept = values[non_dominated(values)]
    front = {
        tuple(a)
        for a in found
        if not any(all(x <= y for x, y in zip(b, a, strict=True)) and b != a for b in found)
    }
    assert sorted(map(tuple, kept.tolist())) == sorted(front)


def test_spread_takes_the_best_of_each_objective_and_then_the_farthest() -> None:
    p = random_problem(Random(3))
    n = len(p.op_order)
    random = np.random.default_rng(1)
    values = random.random((200, 6))
    plan = PlanArrays(np.arange(n), p.alt_ptr[:-1].copy(), np.zeros(n, np.int64))
    chosen = spread(p, [plan] * 200, values, 20)
    assert len(set(chosen)) == 20
    assert set(values.argmin(axis=0)) <= set(chosen)

    def gap(which: list[int]) -> float:
        return min(
            float(np.linalg.norm(values[a] - values[b])) for i, a in enumerate(which) for b in which[:i]
        )

    assert gap(chosen[7:]) > 2 * gap(list(range(13)))
    assert spread(p, [plan] * 3, values[:3], 20) == [*dict.fromkeys(spread(p, [plan] * 3, values[:3], 3))]
