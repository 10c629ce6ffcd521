"""The live loop: it follows the event log, proposes when something happens, and carries out what is approved.

Two threads: one *follows* the log (mirror, triggers, what the page shows live), one *thinks* (generation).
Everything that must survive is an event; proposals themselves live in memory and are made again after a
restart.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from linewright.decide.agenda import Agenda, Disruption, Entry
from linewright.decide.approve import SOURCE, approval_events, begun_elsewhere, intents, overtaken
from linewright.decide.controls import to_controls
from linewright.decide.describe import reserved_lots
from linewright.decide.effort import Effort
from linewright.decide.ledger import Ledger
from linewright.decide.model import ControlsRecord, Proposal, Scenario
from linewright.decide.outcome import Outcome, Releases
from linewright.decide.triggers import declared, detect
from linewright.errors import LinewrightError, NotFound, Stale, StoreError
from linewright.events.commit import Appended
from linewright.events.outbox import State
from linewright.events.store import EventStore
from linewright.events.vocabulary import (
    DisruptionDetected,
    Event,
    FollowUpFailed,
    JobOrderCompleted,
    ScheduleProposed,
    ScheduleRejected,
    ScheduleReleased,
    event,
)
from linewright.plant.arrays import OBJECTIVES
from linewright.plant.build import build
from linewright.plant.disruption import from_dict
from linewright.plant.history import orders_of
from linewright.plant.plan import PlantState
from linewright.plant.records import Plant
from linewright.twin.mirror import Mirror

if TYPE_CHECKING:
    from linewright.decide.generate import Alternatives

log = logging.getLogger(__name__)

COMMIT_ATTEMPTS = 50
"""Looks at what has just happened, before an approval gives up in a plant that never stops reporting."""

SHOWN_S = 5.0
"""How long to wait until what is in the log is folded."""

CONSUMER = "decide"
"""Whose offset in the log says how far events have been followed up."""

FOLLOW_ATTEMPTS = 4
"""At following up an event, before it is put on record that it cannot be done."""

FOLLOW_AGAIN_S = 1.0
"""After a log that could not be read or written."""

MOST_UNDELIVERED = 1_000_000
"""Writes under way that an approval looks at: one a job order, so more than any plant has."""

Publish = Callable[[str, dict[str, Any]], None]
Reaction = Callable[[], None]


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
        self.ledger = Ledger(reserved_lots(build(plant, initial).pegging))
        self.agenda = Agenda()
        self.lock = threading.RLock()
        self._folded = threading.Condition(self.lock)
        self.releases = Releases()
        self.position = 0
        self._work: queue.Queue[Entry | None] = queue.Queue()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    # -- life ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Fold the whole log, take up what was left open, then follow."""
        seen = self.store.offset(CONSUMER)
        left = []
        for happened in self.store.read():
            reaction = self._take_in(happened)
            if happened.position > seen:
                left.append((happened, reaction))
        self._subscription = self.store.subscribe(self.position)
        self._take_up()
        for name, target in (("follow", partial(self._follow, left)), ("think", self._think)):
            thread = threading.Thread(target=target, name=f"linewright-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._stopping.set()
        self._subscription.close()
        with self.lock:
            for entry in self.agenda.proposals.values():
                entry.stop.set()
        self._work.put(None)
        for thread in self._threads:
            thread.join(timeout=10)

    def _follow(self, left: Sequence[tuple[Event, Reaction]]) -> None:
        for happened, reaction in left:
            self._follow_up(happened, reaction)
        while not self._stopping.is_set():
            try:
                for happened in self._subscription:
                    reaction = self._take_in(happened)
                    self._tell("event", event=happened)
                    self._follow_up(happened, reaction)
                return
            except StoreError as error:
                log.error("the log cannot be read: %s", error)
                self._stopping.wait(FOLLOW_AGAIN_S)

    def _take_in(self, happened: Event) -> Reaction:
        """Fold an event; what is to follow from it."""
        try:
            found = self._fold(happened)
        except Exception as error:
            log.exception("event %s (%s) could not be folded", happened.position, happened.type)
            return partial(self._give_up, happened, error)
        return partial(self._react, happened, found)

    def _fold(self, happened: Event) -> DisruptionDetected | None:
        with self.lock:
            try:
                found = detect(happened, self.mirror)  # asked of the state before it
            finally:
                self.position = max(self.position, happened.position)
                self.mirror.apply(happened)
            self.ledger.apply(happened)
            self.agenda.apply(happened, found)
            self.releases.apply(happened, self.mirror)
            self._folded.notify_all()
            return found

    def _follow_up(self, happened: Event, reaction: Reaction) -> None:
        """Do what follows from an event, or put on record that it cannot be done; then, not before, go on.

        Where neither can be committed the store is away, and both are tried until it is back.
        """
        attempt = 0
        while not self._stopping.is_set():
            attempt += 1
            try:
                return reaction()
            except Exception as error:
                traceback = not isinstance(error, StoreError)
                log.error("event %s is not followed up: %s", happened.position, error, exc_info=traceback)
                if attempt >= FOLLOW_ATTEMPTS:
                    with suppress(StoreError):
                        return self._give_up(happened, error)
            self._stopping.wait(FOLLOW_AGAIN_S)
        return None

    def _give_up(self, happened: Event, error: Exception) -> None:
        failed = FollowUpFailed(of=happened.id, reason=f"{type(error).__name__}: {error}")
        subject = f"{happened.type} {happened.subject}".strip()
        said = event(failed, source=SOURCE, time=happened.time, key=happened.id, subject=subject)
        self.store.append([said], offset=(CONSUMER, happened.position))

    def _tell(self, kind: str, **payload: Any) -> None:
        """Tell whoever listens. What goes wrong there is no business of the loop."""
        try:
            self.publish(kind, payload)
        except Exception:
            log.exception("telling of %s", kind)

    def commit(self, events: Sequence[Event]) -> None:
        """Append events and wait until they show."""
        self._shown(self.store.append(events))

    def _shown(self, appended: Appended) -> None:
        with self.lock:
            self._wait_until_folded(max(appended.positions, default=0))

    def _wait_until_folded(self, position: int) -> bool:
        """Let the log be followed up to a position; the lock, which is held, is let go meanwhile."""
        return self._folded.wait_for(
            lambda: self.position >= position or self._stopping.is_set(), timeout=SHOWN_S
        )

    def _react(self, happened: Event, found: DisruptionDetected | None) -> None:
        """What follows from a new event, committed together with the place we have read up to."""
        body, follows = happened.body, []
        if found is not None:
            follows.append(
                event(
                    found,
                    source=SOURCE,
                    time=happened.time,
                    key=happened.id,
                    subject=found.subject,
                    causation_id=happened.id,
                    correlation_id=happened.id,
                )
            )
        if isinstance(body, DisruptionDetected):
            self._take_up()
        elif isinstance(body, JobOrderCompleted | ScheduleReleased):
            follows += self._outcomes(happened)
        self.store.append(follows, offset=(CONSUMER, happened.position))

    def _outcomes(self, happened: Event) -> list[Event]:
        with self.lock:
            state = self.mirror.state()
            due = self.releases.due(state, orders_of(self.plant, state))
        return [
            event(
                body,
                source=SOURCE,
                time=state.at,
                key=key,
                subject=f"plan:{body.plan_version}",
                causation_id=happened.id,
            )
            for key, body in due.items()
        ]

    # -- disruptions and proposals ---------------------------------------------------------------

    def _take_up(self) -> None:
        """Have alternatives made for the newest disruption that waits, unless it has some."""
        with self.lock:
            now = self.clock()
            item = self.agenda.waiting(self.mirror.machines, now)
            if item is not None and not item.proposal:
                self._work.put(self.agenda.propose(item, now))

    def declare(self, disruption: Mapping[str, Any]) -> str:
        """Record a disruption that the planner knows of and the plant has not reported; its event's id.

        Raises:
            PlantError, NotFound: it cannot be read, names something unknown, or changes nothing.
        """
        wanted = from_dict(disruption)
        with self.lock:
            said = declared(wanted, self.mirror, self.clock())
        self.commit([said])
        return said.id

    def over(self, disruption: Disruption) -> bool:
        """Whether a disruption has ended by itself."""
        with self.lock:
            return disruption.over(self.mirror.machines, self.clock())

    def regenerate(self, proposal: str, controls: ControlsRecord) -> str:
        """Alternatives from now, under the planner's controls; the old proposal is superseded."""
        to_controls(controls)
        with self.lock:
            entry = self._entry(proposal)
            disruption = self.agenda.disruptions.get(entry.disruption)
            if disruption is None:
                raise NotFound(f"the disruption behind proposal {proposal} is not known any more.")
            new = self.agenda.propose(disruption, self.clock(), controls, parent=proposal)
        self._work.put(new)
        return new.id

    def _think(self) -> None:
        while (entry := self._work.get()) is not None and not self._stopping.is_set():
            try:
                if entry.status == "generating":
                    self._generate(entry)
            except Exception as error:
                if not isinstance(error, LinewrightError):
                    log.exception("proposal %s failed", entry.id)
                with self.lock:
                    entry.error = str(error) if isinstance(error, LinewrightError) else f"it failed: {error}"
                    if entry.status == "generating":
                        entry.close("rejected")
            self._tell("proposal", entry=entry, phase="done", fraction=1.0)

    def _generate(self, entry: Entry) -> None:
        from linewright.decide.generate import generate  # loads the compiler: not before the page is there

        with self.lock:
            state, reserved = self.mirror.state(self.clock()), self.ledger.reserved()
        found = generate(
            self.plant,
            state,
            to_controls(entry.controls),
            effort=self.effort,
            reserved=reserved,
            on_phase=lambda phase, fraction: self._tell(
                "proposal", entry=entry, phase=phase, fraction=fraction
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

    # -- what the planner asks and decides -----------------------------------------------------------

    def _entry(self, proposal: str) -> Entry:
        entry = self.agenda.proposals.get(proposal)
        if entry is None:
            raise NotFound(f"proposal {proposal!r} does not exist. Maybe it was made before a restart.")
        return entry

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
        """What has happened that no scenario of an open proposal knows of; "" while it is fresh."""
        if entry.found is None or entry.status != "open":
            return ""
        return overtaken(entry.found, self.agenda.news)

    def approve(self, proposal: str, scenario: str, *, by: str, comment: str = "") -> tuple[int, int]:
        """Put a scenario in force and commit the writes to the plant, in one transaction.

        Returns:
            (plan version, job orders to write).

        Raises:
            NotFound: no such proposal or scenario.
            Stale: something has happened that the scenario does not know of, or the proposal is closed.
        """
        found = self.alternatives(proposal)
        with self.lock:
            self._refuse_if_stale(proposal, scenario)
        version = found.state.plan.version + 1
        events = approval_events(
            found, scenario, proposal=proposal, version=version, by=by, comment=comment, at=self.clock()
        )
        writes = intents(
            found,
            scenario,
            version=version,
            approval=events[0].id,
            target=self.target,
            undelivered=self._undelivered(),
        )
        # On top of a log that holds nothing it conflicts with: what the plant reports between the look and
        # the commit is looked at too, before a next attempt.
        for _ in range(COMMIT_ATTEMPTS):
            with self.lock:
                if not self._wait_until_folded(self.store.last_position()):
                    raise StoreError("the log cannot be followed, so nothing is approved. Maybe try again.")
                self._refuse_if_stale(proposal, scenario)
                with suppress(Stale):
                    appended = self.store.append(
                        events,
                        outbox=writes,
                        supersede=(version, self.target),
                        expect_position=self.position,
                    )
                    self._entry(proposal).close("approved")
                    break
        else:
            raise Stale("the plant reports faster than a plan can be approved. Maybe try again.")
        self._shown(appended)
        return version, len(writes)

    def _refuse_if_stale(self, proposal: str, scenario: str) -> None:
        entry, found = self._entry(proposal), self.alternatives(proposal)
        if entry.status != "open":
            raise Stale(f"proposal {proposal} is {entry.status}. Regenerate from now, and choose again.")
        state = self.mirror.state(self.clock())
        if state.plan.version != found.state.plan.version:
            raise Stale(f"plan {state.plan.version} came into force since. Regenerate from now.")
        why = overtaken(found, self.agenda.news) or begun_elsewhere(found, scenario, state)
        if why:
            raise Stale(why)

    def _undelivered(self) -> dict[str, str]:
        """Job orders with a write that has not reached the plant, and its kind."""
        waiting = self.store.commands(
            target=self.target, states=(State.PENDING, State.DELIVERING), limit=MOST_UNDELIVERED
        )
        return {command.subject: command.kind for command in waiting}

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
            entry.close("rejected")
        self._shown(appended)

    # -- outcome --------------------------------------------------------------------------------

    def outcome(self, version: int) -> Outcome | None:
        """The outcome of a plan so far, or its last one; None where it never came into force."""
        with self.lock:
            release = self.releases.plans.get(version)
            if release is None:
                return None
            if release.final:
                return release.outcome
            state = self.mirror.state()
            return release.measure(state, orders_of(self.plant, state))
