"""The recorded work as a plan that was followed: one block for each operation, one thing at a time.

Logs report in pieces: work on an order stops, another comes in between, two people take turns, one person
reports on two machines. A plan has one block for each operation on one machine with one person. A block
ends when the operation was reported to end, holds as much working time before it as was reported, and
yields to what is already there: what was done earlier on its machine, by its person, and on its order.

The history keeps when an operation really began, but for work in pieces: it counts as begun from when the
rest of it, done without a pause, has as much work done by any moment as was reported, on average.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from linewright.discover.hours import Span
from linewright.discover.routings import Routing
from linewright.discover.work import Case, Operation

LEAST_S = 60


@dataclass(frozen=True, slots=True)
class Block:
    """`begun` is for the history, the other times for the plan."""

    operation: Operation
    begun: int
    unit: str
    worker: str
    setup_start: int
    start: int
    end: int


class Open:
    """The open time of a calendar, measured and walked backwards."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._ends = [end for _, end in spans]

    def between(self, start: float, end: float) -> float:
        """Open seconds between two instants."""
        total = 0.0
        for opens, closes in self._spans[bisect_left(self._ends, start) :]:
            if opens >= end:
                break
            total += max(0.0, min(closes, end) - max(opens, start))
        return total

    def begin(self, end: float, work: float) -> float:
        """The latest instant with `work` open seconds up to `end`; outside the calendar all time counts."""
        i = min(bisect_left(self._ends, end), len(self._spans) - 1)
        left = work
        while i >= 0 and left > 0:
            start, close = self._spans[i]
            room = max(0.0, min(close, end) - start)
            if room >= left:
                return min(close, end) - left
            left -= room
            i -= 1
        return end - work


def followed(
    cases: Sequence[Case],
    routings: dict[str, Routing],
    units: dict[str, list[str]],
    crews: dict[str, list[str]],
    opened: Callable[[str], Open],
) -> list[Block]:
    """The blocks, in the sequence in which they end.

    Args:
        units: station -> its places of work.
        crews: attended station -> who can operate it.
        opened: station -> its open time.
    """
    ends: dict[tuple[str, str], float] = {}
    rows: list[tuple[float, int, Operation]] = []
    for case in cases:
        done = {operation.step: operation for operation in case.operations}
        routing = routings[case.id]
        for position, step in enumerate(routing.steps):
            if step in done:
                before = [ends.get((case.id, name), 0.0) for name in routing.after[step]]
                ends[case.id, step] = max(done[step].end, *before, 0.0)
                rows.append((ends[case.id, step], position, done[step]))
    free: dict[str, int] = defaultdict(int)
    blocks: dict[tuple[str, str], Block] = {}
    for end, _, operation in sorted(rows, key=lambda row: (*row[:2], row[2].case)):
        station = operation.machine
        work = max(LEAST_S, operation.work("setup") + operation.work("run"))
        begin = max(operation.start, opened(station).begin(end, work))
        begun = max(operation.start, opened(station).begin(_half_done(operation), work / 2))
        worker = ""
        if station in crews:
            reported = {task.report.worker for task in operation.tasks}
            able = [name for name in crews[station] if name in reported] or crews[station]
            worker = min(able, key=lambda name: (free[f"person {name}"] > begin, name != operation.worker))
        unit = min(units[station], key=lambda name: (free[name] > begin, free[name]))
        after = routings[operation.case].after[operation.step]
        earlier = [blocks[operation.case, name].end for name in after if (operation.case, name) in blocks]
        begin_s = round(max(begin, free[unit], free[f"person {worker}"] if worker else 0, *earlier, 0))
        end_s = max(round(end), begin_s + LEAST_S)
        setup = operation.work("setup") / (operation.work("setup") + operation.work("run") or 1.0)
        start_s = min(end_s - 1, begin_s + round(setup * (end_s - begin_s)))
        free[unit] = end_s
        if worker:
            free[f"person {worker}"] = end_s
        blocks[operation.case, operation.step] = Block(
            operation, min(begin_s, round(begun)), unit, worker, begin_s, start_s, end_s
        )
    return list(blocks.values())


def _half_done(operation: Operation) -> float:
    """The instant by which half of an operation's work was reported."""
    left = (operation.work("setup") + operation.work("run")) / 2
    for task in sorted(operation.tasks, key=lambda task: task.report.end):
        if task.work_s >= left:
            span = task.report.end - task.report.start
            return task.report.end - span * (1 - left / max(task.work_s, 1e-9))
        left -= task.work_s
    return operation.end
