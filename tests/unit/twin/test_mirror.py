"""The mirror: a fold of events that does not mind order or repetition, and names contradictions."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linewright.events import vocabulary as v
from linewright.plant.build import build
from linewright.plant.generate import SMALL, generate, generate_state
from linewright.plant.plan import Assignment, OperationStatus, Plan, PlantState, Progress, job_order_id
from linewright.plant.records import Downtime, MaterialLot
from linewright.twin import mirror as mirror_module
from linewright.twin.mirror import Mirror, fold
from linewright.twin.trace import trace

PLANT = generate(SMALL, 2)
ORDER = PLANT.orders[0]
ROUTING = {part.id: part for part in PLANT.parts}[ORDER.part].operations
JOB = job_order_id(ORDER.id, ROUTING[0].id)
MACHINE = ROUTING[0].alternatives[0].machine
OTHER = next(machine.id for machine in PLANT.machines if machine.id != MACHINE)
PERSON = PLANT.people[0].id
MATERIAL = PLANT.materials[0].id
AT = generate_state(PLANT).at


def plan(version: int = 1) -> Plan:
    rows = [
        Assignment(
            ORDER.id,
            op.id,
            op.alternatives[0].machine,
            PERSON,
            AT + i * HOUR,
            AT + i * HOUR,
            AT + (i + 1) * HOUR,
        )
        for i, op in enumerate(ROUTING)
    ]
    return Plan(version, tuple(rows), "as loaded")


HOUR = timedelta(hours=1)
STATE = PlantState(at=AT, plan=plan())


def happened(body: v.Body, hours: float = 0.0, position: int = 0, key: str = "") -> v.Event:
    at = AT + hours * HOUR
    made = v.event(body, source="test", time=at, key=key or f"{position}|{hours}|{body}")  # type: ignore[arg-type]
    return msgspec.structs.replace(made, position=position)


def started(hours: float = 0.0, machine: str = MACHINE, position: int = 0, job: str = JOB) -> v.Event:
    at = AT + hours * HOUR
    body = v.JobOrderStarted(job_order=job, machine=machine, operator=PERSON, setup_start=at, run_start=at)
    return happened(body, hours, position)


def completed(hours: float = 1.0, machine: str = MACHINE, position: int = 0, begin: float = 0.0) -> v.Event:
    body = v.JobOrderCompleted(
        job_order=JOB,
        machine=machine,
        operator=PERSON,
        setup_start=AT + begin * HOUR,
        run_start=AT + begin * HOUR,
        end=AT + hours * HOUR,
        good=9,
        scrap=1,
    )
    return happened(body, hours, position)


def machine_state(state: v.EquipmentState, hours: float, end: float | None = None, **more: Any) -> v.Event:
    expected_end = None if end is None else AT + end * HOUR
    body = v.EquipmentStateChanged(machine=MACHINE, state=state, expected_end=expected_end, **more)
    return happened(body, hours, more.pop("position", 0))


def mirror(*events: v.Event, state: PlantState = STATE) -> Mirror:
    found = Mirror(PLANT, state)
    for event in events:
        found.apply(event)
    return found


def names(found: Mirror) -> list[str]:
    return [anomaly.name for anomaly in found.anomalies]


# --- a simulated history, as a stream that arrives somehow ------------------------------------------


def history(random_plan: Any) -> list[v.Event]:
    import numpy as np

    problem = build(PLANT, generate_state(PLANT))
    found = random_plan(problem, np.random.default_rng(1))
    events = trace(problem, found, np.zeros(len(problem.operations), np.int64), 0, 1)
    extra = [
        happened(v.OperationsRequestChanged(order=ORDER.id, priority=7.0), 3),
        happened(v.OperationsRequestCancelled(order=PLANT.orders[-1].id), 5),
        happened(v.PersonnelAvailabilityChanged(person=PERSON, start=AT, end=AT + 8 * HOUR), 1),
        happened(v.MaterialLotReceived(lot="L9", material=PLANT.materials[0].id, quantity=3.0), 2),
        happened(v.Correction(of=events[10].id), 4),
        happened(
            v.JobOrderCompleted(
                job_order="nobody/10", machine=MACHINE, setup_start=AT, run_start=AT, end=AT, good=1
            ),
            6,
        ),
    ]
    ordered = sorted([*events, *extra], key=lambda event: event.time)
    return [msgspec.structs.replace(event, position=i + 1) for i, event in enumerate(ordered)]


@pytest.fixture(scope="module")
def stream(random_plan: Any) -> list[v.Event]:
    return history(random_plan)


def test_a_simulated_history_folds_into_the_finished_plant(stream: list[v.Event]) -> None:
    found = mirror(*stream)
    state = found.state()
    done = [item for item in state.progress if item.status is OperationStatus.DONE]
    completions = [event for event in stream if isinstance(event.body, v.JobOrderCompleted)]
    assert len(done) == len(completions) - 1 - (stream_correction_hits(stream))
    assert state.position == len(stream)
    assert "unknown job order" in names(found)
    assert next(order.priority for order in state.orders if order.id == ORDER.id) == 7.0
    assert state.cancelled == {PLANT.orders[-1].id}
    assert {lot.id for lot in state.lots} == {"L9"}


def stream_correction_hits(stream: list[v.Event]) -> int:
    of = next(event.body.of for event in stream if isinstance(event.body, v.Correction))
    return sum(isinstance(event.body, v.JobOrderCompleted) and event.id == of for event in stream)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_any_order_of_delivery_with_repetitions_gives_the_same_state(
    stream: list[v.Event], seed: int
) -> None:
    rng = random.Random(seed)
    delivered = stream + rng.choices(stream, k=len(stream) // 2)
    if rng.random() < 0.5:
        rng.shuffle(delivered)
    else:  # as a network would: mostly in order
        delivered.sort(key=lambda event: event.position + rng.gauss(0, 20))
    found = Mirror(PLANT, STATE)
    for i, event in enumerate(delivered):
        found.apply(event)
        if i % 37 == 0:  # looking in between changes nothing
            found.state()
    assert found.digest() == mirror(*stream).digest()


def test_applying_says_whether_an_event_was_new(stream: list[v.Event]) -> None:
    found = Mirror(PLANT, STATE)
    assert found.apply(stream[0])
    assert not found.apply(stream[0])


def test_old_events_become_final_without_changing_the_state(
    stream: list[v.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror_module, "KEEP", 30)
    monkeypatch.setattr(mirror_module, "SNAPSHOT_EVERY", 8)
    found = mirror(*stream)
    assert len(found._events) < 60
    assert found.digest() == mirror(*stream).digest()
    assert not any(found.apply(event) for event in stream)


def test_fold_is_the_mirror_in_one_call(stream: list[v.Event]) -> None:
    assert fold(PLANT, STATE, stream) == mirror(*stream).state()


# --- facts -------------------------------------------------------------------------------------------


def test_a_job_is_open_then_started_then_done() -> None:
    found = mirror(started(0.1))
    assert found.state().progress == (
        Progress(
            ORDER.id,
            ROUTING[0].id,
            MACHINE,
            PERSON,
            OperationStatus.STARTED,
            AT + 0.1 * HOUR,
            AT + 0.1 * HOUR,
        ),
    )
    assert found.machines[MACHINE].job_order == JOB
    assert found.machines[MACHINE].family == (ROUTING[0].family or PLANT.machines[0].initial_family)
    found.apply(completed(1.5, begin=0.1))
    (done,) = found.state().progress
    assert (done.status, done.end, done.good, done.scrap) == (OperationStatus.DONE, AT + 1.5 * HOUR, 9, 1)
    status = found.machines[MACHINE]
    assert (status.job_order, status.operator, status.good, status.scrap) == ("", "", 9, 1)


def test_an_aborted_job_is_open_again() -> None:
    found = mirror(started(), happened(v.JobOrderAborted(job_order=JOB), 0.5))
    assert found.state().progress == ()
    assert found.machines[MACHINE].job_order == ""


def test_work_left_runs_down_only_while_the_machine_works() -> None:
    found = mirror(
        started(0, position=1),
        machine_state("running", 0.0),
        happened(v.JobOrderProgressed(job_order=JOB, remaining_s=7200), 0.5),
        machine_state("down", 1.0, end=3.0),
    )
    assert found.state(AT + 2 * HOUR).progress[0].remaining_s == 5400
    found.apply(machine_state("running", 3.0))
    assert found.state(AT + 3.5 * HOUR).progress[0].remaining_s == 3600
    assert found.state(AT + 30 * HOUR).progress[0].remaining_s == 1


def test_a_stopped_machine_is_down_until_its_expected_end_or_longer() -> None:
    found = mirror(machine_state("down", 1.0, end=3.0))
    assert found.state(AT + HOUR).machine_down_until == {MACHINE: AT + 3 * HOUR}
    assert found.state(AT + 5 * HOUR).machine_down_until == {MACHINE: AT + 5.25 * HOUR}
    assert mirror(machine_state("down", 1.0)).state().machine_down_until[MACHINE].year == 9000
    found.apply(machine_state("idle", 2.0))
    assert found.state().machine_down_until == {}


def test_maintenance_ends_as_planned_and_only_when_it_overruns_like_a_repair() -> None:
    found = mirror(machine_state("maintenance", 1.0, end=3.0))
    state = found.state(AT + 2 * HOUR)
    assert state.machine_down_until == {}
    assert state.downtimes == (Downtime(MACHINE, AT + HOUR, AT + 3 * HOUR),)
    problem = build(PLANT, state)
    m, p = problem.machines.index(MACHINE), problem.arrays
    assert p.machine_ready_s[m] == 0  # nothing for the simulator to spread
    calendar = p.pair_calendar[p.machine_class[m], -1]
    assert p.cal_open_s[p.cal_ptr[calendar]] == 3600
    assert found.state(AT + 5 * HOUR).machine_down_until == {MACHINE: AT + 5.25 * HOUR}
    assert found.state(AT + 5 * HOUR).downtimes == ()
    assert mirror(machine_state("maintenance", 1.0)).state().machine_down_until[MACHINE].year == 9000


def test_a_later_plan_is_in_force_and_an_older_one_is_not() -> None:
    def released(version: int) -> v.ScheduleReleased:
        rows = plan().assignments[:2]
        return v.ScheduleReleased(
            plan_version=version,
            scenario=f"s{version}",
            order=[row.order for row in rows],
            operation=[row.operation for row in rows],
            machine=[row.machine for row in rows],
            operator=[row.operator for row in rows],
            setup_start=[row.setup_start for row in rows],
            start=[row.start for row in rows],
            end=[row.end for row in rows],
        )

    found = mirror(happened(released(3), 1))
    assert found.state().plan == Plan(3, plan().assignments[:2], "s3")
    found.apply(happened(released(2), 2))
    assert found.state().plan.version == 3
    assert names(found) == ["superseded plan"]


def test_lots_keep_the_quantity_they_came_with() -> None:
    material = PLANT.materials[0].id
    late = happened(
        v.MaterialLotDelayed(lot="L1", material=material, quantity=50, available=AT + 9 * HOUR), 1
    )
    found = mirror(late)
    assert found.state().lots == (MaterialLot("L1", material, 50, AT + 9 * HOUR),)
    found.apply(happened(v.MaterialLotReceived(lot="L1", material=material, quantity=50), 9))
    found.apply(happened(v.MaterialLotConsumed(lot="L1", material=material, quantity=20, job_order=JOB), 10))
    assert found.state().lots == (MaterialLot("L1", material, 50),)
    found.apply(happened(v.MaterialLotReceived(lot="order:X", material=material, quantity=5), 11))
    assert len(found.state().lots) == 1


def test_a_correction_takes_an_event_back_whenever_it_comes() -> None:
    wrong = machine_state("down", 1.0, end=3.0)
    correction = happened(v.Correction(of=wrong.id), 2.0)
    for order in ((wrong, correction), (correction, wrong)):
        assert mirror(*order).state().machine_down_until == {}


def test_the_state_it_began_with_counts() -> None:
    state = PlantState(
        at=AT,
        plan=plan(),
        progress=(
            Progress(*JOB.rsplit("/", 1), MACHINE, PERSON, OperationStatus.STARTED, AT, remaining_s=3600),
        ),
        machine_down_until={OTHER: AT + HOUR},
        machine_family={OTHER: "F1"},
        cancelled=frozenset({PLANT.orders[1].id}),
        position=7,
    )
    found = Mirror(PLANT, state)
    assert found.state().machine_down_until == state.machine_down_until
    assert found.state(AT + HOUR / 2).progress[0].remaining_s == 1800
    assert found.state().cancelled == state.cancelled
    assert found.machines[MACHINE].job_order == JOB
    assert not found.apply(started(position=7))


# --- contradictions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([completed()], "finish without start"),
        ([started(), started(0.5, OTHER)], "two machines claim a job"),
        ([started(), completed(1.0, OTHER)], "two machines claim a job"),
        ([started(), completed(), completed(2.0)], "second finish"),
        ([started(), completed(), started(2.0)], "start after finish"),
        ([started(), started(1.0, job=job_order_id(ORDER.id, ROUTING[1].id))], "two jobs on a machine"),
        ([started(machine="M?")], "unknown machine"),
        ([started(job="nobody/10")], "unknown job order"),
        ([happened(v.JobOrderProgressed(job_order=JOB, remaining_s=5))], "progress without start"),
        ([happened(v.PersonnelAvailabilityChanged(person="?", start=AT, end=AT + HOUR))], "unknown person"),
        ([happened(v.PersonnelAvailabilityChanged(person=PERSON, start=AT, end=AT))], "impossible period"),
        ([happened(v.MaterialLotReceived(lot="L", material="?", quantity=1))], "unknown material"),
        ([happened(v.OperationsRequestChanged(order="?", quantity=3))], "unknown order"),
        ([happened(v.OperationsRequestChanged(order=ORDER.id, quantity=0))], "impossible order"),
        ([happened(v.OperationsRequestReceived(order="N", part="?", quantity=1, due=AT))], "unknown part"),
        ([happened(v.EquipmentStateChanged(machine="?", state="down"))], "unknown machine"),
    ],
)
def test_a_contradiction_is_named(events: list[v.Event], expected: str) -> None:
    found = mirror(*events)
    assert names(found) == [expected]
    assert found.anomalies[0].event == events[-1].id


def test_what_is_certain_in_a_contradiction_is_taken_in() -> None:
    assert mirror(completed()).state().progress[0].status is OperationStatus.DONE
    first = mirror(started(), started(0.5, OTHER)).state().progress[0]
    assert first.machine == MACHINE


# --- what matters to a schedule ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "touched"),
    [
        (started(0.2), None),
        (started(3.0), ("operation", ORDER.id, ROUTING[0].id)),
        (started(0.2, OTHER), ("operation", ORDER.id, ROUTING[0].id)),
        (completed(1.2), None),
        (completed(4.0), ("operation", ORDER.id, ROUTING[0].id)),
        (happened(v.JobOrderProgressed(job_order=JOB, remaining_s=600), 0.5), None),
        (
            happened(v.JobOrderProgressed(job_order=JOB, remaining_s=9000), 0.5),
            ("operation", ORDER.id, ROUTING[0].id),
        ),
        (happened(v.JobOrderAborted(job_order=JOB)), ("operation", ORDER.id, ROUTING[0].id)),
        (machine_state("running", 1), None),
        (machine_state("down", 1, end=1.2), None),
        (machine_state("down", 1, end=9), ("machine", MACHINE)),
        (machine_state("down", 1), ("machine", MACHINE)),
        (
            happened(v.PersonnelAvailabilityChanged(person=PERSON, start=AT, end=AT + HOUR)),
            ("person", PERSON),
        ),
        (
            happened(
                v.OperationsRequestReceived(
                    order=ORDER.id,
                    part=ORDER.part,
                    quantity=ORDER.quantity,
                    due=ORDER.due,
                    release=ORDER.release,
                    priority=ORDER.priority,
                    customer=ORDER.customer,
                )
            ),
            None,
        ),
        (happened(v.OperationsRequestCancelled(order=ORDER.id)), ("order", ORDER.id)),
        (happened(v.OperatorAcknowledged(operator=PERSON, plan_version=1)), None),
        (happened(v.MaterialLotReceived(lot="order:1", material="x", quantity=1)), None),
        (happened(v.MaterialLotReceived(lot="new", material=MATERIAL, quantity=1)), ("lot", "new")),
        (happened(v.MaterialLotReceived(lot="new", material="x", quantity=1)), None),
        (machine_state("maintenance", 1, end=9), ("machine", MACHINE)),
        (machine_state("idle", 1, previous="setup"), None),
        (machine_state("idle", 1), None),
        (happened(v.PersonnelAvailabilityChanged(person=PERSON, start=AT, end=AT + 0.4 * HOUR)), None),
        (happened(v.PersonnelAvailabilityChanged(person=PERSON, start=AT, end=AT + HOUR), 0.8), None),
        (happened(v.PersonnelAvailabilityChanged(person="x", start=AT, end=AT + HOUR)), None),
        (
            happened(v.EquipmentCapabilityChanged(machine=MACHINE, start=AT, end=AT + HOUR)),
            ("machine", MACHINE),
        ),
        (happened(v.EquipmentCapabilityChanged(machine=MACHINE, start=AT, end=AT + 0.4 * HOUR)), None),
        (happened(v.OperationsRequestChanged(order=ORDER.id, quantity=ORDER.quantity)), None),
        (happened(v.OperationsRequestChanged(order=ORDER.id, due=AT)), ("order", ORDER.id)),
        (happened(v.OperationsRequestCancelled(order="x")), None),
        (happened(v.JobOrderAborted(job_order="x/10")), None),
        (happened(v.OperationsDefinitionReleased(part=ORDER.part, revision="B")), ("part", ORDER.part)),
    ],
)
def test_what_matters_to_a_schedule(event: v.Event, touched: tuple[str, ...] | None) -> None:
    assert mirror().schedule_relevant(event) == (None if touched is None else frozenset({touched}))


def test_a_closed_calendar_stops_the_machines_and_people_that_work_by_it() -> None:
    calendar = next(machine.calendar for machine in PLANT.machines if machine.id == MACHINE)
    closed = happened(
        v.WorkCalendarChanged(calendar=calendar, start=AT + HOUR, end=AT + 9 * HOUR, reason="flood")
    )
    found = mirror()
    machines = {machine.id for machine in PLANT.machines if machine.calendar == calendar}
    people = {person.id for person in PLANT.people if person.calendar == calendar}
    touched = {("machine", one) for one in machines} | {("person", one) for one in people}
    assert found.schedule_relevant(closed) == touched
    found.apply(closed)
    state = found.state()
    assert {item.machine for item in state.downtimes} == machines
    assert {item.person for item in state.absences} == people
    assert {(item.start, item.end, item.reason) for item in (*state.downtimes, *state.absences)} == {
        (AT + HOUR, AT + 9 * HOUR, "flood")
    }
    assert found.schedule_relevant(happened(closed.body, 0.1)) is None  # known already
    assert names(found) == []


def test_a_calendar_nobody_works_by_is_an_anomaly() -> None:
    unknown = happened(v.WorkCalendarChanged(calendar="x", start=AT, end=AT + 9 * HOUR))
    assert mirror().schedule_relevant(unknown) is None
    assert names(mirror(unknown)) == ["unknown calendar"]


def test_a_repair_that_ends_as_expected_changes_nothing() -> None:
    down = machine_state("down", 1, end=4)
    for previous in ("down", None):
        on_time, early = (machine_state("idle", at, previous=previous) for at in (4.1, 2.0))
        assert mirror(down).schedule_relevant(on_time) is None
        assert mirror(down).schedule_relevant(early) == {("machine", MACHINE)}


ABSENT = v.PersonnelAvailabilityChanged(person=PERSON, start=AT, end=AT + 8 * HOUR)
CLOSED = v.EquipmentCapabilityChanged(machine=MACHINE, start=AT + HOUR, end=AT + 8 * HOUR)
LATE = v.MaterialLotDelayed(lot="new", material=MATERIAL, quantity=5, available=AT + 4 * HOUR)


@pytest.mark.parametrize(
    ("before", "again"),
    [
        (machine_state("down", 1, end=9), machine_state("down", 2, end=9)),
        (machine_state("down", 1), machine_state("down", 2)),
        (happened(CLOSED), machine_state("maintenance", 1, end=8)),
        (happened(ABSENT), happened(ABSENT, 0.1)),
        (happened(LATE), happened(LATE, 0.1)),
        (happened(LATE), happened(v.MaterialLotReceived(lot="new", material=MATERIAL, quantity=5), 4.1)),
        (
            happened(v.OperationsRequestCancelled(order=ORDER.id)),
            happened(v.OperationsRequestCancelled(order=ORDER.id), 0.1),
        ),
    ],
)
def test_what_is_known_already_changes_nothing(before: v.Event, again: v.Event) -> None:
    assert mirror().schedule_relevant(before)
    assert mirror(before).schedule_relevant(again) is None


@pytest.mark.parametrize("end", [None, 5.0, 12.0])
def test_a_repair_that_is_to_take_another_time_is_news(end: float | None) -> None:
    down = machine_state("down", 1, end=9)
    assert mirror(down).schedule_relevant(machine_state("down", 2, end=end)) == {("machine", MACHINE)}


def test_freshness_is_the_latest_event() -> None:
    assert mirror(machine_state("idle", 3)).latest == AT + 3 * HOUR
    assert mirror().latest == AT
    assert datetime.now(UTC) > AT
