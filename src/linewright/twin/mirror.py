"""The mirror: what is so in the plant, folded from its event log.

The same events give the same state, in whatever order they are delivered and however often: events are
folded by (time, position), each id once. An event that arrives late is folded where it belongs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import chain
from typing import TypeAlias

from linewright.events import vocabulary as v
from linewright.plant.plan import Assignment, PlantState, split_job_order
from linewright.plant.records import Absence, Downtime, Order, Plant
from linewright.twin.facts import STOPPED, Anomaly, Facts, MachineStatus

KEEP = 4096
"""Latest events kept so that late ones can be folded where they belong; older ones are final."""

SNAPSHOT_EVERY = 256
_CHANGEABLE = ("quantity", "due", "release", "priority")  # of an order

OVERDUE_S = 900.0
"""A repair past its expected end is expected to end this long from now."""

Touched: TypeAlias = frozenset[tuple[str, ...]]
_Place: TypeAlias = tuple[datetime, int, str]


class Mirror:
    """The live state of a plant; not for use from several threads at once."""

    def __init__(self, plant: Plant, initial: PlantState) -> None:
        self.plant = plant
        self.tolerance = timedelta(minutes=plant.planning.moved_tolerance_min)
        self.position = initial.position
        self._facts = Facts.of(plant, initial)  # after the first `_folded` events
        self._folded = 0
        self._snapshots: list[tuple[int, Facts]] = [(0, self._facts.copy())]
        self._places: list[_Place] = []  # sorted
        self._events: dict[str, v.Event] = {}  # the kept ones by id
        self._void: set[str] = set()  # ids that a correction has taken back
        self._final = initial.position  # events up to this position are final
        self._done: dict[str, int] = {}  # positions of final events beyond it, by id
        self._assignments: tuple[int, dict[tuple[str, str], Assignment]] = (-1, {})

    # --- taking in --------------------------------------------------------------------------------

    def apply(self, event: v.Event) -> bool:
        """Take in an event; False where it was known already."""
        if event.id in self._events or event.id in self._done or 0 < event.position <= self._final:
            return False
        self._events[event.id] = event
        self.position = max(self.position, event.position)
        place = (event.time, event.position, event.id)
        index = bisect_left(self._places, place)
        self._places.insert(index, place)
        self._back_to(index)
        if isinstance(event.body, v.Correction):
            self._void.add(event.body.of)
            wrong = self._events.get(event.body.of)
            if wrong is not None:
                self._back_to(bisect_left(self._places, (wrong.time, wrong.position, wrong.id)))
        if len(self._places) >= 2 * KEEP:
            self._finalise()
        return True

    def _back_to(self, index: int) -> None:
        """Forget what was folded from the event at `index` on."""
        if index >= self._folded:
            return
        while self._snapshots[-1][0] > index:
            self._snapshots.pop()
        self._folded, facts = self._snapshots[-1]
        self._facts = facts.copy()

    def _fold(self, until: int) -> Facts:
        for place in self._places[self._folded : until]:
            if place[2] not in self._void:
                self._facts.apply(self._events[place[2]])
            self._folded += 1
            if self._folded % SNAPSHOT_EVERY == 0:
                self._snapshots.append((self._folded, self._facts.copy()))
        return self._facts

    def _finalise(self) -> None:
        """Make all but the latest `KEEP` events final, so that memory stays bounded."""
        self._back_to(KEEP)
        base = self._fold(KEEP).copy()
        rest = self._places[KEEP:]
        for _, position, identifier in self._places[:KEEP]:
            self._done[identifier] = position
            self._void.discard(identifier)
            del self._events[identifier]
        before_rest = min((position - 1 for _, position, _ in rest if position > 0), default=self.position)
        self._final = max(self._final, min(before_rest, max(self._done.values())))
        self._done = {i: position for i, position in self._done.items() if not 0 < position <= self._final}
        self._places, self._folded, self._facts = rest, 0, base
        self._snapshots = [(0, base.copy())]

    # --- looking ----------------------------------------------------------------------------------

    @property
    def facts(self) -> Facts:
        """Everything folded."""
        return self._fold(len(self._places))

    @property
    def machines(self) -> dict[str, MachineStatus]:
        """Each machine as last reported."""
        return self.facts.machines

    @property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """Contradictions in what was reported, the latest last."""
        return self.facts.anomalies

    @property
    def latest(self) -> datetime:
        """When the latest known event happened: how fresh the mirror is."""
        return self.facts.at

    def state(self, at: datetime | None = None) -> PlantState:
        """The state at an instant not before the latest event; None: at the latest event."""
        facts = self.facts
        return facts.state(max(at or facts.at, facts.at), self.position, OVERDUE_S)

    def digest(self) -> str:
        """A hash of the state: equal where the mirrors are."""
        facts = self.facts
        state = facts.state(facts.at, self.position, OVERDUE_S)
        told = replace(state, cancelled=frozenset()), sorted(state.cancelled), facts.machines, facts.anomalies
        return blake2b(repr(told).encode(), digest_size=16).hexdigest()

    # --- what matters to a schedule ---------------------------------------------------------------

    def schedule_relevant(self, event: v.Event) -> Touched | None:
        """What an event changes for planning, or None where every plan made before it still stands.

        To be asked before the event is taken in: what is known already changes nothing, and neither does
        what the plan in force says. Nor does a stop, a downtime or an absence that lasts no longer than the
        plant's tolerance, or an operation that begins or ends within it.

        Returns:
            Pairs and triples like ("operation", order, operation), ("machine", id), ("person", id),
            ("lot", id), ("order", id), ("part", id), ("plan", version), ("event", id).
        """
        body = event.body
        match body:
            case v.EquipmentStateChanged(machine=machine):
                return self._if(self._stop_is_news(event, body), "machine", machine)
            case v.EquipmentCapabilityChanged(machine=machine, start=start, end=end):
                known = machine in self.facts.machines
                news = known and self._period_is_news(event, start, end, self._downtimes(machine))
                return self._if(news, "machine", machine)
            case v.PersonnelAvailabilityChanged(person=person, start=start, end=end):
                known = person in self.facts.catalogue.people
                news = known and self._period_is_news(event, start, end, self._absences(person))
                return self._if(news, "person", person)
            case v.WorkCalendarChanged():
                return self._closed(event, body) or None
            case v.OperationsRequestReceived(order=order, part=part):
                known = part in self.facts.catalogue.routings
                return self._if(known and self._order_differs(order, body, Order.__slots__), "order", order)
            case v.OperationsRequestChanged(order=order):
                given = [name for name in _CHANGEABLE if getattr(body, name) is not None]
                known = self.facts.order(order) is not None
                return self._if(known and self._order_differs(order, body, given), "order", order)
            case v.OperationsRequestCancelled(order=order):
                open_ = self.facts.order(order) is not None and order not in self.facts.cancelled
                return self._if(open_, "order", order)
            case v.OperationsDefinitionReleased(part=part):
                return self._if(part in self.facts.catalogue.routings, "part", part)
            case v.MaterialLotDelayed() | v.MaterialLotReceived():
                return self._if(self._lot_is_news(event, body), "lot", body.lot)
            case v.JobOrderStarted(job_order=job, machine=machine, operator=operator, setup_start=begin):
                return self._unless_planned(job, machine, operator, setup_start=begin)
            case v.JobOrderCompleted(job_order=job, machine=machine, operator=operator, end=end):
                return self._unless_planned(job, machine, operator, end=end)
            case v.JobOrderProgressed(job_order=job, remaining_s=remaining):
                planned = self._planned(job)
                late = (
                    planned is None or remaining > (planned.end + self.tolerance - event.time).total_seconds()
                )
                return self._if(late, "operation", *split_job_order(job))
            case v.JobOrderAborted(job_order=job):
                key = split_job_order(job)
                return self._if(self.facts.routing(key) is not None, "operation", *key)
            case v.ScheduleReleased(plan_version=version):
                return self._if(version > self.facts.plan.version, "plan", f"{version}")
            case v.Correction(of=of):
                return frozenset({("event", of)})
        return None

    @staticmethod
    def _if(matters: bool, *touched: str) -> Touched | None:
        return frozenset({touched}) if matters else None

    def _near(self, one: datetime | None, other: datetime | None) -> bool:
        return one == other or (one is not None and other is not None and abs(one - other) <= self.tolerance)

    def _stop_is_news(self, event: v.Event, body: v.EquipmentStateChanged) -> bool:
        stops = body.state in STOPPED
        if not stops and body.previous is not None and body.previous not in STOPPED:
            return False  # most reports by far: answered without folding
        status = self.facts.machines.get(body.machine)
        if status is None:
            return False
        if status.state in STOPPED:
            return not self._near(body.expected_end if stops else event.time, status.outage_end)
        if not stops:
            return False
        end = body.expected_end
        return end is None or self._period_is_news(event, event.time, end, self._downtimes(body.machine))

    def _period_is_news(
        self, event: v.Event, start: datetime, end: datetime, known: Iterable[Downtime | Absence]
    ) -> bool:
        return end - max(start, event.time) > self.tolerance and not any(
            item.start - self.tolerance <= start and end <= item.end + self.tolerance for item in known
        )

    def _closed(self, event: v.Event, body: v.WorkCalendarChanged) -> Touched:
        """The machines and people that a closed calendar takes out of work, and that were to work by it."""
        machines, people = self.facts.catalogue.on_calendar(body.calendar)
        known: dict[tuple[str, ...], Iterable[Downtime | Absence]] = {
            **{("machine", machine): self._downtimes(machine) for machine in machines},
            **{("person", person): self._absences(person) for person in people},
        }
        return frozenset(
            who
            for who, periods in known.items()
            if self._period_is_news(event, body.start, body.end, periods)
        )

    def _downtimes(self, machine: str) -> Iterable[Downtime]:
        known = chain(self.plant.downtimes, self.facts.downtimes.values())
        return (item for item in known if item.machine == machine)

    def _absences(self, person: str) -> Iterable[Absence]:
        known = chain(self.plant.absences, self.facts.absences.values())
        return (item for item in known if item.person == person)

    def _order_differs(self, order: str, body: v.Body, names: Iterable[str]) -> bool:
        known = self.facts.order(order)
        return known is None or any(
            getattr(known, name) != getattr(body, name) for name in names if name != "id"
        )

    def _lot_is_news(self, event: v.Event, body: v.MaterialLotDelayed | v.MaterialLotReceived) -> bool:
        if body.lot.startswith("order:") or body.material not in self.facts.catalogue.materials:
            return False
        known = self.facts.lot(body.lot)
        if known is None:
            return True
        if isinstance(body, v.MaterialLotReceived):
            return not self._near(event.time, known.available or event.time)
        return body.quantity != known.quantity or not self._near(body.available, known.available)

    def _planned(self, job_order: str) -> Assignment | None:
        plan = self.facts.plan
        if self._assignments[0] != plan.version:
            self._assignments = plan.version, {item.key: item for item in plan.assignments}
        return self._assignments[1].get(split_job_order(job_order))

    def _unless_planned(
        self,
        job_order: str,
        machine: str,
        operator: str,
        *,
        setup_start: datetime | None = None,
        end: datetime | None = None,
    ) -> Touched | None:
        planned = self._planned(job_order)
        if (
            planned is not None
            and (planned.machine, planned.operator) == (machine, operator)
            and (setup_start is None or self._near(setup_start, planned.setup_start))
            and (end is None or self._near(end, planned.end))
        ):
            return None
        return frozenset({("operation", *split_job_order(job_order))})


def fold(plant: Plant, initial: PlantState, events: Iterable[v.Event]) -> PlantState:
    """The state after events."""
    mirror = Mirror(plant, initial)
    for event in events:
        mirror.apply(event)
    return mirror.state()
