"""What people on the floor have been told and asked, folded from the log: instructions, notices, staging,
and how far the writes of each plan version have come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from linewright.events.vocabulary import (
    DispatchAcknowledged,
    DispatchFailed,
    Event,
    MaterialStagingConfirmed,
    MaterialStagingRequested,
    OperatorAcknowledged,
    OperatorNotified,
    ScheduleApproved,
    ScheduleReleased,
    WorkInstructionPublished,
)


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
    """A fold: the same log gives the same ledger."""

    def __init__(self) -> None:
        self.instructions: dict[str, WorkInstructionPublished] = {}  # job order -> the newest
        self.notices: list[NoticeEntry] = []
        self.staging: dict[tuple[str, str], StagingEntry] = {}  # (job order, lot) -> the newest
        self.dispatches: dict[int, Dispatch] = {}

    def apply(self, event: Event) -> None:
        match event.body:
            case WorkInstructionPublished() as body:
                self.instructions[body.job_order] = body
            case OperatorNotified(operator=operator, text=text, plan_version=version):
                self.notices = [
                    n for n in self.notices if n.operator != operator or n.acknowledged
                ]  # a newer message replaces an unread one
                self.notices.append(NoticeEntry(operator, text, event.time, version))
            case OperatorAcknowledged(operator=operator, plan_version=version):
                for notice in self.notices:
                    if notice.operator == operator and notice.plan_version <= version:
                        notice.acknowledged = True
            case MaterialStagingRequested() as body:
                self.staging[body.job_order, body.lot] = StagingEntry(body)
            case MaterialStagingConfirmed(job_order=job, lot=lot):
                if (job, lot) in self.staging:
                    self.staging[job, lot].status = "confirmed"
            case ScheduleApproved() as body:
                self.dispatches[body.plan_version] = Dispatch(
                    body.plan_version, body.scenario, body.proposal, body.by, event.time
                )
            case ScheduleReleased(plan_version=version, predicted=predicted):
                if version in self.dispatches:
                    self.dispatches[version].predicted = predicted
            case DispatchAcknowledged(job_order=job, plan_version=version):
                if version in self.dispatches:
                    self.dispatches[version].acknowledged[job] = event.time
                    self.dispatches[version].failed.pop(job, None)
            case DispatchFailed(job_order=job, plan_version=version, reason=reason):
                if version in self.dispatches:
                    self.dispatches[version].failed[job] = reason
