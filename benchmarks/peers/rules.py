"""The rule sampler alone: the dispatcher of the product, random rules, no search."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from linewright.plant.arrays import PlanArrays, SchedulingProblem
from linewright.plant.timing import decode, objectives
from linewright.schedule import current_plan
from linewright.schedule.context import context
from linewright.schedule.keyed import stream
from linewright.schedule.repair import repairs
from linewright.schedule.rules import HOLD, draw_rules, held_until, sample

Values = NDArray[np.float64]
Held = tuple[PlanArrays, int]


def measure(problem: SchedulingProblem, plan: PlanArrays, hold: int) -> Values:
    """Objectives of a plan, holding to planned begins or not."""
    p = problem.arrays
    until = held_until(p, context(p), plan.sequence, plan.alternative, hold)
    return objectives(p, plan, decode(p, plan, until))


def in_force(problem: SchedulingProblem) -> list[tuple[Values, Held]]:
    """The plan in force, held to and as soon as possible: what every method begins with."""
    plan = current_plan(problem)
    return [(measure(problem, plan, hold), (plan, hold)) for hold in (1, 0)]


def starts(problem: SchedulingProblem) -> list[tuple[Values, Held]]:
    """What the seeded methods begin with: the plan in force, and the product's own repairs of it."""
    p = problem.arrays
    fixes = repairs(p, context(p), current_plan(problem))
    return in_force(problem) + [(measure(problem, fix, 1), (fix, 1)) for fix in fixes]


def build(
    problem: SchedulingProblem, first: int, count: int, seed: int, thread: int
) -> list[tuple[Values, Held]]:
    """Plans by rules `first` …"""
    p, shape = problem.arrays, (count, len(problem.operations))
    arrays = np.empty(shape, np.int64), np.empty(shape, np.int64), np.empty(shape, np.int64)
    draws = stream(seed, 1000 + thread, first)
    rules = draw_rules(first, count, p.order_due_s.size, draws)
    values = sample(p, context(p), rules, *arrays)
    return [
        (values[k], (PlanArrays(*(rows[k] for rows in arrays)), int(rules[k, HOLD] > 0)))
        for k in range(count)
    ]


def run(problem: SchedulingProblem, seconds: float, threads: int, seed: int) -> tuple[Values, int]:
    """Objectives of all plans built in the time, and how many."""
    ends = time.perf_counter() + seconds
    size = max(1, min(10, 2500 // len(problem.operations)))

    def work(thread: int) -> list[Values]:
        found: list[Values] = []
        first = 0 if thread == 0 else 10**6 * thread
        while time.perf_counter() < ends:
            found += [value for value, _ in build(problem, first, size, seed, thread)]
            first += size
        return found

    with ThreadPoolExecutor(threads) as pool:
        found = [value for values in pool.map(work, range(threads)) for value in values]
    found += [value for value, _ in in_force(problem)]
    return np.array(found), len(found)
