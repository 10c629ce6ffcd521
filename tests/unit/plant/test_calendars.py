"""Calendars against a walk through every quarter of an hour, and what clock changes do to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from linewright.errors import PlantError
from linewright.plant.arrays import BUCKET_S
from linewright.plant.calendars import Hours, clip, expand, intersect, longest_s, merge, open_s, subtract
from linewright.plant.generate import SMALL, generate
from linewright.plant.records import Absence, Calendar, CalendarException, Downtime, Shift

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = 900
EVERY_DAY = frozenset(range(7))


def _is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether a calendar is open at a local time, from the definitions."""
    wall = at.replace(tzinfo=None)

    def runs(start: time, end: time, day: date) -> bool:
        begin, finish = datetime.combine(day, start), datetime.combine(day, end)
        return begin <= wall < (finish if finish > begin else finish + timedelta(days=1))

    days = (wall.date(), wall.date() - timedelta(days=1))
    closed = {item.on for item in calendar.exceptions if item.start is None}
    shifts = [(shift, day) for shift in calendar.shifts for day in days if day.weekday() in shift.weekdays]
    going_on = [shift for shift, day in shifts if day not in closed and runs(shift.start, shift.end, day)]
    extra = any(
        item.on in days and item.start is not None and item.end is not None
        and runs(item.start, item.end, item.on)
        for item in calendar.exceptions
    )  # fmt: skip
    work = extra or any(not shift.is_break for shift in going_on)
    return work and not any(shift.is_break for shift in going_on)


def _random_calendar(random: Random, first: date) -> Calendar:
    def at() -> time:  # not in the hour that clock changes skip or repeat
        return time(random.choice([0, 1, *range(4, 24)]), random.choice((0, 15, 30, 45)))

    def days() -> frozenset[int]:
        return frozenset(random.sample(range(7), random.randint(1, 7)))

    shifts = [Shift(days(), at(), at(), is_break=random.random() < 0.3) for _ in range(random.randint(1, 5))]
    exceptions = [
        CalendarException(first + timedelta(days=random.randint(-1, 8)), *extra)
        for extra in random.choices(((), (at(), at())), k=random.randint(0, 3))
    ]
    return Calendar("c", tuple(shifts), tuple(exceptions))


@pytest.mark.parametrize(
    "start", [date(2026, 3, 26), date(2026, 10, 22), date(2026, 6, 1), date(2026, 12, 29)]
)
@pytest.mark.parametrize("seed", range(12))
def test_expand_is_the_walk_through_every_quarter(start: date, seed: int) -> None:
    random = Random(seed)
    calendar = _random_calendar(random, start)
    epoch = datetime.combine(start, time(random.randrange(24)), BERLIN)
    begin_s, end_s = 3600 * random.randint(-30, 10), 7 * 86400
    found = expand(calendar, BERLIN, epoch, begin_s, end_s)
    opens = np.zeros((end_s - begin_s) // QUARTER, bool)
    for a, b in found.tolist():
        assert a % QUARTER == b % QUARTER == 0
        opens[(a - begin_s) // QUARTER : (b - begin_s) // QUARTER] = True
    zero = epoch.astimezone(UTC)
    expected = [
        _is_open(calendar, (zero + timedelta(seconds=begin_s + QUARTER * i)).astimezone(BERLIN))
        for i in range(len(opens))
    ]
    assert opens.tolist() == expected
    assert (found[1:, 0] > found[:-1, 1]).all(), "intervals are apart"


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 28), 7), (date(2026, 10, 24), 9), (date(2026, 6, 6), 8)]
)
def test_a_night_shift_is_as_long_as_its_night(day: date, hours: int) -> None:
    night = Calendar("night", (Shift(EVERY_DAY, time(22), time(6)),))
    found = expand(night, BERLIN, datetime.combine(day, time(22), BERLIN), 0, 12 * 3600)
    assert found.tolist() == [[0, hours * 3600]]


def test_always_open_is_one_interval_over_clock_changes() -> None:
    always = Calendar("always", (Shift(EVERY_DAY, time(0), time(0)),))
    found = expand(always, BERLIN, datetime(2026, 3, 1, 7, 0, tzinfo=BERLIN), 0, 300 * 86400)
    assert found.tolist() == [[0, 300 * 86400]]


