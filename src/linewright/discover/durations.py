"""How long work takes, with what spread: run times, setups, rejects, rework, breakdowns.

Every estimate that rests on few observations is drawn towards that of its group (empirical Bayes), and
the totals of the log are kept: the planned work of what was recorded is the work that was recorded.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median, pvariance

from linewright.discover.work import Case, Operation, Task
from linewright.plant.records import LONGEST

SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)
"""Tried for the share of a step's time that grows with the quantity."""

LARGEST_CV = 1.5
LEAST_MIN = 1.0
"""Shorter runs are reports typed in at once; they count as this long when a spread is estimated."""


MOST_MIN = LONGEST.total_seconds() / 60
"""Work in many long reports may come to more than any operation can take."""

SETUPS = 0.05
"""A machine has setups if they are reported for this share of its operations."""


@dataclass(frozen=True, slots=True)
class RunTime:
    """Planned minutes = fixed_min + min_per_unit * quantity."""

    min_per_unit: float
    fixed_min: float
    cv: float


def shrunk(total: float, count: float, prior: float, weight: float) -> float:
    """A mean of `count` observations, drawn towards a prior worth `weight` observations."""
    return (total + weight * prior) / (count + weight)


class RunTimes:
    """Run times by part, step and machine, from the recorded operations of one log."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._rows: dict[str, list[tuple[str, str, int, float]]] = defaultdict(list)
        quantities: dict[str, list[int]] = defaultdict(list)
        for case in cases:
            quantities[case.part].append(case.quantity)
            for operation in case.operations:
                minutes = operation.work("run") / 60
                if minutes > 0:
                    row = (case.part, operation.machine, case.quantity, max(LEAST_MIN, minutes))
                    self._rows[operation.step].append(row)
        usual = {part: fmean(found) for part, found in quantities.items()}
        self._fits = {step: _Fit(rows, usual) for step, rows in self._rows.items()}
        everything = [row[3] for rows in self._rows.values() for row in rows]
        self._usual = RunTime(0.0, median(everything) if everything else 60.0, 0.5)

    def of(self, part: str, step: str, machine: str) -> RunTime:
        """The run time of a step of a part on a machine."""
        fit = self._fits.get(step)
        return fit.of(part, machine) if fit is not None else self._usual


class _Fit:
    """log(minutes) = step + part + machine + spread, after dividing by how the quantity counts."""

    def __init__(self, rows: list[tuple[str, str, int, float]], usual: dict[str, float]) -> None:
        self.usual = usual  # quantity of a part
        self.anywhere = fmean(usual.values())
        spread = {share: self._fitted(rows, share) for share in SHARES}
        self.share = min(SHARES, key=lambda share: (round(spread[share], 6), -share))
        self._fitted(rows, self.share)
        planned = sum(self.minutes(part, machine, quantity) for part, machine, quantity, _ in rows)
        self.scale = sum(row[3] for row in rows) / planned

    def _size(self, part: str, quantity: float, share: float) -> float:
        return (1 - share) + share * quantity / self.usual.get(part, self.anywhere)

    def _fitted(self, rows: list[tuple[str, str, int, float]], share: float) -> float:
        """Fit the levels and the spread; returns the variance that is left."""
        logs = [(part, machine, math.log(minutes / self._size(part, quantity, share)))
                for part, machine, quantity, minutes in rows]  # fmt: skip
        self.level = median(value for _, _, value in logs)
        centred = [(part, machine, _clipped(value - self.level)) for part, machine, value in logs]
        self.part = _levels((part, value) for part, _, value in centred)
        left = [(machine, value - self.part[part]) for part, machine, value in centred]
        self.machine = _levels(left)
        rest = [value - self.machine[machine] for machine, value in left]
        self.sigma = 1.4826 * median(abs(value) for value in rest)  # robust against reports typed in late
        return pvariance(rest)

    def minutes(self, part: str, machine: str, quantity: float) -> float:
        """Planned minutes before the totals are brought to what was recorded."""
        level = self.level + self.part.get(part, 0.0) + self.machine.get(machine, 0.0)
        return math.exp(level) * self._size(part, quantity, self.share)

    def of(self, part: str, machine: str) -> RunTime:
        usual = self.usual.get(part, self.anywhere)
        base = min(MOST_MIN, self.scale * self.minutes(part, machine, usual))
        return RunTime(
            min_per_unit=round(self.share * base / usual, 5),
            fixed_min=round((1 - self.share) * base, 3),
            cv=round(min(LARGEST_CV, math.sqrt(math.expm1(self.sigma**2))), 3),
        )


def _clipped(value: float) -> float:
    """A deviation of a logarithm, without the reach of a typing error: at most a factor of 20."""
    return max(-3.0, min(3.0, value))


def _levels(rows: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The level of each group, drawn towards 0 by how much groups differ against their spread."""
    groups: dict[str, list[float]] = defaultdict(list)
    for name, value in rows:
        groups[name].append(value)
    within = fmean([pvariance(found) for found in groups.values() if len(found) > 1] or [1.0])
    between = max(
        1e-3,
        pvariance([fmean(found) for found in groups.values()]) - within / fmean(map(len, groups.values())),
    )
    return {name: shrunk(sum(found), len(found), 0.0, within / between) for name, found in groups.items()}


