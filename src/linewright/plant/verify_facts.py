"""What any plan must respect at one moment, worked out once more from the records for the checker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from math import ceil, floor
from zoneinfo import ZoneInfo

from linewright.plant.plan import Assignment, OperationStatus, PlantState, Progress
from linewright.plant.records import (
    LONGEST,
    Alternative,
    Calendar,
    Equipment,
    Order,
    Person,
    Plant,
    RoutingOperation,
)
from linewright.plant.verify_calendar import OpenTime, Period, common, open_periods, without
from linewright.plant.verify_document import ControlsClaim, Document, Key

MARGIN_DAYS = 40
"""How far beyond what is known calendars are unrolled; what works at all works in their last weeks."""

LASTING_DAYS = 21

LEAST_LEFT_S = 60
"""Work left of a started operation that is not reported done, at least."""

GONE_S = 5 * 366 * 86400
"""A machine down for longer counts as not coming back; what may not begin, or comes, later is not planned."""


FARTHEST_S = 50 * 366 * 86400
"""No plan reaches farther."""


@dataclass(frozen=True, slots=True)
class Job:
    """One operation of one order that is not done."""

    order: Order
    operation: RoutingOperation
    planned: Assignment | None  # in the plan in force
    begun: Progress | None

    @property
    def key(self) -> Key:
        return self.order.id, self.operation.id

    @property
    def name(self) -> str:
        return f"{self.order.id}/{self.operation.id}"


def second(instant: datetime) -> float:
    """An instant in seconds since 1970; parts of a second are rounded up."""
    return float(ceil(instant.timestamp()))


class Facts:
    """The state of the plant as the checker understands it. Instants are seconds since 1970."""

    def __init__(self, plant: Plant, state: PlantState, document: Document) -> None:
        self.plant = plant
        self.state = state
        self.controls: ControlsClaim = document.controls
        self.now = second(state.at)
        self.zone = ZoneInfo(plant.timezone)
        self.machines: dict[str, Equipment] = {item.id: item for item in plant.machines}
        self.people: dict[str, Person] = {item.id: item for item in plant.people}
        self.parts = {part.id: part for part in plant.parts}
        self.known: dict[str, Order] = {item.id: item for item in (*plant.orders, *state.orders)}
        self.orders = {name: order for name, order in self.known.items() if name not in state.cancelled}
        self.lots = {lot.id: lot for lot in (*plant.lots, *state.lots)}
        self.progress = {item.key: item for item in state.progress}
        self.planned = {item.key: item for item in state.plan.assignments}
        self.jobs = {job.key: job for job in self._jobs()}
        self._days = self._unrolled()
        self._pairs: dict[tuple[str, str], OpenTime] = {}
        self._setups = {(row.group, row.from_family, row.to_family): row.minutes for row in plant.setups}

    def _unrolled(self) -> tuple[date, date]:
        """The local dates for which calendars are needed: from what has begun to the last known fact."""
        begun = [second(item.setup_start) for item in self.progress.values()]
        plant, state = self.plant, self.state
        later = [second(item.end) for item in (*plant.downtimes, *state.downtimes)]
        later += [second(item.end) for item in (*plant.absences, *state.absences)]
        last = max([self.now, *(at for at in later if at < self.now + GONE_S)])
        first = datetime.fromtimestamp(min([self.now, *begun]), self.zone) - timedelta(days=2)
        return first.date(), (datetime.fromtimestamp(last, self.zone) + timedelta(days=MARGIN_DAYS)).date()

    def reach(self, until: float) -> None:
        """Unroll calendars as far as a scenario goes, and a margin further."""
        last = datetime.fromtimestamp(min(until, self.now + FARTHEST_S), self.zone)
        if (last + timedelta(days=LASTING_DAYS)).date() > self._days[1]:
            self._days = self._days[0], (last + timedelta(days=2 * MARGIN_DAYS)).date()
            self._pairs.clear()
            for name in ("_calendars", "_machine_periods", "_person_periods"):
                self.__dict__.pop(name, None)

    # --- operations -----------------------------------------------------------------------------

    def _jobs(self) -> Iterable[Job]:
        for order in self.orders.values():
            for operation in self.parts[order.part].operations:
                key = order.id, operation.id
                if self.done(*key) is None:
                    yield Job(order, operation, self.planned.get(key), self.progress.get(key))

    @cached_property
    def freeze_until(self) -> float:
        asked = self.controls.freeze_until
        until = self.now + round(60 * self.plant.planning.freeze_min) if asked is None else ceil(asked)
        return min(until, self.now + GONE_S)

    def done(self, order: str, operation: str) -> Progress | None:
        """What is known of a finished operation."""
        item = self.progress.get((order, operation))
        return item if item is not None and item.status is OperationStatus.DONE else None

    def done_at(self, order: Order, operation: str) -> float:
        """When a finished operation had ended and been transferred."""
        item = self.progress[order.id, operation]
        end = self.now if item.end is None else min(self.now, second(item.end))
        return end + self.transfer_s(order, operation)

    def weight(self, order: str) -> float:
        return self.controls.priority.get(order, self.orders[order].priority)

    def routing(self, order: Order, operation: str) -> RoutingOperation:
        return next(item for item in self.parts[order.part].operations if item.id == operation)

    def transfer_s(self, order: Order, operation: str) -> int:
        return round(60 * self.routing(order, operation).transfer_min)

    def ready(self, job: Job) -> tuple[float, str]:
        """The earliest begin that does not depend on other open operations, and what asks for it."""
        found = [(self.now, "now")]
        if job.order.release is not None:
            found.append((second(job.order.release), f"the release of order {job.order.id}"))
        asked = self.controls.not_before.get(job.name)
        if asked is not None:
            found.append((ceil(asked), "the not-before that was asked for"))
        found += [
            (self.done_at(job.order, name), f"operation {name}, done, plus its transfer")
            for name in job.operation.after
            if self.done(job.order.id, name) is not None
        ]
        return max(found)

    # --- where and by whom ----------------------------------------------------------------------

    def alternatives(self, job: Job) -> list[Alternative]:
        """Where an operation that has not begun may run, given what is forbidden, pinned, gone or endless."""
        pinned = self.controls.pin_machine.get(job.name)
        return [
            item
            for item in job.operation.alternatives
            if item.machine not in self.controls.forbid_machines
            and (job.name, item.machine) not in self.controls.forbid
            and pinned in (None, item.machine)
            and self.machine_ready(item.machine) <= self.now + GONE_S
            and item.run_s(job.order.quantity) <= LONGEST.total_seconds()
        ]

    def crew(self, job: Job, alternative: Alternative) -> list[str]:
        """Who may attend an operation there; [""] if it runs unattended."""
        pinned = self.controls.pin_operator.get(job.name)
        if not alternative.skill:
            return [""] if pinned is None else []
        return [
            person.id
            for person in self.people.values()
            if alternative.skill in person.skills and pinned in (None, person.id)
        ]

    def lasts(self, job: Job, alternative: Alternative, person: str) -> bool:
        """Whether machine and person will go on to work together for long enough at a time."""
        need = 1.0
        if not job.operation.pausable:
            families = {item.family for part in self.parts.values() for item in part.operations} | {""}
            families |= {machine.initial_family for machine in self.machines.values()}
            setups = (self.setup_s(alternative.machine, m, job.operation.family) for m in families)
            need = alternative.run_s(job.order.quantity) + max(setups)
        periods = self.open_time(alternative.machine, person).periods
        late = datetime.combine(self._days[1], time(), self.zone) - timedelta(days=LASTING_DAYS)
        return any(end - max(start, late.timestamp()) >= need for start, end in periods)

    def may_freeze(self, job: Job) -> bool:
        """Whether an operation is planned to begin within the freeze, and can still be done as planned."""
        planned = job.planned
        if planned is None or job.begun is not None:
            return False
        begin, end = second(planned.setup_start), second(planned.end)
        if begin > self.freeze_until or self.ready(job)[0] > self.freeze_until:
            return False
        here = [
            item
            for item in self.alternatives(job)
            if item.machine == planned.machine
            and ((planned.operator if item.skill else "") in self.crew(job, item))
            and self.lasts(job, item, planned.operator if item.skill else "")
        ]
        if not here or self.machine_ready(planned.machine) > self.freeze_until:
            return False
        begin, end = max(begin, self.now), max(begin, self.now) + end - begin
        shut = self._machine_cuts.get(planned.machine, ())
        if any(a < end and b > max(begin, self.freeze_until) for a, b in shut):
            return False
        away = self._person_cuts.get(planned.operator, ()) if here[0].skill else ()
        return not any(a < end and b > begin for a, b in away)

    def machine_ready(self, machine: str) -> float:
        """When a machine that is down will work again; now if it is not."""
        until = self.state.machine_down_until.get(machine)
        return max(self.now, second(until)) if until is not None else self.now

    def going_on(self, job: Job) -> tuple[Alternative, str]:
        """The alternative a started operation goes on with, and its operator."""
        begun = job.begun
        assert begun is not None
        here = [item for item in job.operation.alternatives if item.machine == begun.machine]
        alternative = (here or list(job.operation.alternatives))[0]
        return alternative, begun.operator if alternative.skill else ""

    def work_left(self, job: Job) -> int:
        """Seconds of work left of a started operation: as reported, else planned less what was worked."""
        begun = job.begun
        assert begun is not None
        if begun.remaining_s is not None:
            return max(LEAST_LEFT_S, begun.remaining_s)
        alternative, operator = self.going_on(job)
        worked = self.open_time(begun.machine, operator).between
        work = alternative.run_s(job.order.quantity)
        since = begun.start or begun.setup_start
        planned = job.planned
        if begun.start is None and planned is not None and planned.machine == begun.machine:
            work += round(worked(second(planned.setup_start), second(planned.start)))
        return max(LEAST_LEFT_S, round(work - worked(min(second(since), self.now), self.now)))

    def short_of(self, job: Job, listed: set[Key]) -> bool:
        """Whether what the listed operations leave over of a material is too little for this one."""
        for use in job.operation.consumes:
            left = sum(
                lot.quantity
                for lot in self.lots.values()
                if lot.material == use.material
                and (lot.available is None or second(lot.available) <= self.now + GONE_S)
            )
            left -= self.used_up(use.material)
            for order in self.orders.values():
                operations = self.parts[order.part].operations
                lasts = self.lasts_of(operations)
                if order.part == use.material and not any((order.id, item.id) in listed for item in lasts):
                    left += order.quantity
            for other in self.jobs.values():
                if other.key not in listed and other.begun is None:
                    taken = sum(
                        item.quantity_per_unit
                        for item in other.operation.consumes
                        if item.material == use.material
                    )
                    left -= taken * other.order.quantity
            if left < use.quantity_per_unit * job.order.quantity:
                return True
        return False

    def lasts_of(self, operations: Iterable[RoutingOperation]) -> list[RoutingOperation]:
        """The operations that none comes after: with them an order is finished."""
        followed = {name for operation in operations for name in operation.after}
        return [operation for operation in operations if operation.id not in followed]

    def used_up(self, material: str) -> float:
        """What operations that have begun have taken of a material, for orders since cancelled too."""
        taken = 0.0
        for item in self.progress.values():
            order = self.known[item.order]
            for use in self.routing(order, item.operation).consumes:
                taken += use.quantity_per_unit * order.quantity * (use.material == material)
        return taken

    # --- setups ---------------------------------------------------------------------------------

    def mounted(self, machine: str) -> str:
        """The setup family on a machine now: as reported, of what it did last, or the initial one."""
        if machine in self.state.machine_family:
            return self.state.machine_family[machine]
        family = self.machines[machine].initial_family
        for item in sorted(self.progress.values(), key=lambda item: (item.setup_start, item.key)):
            if item.machine == machine and item.status is OperationStatus.DONE:
                family = self.routing(self.known[item.order], item.operation).family or family
        return family

    def setup_s(self, machine: str, mounted: str, family: str) -> int:
        """Seconds to change a machine over; "" where nothing is mounted or nothing is needed."""
        group = self.machines[machine].setup_group
        if not family or not group:
            return 0
        if mounted == family and (group, mounted, family) not in self._setups:
            return 0
        for pair in ((mounted, family), ("*", family), (mounted, "*"), ("*", "*")):
            minutes = self._setups.get((group, *pair))
            if minutes is not None:
                return round(60 * minutes)
        return 0

    # --- calendars ------------------------------------------------------------------------------

    def open_time(self, machine: str, operator: str) -> OpenTime:
        """When a machine and its operator ("": none) both work."""
        found = self._pairs.get((machine, operator))
        if found is None:
            periods = self._machine_periods[machine]
            if operator:
                periods = common(periods, self._person_periods[operator])
            found = self._pairs[machine, operator] = OpenTime(periods)
        return found

    @cached_property
    def _calendars(self) -> dict[str, list[Period]]:
        def unroll(calendar: Calendar) -> list[Period]:
            return open_periods(calendar, self.zone, *self._days)

        return {calendar.id: unroll(calendar) for calendar in self.plant.calendars}

    @cached_property
    def _machine_cuts(self) -> dict[str, list[Period]]:
        cuts: dict[str, list[Period]] = {}
        for item in (*self.plant.downtimes, *self.state.downtimes):
            cuts.setdefault(item.machine, []).append((floor(item.start.timestamp()), second(item.end)))
        return cuts

    @cached_property
    def _person_cuts(self) -> dict[str, list[Period]]:
        cuts: dict[str, list[Period]] = {}
        for item in (*self.plant.absences, *self.state.absences):
            cuts.setdefault(item.person, []).append((floor(item.start.timestamp()), second(item.end)))
        return cuts

    @cached_property
    def _machine_periods(self) -> dict[str, list[Period]]:
        return {
            machine.id: without(self._calendars[machine.calendar], self._machine_cuts.get(machine.id, ()))
            for machine in self.machines.values()
        }

    @cached_property
    def _person_periods(self) -> dict[str, list[Period]]:
        return {
            person.id: without(self._calendars[person.calendar], self._person_cuts.get(person.id, ()))
            for person in self.people.values()
        }
