"""The state at a moment: within the record, after it, and before everything known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewright.errors import PlantError
from linewright.plant.history import current, state_at
from linewright.plant.plan import Assignment, OperationStatus, Plan, PlantState, Progress
from linewright.plant.records import (
    Absence,
    Alternative,
    Downtime,
    Equipment,
    Level,
    MaterialLot,
    Order,
    Part,
    Plant,
    RoutingOperation,
)

T0 = datetime(2026, 3, 2, 8, tzinfo=UTC)
STARTED, DONE = OperationStatus.STARTED, OperationStatus.DONE


def hour(number: float) -> datetime:
    return T0 + timedelta(hours=number)


PLANT = Plant(
    id="works",
    name="Works",
    timezone="UTC",
    equipment=(
        Equipment("M1", Level.WORK_UNIT, calendar="day"),
        Equipment("M2", Level.WORK_UNIT, calendar="day"),
    ),
    people=(),
    calendars=(),
    parts=(
        Part(
            "P",
            (
                RoutingOperation("10", (), (Alternative("M1", 1),), family="red"),
                RoutingOperation("20", ("10",), (Alternative("M2", 1),), family="blue"),
                RoutingOperation("30", ("20",), (Alternative("M1", 1),)),
            ),
        ),
    ),
    orders=(Order("O1", "P", 1, hour(99), release=hour(0)), Order("O2", "P", 1, hour(99), release=hour(4))),
)


def planned(
    operation: str, machine: str, setup: float, start: float, end: float, order: str = "O1"
) -> Assignment:
    return Assignment(order, operation, machine, "", hour(setup), hour(start), hour(end))


def record(
    operation: str, machine: str, setup: float, end: float | None, order: str = "O1", good: int | None = None
) -> Progress:
    if end is None:
        return Progress(
            order, operation, machine, "", STARTED, hour(setup), hour(setup + 0.5), remaining_s=60
        )
    return Progress(order, operation, machine, "", DONE, hour(setup), hour(setup + 0.5), hour(end), good=good)


HISTORY = (
    record("10", "M1", 0, 2, good=1),
    record("20", "M2", 2, 5, good=1),
    record("10", "M1", 5, 6, order="O2", good=1),
)
PLAN = Plan(
    3,
    (
        planned("10", "M1", 0, 0.5, 2),
        planned("20", "M2", 2, 2.5, 4),
        planned("30", "M1", 4, 4, 6),
        planned("10", "M1", 6, 7, 8, order="O2"),
    ),
)
STATE = PlantState(
    at=hour(10), plan=PLAN, machine_down_until={"M2": hour(12)}, machine_family={"M2": "green"}
)


def statuses(state: PlantState) -> dict[tuple[str, str], OperationStatus]:
    return {item.key: item.status for item in state.progress}


def test_within_the_record_what_ended_is_done_and_what_began_is_started() -> None:
    state = state_at(PLANT, STATE, HISTORY, hour(3))
    assert state.at == hour(3)
    assert statuses(state) == {("O1", "10"): DONE, ("O1", "20"): STARTED}
    assert state.progress[0] == HISTORY[0]
    begun = state.progress[1]
    assert (begun.setup_start, begun.start, begun.end) == (hour(2), hour(2.5), None)
    assert begun.good is None, "the count was not known yet"
    assert state_at(PLANT, STATE, HISTORY, hour(2.25)).progress[1].start is None, "still in setup"
    assert state_at(PLANT, STATE, HISTORY, hour(5)).progress[1].status is DONE, "ends at that very moment"


def test_within_the_record_later_orders_breakdowns_and_families_are_not_known_yet() -> None:
    state = state_at(PLANT, STATE, HISTORY, hour(3))
    assert state.cancelled == {"O2"}
    assert {item.order for item in state.plan.assignments} == {"O1"}
    assert state.plan.version == 3
    assert state.machine_down_until == {}
    assert state.machine_family == {"M1": "red", "M2": "blue"}
    assert state_at(PLANT, STATE, HISTORY, hour(4)).cancelled == frozenset(), "released at that very moment"
    assert state_at(PLANT, STATE, HISTORY, hour(0)).machine_family == {"M1": "red"}


def test_an_order_that_was_begun_before_its_release_was_known() -> None:
    history = (*HISTORY, record("20", "M2", 3, None, order="O2"))
    state = state_at(PLANT, STATE, history, hour(3.5))
    assert state.cancelled == frozenset()
    assert ("O2", "20") in statuses(state)


def test_an_operation_without_family_leaves_the_mounted_one() -> None:
    history = (*HISTORY, record("30", "M1", 7, 8))
    assert state_at(PLANT, STATE, history, hour(9)).machine_family["M1"] == "red"


def test_a_record_may_reach_past_the_moment_of_the_folder() -> None:
    early = replace(STATE, at=hour(1), machine_down_until={"M1": hour(2), "M2": hour(12)}, machine_family={})
    state = state_at(PLANT, early, HISTORY, hour(3))
    assert statuses(state) == {("O1", "10"): DONE, ("O1", "20"): STARTED}
    assert state.machine_down_until == {"M2": hour(12)}


def test_before_everything_known_is_an_error_that_says_from_when() -> None:
    with pytest.raises(
        PlantError, match=r"2026-03-02T07:00 lies before 2026-03-02T08:00, from when on something is known"
    ):
        state_at(PLANT, STATE, HISTORY, hour(-1))
    berlin = replace(PLANT, timezone="Europe/Berlin")
    with pytest.raises(PlantError, match=r"2026-03-02T10:00 lies before 2026-03-02T19:00, and nothing"):
        state_at(berlin, STATE, (), hour(1))
    with pytest.raises(PlantError, match=r"nothing is recorded of it.*history.csv"):
        state_at(PLANT, STATE, (), hour(9))


def test_progress_in_the_folder_counts_with_the_history() -> None:
    known = replace(STATE, progress=(record("30", "M1", 8, 9), record("20", "M2", 2, None)))
    state = state_at(PLANT, known, HISTORY, hour(10))
    assert statuses(state) == dict.fromkeys([("O1", "10"), ("O1", "20"), ("O1", "30"), ("O2", "10")], DONE)
    assert statuses(state_at(PLANT, known, HISTORY, hour(8.5)))["O1", "30"] is STARTED


def test_at_the_moment_of_the_folder_nothing_changes() -> None:
    state = replace(STATE, at=hour(3), progress=(record("10", "M1", 0, 2), record("20", "M2", 2, None)))
    same = state_at(PLANT, state, (), hour(3))
    assert same == replace(state, machine_family={"M1": "red", "M2": "green"})


def test_after_the_record_the_plan_is_taken_as_followed() -> None:
    start = replace(STATE, at=hour(0), machine_down_until={"M1": hour(1), "M2": hour(12)})
    state = state_at(PLANT, start, (), hour(3))
    assert statuses(state) == {("O1", "10"): DONE, ("O1", "20"): STARTED}
    done, begun = state.progress
    assert (done.setup_start, done.start, done.end) == (hour(0), hour(0.5), hour(2))
    assert (begun.setup_start, begun.start, begun.end) == (hour(2), hour(2.5), None)
    assert state.machine_down_until == {"M2": hour(12)}
    assert state.machine_family == {"M1": "red", "M2": "blue"}
    assert state.cancelled == frozenset(), "an order released later is in the book already"
    assert state.plan == PLAN
    assert state_at(PLANT, start, (), hour(1)).machine_family["M2"] == "green", "nothing has run there since"
    assert state_at(PLANT, start, (), hour(6.5)).progress[-1].start is None, "still in setup"


def test_after_the_record_what_is_known_stays() -> None:
    moment = replace(
        STATE, at=hour(3), progress=(record("10", "M1", 0, 1, good=7), record("20", "M2", 2.5, None))
    )
    state = state_at(PLANT, moment, (), hour(3.5))
    assert state.progress[0] == moment.progress[0]
    begun = state.progress[1]
    assert (begun.status, begun.setup_start, begun.start) == (STARTED, hour(2.5), hour(3))
    assert begun.remaining_s == 60, "no more than was left then"
    done = state_at(PLANT, moment, (), hour(4)).progress[1]
    assert (done.status, done.setup_start, done.end) == (DONE, hour(2.5), hour(4))
    late = replace(moment, at=hour(4.5))
    ended = state_at(PLANT, late, (), hour(5)).progress[1]
    assert ended.end == hour(4.5) + timedelta(seconds=60), "not before it was seen at work, and its rest"
    assert ended.remaining_s is None


def test_after_the_record_work_ends_no_sooner_than_its_reported_rest_allows() -> None:
    slow = replace(record("20", "M2", 2.5, None), remaining_s=2 * 3600)
    moment = replace(STATE, at=hour(3), progress=(record("10", "M1", 0, 1), slow))
    begun = state_at(PLANT, moment, (), hour(4.5)).progress[1]
    assert (begun.status, begun.remaining_s) == (STARTED, 1800), "planned to end at 4 h, 2 h left at 3 h"
    ended = state_at(PLANT, moment, (), hour(5)).progress[1]
    assert (ended.status, ended.end) == (DONE, hour(5))
    unplanned = replace(moment, plan=Plan(3, ()))
    assert state_at(PLANT, unplanned, (), hour(4)).progress[1].remaining_s == 3600
    assert state_at(PLANT, unplanned, (), hour(5)).progress[1].status is DONE
    unknown = replace(slow, remaining_s=None)
    lasting = replace(unplanned, progress=(moment.progress[0], unknown))
    assert state_at(PLANT, lasting, (), hour(50)).progress[1] == unknown


def test_after_the_record_cancelled_orders_are_not_begun() -> None:
    start = replace(STATE, at=hour(0), cancelled=frozenset({"O2"}))
    assert {item.order for item in state_at(PLANT, start, (), hour(99)).progress} == {"O1"}


def test_after_the_end_of_the_history_the_plan_takes_over() -> None:
    state = state_at(PLANT, replace(STATE, at=hour(1)), HISTORY[:1], hour(3))
    assert statuses(state) == {("O1", "10"): DONE, ("O1", "20"): STARTED}


@given(st.floats(0, 12), st.floats(0, 12), st.booleans())
def test_what_is_done_stays_done_and_what_has_begun_stays_begun(
    one: float, other: float, recorded: bool
) -> None:
    first, second = sorted((one, other))
    base = STATE if recorded else replace(STATE, at=hour(0))
    history = HISTORY if recorded else ()
    before = statuses(state_at(PLANT, base, history, hour(first)))
    after = statuses(state_at(PLANT, base, history, hour(second)))
    assert before.keys() <= after.keys()
    assert all(after[key] is DONE for key, status in before.items() if status is DONE)


def test_what_became_known_since_is_part_of_the_current_plant() -> None:
    plant = replace(PLANT, lots=(MaterialLot("L1", "X", 1), MaterialLot("L2", "X", 2)))
    changed = Order("O1", "P", 5, hour(9))
    new = Order("O3", "P", 1, hour(9))
    state = replace(
        STATE,
        orders=(changed, new),
        lots=(MaterialLot("L2", "X", 9),),
        absences=(Absence("ANNA", hour(0), hour(1)),),
        downtimes=(Downtime("M1", hour(0), hour(1)),),
    )
    known = current(plant, state)
    assert known.orders == (changed, PLANT.orders[1], new)
    assert [lot.quantity for lot in known.lots] == [1, 9]
    assert known.absences == state.absences
    assert known.downtimes == state.downtimes
