"""The live loop over a real store: disruption, proposal, approval, dispatch, outcome, restart."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from linewright.connect.door import Receipt
from linewright.decide.model import ControlsRecord
from linewright.errors import NotFound, PlantError, Stale, StoreError
from linewright.events.outbox import State
from linewright.events.store import EventStore
from linewright.events.vocabulary import (
    EquipmentStateChanged,
    Event,
    JobOrderProgressed,
    JobOrderStarted,
    MaterialLotReceived,
    MaterialStagingRequested,
    OperationsRequestCancelled,
    OperationsRequestReceived,
    OutcomeRecorded,
    PersonnelAvailabilityChanged,
    WorkCalendarChanged,
    event,
)
from linewright.plant.plan import job_order_id

from .conftest import Shop
from .running import Running


@pytest.fixture
def running(shop: Shop, tmp_path: Path) -> Iterator[Running]:
    with EventStore.open(tmp_path / "events.sqlite") as store:
        room = Running(shop, store)
        yield room
        room.loop.stop()


def test_a_breakdown_becomes_alternatives_an_approval_and_written_jobs(running: Running) -> None:
    proposal = running.break_machine()
    assert [s.id for s in proposal.scenarios[:2]] == ["keep", "push-right"]
    chosen = running.loop.scenario(proposal.id, "s01")
    version, jobs = running.loop.approve(proposal.id, "s01", by="pat")
    assert version == running.shop.state.plan.version + 1
    assert jobs == len(chosen.difference.jobs) > 0
    assert running.store.command_counts(version) == {State.PENDING: jobs}
    running.deliver()
    assert running.store.command_counts(version) == {State.DONE: jobs}
    assert set(running.door.effects) == set(chosen.difference.jobs)
    assert all(len(effects) == 1 for effects in running.door.effects.values())
    running.wait(lambda: len(running.loop.ledger.dispatches[version].acknowledged) == jobs)
    assert {n.operator for n in running.loop.ledger.notices.values()} == {n.operator for n in chosen.notices}
    in_force = {a.key: a for a in running.loop.mirror.state(running.clock()).plan.assignments}
    for row in chosen.operations:
        assert in_force[row.order, row.operation].machine == row.machine


def test_a_shutdown_asks_for_alternatives(running: Running) -> None:
    calendar = running.shop.plant.machines[0].calendar
    end = running.clock.at + timedelta(hours=9)
    running.happen(WorkCalendarChanged(calendar=calendar, start=running.clock.at, end=end, reason="flood"))
    proposal = running.wait(running.open_proposal)
    assert proposal.title.startswith(f"Calendar {calendar} is closed")
    assert "flood" in proposal.title


def test_a_short_stop_is_absorbed(running: Running) -> None:
    running.happen(
        EquipmentStateChanged(
            machine=running.shop.machine, state="down", expected_end=running.clock.at + timedelta(minutes=5)
        )
    )
    assert not running.loop.agenda.disruptions
    assert not running.loop.agenda.proposals


def test_a_stale_proposal_is_refused_naming_the_newer_event(running: Running) -> None:
    proposal = running.break_machine()
    other = next(m.id for m in running.shop.plant.machines if m.id != running.shop.machine)
    happened = running.happen(
        EquipmentStateChanged(machine=other, state="down", expected_end=running.clock.at + timedelta(hours=4))
    )
    with pytest.raises(Stale):
        running.loop.approve(proposal.id, "s01", by="pat")
    assert not list(running.store.read(types=["schedule.approved"]))
    newer = running.wait(lambda: (p := running.open_proposal()) and p.id != proposal.id and p)
    assert newer.watermark >= happened.position


def test_what_makes_a_proposal_stale_is_known_without_reading_the_log(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = running.break_machine()
    assert running.loop.proposal(proposal.id).stale == ""
    monkeypatch.setattr(running.loop, "_take_up", lambda: None)  # it would be superseded at once
    absence = timedelta(hours=3)
    person = running.shop.plant.people[0].id
    happened = running.happen(
        PersonnelAvailabilityChanged(person=person, start=running.clock.at, end=running.clock.at + absence)
    )
    read, here = running.store.read, threading.current_thread()

    def not_from_here(*args: Any, **kwargs: Any) -> Iterator[Event]:
        assert threading.current_thread() is not here
        return read(*args, **kwargs)

    monkeypatch.setattr(running.store, "read", not_from_here)
    stale = running.loop.proposal(proposal.id).stale
    assert f"event {happened.position}" in stale
    assert f"{person} is away" in stale
    with pytest.raises(Stale, match=rf"{person} is away"):
        running.loop.approve(proposal.id, "s01", by="pat")


def test_what_stales_asks_for_alternatives_and_what_does_not_leaves_them(running: Running) -> None:
    first = running.break_machine()
    now = running.clock.at
    person = running.shop.plant.people[0].id
    short = timedelta(minutes=running.shop.plant.planning.moved_tolerance_min)
    order = running.shop.plant.orders[0]
    known = OperationsRequestReceived(
        order=order.id,
        part=order.part,
        quantity=order.quantity,
        due=order.due,
        release=order.release,
        priority=order.priority,
        customer=order.customer,
    )
    running.happen(PersonnelAvailabilityChanged(person=person, start=now, end=now + short))
    running.happen(known)
    running.happen(JobOrderProgressed(job_order=job_order_id(order.id, "none"), remaining_s=10**6))
    assert running.loop.proposal(first.id).status == "open"
    assert running.loop.proposal(first.id).stale == ""
    assert len(running.loop.agenda.disruptions) == 1
    back = EquipmentStateChanged(machine=running.shop.machine, state="idle", previous="down")
    running.happen(back, minutes=60)
    second = running.wait(lambda: (p := running.open_proposal()) and p.id != first.id and p)
    assert second.title == f"{running.shop.machine} works again, earlier than expected"
    assert running.loop.proposal(first.id).status == "superseded"
    broken, _ = running.loop.agenda.disruptions.values()
    assert running.loop.over(broken)


def test_what_the_plant_reports_while_a_plan_is_approved_is_looked_at(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = running.break_machine()
    rows = [o for o in running.loop.scenario(proposal.id, "s01").operations if o.state == "free"]
    other = next(m.id for m in running.shop.plant.machines if m.id != rows[1].machine)
    append = running.store.append
    meanwhile = [
        JobOrderStarted(
            job_order=job_order_id(row.order, row.operation),
            machine=machine,
            operator=row.operator,
            setup_start=running.clock.at,
        )
        for row, machine in ((rows[1], other), (rows[0], rows[0].machine))
    ]
    attempts = []

    def overtaken(events: Any, **kwargs: Any) -> Any:
        if kwargs.get("expect_position") is not None:
            attempts.append(len(meanwhile))
            append([event(meanwhile.pop(), source="opcua:test", time=running.clock.at)])
        return append(events, **kwargs)

    monkeypatch.setattr(running.store, "append", overtaken)
    with pytest.raises(Stale, match=rf"{rows[1].order}/{rows[1].operation} has begun on {other}"):
        running.loop.approve(proposal.id, "s01", by="pat")
    assert attempts == [2, 1]  # the first that came was where the scenario has it
    assert not list(running.store.read(types=["schedule.approved"]))


def test_work_that_goes_as_planned_does_not_make_a_proposal_stale(running: Running) -> None:
    proposal = running.break_machine()
    chosen = running.loop.scenario(proposal.id, "s01")
    row = next(o for o in chosen.operations if o.state == "frozen")
    running.happen(
        JobOrderStarted(
            job_order=job_order_id(row.order, row.operation),
            machine=row.machine,
            operator=row.operator,
            setup_start=running.clock.at,
        )
    )
    version, _ = running.loop.approve(proposal.id, "s01", by="pat")
    assert version > running.shop.state.plan.version


def test_work_that_began_elsewhere_makes_it_stale_with_the_job_named(running: Running) -> None:
    proposal = running.break_machine()
    chosen = running.loop.scenario(proposal.id, "s01")
    row = next(o for o in chosen.operations if o.state == "free")
    other = next(m.id for m in running.shop.plant.machines if m.id != row.machine)
    job = job_order_id(row.order, row.operation)
    running.happen(
        JobOrderStarted(job_order=job, machine=other, operator=row.operator, setup_start=running.clock.at)
    )
    with pytest.raises(Stale, match=rf"{job} has begun on {other}"):
        running.loop.approve(proposal.id, "s01", by="pat")


def test_a_proposal_is_approved_once(running: Running) -> None:
    proposal = running.break_machine()
    running.loop.approve(proposal.id, "s01", by="pat")
    with pytest.raises(Stale):
        running.loop.approve(proposal.id, "s02", by="sam")
    assert len(list(running.store.read(types=["schedule.approved"]))) == 1


def test_a_lost_answer_is_read_back_and_nothing_is_written_twice(running: Running) -> None:
    proposal = running.break_machine()
    version, jobs = running.loop.approve(proposal.id, "s01", by="pat")
    running.door.lose_answers = 3
    running.deliver()
    running.wait(lambda: (running.deliver(), running.store.command_counts(version))[1] == {State.DONE: jobs})
    assert all(len(effects) == 1 for effects in running.door.effects.values())


def test_the_jobs_the_plant_holds_as_planned_are_known(running: Running) -> None:
    proposal = running.break_machine()
    version, jobs = running.loop.approve(proposal.id, "s01", by="pat")
    changed = running.loop.scenario(proposal.id, "s01").difference.jobs
    assert running.loop.ledger.dispatched() == set()
    refusal, done = Receipt("refused", "it has begun"), Receipt("done")
    running.door.answer = lambda job: refusal if job == changed[0] else done
    running.deliver()
    running.wait(lambda: len(running.loop.ledger.dispatched()) == jobs - 1)
    assert running.loop.ledger.dispatched() == set(changed) - {changed[0]}
    newer = running.next_proposal()
    running.loop.approve(newer.id, "s01", by="pat")
    again = running.loop.scenario(newer.id, "s01").difference.jobs
    assert set(again) & set(changed)
    assert running.loop.ledger.dispatched() == set(changed) - {changed[0]} - set(again)
    row = next(o for o in running.loop.scenario(proposal.id, "s01").operations if o.state == "free")
    running.complete(row, version)
    assert job_order_id(row.order, row.operation) not in running.loop.ledger.dispatched()


def test_a_refused_write_is_recorded_with_the_reason_and_not_repeated(running: Running) -> None:
    proposal = running.break_machine()
    version, _ = running.loop.approve(proposal.id, "s01", by="pat")
    refused = running.loop.scenario(proposal.id, "s01").difference.jobs[0]
    refusal, done = Receipt("refused", "it has begun"), Receipt("done")
    running.door.answer = lambda job: refusal if job == refused else done
    running.deliver()
    assert running.store.command_counts(version)[State.FAILED] == 1
    running.wait(lambda: running.loop.ledger.dispatches[version].failed == {refused: "it has begun"})


def test_the_planners_controls_enter_a_regeneration_with_its_lineage(running: Running) -> None:
    proposal = running.break_machine()
    other = next(m.id for m in running.shop.plant.machines if m.id != running.shop.machine)
    new = running.loop.regenerate(proposal.id, ControlsRecord(forbid_machines=[other]))
    child = running.wait(lambda: (p := running.open_proposal()) and p.id == new and p)
    assert child.parent == proposal.id
    assert child.controls.forbid_machines == [other]
    for scenario in child.scenarios[2:]:
        whole = running.loop.scenario(child.id, scenario.id)
        assert all(row.machine != other for row in whole.operations if row.state == "free")
    assert running.loop.proposal(proposal.id).status == "superseded"


def test_unknown_things_are_named(running: Running) -> None:
    with pytest.raises(NotFound, match="'nonsense'"):
        running.loop.proposal("nonsense")
    with pytest.raises(NotFound, match="M99"):
        running.loop.declare({"kind": "machine_down", "machine": "M99", "until": "2099-01-01T00:00:00+00:00"})
    with pytest.raises(PlantError):
        running.loop.declare({"kind": "earthquake"})
    until = (running.clock.at + timedelta(minutes=10)).isoformat()
    with pytest.raises(PlantError, match="every plan absorbs"):
        running.loop.declare({"kind": "machine_down", "machine": running.shop.machine, "until": until})
    assert running.store.last_position() == 0


def test_a_declared_disruption_is_one_like_any_other(running: Running) -> None:
    until = running.clock.at + timedelta(hours=8)
    running.loop.declare(
        {"kind": "machine_down", "machine": running.shop.machine, "until": until.isoformat()}
    )
    proposal = running.wait(running.open_proposal)
    assert running.shop.machine in proposal.title


def test_a_restart_folds_the_log_and_takes_up_what_was_open(shop: Shop, tmp_path: Path) -> None:
    with EventStore.open(tmp_path / "events.sqlite") as store:
        first = Running(shop, store)
        proposal = first.break_machine()
        version, jobs = first.loop.approve(proposal.id, "s01", by="pat")
        first.wait(lambda: first.loop.position == store.last_position())
        first.loop.stop()
        before = first.loop.mirror.digest()
    with EventStore.open(tmp_path / "events.sqlite") as store:
        second = Running(shop, store)
        assert second.loop.mirror.digest() == before
        assert second.loop.ledger.dispatches[version].scenario == "s01"
        assert second.loop.ledger.dispatches[version].predicted
        assert not second.loop.agenda.proposals  # answered: nothing to take up
        second.deliver()
        assert len(second.door.effects) == jobs
        second.loop.stop()


def test_a_disruption_left_unanswered_gets_alternatives_after_a_restart(shop: Shop, tmp_path: Path) -> None:
    with EventStore.open(tmp_path / "events.sqlite") as store:
        first = Running(shop, store)
        first.break_machine()
        first.loop.stop()
    with EventStore.open(tmp_path / "events.sqlite") as store:
        second = Running(shop, store)
        assert second.wait(second.open_proposal).scenarios
        assert len(second.loop.agenda.disruptions) == 1
        second.loop.stop()


@pytest.mark.parametrize("back", [False, True])
def test_a_disruption_that_is_over_is_not_taken_up_after_a_restart(
    shop: Shop, tmp_path: Path, back: bool
) -> None:
    with EventStore.open(tmp_path / "events.sqlite") as store:
        first = Running(shop, store)
        first.break_machine()
        news = first.loop.agenda.news
        first.loop.stop()
        if back:
            works = EquipmentStateChanged(machine=shop.machine, state="idle", previous="down")
            store.append([event(works, source="opcua:test", time=shop.state.at + timedelta(hours=6))])
    with EventStore.open(tmp_path / "events.sqlite") as store:
        second = Running(shop, store, after=timedelta(hours=7))
        (broken,) = second.loop.agenda.disruptions.values()
        assert second.loop.agenda.news == news
        assert second.loop.over(broken) == back
        assert bool(second.loop.agenda.proposals) != back  # a repair that takes longer is not over
        second.loop.stop()


def test_the_outcome_holds_the_plan_against_what_happened(running: Running) -> None:
    proposal = running.break_machine()
    version, _ = running.loop.approve(proposal.id, "s01", by="pat")
    chosen = running.loop.scenario(proposal.id, "s01")
    rows = sorted(chosen.operations, key=lambda row: row.end)
    for row in rows:
        running.complete(row, version, late=timedelta(minutes=10))
    running.wait(lambda: running.loop.releases.plans[version].final)
    recorded = [e.body for e in running.store.read(types=["outcome.recorded"])]
    last = recorded[-1]
    assert isinstance(last, OutcomeRecorded)
    assert last.final
    assert last.operations_done == last.operations_total == len(rows)
    assert last.actual["mean_delay_s"] == pytest.approx(600, abs=1)
    assert last.predicted["mean_end_s"] + 600 == pytest.approx(last.actual["mean_end_s"], abs=1)


def test_writes_a_next_plan_withdraws_are_written_again_with_it(running: Running) -> None:
    proposal = running.declare_rush()
    first = running.loop.scenario(proposal.id, "s01")
    running.loop.approve(proposal.id, "s01", by="pat")  # nothing is delivered
    proposal = running.next_proposal()
    second = running.loop.scenario(proposal.id, "keep")
    version, _ = running.loop.approve(proposal.id, "keep", by="pat")
    running.deliver()
    assert set(running.door.effects) == set(first.difference.jobs) | set(second.difference.jobs)
    placed = {job_order_id(row.order, row.operation): row for row in second.operations}
    for job, (write,) in running.door.effects.items():
        assert (write["machine"], write["plan_version"]) == (placed[job].machine, version)
    kinds = {c.subject: c.kind for c in running.store.commands(plan_version=version)}
    assert {kind for job, kind in kinds.items() if job.startswith("RUSH/")} == {"job_order.store_and_start"}
    assert running.store.command_counts(version) == {State.DONE: len(kinds)}


def test_a_new_job_whose_answer_was_lost_is_updated_by_the_next_plan(running: Running) -> None:
    proposal = running.declare_rush()
    _, jobs = running.loop.approve(proposal.id, "s01", by="pat")
    running.door.lose_answers = jobs
    asyncio.run(running.dispatcher.once())
    rush = [job for job in running.door.effects if job.startswith("RUSH/")]
    assert rush
    proposal = running.next_proposal()
    version, _ = running.loop.approve(proposal.id, "keep", by="pat")
    running.deliver()
    assert State.FAILED not in running.store.command_counts(version)
    assert all(running.door.effects[job][-1]["plan_version"] == version for job in rush)


def test_a_job_that_only_gets_another_lot_is_staged_and_written_again_once(running: Running) -> None:
    material = running.shop.plant.lots[0].material
    running.happen(MaterialLotReceived(lot="0-NEW", material=material, quantity=10**6))  # used before others
    proposal = running.wait(running.open_proposal)
    keep = running.loop.scenario(proposal.id, "keep")
    other = {move.job_order for move in keep.staging if move.change == "other lot"}
    assert other
    assert other.isdisjoint(keep.difference.jobs)
    assert {move.lot for move in keep.staging if move.job_order in other} == {"0-NEW"}
    version, jobs = running.loop.approve(proposal.id, "keep", by="pat")
    assert {c.subject for c in running.store.commands(plan_version=version)} == other | set(
        keep.difference.jobs
    )
    running.deliver()
    assert all(running.door.effects[job][-1]["lots"][0]["lot"] == "0-NEW" for job in other)
    requested = [e.body for e in running.store.read(types=["material_staging.requested"])]
    assert other <= {body.job_order for body in requested if isinstance(body, MaterialStagingRequested)}
    assert {lot for job in other for lot in running.loop.ledger.staging[job]} == {"0-NEW"}
    proposal = running.next_proposal()
    assert all(move.change == "same" for move in running.loop.scenario(proposal.id, "keep").staging)
    _, jobs = running.loop.approve(proposal.id, "keep", by="pat")
    assert jobs == 0


def test_a_cancelled_order_is_withdrawn_from_the_plant_once(running: Running) -> None:
    begun = {item.order for item in running.shop.state.progress}
    plan = running.shop.state.plan
    order = next(a.order for a in plan.assignments if a.order not in begun)
    jobs = {job_order_id(*a.key) for a in plan.assignments if a.order == order}
    running.happen(OperationsRequestCancelled(order=order, reason="not wanted"))
    proposal = running.wait(running.open_proposal)
    version, _ = running.loop.approve(proposal.id, "keep", by="pat")

    def cancels() -> set[str]:
        commands = running.store.commands(plan_version=version)
        return {c.subject for c in commands if c.kind == "job_order.cancel"}

    assert cancels() == jobs
    version, _ = running.loop.approve(running.next_proposal().id, "keep", by="pat")
    assert cancels() == jobs  # the first ones had not reached the plant
    running.deliver()
    version, _ = running.loop.approve(running.next_proposal().id, "keep", by="pat")
    assert cancels() == set()


def test_an_outcome_is_recorded_now_and_then_however_many_operations_end_at_once(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linewright.decide.outcome.RECORD_EVERY", 4)
    proposal = running.break_machine()
    version, _ = running.loop.approve(proposal.id, "s01", by="pat")
    rows = sorted(running.loop.scenario(proposal.id, "s01").operations, key=lambda row: row.end)[:10]
    running.clock.at = rows[-1].end
    running.store.append([running.completed(row, version) for row in rows])
    running.wait(lambda: running.loop.position == running.store.last_position() >= len(rows) + 2)
    recorded = [e.body for e in running.store.read(types=["outcome.recorded"])]
    assert [body.operations_done for body in recorded if isinstance(body, OutcomeRecorded)] == [4, 8]


def test_the_last_outcome_of_a_plan_is_recorded_when_a_newer_takes_over(shop: Shop, tmp_path: Path) -> None:
    with EventStore.open(tmp_path / "events.sqlite") as store:
        first = Running(shop, store)
        proposal = first.break_machine()
        version, _ = first.loop.approve(proposal.id, "s01", by="pat")
        rows = sorted(first.loop.scenario(proposal.id, "s01").operations, key=lambda row: row.end)
        first.complete(rows[0], version)
        first.complete(rows[1], version)
        newer, _ = first.loop.approve(first.next_proposal().id, "keep", by="pat")
        first.wait(lambda: first.loop.releases.plans[version].final)
        first.complete(rows[2], newer)  # no business of the first plan any more
        first.loop.stop()
        (recorded,) = (event.body for event in store.read(types=["outcome.recorded"]))
    assert isinstance(recorded, OutcomeRecorded)
    assert (recorded.plan_version, recorded.operations_done, recorded.final) == (version, 2, True)
    assert recorded.operations_total == len(rows)
    with EventStore.open(tmp_path / "events.sqlite") as store:
        second = Running(shop, store)
        outcome, so_far = second.loop.outcome(version), second.loop.outcome(newer)
        second.loop.stop()
    assert outcome is not None
    assert so_far is not None
    assert (outcome.actual, outcome.operations_done) == (recorded.actual, 2)
    assert so_far.operations_done == 1


def test_a_rejected_disruption_is_not_taken_up_again(shop: Shop, tmp_path: Path) -> None:
    with EventStore.open(tmp_path / "events.sqlite") as store:
        first = Running(shop, store)
        first.loop.reject(first.break_machine().id, by="pat")
        first.loop.stop()
    with EventStore.open(tmp_path / "events.sqlite") as store:
        second = Running(shop, store)
        assert not second.loop.agenda.proposals
        second.loop.stop()


def test_a_log_that_cannot_be_read_for_a_moment_is_followed_on(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failed = running.store.read, threading.Event()

    def fails_once(*args: Any, **kwargs: Any) -> Iterator[Event]:
        if not failed.is_set():
            failed.set()
            raise StoreError("the disk is away")
        return read(*args, **kwargs)

    monkeypatch.setattr("linewright.decide.loop.FOLLOW_AGAIN_S", 0.01)
    monkeypatch.setattr(running.store, "read", fails_once)
    assert failed.wait(5)
    assert running.break_machine()


def test_writes_wait_for_a_store_that_cannot_be_used(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    proposal = running.break_machine()
    _, jobs = running.loop.approve(proposal.id, proposal.scenarios[2].id, by="ada")
    claim, refused = running.store.claim, []

    def gone_for_a_while(*args: Any, **options: Any) -> Any:
        if len(refused) < 2:
            refused.append(args)
            raise StoreError("event store postgresql://…: connection refused.")
        return claim(*args, **options)

    monkeypatch.setattr("linewright.decide.dispatch.STORE_AGAIN_S", 0.01)
    monkeypatch.setattr(running.store, "claim", gone_for_a_while)

    async def deliver() -> None:
        task = asyncio.create_task(running.dispatcher.run())
        while len(running.door.effects) < jobs:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(deliver(), 60))
    said = [record for record in caplog.records if record.name == "linewright.decide.dispatch"]
    assert [record.exc_info for record in said] == [None, None]
    assert all("have to wait: event store" in record.getMessage() for record in said)


def test_asking_again_while_alternatives_are_made_leaves_one_proposal(running: Running) -> None:
    until = running.clock.at + timedelta(hours=8)
    running.loop.declare(
        {"kind": "machine_down", "machine": running.shop.machine, "until": until.isoformat()}
    )
    first = running.wait(lambda: next(iter(running.loop.agenda.proposals), None))
    second = running.loop.regenerate(first, ControlsRecord())
    running.wait(lambda: running.loop.agenda.proposals[second].status == "open")
    assert running.loop.agenda.proposals[first].status == "superseded"
