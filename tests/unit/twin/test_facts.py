"""What single events change in the facts."""

from __future__ import annotations

from datetime import timedelta

from linewright.events import vocabulary as v
from linewright.plant.build import build
from linewright.plant.generate import SMALL, generate, generate_state
from linewright.plant.plan import job_order_id
from linewright.twin.mirror import Mirror

PLANT = generate(SMALL, 2)
STATE = generate_state(PLANT)
AT = STATE.at
LATER = AT + timedelta(hours=4)
ORDER = PLANT.orders[0]


def mirror(*bodies: v.AnyBody) -> Mirror:
    """The mirror after these things happened, a minute apart."""
    found = Mirror(PLANT, STATE)
    for minute, body in enumerate(bodies):
        found.apply(v.event(body, source="test", time=AT + timedelta(minutes=minute), key=f"{minute}"))
    return found


def test_a_cancelled_order_that_is_received_again_is_wanted_again() -> None:
    cancelled = v.OperationsRequestCancelled(order=ORDER.id)
    again = v.OperationsRequestReceived(order=ORDER.id, part=ORDER.part, quantity=5, due=ORDER.due)
    assert mirror(cancelled).state().cancelled == {ORDER.id}
    state = mirror(cancelled, again).state()
    assert state.cancelled == frozenset()
    assert [(order.id, order.quantity) for order in state.orders] == [(ORDER.id, 5)]
    nonsense = v.OperationsRequestReceived(order=ORDER.id, part="nothing", quantity=5, due=ORDER.due)
    assert mirror(cancelled, nonsense).state().cancelled == {ORDER.id}


def test_an_order_cannot_become_another_part_once_it_has_begun() -> None:
    other = next(part.id for part in PLANT.parts if part.id != ORDER.part)
    first = next(part for part in PLANT.parts if part.id == ORDER.part).operations[0]
    started = v.JobOrderStarted(
        job_order=job_order_id(ORDER.id, first.id), machine=first.alternatives[0].machine, setup_start=AT
    )
    changed = v.OperationsRequestReceived(order=ORDER.id, part=other, quantity=5, due=ORDER.due)
    assert [order.part for order in mirror(changed).state().orders] == [other]
    found = mirror(started, changed)
    assert found.state().orders == ()
    (anomaly,) = found.anomalies
    assert anomaly.name == "another part"
    assert f"for {other} although {ORDER.part} has been begun" in anomaly.text


def test_a_job_worked_by_somebody_unknown_goes_on_without_a_name_and_can_be_planned() -> None:
    first = next(part for part in PLANT.parts if part.id == ORDER.part).operations[0]
    job, machine = job_order_id(ORDER.id, first.id), first.alternatives[0].machine
    begun = v.JobOrderStarted(job_order=job, machine=machine, operator="GHOST", setup_start=AT)
    found = mirror(begun)
    assert [(item.name, item.subject) for item in found.anomalies] == [("unknown person", "GHOST")]
    assert found.state().progress[0].operator == ""
    problem = build(PLANT, found.state())
    assert len(problem.started_s) == 1
    done = v.JobOrderCompleted(
        job_order=job, machine=machine, operator="GHOST", setup_start=AT, run_start=AT, end=AT, good=1
    )
    assert mirror(begun, done).state().progress[0].operator == ""


def test_work_left_without_end_is_no_reason_to_break() -> None:
    first = next(part for part in PLANT.parts if part.id == ORDER.part).operations[0]
    job = job_order_id(ORDER.id, first.id)
    begun = v.JobOrderStarted(job_order=job, machine=first.alternatives[0].machine, setup_start=AT)
    endless = v.JobOrderProgressed(job_order=job, remaining_s=10**12)
    found = mirror(begun)
    told = v.event(endless, source="test", time=LATER, key="endless")
    assert found.schedule_relevant(told) == {("operation", ORDER.id, first.id)}
    found.apply(told)
    left_out = {(item.order, item.operation) for item in build(PLANT, found.state()).unplannable}
    assert (ORDER.id, first.id) in left_out


def test_a_lot_stays_what_it_is_made_of() -> None:
    lot = PLANT.lots[0]
    other = next(material.id for material in PLANT.materials if material.id != lot.material)
    found = mirror(v.MaterialLotReceived(lot=lot.id, material=other, quantity=5.0))
    assert found.state().lots == ()
    assert [item.name for item in found.anomalies] == ["another material"]


def test_an_expected_lot_holds_what_came_and_later_reports_do_not_use_it_up() -> None:
    material = PLANT.materials[0].id
    announced = v.MaterialLotDelayed(lot="L9", material=material, quantity=80.0, available=LATER)

    def quantity(*received: float) -> float:
        came = [v.MaterialLotReceived(lot="L9", material=material, quantity=q) for q in received]
        (lot,) = mirror(announced, *came).state().lots
        assert lot.available == (None if received else LATER)
        return lot.quantity

    assert quantity() == 80
    assert quantity(60) == 60
    assert quantity(60, 20) == 60
