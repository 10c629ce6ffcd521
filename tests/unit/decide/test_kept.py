"""What stays in memory is bounded, and is what a planner can still use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from linewright.decide import kept
from linewright.decide.agenda import Agenda, Disruption
from linewright.decide.ledger import Ledger
from linewright.events.vocabulary import (
    AnyBody,
    DisruptionDetected,
    Event,
    JobOrderCompleted,
    MaterialStagingRequested,
    OperationsRequestCancelled,
    OperatorAcknowledged,
    OperatorNotified,
    ScheduleApproved,
    WorkInstructionPublished,
    event,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def happened(body: AnyBody) -> Event:
    return event(body, source="test", time=NOON)


def told(job: str, version: int, lot: str = "L1") -> tuple[Event, Event]:
    instruction = WorkInstructionPublished(
        job_order=job, machine="M1", operator="W1", text="Run.", plan_version=version
    )
    staging = MaterialStagingRequested(
        job_order=job,
        material="steel",
        lot=lot,
        quantity=2.0,
        from_location="A",
        to_machine="M1",
        needed_by=NOON + timedelta(hours=1),
        plan_version=version,
    )
    return happened(instruction), happened(staging)


def done(job: str) -> Event:
    return happened(
        JobOrderCompleted(job_order=job, machine="M1", setup_start=NOON, run_start=NOON, end=NOON, good=1)
    )


def ledger(*events: Event) -> Ledger:
    found = Ledger()
    for item in events:
        found.apply(item)
    return found


def test_what_is_told_of_a_job_is_forgotten_when_it_is_done_or_no_longer_wanted() -> None:
    events = [*told("A/10", 2), *told("A/20", 2), *told("A/B/10", 2), *told("C/10", 2)]
    assert set(ledger(*events).staging) == {"A/10", "A/20", "A/B/10", "C/10"}
    opening = Ledger({"A/10": {"L0": 1.0}, "A/30": {"L0": 1.0}, "C/20": {"L0": 1.0}})
    for item in (*events, done("C/20"), happened(OperationsRequestCancelled(order="A"))):
        opening.apply(item)
    assert opening.reserved() == {"A/B/10": {"L1": 2.0}, "C/10": {"L1": 2.0}}
    left = ledger(*events, done("C/10"), happened(OperationsRequestCancelled(order="A")))
    assert set(left.instructions) == set(left.staging) == {"A/B/10"}


def test_a_newer_plans_staging_of_a_job_replaces_the_older() -> None:
    found = ledger(*told("A/10", 2, "L1"), *told("A/10", 2, "L2"), *told("A/10", 3, "L3"))
    assert set(found.staging["A/10"]) == {"L3"}


def test_each_person_has_one_notice_the_newest() -> None:
    def notice(version: int) -> Event:
        return happened(OperatorNotified(operator="W1", text=f"plan {version}", plan_version=version))

    read = happened(OperatorAcknowledged(operator="W1", plan_version=2))
    (only,) = ledger(notice(2), read).notices.values()
    assert only.acknowledged
    (only,) = ledger(notice(2), read, notice(3), read).notices.values()
    assert (only.text, only.acknowledged) == ("plan 3", False)


def test_a_hundred_plans_and_disruptions_leave_the_newest() -> None:
    found, agenda = Ledger(), Agenda()
    for i in range(100):
        approved = ScheduleApproved(proposal=f"P{i}", scenario="s01", plan_version=i, by="pat")
        found.apply(happened(approved))
        detected = DisruptionDetected(disruption=f"D{i}", kind="other", subject="M1", text="it happened")
        agenda.apply(happened(detected), detected)
        last = agenda.propose(agenda.disruptions[f"D{i}"], NOON)
    assert list(found.dispatches) == list(range(100 - kept.PLANS, 100))
    assert list(agenda.disruptions) == [f"D{i}" for i in range(100 - kept.DISRUPTIONS, 100)]
    assert len(agenda.proposals) == kept.PROPOSALS
    assert list(agenda.proposals.values())[-1] is last
    waiting = agenda.waiting({}, NOON)
    assert isinstance(waiting, Disruption)
    assert waiting.id == "D99"
