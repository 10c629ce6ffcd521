"""What single events change in the facts."""

from __future__ import annotations

from datetime import timedelta

from linewright.events import vocabulary as v
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
