"""From reports to operations: what was done on each order, step by step, and how much work it took.

All reports of a step on an order are one operation. The work of a report is the time it covers, shared
where one person reports several orders at once on a machine.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from linewright.discover.log import Report
from linewright.discover.steps import Steps

LONG_S = 12 * 3600
"""A report longer than this runs through closed time; only the open part of it is work."""

CROWDED = 0.15
"""A station that does more at once for this share of its busy time has another place to work at."""


@dataclass(slots=True)
class Task:
    """A report with its step and its share of the time."""

    report: Report
    step: str
    kind: str  # run, setup, down or rework
    work_s: float = 0.0


@dataclass(slots=True)
class Operation:
    """All that was done for one step of one order."""

    case: str
    step: str
    tasks: list[Task] = field(default_factory=list)

    @property
    def start(self) -> float:
        return min(task.report.start for task in self.tasks)

    @property
    def end(self) -> float:
        return max(task.report.end for task in self.tasks)

    def work(self, kind: str) -> float:
        return sum(task.work_s for task in self.tasks if task.kind == kind)

    def most(self, of: Callable[[Report], str]) -> str:
        """The machine (or worker) that did most of it."""
        time: dict[str, float] = defaultdict(float)
        for task in self.tasks:
            time[of(task.report)] += task.work_s + 1e-6
        time.pop("", None)
        return max(time, key=lambda name: (time[name], name), default="")

    @property
    def machine(self) -> str:
        return self.most(lambda report: report.machine)

    @property
    def worker(self) -> str:
        return self.most(lambda report: report.worker)

    @property
    def good(self) -> int:
        return sum(task.report.good for task in self.tasks if task.kind == "run")

    @property
    def rejected(self) -> int:
        return sum(task.report.rejected for task in self.tasks if task.kind == "run")


@dataclass(slots=True)
class Case:
    """One order as the log shows it."""

    id: str
    part: str
    quantity: int
    operations: list[Operation]
    rework: list[Task]
    due: float | None
    priority: float | None

    @property
    def start(self) -> float:
        return min(operation.start for operation in self.operations)

    @property
    def end(self) -> float:
        return max(operation.end for operation in self.operations)

    @property
    def steps(self) -> frozenset[str]:
        return frozenset(operation.step for operation in self.operations)


def tasks_of(reports: Sequence[Report]) -> list[Task]:
    """Each report with its step and kind; setups without a step belong to the next work on the machine."""
    steps = Steps({report.machine for report in reports})
    tasks = []
    for report in reports:
        step = steps.of(report.activity)
        kind: str = report.kind
        if kind == "run" and step.is_setup:
            kind = "setup"
        if kind != "down" and (step.is_rework or report.rework):
            kind = "rework"
        tasks.append(Task(report, step.name, kind))
    by_place: dict[tuple[str, str], list[Task]] = defaultdict(list)
    for task in tasks:
        by_place[task.report.case, task.report.machine].append(task)
    for place in by_place.values():
        named = [task for task in place if task.step and task.kind != "rework"]
        for task in place:
            if not task.step:
                later = [other for other in named if other.report.start >= task.report.start]
                task.step = (later or named[-1:] or [replace(task, step=task.report.machine)])[0].step
    return tasks


def share_time(tasks: Sequence[Task], open_s: Callable[[str, float, float], float] | None = None) -> None:
    """Set `work_s`: the time a report covers, divided by how many its worker reports at once there.

    `open_s(machine, start, end)` gives the open part of a report that is longer than `LONG_S`.
    """
    by_hand: dict[tuple[str, str], list[Task]] = defaultdict(list)
    for task in tasks:
        by_hand[task.report.machine, task.report.worker or task.report.case].append(task)
    for group in by_hand.values():
        shared = dict.fromkeys(map(id, group), 0.0)
        active: dict[int, None] = {}
        last = 0.0
        edges = [(task.report.start, 1, task) for task in group] + [
            (task.report.end, 0, task) for task in group
        ]
        for at, begins, task in sorted(edges, key=lambda edge: edge[:2]):
            for other in active:
                shared[other] += (at - last) / len(active)
            last = at
            if begins and task.report.end > task.report.start:
                active[id(task)] = None
            else:
                active.pop(id(task), None)
        for task in group:
            task.work_s = shared[id(task)]
            span = task.report.end - task.report.start
            if span > LONG_S and open_s is not None:
                task.work_s *= open_s(task.report.machine, task.report.start, task.report.end) / span


def cases_of(tasks: Sequence[Task]) -> list[Case]:
    """The orders of a log, by their first report. What is only rework or breakdown is no operation."""
    by_case: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        by_case[task.report.case].append(task)
    cases = []
    for name, own in by_case.items():
        operations: dict[str, Operation] = {}
        for task in own:
            if task.kind in ("run", "setup"):
                operations.setdefault(task.step, Operation(name, task.step)).tasks.append(task)
        if not operations:
            continue
        done = sorted(operations.values(), key=lambda operation: (operation.start, operation.end))
        reports = [task.report for task in own]
        cases.append(
            Case(
                id=name,
                part=Counter(report.part for report in reports).most_common(1)[0][0],
                quantity=_quantity(done, reports),
                operations=done,
                rework=[task for task in own if task.kind == "rework"],
                due=next((report.due for report in reports if report.due is not None), None),
                priority=next((report.priority for report in reports if report.priority is not None), None),
            )
        )
    return sorted(cases, key=lambda case: (case.start, case.id))


def _quantity(operations: Sequence[Operation], reports: Sequence[Report]) -> int:
    """The ordered quantity; where the log has none, the most that any step completed."""
    given = max((report.quantity for report in reports), default=0)
    return given or max(1, *(operation.good + operation.rejected for operation in operations))


def places(tasks: Sequence[Task]) -> dict[str, int]:
    """How many orders each station can work on at once: by different people, or, without people, orders."""
    by_machine: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        by_machine[task.report.machine].append(task)
    found = {}
    for machine, group in by_machine.items():
        hands: Counter[str] = Counter()
        time: Counter[int] = Counter()
        last = 0.0
        edges = []
        for task in group:
            hand = task.report.worker or task.report.case
            edges += [(task.report.start, 1, hand), (task.report.end, -1, hand)]
        for at, change, hand in sorted(edges):
            time[sum(count > 0 for count in hands.values())] += round(at - last)
            last = at
            hands[hand] += change
        busy = sum(seconds for count, seconds in time.items() if count > 0)
        capacity = 1
        while sum(seconds for count, seconds in time.items() if count > capacity) > CROWDED * busy:
            capacity += 1
        found[machine] = capacity
    return found
