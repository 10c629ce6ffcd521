"""The live loop: it follows the event log, proposes when something happens, and carries out what is approved.

Two threads: one *follows* the log (mirror, triggers, what the page shows live), one *thinks* (generation).
Everything that must survive is an event; proposals themselves live in memory and are made again after a
restart.
"""

from __future__ import annotations

import logging
import queue
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from linewright.decide.approve import SOURCE, approval_events, intents, refuse_if_stale
from linewright.decide.generate import Alternatives, Effort, generate
from linewright.decide.ledger import Ledger
from linewright.decide.model import ControlsRecord, Proposal, Scenario
from linewright.decide.outcome import Outcome, compare
from linewright.decide.triggers import detect
from linewright.errors import LinewrightError, NotFound, Stale, StoreError
from linewright.events.commit import Appended
from linewright.events.outbox import Intent, State
from linewright.events.store import EventStore
from linewright.events.vocabulary import (
    AnyBody,
    DisruptionDetected,
    EquipmentCapabilityChanged,
    Event,
    JobOrderCompleted,
    MaterialLotDelayed,
    OperationsRequestReceived,
    OutcomeRecorded,
    PersonnelAvailabilityChanged,
    ScheduleApproved,
    ScheduleProposed,
    ScheduleRejected,
    event,
)
from linewright.plant.arrays import OBJECTIVES
from linewright.plant.disruption import Disruption as Disrupted
from linewright.plant.disruption import (
    MachineDown,
    MaterialLate,
    OperatorAbsent,
    RushOrder,
    apply,
    from_dict,
)
from linewright.plant.history import current
from linewright.plant.plan import Controls, PlantState, split_job_order
from linewright.plant.records import Order, Plant
from linewright.twin.mirror import Mirror

log = logging.getLogger(__name__)

KEPT = 8
"""Proposals whose alternatives stay in memory."""

OUTCOME_EVERY = 25
"""Operations done between two recorded outcomes of a plan that is still running."""

COMMIT_ATTEMPTS = 50
"""Looks at what has just happened, before an approval gives up in a plant that never stops reporting."""

FOLLOW_AGAIN_S = 1.0
"""After a log that could not be read."""

MOST_UNDELIVERED = 1_000_000
"""Writes under way that an approval looks at: one a job order, so more than any plant has."""

Publish = Callable[[str, dict[str, Any]], None]


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


@dataclass
class Entry:
    """A proposal on its way from asked to decided."""

    id: str
    title: str
    disruption: str
    controls: ControlsRecord
    parent: str
    created: datetime
    status: Literal["generating", "open", "approved", "rejected", "superseded"] = "generating"
    found: Alternatives | None = None
    seconds: float = 0.0
    error: str = ""
    approved_scenario: str = ""
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass
class Release:
    """When a plan came into force, and its outcome as last measured and last recorded."""

    at: datetime
    outcome: Outcome | None = None
    final: bool = False
    recorded: int = 0


