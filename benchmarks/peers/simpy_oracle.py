"""The simulator's model written a second time, in SimPy: the peer of the benchmark, the oracle of a test.

It shares no code with `linewright.twin`, only the arrays it reads. Chance comes from outside: the test
hands in the simulator's own keyed numbers and expects the same second for everything, the benchmark
hands in independent numbers, as one would write it, and expects the same distributions.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Generator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

import numpy as np
import simpy

FAR = 2**60


class Chance(Protocol):
    """What is random in one replication."""

    def run_factor(self, op: int, cv: float) -> float: ...
    def binomial(self, op: int, purpose: str, trials: int, probability: float) -> int: ...
    def to_failure(self, machine: int, count: int, mean: float) -> int: ...
    def repair(self, machine: int, count: int, mean: float, cv: float) -> int: ...
    def residual(self, machine: int, mean: float, cv: float) -> int: ...


@dataclass
class Independent:
    """Chance from a generator of its own."""

    seed: int

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.counts = np.random.default_rng(self.seed)

    def _lognormal(self, cv: float) -> float:
        variance = math.log1p(cv * cv)
        return math.exp(self.random.gauss(-variance / 2, math.sqrt(variance)))

    def run_factor(self, op: int, cv: float) -> float:
        return self._lognormal(cv) if cv else 1.0

    def binomial(self, op: int, purpose: str, trials: int, probability: float) -> int:
        return int(self.counts.binomial(trials, probability)) if probability else 0

    def to_failure(self, machine: int, count: int, mean: float) -> int:
        return max(1, int(self.random.expovariate(1 / mean))) if mean else FAR

    def repair(self, machine: int, count: int, mean: float, cv: float) -> int:
        return max(1, round(mean * self._lognormal(cv)))

    def residual(self, machine: int, mean: float, cv: float) -> int:
        return round(mean * self._lognormal(cv))


@dataclass
class Replication:
    """One plan carried out once."""

    problem: Any
    plan: Any
    chance: Chance
    begin: dict[int, int] = field(default_factory=dict)
    start: dict[int, int] = field(default_factory=dict)
    end: dict[int, int] = field(default_factory=dict)
    good: dict[int, int] = field(default_factory=dict)
    hours: dict[int, tuple[list[int], list[int]]] = field(default_factory=dict)
    failures: int = 0
    setups: int = 0

    def run(self) -> None:
        p, u = self.problem.arrays, self.problem.uncertainty
        self.env = simpy.Environment()
        n = len(p.op_order)
        self.done = [self.env.event() for _ in range(n)]
        self.age = [0] * len(p.machine_ready_s)
        self.count = [0] * len(p.machine_ready_s)
        self.next_failure = [
            self.chance.to_failure(m, 0, float(u.machine_mtbf_s[m])) for m in range(len(self.age))
        ]
        free_m = [
            self.env.timeout(
                self.chance.residual(m, float(ready), float(u.machine_mttr_cv[m])) if ready else 0
            )
            for m, ready in enumerate(p.machine_ready_s.tolist())
        ]
        free_w = [self.env.timeout(int(ready)) for ready in p.operator_ready_s]
        mounted = p.machine_family.tolist()
        for op in self.plan.sequence.tolist():
            alternative = int(self.plan.alternative[op])
            machine, who = int(p.alt_machine[alternative]), int(self.plan.operator[op])
            family = int(p.op_family[op])
            setup = 0
            if family >= 0 and p.op_state[op] != 2:
                setup = int(p.setup_s[p.machine_setup[machine], mounted[machine], family])
            if family >= 0:
                mounted[machine] = family
            awaited = [free_m[machine], *([free_w[who]] if who >= 0 else [])]
            self.env.process(self._operation(op, alternative, machine, who, setup, awaited))
            free_m[machine] = self.done[op]
            if who >= 0:
                free_w[who] = self.done[op]
        self.env.run()

    def _operation(
        self, op: int, alternative: int, machine: int, who: int, setup: int, awaited: list[Any]
    ) -> Generator[Any, Any, None]:
        p, u, env = self.problem.arrays, self.problem.uncertainty, self.env
        units = int(u.op_units[op])
        earliest = int(p.op_ready_s[op])
        yield from awaited
        for edge in range(int(p.pred_ptr[op]), int(p.pred_ptr[op + 1])):
            before = int(p.pred[edge])
            yield self.done[before]
            earliest = max(earliest, self.end[before] + int(p.pred_lag_s[edge]))
            if p.op_order[before] == p.op_order[op]:
                units = min(units, self.good[before])
        if earliest > env.now:
            yield env.timeout(earliest - env.now)
        scrap = self.chance.binomial(op, "scrap", units, float(u.op_scrap[op]))
        rework = self.chance.binomial(op, "rework", units, float(u.op_rework[op]))
        planned = int(p.alt_run_s[alternative])
        share = (units + rework) / int(u.op_quantity[op])
        run = max(1, round(planned * share * self.chance.run_factor(op, float(u.alt_cv[alternative]))))
        opens, closes = self._hours(machine, who)
        pausable = bool(p.op_pausable[op])
        length = 0 if pausable else setup + planned
        i = bisect_right(closes, env.now)
        while i < len(opens) and max(opens[i], env.now) + length > closes[i]:
            i += 1
        if i == len(opens):
            return
        here = max(opens[i], env.now)
        yield env.timeout(here - env.now)
        self.begin[op] = env.now
        for phase, work in (("setup", setup), ("run", run)):
            left = work
            while phase == "run" or left > 0:
                if self.next_failure[machine] <= self.age[machine]:
                    yield env.timeout(self._repair(machine))
                    i = bisect_right(closes, env.now)
                    if i == len(opens):
                        return
                    if opens[i] > env.now:
                        yield env.timeout(opens[i] - env.now)
                elif pausable and env.now >= closes[i]:
                    i += 1
                    if i == len(opens):
                        return
                    yield env.timeout(opens[i] - env.now)
                if phase == "run":
                    self.start.setdefault(op, env.now)
                step = min(left, self.next_failure[machine] - self.age[machine])
                if pausable:
                    step = min(step, closes[i] - env.now)
                yield env.timeout(step)
                self.age[machine] += step
                left -= step
                if left == 0:
                    break
        self.setups += setup > 0
        self.end[op] = env.now
        self.good[op] = units - scrap
        self.done[op].succeed()

    def _repair(self, machine: int) -> int:
        u, count = self.problem.uncertainty, self.count[machine]
        length = self.chance.repair(
            machine, count, float(u.machine_mttr_s[machine]), float(u.machine_mttr_cv[machine])
        )
        self.count[machine] += 1
        self.failures += 1
        self.next_failure[machine] = self.age[machine] + self.chance.to_failure(
            machine, count + 1, float(u.machine_mtbf_s[machine])
        )
        return length

    def _hours(self, machine: int, who: int) -> tuple[list[int], list[int]]:
        p = self.problem.arrays
        calendar = int(p.pair_calendar[p.machine_class[machine], p.operator_class[who] if who >= 0 else -1])
        if calendar not in self.hours:
            rows = slice(int(p.cal_ptr[calendar]), int(p.cal_ptr[calendar + 1]))
            self.hours[calendar] = p.cal_open_s[rows].tolist(), p.cal_close_s[rows].tolist()
        return self.hours[calendar]

    @property
    def events(self) -> int:
        """Starts, setups, finishes, failures and repairs."""
        return len(self.begin) + self.setups + len(self.end) + 2 * self.failures

    def weighted_tardiness_s(self) -> float:
        p = self.problem.arrays
        completion: dict[int, int] = {}
        for op, end in self.end.items():
            order = int(p.op_order[op])
            completion[order] = max(completion.get(order, 0), end)
        return sum(
            float(p.order_weight[j]) * max(0, c - int(p.order_due_s[j])) for j, c in completion.items()
        )
