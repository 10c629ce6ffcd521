"""The verdict: which plans may advance to a planner, decided on many simulated futures, never on a mean.

Every plan is screened in the same few replications as the plan in force (the *incumbent*); the best are
certified in many more: a screened plan must not be shown to be worse in bad cases, a certified one is
proven to be no worse. Gates first, then rank by these bad cases: CVaR 0.9 of weighted tardiness, the
mean of its worst tenth. All comparisons are paired: replication r has the same breakdowns for every plan.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from linewright.errors import LinewrightError
from linewright.plant.arrays import NEVER, Floats, SchedulingProblem
from linewright.twin.gates import (
    Candidate,
    Gate,
    Interval,
    bottleneck,
    cvar,
    feasible,
    frozen,
    late,
    scrap,
    service,
    tail,
    unsound,
)
from linewright.twin.simulate import Simulation, nominal_times, simulate

SCREEN, CERTIFY = 20, 200
"""Replications for every plan, and for the best."""
ADVANCE, MOST_CERTIFIED = 10, 30
"""How many plans are to be certified and advance, and how many are tried for that."""

LONG_REPAIRS = 1.5
"""Factor on repairs under which the verdict must hold as well."""

Level: TypeAlias = Literal["screened", "certified"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What simulation says of one plan."""

    advances: bool
    level: Level
    rank: int  # 1 is best
    replications: int
    gates: tuple[Gate, ...]
    kpis: dict[str, Interval]  # median, 5th and 95th percentile
    against_keep: dict[str, Interval]  # the same of the difference to the incumbent, by replication
    cvar_s: float  # mean of the worst tenth of weighted tardiness
    mean_s: float  # mean weighted tardiness
    p_late: Floats  # [orders]
    worst_replication: int  # where weighted tardiness is worst; `twin.trace` replays it


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Simulations of some plans, the incumbent at place 0."""

    plain: Simulation
    long_repairs: Simulation

    def followed_by(self, later: _Evidence) -> _Evidence:
        return _Evidence(
            self.plain.followed_by(later.plain), self.long_repairs.followed_by(later.long_repairs)
        )

    def plans(self, which: Sequence[int]) -> _Evidence:
        return _Evidence(self.plain.plans(which), self.long_repairs.plans(which))


def judge(
    problem: SchedulingProblem,
    candidates: Sequence[Candidate],
    *,
    incumbent: int = 0,
    seed: int,
    threads: int = 2,
    seconds: float | None = None,
    window_s: int | None = None,
    on_level: Callable[[Level], None] | None = None,
) -> list[Verdict]:
    """Screen all candidates, certify the best, and say of each whether it advances.

    Args:
        candidates: what is compared, the incumbent among them.
        incumbent: index of the plan to beat, usually "keep the plan".
        seconds: time to use. Screening always completes; as many of the best are certified as time
            allows. None: as many as it takes, and the same answer on any machine.
        window_s: see `simulate`; None: until the incumbent would end if nothing went wrong.
        on_level: called when screening and certification begin.

    Returns:
        One verdict for each candidate, in their order.

    Raises:
        LinewrightError: the incumbent is not a plan of this problem.
    """
    began = time.perf_counter()
    tell = on_level or (lambda level: None)
    faults = [unsound(problem, candidate.plan) for candidate in candidates]
    if faults[incumbent]:
        raise LinewrightError(f"the plan to compare with is no plan of this problem: {faults[incumbent]}.")
    sound = [incumbent, *(i for i, fault in enumerate(faults) if not fault and i != incumbent)]
    nominal = {i: nominal_times(problem, candidates[i].plan, candidates[i].not_before_s) for i in sound}
    if window_s is None:
        ends = nominal[incumbent].end_s
        window_s = max(3600, int(np.max(ends[ends < NEVER], initial=0)))

    def run(which: Sequence[int], first: int, replications: int) -> _Evidence:
        plain, long_repairs = (
            simulate(
                problem,
                [candidates[i].plan for i in which],
                [candidates[i].not_before_s for i in which],
                replications=replications,
                seed=seed,
                threads=threads,
                first_replication=first,
                window_s=window_s,
                repair_scale=scale,
                in_force=list(which).index(incumbent),
            )
            for scale in (1.0, LONG_REPAIRS)
        )
        return _Evidence(plain, long_repairs)

    tell("screened")
    simulating = time.perf_counter()
    screened = run(sound, 0, SCREEN)
    per_replication = (time.perf_counter() - simulating) / (SCREEN * len(sound))
    certain = {
        i: (feasible(problem, candidates[i], nominal[i]), frozen(problem, candidates[i].plan)) for i in sound
    }
    place = {i: k for k, i in enumerate(sound)}
    findings = {i: _weigh(problem, screened, place[i], certain[i], "screened") for i in sound}

    certified: set[int] = set()
    while best := _next_best(findings, certified, incumbent):
        if seconds is not None:
            left = seconds - (time.perf_counter() - began)
            affordable = int(left / (per_replication * (CERTIFY - SCREEN))) - 1
            best = best[: max(0, affordable)]
        if not best:
            break
        tell("certified")
        chosen = [incumbent, *best]
        more = run(chosen, SCREEN, CERTIFY - SCREEN)
        evidence = screened.plans([place[i] for i in chosen]).followed_by(more)
        for k, i in enumerate(chosen):
            findings[i] = _weigh(problem, evidence, k, certain[i], "certified")
        certified |= set(best)

    ranked = sorted(sound, key=lambda i: _order(findings[i]))
    rank = {i: position + 1 for position, i in enumerate(ranked)}
    refused = [i for i, fault in enumerate(faults) if fault]
    rank |= {i: len(ranked) + position + 1 for position, i in enumerate(refused)}
    findings |= {i: _refuse(problem, screened.plain.names, faults[i]) for i in refused}
    return [_ranked(findings[i], rank[i]) for i in range(len(candidates))]


def _next_best(findings: dict[int, Verdict], certified: set[int], incumbent: int) -> list[int]:
    """Whom to certify next: the best that advance so far, until `ADVANCE` of them have been proven to."""
    proven = sum(findings[i].advances for i in certified)
    waiting = sorted(
        (i for i in findings if i not in certified | {incumbent}), key=lambda i: _order(findings[i])
    )
    if certified:  # the first time even where nothing advances, to say so for sure
        waiting = [i for i in waiting if findings[i].advances]
    return waiting[: min(ADVANCE - proven, MOST_CERTIFIED - len(certified))]


def _order(verdict: Verdict) -> tuple[bool, bool, float, float]:
    return not verdict.advances, verdict.level != "certified", verdict.cvar_s, verdict.mean_s


def _ranked(verdict: Verdict, rank: int) -> Verdict:
    fields = {name: getattr(verdict, name) for name in Verdict.__slots__}
    return Verdict(**fields | {"rank": rank})


def _weigh(
    problem: SchedulingProblem, evidence: _Evidence, k: int, certain: Sequence[Gate], level: Level
) -> Verdict:
    plain = evidence.plain
    late_s = plain.of("weighted_tardiness_s")
    proven = level == "certified"
    gates = (
        *certain,
        *service(problem, plain, k),
        tail("bad cases", plain, k, "In its worst tenth of cases", proven=proven),
        scrap(plain, k),
        tail("longer repairs", evidence.long_repairs, k, "With repairs half as long again", proven=proven),
        bottleneck(problem, plain, k),
    )
    is_late = late(problem, plain.completion_s[k])
    return Verdict(
        advances=all(gate.passed for gate in gates if gate.decisive),
        level=level,
        rank=0,
        replications=late_s.shape[1],
        gates=gates,
        kpis=_intervals(plain.names, plain.kpis[k]),
        against_keep=_intervals(plain.names, plain.kpis[k] - plain.kpis[0]),
        cvar_s=cvar(late_s[k])[0],
        mean_s=float(late_s[k].mean()),
        p_late=is_late.mean(axis=0),
        worst_replication=plain.first_replication + int(np.argmax(late_s[k])),
    )


def _intervals(names: Sequence[str], values: Floats) -> dict[str, Interval]:
    low, median, high = np.percentile(values, [5, 50, 95], axis=0)
    return {name: (float(median[c]), float(low[c]), float(high[c])) for c, name in enumerate(names)}


def _refuse(problem: SchedulingProblem, names: Sequence[str], fault: str) -> Verdict:
    nothing = dict.fromkeys(names, (math.nan, math.nan, math.nan))
    gate = Gate("feasible", False, 1.0, 1.0, 1.0, 0.0, 0, f"It is no plan for this plant: {fault}.")
    p_late = np.full(len(problem.orders), math.nan)
    return Verdict(False, "screened", 0, 0, (gate,), nothing, nothing, math.inf, math.inf, p_late, 0)
