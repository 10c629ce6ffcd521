"""What waits for the planner: disruptions, as the log tells them, and the proposals made for them.

Proposals live in memory and are made again after a restart; what becomes of them is in the log.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from linewright.decide import kept
from linewright.decide.model import ControlsRecord, Status
from linewright.events.vocabulary import (
    DisruptionDetected,
    Event,
    ScheduleApproved,
    ScheduleRejected,
)
from linewright.twin.facts import STOPPED, MachineStatus

if TYPE_CHECKING:
    from linewright.decide.generate import Alternatives


@dataclass
class Disruption:
    """A disruption as the inbox shows it."""

    id: str
    kind: str
    subject: str
    title: str
    at: datetime
    expected_end: datetime | None
    proposal: str = ""
    answered: bool = False

    def over(self, machines: Mapping[str, MachineStatus], now: datetime) -> bool:
        """Whether it has ended: its time has come, or the machine has come back before.

        A machine that is still stopped past the expected end is not: its repair takes longer.
        """
        end = self.expected_end
        status = machines.get(self.subject) if self.kind == "machine_down" else None
        if status is not None:
            if status.state in STOPPED and (end is None or status.since < end):
                return False
            if status.state not in STOPPED and status.since > self.at and status.outage_end == end:
                return True
        return end is not None and end <= now


@dataclass
class Entry:
    """A proposal on its way from asked to decided."""

    id: str
    title: str
    disruption: str
    controls: ControlsRecord
    parent: str
    created: datetime
    status: Status = "generating"
    found: Alternatives | None = None
    seconds: float = 0.0
    error: str = ""
    approved_scenario: str = ""
    stop: threading.Event = field(default_factory=threading.Event)

    def close(self, status: Status) -> None:
        """It is decided, or nothing comes of it."""
        self.status = status
        self.stop.set()


class Agenda:
    """Disruptions and proposals, the newest last. A fold of the log, but for the proposals being made."""

    def __init__(self) -> None:
        self.disruptions: dict[str, Disruption] = {}
        self.proposals: dict[str, Entry] = {}
        self.news: tuple[Event, str] | None = None
        """The newest event that no proposal made before it knows of, in a planner's words."""

    def apply(self, event: Event, found: DisruptionDetected | None) -> None:
        """Take in an event, and the disruption that it amounts to."""
        if found is not None:
            self.news = event, found.text
        body = event.body
        if isinstance(body, DisruptionDetected):
            self.disruptions[body.disruption] = Disruption(
                id=body.disruption,
                kind=body.kind,
                subject=body.subject,
                title=body.text,
                at=event.time,
                expected_end=body.expected_end,
            )
            kept.trim(self.disruptions, kept.DISRUPTIONS)
        elif isinstance(body, ScheduleApproved | ScheduleRejected):
            for item in self.disruptions.values():
                item.answered = True  # whoever decided knew of all of them
            entry = self.proposals.get(body.proposal)
            if entry is None:
                return
            if isinstance(body, ScheduleApproved):
                entry.approved_scenario = body.scenario
            entry.close("approved" if isinstance(body, ScheduleApproved) else "rejected")

    def waiting(self, machines: Mapping[str, MachineStatus], now: datetime) -> Disruption | None:
        """The newest disruption that is neither answered nor over."""
        found = (
            item
            for item in reversed(self.disruptions.values())
            if not item.answered and not item.over(machines, now)
        )
        return next(found, None)

    def propose(
        self, disruption: Disruption, now: datetime, controls: ControlsRecord | None = None, parent: str = ""
    ) -> Entry:
        """A new proposal for a disruption, to be generated; it supersedes what was open."""
        for entry in self.proposals.values():
            if entry.status in ("generating", "open"):
                entry.close("superseded")
        entry = Entry(
            id=uuid.uuid4().hex[:8],
            title=disruption.title,
            disruption=disruption.id,
            controls=controls or ControlsRecord(),
            parent=parent,
            created=now,
        )
        disruption.proposal = entry.id
        self.proposals[entry.id] = entry
        kept.trim(self.proposals, kept.PROPOSALS)
        for old in list(self.proposals.values())[: -kept.ALTERNATIVES]:
            old.found = None
        return entry