def test_a_skipped_time_comes_later_and_of_a_repeated_one_the_first_counts() -> None:
    early = Calendar("early", (Shift(EVERY_DAY, time(1), time(2, 30)),))
    skipped = expand(early, BERLIN, datetime(2026, 3, 29, 0, 0, tzinfo=BERLIN), 0, 86400)
    assert skipped.tolist() == [[3600, 3600 + 5400]]  # 1:00 to 3:30 of summer time
    repeated = expand(early, BERLIN, datetime(2026, 10, 25, 0, 0, tzinfo=BERLIN), 0, 86400)
    assert repeated.tolist() == [[3600, 3600 + 5400]]


def test_a_closed_date_ends_the_night_shift_before_it_and_holds_its_extra_period() -> None:
    exceptions = (
        CalendarException(date(2026, 6, 2)),
        CalendarException(date(2026, 6, 2), time(12), time(13)),
    )
    night = Calendar("night", (Shift(EVERY_DAY, time(22), time(6)),), exceptions)
    found = expand(night, BERLIN, datetime(2026, 6, 1, 22, 0, tzinfo=BERLIN), 0, 50 * 3600)
    assert (found / 3600).tolist() == [[0, 8], [14, 15], [48, 50]]


def _mask(intervals: np.ndarray) -> list[bool]:
    return [any(a <= t < b for a, b in intervals.tolist()) for t in range(-5, 40)]


@pytest.mark.parametrize("seed", range(40))
def test_sets_of_intervals(seed: int) -> None:
    random = Random(seed)

    def some() -> np.ndarray:
        starts = [random.randint(-5, 30) for _ in range(random.randint(0, 6))]
        return np.array([(a, a + random.randint(0, 8)) for a in starts], np.int64).reshape(-1, 2)

    a, b = some(), some()
    assert _mask(subtract(a, b)) == [x and not y for x, y in zip(_mask(a), _mask(b), strict=True)]
    a, b = merge(a), merge(b)
    assert _mask(intersect(a, b)) == [x and y for x, y in zip(_mask(a), _mask(b), strict=True)]
    for found in (a, b, intersect(a, b), subtract(a, b)):
        assert (found[:, 1] > found[:, 0]).all()
        assert (found[1:, 0] > found[:-1, 1]).all()
    assert open_s(a, -5, 40) == sum(_mask(a))
    assert open_s(a, 3, 9) == sum(_mask(a)[8:14]) == open_s(clip(a, 3, 9), -100, 100)
    assert longest_s(a) == max([0, *(a[:, 1] - a[:, 0])])


def test_hours_classes_holes_and_buckets() -> None:
    plant = generate(SMALL, 1)
    start = datetime(2026, 3, 2, 7, 0, tzinfo=BERLIN)
    hole = (start + timedelta(hours=1), start + timedelta(hours=2))
    first, second, *_ = plant.machines
    plant = replace(
        plant,
        downtimes=(
            Downtime(first.id, *hole),
            Downtime(second.id, start - timedelta(days=2), start - timedelta(days=1)),
        ),
        absences=(Absence(plant.people[0].id, *hole),),
    )
    hours = Hours(plant, BERLIN, start.astimezone(UTC), 30 * 86400)
    assert hours.machine_class[0] not in hours.machine_class[1:], "a downtime ahead sets a machine apart"
    twins = [m for m, machine in enumerate(plant.machines) if machine.calendar == second.calendar and m]
    assert {hours.machine_class[m] for m in twins} == {hours.machine_class[1]}, "one that is over does not"
    asked = [(hours.machine_class[0], hours.operator_class[0]), (hours.machine_class[1], hours.unattended)]
    rows = [hours.pair(*pair) for pair in asked]
    assert rows[0][0, 0] == 0
    assert rows[0][0, 1] == 3600, "absent and down from eight o'clock"
    pairs, ptr, opens, closes, bucket = hours.arrays()
    for (m, w), expected in zip(asked, rows, strict=True):
        row = pairs[m, w]
        assert list(zip(opens[ptr[row] : ptr[row + 1]], closes[ptr[row] : ptr[row + 1]], strict=True)) == [
            tuple(interval) for interval in expected.tolist()
        ]
        for b in range(bucket.shape[1]):
            later = [i for i in range(ptr[row], ptr[row + 1]) if closes[i] > b * BUCKET_S]
            assert bucket[row, b] == (later[0] if later else ptr[row + 1])
    unasked = pairs[hours.machine_class[0], hours.operator_class[1]]
    assert ptr[unasked] == ptr[unasked + 1], "a pair that nobody asked for is never open"


def test_a_calendar_that_does_not_exist_is_named() -> None:
    plant = replace(generate(SMALL, 1), calendars=())
    with pytest.raises(PlantError, match=r'machine M01: its calendar ".*" does not exist'):
        Hours(plant, BERLIN, datetime(2026, 3, 2, tzinfo=UTC), 86400)
