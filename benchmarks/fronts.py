"""Comparing sets of plans: one epsilon-box filter and one Monte Carlo hypervolume for all methods."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linewright.schedule.portfolio import non_dominated

Values = NDArray[np.float64]

BOXES = 64
REFERENCE = 1.1
POINTS = 40_000


def boxed(values: Values, low: Values, span: Values) -> Values:
    """The rows that an epsilon-box archive would hold: one a box, no box dominated by another."""
    boxes = np.floor((values - low) / span * BOXES)
    _, first = np.unique(boxes, axis=0, return_index=True)
    rows = np.sort(first)
    return values[rows[non_dominated(boxes[rows])]]


def hypervolumes(fronts: dict[str, Values], seed: int = 0) -> dict[str, float]:
    """The share of the box up to the reference point that each set dominates, scaled by the union's front."""
    union = np.vstack([values for values in fronts.values() if len(values)])
    union = union[non_dominated(union)]
    low = union.min(axis=0)
    span = np.where(np.ptp(union, axis=0) > 0, np.ptp(union, axis=0), 1.0)
    points = np.random.default_rng(seed).random((POINTS, union.shape[1])) * REFERENCE
    out = {}
    for name, values in fronts.items():
        scaled = (boxed(values, low, span) - low) / span
        covered = np.zeros(POINTS, bool)
        for plan in scaled[(scaled < REFERENCE).all(axis=1)]:
            left = np.flatnonzero(~covered)
            covered[left[(points[left] >= plan).all(axis=1)]] = True
        out[name] = float(covered.mean())
    return out
