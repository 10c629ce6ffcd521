"""The conditions a plan must meet in simulation, each with what was found and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol, TypeAlias

import numpy as np

from linewright.plant.arrays import NEVER, UNATTENDED, Floats, Ints, PlanArrays, SchedulingProblem, Times
from linewright.twin.simulate import Simulation

TAIL = 0.9
CONFIDENCE = 0.95
TAIL_LIMIT = 0.01
"""How much worse a plan's bad cases may be, as a share of the incumbent's, and still count as no worse."""
SERVICE_LIMIT = 0.02
"""How much more often the orders of a priority may be late; in a small class half an order more."""
SCRAP_LIMIT = 0.01
BOTTLENECK_LIMIT = 0.10
PRIORITY_CLASSES = 3

Interval: TypeAlias = tuple[float, float, float]


class Candidate(Protocol):
    """What is judged: a plan, the times it promises, and the begins it holds to."""

    @property
    def plan(self) -> PlanArrays: ...
    @property
    def times(self) -> Times: ...
    @property
    def not_before_s(self) -> Ints: ...


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition, with what was found: `low` and `high` are one-sided 95 % bounds of `estimate`."""

    name: str
    passed: bool
    estimate: float
    low: float
    high: float
    limit: float
    n: int  # replications; 0 where the answer does not depend on chance
    text: str
    decisive: bool = True  # False: a flag for the planner, not a reason to hold the plan back


def unsound(problem: SchedulingProblem, plan: PlanArrays) -> str:
    """Why the arrays are no plan of the problem (a choice that does not exist, a successor before its
    predecessor, someone without the skill), or ""."""
    p = problem.arrays
    n = len(p.op_order)
    if {len(plan.sequence), len(plan.alternative), len(plan.operator)} != {n}:
        return f"it has {len(plan.sequence)} operations, the problem {n}"
    if not np.array_equal(np.sort(plan.sequence), np.arange(n)):
        return "its sequence does not hold every operation once"
    name = problem.operations
    wrong = (plan.alternative < p.alt_ptr[:-1]) | (plan.alternative >= p.alt_ptr[1:])
    if wrong.any():
        return f"{'/'.join(name[int(np.argmax(wrong))])} is on a machine that cannot do it"
    at = np.empty(n, np.int64)
    at[plan.sequence] = np.arange(n)
    after = np.repeat(np.arange(n), np.diff(p.pred_ptr))
    early = at[p.pred] > at[after]
    if early.any():
        edge = int(np.argmax(early))
        return f"{'/'.join(name[after[edge]])} comes before {'/'.join(name[p.pred[edge]])}, which it needs"
    crew = p.alt_crew[plan.alternative]
    crews = len(p.crew_ptr) - 1  # the row after the last crew: unattended, as is the last column
    able = np.zeros((crews + 1, len(p.operator_ready_s) + 1), np.bool_)
    able[np.repeat(np.arange(crews), np.diff(p.crew_ptr)), p.crew] = True
    able[-1, -1] = True
    unknown = (plan.operator < UNATTENDED) | (plan.operator >= len(p.operator_ready_s))
    unable = unknown | ~able[crew, np.where(unknown, UNATTENDED, plan.operator)]
    if unable.any():
        return f"{'/'.join(name[int(np.argmax(unable))])} has an operator who cannot do it there"
    return ""


def cvar(values: Floats) -> tuple[float, Floats]:
    """CVaR 0.9, the mean of the worst tenth of [R] values, and each replication's part in it.

    The parts average to it (Rockafellar and Uryasev, "Optimization of conditional value-at-risk", 2000),
    so that the difference of two plans' CVaR has a paired interval.
    """
    quantile = np.quantile(values, TAIL, method="inverted_cdf")
    parts = quantile + np.maximum(values - quantile, 0.0) / (1.0 - TAIL)
    return float(parts.mean()), parts


def bounds(differences: Floats) -> Interval:
    """Mean of [R] paired differences with its one-sided 95 % bounds (Student's t)."""
    n = len(differences)
    mean = float(differences.mean())
    if n < 2:
        return mean, -math.inf, math.inf
    z = NormalDist().inv_cdf(CONFIDENCE)
    df = n - 1  # the first two terms of the expansion of t around z; within 0.2 % from 10 on
    t = z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
    half = t * float(differences.std(ddof=1)) / math.sqrt(n)
    return mean, mean - half, mean + half


def late(problem: SchedulingProblem, completion_s: Ints) -> Floats:
    """[R, orders] 1 where an order is late, 0 for orders that cannot be completed."""
    p = problem.arrays
    late: Floats = ((completion_s > p.order_due_s) & (p.order_complete == 1)).astype(np.float64)
    return late


