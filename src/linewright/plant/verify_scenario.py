"""One scenario against the facts: is it feasible, and are its objectives as stated?

Feasibility, not haste: a block may begin later than it could. Materials are checked by conservation over
time (what has been taken never exceeds what has come in), which holds under any rule of reservation.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from statistics import pstdev

from linewright.errors import Finding
from linewright.plant.records import Alternative, Order, RoutingOperation
from linewright.plant.verify_document import Block, Key, ScenarioClaim
from linewright.plant.verify_facts import Facts, Job, second

TOLERANCE = 1e-9
"""Relative difference above which a stated objective is not the recomputed one."""

DUST = 1e-6
"""Of a unit of material: less is rounding."""


class ScenarioCheck:
    """`findings` and `objectives` of one scenario."""

    def __init__(self, facts: Facts, claim: ScenarioClaim, excused: frozenset[Key]) -> None:
        self.facts = facts
        self.claim = claim
        self.findings: list[Finding] = []
        self.objectives: dict[str, float] = {}
        self.blocks: dict[Key, Block] = {}
        self.setup_s: dict[Key, int] = {}
        self.run_s: dict[Key, int] = {}
        self._complete(excused)
        if self.findings:  # what follows needs every block, known by name
            return
        facts.reach(max((block.end for block in claim.blocks), default=facts.now))
        self._sequences()
        for key, block in self.blocks.items():
            self._block(self.facts.jobs[key], block)
        self._exclusive()
        self._precedence()
        self._materials()
        self._references()
        self._objectives()

    def note(self, key: Key | Block, what: str, advice: str = "") -> None:
        order, operation = key if isinstance(key, tuple) else key.key
        where = f"scenario {self.claim.id} order {order} operation {operation}"
        self.findings.append(Finding(where, what, advice))

    def when(self, seconds: float) -> str:
        return datetime.fromtimestamp(seconds, self.facts.zone).isoformat(sep=" ")

    # --- every operation once, on machines and with people that exist ------------------------------

    def _complete(self, excused: frozenset[Key]) -> None:
        facts = self.facts
        for block in self.claim.blocks:
            if block.key in self.blocks:
                self.note(block, "is there twice.")
            elif block.key not in facts.jobs:
                known = facts.progress.get(block.key)
                self.note(block, "is done already." if known else "is not an operation of an open order.")
            elif block.machine not in facts.machines:
                self.note(block, f"machine {block.machine!r} does not exist.")
            elif block.operator and block.operator not in facts.people:
                self.note(block, f"operator {block.operator!r} does not exist.")
            elif block.key in excused:
                self.note(block, "is planned and also listed as unplannable.")
            self.blocks.setdefault(block.key, block)
        for key in facts.jobs:
            if key not in self.blocks and key not in excused:
                self.note(key, "is missing.")

    # --- setups follow from what a machine does in turn ---------------------------------------------

    def _sequences(self) -> None:
        by_machine: dict[str, list[Block]] = defaultdict(list)
        for block in self.blocks.values():
            by_machine[block.machine].append(block)
        for machine, blocks in by_machine.items():
            mounted = self.facts.mounted(machine)
            for block in sorted(blocks, key=lambda block: (block.setup_start, block.end)):
                job = self.facts.jobs[block.key]
                family = job.operation.family
                begun = job.begun is not None
                self.setup_s[block.key] = 0 if begun else self.facts.setup_s(machine, mounted, family)
                mounted = family or mounted

    # --- one block ----------------------------------------------------------------------------------

    def _block(self, job: Job, block: Block) -> None:
        if job.begun is not None:
            self._started(job, block)
            return
        self._settled(job, block)
        alternative = self._alternative(job, block)
        run = self.run_s[block.key] = alternative.run_s(job.order.quantity)
        ready, why = self.facts.ready(job)
        if block.setup_start < ready:
            self.note(block, f"begins at {self.when(block.setup_start)}, before {why} ({self.when(ready)}).")
        back = self.facts.machine_ready(block.machine)
        if block.setup_start < back:
            self.note(block, f"begins while machine {block.machine} is down (until {self.when(back)}).")
        self._work(job, block, self.setup_s[block.key], run)

    def _work(self, job: Job, block: Block, setup: int, run: int) -> None:
        """Setup and run against the time in which machine and operator both work."""
        open_time = self.facts.open_time(block.machine, block.operator)
        pair = _pair(block.machine, block.operator)
        if not block.setup_start <= block.start <= block.end:
            self.note(block, "setup start, start and end are not in order.")
            return
        for name, at in (("setup", block.setup_start), ("run", block.start)):
            if not open_time.is_open(at):
                self.note(block, f"{name} starts at {self.when(at)}, when {pair} does not work.")
        had = open_time.between(block.setup_start, block.start)
        if had < setup:
            self.note(block, f"has {had:.0f} s for a setup of {setup} s before its run.")
        end = open_time.finish(block.start, run)
        if end is None or end != block.end:
            done = "never" if end is None else f"at {self.when(end)}"
            self.note(
                block,
                f"ends at {self.when(block.end)}; its run of {run} s from {self.when(block.start)} on {pair}"
                f" is done {done}.",
            )
        closed = block.end - block.setup_start - open_time.between(block.setup_start, block.end)
        if closed > 0 and not job.operation.pausable:
            self.note(block, f"may not pause, and {pair} does not work for {closed:.0f} s of it.")

    def _started(self, job: Job, block: Block) -> None:
        """A started operation goes on where and with whom it is, until the work left is done."""
        begun = job.begun
        assert begun is not None
        left = self.run_s[block.key] = self.facts.work_left(job)
        if block.state != "started":
            self.note(block, f"is stated as {block.state}; it has started.")
        _, operator = self.facts.going_on(job)
        if (block.machine, block.operator) != (begun.machine, operator):
            self.note(
                block,
                f"has started on {_pair(begun.machine, operator)} and cannot change to"
                f" {_pair(block.machine, block.operator)}.",
            )
            return
        began = min(self.facts.now, second(begun.setup_start))
        if block.setup_start != began or block.start > self.facts.now:
            self.note(block, f"began at {self.when(began)}, not at {self.when(block.setup_start)}.")
        open_time = self.facts.open_time(block.machine, block.operator)
        back = self.facts.machine_ready(block.machine)
        if open_time.between(back, block.end) < left:
            self.note(block, f"ends at {self.when(block.end)}, before the {left} s of work left can be done.")
        elif open_time.between(block.end - 1, block.end) == 0:
            self.note(block, f"ends at {self.when(block.end)}, when nobody works on it.")

    def _settled(self, job: Job, block: Block) -> None:
        """What is frozen stays on its machine with its person, and does not begin before planned."""
        planned = job.planned
        may = self.facts.may_freeze(job) and all(
            self.facts.done(block.order, name) is not None
            or self.blocks[block.order, name].state in ("frozen", "started")
            for name in job.operation.after
            if self.facts.done(block.order, name) is not None or (block.order, name) in self.blocks
        )
        if block.state == "started":
            self.note(block, "is stated as started; it has not begun.")
        elif block.state == "free":
            # what consumes material is frozen only if its reservation is there in time: either may be right
            if may and not job.operation.consumes:
                self.note(block, "is stated as free; it is planned to begin within the freeze.")
        elif not may or planned is None:
            self.note(block, "is stated as frozen; the plan in force gives no reason for it.")
        else:
            operator = planned.operator if self._skill(job, planned.machine) else ""
            if (block.machine, block.operator) != (planned.machine, operator):
                self.note(
                    block,
                    f"is frozen on {_pair(planned.machine, operator)}; it is on"
                    f" {_pair(block.machine, block.operator)}.",
                )
            if block.setup_start < second(planned.setup_start):
                begin = self.when(second(planned.setup_start))
                self.note(
                    block, f"begins at {self.when(block.setup_start)}, before its frozen begin ({begin})."
                )
        pinned = self.facts.controls.pin_operator.get(job.name)
        if pinned is not None and block.operator != pinned:
            self.note(block, f"is pinned to operator {pinned}, not {block.operator or 'none'}.")

    def _skill(self, job: Job, machine: str) -> str:
        return next((item.skill for item in job.operation.alternatives if item.machine == machine), "")

    def _alternative(self, job: Job, block: Block) -> Alternative:
        """The alternative a block uses, with a finding if it may not."""
        on_it = [item for item in job.operation.alternatives if item.machine == block.machine]
        here = [item for item in self.facts.alternatives(job) if item.machine == block.machine]
        if not here:
            why = "is forbidden, gone or not the pinned one" if on_it else "cannot do it"
            self.note(block, f"is on machine {block.machine}, which {why}.")
            return (on_it or list(job.operation.alternatives))[0]
        for item in here:
            if item.skill == "" and block.operator == "":
                return item
            if item.skill and block.operator and item.skill in self.facts.people[block.operator].skills:
                return item
        skill = here[0].skill
        if not skill:
            self.note(block, f"runs unattended on {block.machine}, but has operator {block.operator}.")
        elif not block.operator:
            self.note(block, f"has no operator; machine {block.machine} needs one with skill {skill!r}.")
        else:
            self.note(block, f"operator {block.operator} does not have the skill {skill!r}.")
        return here[0]

    # --- between blocks -----------------------------------------------------------------------------

    def _exclusive(self) -> None:
        """Machines and operators do one block at a time: started ones, then frozen ones as planned."""
        busy: dict[tuple[str, str], list[tuple[float, float, Block]]] = defaultdict(list)
        for block in self.blocks.values():
            began = self._occupied_from(block)
            busy["machine", block.machine].append((began, block.end, block))
            if block.operator:
                busy["operator", block.operator].append((began, block.end, block))
        for (kind, name), spans in busy.items():
            spans.sort(key=lambda span: span[:2])
            for (_, end, before), (begin, _, after) in pairwise(spans):
                if begin < end:
                    self.note(
                        after,
                        f"begins at {self.when(begin)} on {kind} {name}, which is busy with order"
                        f" {before.order} operation {before.operation} until {self.when(end)}.",
                    )
                elif self._rank(after) < self._rank(before):
                    self.note(
                        after,
                        f"is {after.state} and comes on {kind} {name} after order {before.order}"
                        f" operation {before.operation}, which is {before.state}: it must keep its place.",
                    )

    def _rank(self, block: Block) -> tuple[int, float, float]:
        """Settled blocks come first, in the sequence of the plan in force."""
        job = self.facts.jobs[block.key]
        if job.begun is not None:
            return 0, 0, 0
        if block.state == "frozen" and job.planned is not None:
            return 1, second(job.planned.setup_start), second(job.planned.end)
        return 2, 0, 0

    def _occupied_from(self, block: Block) -> float:
        """A started block holds machine and operator at the latest from when the work left just fits."""
        if self.facts.jobs[block.key].begun is None:
            return block.setup_start
        open_time = self.facts.open_time(block.machine, block.operator)
        latest = open_time.latest_begin(block.end, self.run_s[block.key])
        return self.facts.now if latest is None else latest

    def _precedence(self) -> None:
        for key, block in self.blocks.items():
            job = self.facts.jobs[key]
            if job.begun is not None:
                continue
            for name in job.operation.after:
                before = self.blocks.get((block.order, name))
                if before is None:
                    if self.facts.done(block.order, name) is None:
                        self.note(block, f"operation {name} must come before it and is not in the plan.")
                    continue
                lag = self.facts.transfer_s(job.order, name)
                if block.setup_start < before.end + lag:
                    self.note(
                        block,
                        f"begins at {self.when(block.setup_start)}, before operation {name} has ended"
                        f" and been transferred ({self.when(before.end + lag)}).",
                    )

    def _materials(self) -> None:
        """At no moment has more of a material been taken than has come in."""
        facts = self.facts
        takes: dict[str, list[tuple[float, float, Key]]] = defaultdict(list)
        for key, block in self.blocks.items():
            job = facts.jobs[key]
            for use in job.operation.consumes if job.begun is None else ():
                takes[use.material].append(
                    (block.setup_start, use.quantity_per_unit * job.order.quantity, key)
                )
        for material, wanted in takes.items():
            comes = [
                (second(lot.available) if lot.available else facts.now, lot.quantity)
                for lot in facts.lots.values()
                if lot.material == material
            ]
            comes += [
                (at, order.quantity)
                for order in facts.orders.values()
                if order.part == material and (at := self._supplied_at(order)) is not None
            ]
            here = sum(quantity for at, quantity in comes if at <= facts.now)
            stock = max(0.0, here - facts.used_up(material))
            later = sorted((at, quantity) for at, quantity in comes if at > facts.now)
            for at, quantity, key in sorted(wanted):
                while later and later[0][0] <= at:
                    stock += later.pop(0)[1]
                stock -= quantity
                if stock < -DUST * max(1.0, quantity):
                    self.note(
                        key, f"takes {quantity:g} of {material} at {self.when(at)}; {-stock:g} is not there."
                    )

    def _supplied_at(self, order: Order) -> float | None:
        """When what an order makes is there to be consumed; None if the plan does not finish it."""
        ends = [self.facts.now]
        for operation in self.facts.lasts_of(self._routing(order.id)):
            block = self.blocks.get((order.id, operation.id))
            if self.facts.done(order.id, operation.id) is None and block is None:
                return None
            transfer = self.facts.transfer_s(order, operation.id)
            ends.append(block.end + transfer if block else self.facts.done_at(order, operation.id))
        return max(ends)

    def _references(self) -> None:
        jobs = {f"{order}/{operation}" for order, operation in self.facts.jobs}
        known = {
            "job order": jobs,
            "machine": set(self.facts.machines),
            "person": set(self.facts.people),
            "material": {material.id for material in self.facts.plant.materials},
        }
        for where, kind, name in self.claim.references:
            if name not in known[kind]:
                self.findings.append(Finding(where, f"names {kind} {name!r}, which is not in this plan."))

    # --- objectives ---------------------------------------------------------------------------------

    def _objectives(self) -> None:
        facts = self.facts
        completion: dict[str, float] = {}
        work: dict[str, float] = dict.fromkeys(facts.people or facts.machines, 0.0)
        moved = 0
        for key, block in self.blocks.items():
            job = facts.jobs[key]
            completion[block.order] = max(completion.get(block.order, 0.0), block.end - facts.now)
            worker = block.operator if facts.people else block.machine
            if worker:
                work[worker] += self.setup_s[key] + self.run_s[key]
            if job.planned is not None and job.begun is None:
                shift = abs(block.start - second(job.planned.start))
                late = shift > round(60 * facts.plant.planning.moved_tolerance_min)
                moved += block.machine != job.planned.machine or late
        whole = {
            order: end
            for order, end in completion.items()
            if all(
                (order, item.id) in self.blocks or facts.done(order, item.id) for item in self._routing(order)
            )
        }
        self.objectives = {
            "weighted_tardiness_s": sum(
                facts.weight(order) * max(0.0, end + facts.now - second(facts.orders[order].due))
                for order, end in whole.items()
            ),
            "makespan_s": max(completion.values(), default=0.0),
            "mean_flow_s": sum(whole.values()) / max(len(whole), 1),
            "setup_s": float(sum(self.setup_s.values())),
            "imbalance_s": pstdev(work.values()) if work else 0.0,
            "moved_operations": float(moved),
        }
        for name, value in self.objectives.items():
            stated = self.claim.objectives.get(name)
            if stated is None:
                self.findings.append(
                    Finding(f"scenario {self.claim.id}", f"objective {name} is missing; it is {value:g}.")
                )
            elif abs(stated - value) > TOLERANCE * max(1.0, abs(value)):
                self.findings.append(
                    Finding(
                        f"scenario {self.claim.id}",
                        f"objective {name} is stated as {stated:.10g}; it is {value:.10g}.",
                    )
                )

    def _routing(self, order: str) -> tuple[RoutingOperation, ...]:
        return self.facts.parts[self.facts.orders[order].part].operations


def _pair(machine: str, operator: str) -> str:
    return f"machine {machine}" + (f" with {operator}" if operator else "")
