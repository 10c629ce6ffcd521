"""What search hands back: candidate plans, and the set of them that is worth a planner's time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linewright.plant.arrays import Floats, Ints, PlanArrays, ProblemArrays, Times


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A complete feasible plan and what it comes to."""

    origin: str  # in a planner's words: "rules", "search: tardiness", "keep", …
    plan: PlanArrays
    times: Times
    objectives: Floats  # [6], order of `plant.arrays.OBJECTIVES`
    not_before_s: Ints  # [N] begins the plan holds to on top of the facts

    def same_as(self, other: Candidate) -> bool:
        """Whether both have every operation on the same machine, with the same person, at the same time."""
        return (
            np.array_equal(self.plan.alternative, other.plan.alternative)
            and np.array_equal(self.plan.operator, other.plan.operator)
            and np.array_equal(self.times.setup_start_s, other.times.setup_start_s)
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search has come."""

    elapsed_s: float
    evaluated: int  # plans timed so far
    archive: int  # mutually non-dominated plans held
    best: Floats  # [6] best value of each objective so far


ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, eq=False)
class Portfolio:
    """Distinct, mutually non-dominated, feasible plans, chosen to spread; the best compromise first."""

    candidates: tuple[Candidate, ...]
    evaluated: int
    moves: int
    archive: int
    elapsed_s: float


def non_dominated(values: Floats) -> npt.NDArray[np.bool_]:
    """[n] which rows of [n, 6] no other row dominates; of equal rows the first stays."""
    n = len(values)
    keep = np.ones(n, bool)
    for i in range(n):
        as_good = (values <= values[i]).all(axis=1)
        better = as_good & (values < values[i]).any(axis=1)
        equal_before = as_good[:i] & (values[:i] == values[i]).all(axis=1)
        keep[i] = not better.any() and not equal_before.any()
    return keep


def normalised(values: Floats) -> Floats:
    """Objectives scaled to [0, 1] between the best and the worst of the set."""
    low, high = values.min(axis=0), values.max(axis=0)
    scaled: Floats = (values - low) / np.where(high > low, high - low, 1.0)
    return scaled


def spread(p: ProblemArrays, plans: Sequence[PlanArrays], values: Floats, count: int) -> list[int]:
    """Choose `count` of a non-dominated set: the best compromise, the best of each objective, and then
    always the plan farthest from those chosen, in outcome and in decisions (another machine or person).
    """
    n = len(plans)
    count = min(count, n)
    scaled = normalised(values)
    # ranks beside values: a single absurd plan must not squeeze all others into one corner
    ranks = normalised(np.argsort(np.argsort(values, axis=0, kind="stable"), axis=0).astype(np.float64))
    machines = np.stack([p.alt_machine[plan.alternative] for plan in plans]).astype(np.int16)
    operators = np.stack([plan.operator for plan in plans]).astype(np.int16)
    distance = np.full(n, np.inf)
    chosen: list[int] = []

    def take(i: int) -> None:
        chosen.append(i)
        outcome = np.sqrt(((scaled - scaled[i]) ** 2 + (ranks - ranks[i]) ** 2).mean(axis=1) / 2)
        decisions = ((machines != machines[i]) | (operators != operators[i])).mean(axis=1)
        np.minimum(distance, outcome + 0.25 * decisions, out=distance)
        distance[i] = -1.0

    compromise = scaled.mean(axis=1) + scaled.max(axis=1)
    best_of_each = [int(np.lexsort((compromise, column))[0]) for column in values.T]
    for i in (int(np.argmin(compromise)), *best_of_each):
        if len(chosen) < count and i not in chosen:
            take(i)
    while len(chosen) < count:
        take(int(np.argmax(distance)))
    return chosen
