"""`plant.timing` against its plain twin, and the corners of placing a block spelled out."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

import naive
from linewright.plant.arrays import NEVER, OBJECTIVES
from linewright.plant.timing import decode, evaluate, objectives, place


@pytest.mark.parametrize("seed", range(60))
def test_place_is_the_step_by_step_walk(seed: int) -> None:
    random = Random(seed)
    p = naive.random_problem(random)
    for calendar in range(len(p.cal_ptr) - 1):
        part = slice(p.cal_ptr[calendar], p.cal_ptr[calendar + 1])
        intervals = list(zip(p.cal_open_s[part].tolist(), p.cal_close_s[part].tolist(), strict=True))
        for _ in range(8):
            earliest, setup = (naive.STEP * random.randint(0, high) for high in (60, 6))
            run = naive.STEP * random.randint(1, 20)
            for pausable in (0, 1):
                expected = naive.place(intervals, earliest, setup, run, bool(pausable))
                assert place(p, calendar, earliest, setup, run, pausable) == expected


@pytest.mark.parametrize("seed", range(60))
def test_decode_and_objectives_are_their_twins(seed: int) -> None:
    random = Random(seed)
    p = naive.random_problem(random, people=0 if seed % 10 == 0 else 3)
    for _ in range(5):
        plan = naive.random_plan(p, random)
        not_before = [random.choice((0, naive.STEP * random.randint(0, 20))) for _ in p.op_order]
        times = decode(p, plan, np.array(not_before))
        expected = naive.decode(p, plan, not_before)
        for name, column in zip(times._fields, times, strict=True):
            assert column.tolist() == getattr(expected, name).tolist(), name
        if times.end_s.max() < NEVER:
            found = objectives(p, plan, times)
            assert len(found) == len(OBJECTIVES)
            # the sums are the same; a deviation divides, and may differ in the last digit
            assert found.tolist() == pytest.approx(naive.objectives(p, plan, expected), rel=1e-12)


def _one_calendar(*intervals: tuple[int, int]) -> object:
    p = naive.random_problem(Random(1))
    opens, closes = np.array(intervals, np.int64).T.copy()
    bucket = np.zeros((1, 8), np.int64)
    return p._replace(
        cal_ptr=np.array([0, len(intervals)]), cal_open_s=opens, cal_close_s=closes, cal_bucket=bucket
    )


@pytest.mark.parametrize(
    ("case", "earliest", "setup", "run", "pausable", "expected"),
    [
        ("fits exactly", 0, 40, 60, 1, (0, 40, 100)),
        ("the run pauses", 0, 40, 61, 1, (0, 40, 201)),
        ("setup ends at closing: the run begins at the opening", 0, 100, 10, 1, (0, 200, 210)),
        ("setup pauses", 50, 60, 10, 1, (50, 210, 220)),
        ("before the opening", 120, 0, 10, 1, (200, 200, 210)),
        ("at the closing", 100, 0, 10, 1, (200, 200, 210)),
        ("not pausable, no room left", 50, 40, 20, 0, (200, 240, 260)),
        ("not pausable, room left", 50, 40, 10, 0, (50, 90, 100)),
        ("not pausable, never", 0, 100, 201, 0, (NEVER, NEVER, NEVER)),
        ("past the horizon", 0, 0, 401, 1, (NEVER, NEVER, NEVER)),
        ("beyond the last closing", 500, 0, 1, 1, (NEVER, NEVER, NEVER)),
        ("beyond all buckets", 10**9, 0, 1, 1, (NEVER, NEVER, NEVER)),
    ],
)  # fmt: skip
def test_place_at_the_corners(
    case: str, earliest: int, setup: int, run: int, pausable: int, expected: tuple[int, int, int]
) -> None:
    p = _one_calendar((0, 100), (200, 500))
    assert place(p, 0, earliest, setup, run, pausable) == expected, case


def test_evaluate_returns_times_and_objectives() -> None:
    random = Random(3)
    p = naive.random_problem(random)
    plan = naive.random_plan(p, random)
    times, found = evaluate(p, plan)
    assert (
        found.tolist() == objectives(p, plan, decode(p, plan, np.zeros(len(p.op_order), np.int64))).tolist()
    )
    assert (times.start_s >= times.setup_start_s).all()
