"""NSGA-II (pymoo) over the product's decoder: random keys for sequence, alternative and operator."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from benchmarks.peers.rules import Held, build, in_force, starts
from numba import njit
from numpy.typing import NDArray
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem

from linewright.plant.arrays import UNATTENDED, PlanArrays, SchedulingProblem
from linewright.plant.timing import decode, objectives
from linewright.schedule.context import context
from linewright.schedule.rules import held_until

Values = NDArray[np.float64]

POPULATION = 100
SEEDS = 150  # rule-built plans of the seeded variant, built inside its time


@njit(cache=True, nogil=True)
def _plan_of(p: Any, c: Any, keys: Any) -> Any:
    n = p.op_order.shape[0]
    sequence = np.empty(n, np.int64)
    alternative = np.empty(n, np.int64)
    operator = np.empty(n, np.int64)
    waiting = np.empty(n, np.int64)
    ready = np.empty(n, np.int64)
    for op in range(n):
        waiting[op] = p.pred_ptr[op + 1] - p.pred_ptr[op]
        a = p.fixed_alternative[op]
        operator[op] = p.fixed_operator[op]
        if a < 0:
            choices = p.alt_ptr[op + 1] - p.alt_ptr[op]
            a = p.alt_ptr[op] + min(int(keys[n + op] * choices), choices - 1)
            group = p.alt_crew[a]
            operator[op] = UNATTENDED
            if group != UNATTENDED:
                members = p.crew_ptr[group + 1] - p.crew_ptr[group]
                operator[op] = p.crew[p.crew_ptr[group] + min(int(keys[2 * n + op] * members), members - 1)]
        alternative[op] = a
    count = 0
    for step in range(n):
        if step == c.fixed:
            for op in range(n):
                if waiting[op] == 0:
                    ready[count] = op
                    count += 1
        if step < c.fixed:
            op = p.fixed_sequence[step]
        else:
            best = 0
            for i in range(1, count):
                if keys[ready[i]] < keys[ready[best]]:
                    best = i
            op = ready[best]
            count -= 1
            ready[best] = ready[count]
        sequence[step] = op
        waiting[op] = -1
        for e in range(p.succ_ptr[op], p.succ_ptr[op + 1]):
            waiting[p.succ[e]] -= 1
            if waiting[p.succ[e]] == 0 and step >= c.fixed:
                ready[count] = p.succ[e]
                count += 1
    return PlanArrays(sequence, alternative, operator)


@njit(cache=True, nogil=True)
def _evaluate(p: Any, c: Any, keys: Any) -> Any:
    values = np.empty((keys.shape[0], 6))
    for i in range(keys.shape[0]):
        plan = _plan_of(p, c, keys[i])
        until = held_until(p, c, plan.sequence, plan.alternative, 1 if keys[i, -1] > 0.5 else 0)
        values[i] = objectives(p, plan, decode(p, plan, until))
    return values


def keys_of(problem: SchedulingProblem, held: Held) -> Values:
    """The keys that decode to a plan."""
    p, (plan, hold) = problem.arrays, held
    n = len(p.op_order)
    keys = np.full(3 * n + 1, 0.5)
    keys[plan.sequence] = np.arange(n) / n
    for op in range(n):
        a = plan.alternative[op]
        if p.fixed_alternative[op] >= 0:
            continue
        keys[n + op] = (a - p.alt_ptr[op] + 0.5) / (p.alt_ptr[op + 1] - p.alt_ptr[op])
        group = p.alt_crew[a]
        if group != UNATTENDED:
            crew = p.crew[p.crew_ptr[group] : p.crew_ptr[group + 1]]
            keys[2 * n + op] = (int(np.flatnonzero(crew == plan.operator[op])[0]) + 0.5) / len(crew)
    keys[-1] = 0.75 if hold else 0.25
    return keys


class _Decoding(Problem):  # type: ignore[misc]
    def __init__(self, problem: SchedulingProblem, pool: ThreadPoolExecutor, threads: int) -> None:
        super().__init__(n_var=3 * len(problem.operations) + 1, n_obj=6, xl=0.0, xu=1.0)
        self.p, self.c = problem.arrays, context(problem.arrays)
        self.pool, self.threads = pool, threads
        self.seen: list[Values] = []

    def _evaluate(self, x: Values, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        parts = np.array_split(np.ascontiguousarray(x), self.threads)
        values = np.vstack(list(self.pool.map(lambda part: _evaluate(self.p, self.c, part), parts)))
        self.seen.append(values)
        out["F"] = values


def run(
    problem: SchedulingProblem, seconds: float, threads: int, seed: int, seeded: bool
) -> tuple[Values, int]:
    """Objectives of everything evaluated in the time, and how much that was."""
    ends = time.perf_counter() + seconds
    known = starts(problem) if seeded else in_force(problem)
    given = len(known)
    with ThreadPoolExecutor(threads) as pool:
        if seeded:
            each = SEEDS // threads
            jobs = pool.map(lambda t: build(problem, 0 if t == 0 else 10**6, each, seed, t), range(threads))
            known += [new for part in jobs for new in part]
        random = np.random.default_rng(seed)
        decoding = _Decoding(problem, pool, threads)
        ranked = sorted(range(given, len(known)), key=lambda i: float(known[i][0][0]))
        # what is given, half of the population the best on time, and any of the others
        rest = random.permutation(ranked[POPULATION // 2 :]).tolist()
        chosen = [*range(given), *ranked[: POPULATION // 2], *rest]
        start = [keys_of(problem, known[i][1]) for i in chosen[:POPULATION]]
        start += [random.random(decoding.n_var) for _ in range(POPULATION - len(start))]
        algorithm = NSGA2(pop_size=POPULATION, sampling=np.array(start))
        algorithm.setup(decoding, seed=seed, verbose=False)
        while time.perf_counter() < ends:
            algorithm.next()
    found = np.vstack([np.array([value for value, _ in known]), *decoding.seen])
    return found, len(found)
