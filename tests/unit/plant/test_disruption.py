"""Disruptions: what they change, what they refuse, how they travel as JSON, how a planner reads them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewright.errors import NotFound, PlantError
from linewright.plant.disruption import (
    Disruption,
    MachineDown,
    MaterialLate,
    OperatorAbsent,
    RushOrder,
    apply,
    describe,
    from_dict,
    to_dict,
)
from linewright.plant.plan import Plan, PlantState
from linewright.plant.records import (
    Equipment,
    Level,
    Material,
    MaterialLot,
    Order,
    Part,
    Person,
    Plant,
)

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLANT = Plant(
    id="works",
    name="Works",
    timezone="Europe/Berlin",
    equipment=(
        Equipment("HALL", Level.AREA),
        *(Equipment(f"M{number:02}", Level.WORK_UNIT, calendar="day") for number in range(1, 12)),
    ),
    people=(Person("ANNA", "day"), Person("BEN", "day")),
    calendars=(),
    parts=(Part("P", ()), Part("Q", ())),
    orders=(Order("O1", "P", 1, NOW),),
    materials=(Material("STEEL"),),
    lots=(MaterialLot("L1", "STEEL", 5), MaterialLot("L2", "STEEL", 7, NOW + HOUR, "Rack")),
)
STATE = PlantState(
    at=NOW, plan=Plan(1, ()), cancelled=frozenset({"O1"}), machine_down_until={"M02": NOW + HOUR}
)


def test_a_machine_down() -> None:
    state = apply(PLANT, STATE, MachineDown("M01", NOW + 8 * HOUR))
    assert state.machine_down_until == {"M01": NOW + 8 * HOUR, "M02": NOW + HOUR}
    assert STATE.machine_down_until == {"M02": NOW + HOUR}, "the state before is left as it was"


def test_a_rush_order_is_added_or_replaces_the_known_one() -> None:
    rush = Order("R1", "Q", 2, NOW + HOUR, priority=5)
    state = apply(PLANT, STATE, RushOrder(rush))
    assert state.orders == (rush,)
    more = replace(rush, quantity=3)
    assert apply(PLANT, state, RushOrder(more)).orders == (more,)
    revived = apply(PLANT, STATE, RushOrder(replace(PLANT.orders[0], priority=9)))
    assert revived.cancelled == frozenset()
    with pytest.raises(PlantError, match="order O1: exists already, for part P and not Q"):
        apply(PLANT, STATE, RushOrder(Order("O1", "Q", 1, NOW)))


def test_a_late_lot_keeps_what_is_known_of_it() -> None:
    state = apply(PLANT, STATE, MaterialLate("L2", NOW + 9 * HOUR))
    assert state.lots == (MaterialLot("L2", "STEEL", 7, NOW + 9 * HOUR, "Rack"),)
    later = apply(PLANT, state, MaterialLate("L2", NOW + 10 * HOUR))
    assert [lot.available for lot in later.lots] == [NOW + 10 * HOUR]


def test_an_absent_operator() -> None:
    state = apply(PLANT, STATE, OperatorAbsent("ANNA", NOW - HOUR, NOW + HOUR))
    assert [(item.person, item.start, item.end) for item in state.absences] == [
        ("ANNA", NOW - HOUR, NOW + HOUR)
    ]


@pytest.mark.parametrize(
    ("disruption", "message"),
    [
        (MachineDown("M1", NOW + HOUR), r'there is no machine "M1". Maybe M11 or M10 or M01.'),
        (MachineDown("HALL", NOW + HOUR), r'there is no machine "HALL". Known: M01, M02.*, …\.'),
        (RushOrder(Order("R", "R", 1, NOW)), r'there is no part "R". Known: P, Q.'),
        (MaterialLate("L3", NOW + HOUR), r'there is no lot "L3". Maybe L'),
        (OperatorAbsent("Ana", NOW, NOW + HOUR), r'there is no person "Ana". Maybe ANNA.'),
    ],
)
def test_what_is_unknown_is_named_with_what_is_near(disruption: Disruption, message: str) -> None:
    with pytest.raises(NotFound, match=message):
        apply(PLANT, STATE, disruption)


@pytest.mark.parametrize(
    ("disruption", "message"),
    [
        (
            MachineDown("M01", NOW),
            "machine M01: would be down until Mon 02 Mar 2026 09:00, which is not after now",
        ),
        (MaterialLate("L1", NOW - HOUR), "lot L1: would be late until"),
        (OperatorAbsent("ANNA", NOW - 2 * HOUR, NOW - HOUR), "person ANNA: would be absent until"),
        (OperatorAbsent("ANNA", NOW + 2 * HOUR, NOW + HOUR), "is not after start .* Exchange start and end"),
    ],
)
def test_a_period_that_is_over_or_reversed_is_refused(disruption: Disruption, message: str) -> None:
    with pytest.raises(PlantError, match=message):
        apply(PLANT, STATE, disruption)


moments = st.integers(0, 10**8).map(
    lambda second: datetime(2026, 1, 1, tzinfo=timezone(HOUR)) + timedelta(seconds=second)
)
ids = st.text(min_size=1)
orders = st.builds(
    Order, ids, ids, st.integers(1, 10**6), moments, st.none() | moments, st.floats(0.1, 1e6), st.text()
)
disruptions: st.SearchStrategy[Any] = st.one_of(
    st.builds(MachineDown, ids, moments),
    st.builds(RushOrder, orders),
    st.builds(MaterialLate, ids, moments),
    st.builds(OperatorAbsent, ids, moments, moments),
)


@given(disruptions)
def test_json_gives_back_what_went_in(disruption: Disruption) -> None:
    assert from_dict(json.loads(json.dumps(to_dict(disruption)))) == disruption


def test_the_form_of_the_json() -> None:
    assert to_dict(MachineDown("M01", NOW)) == {
        "kind": "machine_down",
        "machine": "M01",
        "until": "2026-03-02T08:00:00+00:00",
    }
    assert to_dict(RushOrder(Order("R", "P", 1, NOW)))["order"] == {
        "id": "R",
        "part": "P",
        "quantity": 1,
        "due": "2026-03-02T08:00:00+00:00",
        "release": None,
        "priority": 1.0,
        "customer": "",
    }


GOOD_ORDER = {"id": "R", "part": "P", "quantity": 1, "due": "2026-03-02T08:00Z"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, '"None" is not a known kind. One of machine_down|Maybe'),
        ([], "is not a known kind"),
        ({"kind": "machine-down"}, "Maybe machine_down"),
        ({"kind": ["machine_down"]}, "is not a known kind"),
        ({"kind": "machine_down"}, '(?s)field "machine" is missing.*field "until" is missing'),
        ({"kind": "machine_down", "machine": "M1", "untl": "x"}, 'unknown field "untl". Maybe until'),
        (
            {"kind": "machine_down", "machine": 1, "until": "2026-03-02T08:00Z"},
            "field machine: 1 is not text",
        ),
        (
            {"kind": "machine_down", "machine": "M1", "until": "2026-03-02T08:00"},
            "not an instant with an offset",
        ),
        ({"kind": "machine_down", "machine": "M1", "until": 5}, "field until: 5 is not an instant"),
        ({"kind": "machine_down", "machine": "M1", "until": "0001-01-01T00:00+14:00"}, "outside the years"),
        ({"kind": "rush_order"}, 'field "order" is missing'),
        ({"kind": "rush_order", "order": "R"}, "field order: is not an object"),
        (
            {"kind": "rush_order", "order": GOOD_ORDER | {"quantity": 1.5}},
            "field quantity: 1.5 is not a whole",
        ),
        ({"kind": "rush_order", "order": GOOD_ORDER | {"quantity": True}}, "True is not a whole number"),
        ({"kind": "rush_order", "order": GOOD_ORDER | {"quantity": 10**30}}, "is too large"),
        ({"kind": "rush_order", "order": GOOD_ORDER | {"quantity": 0}}, "quantity is 0: it must be positive"),
        (
            {"kind": "rush_order", "order": GOOD_ORDER | {"priority": float("nan")}},
            "priority is nan: it must be positive",
        ),
        ({"kind": "rush_order", "order": GOOD_ORDER | {"due": None}}, "field due: None is not an instant"),
    ],
)
def test_json_that_says_nothing_clear_is_refused(data: Any, message: str) -> None:
    with pytest.raises(PlantError, match=message):
        from_dict(data)


def test_a_planner_can_read_it() -> None:
    zone = "Europe/Berlin"
    assert describe(MachineDown("M01", NOW), zone) == "Machine M01 is down until Mon 02 Mar 2026 09:00"
    assert describe(MachineDown("M01", NOW)) == "Machine M01 is down until Mon 02 Mar 2026 08:00"
    rush = RushOrder(Order("R1", "P", 20, NOW, customer="Meyer"))
    assert describe(rush, zone) == "Rush order R1 for Meyer: 20 of P by Mon 02 Mar 2026 09:00"
    late = MaterialLate("L1", NOW)
    assert describe(late, zone) == "Material lot L1 is late: available from Mon 02 Mar 2026 09:00"
    absent = OperatorAbsent("ANNA", NOW, NOW + HOUR)
    assert describe(absent, zone) == "ANNA is absent from Mon 02 Mar 2026 09:00 to Mon 02 Mar 2026 10:00"
    with pytest.raises(PlantError, match="not a known time zone"):
        describe(absent, "Mars")
