"""The steps of discovery one by one, against plain counting."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewright.discover.facility import allowance
from linewright.discover.fidelity import wasserstein
from linewright.discover.followed import Open
from linewright.discover.hours import (
    SLOTS,
    Calendars,
    Period,
    closed_dates,
    periods_of,
    person_periods,
    slots_of,
    smooth,
)
from linewright.discover.log import Report
from linewright.discover.steps import Steps
from linewright.discover.work import Task, places, share_time

UTC = ZoneInfo("UTC")
MACHINES = ["Machine 4 - Turning & Milling", "Machine 7- Laser Marking", "Quality Check 1", "Packing"]


@pytest.mark.parametrize(
    ("activity", "name", "is_setup", "is_rework"),
    [
        ("Turning & Milling - Machine 4", "Turning & Milling", False, False),
        ("Laser Marking - Machine 7", "Laser Marking", False, False),
        ("SETUP     Turning & Milling - Machine 4", "Turning & Milling", True, False),
        ("Setup - Machine 4", "", True, False),
        ("Final Inspection Q.C.", "Final Inspection Q.C.", False, False),
        ("Packing", "Packing", False, False),
        ("Round Grinding - Manual", "Round Grinding - Manual", False, False),
        ("Grinding Rework - Machine 27", "Grinding Rework", False, True),
        ("Fix - Machine 15M", "Fix", False, True),
    ],
)
def test_steps_are_activities_without_machines(
    activity: str, name: str, is_setup: bool, is_rework: bool
) -> None:
    step = Steps(MACHINES).of(activity)
    assert (step.name, step.is_setup, step.is_rework) == (name, is_setup, is_rework)


def task(start: float, end: float, machine: str = "M", worker: str = "W", case: str = "C") -> Task:
    report = Report(case, "A", machine, worker, start, end, "run", "P", 1, 1, 0, False)
    return Task(report, "A", "run")


spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 10)).map(lambda p: (p[0], p[0] + p[1])), max_size=8
)


@given(spans)
def test_time_is_shared_among_what_a_person_reports_at_once(found: list[tuple[int, int]]) -> None:
    tasks = [task(start, end) for start, end in found]
    share_time(tasks)
    for one in tasks:
        expected = sum(
            1 / sum(other.report.start <= second < other.report.end for other in tasks)
            for second in range(int(one.report.start), int(one.report.end))
        )
        assert one.work_s == pytest.approx(expected)


def test_a_station_with_several_people_has_several_places() -> None:
    shared = [task(0, 3600, "Bench", f"W{n}", f"C{n}") for n in range(3)]
    handover = [task(0, 3600, "Mill", "A", "C"), task(3500, 7200, "Mill", "B", "C")]
    alone = [task(0, 3600, "Pack", "A", f"C{n}") for n in range(5)]
    assert places([*shared, *handover, *alone]) == {"Bench": 3, "Mill": 1, "Pack": 1}


samples = st.lists(st.integers(-50, 50), min_size=1, max_size=12)


@given(samples, samples)
def test_the_distance_is_the_area_between_distribution_functions(a: list[int], b: list[int]) -> None:
    expected = sum(
        abs(sum(x <= at for x in a) / len(a) - sum(x <= at for x in b) / len(b)) for at in range(-50, 50)
    )
    assert wasserstein(np.array(a, float), np.array(b, float)) == pytest.approx(expected)


@given(st.sets(st.integers(0, SLOTS - 1)))
def test_periods_cover_exactly_their_half_hours(slots: set[int]) -> None:
    periods = periods_of(slots)
    assert slots_of(periods) == slots
    assert all(0 < period.length <= 1440 and 0 <= period.weekday < 7 for period in periods)


def test_gaps_close_and_lonely_half_hours_go() -> None:
    assert smooth({10, 11, 14, 15, 40}) == set(range(10, 16))
    assert smooth({0, 1, SLOTS - 1, SLOTS - 2}) == {0, 1, SLOTS - 1, SLOTS - 2}


def second(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_a_person_has_the_week_they_are_seen_in() -> None:
    spans = []
    for week in range(4):
        for day in (5, 6, 7):  # Monday to Wednesday, once on a Saturday
            date_text = f"2026-01-{day + 7 * week:02d}"
            spans.append((second(f"{date_text}T07:05"), second(f"{date_text}T11:00")))
            spans.append((second(f"{date_text}T12:00"), second(f"{date_text}T14:55")))
    spans.append((second("2026-01-10T07:00"), second("2026-01-10T15:00")))
    assert person_periods(spans, UTC) == [Period(day, 420, 480) for day in (0, 1, 2)]
    assert person_periods(spans[:8], UTC) == []


def test_work_beside_the_regular_week_is_an_extra_period() -> None:
    calendars = Calendars([date(2026, 1, 1)], UTC)
    week = [Period(day, 480, 480) for day in range(5)]
    worked = [
        (second("2026-01-06T08:00"), second("2026-01-06T16:20")),
        (second("2026-01-10T09:10"), second("2026-01-10T12:00")),
        (second("2026-01-12T22:00"), second("2026-01-13T02:00")),
    ]
    assert calendars.of(week, "people", worked) == "people-1"
    assert calendars.of(week, "people", worked) == "people-1"
    assert calendars.of(week, "people") == "people-2"
    extra = [(item.on.day, item.start, item.end) for item in calendars.all[0].exceptions]
    assert [(day, start and start.hour, end and end.hour) for day, start, end in extra] == [
        (1, None, None),
        (10, 9, 12),
        (12, 22, 2),
    ]


def test_a_day_on_which_nearly_nobody_works_is_closed() -> None:
    spans = [
        (second(f"2026-01-{day:02d}T08:00"), second(f"2026-01-{day:02d}T16:00"))
        for day in range(5, 31)
        if datetime(2026, 1, day, tzinfo=UTC).weekday() < 5 and day != 14
    ]
    assert closed_dates(spans, UTC) == [date(2026, 1, 14)]


def test_open_time_is_walked_backwards() -> None:
    opened = Open([(0, 10), (20, 30)])
    assert opened.begin(25, 8) == 7
    assert opened.begin(40, 10) == 20
    assert opened.begin(15, 10) == 0
    assert opened.begin(25, 100) == -75
    assert opened.between(5, 25) == 10


def test_due_dates_leave_the_stated_share_on_time() -> None:
    rows = [(float(work), 5.0 * work + wait) for work in range(100, 200) for wait in (0.0, 300.0, 1000.0)]
    base, factor = allowance(rows)
    assert factor == pytest.approx(5.0, abs=0.5)
    assert 0.55 < sum(lead <= base + factor * work for work, lead in rows) / len(rows) < 0.75
    assert allowance([(100.0, 50.0)]) == (0.0, 1.0)
