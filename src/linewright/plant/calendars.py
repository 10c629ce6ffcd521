"""Working calendars as intervals: from shifts in a plant's local time to open seconds since an epoch.

`Intervals` are [n, 2] arrays of (open, close), sorted, disjoint and not touching.

A period starts on the weekdays of its shift and runs, if its end is not after its start, past midnight.
A date closed by an exception drops the periods and breaks that start on it (so a night shift of the
day before still ends on it); an extra period is added to what is left. Breaks are cut out of all
periods. Local times are read in the plant's zone: one that the change to summer time skips counts as
that much later, of one that the change back repeats the first counts.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import TypeAlias

import numpy as np

from linewright.errors import Finding, PlantError
from linewright.plant.arrays import BUCKET_S, Ints
from linewright.plant.records import Calendar, Equipment, Person, Plant

Intervals: TypeAlias = Ints

DAY = timedelta(days=1)
DAY_S = 86400
NOTHING: Intervals = np.empty((0, 2), np.int64)


def expand(calendar: Calendar, zone: tzinfo, epoch: datetime, begin_s: int, end_s: int) -> Intervals:
    """The open intervals of a calendar from `begin_s` to `end_s` (seconds since `epoch`)."""
    zero = epoch.timestamp()
    midnight = time(0)

    @cache
    def begins(day: date) -> int:
        return round(datetime.combine(day, midnight, zone).timestamp() - zero)

    def second(day: date, at: time) -> int:
        if begins(day + DAY) - begins(day) == DAY_S:  # no clock change: plain arithmetic, ten times faster
            return begins(day) + 3600 * at.hour + 60 * at.minute + at.second
        return round(datetime.combine(day, at, zone).timestamp() - zero)

    def period(day: date, start: time, end: time) -> tuple[int, int]:
        return second(day, start), second(day if end > start else day + DAY, end)

    closed = {exception.on for exception in calendar.exceptions if exception.start is None}
    day = datetime.fromtimestamp(zero + begin_s, zone).date() - DAY  # its night shift reaches over
    last = datetime.fromtimestamp(zero + end_s, zone).date()
    work = [
        period(exception.on, exception.start, exception.end)
        for exception in calendar.exceptions
        if exception.start is not None and exception.end is not None and day <= exception.on <= last
    ]
    breaks: list[tuple[int, int]] = []
    while day <= last:
        weekday = day.weekday()
        for shift in calendar.shifts if day not in closed else ():
            if weekday in shift.weekdays:
                (breaks if shift.is_break else work).append(period(day, shift.start, shift.end))
        day += DAY
    return clip(subtract(_array(work), _array(breaks)), begin_s, end_s)


def merge(intervals: Intervals) -> Intervals:
    """The union of intervals in any order."""
    return _sweep(((intervals, 1),), 1)


def intersect(a: Intervals, b: Intervals) -> Intervals:
    """What lies in both; each must be disjoint."""
    return _sweep(((a, 1), (b, 1)), 2)


def subtract(intervals: Intervals, holes: Intervals) -> Intervals:
    """The union of `intervals` less that of `holes`; both may overlap and stand in any order."""
    return _sweep(((intervals, 1), (holes, -len(intervals) - 1)), 1)


def clip(intervals: Intervals, begin_s: int, end_s: int) -> Intervals:
    """What lies between two instants."""
    cut = np.clip(intervals, begin_s, end_s)
    return np.ascontiguousarray(cut[cut[:, 1] > cut[:, 0]])


def open_s(intervals: Intervals, begin_s: int, end_s: int) -> int:
    """Open seconds between two instants."""
    cut = np.clip(intervals, begin_s, max(begin_s, end_s))
    return int((cut[:, 1] - cut[:, 0]).sum())


def longest_s(intervals: Intervals) -> int:
    """The longest interval, 0 if there is none."""
    return int((intervals[:, 1] - intervals[:, 0]).max()) if len(intervals) else 0


def _array(pairs: list[tuple[int, int]]) -> Intervals:
    return np.array(pairs, np.int64).reshape(-1, 2)


def _sweep(weighted: tuple[tuple[Intervals, int], ...], need: int) -> Intervals:
    """Where the weights of the intervals that are open sum to at least `need`."""
    at: list[Ints] = []
    change: list[Ints] = []
    for intervals, weight in weighted:
        kept = intervals[intervals[:, 1] > intervals[:, 0]]
        at += [kept[:, 0], kept[:, 1]]
        change += [np.full(len(kept), weight), np.full(len(kept), -weight)]
    times = np.concatenate(at)
    order = np.argsort(times, kind="stable")
    times, level = times[order], np.cumsum(np.concatenate(change)[order])
    if not len(times):
        return NOTHING
    final = np.append(times[1:] != times[:-1], True)  # the level after all changes of an instant
    times, on = times[final], level[final] >= need
    edges = np.flatnonzero(np.diff(on, prepend=False))
    return np.ascontiguousarray(times[edges].reshape(-1, 2))


class Hours:
    """The calendars of a plant in array form: classes of machines and operators with equal open time,
    and the intersections of those pairs that somebody asked for."""

    def __init__(self, plant: Plant, zone: tzinfo, epoch: datetime, horizon_s: int) -> None:
        self.zone, self.epoch, self.horizon_s = zone, epoch, horizon_s
        self.calendars = {calendar.id: calendar for calendar in plant.calendars}
        self.closed: dict[str, list[tuple[int, int]]] = defaultdict(list)  # machine or "person:ID" -> holes
        for down in plant.downtimes:
            self.closed[down.machine].append(self._hole(down.start, down.end))
        for absence in plant.absences:
            self.closed[f"person:{absence.person}"].append(self._hole(absence.start, absence.end))
        self.machine_class, self._machine_hours = self._classes(
            [(machine.calendar, machine.id, f"machine {machine.id}") for machine in plant.machines]
        )
        self.operator_class, self._operator_hours = self._classes(
            [(person.calendar, f"person:{person.id}", f"person {person.id}") for person in plant.people]
        )
        self.unattended = len(self._operator_hours)
        self._rows: list[Intervals] = [NOTHING]  # row 0: pairs that do not occur are never open
        self._row_of: dict[tuple[int, int], int] = {}
        self._lasting: dict[tuple[int, int], int] = {}

    def _hole(self, start: datetime, end: datetime) -> tuple[int, int]:
        zero = self.epoch.timestamp()
        return math.floor(start.timestamp() - zero), math.ceil(end.timestamp() - zero)

    def _hours(self, calendar: str, closed: str, begin_s: int, end_s: int) -> Intervals:
        hours = expand(self.calendars[calendar], self.zone, self.epoch, begin_s, end_s)
        return subtract(hours, _array(self.closed[closed])) if self.closed.get(closed) else hours

    def _classes(self, items: list[tuple[str, str, str]]) -> tuple[list[int], list[Intervals]]:
        found: dict[Hashable, int] = {}
        hours: list[Intervals] = []
        plain: dict[str, Intervals] = {}
        classes: list[int] = []
        for calendar, closed, name in items:
            if calendar not in self.calendars:
                raise PlantError(
                    [Finding(name, f'its calendar "{calendar}" does not exist.', "Add it to calendars.csv.")]
                )
            holes = tuple(sorted(hole for hole in self.closed.get(closed, ()) if hole[1] > 0))
            key = (self.calendars[calendar].shifts, self.calendars[calendar].exceptions, holes)
            if key not in found:
                if calendar not in plain:
                    plain[calendar] = expand(
                        self.calendars[calendar], self.zone, self.epoch, 0, self.horizon_s
                    )
                found[key] = len(hours)
                hours.append(subtract(plain[calendar], _array(list(holes))) if holes else plain[calendar])
            classes.append(found[key])
        return classes, hours

    def pair(self, machine_class: int, column: int) -> Intervals:
        """When a machine and an operator (by class; `unattended`: none) both work."""
        key = machine_class, column
        if key not in self._row_of:
            hours = self._machine_hours[machine_class]
            if column != self.unattended:
                hours = intersect(hours, self._operator_hours[column])
            self._row_of[key] = len(self._rows)
            self._rows.append(hours)
        return self._rows[self._row_of[key]]

    def between(self, machine: Equipment, person: Person | None, begin_s: int, end_s: int) -> Intervals:
        """When a machine and a person (None: nobody needed) both work in a period, the past included."""
        hours = self._hours(machine.calendar, machine.id, begin_s, end_s)
        if person is None:
            return hours
        return intersect(hours, self._hours(person.calendar, f"person:{person.id}", begin_s, end_s))

    def lasting_s(self, machine_class: int, column: int) -> int:
        """The longest open interval of a pair that will still come: in the second half of the horizon."""
        key = machine_class, column
        if key not in self._lasting:
            self._lasting[key] = longest_s(clip(self.pair(*key), self.horizon_s // 2, self.horizon_s))
        return self._lasting[key]

    def arrays(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """pair_calendar, cal_ptr, cal_open_s, cal_close_s and cal_bucket of `ProblemArrays`."""
        pairs = np.zeros((len(self._machine_hours), self.unattended + 1), np.int64)
        for key, row in self._row_of.items():
            pairs[key] = row
        ptr = np.cumsum([0, *(len(row) for row in self._rows)], dtype=np.int64)
        intervals = np.concatenate(self._rows)
        at = np.arange(self.horizon_s // BUCKET_S + 1, dtype=np.int64) * BUCKET_S
        bucket = np.stack(
            [
                begin + np.searchsorted(row[:, 1], at, side="right")
                for row, begin in zip(self._rows, ptr[:-1], strict=True)
            ]
        ).astype(np.int64)
        return (
            pairs,
            ptr,
            np.ascontiguousarray(intervals[:, 0]),
            np.ascontiguousarray(intervals[:, 1]),
            np.ascontiguousarray(bucket),
        )
