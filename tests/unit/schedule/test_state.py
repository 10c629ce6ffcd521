"""A plan changed one operation at a time against timing it all anew."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from numba import njit

from linewright.plant.arrays import NEVER, PlanArrays
from linewright.schedule.context import context
from linewright.schedule.keyed import stream
from linewright.schedule.moves import MOVES, propose
from linewright.schedule.rules import held_until
from linewright.schedule.state import State, empty_state, load, measure, relocate, undo
from naive import decode as naive_decode
from naive import objectives as naive_objectives
from naive import random_plan, random_problem


@njit(nogil=True)
def begin(p: Any, c: Any, s: Any, hold: int, sequence: Any, alternative: Any, operator: Any) -> None:
    load(p, c, s, hold, sequence, alternative, operator)


@njit(nogil=True)
def attempt(p: Any, c: Any, s: Any, kind: int, stream: Any, take_back: bool, values: Any) -> bool:
    move = np.zeros(4, np.int64)
    weights = np.full(6, 1 / 6)
    tried = propose(p, c, s, kind, weights, stream, move)
    if tried:
        relocate(p, c, s, move[0], move[1], move[2], move[3])
        if take_back:
            undo(p, s)
    measure(p, s, p.order_complete.sum(), values)
    return tried


def snapshot(s: State) -> list[np.ndarray]:
    kept = ("sequence", "position", "alternative", "operator", "begin", "start", "end", "setup", "mounted")
    kept += ("moved", "machine_before", "machine_after", "operator_before", "operator_after", "machine_last")
    kept += ("operator_last", "completion", "work", "total", "dirty")
    return [getattr(s, name).copy() for name in kept]


@pytest.mark.parametrize("people", [0, 3])
@pytest.mark.parametrize("hold", [0, 1])
def test_moves_change_a_plan_as_if_it_were_timed_anew(people: int, hold: int) -> None:
    kinds = set()
    for seed in range(30):
        random = Random(seed)
        p = random_problem(random, people)
        c = context(p)
        s = empty_state(p)
        begin(p, c, s, hold, *random_plan(p, random))
        draws, values = stream(seed), np.empty(6)
        for step in range(60):
            kind = step % MOVES
            before = snapshot(s)
            take_back = random.random() < 0.4
            tried = attempt(p, c, s, kind, draws, take_back, values)
            if take_back or not tried:
                for old, new in zip(before, snapshot(s), strict=True):
                    np.testing.assert_array_equal(old, new)
            if tried:
                kinds.add(kind)
            plan = PlanArrays(s.sequence, s.alternative, s.operator)
            times = naive_decode(p, plan, held_until(p, c, plan.sequence, plan.alternative, hold).tolist())
            assert (values[1] >= NEVER) == (max(times.end_s) >= NEVER)
            if max(times.end_s) < NEVER:
                np.testing.assert_array_equal(s.end, times.end_s)
                np.testing.assert_array_equal(s.start, times.start_s)
                np.testing.assert_allclose(values, naive_objectives(p, plan, times), atol=1e-6)
    assert len(kinds) >= MOVES - 1  # in a plant without people there is no other operator
