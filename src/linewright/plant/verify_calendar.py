"""When a machine or a person works, worked out once more for the checker, in plain Python.

Local times become instants through the plant's zone: a period that a clock change falls into is
longer or shorter than it reads on the clock.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from linewright.plant.records import Calendar

Period = tuple[float, float]


def _instant(day: date, at: time, zone: ZoneInfo) -> float:
    return datetime.combine(day, at).replace(tzinfo=zone).astimezone(UTC).timestamp()


def _period(day: date, start: time, end: time, zone: ZoneInfo) -> Period:
    """A local period that begins on `day`; one that ends no later than it starts runs past midnight."""
    last = day if end > start else day + timedelta(days=1)
    return _instant(day, start, zone), _instant(last, end, zone)


def merged(periods: Iterable[Period]) -> list[Period]:
    """Sorted, disjoint periods that cover the same time."""
    out: list[Period] = []
    for start, end in sorted(periods):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def without(periods: Iterable[Period], cuts: Iterable[Period]) -> list[Period]:
    """What is left of merged periods when others are cut out."""
    out: list[Period] = []
    cut = merged(cuts)
    first = 0  # the first cut that may reach into this period or a later one
    for start, end in periods:
        while first < len(cut) and cut[first][1] <= start:
            first += 1
        i = first
        while i < len(cut) and cut[i][0] < end:
            if start < cut[i][0]:
                out.append((start, cut[i][0]))
            start = cut[i][1]
            i += 1
        if start < end:
            out.append((start, end))
    return out


def common(first: Iterable[Period], second: Iterable[Period]) -> list[Period]:
    """The time that lies in both of two merged lists."""
    a, b = list(first), list(second)
    out: list[Period] = []
    i = j = 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < end:
            out.append((start, end))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return out


def open_periods(calendar: Calendar, zone: ZoneInfo, first: date, last: date) -> list[Period]:
    """The working time of a calendar from the local date `first` through `last`.

    A closed date has no period and no break that begins on it; the night shift of the day before still
    ends on it, and an extra period on it has no break.
    """
    closed = {item.on for item in calendar.exceptions if item.start is None}
    work: list[Period] = []
    breaks: list[Period] = []
    day = first - timedelta(days=1)  # a period of the day before may run into `first`
    while day <= last:
        for shift in calendar.shifts:
            if day.weekday() in shift.weekdays and day not in closed:
                period = _period(day, shift.start, shift.end, zone)
                (breaks if shift.is_break else work).append(period)
        day += timedelta(days=1)
    work.extend(
        _period(item.on, item.start, item.end, zone)
        for item in calendar.exceptions
        if item.start is not None and item.end is not None and first <= item.on <= last
    )
    return without(merged(work), breaks)


class OpenTime:
    """Working time that can be measured, and walked through forwards and backwards."""

    def __init__(self, periods: list[Period]) -> None:
        self.periods = periods
        self._starts = [start for start, _ in periods]
        self._ends = [end for _, end in periods]
        self._before = [0.0, *accumulate(end - start for start, end in periods)]

    def _worked(self, at: float) -> float:
        """Open seconds before an instant."""
        i = bisect_right(self._starts, at)
        if i == 0:
            return 0.0
        return self._before[i - 1] + min(at, self._ends[i - 1]) - self._starts[i - 1]

    def is_open(self, at: float) -> bool:
        """Whether work can begin at an instant."""
        i = bisect_right(self._starts, at)
        return i > 0 and at < self._ends[i - 1]

    def between(self, start: float, end: float) -> float:
        """Open seconds from one instant to another."""
        return self._worked(end) - self._worked(start)

    def finish(self, start: float, work: float) -> float | None:
        """The first instant by which `work` seconds are done from `start` on; None past the last period."""
        if work <= 0:
            return start
        goal = self._worked(start) + work
        i = bisect_left(self._before, goal)
        if i == len(self._before):
            return None
        return self._ends[i - 1] - (self._before[i] - goal)

    def latest_begin(self, end: float, work: float) -> float | None:
        """The last instant from which `work` seconds can still be done by `end`."""
        goal = self._worked(end) - work
        if goal < 0:
            return None
        i = bisect_right(self._before, goal)
        if i == len(self._before):
            return self._ends[-1] if self._ends else None
        return self._starts[i - 1] + (goal - self._before[i - 1])
