"""What spans records: each wrong thing is found once, said clearly, and a sound plant has no findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewright.plant.checks import check, cycles
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
    Plant,
    RoutingOperation,
    SetupTime,
    Shift,
)

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = frozenset(range(7))
DAY_SHIFT = Shift(WEEK, time(6), time(18))

PLANT = Plant(
    id="works",
    name="Works",
    timezone="UTC",
    equipment=(
        Equipment("SITE", Level.SITE),
        Equipment("WC", Level.WORK_CENTER, parent="SITE"),
        Equipment("M1", Level.WORK_UNIT, parent="WC", calendar="day", setup_group="mill"),
        Equipment("M2", Level.WORK_UNIT, parent="WC", calendar="day"),
    ),
    people=(Person("ANNA", "day", frozenset({"milling"})), Person("BEN", "day")),
    calendars=(Calendar("day", (DAY_SHIFT,)),),
    materials=(Material("STEEL"), Material("FRAME")),
    lots=(MaterialLot("L1", "STEEL", 100),),
    parts=(
        Part(
            "FRAME",
            (
                RoutingOperation(
                    "10",
                    (),
                    (Alternative("M1", 1, skill="milling"), Alternative("M2", 2)),
                    family="wide",
                    consumes=(Consumption("STEEL", 1),),
                ),
                RoutingOperation("20", ("10",), (Alternative("M2", 1),)),
                RoutingOperation("30", ("20",), (Alternative("M2", 1),)),
            ),
        ),
        Part(
            "BIKE",
            (RoutingOperation("10", (), (Alternative("M2", 1),), consumes=(Consumption("FRAME", 1),)),),
        ),
    ),
    setups=(SetupTime("mill", "*", "wide", 5),),
    orders=(Order("O1", "FRAME", 10, NOW + 9 * HOUR), Order("O2", "BIKE", 10, NOW - 9 * HOUR)),
    downtimes=(Downtime("M2", NOW + 20 * HOUR, NOW + 21 * HOUR),),
    absences=(Absence("ANNA", NOW + 20 * HOUR, NOW + 21 * HOUR),),
)


def planned(
    operation: str, machine: str, begin: float, end: float, operator: str = "", order: str = "O1"
) -> Assignment:
    begins = NOW + begin * HOUR
    return Assignment(order, operation, machine, operator, begins, begins, NOW + end * HOUR)


def begun(operation: str, machine: str, begin: float, end: float | None = None, **more: Any) -> Progress:
    status = OperationStatus.STARTED if end is None else OperationStatus.DONE
    ended = None if end is None else NOW + end * HOUR
    values = {"order": "O1", "operator": ""} | more
    return Progress(
        operation=operation,
        machine=machine,
        status=status,
        setup_start=NOW + begin * HOUR,
        end=ended,
        **values,
    )


STATE = PlantState(
    at=NOW,
    plan=Plan(
        1,
        (
            planned("10", "M1", -2, -1, "ANNA"),
            planned("20", "M2", -1, 0),
            planned("30", "M2", 0, 1),
            planned("10", "M2", 1, 2, order="O2"),
        ),
    ),
    progress=(begun("10", "M1", -2, -1, operator="ANNA"), begun("20", "M2", -1)),
    machine_down_until={"M1": NOW + HOUR},
    machine_family={"M1": "wide"},
)


def found(plant: Plant = PLANT, state: PlantState = STATE, history: tuple[Progress, ...] = ()) -> list[str]:
    findings = check(plant, state, history=history)
    assert all(finding.advice for finding in findings)
    return [str(finding) for finding in findings]


def with_item(table: str, position: int, **changes: Any) -> Plant:
    """The plant with one record of a table changed."""
    records = list(getattr(PLANT, table))
    records[position] = replace(records[position], **changes)
    return replace(PLANT, **{table: tuple(records)})


def with_operation(position: int, **changes: Any) -> Plant:
    operations = list(PLANT.parts[0].operations)
    operations[position] = replace(operations[position], **changes)
    return with_item("parts", 0, operations=tuple(operations))


def with_row(table: str, record: Any) -> Plant:
    return replace(PLANT, **{table: (*getattr(PLANT, table), record)})


def with_plan(*assignments: Assignment) -> PlantState:
    return replace(STATE, plan=Plan(1, assignments), progress=())


def with_progress(*progress: Progress) -> PlantState:
    return replace(STATE, progress=progress)


def test_a_sound_plant_has_no_findings() -> None:
    assert found() == [], "an order past due is not a finding"


PLANTS: list[tuple[Callable[[], Plant], str]] = [
    (
        lambda: replace(PLANT, timezone="Europe/Berlim"),
        'plant.toml key timezone: "Europe/Berlim" is not a known',
    ),
    (lambda: replace(PLANT, id=""), "plant.toml key id: is empty"),
    (lambda: replace(PLANT, assumptions=(("a", "b"), ("a", "c"))), '"a" comes twice'),
    (lambda: with_row("orders", PLANT.orders[0]), "order O1: order id comes twice"),
    (lambda: with_row("lots", PLANT.lots[0]), "lot id comes twice"),
    (lambda: with_row("people", PLANT.people[0]), "person id comes twice"),
    (lambda: with_row("materials", Material(" X")), "material id ' X' is empty, or has blanks"),
    (lambda: with_row("materials", Material("X\u0007")), "odd characters"),
    (lambda: with_row("lots", MaterialLot("order:7", "STEEL", 1)), 'begins with "order:"'),
    (lambda: with_item("people", 1, skills=frozenset({"a;b"})), 'skill "a;b" holds a ";"'),
    (lambda: with_item("equipment", 1, parent="SITTE"), 'equipment WC: unknown parent "SITTE". Maybe SITE.'),
    (lambda: with_item("equipment", 0, parent="WC"), "equipment is its own ancestor: SITE → WC → SITE"),
    (lambda: with_item("equipment", 0, parent="SITE"), "equipment is its own ancestor: SITE → SITE"),
    (lambda: with_item("equipment", 3, parent="M1"), "work_unit M2 cannot lie below work_unit M1"),
    (lambda: with_item("equipment", 1, calendar="day"), "work_center WC has a calendar"),
    (lambda: with_item("equipment", 2, calendar=""), "equipment M1: machine M1 has no calendar"),
    (lambda: with_item("equipment", 2, calendar="dya"), 'unknown calendar "dya". Maybe day.'),
    (lambda: with_item("people", 0, calendar="night"), 'person ANNA: unknown calendar "night". Add it to'),
    (
        lambda: with_item("calendars", 0, shifts=(DAY_SHIFT, replace(DAY_SHIFT, is_break=True))),
        "calendar day has no open time in a week",
    ),
    (lambda: with_item("calendars", 0, shifts=()), "calendar day has no open time in a week"),
    (
        lambda: with_item("calendars", 0, shifts=(DAY_SHIFT, replace(DAY_SHIFT, weekdays=frozenset()))),
        "a period of calendar day has no days",
    ),
    (
        lambda: with_item("calendars", 0, exceptions=(CalendarException(date(2026, 3, 6), time(6)),)),
        "2026-03-06 of calendar day has a start or an end, but not both",
    ),
    (lambda: with_item("lots", 0, material="STEAL"), 'lot L1: unknown material "STEAL". Maybe STEEL.'),
    (lambda: with_row("parts", Part("BOX", ())), "part BOX has no operations"),
    (
        lambda: with_operation(1, after=("11",)),
        'operation 20 comes after "11", which part FRAME does not have',
    ),
    (lambda: with_operation(1, after=("10", "10")), "operation 20 names a predecessor twice"),
    (lambda: with_operation(0, after=("30",)), "the routing of part FRAME is cyclic: 10 → 20 → 30 → 10"),
    (lambda: with_operation(2, after=("20", "30")), "the routing of part FRAME is cyclic: 30 → 30"),
    (lambda: with_operation(2, id="20", after=("10",)), "operation of part FRAME comes twice"),
    (lambda: with_operation(2, alternatives=()), "operation 30 of part FRAME has no machine to run on"),
    (
        lambda: with_operation(2, alternatives=(Alternative("M2", 1), Alternative("M9", 1))),
        'unknown machine "M9"',
    ),
    (
        lambda: with_operation(2, alternatives=(Alternative("M2", 1), Alternative("WC", 1))),
        "WC is a work_center",
    ),
    (lambda: with_operation(2, alternatives=(Alternative("M2", 1),) * 2), "a machine of operation 30"),
    (
        lambda: with_operation(2, alternatives=(Alternative("M2", 1), Alternative("M1", 1, skill="miling"))),
        'nobody has the skill "miling". Maybe milling.',
    ),
    (lambda: with_operation(2, consumes=(Consumption("STEAL", 1),)), 'unknown material "STEAL"'),
    (lambda: with_operation(2, consumes=(Consumption("STEEL", 1),) * 2), "a material of operation 30"),
    (
        lambda: with_operation(2, consumes=(Consumption("FRAME", 1),)),
        "operation 10: parts are made of each other: FRAME → FRAME",
    ),
    (lambda: with_operation(2, alternatives=(Alternative("M2", 60_000),)), "would take 416 days on M2"),
    (lambda: with_row("setups", SetupTime("mil", "*", "wide", 1)), 'unknown setup group "mil". Maybe mill.'),
    (lambda: with_row("setups", SetupTime("mill", "wied", "wide", 1)), 'setup family "wied". Maybe wide.'),
    (lambda: with_row("setups", PLANT.setups[0]), "a setup comes twice"),
    (lambda: with_item("equipment", 3, setup_group="lathe"), 'equipment M2: unknown setup group "lathe"'),
    (lambda: with_item("equipment", 2, initial_family="wite"), 'no operation has the setup family "wite"'),
    (
        lambda: with_row("orders", Order("O3", "FRAMES", 1, NOW)),
        'order O3: unknown part "FRAMES". Maybe FRAME.',
    ),
    (
        lambda: with_item("orders", 0, release=NOW + 10 * HOUR),
        "order O1 is released 2026-03-02T18:00, after it is due",
    ),
    (lambda: with_row("downtimes", Downtime("M3", NOW, NOW + HOUR)), 'downtime of M3: unknown machine "M3"'),
    (lambda: with_row("absences", Absence("ANA", NOW, NOW + HOUR)), 'unknown person "ANA". Maybe ANNA.'),
]


@pytest.mark.parametrize(("plant", "what"), PLANTS, ids=[what for _, what in PLANTS])
def test_what_is_wrong_with_a_plant_is_found_once(plant: Callable[[], Plant], what: str) -> None:
    findings = found(plant(), replace(STATE, plan=Plan(1, ()), progress=()))
    assert len(findings) == 1, findings
    assert what in findings[0]


def test_a_plant_without_machines_says_so() -> None:
    bare = replace(
        PLANT, equipment=PLANT.equipment[:2], setups=(), downtimes=(), parts=(), orders=(), people=()
    )
    empty = PlantState(at=NOW, plan=Plan(1, ()))
    assert found(replace(bare, absences=()), empty) == [
        "equipment.csv: has no machine. Add a row with level work_unit for each machine."
    ]


STATES: list[tuple[PlantState, str]] = [
    (with_plan(planned("10", "M9", 0, 1)), 'plan O1/10: unknown machine "M9"'),
    (with_plan(planned("10", "M1", 0, 1, "ANA")), 'unknown operator "ANA". Maybe ANNA.'),
    (with_plan(planned("10", "M2", 0, 1, order="O9")), 'unknown order "O9"'),
    (with_plan(planned("11", "M2", 0, 1)), 'part FRAME of order O1 has no operation "11". Maybe 10.'),
    (
        with_plan(planned("20", "M1", 0, 1)),
        "O1/20 is on M1, which operation 20 of part FRAME cannot use. Maybe M2",
    ),
    (with_plan(planned("10", "M1", 0, 1)), 'O1/10 needs someone with the skill "milling"'),
    (with_plan(planned("10", "M1", 0, 1, "BEN")), 'BEN attends O1/10 without its skill "milling"'),
    (with_plan(planned("10", "M2", 1, 1)), "is planned with setup"),
    (with_plan(planned("10", "M2", 2, 1)), "is planned with setup"),
    (with_plan(planned("10", "M2", 0, 1), planned("10", "M2", 5, 6)), "an operation in the plan comes twice"),
    (
        with_plan(planned("10", "M2", 0, 2), planned("10", "M2", 1, 3, order="O2")),
        "O2/10 (2026-03-02T09:00 to 2026-03-02T11:00) overlaps O1/10 (2026-03-02T08:00 to",
    ),
    (
        with_plan(planned("10", "M1", 0, 2, "ANNA"), planned("10", "M2", 1, 3, "ANNA", order="O2")),
        "overlaps O1/10 (2026-03-02T08:00 to 2026-03-02T10:00) on ANNA",
    ),
    (
        with_plan(planned("10", "M1", 0, 2, "ANNA"), planned("20", "M2", 1, 3)),
        "O1/20 is planned to begin 2026-03-02T09:00, before operation 10 ends",
    ),
    (with_progress(begun("10", "M9", -1)), 'progress O1/10: unknown machine "M9"'),
    (with_progress(begun("10", "M2", -1, order="O9")), 'unknown order "O9"'),
    (with_progress(begun("10", "M1", -1)), 'O1/10 needs someone with the skill "milling"'),
    (with_progress(begun("20", "M2", -1)), "O1/20 has begun, but 10 before it is not done"),
    (with_progress(begun("10", "M2", -2), begun("20", "M2", -1, 0)), "O1/20 has begun, but 10 before it"),
    (
        with_progress(begun("10", "M2", -2), begun("10", "M2", -1, order="O2")),
        "O2/10 (since 2026-03-02T07:00) overlaps O1/10 (since 2026-03-02T06:00) on M2",
    ),
    (
        with_progress(begun("10", "M2", -1, -2)),
        "times of O1/10 are reversed: 2026-03-02T07:00, 2026-03-02T06:00",
    ),
    (with_progress(begun("10", "M2", -1, 1)), "O1/10 is recorded at 2026-03-02T09:00, after now"),
    (with_progress(begun("10", "M2", 1)), "after now"),
    (with_progress(replace(begun("10", "M2", -1), status=OperationStatus.DONE)), "is done without an end"),
    (
        with_progress(replace(begun("10", "M2", -1, 0), status=OperationStatus.STARTED)),
        "has ended but is not done",
    ),
    (with_progress(begun("10", "M2", -1, good=-1)), "good of O1/10 is -1"),
    (with_progress(begun("10", "M2", -1, 0, remaining_s=5)), "is done with 5 s left"),
    (
        with_progress(begun("10", "M2", -1, 0), begun("10", "M2", -1, 0)),
        "an operation in progress comes twice",
    ),
    (replace(STATE, cancelled=frozenset({"O7"})), 'plant.toml [state] key cancelled: unknown order "O7"'),
    (replace(STATE, machine_family={"M1": "wite"}), 'no operation has the setup family "wite". Maybe wide.'),
    (replace(STATE, machine_down_until={"M7": NOW}), 'machine_state M7: unknown machine "M7"'),
    (replace(STATE, plan=Plan(-1, ())), "plan_version: is -1: it only grows"),
    (replace(STATE, position=-5), "position: is -5: it only grows"),
]


@pytest.mark.parametrize(("state", "what"), STATES, ids=[what for _, what in STATES])
def test_what_is_wrong_with_a_state_is_found_once(state: PlantState, what: str) -> None:
    findings = found(state=state)
    assert len(findings) == 1, findings
    assert what in findings[0]


def test_overlaps_are_found_behind_the_first() -> None:
    three = with_plan(
        planned("30", "M2", 3, 4, order="O1"),
        planned("10", "M2", 0, 1, order="O1"),
        planned("10", "M2", 2, 6, order="O2"),
    )
    assert len(found(state=three)) == 1
    assert "O1/30" in found(state=three)[0]
    assert "overlaps O2/10" in found(state=three)[0]


def test_what_is_done_or_late_does_not_overlap_what_is_planned() -> None:
    late = with_progress(begun("10", "M1", -2, -1, operator="ANNA"), begun("20", "M2", -0.5))
    assert found(state=late) == []
    done = replace(
        with_plan(planned("10", "M2", -3, 1), planned("20", "M2", 0, 1)), progress=(begun("10", "M2", -3, 0),)
    )
    assert found(state=done) == []


def test_what_became_known_since_counts() -> None:
    state = replace(
        STATE,
        orders=(Order("NEW", "BIKE", 1, NOW),),
        cancelled=frozenset({"NEW"}),
        absences=(Absence("EVE", NOW, NOW + HOUR),),
    )
    assert found(state=state) == [
        'absence of EVE: unknown person "EVE". Add it to people.csv, or correct the name.'
    ]


def test_history_may_overlap_but_not_be_reversed_or_unknown() -> None:
    assert found(history=(begun("20", "M2", -5, -3), begun("30", "M2", -4, 2))) == []
    findings = found(
        history=(begun("20", "M2", -3, -5), begun("20", "M2", -3, -2), begun("30", "M9", -3, -2))
    )
    assert len(findings) == 3
    assert "an operation in the history comes twice" in findings[0]
    assert "times of O1/20 are reversed" in findings[1]
    assert 'unknown machine "M9"' in findings[2]


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3)))
def test_cycles_are_closed_paths_and_without_them_the_graph_has_none(graph: dict[str, list[str]]) -> None:
    found_cycles = cycles(graph)
    for ring in found_cycles:
        assert len(set(ring)) == len(ring)
        assert all(after in graph[before] for before, after in zip(ring, ring[1:] + ring[:1], strict=True))

    def reaches(start: str) -> bool:
        seen: set[str] = set()
        left = [other for other in graph.get(start, []) if other in graph]
        while left:
            node = left.pop()
            if node not in seen:
                seen.add(node)
                left += [other for other in graph[node] if other in graph]
        return start in seen

    assert bool(found_cycles) == any(reaches(node) for node in graph)
