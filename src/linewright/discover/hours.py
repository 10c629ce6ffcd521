"""When machines and people work, from when they were seen to work.

A person works, on the weekdays on which they usually come, one shift: the time in which they were seen, or,
where shifts rotate, a period of the usual length where it covers most of that time. A machine is open in
the half hours in which it regularly works, and whenever its people are there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil
from statistics import median
from zoneinfo import ZoneInfo

from linewright.plant.records import Calendar, CalendarException, Shift

SESSION_GAP_S = 3 * 3600
"""Reports of a person closer than this belong to one stay."""

USUAL = 0.4
"""A weekday is worked if a person comes on at least this share of them."""

REGULAR_STAYS = 5
"""With fewer stays a person has no pattern of their own."""

LEAST_STAY_MIN = 240
"""Reports may cover less of a stay than it lasts: who comes, comes for half a shift at least."""

LONGEST_SHIFT_MIN = 12 * 60

LEAST_WEEK_MIN = 16 * 60
"""With fewer hours a week a person has no pattern of their own."""

REGULAR = 0.25
"""A half hour is open if a machine works in it this often, against its usual half hour."""

LEAST_EXTRA_MIN = 60
"""Work outside the regular week that is worth an extra period."""

SLOT_MIN = 30
DAY_MIN = 1440
WEEK_MIN = 7 * DAY_MIN
SLOTS = WEEK_MIN // SLOT_MIN

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Period:
    """A weekly period in minutes; it may run past midnight."""

    weekday: int
    start: int
    length: int


def stays(spans: Iterable[Span]) -> list[Span]:
    """Work with small gaps between, joined."""
    out: list[list[float]] = []
    for start, end in sorted(spans):
        if out and start - out[-1][1] <= SESSION_GAP_S:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([start, end])
    return [(start, end) for start, end in out if end > start]


def person_periods(spans: Iterable[Span], zone: ZoneInfo) -> list[Period]:
    """The weekly periods of a person; empty if there are too few stays for a pattern."""
    local = [(_local(start, zone), _local(end, zone)) for start, end in stays(spans)]
    if len(local) < REGULAR_STAYS:
        return []
    weeks = {_week(start) for start, _ in local}
    on: dict[int, list[tuple[int, int]]] = defaultdict(list)
    days: dict[int, set[date]] = defaultdict(set)
    for start, end in local:
        length = min(LONGEST_SHIFT_MIN, max(SLOT_MIN, round((end - start).total_seconds() / 60)))
        on[start.weekday()].append((start.hour * 60 + start.minute, length))
        days[start.weekday()].add(start.date())
    share = {weekday: len(found) / len(weeks) for weekday, found in days.items()}
    usual = [weekday for weekday in sorted(share) if share[weekday] >= USUAL]
    usual = usual or [max(share, key=lambda weekday: share[weekday])]
    everyday = _window([stay for weekday in usual for stay in on[weekday]])
    periods = []
    for weekday in usual:
        window = _window(on[weekday]) if len(on[weekday]) >= REGULAR_STAYS else everyday
        if abs(window[0] - everyday[0]) <= 90 and abs(window[1] - everyday[1]) <= 90:
            window = everyday
        periods.append(Period(weekday, *window))
    return periods if sum(period.length for period in periods) >= LEAST_WEEK_MIN else []


def usual_shift(spans_of: Iterable[Iterable[Span]], zone: ZoneInfo) -> list[Period]:
    """The period most people work, on the weekdays on which most of the work is done."""
    local = [(_local(start, zone), end - start) for spans in spans_of for start, end in stays(spans)]
    count = Counter(start.weekday() for start, _ in local)
    if not local:
        return [Period(weekday, 480, 480) for weekday in range(5)]
    found = [
        (start.hour * 60 + start.minute, min(LONGEST_SHIFT_MIN, max(SLOT_MIN, round(length / 60))))
        for start, length in local
    ]
    start, length = _window(found)
    usual = USUAL * max(count.values())
    return [Period(weekday, start, length) for weekday in range(7) if count[weekday] >= usual]


def _window(found: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """(start, length) of the period in which stays (start, length) lie.

    From the early begins to the late ends, if that is a shift; else (shifts rotate) the period of the usual
    length that covers most of the stays.
    """
    begins = sorted(start for start, _ in found)
    ends = sorted(start + length for start, length in found)
    first = begins[len(begins) // 10] // SLOT_MIN * SLOT_MIN
    last = -(-ends[-1 - len(ends) // 10] // SLOT_MIN) * SLOT_MIN
    if last - first <= LONGEST_SHIFT_MIN:
        return first, max(last - first, LEAST_STAY_MIN)
    length = -(-round(median(length for _, length in found)) // SLOT_MIN) * SLOT_MIN

    def covered(start: int) -> int:
        return sum(
            max(0, min(start + length, begin + lasts + shift) - max(start, begin + shift))
            for begin, lasts in found
            for shift in (-DAY_MIN, 0, DAY_MIN)
        )

    best = max(range(0, DAY_MIN, SLOT_MIN), key=lambda start: (covered(start), -start))
    return best, max(length, LEAST_STAY_MIN)


def machine_slots(spans: Iterable[Span], zone: ZoneInfo) -> set[int]:
    """The half hours of a week in which a machine regularly works."""
    seen: dict[int, set[date]] = defaultdict(set)
    for start, end in spans:
        at = _local(start, zone)
        last = _local(end, zone)
        at -= timedelta(minutes=at.minute % SLOT_MIN, seconds=at.second, microseconds=at.microsecond)
        while at < last:
            seen[_slot(at)].add(_week(at))
            at += timedelta(minutes=SLOT_MIN)
    if not seen:
        return set()
    usual = median(len(weeks) for weeks in seen.values())
    return smooth({slot for slot, weeks in seen.items() if len(weeks) >= max(2, REGULAR * usual)})


def smooth(slots: set[int]) -> set[int]:
    """Gaps of up to two hours closed, single half hours dropped; the week is a ring."""
    if not slots or len(slots) == SLOTS:
        return set(slots)
    closed = set(slots)
    for slot in slots:
        for gap in range(1, 5):
            if (slot + gap + 1) % SLOTS in slots:
                closed.update((slot + step) % SLOTS for step in range(1, gap + 1))
    lonely = {slot for slot in closed if not {(slot - 1) % SLOTS, (slot + 1) % SLOTS} & closed}
    return closed - lonely or closed


def slots_of(periods: Iterable[Period]) -> set[int]:
    """The half hours that weekly periods touch."""
    return {
        slot % SLOTS
        for period in periods
        for slot in range(
            (period.weekday * DAY_MIN + period.start) // SLOT_MIN,
            -(-(period.weekday * DAY_MIN + period.start + period.length) // SLOT_MIN),
        )
    }


def periods_of(slots: set[int]) -> list[Period]:
    """Half hours of a week as periods of at most a day, each on the weekday it starts on."""
    day = DAY_MIN // SLOT_MIN
    if len(slots) == SLOTS:
        return [Period(weekday, 0, DAY_MIN) for weekday in range(7)]
    periods = []
    for first in sorted(slot for slot in slots if (slot - 1) % SLOTS not in slots):
        length = 0
        while (first + length) % SLOTS in slots:
            length += 1
        while length > 0:
            until_midnight = day - first % day
            taken = length if length <= day and first % day + length <= day + day // 2 else until_midnight
            taken = min(taken, length)
            periods.append(Period(first // day % 7, first % day * SLOT_MIN, taken * SLOT_MIN))
            first, length = (first + taken) % SLOTS, length - taken
    return periods


class Calendars:
    """The calendars of a plant: equal ones are one.

    A calendar has the regular week of a machine or person, and for recorded days on which they worked at
    other times an extra period each: the roster as it was.
    """

    def __init__(self, closed: Sequence[date], zone: ZoneInfo) -> None:
        self.closed = tuple(CalendarException(day) for day in closed)
        self.zone = zone
        self._known: dict[tuple[frozenset[Shift], tuple[CalendarException, ...]], Calendar] = {}

    def of(self, periods: Sequence[Period], what: str, worked: Iterable[Span] = ()) -> str:
        """The id of the calendar with these periods, and with extra ones for work beside them."""
        by_time: dict[tuple[int, int], set[int]] = defaultdict(set)
        for period in periods:
            by_time[period.start, period.length].add(period.weekday)
        shifts = frozenset(
            Shift(frozenset(days), _clock(start), _clock(start + length))
            for (start, length), days in by_time.items()
        )
        exceptions = (*self.closed, *self._extra(slots_of(periods), worked))
        key = shifts, exceptions
        if key not in self._known:
            name = f"{what}-{sum(item.id.startswith(what) for item in self._known.values()) + 1}"
            ordered = sorted(shifts, key=lambda shift: (min(shift.weekdays), shift.start))
            self._known[key] = Calendar(name, tuple(ordered), exceptions)
        return self._known[key].id

    def _extra(self, regular: set[int], worked: Iterable[Span]) -> list[CalendarException]:
        """Stays of which an hour or more lies outside the regular week, each as a period of its date."""
        found = []
        for start, end in stays(worked):
            first, last = _local(start, self.zone), _local(end, self.zone)
            last = min(last, first + timedelta(hours=23))
            first -= timedelta(minutes=first.minute % SLOT_MIN, seconds=first.second)
            slots = range(_slot(first), _slot(first) + ceil((last - first) / timedelta(minutes=SLOT_MIN)))
            if sum(slot % SLOTS not in regular for slot in slots) * SLOT_MIN >= LEAST_EXTRA_MIN:
                until = first + timedelta(minutes=SLOT_MIN * len(slots))
                found.append(CalendarException(first.date(), first.time(), until.time()))
        return found

    @property
    def all(self) -> tuple[Calendar, ...]:
        return tuple(self._known.values())


def _slot(at: datetime) -> int:
    return (at.weekday() * DAY_MIN + at.hour * 60 + at.minute) // SLOT_MIN


def closed_dates(spans: Sequence[Span], zone: ZoneInfo) -> list[date]:
    """Dates on which a plant that works on this weekday did next to nothing: holidays."""
    work: Counter[date] = Counter()
    for start, end in spans:
        work[_local(start, zone).date()] += round(end - start)
    if not work:
        return []
    first, last = min(work), max(work)
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    closed = []
    for weekday in range(7):
        same = [day for day in days if day.weekday() == weekday]
        usual = median([work[day] for day in same]) if same else 0
        if len(same) >= 4 and usual > 0:
            closed += [day for day in same if work[day] < 0.1 * usual]
    return sorted(closed)


def _local(seconds: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(seconds, zone).replace(tzinfo=None)


def _week(at: datetime) -> date:
    return at.date() - timedelta(days=at.weekday())


def _clock(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