@dataclass(frozen=True, slots=True)
class SetupTimes:
    """Minutes by machine: a change to a family, and work on the family that is mounted already."""

    change: dict[tuple[str, str], float]
    same: dict[str, float]


def setup_times(cases: Sequence[Case]) -> SetupTimes:
    """Setups by machine and family, the part; only of machines that report setups.

    A change to a family takes the mean of all changes to it, those without a reported setup included.
    """
    by_machine: dict[str, list[tuple[float, str, float]]] = defaultdict(list)
    for case in cases:
        for operation in case.operations:
            row = (operation.start, case.part, operation.work("setup") / 60)
            by_machine[operation.machine].append(row)
    change: dict[tuple[str, str], float] = {}
    same: dict[str, float] = {}
    for machine, rows in by_machine.items():
        if sum(minutes > 0 for _, _, minutes in rows) < SETUPS * len(rows):
            continue
        mounted = ""
        changes: dict[str, list[float]] = defaultdict(list)
        repeats: list[float] = []
        for _, family, minutes in sorted(rows):
            if family == mounted:
                repeats.append(minutes)
            else:
                changes[family].append(minutes)
            mounted = family
        everyone = [minutes for found in changes.values() for minutes in found]
        usual = fmean(everyone)
        for family, found in changes.items():
            change[machine, family] = round(shrunk(sum(found), len(found), usual, 4.0), 1)
        change[machine, "*"] = round(usual, 1)
        same[machine] = round(min(usual, shrunk(sum(repeats), len(repeats), usual, 2.0)), 1)
    return SetupTimes(change, same)


def scrap_rates(cases: Sequence[Case]) -> Callable[[str, str], float]:
    """(part, step) -> expected share of units scrapped."""
    good: Counter[tuple[str, str]] = Counter()
    bad: Counter[tuple[str, str]] = Counter()
    for case in cases:
        for operation in case.operations:
            for key in ((case.part, operation.step), ("", operation.step), ("", "")):
                good[key] += operation.good
                bad[key] += operation.rejected

    def rate(part: str, step: str) -> float:
        every = bad["", ""] / max(1, good["", ""] + bad["", ""])
        of_step = shrunk(bad["", step], good["", step] + bad["", step], every, 200.0)
        found = shrunk(bad[part, step], good[part, step] + bad[part, step], of_step, 200.0)
        return round(min(0.9, found), 5)

    return rate


def rework_rates(cases: Sequence[Case]) -> Callable[[str], float]:
    """Step -> expected share of units run twice.

    The share is the time of the rework against that of the step it repeats.
    """
    again: dict[str, float] = defaultdict(float)
    first: dict[str, float] = defaultdict(float)
    for case in cases:
        for operation in case.operations:
            first[operation.step] += operation.work("run")
        for task in case.rework:
            again[_reworked(case.operations, task).step] += task.work_s
    every = sum(again.values()) / max(1.0, sum(first.values()))

    def rate(step: str) -> float:
        return round(min(1.0, shrunk(again[step], first[step], every, 20 * 3600.0)), 4)

    return rate


def _reworked(operations: Sequence[Operation], task: Task) -> Operation:
    """What a rework repeats: a step on its machine, or alike by name, or the largest before it."""
    words = _words(task.report.activity)

    def likeness(operation: Operation) -> tuple[bool, int, bool, float]:
        here = any(other.report.machine == task.report.machine for other in operation.tasks)
        alike = len(words & _words(operation.step))
        return here, alike, operation.start <= task.report.start, operation.work("run")

    return max(operations, key=likeness)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 3}


@dataclass(frozen=True, slots=True)
class Breakdowns:
    mtbf_h: float
    mttr_h: float
    mttr_cv: float


def breakdowns(tasks: Sequence[Task], places: dict[str, int]) -> dict[str, Breakdowns]:
    """Machines -> breakdowns per place, drawn towards those of the plant; empty if none are reported."""
    down: dict[str, list[float]] = defaultdict(list)
    ran: dict[str, float] = defaultdict(float)
    for task in tasks:
        if task.kind == "down":
            if task.report.end > task.report.start:
                down[task.report.machine].append((task.report.end - task.report.start) / 3600)
        else:
            ran[task.report.machine] += task.work_s / 3600
    every = [hours for found in down.values() for hours in found]
    if not every:
        return {}
    rate = len(every) / max(1.0, sum(ran.values()))
    usual = fmean(every)
    cv = math.sqrt(pvariance(every)) / usual
    found = {}
    for machine in places:
        own = down[machine]
        failures = shrunk(len(own), ran[machine], rate, 1 / rate)
        repair = shrunk(sum(own), len(own), usual, 5.0)
        found[machine] = Breakdowns(
            max(0.1, round(1 / failures, 1)), max(0.01, round(repair, 2)), round(min(2.0, cv), 2)
        )
    return found
