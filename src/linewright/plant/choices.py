"""Where, by whom and when an operation can be done now: machines, setups, crews and calendars."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import numpy as np

from linewright.errors import Finding, PlantError
from linewright.plant.arrays import UNATTENDED
from linewright.plant.calendars import Hours, expand, open_s
from linewright.plant.plan import OperationStatus, Progress
from linewright.plant.records import Alternative
from linewright.plant.remaining import LATEST_S, LONGEST_S, Choice, Operation, Remaining

DAY_S = 86400

SLACK = 4
"""The horizon holds this many times the open time that the busiest machine or crew could need."""

FARTHEST_S = 50 * 366 * DAY_S
"""Calendars reach no farther; where a machine alone would need more, durations are in a wrong unit."""

LEAST_LEFT_S = 60
"""Work left of a started operation that is not reported done, at least."""


class Setups:
    """Families, groups and setup times as arrays, and what is mounted now."""

    def __init__(self, remaining: Remaining) -> None:
        plant = remaining.plant
        names = {routing.family for part in plant.parts for routing in part.operations}
        names |= {machine.initial_family for machine in plant.machines}
        names |= set(remaining.state.machine_family.values())
        self.families = sorted(names - {""})
        self.family = {name: f for f, name in enumerate(self.families)}
        groups = ["", *sorted({machine.setup_group for machine in plant.machines} - {""})]
        self.group = {name: g for g, name in enumerate(groups)}
        minutes = {(row.group, row.from_family, row.to_family): row.minutes for row in plant.setups}
        nothing = len(self.families)
        self.setup_s = np.zeros((len(groups), nothing + 1, nothing), np.int64)
        for group in groups[1:]:
            for f, mounted in enumerate([*self.families, ""]):
                for t, family in enumerate(self.families):
                    found = minutes.get((group, mounted, family))
                    for pair in (("*", family), (mounted, "*"), ("*", "*")):
                        if found is None and mounted != family:  # no change, no setup, unless it is said
                            found = minutes.get((group, *pair))
                    self.setup_s[self.group[group], f, t] = round(60 * (found or 0.0))
        largest = self.setup_s.max(axis=1, initial=0)
        self.setup_group = [self.group[machine.setup_group] for machine in plant.machines]
        self.largest: list[list[int]] = largest.tolist()

    def largest_s(self, machine: int, family: str) -> int:
        return self.largest[self.setup_group[machine]][self.family[family]] if family else 0

    def mounted(self, remaining: Remaining) -> list[int]:
        """The family on each machine: as reported, or of the last finished operation, or the initial one."""
        families = {machine.id: machine.initial_family for machine in remaining.plant.machines}
        for item, routing in remaining.begun_in_order():
            if routing.family and item.status is OperationStatus.DONE:
                families[item.machine] = routing.family
        families.update(remaining.state.machine_family)
        nothing = len(self.families)
        return [self.family.get(families[machine.id], nothing) for machine in remaining.plant.machines]


class Choices:
    """Finds the choices of each open operation, and drops operations that have none."""

    def __init__(self, remaining: Remaining, setups: Setups) -> None:
        self.remaining, self.setups = remaining, setups
        self.plant, self.controls = remaining.plant, remaining.controls
        self.skilled: dict[str, list[int]] = defaultdict(list)
        for w, person in enumerate(self.plant.people):
            for skill in person.skills:
                self.skilled[skill].append(w)
        self.crews: dict[tuple[int, str, int, str | None], tuple[int, ...]] = {}
        self.horizon_s = self.safe_horizon()
        self.hours = Hours(self.plant, remaining.zone, remaining.epoch, self.horizon_s)
        for op in remaining.operations:
            if op.dropped is None:
                self.choose(op)

    def safe_horizon(self) -> int:
        """How far calendars reach.

        The last known fact (release, delivery, repair, absence, …), 30 days, and `SLACK` times the time
        that the busiest machine or skill would need, by its own calendars, if everything it could get came
        to it, or the longest order by the scarcest calendar.
        """
        machine_load: dict[str, int] = defaultdict(int)
        skill_load: dict[str, int] = defaultdict(int)
        order_load: dict[str, int] = defaultdict(int)
        latest = self.remaining.freeze_s
        for op in self.remaining.operations:
            latest = max(latest, op.ready_s if op.ready_s <= LATEST_S else 0)
            longest = 0
            for alternative in op.routing.alternatives:
                machine = self.remaining.machine_of(alternative.machine, f"operation {op.name}")
                if self.is_endless(op, alternative):
                    continue
                work = alternative.run_s(op.order.quantity)
                work += self.setups.largest_s(machine, op.routing.family)
                machine_load[alternative.machine] += work
                skill_load[alternative.skill] += work
                longest = max(longest, work)
            if op.begun is not None:
                longest = max(longest, min(op.begun.remaining_s or 0, LONGEST_S))
                machine_load[op.begun.machine] += longest
            order_load[op.order.id] += longest
        facts = [*self.remaining.state.machine_down_until.values()]
        facts += [lot.available for lot in self.plant.lots if lot.available is not None]
        facts += [down.end for down in self.plant.downtimes]
        facts += [absence.end for absence in self.plant.absences]
        latest = max([latest, *(s for s in map(self.remaining.second, facts) if s <= LATEST_S)])
        share = self.open_shares()
        scarcest = min([*share.values(), 1.0])
        people = {
            skill: sum(share[self.plant.people[w].calendar] for w in who)
            for skill, who in self.skilled.items()
        }
        needed_s = {
            f"machine {unit.id}": machine_load[unit.id] / share[unit.calendar] for unit in self.plant.machines
        }
        for skill, load in skill_load.items():
            if skill:
                needed_s[f"skill {skill}"] = load / max(scarcest, people.get(skill, 1.0))
        for name, seconds in needed_s.items():
            if seconds > FARTHEST_S:
                what = f"may get work for {seconds / (365 * DAY_S):,.0f} years, more than can be planned."
                advice = "Maybe durations are not in minutes, or quantities or calendars are wrong."
                raise PlantError([Finding(name, what, advice)])
        longest_s = max([*needed_s.values(), *(load / scarcest for load in order_load.values())], default=0)
        return min(FARTHEST_S, latest + 30 * DAY_S + round(SLACK * longest_s))

    def open_shares(self) -> dict[str, float]:
        """For each calendar the share of four weeks for which it is open, at least a hundredth."""
        span = 28 * DAY_S
        return {
            calendar.id: max(
                0.01,
                open_s(expand(calendar, self.remaining.zone, self.remaining.epoch, 0, span), 0, span) / span,
            )
            for calendar in self.plant.calendars
        }

    def choose(self, op: Operation) -> None:
        """Find the machines and people that can do an operation now; drop it where there are none."""
        if op.begun is not None:
            self.go_on(op, op.begun)
            return
        if op.ready_s > LATEST_S:
            years = op.ready_s // (365 * DAY_S)
            self.remaining.drop(op, f"it may not begin for {years} years", "Maybe a date is mistyped.")
            return
        for alternative in op.routing.alternatives:
            machine = self.remaining.machine[alternative.machine]
            if self.is_forbidden(op, alternative.machine) or self.is_gone(alternative.machine):
                continue
            if self.is_endless(op, alternative):
                continue
            run = alternative.run_s(op.order.quantity)
            need = 1 if op.routing.pausable else run + self.setups.largest_s(machine, op.routing.family)
            crew = self.crew(op, machine, alternative, need)
            if crew is None or crew:
                op.choices.append(Choice(machine, run, crew, alternative.cv))
        if not op.choices:
            self.remaining.drop(op, *self.explain(op))

    def is_forbidden(self, op: Operation, machine: str) -> bool:
        controls = self.controls
        return (
            machine in controls.forbid_machines
            or (*op.key, machine) in controls.forbid
            or controls.pin_machine.get(op.key, machine) != machine
        )

    def is_gone(self, machine: str) -> bool:
        """Whether a machine is down and not expected back."""
        return self.remaining.down_s.get(machine, 0) > LATEST_S

    def is_endless(self, op: Operation, alternative: Alternative) -> bool:
        """Whether an operation would run for longer than any can."""
        return alternative.run_s(op.order.quantity) > LONGEST_S

    def crew(
        self, op: Operation, machine: int, alternative: Alternative, need_s: int
    ) -> tuple[int, ...] | None:
        """Who can attend an operation on a machine; None where nobody needs to, () where nobody can.

        `need_s`: the open time without interruption that must come again and again.
        """
        hours = self.hours
        row = hours.machine_class[machine]
        pinned = self.controls.pin_operator.get(op.key)
        if not alternative.skill:
            alone = pinned is None and hours.lasting_s(row, hours.unattended) >= need_s
            return None if alone else ()
        key = row, alternative.skill, need_s, pinned
        if key not in self.crews:
            self.crews[key] = tuple(
                w
                for w in self.skilled[alternative.skill]
                if pinned in (None, self.plant.people[w].id)
                and hours.lasting_s(row, hours.operator_class[w]) >= need_s
            )
        return self.crews[key]

    def go_on(self, op: Operation, begun: Progress) -> None:
        """A started operation stays where it is, with whom it is; its run is the work left."""
        machine = self.remaining.machine_of(begun.machine, f"operation {op.name}, which has begun:")
        here = [item for item in op.routing.alternatives if item.machine == begun.machine]
        if not op.routing.alternatives:
            self.remaining.drop(op, *self.explain(op))
            return
        alternative = [*here, *op.routing.alternatives][0]
        operator = UNATTENDED
        if begun.operator and alternative.skill:
            if begun.operator not in self.remaining.person:
                what = f'operation {op.name} has begun with "{begun.operator}", who does not exist.'
                raise PlantError([Finding("progress", what, "Maybe add the person to people.csv.")])
            operator = self.remaining.person[begun.operator]
        hours = self.hours
        column = hours.unattended if operator == UNATTENDED else hours.operator_class[operator]
        if self.is_gone(begun.machine):
            why = f"it has begun on {begun.machine}, which is down without an expected end"
            self.remaining.drop(op, why, f"Enter when the repair of {begun.machine} should end.")
        elif hours.lasting_s(hours.machine_class[machine], column) == 0:
            with_whom = f" with {begun.operator}" if operator != UNATTENDED else ""
            why = f"it has begun on {begun.machine}{with_whom}, and they are not open together again"
            self.remaining.drop(op, why, "Correct the calendars, or report who goes on with it.")
        crew = None if operator == UNATTENDED else (operator,)
        left = self.work_left_s(op, begun, alternative, machine, operator)
        if left > LONGEST_S:
            why = f"it has begun on {begun.machine} and would run for another {left // DAY_S:,} days"
            self.remaining.drop(op, why, f"Correct its work left, or the quantity of order {op.order.id}.")
        op.choices = [Choice(machine, left, crew, alternative.cv)]
        op.fixed_operator = operator

    def work_left_s(
        self, op: Operation, begun: Progress, alternative: Alternative, machine: int, operator: int
    ) -> int:
        """As reported; else what was planned less what its calendars have let it work so far."""
        if begun.remaining_s is not None:
            return max(LEAST_LEFT_S, begun.remaining_s)
        unit = self.plant.machines[machine]
        person = None if operator == UNATTENDED else self.plant.people[operator]

        def worked(start: datetime, end_s: int) -> int:
            start_s = self.remaining.second(start)
            return open_s(self.hours.between(unit, person, start_s, end_s), start_s, end_s)

        run = alternative.run_s(op.order.quantity)
        if begun.start is not None:
            return max(LEAST_LEFT_S, run - worked(begun.start, 0))
        setup = 0
        if op.planned is not None and op.planned.machine == begun.machine:
            setup = worked(op.planned.setup_start, self.remaining.second(op.planned.start))
        return max(LEAST_LEFT_S, setup + run - worked(begun.setup_start, 0))

    def explain(self, op: Operation) -> tuple[str, str]:
        """Why no machine is left for an operation, and what would give it one."""
        whys: list[str] = []
        remedies: list[str] = []
        for alternative in op.routing.alternatives:
            name, skill = alternative.machine, alternative.skill
            machine = self.remaining.machine[name]
            pin = self.controls.pin_machine.get(op.key, name)
            person = self.controls.pin_operator.get(op.key)
            if pin != name:
                whys.append(f"{name} is excluded by the pin to {pin}")
                remedies.append(f"lift the pin to {pin}")
            elif self.is_forbidden(op, name):
                whys.append(f"{name} is forbidden")
                remedies.append(f"lift the ban on {name}")
            elif self.is_endless(op, alternative):
                days = alternative.run_s(op.order.quantity) // DAY_S
                whys.append(f"it would run for {days:,} days on {name}")
                remedies.append(f"correct the quantity of order {op.order.id}, or min_per_unit of {name}")
            elif self.is_gone(name):
                whys.append(f"{name} is down without an expected end")
                remedies.append(f"enter when the repair of {name} should end")
            elif skill and not self.skilled[skill]:
                whys.append(f"nobody has skill {skill} for {name}")
                remedies.append(f"give somebody skill {skill}")
            elif person is not None and not skill:
                whys.append(f"{name} runs unattended and {person} is pinned")
                remedies.append(f"lift the pin to {person}")
            elif self.crew(op, machine, alternative, 1) == ():
                who = person or (f"somebody with skill {skill}" if skill else "")
                whys.append(f"{name} is never open" + (f" together with {who}" if who else ""))
                remedies.append(f"change the calendar of {name}" + (f" or of {who}" if who else ""))
            else:
                work = alternative.run_s(op.order.quantity)
                work += self.setups.largest_s(machine, op.routing.family)
                whys.append(f"{name} has no open period of {_duration(work)}, run and largest setup")
                remedies.append("let the operation pause, or lengthen a shift")
        if not whys:
            return "its routing names no machine", "Add an alternative to its routing."
        return (
            "no machine is left: " + "; ".join(dict.fromkeys(whys)),
            "Maybe " + ", or ".join(dict.fromkeys(remedies)) + ".",
        )


def _duration(seconds: int) -> str:
    hours, minutes = divmod(-(-seconds // 60), 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours))
