"""What the floor knows of its plant: the records of the folder, looked up by id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from linewright.demo import draws
from linewright.demo.hours import NEVER, Hours
from linewright.demo.records import OrderRecord
from linewright.plant.calendars import expand
from linewright.plant.history import current
from linewright.plant.plan import PlantState
from linewright.plant.records import Alternative, Plant, RoutingOperation

PAST_S = 14 * 86400
"""Calendars are known from this long before the epoch: work begun then may still be under way."""


class Facts:
    """A plant and the state its folder describes; neither changes while the floor runs."""

    def __init__(self, plant: Plant, state: PlantState) -> None:
        self.plant = plant = current(plant, state)
        self.state = state
        self.epoch = (state.at + timedelta(microseconds=999_999)).astimezone(UTC).replace(microsecond=0)
        self.machines = {machine.id: machine for machine in plant.machines}
        self.people = {person.id: person for person in plant.people}
        self.parts = {part.id: part for part in plant.parts}
        self.orders = {
            order.id: OrderRecord(
                id=order.id,
                part=order.part,
                quantity=order.quantity,
                due=self.second(order.due),
                release=-NEVER if order.release is None else self.second(order.release),
                priority=order.priority,
            )
            for order in plant.orders
            if order.id not in state.cancelled
        }
        self.materials = {material.id for material in plant.materials}
        self._zone = ZoneInfo(plant.timezone)
        self._calendars = {calendar.id: calendar for calendar in plant.calendars}
        self._operations = {(p.id, o.id): o for p in plant.parts for o in p.operations}
        self._setups = {(s.group, s.from_family, s.to_family): s.minutes for s in plant.setups}

    @cached_property
    def _maintenance(self) -> dict[str, list[tuple[int, int]]]:
        periods: dict[str, list[tuple[int, int]]] = {}
        for down in self.plant.downtimes:
            period = self.second(down.start), self.second(down.end)
            periods.setdefault(down.machine, []).append(period)
        return periods

    def second(self, instant: datetime) -> int:
        """Seconds since the epoch, rounded up."""
        return -((self.epoch - instant) // timedelta(seconds=1))

    def machine_hours(self, machine: str) -> Hours:
        hours = self._hours(self.machines[machine].calendar)
        for start, end in self._maintenance.get(machine, ()):
            hours.cut(start, end)
        return hours

    def person_hours(self, person: str) -> Hours:
        hours = self._hours(self.people[person].calendar)
        for absence in self.plant.absences:
            if absence.person == person:
                hours.cut(self.second(absence.start), self.second(absence.end))
        return hours

    def _hours(self, calendar_id: str) -> Hours:
        calendar = self._calendars[calendar_id]

        def intervals(start: int, end: int) -> list[tuple[int, int]]:
            found = expand(calendar, self._zone, self.epoch, start, end)
            return [(int(opening), int(closing)) for opening, closing in found]

        return Hours(intervals, -PAST_S)

    def maintained_until(self, machine: str, at: int) -> int | None:
        """The end of the maintenance that a machine is in, if it is in one."""
        ends = [end for start, end in self._maintenance.get(machine, ()) if start <= at < end]
        return max(ends, default=None)

    def maintenance_edge(self, machine: str, at: int) -> int:
        """The next instant at which a maintenance of a machine begins or ends."""
        edges = (edge for period in self._maintenance.get(machine, ()) for edge in period if edge > at)
        return min(edges, default=NEVER)

    def operation(self, part: str, operation: str) -> RoutingOperation:
        return self._operations[part, operation]

    def last_operations(self, part: str) -> list[RoutingOperation]:
        """The operations of a part that none comes after."""
        operations = self.parts[part].operations
        followed = {name for operation in operations for name in operation.after}
        return [operation for operation in operations if operation.id not in followed]

    def has_operation(self, part: str, operation: str) -> bool:
        return (part, operation) in self._operations

    def alternative(self, part: str, operation: str, machine: str) -> Alternative:
        """How an operation runs on a machine; KeyError where it cannot."""
        for alternative in self._operations[part, operation].alternatives:
            if alternative.machine == machine:
                return alternative
        raise KeyError(machine)

    def setup_s(self, machine: str, mounted: str, family: str) -> int:
        """Seconds to change a machine from the mounted family to another; "*" in the table is any."""
        group = self.machines[machine].setup_group
        if not family or not group:
            return 0
        if mounted == family:
            return round(60 * self._setups.get((group, mounted, family), 0.0))
        for key in ((group, mounted, family), (group, "*", family), (group, mounted, "*"), (group, "*", "*")):
            if key in self._setups:
                return round(60 * self._setups[key])
        return 0

    def operating_s_to_failure(self, machine: str, seed: int, count: int) -> int | None:
        """Operating seconds until a machine's next failure, counted from the last; None: it never fails."""
        mtbf_h = self.machines[machine].mtbf_h
        if mtbf_h == 0:
            return None
        return max(1, round(draws.exponential(mtbf_h * 3600, seed, "failure", machine, count)))
