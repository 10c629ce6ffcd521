"""How well a discovered plant reproduces its log: simulate it, and compare with what was recorded.

The plant is given its orders with their releases, and runs itself (`dispatch`). Distances are 1-Wasserstein
distances between distributions, in hours: the time by which events have to be moved, on average, to turn one
distribution into the other.

* cycle time: from release to the end of the order;
* absolute: the instants of all begins and ends of operations;
* relative: the same, counted from the release of their order;
* circadian: the same by time of day, on each weekday, averaged over weekdays.

Beside them stands a plant without machines, people and calendars: every order takes as long as a past order
drawn at random, its operations spread evenly. And the recorded work itself in the form of a plan
(`followed`): a plan has one block for each operation, which begins when those before it have ended, so that
even a plan that is followed to the letter is that far from the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import numpy as np

from linewright.discover.dispatch import run_itself
from linewright.discover.facility import Facility
from linewright.discover.log import moment
from linewright.plant.arrays import Floats
from linewright.plant.build import build
from linewright.plant.history import state_at
from linewright.plant.plan import Controls

REPLICATIONS = 10
HELD_OUT = 0.3
"""Share of a log's time on which a plant estimated from the rest is tried."""

LEAST_ORDERS = 10
"""Fewer held-out (or past) orders say nothing."""

MEASURES = ("cycle_time_h", "absolute_h", "relative_h", "circadian_h")


@dataclass(frozen=True, slots=True)
class Distances:
    """Of a simulation from what was recorded, in hours."""

    cycle_time_h: float
    absolute_h: float
    relative_h: float
    circadian_h: float


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Distances of the discovered plant, of no model and of the recorded work as a plan: the same orders."""

    begin: datetime
    orders: int
    operations: int
    recorded_cycle_time_h: float  # median
    simulated_cycle_time_h: float
    plant: Distances
    baseline: Distances
    followed: Distances

    def to_dict(self) -> dict[str, object]:
        return {**asdict(self), "begin": self.begin.isoformat()}


@dataclass(frozen=True, slots=True)
class _Events:
    """Orders [J] and events [E] of one course of things; instants in seconds since 1970."""

    cycle_s: Floats  # [J] cut at the log's end
    at: Floats  # [E]
    since_release: Floats  # [E]


def wasserstein(a: Floats, b: Floats) -> float:
    """The 1-Wasserstein distance between two samples: the area between their distribution functions."""
    a, b = np.sort(a), np.sort(b)
    if not len(a) or not len(b):
        return 0.0
    every = np.sort(np.concatenate([a, b]))
    share_a = np.searchsorted(a, every[:-1], "right") / len(a)
    share_b = np.searchsorted(b, every[:-1], "right") / len(b)
    return float(np.sum(np.abs(share_a - share_b) * np.diff(every)))


def split_of(found: Facility) -> float | None:
    """From when to hold a log's orders out; None if there are too few before or after."""
    starts = [case.start for case in found.cases]
    end = max(case.end for case in found.cases)
    at = min(starts) + (1 - HELD_OUT) * (end - min(starts))
    past = sum(case.end < at for case in found.cases)
    after = sum(start >= at for start in starts)
    return at if min(past, after) >= LEAST_ORDERS else None


