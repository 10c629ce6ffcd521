"""The shop floor of a log: its stations and places, its people, who operates what, and their hours."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from functools import cached_property
from itertools import count
from math import ceil

from linewright.discover.followed import Open
from linewright.discover.hours import (
    Calendars,
    Period,
    Span,
    closed_dates,
    machine_slots,
    periods_of,
    person_periods,
    slots_of,
    usual_shift,
)
from linewright.discover.log import Log, moment
from linewright.discover.work import Task, cases_of, places, share_time, tasks_of
from linewright.plant.calendars import expand
from linewright.plant.records import Calendar

OWN_PATTERN_S = 40 * 3600
"""A machine that worked less has no pattern: it is open for the usual shift, and stands in for no other."""

ATTENDED = 0.5
"""A machine is attended by one person if this share of its work was done so."""

MOSTLY = 0.8
"""Who did this share of an operation did it alone."""


def span(task: Task) -> Span:
    return task.report.start, task.report.end


def free_name(name: str, taken: set[str]) -> str:
    """A name that is not taken yet, and now is: the name itself, or one with a number behind it."""
    free = next(one for n in count(1) if (one := name if n == 1 else f"{name} #{n}") not in taken)
    taken.add(free)
    return free


class Floor:
    """What is learned rests on the work that had ended by `until`; who and what there is, on all of it."""

    def __init__(self, log: Log, until: float | None = None) -> None:
        self.zone = log.zone
        self.tasks = tasks_of(log.reports)
        self.end = float(ceil(max(report.end for report in log.reports) / 60) * 60)
        until = self.end if until is None else until
        self.known = [task for task in self.tasks if task.report.end <= until]
        share_time(self.tasks)
        self.calendars = Calendars(closed_dates([span(task) for task in self.known], self.zone), self.zone)
        share_time(self.tasks, self.open_s)
        self.cases = cases_of(self.tasks)
        self.known_cases = [
            replace(case, operations=own, rework=[task for task in case.rework if task.report.end <= until])
            for case in self.cases
            if (own := [operation for operation in case.operations if operation.end <= until])
        ]
        self.places = places(self.tasks)

    @cached_property
    def stations(self) -> list[str]:
        """Every machine of the log, in the order of its first report."""
        return list(dict.fromkeys(task.report.machine for task in self.tasks))

    @cached_property
    def units(self) -> dict[str, list[str]]:
        """Station -> its work units: itself, or its places if it does several things at once."""
        taken = set(self.stations)
        return {
            station: [station]
            if self.places[station] == 1
            else [free_name(f"{station} ({place + 1})", taken) for place in range(self.places[station])]
            for station in self.stations
        }

    def worked_s(self, station: str) -> float:
        return sum(end - start for start, end in self.spans_at[station])

    @cached_property
    def time_at(self) -> dict[str, Counter[str]]:
        """Station -> who worked there, for how many seconds."""
        time: dict[str, Counter[str]] = {station: Counter() for station in self.stations}
        for task in self.tasks:
            if task.report.worker:
                time[task.report.machine][task.report.worker] += ceil(task.report.end - task.report.start)
        return time

    @cached_property
    def attended(self) -> set[str]:
        """Stations at which mostly one person does an operation, and is not reported elsewhere meanwhile.

        Where people take turns at an operation no one's hours limit it, so the plan names nobody.
        """
        by_one: dict[str, float] = defaultdict(float)
        by_any: dict[str, float] = defaultdict(float)
        for case in self.cases:
            for operation in case.operations:
                hands: dict[str, float] = defaultdict(float)
                for task in operation.tasks:
                    hands[task.report.worker] += task.work_s
                work = sum(hands.values())
                by_any[operation.machine] += work
                if max(hands.values()) >= MOSTLY * work and "" not in hands:
                    by_one[operation.machine] += work
        alone = self.alone_share()
        return {
            name
            for name in self.stations
            if self.time_at[name] and alone[name] >= ATTENDED and by_one[name] >= ATTENDED * by_any[name]
        }

    def alone_share(self) -> dict[str, float]:
        """Station -> the share of its reported time in which its people are reported nowhere else."""
        alone: dict[str, float] = defaultdict(float)
        total: dict[str, float] = defaultdict(float)
        by_worker: dict[str, list[Task]] = defaultdict(list)
        for task in self.tasks:
            total[task.report.machine] += task.report.end - task.report.start
            if task.report.worker:
                by_worker[task.report.worker].append(task)
        for own in by_worker.values():
            active: Counter[str] = Counter()
            last = 0.0
            edges = [(task.report.start, 1, task.report.machine) for task in own]
            edges += [(task.report.end, -1, task.report.machine) for task in own]
            for at, change, station in sorted(edges):
                at_once = [name for name, count in active.items() if count > 0]
                if len(at_once) == 1:
                    alone[at_once[0]] += (at - last) * active[at_once[0]]
                active[station] += change
                last = at
        return {name: alone[name] / max(1.0, total[name]) for name in self.stations}

    @cached_property
    def people(self) -> list[str]:
        return sorted({task.report.worker for task in self.tasks} - {""})

    @cached_property
    def person_periods(self) -> dict[str, list[Period]]:
        """Who has a weekly pattern, and which."""
        found = {name: person_periods(self.spans_of[name], self.zone) for name in self.people}
        return {name: periods for name, periods in found.items() if periods}

    @cached_property
    def spans_of(self) -> dict[str, list[tuple[float, float]]]:
        """Person -> when they were reported."""
        spans: dict[str, list[tuple[float, float]]] = {name: [] for name in self.people}
        for task in self.known:
            if task.report.worker:
                spans[task.report.worker].append(span(task))
        return spans

    @cached_property
    def usual(self) -> list[Period]:
        """The usual shift: of people, or of machines where nobody is named."""
        return usual_shift((self.spans_of or self.spans_at).values(), self.zone)

    @cached_property
    def station_periods(self) -> dict[str, list[Period]]:
        found = {}
        for station in self.stations:
            own = self.spans_at[station]
            slots = machine_slots(own, self.zone) if self.worked_s(station) >= OWN_PATTERN_S else set()
            slots = slots or slots_of(self.usual)
            total = sum(self.time_at[station].values())
            for person, seconds in self.time_at[station].items():
                if person in self.person_periods and seconds >= 0.2 * total:
                    slots = slots | slots_of(self.person_periods[person])
            found[station] = periods_of(slots)
        return found

    def calendar_of(self, station: str) -> str:
        return self.calendars.of(self.station_periods[station], "machines", self.spans_at[station])

    @cached_property
    def spans_at(self) -> dict[str, list[tuple[float, float]]]:
        """Station -> when it was reported."""
        spans: dict[str, list[tuple[float, float]]] = {station: [] for station in self.stations}
        for task in self.known:
            spans[task.report.machine].append(span(task))
        return spans

    @cached_property
    def opened(self) -> dict[str, Open]:
        """Station -> its open time over the whole log."""
        first = min(task.report.start for task in self.tasks)
        epoch = moment(float(int(first)))
        known: dict[str, Open] = {}
        found = {}
        for station in self.stations:
            calendar = self.calendar_of(station)
            if calendar not in known:
                records: dict[str, Calendar] = {item.id: item for item in self.calendars.all}
                table = expand(
                    records[calendar], self.zone, epoch, -7 * 86400, round(self.end - first) + 86400
                )
                zero = epoch.timestamp()
                known[calendar] = Open([(zero + a, zero + b) for a, b in table.tolist()])
            found[station] = known[calendar]
        return found

    def open_s(self, station: str, start: float, end: float) -> float:
        return self.opened[station].between(start, end)

    @cached_property
    def skills(self) -> dict[str, set[str]]:
        """Person -> the stations they operate: those who come regularly, or who alone know a station."""
        found: dict[str, set[str]] = {name: set() for name in self.people}
        for station in self.stations:
            known = [name for name in self.time_at[station] if name in self.person_periods]
            for name in known or self.time_at[station]:
                found[name].add(station)
        return found

    @cached_property
    def crews(self) -> dict[str, list[str]]:
        """Attended station -> who operates it, the one most often there first."""
        return {
            station: [name for name, _ in self.time_at[station].most_common() if station in self.skills[name]]
            for station in self.stations
            if station in self.attended
        }