class DecisionLoop:
    """Disruption → alternatives → approval → dispatch → outcome, for one plant."""

    def __init__(
        self,
        plant: Plant,
        initial: PlantState,
        store: EventStore,
        *,
        clock: Callable[[], datetime],
        effort: Effort,
        target: str,
        publish: Publish,
    ) -> None:
        self.plant, self.store, self.effort, self.target = plant, store, effort, target
        self.clock, self.publish = clock, publish
        self.mirror = Mirror(plant, initial)
        self.ledger = Ledger()
        self.lock = threading.RLock()
        self._folded = threading.Condition(self.lock)
        self.disruptions: OrderedDict[str, Disruption] = OrderedDict()
        self.proposals: OrderedDict[str, Entry] = OrderedDict()
        self.releases: OrderedDict[int, Release] = OrderedDict()
        self.position = 0
        self._work: queue.Queue[Entry | None] = queue.Queue()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    # -- life ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Fold the whole log, take up what was left open, then follow."""
        seen = self.store.offset("decide")
        for happened in self.store.read():
            self._fold(happened, live=happened.position > seen)
        self._subscription = self.store.subscribe(self.position)
        self._take_up()
        for name, target in (("follow", self._follow), ("think", self._think)):
            thread = threading.Thread(target=target, name=f"linewright-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._stopping.set()
        self._subscription.close()
        with self.lock:
            for entry in self.proposals.values():
                entry.stop.set()
        self._work.put(None)
        for thread in self._threads:
            thread.join(timeout=10)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                for happened in self._subscription:
                    try:
                        self._fold(happened, live=True)
                    except Exception:
                        log.exception("event %s (%s) could not be followed", happened.position, happened.type)
                return
            except StoreError as error:
                log.error("the log cannot be read: %s", error)
                self._stopping.wait(FOLLOW_AGAIN_S)

    def _fold(self, happened: Event, *, live: bool) -> None:
        with self.lock:
            self.mirror.apply(happened)
            self.ledger.apply(happened)
            self.position = max(self.position, happened.position)
            self._folded.notify_all()
            body = happened.body
            if isinstance(body, DisruptionDetected):
                self._disrupted(body, happened, live=live)
            elif isinstance(body, ScheduleApproved):
                self._approved(body, happened)
            elif isinstance(body, ScheduleRejected):
                entry = self.proposals.get(body.proposal)
                if entry is not None:
                    entry.status = "rejected"
                for item in self.disruptions.values():
                    item.answered = True  # the planner knew of all of them and keeps the plan
            elif isinstance(body, OutcomeRecorded) and body.plan_version in self.releases:
                release = self.releases[body.plan_version]
                release.recorded, release.final = body.operations_done, body.final
                if release.outcome is None or release.outcome.operations_done <= body.operations_done:
                    release.outcome = Outcome(
                        body.predicted, body.actual, body.operations_done, body.operations_total
                    )
        if live:
            self._react(happened)
            self.publish("event", {"event": happened})

    def commit(self, events: Sequence[Event]) -> None:
        """Append events and wait until they show."""
        self._shown(self.store.append(events))

    def _shown(self, appended: Appended) -> None:
        last = max(appended.positions, default=0)
        with self._folded:
            self._folded.wait_for(lambda: self.position >= last or self._stopping.is_set(), timeout=5)

    def _react(self, happened: Event) -> None:
        """What follows from a new event, committed together with the place we have read up to."""
        offset = ("decide", happened.position)
        found = detect(happened, self.plant)
        if found is not None and happened.source != SOURCE:
            self.store.append(
                [
                    event(
                        found,
                        source=SOURCE,
                        time=happened.time,
                        key=happened.id,
                        subject=found.subject,
                        causation_id=happened.id,
                        correlation_id=happened.id,
                    )
                ],
                offset=offset,
            )
            return
        if isinstance(happened.body, JobOrderCompleted):
            self._measure()
        self.store.commit_offset(*offset)

    # -- disruptions and proposals ---------------------------------------------------------------

    def _disrupted(self, body: DisruptionDetected, happened: Event, *, live: bool) -> None:
        disruption = Disruption(
            id=body.disruption,
            kind=body.kind,
            subject=body.subject,
            title=body.text,
            at=happened.time,
            expected_end=body.expected_end,
        )
        self.disruptions[disruption.id] = disruption
        if live:
            self.publish("disruption", {"disruption": disruption})
            self._propose(disruption)

    def _take_up(self) -> None:
        """After a restart: the newest unanswered disruption gets its alternatives again."""
        with self.lock:
            waiting = [item for item in self.disruptions.values() if not item.answered]
            if waiting and not waiting[-1].proposal:
                self._propose(waiting[-1])

    def declare(self, disruption: Mapping[str, Any]) -> str:
        """Record a disruption that the planner knows of and the plant has not reported; its event's id.

        Raises:
            PlantError, NotFound: it cannot be read, or names something unknown.
        """
        now = self.clock()
        wanted = from_dict(disruption)
        with self.lock:
            apply(self.plant, self.mirror.state(now), wanted)
        body: AnyBody
        match wanted:
            case MachineDown(machine=machine, until=until):
                body = EquipmentCapabilityChanged(machine=machine, start=now, end=until, reason="declared")
            case RushOrder(order=order):
                body = OperationsRequestReceived(
                    order=order.id,
                    part=order.part,
                    quantity=order.quantity,
                    due=order.due,
                    release=order.release,
                    priority=order.priority,
                    customer=order.customer,
                    rush=True,
                )
            case MaterialLate(lot=lot, available=available):
                with self.lock:
                    known = current(self.plant, self.mirror.state(now))
                held = next(item for item in known.lots if item.id == lot)
                body = MaterialLotDelayed(
                    lot=lot,
                    material=held.material,
                    quantity=held.quantity,
                    available=available,
                    location=held.location,
                )
            case OperatorAbsent(person=person, start=start, end=end):
                body = PersonnelAvailabilityChanged(person=person, start=start, end=end, reason="declared")
        declared = event(body, source="planner", time=now, subject=wanted_subject(wanted))
        self.commit([declared])
        return declared.id

    def _propose(
        self, disruption: Disruption, controls: ControlsRecord | None = None, parent: str = ""
    ) -> Entry:
        with self.lock:
            for entry in self.proposals.values():
                if entry.status in ("generating", "open"):
                    entry.stop.set()
                    entry.status = "superseded"
            entry = Entry(
                id=uuid.uuid4().hex[:8],
                title=disruption.title,
                disruption=disruption.id,
                controls=controls or ControlsRecord(),
                parent=parent,
                created=self.clock(),
            )
            disruption.proposal = entry.id
            self.proposals[entry.id] = entry
            for old in list(self.proposals.values())[:-KEPT]:
                old.found = None
        self._work.put(entry)
        return entry

    def regenerate(self, proposal: str, controls: ControlsRecord) -> str:
        """Alternatives from now, under the planner's controls; the old proposal is superseded."""
        with self.lock:
            entry = self._entry(proposal)
            to_controls(controls)
            disruption = self.disruptions.get(entry.disruption)
            if disruption is None:
                raise NotFound(f"the disruption behind proposal {proposal} is not known any more.")
            return self._propose(disruption, controls, parent=proposal).id

    def _think(self) -> None:
        while not self._stopping.is_set():
            entry = self._work.get()
            if entry is None:
                return
            if entry.status != "generating":
                continue
            try:
                self._generate(entry)
            except LinewrightError as error:
                entry.error, entry.status = str(error), "rejected"
                self.publish("proposal", {"entry": entry, "phase": "done", "fraction": 1.0})
            except Exception as error:
                log.exception("proposal %s failed", entry.id)
                entry.error, entry.status = f"the generation failed: {error}", "rejected"
                self.publish("proposal", {"entry": entry, "phase": "done", "fraction": 1.0})

    def _generate(self, entry: Entry) -> None:
        with self.lock:
            state = self.mirror.state(self.clock())
        found = generate(
            self.plant,
            state,
            to_controls(entry.controls),
            effort=self.effort,
            on_phase=lambda phase, fraction: self.publish(
                "proposal", {"entry": entry, "phase": phase, "fraction": fraction}
            ),
            stop=entry.stop,
        )
        if entry.status != "generating":
            return
        proposed = ScheduleProposed(
            proposal=entry.id,
            disruption=entry.disruption,
            scenarios=len(found.ids),
            watermark=state.position,
            seconds=round(found.seconds, 3),
        )
        self.store.append(
            [
                event(
                    proposed,
                    source=SOURCE,
                    time=state.at,
                    key=entry.id,
                    subject=entry.id,
                    correlation_id=entry.disruption,
                )
            ]
        )
        with self.lock:
            if entry.status == "generating":
                entry.found, entry.seconds, entry.status = found, found.seconds, "open"
        self.publish("proposal", {"entry": entry, "phase": "done", "fraction": 1.0})

    # -- what the planner asks and decides -----------------------------------------------------------

    def _entry(self, proposal: str) -> Entry:
        if proposal not in self.proposals:
            raise NotFound(f"proposal {proposal!r} does not exist. Maybe it was made before a restart.")
        return self.proposals[proposal]

    def alternatives(self, proposal: str) -> Alternatives:
        entry = self._entry(proposal)
        if entry.found is None:
            raise NotFound(
                f"proposal {proposal} has no alternatives"
                + (f": {entry.error}" if entry.error else " any more, or not yet.")
            )
        return entry.found

    def proposal(self, proposal: str) -> Proposal:
        """A proposal with its scenarios in summary."""
        entry = self._entry(proposal)
        found = entry.found
        return Proposal(
            id=entry.id,
            disruption=entry.disruption,
            title=entry.title,
            created=entry.created,
            at=found.state.at if found else entry.created,
            watermark=found.state.position if found else 0,
            plan_version=found.state.plan.version if found else 0,
            seconds_to_scenarios=round(entry.seconds, 3),
            status=entry.status,
            stale=self.stale(entry) or entry.error,
            controls=entry.controls,
            objectives=list(OBJECTIVES),
            unplannable=found.unplannable if found else [],
            scenarios=[found.summary(name) for name in found.ids] if found else [],
            parent=entry.parent,
            approved_scenario=entry.approved_scenario,
        )

    def scenario(self, proposal: str, scenario: str) -> Scenario:
        return self.alternatives(proposal).scenario(scenario)

    def stale(self, entry: Entry) -> str:
        """What has happened that no scenario of a proposal knows of; "" while it is fresh."""
        if entry.found is None or entry.status != "open":
            return ""
        try:
            refuse_if_stale(entry.found, "keep", self._since(entry.found.state.position, progress=False))
        except Stale as error:
            return str(error)
        return ""

    def _since(self, position: int, *, progress: bool = True) -> list[tuple[Event, bool]]:
        with self.lock:
            return [
                (happened, self.mirror.schedule_relevant(happened) is not None)
                for happened in self.store.read(after=position)
                if progress or not happened.type.startswith("job_order.")
            ]

    def approve(self, proposal: str, scenario: str, *, by: str, comment: str = "") -> tuple[int, int]:
        """Put a scenario in force and commit the writes to the plant, in one transaction.

        Returns:
            (plan version, job orders to write).

        Raises:
            NotFound: no such proposal or scenario.
            Stale: something has happened that the scenario does not know of, or the proposal is closed.
        """
        with self.lock:
            entry = self._entry(proposal)
            found = self.alternatives(proposal)
            found.index(scenario)
            if entry.status != "open":
                raise Stale(f"proposal {proposal} is {entry.status}. Regenerate from now, and choose again.")
            in_force = self.mirror.state(self.clock()).plan.version
            if in_force != found.state.plan.version:
                raise Stale(f"plan {in_force} came into force after this proposal. Regenerate from now.")
            version = in_force + 1
            events = approval_events(
                found,
                scenario,
                proposal=proposal,
                version=version,
                by=by,
                comment=comment,
                at=self.clock(),
            )
            writes = intents(
                found,
                scenario,
                version=version,
                approval=events[0].id,
                target=self.target,
                undelivered=self._undelivered(),
            )
            appended = self._commit_unless_stale(found, scenario, events, writes, version)
            entry.status, entry.approved_scenario = "approved", scenario
            entry_disruption = self.disruptions.get(entry.disruption)
            if entry_disruption is not None:
                entry_disruption.answered = True
        self._shown(appended)
        return version, len(writes)

    def _undelivered(self) -> dict[str, str]:
        """Job orders with a write that has not reached the plant, and its kind."""
        waiting = self.store.commands(
            target=self.target, states=(State.PENDING, State.DELIVERING), limit=MOST_UNDELIVERED
        )
        return {command.subject: command.kind for command in waiting}

    def _commit_unless_stale(
        self,
        found: Alternatives,
        scenario: str,
        events: Sequence[Event],
        writes: Sequence[Intent],
        version: int,
    ) -> Appended:
        """Commit an approval on top of a log that holds nothing it conflicts with.

        What the plant reports between the look and the commit is looked at too, before a next attempt.
        """
        for attempt in range(COMMIT_ATTEMPTS):
            last = self.store.last_position()
            refuse_if_stale(found, scenario, self._since(found.state.position))
            try:
                return self.store.append(
                    events, outbox=writes, supersede=(version, self.target), expect_position=last
                )
            except Stale:
                if attempt + 1 == COMMIT_ATTEMPTS:
                    raise
        raise AssertionError("not reached")

    def reject(self, proposal: str, *, by: str, comment: str = "") -> None:
        """Close a proposal: the plan in force stays."""
        rejected = event(
            ScheduleRejected(proposal=proposal, by=by, comment=comment),
            source=SOURCE,
            time=self.clock(),
            key=proposal,
            subject=proposal,
        )
        with self.lock:
            entry = self._entry(proposal)
            if entry.status not in ("open", "generating"):
                raise Stale(f"proposal {proposal} is {entry.status} already.")
            appended = self.store.append([rejected])
            entry.stop.set()
            entry.status = "rejected"
        self._shown(appended)

    # -- outcome --------------------------------------------------------------------------------

    def _approved(self, body: ScheduleApproved, happened: Event) -> None:
        entry = self.proposals.get(body.proposal)
        if entry is not None:
            entry.status, entry.approved_scenario = "approved", body.scenario
        for item in self.disruptions.values():
            item.answered = True  # the plan in force knows of all of them
        self.releases.setdefault(body.plan_version, Release(happened.time))

    def _measure(self) -> None:
        """Record the outcome of the plan in force now and then, and at its end."""
        with self.lock:
            state = self.mirror.state(self.clock())
            release = self.releases.get(state.plan.version)
            if release is None or release.final:
                return
            release.outcome = outcome = compare(state.plan, state, self.orders(state), release.at)
            if not outcome.complete and outcome.operations_done < release.recorded + OUTCOME_EVERY:
                return
            release.recorded = outcome.operations_done
        self.store.append(
            [
                event(
                    OutcomeRecorded(
                        plan_version=state.plan.version,
                        predicted=outcome.predicted,
                        actual=outcome.actual,
                        operations_done=outcome.operations_done,
                        operations_total=outcome.operations_total,
                        final=outcome.complete,
                    ),
                    source=SOURCE,
                    time=state.at,
                    key=f"{state.plan.version}|{outcome.operations_done}",
                    subject=f"plan:{state.plan.version}",
                )
            ]
        )

    def outcome(self, version: int) -> Outcome | None:
        """The outcome so far of the plan in force, or the last one of an earlier plan."""
        with self.lock:
            release = self.releases.get(version)
            if release is None:
                return None
            state = self.mirror.state(self.clock())
            if state.plan.version == version:
                release.outcome = compare(state.plan, state, self.orders(state), release.at)
            return release.outcome

    def orders(self, state: PlantState) -> dict[str, Order]:
        return {order.id: order for order in self.plant.orders} | {order.id: order for order in state.orders}


def wanted_subject(disruption: Disrupted) -> str:
    """What a disruption is about."""
    match disruption:
        case MachineDown(machine=subject) | MaterialLate(lot=subject) | OperatorAbsent(person=subject):
            return subject
        case RushOrder(order=order):
            return order.id


def to_controls(record: ControlsRecord) -> Controls:
    """The planner's controls from their form on the wire."""
    return Controls(
        pin_machine={split_job_order(job): machine for job, machine in record.pin_machine.items()},
        pin_operator={split_job_order(job): person for job, person in record.pin_operator.items()},
        not_before={split_job_order(job): at for job, at in record.not_before.items()},
        forbid_machines=frozenset(record.forbid_machines),
        forbid=frozenset((*split_job_order(job), machine) for job, machine in record.forbid),
        priority=dict(record.priority),
        freeze_until=record.freeze_until,
    )
