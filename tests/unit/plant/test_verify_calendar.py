"""The checker's calendars, against counting minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewright.plant.records import Calendar, CalendarException, Shift
from linewright.plant.verify_calendar import OpenTime, common, merged, open_periods, without

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = frozenset(range(7))


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def hours(calendar: Calendar, day: str) -> float:
    """Open hours from the start to the end of one local date."""
    first = date.fromisoformat(day)
    opened = OpenTime(open_periods(calendar, BERLIN, first - timedelta(days=3), first + timedelta(days=3)))
    start = datetime.combine(first, time(), BERLIN).timestamp()
    end = datetime.combine(first + timedelta(days=1), time(), BERLIN).timestamp()
    return opened.between(start, end) / 3600


def test_breaks_are_cut_out_and_periods_run_past_midnight() -> None:
    night = Calendar("n", (Shift(frozenset({0}), time(22), time(6)), Shift(DAYS, time(2), time(2, 30), True)))
    assert hours(night, "2026-03-02") == 2
    assert hours(night, "2026-03-03") == 5.5
    assert hours(night, "2026-03-04") == 0
    assert hours(Calendar("a", (Shift(DAYS, time(0), time(0)),)), "2026-03-04") == 24


def test_a_closed_date_loses_what_begins_on_it_and_an_extra_period_adds() -> None:
    night = Shift(DAYS, time(22), time(6))
    closed = Calendar("n", (night,), (CalendarException(date(2026, 3, 3)),))
    assert hours(closed, "2026-03-03") == 6  # the night before still ends
    assert hours(closed, "2026-03-04") == 2
    extra = Calendar("n", (night,), (CalendarException(date(2026, 3, 3), time(9), time(12)),))
    assert hours(extra, "2026-03-03") == 11


def test_an_extra_period_on_a_closed_date_has_no_break() -> None:
    shifts = (Shift(DAYS, time(6), time(14)), Shift(DAYS, time(9), time(10), is_break=True))
    holiday = date(2026, 3, 3)
    worked = CalendarException(holiday, time(8), time(12))
    assert hours(Calendar("d", shifts, (CalendarException(holiday), worked)), "2026-03-03") == 4
    assert hours(Calendar("d", shifts, (worked,)), "2026-03-03") == 7


@pytest.mark.parametrize(("day", "expected"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-05-01", 24)])
def test_days_of_clock_changes_are_shorter_and_longer(day: str, expected: float) -> None:
    assert hours(Calendar("a", (Shift(DAYS, time(0), time(0)),)), day) == expected
    assert hours(Calendar("n", (Shift(DAYS, time(1), time(4)),)), day) == expected - 21


spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    max_size=8,
)


@given(spans, spans, st.integers(0, 52), st.integers(0, 20))
def test_periods_agree_with_counting_seconds(
    a: list[tuple[int, int]], b: list[tuple[int, int]], start: int, work: int
) -> None:
    in_a = {s for x, y in a for s in range(x, y)}
    in_b = {s for x, y in b for s in range(x, y)}

    def seconds(periods: list[tuple[float, float]]) -> set[int]:
        return {s for x, y in periods for s in range(int(x), int(y))}

    assert seconds(merged(a)) == in_a
    assert seconds(without(merged(a), b)) == in_a - in_b
    assert seconds(common(merged(a), merged(b))) == in_a & in_b
    open_time = OpenTime(merged(a))
    assert open_time.is_open(start) == (start in in_a)
    assert open_time.between(start, start + work) == len(in_a & set(range(start, start + work)))
    left = sorted(s for s in in_a if s >= start)
    expected = start if work == 0 else left[work - 1] + 1 if len(left) >= work else None
    assert open_time.finish(start, work) == expected
    before = sorted(s for s in in_a if s < start)
    if 0 < work <= len(before):
        assert open_time.latest_begin(start, work) == before[-work]
    if work > len(before):
        assert open_time.latest_begin(start, work) is None


def test_instants_are_utc_seconds() -> None:
    periods = open_periods(
        Calendar("a", (Shift(DAYS, time(8), time(9)),)), BERLIN, date(2026, 7, 1), date(2026, 7, 1)
    )
    assert datetime.fromtimestamp(periods[-1][0], UTC).hour == 6
    assert periods[-1][0] == at("2026-07-01T08:00")


def test_breaks_of_a_century_are_cut_out_in_a_moment() -> None:
    """One pass: 36,500 days times as many breaks would take minutes."""
    shifts = (Shift(DAYS, time(6), time(14)), Shift(DAYS, time(9), time(10), is_break=True))
    periods = open_periods(Calendar("d", shifts), BERLIN, date(2000, 1, 1), date(2099, 12, 31))
    assert len(periods) == 2 * 36_526
    assert OpenTime(periods).between(periods[0][0], periods[-1][1]) == 7 * 3600 * 36_526
