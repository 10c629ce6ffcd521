"""The shop floor: job orders executed in plant time, one event after the other.

Each machine works its queue in planned setup-start order, and so does each operator. A job begins when it
is next for both, its predecessors have ended (plus transfer time), its materials are here, its order is
released, and machine and operator are there together; one that cannot pause waits for a period into which
its planned work fits and, once begun, runs on past closing. Machines break down in operating time. Somebody
who would end a job more than half an hour later than planned is relieved by whoever is there, can do it and
is not needed elsewhere, if that is sooner by more than half an hour too. At zero variance that is
`plant.timing.decode`. What happens is the same however time is cut into calls of `advance`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from linewright.demo import draws
from linewright.demo.facts import Facts
from linewright.demo.hours import NEVER, Hours, both_open, done_by
from linewright.demo.memory import Memory
from linewright.demo.records import Away, Job, Machine, OrderRecord
from linewright.demo.stores import Kept, Need, keep, made_by
from linewright.errors import LinewrightError, NotFound
from linewright.events.vocabulary import (
    AnyBody,
    EquipmentState,
    EquipmentStateChanged,
    JobOrderAborted,
    JobOrderCompleted,
    JobOrderProgressed,
    JobOrderStarted,
    MaterialLotConsumed,
    MaterialLotDelayed,
    MaterialLotProduced,
    MaterialLotReceived,
    OperationsRequestReceived,
    PersonnelAvailabilityChanged,
)
from linewright.plant.plan import job_order_id
from linewright.plant.records import Alternative, RoutingOperation

RELIEF_S = 1800
REPORT_S = 1800
"""A running job reports its progress this often, in seconds of plant time."""


class Floor:
    """A shop floor at an instant, `now`, in seconds since the epoch of its facts."""

    def __init__(self, facts: Facts, memory: Memory, seed: int) -> None:
        self.facts = facts
        self.memory = memory
        self.seed = seed
        self._hours: dict[str, Hours] = {m: facts.machine_hours(m) for m in facts.machines}
        self._people: dict[str, Hours] = {p: facts.person_hours(p) for p in facts.people}
        for away in memory.away.values():
            self._people[away.person].cut(away.start, away.end)
        self._busy: dict[str, str] = {}  # operator -> job
        self._due: dict[str, int] = {}
        self._kept: dict[str, Kept] | None = None
        self._machine_queue: dict[str, list[Job]] = {}
        self._operator_queue: dict[str, list[Job]] = {}
        for machine in memory.machines.values():
            if machine.job and memory.jobs[machine.job].spec.operator:
                self._busy[memory.jobs[machine.job].spec.operator] = machine.job
        self.jobs_changed()
        self._settle_all()

    @property
    def now(self) -> int:
        return self.memory.clock

    def instant(self, seconds: int) -> datetime:
        return self.facts.epoch + timedelta(seconds=seconds)

    # -- time ---------------------------------------------------------------------------------------

    def next_event(self) -> int:
        """The next instant at which something happens if nothing is asked of the floor before."""
        expected = self.memory.expected_lots()
        return min(min(self._due.values(), default=NEVER), expected[0].available if expected else NEVER)

    def advance(self, to: int, most: int = 2**31) -> int:
        """Let time pass up to `to`, or until `most` events have happened; returns the instant reached."""
        while most > 0 and (at := self.next_event()) <= to:
            self.memory.clock = max(at, self.now)
            self._happen()
            most -= 1
        if most > 0:
            self.memory.clock = max(to, self.now)
        return self.now

    def touch(self) -> None:
        """Take in what has just been changed from outside: begin what may begin now, say what differs."""
        self._settle_all()
        self._happen()

    def _settle_all(self) -> None:
        self._due = dict.fromkeys(self.memory.machines, self.now)

    def _happen(self) -> None:
        now = self.now
        freed = self._deliveries()
        touched = [self.memory.machines[m] for m, due in self._due.items() if due <= now]
        for machine in touched:
            freed |= self._work(machine)
        idle = self.memory.machines.values() if freed else touched
        waiting = [machine for machine in idle if not machine.job]
        for machine in sorted(waiting, key=self._head_place):
            self._try_begin(machine)
        for machine in {machine.id: machine for machine in [*touched, *waiting]}.values():
            self._report(machine)
            self._due[machine.id] = self._next(machine)

    def _deliveries(self) -> bool:
        arrived = [lot for lot in self.memory.expected_lots() if lot.available <= self.now]
        for lot in arrived:
            lot.arrived = True
            self._kept = None
            self.memory.keep(lot)
            self._say(
                MaterialLotReceived(
                    lot=lot.id, material=lot.material, quantity=lot.quantity, location=lot.location
                )
            )
        return bool(arrived)

    # -- work under way -----------------------------------------------------------------------------

    def _work(self, machine: Machine) -> bool:
        """Bring a machine and the job on it up to now; True where that frees the machine."""
        now = self.now
        job = self.memory.jobs.get(machine.job)
        if job is not None:
            self._settle(machine, job)
        if machine.down_until is not None and machine.down_until <= now:
            machine.down_until = None
            machine.down_reason = ""
            self.memory.keep(machine)
        if job is None:
            return False
        if job.phase == "setup" and job.left == 0 and machine.down_until is None and self._manned(job):
            job.phase, job.left, job.run_begun = "run", job.run_total, now
            self._progress(machine, job)
        if job.phase == "run" and job.left == 0:
            self._end(machine, job)
            return True
        manned = self._manned(job)
        if machine.to_failure == 0 and manned and machine.down_until is None:
            self._fail(machine)
        job.working = manned and machine.down_until is None
        if now >= job.report_at:
            self._progress(machine, job)
        self.memory.keep(job)
        return False

    def _settle(self, machine: Machine, job: Job) -> None:
        """Count the work done since the last time."""
        if job.working and self.now > job.since:
            done = self.now - job.since
            job.left -= done
            if machine.to_failure is not None:
                machine.to_failure -= done
            self.memory.keep(machine)
        job.since = self.now

    def _manned(self, job: Job) -> bool:
        """Whether a job goes on as far as calendars are concerned."""
        if job.working and not self._operation(job).pausable:
            return True
        return both_open(self.hours_of(job), self.now)[0] <= self.now

    def hours_of(self, job: Job) -> list[Hours]:
        """The hours of the machine and the operator of a job."""
        spec = job.spec
        return [self._hours[spec.machine], *([self._people[spec.operator]] if spec.operator else [])]

    def _fail(self, machine: Machine) -> None:
        equipment = self.facts.machines[machine.id]
        count = machine.failures
        machine.failures = count + 1
        repair_h = draws.lognormal(
            equipment.mttr_h, equipment.mttr_cv, self.seed, "repair", machine.id, count
        )
        machine.to_failure = self.facts.operating_s_to_failure(machine.id, self.seed, count + 1)
        machine.down_until = self.now + max(60, round(repair_h * 3600))
        machine.down_reason = "breakdown"
        self.memory.keep(machine)

    def _end(self, machine: Machine, job: Job) -> None:
        job.state, job.working, job.ended = "ended", False, self.now
        job.scrap = draws.binomial(job.units, self._operation(job).scrap_rate, self.seed, "scrap", job.id)
        job.good = job.units - job.scrap
        machine.job = ""
        machine.good += job.good
        machine.scrap += job.scrap
        self._busy.pop(job.spec.operator, None)
        self.memory.keep(job, machine)
        self._say(
            JobOrderCompleted(
                job_order=job.id,
                machine=machine.id,
                operator=job.spec.operator,
                setup_start=self.instant(job.begun),
                run_start=self.instant(job.run_begun if job.run_begun is not None else self.now),
                end=self.instant(self.now),
                good=job.good,
                scrap=job.scrap,
                rework=job.rework,
                plan_version=job.spec.plan_version,
            )
        )
        made = made_by(self._order(job), self.facts, self.memory.jobs)
        if made is not None:
            self.memory.add(made)
            self._kept = None
            self._say(
                MaterialLotProduced(
                    lot=made.id, material=made.material, quantity=made.quantity, job_order=job.id
                )
            )

    def _progress(self, machine: Machine, job: Job) -> None:
        job.report_at = self.now + REPORT_S
        share = 1 - job.left / job.run_total if job.phase == "run" else 0.0
        planned = round(job.run_planned * (1 - share))
        self._say(
            JobOrderProgressed(
                job_order=job.id,
                remaining_s=max(1, planned + (job.left if job.phase == "setup" else 0)),
                run_start=None if job.run_begun is None else self.instant(job.run_begun),
                good=int(job.units * share),
            )
        )
        self.memory.keep(job)

    # -- beginning ----------------------------------------------------------------------------------

    def jobs_changed(self) -> None:
        """Form the queues of machines and operators anew, and share out the stores again."""
        self._kept = None
        self._machine_queue = {m: [] for m in self.memory.machines}
        self._operator_queue = {p: [] for p in self._people}
        for job in self.memory.jobs.values():
            if job.state == "released":
                self._machine_queue[job.spec.machine].append(job)
                if job.spec.operator:
                    self._operator_queue[job.spec.operator].append(job)
        for queue in (*self._machine_queue.values(), *self._operator_queue.values()):
            queue.sort(key=lambda job: job.place, reverse=True)  # next is last

    def _head(self, machine: Machine) -> Job | None:
        queue = self._machine_queue[machine.id]
        return queue[-1] if queue else None

    def _head_place(self, machine: Machine) -> tuple[int, int, str]:
        head = self._head(machine)
        return head.place if head else (NEVER, 0, "")

    def _try_begin(self, machine: Machine) -> None:
        job = self._head(machine)
        if job is None:
            return
        if self._earliest(machine, job) == self.now:
            self._begin(machine, job)
        elif (other := self._relief(machine, job)) is not None:
            self._operator_queue[job.spec.operator].remove(job)
            job.spec = msgspec.structs.replace(job.spec, operator=other)
            self._operator_queue[other].append(job)  # next, whatever else is planned
            self._begin(machine, job)

    def _earliest(self, machine: Machine, job: Job) -> int:
        """When a job that is next for its machine begins, as far as is known now; NEVER where that
        depends on something yet to happen."""
        spec = job.spec
        if machine.down_until is not None:
            return NEVER  # the repair comes first and is an event
        if spec.operator and (
            spec.operator in self._busy or self._operator_queue[spec.operator][-1] is not job
        ):
            return NEVER
        earliest = self._ready(job)
        operation = self._operation(job)
        work = 0 if operation.pausable else self._planned_work(machine, job)
        while earliest < NEVER:
            opening, closing = both_open(self.hours_of(job), earliest)
            if opening >= NEVER or opening + work <= closing:
                return opening
            earliest = closing
        return NEVER

    def _ready(self, job: Job) -> int:
        """When a job could begin for all but its machine and its operator; NEVER where that is not known."""
        part = self.part(job)
        operation = self._operation(job)
        earliest = max(self.now, self._order(job).release, job.spec.not_before or self.now)
        for name in operation.after:
            before = self.memory.jobs.get(job_order_id(job.order, name))
            if before is None or before.state != "ended" or before.ended is None:
                return NEVER
            lag = round(60 * self.facts.operation(part, name).transfer_min)
            earliest = max(earliest, before.ended + lag)
        return max(earliest, self._keep(job).here) if operation.consumes else earliest

    def _planned_work(self, machine: Machine, job: Job) -> int:
        """Setup and run of a job on its machine as it is now, in seconds."""
        setup = self.facts.setup_s(machine.id, machine.family, self._operation(job).family)
        return setup + self._alternative(job).run_s(self.quantity(job))

    def _alternative(self, job: Job) -> Alternative:
        return self.facts.alternative(self.part(job), job.operation, job.spec.machine)

    def _relief(self, machine: Machine, job: Job) -> str | None:
        """Who begins a job now instead of the person planned; None: nobody."""
        spec, now = job.spec, self.now
        if not spec.operator or machine.down_until is not None or self._ready(job) > now:
            return None
        work, pausable = self._planned_work(machine, job), self._operation(job).pausable
        on_machine = self._hours[machine.id]

        def ends(person: str, since: int) -> int:
            return done_by([on_machine, self._people[person]], since, work, pausable)

        at_best = now
        if (busy := self._busy.get(spec.operator)) is not None:
            other = self.memory.jobs[busy]
            at_best = max(now, other.since + other.left)
        soonest = ends(spec.operator, at_best)
        if soonest <= spec.end + RELIEF_S:
            return None
        best, soonest = None, soonest - RELIEF_S
        skill = self._alternative(job).skill
        for person, queue in self._operator_queue.items():
            if person in self._busy or skill not in self.facts.people[person].skills:
                continue
            if queue and queue[-1].spec.setup_start <= now:
                continue  # wanted elsewhere
            if both_open([on_machine, self._people[person]], now)[0] == now and ends(person, now) < soonest:
                best, soonest = person, ends(person, now)
        return best

    def _keep(self, job: Job) -> Kept:
        """What the stores keep for a job that has not begun."""
        if self._kept is None:
            waiting = [job for job in self.memory.jobs.values() if job.state in ("stored", "released")]
            needs = (self._need(other) for other in waiting if self._operation(other).consumes)
            self._kept = keep(self.memory.lots.values(), needs, self._to_be_made)
        return self._kept[job.id]

    def _need(self, job: Job) -> Need:
        quantity = self.quantity(job)
        consumes = self._operation(job).consumes
        wanted = [(use.material, use.quantity_per_unit * quantity) for use in consumes]
        return Need(job.id, job.place, job.spec.lots, wanted)

    def _to_be_made(self, lot: str) -> bool:
        order = lot.removeprefix("order:")
        part = self.part_of(order) if lot.startswith("order:") else None
        if part is None:
            return False
        lasts = (
            self.memory.jobs.get(job_order_id(order, last.id)) for last in self.facts.last_operations(part)
        )
        return all(job is not None and job.state not in ("aborted", "cancelled") for job in lasts)

    def _begin(self, machine: Machine, job: Job) -> None:
        now, spec = self.now, job.spec
        operation = self._operation(job)
        if operation.consumes:
            self._consume(job)
        job.setup_planned = self.facts.setup_s(machine.id, machine.family, operation.family)
        self.plan_work(job)
        job.state, job.begun, job.since = "running", now, now
        job.report_at = now + REPORT_S
        job.phase, job.left = "setup", job.setup_planned
        if job.setup_planned == 0:
            job.phase, job.left, job.run_begun = "run", job.run_total, now
        job.working = True
        machine.job = job.id
        machine.family = operation.family or machine.family
        if spec.operator:
            self._busy[spec.operator] = job.id
            self._operator_queue[spec.operator].pop()
        self._machine_queue[machine.id].pop()
        self.memory.keep(job, machine)
        self._say(
            JobOrderStarted(
                job_order=job.id,
                machine=machine.id,
                operator=spec.operator,
                setup_start=self.instant(now),
                run_start=self.instant(now) if job.phase == "run" else None,
                plan_version=spec.plan_version,
            )
        )
        if machine.to_failure == 0:
            self._fail(machine)
            job.working = False

    def plan_work(self, job: Job) -> None:
        """Planned and real run time of a job: units scrapped before do not arrive, units reworked are run
        twice, and the spread of the machine stretches or shortens all of it."""
        operation, quantity = self._operation(job), self.quantity(job)
        alternative = self._alternative(job)
        before = (self.memory.jobs.get(job_order_id(job.order, name)) for name in operation.after)
        job.units = min([quantity, *(other.good for other in before if other and other.state == "ended")])
        job.rework = draws.binomial(job.units, operation.rework_rate, self.seed, "rework", job.id)
        job.run_planned = alternative.run_s(quantity)
        factor = draws.lognormal(1.0, alternative.cv, self.seed, "run", job.id)
        job.run_total = max(1, round(job.run_planned * (job.units + job.rework) / quantity * factor))

    def _consume(self, job: Job) -> None:
        for lot, quantity in self._keep(job).takes:
            lot.quantity -= quantity
            self.memory.keep(lot)
            self._say(
                MaterialLotConsumed(lot=lot.id, material=lot.material, quantity=quantity, job_order=job.id)
            )
        self._kept = None

    # -- what is next, and what is said -------------------------------------------------------------

    def _next(self, machine: Machine) -> int:
        """When a machine must be looked at again."""
        now, job = self.now, self.memory.jobs.get(machine.job)
        instants = [self.facts.maintenance_edge(machine.id, now)]
        if machine.down_until is not None:
            instants.append(machine.down_until)
        if job is None:
            hours = self._hours[machine.id]
            instants.append(hours.closing(now) or hours.opening(now))
            if (head := self._head(machine)) is not None:
                earliest = self._earliest(machine, head)
                instants.append(earliest)
                if head.spec.operator and earliest > now + RELIEF_S:
                    instants.append(now + RELIEF_S)  # somebody else may be there then
            return min(instant for instant in instants if instant > now)
        if job.working:
            instants += [now + job.left, job.report_at]
            if self._operation(job).pausable:
                instants.append(both_open(self.hours_of(job), now)[1])
            if machine.to_failure is not None and machine.to_failure < job.left:
                instants.append(now + machine.to_failure)
        elif machine.down_until is None:
            instants.append(both_open(self.hours_of(job), now)[0])
        return min(instant for instant in instants if instant > now)

    def state(self, machine: Machine) -> tuple[EquipmentState, int | None]:
        """What a machine is doing, and the expected end of a repair or maintenance."""
        if machine.down_until is not None:
            return "down", machine.down_until
        maintained_until = self.facts.maintained_until(machine.id, self.now)
        if maintained_until is not None:
            return "maintenance", maintained_until
        job = self.memory.jobs.get(machine.job)
        if job is not None:
            if not job.working:
                return "paused", None
            return ("setup" if job.phase == "setup" else "running"), None
        return ("offline" if self._hours[machine.id].closing(self.now) is None else "idle"), None

    def _report(self, machine: Machine) -> None:
        state, end = self.state(machine)
        report = (state, machine.job, end)
        if machine.reported == report:
            return
        previous, machine.state, machine.reported = machine.state, state, report
        self.memory.keep(machine)
        self._say(
            EquipmentStateChanged(
                machine=machine.id,
                state=state,
                previous=previous,
                reason=machine.down_reason if state == "down" else "",
                expected_end=None if end is None else self.instant(end),
                job_order=machine.job,
                family=machine.family,
            )
        )

    def _say(self, body: AnyBody) -> None:
        self.memory.say(self.instant(self.now), body)

    # -- what a job is about ------------------------------------------------------------------------

    def part_of(self, order: str) -> str | None:
        """The part an order is for; None where there is no such order."""
        known = self.facts.orders.get(order) or self.memory.orders.get(order)
        return known.part if known else None

    def part(self, job: Job) -> str:
        part = self.part_of(job.order)
        assert part is not None, job.id
        return part

    def _operation(self, job: Job) -> RoutingOperation:
        return self.facts.operation(self.part(job), job.operation)

    def _order(self, job: Job) -> OrderRecord:
        return self.facts.orders.get(job.order) or self.memory.orders[job.order]

    def quantity(self, job: Job) -> int:
        return self._order(job).quantity

    # -- disruptions --------------------------------------------------------------------------------

    def break_machine(self, machine_id: str, hours: float, reason: str = "breakdown") -> datetime:
        """A machine fails now; returns the expected end of its repair."""
        machine = self.memory.machines.get(machine_id)
        if machine is None:
            raise NotFound(f"There is no machine {machine_id!r}. Maybe one of {_some(self.memory.machines)}.")
        _positive("hours", hours)
        until = self.now + max(1, round(hours * 3600))
        machine.down_until = max(until, machine.down_until or 0)
        machine.down_reason = reason
        self.memory.keep(machine)
        self.touch()
        return self.instant(machine.down_until or until)

    def rush_order(self, part: str, quantity: int, due: datetime, priority: float) -> str:
        """An order comes in that nobody planned; returns its id."""
        if part not in self.facts.parts:
            raise NotFound(f"There is no part {part!r}. Maybe one of {_some(self.facts.parts)}.")
        _positive("quantity", quantity)
        _positive("priority", priority)
        taken = self.facts.orders.keys() | self.memory.orders.keys()
        order = next(name for i in range(1, 10**6) if (name := f"RUSH-{i:03d}") not in taken)
        self.memory.add(
            OrderRecord(
                id=order,
                part=part,
                quantity=quantity,
                due=self.facts.second(due),
                release=self.now,
                priority=priority,
            )
        )
        self._say(
            OperationsRequestReceived(
                order=order,
                part=part,
                quantity=quantity,
                due=due,
                release=self.instant(self.now),
                priority=priority,
                rush=True,
            )
        )
        return order

    def delay_material(self, lot_id: str, hours: float) -> datetime:
        """An expected lot comes later; returns when."""
        lot = self.memory.lots.get(lot_id)
        if lot is None or lot.arrived:
            expected = [lot.id for lot in self.memory.lots.values() if not lot.arrived]
            what = f"Lot {lot_id!r} is already here." if lot else f"There is no lot {lot_id!r}."
            hint = f"Maybe one of {_some(expected)}." if expected else "No lot is expected."
            raise NotFound(f"{what} {hint}")
        _positive("hours", hours)
        lot.available += max(1, round(hours * 3600))
        self._kept = None
        self.memory.keep(lot)
        available = self.instant(lot.available)
        self._say(
            MaterialLotDelayed(
                lot=lot.id,
                material=lot.material,
                quantity=lot.quantity,
                available=available,
                location=lot.location,
            )
        )
        self.touch()
        return available

    def operator_absent(self, person: str, hours: float) -> datetime:
        """A person leaves now; returns when they are back."""
        if person not in self._people:
            raise NotFound(f"There is no person {person!r}. Maybe one of {_some(self._people)}.")
        _positive("hours", hours)
        end = self.now + max(1, round(hours * 3600))
        self.memory.add(Away(person=person, start=self.now, end=end))
        self._people[person].cut(self.now, end)
        self._say(
            PersonnelAvailabilityChanged(
                person=person, start=self.instant(self.now), end=self.instant(end), reason="absent"
            )
        )
        self.touch()
        return self.instant(end)

    def is_there(self, person: str) -> bool:
        return self._people[person].closing(self.now) is not None

    def job_of(self, person: str) -> str:
        return self._busy.get(person, "")

    def occupy(self, job: Job) -> None:
        """Note that a job is on its machine, with its operator."""
        if job.spec.operator:
            self._busy[job.spec.operator] = job.id

    def abort(self, job: Job, reason: str) -> None:
        """Stop a job for good, and take it off its machine if it is on one."""
        machine = self.memory.machines[job.spec.machine]
        if machine.job == job.id:
            self._settle(machine, job)
            machine.job = ""
            self._busy.pop(job.spec.operator, None)
        job.state, job.working, job.ended, job.note = "aborted", False, self.now, reason
        self.memory.keep(job, machine)
        self._say(JobOrderAborted(job_order=job.id, reason=reason))


def _positive(name: str, value: float) -> None:
    if not 0 < value < 10**7:
        raise LinewrightError(f"{name} is {value}: it must be a positive number.")


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:5]) + (" …" if len(listed) > 5 else "")