def feasible(problem: SchedulingProblem, candidate: Candidate, nominal: Times) -> Gate:
    """It can be carried out and, with nothing left to chance, keeps the times it promises."""
    missing = int(np.sum(nominal.end_s == NEVER))
    differs = np.zeros(len(nominal.end_s), np.bool_)
    for promised, found in zip(candidate.times, nominal, strict=True):
        differs |= promised != found
    count = int(differs.sum())
    text = "Carried out without any chance, it keeps every time it promises."
    if missing:
        operation = "/".join(problem.operations[int(np.argmax(nominal.end_s == NEVER))])
        text = f"{missing} operations do not fit into the calendars, the first is {operation}."
    elif count:
        operation = "/".join(problem.operations[int(np.argmax(differs))])
        text = f"{count} operations cannot happen when it says, the first is {operation}."
    bad = float(max(missing, count))
    return Gate("feasible", bad == 0, bad, bad, bad, 0.0, 0, text)


def frozen(problem: SchedulingProblem, plan: PlanArrays) -> Gate:
    """What is under way or frozen keeps machine, person and sequence."""
    p = problem.arrays
    fixed = p.fixed_alternative >= 0
    moved = fixed & ((plan.alternative != p.fixed_alternative) | (plan.operator != p.fixed_operator))
    bad = float(moved.sum())
    text = "What is under way or frozen stays where it is."
    if bad:
        first = "/".join(problem.operations[int(np.argmax(moved))])
        text = f"{int(bad)} frozen operations moved, the first is {first}."
    elif not np.array_equal(plan.sequence[: len(p.fixed_sequence)], p.fixed_sequence):
        bad, text = 1.0, "The sequence of frozen operations changed."
    return Gate("frozen", bad == 0, bad, bad, bad, 0.0, 0, text)


def service(problem: SchedulingProblem, plain: Simulation, k: int) -> list[Gate]:
    """Orders of each priority: not shown to be late more often than under the incumbent."""
    p = problem.arrays
    weights = np.unique(p.order_weight[p.order_complete == 1])
    if len(weights) > PRIORITY_CLASSES:
        edges = np.quantile(
            p.order_weight[p.order_complete == 1], np.linspace(0, 1, PRIORITY_CLASSES + 1)[1:-1]
        )
        group = np.searchsorted(edges, p.order_weight, side="left")
        names = [
            f"priority up to {edges[0]:g}",
            f"priority up to {edges[1]:g}",
            f"priority above {edges[1]:g}",
        ]
    else:
        group = np.searchsorted(weights, p.order_weight)
        names = [f"priority {weight:g}" for weight in weights]
    worse = late(problem, plain.completion_s[k]) - late(problem, plain.completion_s[0])
    gates = []
    for number, name in enumerate(names):
        members = (group == number) & (p.order_complete == 1)
        if not members.any():
            continue
        mean, low, high = bounds(worse[:, members].mean(axis=1))
        text = (
            f"Orders of {name} are late {abs(100 * mean):.0f} points {'more' if mean > 0 else 'less'} often."
            if abs(mean) >= 0.005
            else f"Orders of {name} are late as often as with the plan kept."
        )
        limit = max(SERVICE_LIMIT, 0.5 / int(members.sum()))
        gates.append(Gate(f"on time, {name}", low <= limit, mean, low, high, limit, len(worse), text))
    return gates


def tail(name: str, simulation: Simulation, k: int, when: str, *, proven: bool) -> Gate:
    """Bad cases no worse than the incumbent's: proven so, or, on few replications, not shown to be worse."""
    late_s = simulation.of("weighted_tardiness_s")
    base, base_parts = cvar(late_s[0])
    mean, low, high = bounds(cvar(late_s[k])[1] - base_parts)
    limit = TAIL_LIMIT * base
    hours = f"{abs(mean) / 3600:,.0f} priority-hours {'later' if mean > 0 else 'less late'}"
    text = f"{when} it is {hours} than the plan kept." if abs(mean) >= 1800 else f"{when} it is as late."
    return Gate(name, (high if proven else low) <= limit, mean, low, high, limit, late_s.shape[1], text)


def scrap(plain: Simulation, k: int) -> Gate:
    """Scrap and rework not shown to be more than the incumbent's."""
    units = plain.of("scrap_units") + plain.of("rework_units")
    mean, low, high = bounds(units[k] - units[0])
    limit = SCRAP_LIMIT * float(units[0].mean())
    text = "As many units are scrapped or reworked as with the plan kept."
    if abs(mean) >= 0.05:
        change = "more" if mean > 0 else "fewer"
        text = f"{abs(mean):.1f} units {change} are scrapped or reworked than with the plan kept."
    return Gate("scrap", low <= limit, mean, low, high, limit, units.shape[1], text)


def bottleneck(problem: SchedulingProblem, plain: Simulation, k: int) -> Gate:
    """A flag: the busiest bottleneck takes much more of the window than under the incumbent."""
    mine, kept = plain.bottleneck[k], plain.bottleneck[0]
    machine = int(np.argmax(mine.mean(axis=0)))
    mean, low, high = bounds(mine[:, machine] - kept[:, machine])
    share, before = float(mine[:, machine].mean()), float(kept[:, machine].mean())
    name = problem.machines[machine]
    text = f"{name} is the bottleneck {share:.0%} of the time, {before:.0%} with the plan kept."
    return Gate(
        "bottleneck",
        low <= BOTTLENECK_LIMIT,
        mean,
        low,
        high,
        BOTTLENECK_LIMIT,
        len(mine),
        text,
        decisive=False,
    )
