"""From a plant and its state to the flat arrays: the one place where a `SchedulingProblem` is made.

What is left to do (`remaining`), where and by whom it can be done (`choices`), what is reserved for it
(`pegging`), what is settled already, and all of that as arrays. The rules are explained in
docs/explanation/scheduling-semantics.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

from linewright.plant.arrays import (
    FROZEN,
    STARTED,
    UNATTENDED,
    Floats,
    Ints,
    Pegging,
    ProblemArrays,
    SchedulingProblem,
    UncertaintyArrays,
)
from linewright.plant.checks_controls import check_controls
from linewright.plant.choices import Choices, Setups
from linewright.plant.pegging import reserve
from linewright.plant.plan import Assignment, Controls, PlantState
from linewright.plant.records import Plant
from linewright.plant.remaining import Choice, Operation, Remaining


def build(plant: Plant, state: PlantState, controls: Controls | None = None) -> SchedulingProblem:
    """The scheduling problem of a plant at one moment.

    Args:
        plant: what exists and is ordered.
        state: what has happened, and the plan in force. Its moment, rounded up to a full second, becomes
            the epoch.
        controls: what the planner asks for on top.

    Raises:
        NotFound: controls name an order, operation, machine or person that does not exist.
        NotFeasible: controls contradict what can be done.
        PlantError: the records contradict each other.
    """
    remaining = Remaining(plant, state, controls or Controls())
    check_controls(remaining.plant, state, remaining.controls)
    return _Builder(remaining).problem()


def stable_key(*names: str) -> int:
    """A 64-bit number for a name that never changes: what keyed random draws are keyed by."""
    return int.from_bytes(blake2b("\0".join(names).encode(), digest_size=8).digest(), "little")


class _Builder:
    def __init__(self, remaining: Remaining) -> None:
        self.remaining = remaining
        self.setups = Setups(remaining)
        self.choices = Choices(remaining, self.setups)
        self.second = remaining.second

    def problem(self) -> SchedulingProblem:
        frozen = [op for op in self.remaining.operations if self.stays_as_planned(op)]
        pegging = reserve(self.remaining, {op.index for op in frozen})
        return self.arrays(self.settle(frozen), pegging)

    # --- what is settled --------------------------------------------------------------------------

    def planned_s(self, planned: Assignment) -> tuple[int, int]:
        return self.second(planned.setup_start), self.second(planned.end)

    def planned_choice(self, op: Operation, planned: Assignment) -> Choice | None:
        """The choice that is the plan in force, where it is still open."""
        machine = self.remaining.machine.get(planned.machine)
        operator = self.remaining.person.get(planned.operator)
        for choice in op.choices:
            if choice.machine == machine and (choice.crew is None or operator in choice.crew):
                return choice
        return None

    def stays_as_planned(self, op: Operation) -> bool:
        """Whether an operation is planned to begin within the freeze window, and still can.

        It cannot where its machine or person is excluded, its machine is down or closed until after the
        window, or its person is absent when it was to be done.
        """
        planned = op.planned
        if op.begun is not None or op.dropped is not None or planned is None:
            return False
        begin, end = self.planned_s(planned)
        choice = self.planned_choice(op, planned)
        if begin > self.remaining.freeze_s or choice is None:
            return False
        if self.remaining.down_s.get(planned.machine, 0) > self.remaining.freeze_s:
            return False
        begin, end = max(begin, 0), max(begin, 0) + end - begin
        closed = self.choices.hours.closed
        too_late = max(begin, self.remaining.freeze_s)
        if any(a < end and b > too_late for a, b in closed.get(planned.machine, ())):
            return False
        person = f"person:{planned.operator}" if choice.crew is not None else ""
        return not any(a < end and b > begin for a, b in closed.get(person, ()))

    def settle(self, frozen: list[Operation]) -> list[int]:
        """The sequence of settled operations: started ones, then frozen ones as planned.

        Of the frozen, those keep their place whose material can be there within the freeze window and
        all of whose predecessors are settled too; the others are free again.
        """
        started = [op for op in self.remaining.operations if op.begun is not None and op.dropped is None]
        started.sort(key=lambda op: (op.begun.setup_start if op.begun else self.remaining.epoch, op.key))
        sequence = [op.index for op in started]
        settled = set(sequence)
        for op in sorted(frozen, key=lambda op: (*self.planned_s(_given(op.planned)), op.index)):
            if op.dropped is not None or op.ready_s > self.remaining.freeze_s:
                continue
            choice = self.planned_choice(op, _given(op.planned))
            if choice is None or any(before not in settled for before, _ in op.before):
                continue
            op.state = FROZEN
            op.ready_s = max(op.ready_s, self.planned_s(_given(op.planned))[0])
            if choice.crew is not None:
                op.fixed_operator = self.remaining.person[_given(op.planned).operator]
                choice.crew = (op.fixed_operator,)
            op.choices = [choice]
            sequence.append(op.index)
            settled.add(op.index)
        return sequence

    # --- as arrays --------------------------------------------------------------------------------

    def arrays(self, fixed: list[int], pegging: list[Pegging]) -> SchedulingProblem:
        plant = self.remaining.plant
        kept = [op for op in self.remaining.operations if op.dropped is None]
        place = {op.index: i for i, op in enumerate(kept)}
        complete: dict[str, int] = {}
        for op in self.remaining.operations:
            complete[op.order.id] = min(complete.get(op.order.id, 1), int(op.dropped is None))
        orders = [order for order in self.remaining.orders.values() if order.id in complete]
        order_of = {order.id: j for j, order in enumerate(orders)}
        crew_of: dict[tuple[int, ...], int] = {}
        choices = [choice for op in kept for choice in op.choices]
        alt_crew = [
            UNATTENDED if choice.crew is None else crew_of.setdefault(choice.crew, len(crew_of))
            for choice in choices
        ]
        alt_ptr = _pointers(len(op.choices) for op in kept)
        fixed_alternative = np.full(len(kept), -1, np.int64)
        for i in fixed:
            fixed_alternative[place[i]] = alt_ptr[place[i]]
        base = [self.base(op) for op in kept]
        pair_calendar, cal_ptr, cal_open_s, cal_close_s, cal_bucket = self.choices.hours.arrays()
        p = ProblemArrays(
            op_order=_ints(order_of[op.order.id] for op in kept),
            op_ready_s=_ints(op.ready_s for op in kept),
            op_family=_ints(self.setups.family.get(op.routing.family, -1) for op in kept),
            op_pausable=_ints(op.routing.pausable or op.state == STARTED for op in kept),
            op_state=_ints(op.state for op in kept),
            op_base_machine=_ints(row[0] for row in base),
            op_base_operator=_ints(row[1] for row in base),
            op_base_begin_s=_ints(row[2] for row in base),
            op_base_start_s=_ints(row[3] for row in base),
            pred_ptr=_pointers(len(op.before) for op in kept),
            pred=_ints(place[before] for op in kept for before, _ in op.before),
            pred_lag_s=_ints(lag for op in kept for _, lag in op.before),
            succ_ptr=_pointers(sum(i in place for i in op.after) for op in kept),
            succ=_ints(place[i] for op in kept for i in op.after if i in place),
            alt_ptr=alt_ptr,
            alt_machine=_ints(choice.machine for choice in choices),
            alt_run_s=_ints(choice.run_s for choice in choices),
            alt_crew=_ints(alt_crew),
            crew_ptr=_pointers(len(crew) for crew in crew_of),
            crew=_ints(w for crew in crew_of for w in crew),
            fixed_sequence=_ints(place[i] for i in fixed),
            fixed_alternative=fixed_alternative,
            fixed_operator=_ints(op.fixed_operator for op in kept),
            machine_ready_s=_ints(
                min(self.remaining.down_s.get(machine.id, 0), self.choices.horizon_s)
                for machine in plant.machines
            ),
            machine_family=_ints(self.setups.mounted(self.remaining)),
            machine_setup=_ints(self.setups.setup_group),
            machine_class=_ints(self.choices.hours.machine_class),
            setup_s=self.setups.setup_s,
            operator_ready_s=np.zeros(len(plant.people), np.int64),
            operator_class=_ints(self.choices.hours.operator_class),
            pair_calendar=pair_calendar,
            cal_ptr=cal_ptr,
            cal_open_s=cal_open_s,
            cal_close_s=cal_close_s,
            cal_bucket=cal_bucket,
            order_due_s=_ints(self.second(order.due) for order in orders),
            order_weight=_floats(self.remaining.weight(order) * complete[order.id] for order in orders),
            order_complete=_ints(complete[order.id] for order in orders),
            moved_tolerance_s=round(60 * plant.planning.moved_tolerance_min),
        )
        return SchedulingProblem(
            epoch=self.remaining.epoch,
            arrays=p,
            uncertainty=UncertaintyArrays(
                op_key=np.array([stable_key(*op.key) for op in kept], np.uint64),
                op_quantity=_ints(op.order.quantity if op.begun is None else max(1, op.units) for op in kept),
                op_units=_ints(op.units for op in kept),
                op_scrap=_floats(op.routing.scrap_rate for op in kept),
                op_rework=_floats(op.routing.rework_rate for op in kept),
                alt_cv=_floats(choice.cv for choice in choices),
                machine_key=np.array([stable_key(machine.id) for machine in plant.machines], np.uint64),
                machine_mtbf_s=_floats(3600 * machine.mtbf_h for machine in plant.machines),
                machine_mttr_s=_floats(3600 * machine.mttr_h for machine in plant.machines),
                machine_mttr_cv=_floats(machine.mttr_cv for machine in plant.machines),
            ),
            operations=tuple(op.key for op in kept),
            started_s={
                place[op.index]: (
                    min(0, self.second(op.begun.setup_start)),
                    0 if op.begun.start is None else min(0, self.second(op.begun.start)),
                )
                for op in kept
                if op.begun is not None
            },
            machines=tuple(self.remaining.machine),
            operators=tuple(self.remaining.person),
            orders=tuple(order.id for order in orders),
            families=tuple(self.setups.families),
            pegging=tuple(
                item for item in pegging if self.remaining.open[item.order, item.operation].dropped is None
            ),
            unplannable=tuple(op.dropped for op in self.remaining.operations if op.dropped is not None),
            horizon_s=self.choices.horizon_s,
            begun_orders=frozenset(order_of[order] for order, _ in self.remaining.begun if order in order_of),
            base_end_s={
                place[op.index]: self.second(op.planned.end) for op in kept if op.planned is not None
            },
        )

    def base(self, op: Operation) -> tuple[int, int, int, int]:
        """Machine, operator, setup start and run start in the plan in force."""
        planned = op.planned
        if planned is None or planned.machine not in self.remaining.machine:
            return -1, UNATTENDED, 0, 0
        operator = self.remaining.person.get(planned.operator, UNATTENDED)
        return (
            self.remaining.machine[planned.machine],
            operator,
            self.second(planned.setup_start),
            self.second(planned.start),
        )


def _given(planned: Assignment | None) -> Assignment:
    assert planned is not None
    return planned


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)


def _floats(values: Iterable[float]) -> Floats:
    return np.fromiter(values, np.float64)


def _pointers(lengths: Iterable[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(np.fromiter(lengths, np.int64))]).astype(np.int64)
