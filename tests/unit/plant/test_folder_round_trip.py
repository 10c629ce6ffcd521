"""Whatever sound plant is written is read back as it was."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linewright.plant.checks import check
from linewright.plant.folder import read_history, read_plant, write_plant
from linewright.plant.folder_values import instant, instant_text, load_zone
from linewright.plant.history import current
from linewright.plant.plan import Assignment, OperationStatus, Plan, PlantState, Progress
from linewright.plant.records import (
    Absence,
    Alternative,
    Calendar,
    CalendarException,
    Consumption,
    Downtime,
    Equipment,
    Level,
    Material,
    MaterialLot,
    Order,
    Part,
    Person,
    Planning,
    Plant,
    RoutingOperation,
    SetupTime,
    Shift,
)

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata")

texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\n\r\t"), max_size=12
).map(str.strip)
ids = texts.filter(lambda text: text and text.isprintable() and not set(text) & set("/;") and text != "*")
amounts = st.floats(0, 1e6, allow_nan=False)
minutes = st.floats(0, 500_000)
spreads = st.floats(0, 10)


def within(first: datetime, last: datetime) -> st.SearchStrategy[datetime]:
    """Instants to the microsecond."""
    span = (last - first) // timedelta(microseconds=1)
    return st.integers(0, span).map(lambda step: first + timedelta(microseconds=step))


instants = within(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
clocks = st.times().map(lambda value: value.replace(microsecond=0))


@st.composite
def plants(draw: st.DrawFn) -> tuple[Plant, PlantState, tuple[Progress, ...]]:
    def some(strategy: st.SearchStrategy[Any], most: int = 3, least: int = 0) -> list[Any]:
        return draw(st.lists(strategy, min_size=least, max_size=most))

    def names(most: int, least: int = 0) -> list[str]:
        return draw(st.lists(ids, min_size=least, max_size=most, unique=True))

    calendars = tuple(
        Calendar(
            name,
            (
                Shift(draw(st.frozensets(st.integers(0, 6), min_size=1)), time(6), draw(clocks)),
                *some(st.builds(Shift, st.frozensets(st.integers(0, 6), min_size=1), clocks, clocks), 2),
            ),
            tuple(
                draw(
                    st.lists(
                        st.builds(CalendarException, st.dates(date(2026, 1, 1), date(2030, 1, 1)))
                        | st.builds(
                            CalendarException, st.dates(date(2026, 1, 1), date(2030, 1, 1)), clocks, clocks
                        ),
                        max_size=2,
                    )
                )
            ),
        )
        for name in names(3, 1)
    )
    calendar = st.sampled_from([item.id for item in calendars])
    families, groups = names(3), names(2)
    equipment_ids = names(5, 2)
    site, *machine_ids = equipment_ids
    equipment = (
        Equipment(site, Level.SITE, name=draw(texts)),
        *(
            Equipment(
                name,
                Level.WORK_UNIT,
                parent=draw(st.sampled_from(["", site])),
                name=draw(texts),
                calendar=draw(calendar),
                setup_group=draw(st.sampled_from(["", *groups])),
                mtbf_h=draw(amounts),
                mttr_h=draw(st.floats(0.25, 8000)),
                mttr_cv=draw(spreads),
            )
            for name in machine_ids
        ),
    )
    people = tuple(Person(name, draw(calendar), frozenset(some(ids)), draw(texts)) for name in names(3))
    skills = sorted({skill for person in people for skill in person.skills})
    materials = tuple(Material(name, draw(texts), draw(texts)) for name in names(2))
    parts = []
    for part in set(names(2, 1)) - {item.id for item in materials}:
        operations: list[RoutingOperation] = []
        for name in names(3, 1):
            used = draw(st.lists(st.sampled_from(machine_ids), min_size=1, unique=True))
            skill = draw(st.sampled_from(["", *skills]))
            alternatives = tuple(
                Alternative(m, draw(st.floats(0, 5)), draw(st.floats(0, 5)), skill, draw(spreads))
                for m in used
            )
            consumes = tuple(
                Consumption(item.id, draw(amounts) + 0.1) for item in materials if draw(st.booleans())
            )
            earlier = [item.id for item in operations]
            after = draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
            operations.append(
                RoutingOperation(
                    name,
                    tuple(after),
                    alternatives,
                    name=draw(texts),
                    family=draw(st.sampled_from(["", *families])),
                    pausable=draw(st.booleans()),
                    transfer_min=draw(minutes),
                    consumes=consumes,
                    scrap_rate=draw(st.floats(0, 0.99)),
                    rework_rate=draw(st.floats(0, 1)),
                    instructions=draw(texts),
                )
            )
        parts.append(Part(part, tuple(operations), draw(texts)))
    needed = sorted({item.family for part in parts for item in part.operations} - {""})
    setups = tuple(
        SetupTime(group, before, "*", draw(minutes))
        for group in sorted({item.setup_group for item in equipment} - {""})
        for before in ["*", *needed]
    )
    orders = tuple(
        Order(
            name,
            draw(st.sampled_from(parts)).id,
            draw(st.integers(1, 500)),
            due,
            due - timedelta(3),
            0.5,
            draw(texts),
        )
        for name in names(3)
        if parts
        for due in [draw(instants)]
    )
    by_part = {part.id: part for part in parts}
    at = draw(instants)
    hours = count(-3)
    assignments, progress = [], []
    for order in orders:
        for operation in by_part[order.part].operations:
            alternative = operation.alternatives[0]
            able = [item.id for item in people if alternative.skill in item.skills]
            operator = able[0] if able and alternative.skill else ""
            begin = at + timedelta(hours=next(hours))
            end = begin + timedelta(minutes=59, seconds=59)
            key = (order.id, operation.id, alternative.machine, operator)
            assignments.append(Assignment(*key, begin, begin + timedelta(microseconds=1), end))
            if end <= at:
                progress.append(
                    Progress(
                        *key, OperationStatus.DONE, begin, None, end, draw(st.none() | st.integers(0, 9))
                    )
                )
            elif begin <= at:
                left = draw(st.none() | st.integers(0, 9999))
                progress.append(Progress(*key, OperationStatus.STARTED, begin, at, remaining_s=left))
    lots = [
        MaterialLot(
            name, draw(st.sampled_from(materials)).id, draw(amounts), draw(st.none() | instants), draw(texts)
        )
        for name in names(4)
        if materials and not name.startswith("order:")
    ]
    plant = Plant(
        id=draw(ids),
        name=draw(texts),
        timezone=draw(st.sampled_from(ZONES)),
        equipment=equipment,
        people=people,
        calendars=calendars,
        parts=tuple(parts),
        orders=orders,
        materials=materials,
        lots=tuple(lots[1:]),
        setups=setups,
        downtimes=tuple(Downtime(m, at, at + timedelta(seconds=1), draw(texts)) for m in machine_ids),
        planning=Planning(draw(minutes), draw(minutes)),
        assumptions=tuple((text, draw(texts)) for text in names(2)),
    )
    state = PlantState(
        at=at,
        plan=Plan(draw(st.integers(0, 9)), tuple(assignments), draw(texts)),
        progress=tuple(progress),
        machine_down_until={m: draw(instants) for m in machine_ids if draw(st.booleans())},
        machine_family={m: draw(st.sampled_from(needed)) for m in machine_ids if needed},
        cancelled=frozenset(order.id for order in orders if draw(st.booleans())),
        lots=tuple(lots[:1]),
        absences=tuple(Absence(person.id, at, at + timedelta(hours=1)) for person in people),
        position=draw(st.integers(0, 10**9)),
    )
    return plant, state, tuple(progress)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(plants())
def test_a_plant_is_read_as_it_was_written(made: tuple[Plant, PlantState, tuple[Progress, ...]]) -> None:
    plant, state, history = made
    assert check(plant, state, history=history) == [], "the strategy makes sound plants"
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "plant"
        write_plant(directory, plant, state, history=history)
        read, read_state = read_plant(directory)
        assert read == current(plant, state)
        assert read_state == replace(state, orders=(), lots=(), absences=(), downtimes=())
        assert read_history(directory) == history
        text = {path.name: path.read_bytes() for path in directory.iterdir()}
        write_plant(directory, read, read_state, history=history, overwrite=True)
        assert {path.name: path.read_bytes() for path in directory.iterdir()} == text


@settings(max_examples=200, deadline=None)
@given(within(datetime(1971, 1, 1, tzinfo=UTC), datetime(2198, 12, 31, tzinfo=UTC)), st.sampled_from(ZONES))
def test_an_instant_is_read_as_it_was_written(moment: datetime, zone: str) -> None:
    assert instant(instant_text(moment, load_zone(zone)), load_zone(zone)) == moment


def test_the_second_of_an_hour_that_comes_twice_is_written_with_its_offset() -> None:
    berlin = load_zone("Europe/Berlin")
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert instant_text(second - timedelta(hours=1), berlin) == "2026-10-25T02:30"
    assert instant_text(second, berlin) == "2026-10-25T02:30+01:00"
    assert instant(instant_text(second, berlin), berlin) == second