def fidelity(found: Facility, begin: float, seed: int = 1) -> Fidelity:
    """Simulate a facility from `begin` on and compare the orders released since."""
    plant, end = found.plant, found.state.at.timestamp()
    cases = [case for case in found.cases if case.start >= begin]
    release = {order.id: order.release.timestamp() for order in plant.orders if order.release is not None}
    state = state_at(plant, found.state, found.history, moment(int(begin)))
    state = replace(state, cancelled=frozenset(), plan=found.state.plan)
    problem = build(plant, state, Controls(freeze_until=state.at))
    rows = [i for i, (order, _) in enumerate(problem.operations) if release[order] >= begin]
    order = [problem.operations[i][0] for i in rows]
    zero = problem.epoch.timestamp()
    simulated = []
    for replication in range(REPLICATIONS):
        times = run_itself(problem, 1000 * seed + replication)
        begins, ends = (zero + at[rows] for at in times)
        simulated.append(_events(order, begins, ends, release, end))
    recorded = _events(
        [case.id for case in cases for _ in case.operations],
        np.array([operation.start for case in cases for operation in case.operations]),
        np.array([operation.end for case in cases for operation in case.operations]),
        release,
        end,
    )
    past = [case.end - case.start for case in found.cases if case.end < begin]
    past = past or [case.end - case.start for case in found.cases]
    draw = np.random.default_rng(seed)
    trivial = []
    for _ in range(REPLICATIONS):
        lasts = {case.id: float(draw.choice(past)) for case in cases}
        spans = [(case, k / len(case.operations)) for case in cases for k in range(len(case.operations))]
        starts = np.array([release[case.id] + share * lasts[case.id] for case, share in spans])
        step = np.array([lasts[case.id] / len(case.operations) for case, _ in spans])
        trivial.append(_events([case.id for case, _ in spans], starts, starts + step, release, end))
    known = {case.id for case in cases}
    blocks = [block for block in found.blocks if block.operation.case in known]
    followed = _events(
        [block.operation.case for block in blocks],
        np.array([float(block.setup_start) for block in blocks]),
        np.array([float(block.end) for block in blocks]),
        release,
        end,
    )
    return Fidelity(
        begin=state.at,
        orders=len(cases),
        operations=len(rows),
        recorded_cycle_time_h=round(float(np.median(recorded.cycle_s)) / 3600, 1),
        simulated_cycle_time_h=round(
            float(np.median(np.concatenate([s.cycle_s for s in simulated]))) / 3600, 1
        ),
        plant=_distances(recorded, simulated, found),
        baseline=_distances(recorded, trivial, found),
        followed=_distances(recorded, [followed], found),
    )


def _events(
    order: Sequence[str],
    begins: Floats,
    ends: Floats,
    release: dict[str, float],
    until: float,
) -> _Events:
    """Events up to the log's end; an order that is not done by then counts with the time so far."""
    last: dict[str, float] = {}
    for name, at in zip(order, ends, strict=True):
        last[name] = max(last.get(name, 0.0), float(at))
    cycle = [min(at, until) - release[name] for name, at in sorted(last.items())]
    released = np.array([release[name] for name in order])
    at = np.concatenate([begins, ends])
    since = at - np.concatenate([released, released])
    seen = at <= until
    return _Events(np.array(cycle), at[seen], since[seen])


def _distances(recorded: _Events, others: Sequence[_Events], found: Facility) -> Distances:
    """Mean distances over replications."""
    rows = [
        (
            wasserstein(recorded.cycle_s, other.cycle_s),
            wasserstein(recorded.at, other.at),
            wasserstein(recorded.since_release, other.since_release),
            _circadian(recorded.at, other.at, found),
        )
        for other in others
    ]
    return Distances(*(round(float(value) / 3600, 2) for value in np.mean(rows, axis=0)))


def _circadian(a: Floats, b: Floats, found: Facility) -> float:
    """Mean over weekdays, by recorded events, of the distance between times of day."""
    zone = found.zone
    total = 0.0
    by_day: list[list[list[float]]] = []
    for events in (a, b):
        days: list[list[float]] = [[] for _ in range(7)]
        for seconds in events:
            local = datetime.fromtimestamp(seconds, zone)
            days[local.weekday()].append(local.hour * 3600 + local.minute * 60 + local.second)
        by_day.append(days)
    for recorded, simulated in zip(*by_day, strict=True):
        if recorded:
            far = wasserstein(np.array(recorded), np.array(simulated)) if simulated else 12 * 3600.0
            total += far * len(recorded)
    return total / max(1, len(a))
