"""What people on the floor have been told and asked, folded from the log: instructions, notices, staging,
and how far the writes of each plan version have come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from linewright.decide import kept
from linewright.decide.approve import CANCEL
from linewright.decide.describe import Reserved
from linewright.events.vocabulary import (
    DispatchAcknowledged,
    DispatchFailed,
    Event,
    JobOrderAborted,
    JobOrderCompleted,
    MaterialStagingConfirmed,
    MaterialStagingRequested,
    OperationsRequestCancelled,
    OperatorAcknowledged,
    OperatorNotified,
    ScheduleApproved,
    ScheduleReleased,
    WorkInstructionPublished,
)
from linewright.plant.plan import split_job_order


@dataclass
class NoticeEntry:
    operator: str
    text: str
    at: datetime
    plan_version: int
    acknowledged: bool = False


@dataclass
class StagingEntry:
    request: MaterialStagingRequested
    status: Literal["requested", "confirmed"] = "requested"


@dataclass
class Dispatch:
    """The writes of one plan version, as the plant has answered them."""

    plan_version: int
    scenario: str
    proposal: str
    by: str
    at: datetime
    predicted: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    acknowledged: dict[str, datetime] = field(default_factory=dict)  # job order -> when
    failed: dict[str, str] = field(default_factory=dict)  # job order -> why


class Ledger:
    """A fold: the same log gives the same ledger.

    Args:
        reserved: what the floor brings to each job order at the beginning.
    """

    def __init__(self, reserved: Reserved | None = None) -> None:
        self._reserved = dict(reserved or {})
        self.instructions: dict[str, WorkInstructionPublished] = {}  # job order -> the newest
        self.notices: dict[str, NoticeEntry] = {}  # person -> the newest
        self.staging: dict[str, dict[str, StagingEntry]] = {}  # job order -> lot -> as asked for last
        self.dispatches: dict[int, Dispatch] = {}  # by plan version
        self.taken: dict[str, int] = {}  # job order -> the newest plan version that the plant took it in

    def reserved(self) -> Reserved:
        """The lots of each job order, as the floor was told of them last."""
        staged = {
            job: {lot: round(entry.request.quantity, 6) for lot, entry in lots.items()}
            for job, lots in self.staging.items()
        }
        return self._reserved | staged

    def dispatched(self) -> frozenset[str]:
        """The job orders that the plant holds as they were last changed."""
        return frozenset(
            job
            for job, version in self.taken.items()
            if job not in self.instructions or self.instructions[job].plan_version <= version
        )

    def apply(self, event: Event) -> None:
        match event.body:
            case WorkInstructionPublished() as body:
                self.instructions[body.job_order] = body
            case OperatorNotified(operator=operator, text=text, plan_version=version):
                self.notices.pop(operator, None)
                self.notices[operator] = NoticeEntry(operator, text, event.time, version)
            case OperatorAcknowledged(operator=operator, plan_version=version):
                if operator in self.notices and self.notices[operator].plan_version <= version:
                    self.notices[operator].acknowledged = True
            case MaterialStagingRequested() as body:
                before = self.staging.get(body.job_order, {})
                self.staging[body.job_order] = {
                    lot: entry
                    for lot, entry in before.items()
                    if entry.request.plan_version >= body.plan_version
                } | {body.lot: StagingEntry(body)}
            case MaterialStagingConfirmed(job_order=job, lot=lot):
                if lot in self.staging.get(job, {}):
                    self.staging[job][lot].status = "confirmed"
            case JobOrderCompleted(job_order=job):
                self._forget(lambda known: known == job)
            case JobOrderAborted(job_order=job):
                self.taken.pop(job, None)
            case OperationsRequestCancelled(order=order):
                self._forget(lambda known: split_job_order(known)[0] == order)
            case ScheduleApproved() as body:
                self.dispatches[body.plan_version] = Dispatch(
                    body.plan_version, body.scenario, body.proposal, body.by, event.time
                )
                kept.trim(self.dispatches, kept.PLANS)
            case ScheduleReleased(plan_version=version, predicted=predicted):
                if version in self.dispatches:
                    self.dispatches[version].predicted = predicted
            case DispatchAcknowledged(command=command, job_order=job, plan_version=version):
                if command == CANCEL:
                    self.taken.pop(job, None)
                else:
                    self.taken[job] = max(version, self.taken.get(job, 0))
                if version in self.dispatches:
                    self.dispatches[version].acknowledged[job] = event.time
                    self.dispatches[version].failed.pop(job, None)
            case DispatchFailed(job_order=job, plan_version=version, reason=reason):
                if version in self.dispatches:
                    self.dispatches[version].failed[job] = reason

    def _forget(self, which: Callable[[str], bool]) -> None:
        held: tuple[dict[str, Any], ...] = (self.instructions, self.staging, self.taken, self._reserved)
        for by_job in held:
            for job in [job for job in by_job if which(job)]:
                del by_job[job]
