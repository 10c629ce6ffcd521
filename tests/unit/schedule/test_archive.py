"""The archive against a plain one that keeps everything and filters at the end of each step."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linewright.plant.arrays import NEVER
from linewright.schedule.archive import Archive, empty_archive, merge, offer, plan_of

ROW = np.zeros(3, np.int64)
vectors = st.lists(
    st.lists(st.integers(0, 6), min_size=6, max_size=6).map(lambda row: np.array(row, float)), max_size=40
)


def offered(rows: list[np.ndarray], width: float, capacity: int = 64) -> Archive:
    archive = empty_archive(capacity, 3)
    archive.width[:] = width
    for i, row in enumerate(rows):
        offer(archive, row, np.empty(6, np.int64), i, 0, ROW + i, ROW, ROW)
    return archive


def naive(rows: list[np.ndarray], width: float) -> list[list[float]]:
    held: list[np.ndarray] = []
    for row in rows:
        box = row // width
        covering = [old for old in held if (old // width <= box).all()]
        same = [old for old in covering if (old // width == box).all()]
        if covering and not (same and row.sum() < same[0].sum()):
            continue
        held = [old for old in held if not (box <= old // width).all()] + [row]
    return sorted(row.tolist() for row in held)


@settings(deadline=None)
@given(vectors, st.sampled_from([1.0, 2.0, 3.0]))
def test_it_holds_what_a_plain_archive_holds(rows: list[np.ndarray], width: float) -> None:
    archive = offered(rows, width)
    held = archive.values[: archive.held[0]]
    assert sorted(row.tolist() for row in held) == naive(rows, width)
    for i in range(archive.held[0]):  # plans travel with their values
        np.testing.assert_array_equal(plan_of(archive, i).sequence, ROW + archive.origin[i])
        np.testing.assert_array_equal(rows[archive.origin[i]], archive.values[i])


@settings(deadline=None)
@given(vectors)
def test_wider_boxes_hold_fewer_plans_and_none_dominates_another(rows: list[np.ndarray]) -> None:
    archive = offered(rows, 1.0)
    before = int(archive.held[0])
    wider = offered([], 2.0)
    merge(wider, archive, np.empty(6, np.int64))
    archive = wider
    held = archive.values[: archive.held[0]]
    assert len(held) <= before
    for a in held:
        for b in held:
            assert a is b or not ((a <= b).all() and (a < b).any())


@settings(deadline=None)
@given(vectors, vectors)
def test_merging_is_offering(first: list[np.ndarray], second: list[np.ndarray]) -> None:
    one, other = offered(first, 2.0), offered(second, 2.0)
    merge(one, other, np.empty(6, np.int64))
    assert other.held[0] == 0
    assert sorted(one.values[: one.held[0]].tolist()) == naive(first + naive_order(second), 2.0)


def naive_order(rows: list[np.ndarray]) -> list[np.ndarray]:
    archive = offered(rows, 2.0)
    return [archive.values[i].copy() for i in range(archive.held[0])]


def test_what_does_not_fit_is_refused() -> None:
    rows = [np.array([i, 1, 1, 1, 1, 9 - i], float) for i in range(5)]
    assert offered(rows, 1.0, capacity=3).held[0] == 3
    assert offered([np.array([0, NEVER, 0, 0, 0, 0], float)], 1.0).held[0] == 0
