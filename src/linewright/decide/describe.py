"""From a timed plan to what people need: assignments, instructions, notices, staging, what changes after.

Everything is told against the plan in force, in the words of planners, operators and material handlers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from linewright.decide.model import (
    Difference,
    Downstream,
    Instruction,
    Notice,
    OrderEffect,
    Release,
    ScenarioOperation,
    StagingMove,
)
from linewright.plant.arrays import (
    FREE,
    FROZEN,
    STARTED,
    UNATTENDED,
    Floats,
    Ints,
    Pegging,
    SchedulingProblem,
)
from linewright.plant.history import orders_of
from linewright.plant.plan import Assignment, PlantState, job_order_id
from linewright.plant.records import Level, Plant, RoutingOperation

if TYPE_CHECKING:
    from linewright.schedule import Candidate

Change = Literal["new", "moved", "reassigned", "earlier", "later"]

Reserved: TypeAlias = Mapping[str, Mapping[str, float]]
"""Job order -> lot -> quantity that is to be brought to it."""

NOTICEABLE_S = 60
"""A begin or start that shifts by less is the same to the people on the floor."""

LIKELY = 0.5
"""Share of simulated futures from which on an order counts as late."""

OUTPUT_WINDOW_S = 24 * 3600

_STATE: dict[int, Literal["free", "frozen", "started"]] = {FREE: "free", FROZEN: "frozen", STARTED: "started"}


class Describer:
    """Tells scenarios of one problem; built once per proposal, asked once per scenario looked at.

    Args:
        reserved: the lots that the floor was told of; None: those of the problem.
    """

    def __init__(
        self, plant: Plant, state: PlantState, problem: SchedulingProblem, reserved: Reserved | None = None
    ) -> None:
        self.plant, self.state, self.problem = plant, state, problem
        lots = reserved_lots(problem.pegging)
        told = lots if reserved is None else reserved
        self.other_lots = frozenset(job for job in lots if lots[job] != told.get(job, {}))
        """Job orders that are to get other lots, or other quantities of them, than the floor was told."""
        self.zone = ZoneInfo(plant.timezone)
        self.orders = orders_of(plant, state)
        self._routing = {
            (part.id, operation.id): operation for part in plant.parts for operation in part.operations
        }
        self._base: dict[tuple[str, str], Assignment] = {a.key: a for a in state.plan.assignments}
        self._machine_name = {item.id: item.name or item.id for item in plant.machines}
        self._center = work_center_of(plant)

    # -- the plan itself -----------------------------------------------------------------------

    def operations(self, candidate: Candidate) -> list[ScenarioOperation]:
        """Every remaining operation: who, where, when."""
        problem, times = self.problem, candidate.times
        machine = self._machines(candidate)
        rows = []
        for op, (order, operation) in enumerate(problem.operations):
            setup_start, start = int(times.setup_start_s[op]), int(times.start_s[op])
            if op in problem.started_s:
                setup_start, start = problem.started_s[op]
            rows.append(
                ScenarioOperation(
                    order=order,
                    operation=operation,
                    machine=problem.machines[machine[op]],
                    operator=self._operator(candidate, op),
                    setup_start=problem.instant(setup_start),
                    start=problem.instant(start),
                    end=problem.instant(int(times.end_s[op])),
                    state=_STATE[int(problem.arrays.op_state[op])],
                )
            )
        rows.sort(key=lambda row: (row.machine, row.setup_start))
        return rows

    def difference(self, candidate: Candidate) -> Difference:
        """How far a scenario is from the plan in force."""
        arrays = self.problem.arrays
        planned = (arrays.op_base_machine >= 0) & (arrays.op_state != STARTED)
        other_machine = planned & (self._machines(candidate) != arrays.op_base_machine)
        other_operator = planned & (candidate.plan.operator != arrays.op_base_operator)
        moved = planned & self._moved(candidate)
        changed = np.zeros(len(moved), np.bool_)
        changed[ops := self.changed(candidate)] = True
        return Difference(
            operations_moved=int(np.sum(moved)),
            operations_reassigned=int(np.sum(other_operator & ~moved)),
            operations_shifted=int(np.sum(changed & planned & ~moved & ~other_operator)),
            operations_new=int(np.sum(changed & ~planned)),
            machine_changes=int(np.sum(other_machine)),
            operator_changes=int(np.sum(other_operator)),
            minutes_moved=float(
                np.sum(np.abs(candidate.times.start_s - arrays.op_base_start_s)[planned]) / 60
            ),
            jobs=[job_order_id(*self.problem.operations[op]) for op in ops],
        )

    def changed(self, candidate: Candidate) -> list[int]:
        """Operations whose job order reads differently from the plan in force, by begin."""
        arrays, times = self.problem.arrays, candidate.times
        differs = (
            self._moved(candidate)
            | (arrays.op_base_operator != candidate.plan.operator)
            | (np.abs(times.start_s - arrays.op_base_start_s) >= NOTICEABLE_S)
            | (np.abs(times.setup_start_s - self._base_begin_s) >= NOTICEABLE_S)
        )
        ops = np.flatnonzero(differs & (arrays.op_state != STARTED))
        return [int(op) for op in ops[np.argsort(times.setup_start_s[ops], kind="stable")]]

    def _moved(self, candidate: Candidate) -> npt.NDArray[np.bool_]:
        """[N] whether an operation is on another machine, or starts at another time than tolerated."""
        arrays = self.problem.arrays
        shift_s = np.abs(candidate.times.start_s - arrays.op_base_start_s)
        moved: npt.NDArray[np.bool_] = (self._machines(candidate) != arrays.op_base_machine) | (
            shift_s > arrays.moved_tolerance_s
        )
        return moved

    def _machines(self, candidate: Candidate) -> Ints:
        """[N] the machine of each operation."""
        return self.problem.arrays.alt_machine[candidate.plan.alternative]

    def placed(self, candidate: Candidate, key: tuple[str, str]) -> tuple[str, str] | None:
        """(machine, operator) of an operation in a scenario; None when it is not in the problem."""
        op = self._index.get(key)
        return None if op is None else (self._machine(candidate, op), self._operator(candidate, op))

    # -- what people are told ------------------------------------------------------------------

    def instructions(self, candidate: Candidate) -> list[Instruction]:
        """The work instruction of each job that changed, in the order of their begins."""
        return [
            Instruction(
                job_order=job_order_id(*self.problem.operations[op]),
                machine=self._machine(candidate, op),
                operator=self._operator(candidate, op),
                text=self.instruction_text(candidate, op),
                change=self._change(candidate, op),
            )
            for op in self.changed(candidate)
        ]

    def instruction_text(self, candidate: Candidate, op: int) -> str:
        order, operation = self.problem.operations[op]
        request = self.orders[order]
        routing = self._operation(op)
        times = candidate.times
        parts = [
            f"Order {order}: {routing.name or f'operation {operation}'}, {request.quantity} × {request.part},"
            f" on {self._machine_name[self._machine(candidate, op)]}."
        ]
        base = self._base.get((order, operation))
        if base and base.machine != self._machine(candidate, op):
            parts[0] = parts[0][:-1] + f" (was {self._machine_name.get(base.machine, base.machine)})."
        setup, start = int(times.setup_start_s[op]), int(times.start_s[op])
        if start > setup and routing.family:
            parts.append(f"Set up for {routing.family} at {self.clock(setup)}, run from {self.clock(start)}.")
        else:
            parts.append(f"Run from {self.clock(start)}.")
        parts.append(f"Done by {self.clock(int(times.end_s[op]))}.")
        if routing.instructions:
            parts.append(routing.instructions)
        return " ".join(parts)

    def notices(self, candidate: Candidate) -> list[Notice]:
        """One message to each person whose work changes."""
        now_doing: dict[int, list[int]] = defaultdict(list)
        no_longer: dict[str, list[str]] = defaultdict(list)
        for op in self.changed(candidate):
            operator = int(candidate.plan.operator[op])
            base = self._base.get(self.problem.operations[op])
            if operator != UNATTENDED:
                now_doing[operator].append(op)
            if base and base.operator and base.operator != self._operator(candidate, op):
                no_longer[base.operator].append(job_order_id(*self.problem.operations[op]))
        names = {self.problem.operators[index]: ops for index, ops in now_doing.items()}
        notices = []
        for person in sorted(set(names) | set(no_longer)):
            sentences = []
            ops = names.get(person, [])
            if ops:
                first = ", ".join(
                    f"{job_order_id(*self.problem.operations[op])} on {self._machine(candidate, op)}"
                    f" at {self.clock(int(candidate.times.setup_start_s[op]))}"
                    for op in ops[:3]
                )
                more = f" and {len(ops) - 3} more" if len(ops) > 3 else ""
                sentences.append(f"Changed for you: {first}{more}.")
            gone = no_longer.get(person, [])
            if gone:
                more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
                sentences.append(f"No longer yours: {', '.join(gone[:3])}{more}.")
            notices.append(Notice(operator=person, text=" ".join(sentences)))
        return notices

    def staging(self, candidate: Candidate) -> list[StagingMove]:
        """What material must be where by when, for every operation not begun."""
        moves = []
        for peg in self.problem.pegging:
            op = self._index.get((peg.order, peg.operation))
            if op is None or self.problem.arrays.op_state[op] == STARTED:
                continue
            moves.append(
                StagingMove(
                    job_order=job_order_id(peg.order, peg.operation),
                    material=peg.material,
                    lot=peg.lot,
                    quantity=peg.quantity,
                    from_location=peg.location,
                    to_machine=self._machine(candidate, op),
                    needed_by=self.problem.instant(int(candidate.times.setup_start_s[op])),
                    change=self._staging_change(candidate, op),
                )
            )
        moves.sort(key=lambda move: move.needed_by)
        return moves

    def downstream(self, candidate: Candidate) -> list[Downstream]:
        """Per work center: what its start times, releases and planned output become."""
        arrays, times = self.problem.arrays, candidate.times
        machine = self._machines(candidate)
        center_after = self._center_of_machine[machine]
        center_before = np.where(
            arrays.op_base_machine >= 0, self._center_of_machine[arrays.op_base_machine], -1
        )
        changed = np.zeros(len(machine), np.bool_)
        changed[self.changed(candidate)] = True
        rows = []
        for center, name in enumerate(self._centers):
            after, before = center_after == center, center_before == center
            touched = changed & (after | before)
            if not touched.any():
                continue
            both = changed & after & before
            first = np.flatnonzero(before & (arrays.op_state != STARTED))
            firsts = np.flatnonzero(after & (arrays.op_state != STARTED))
            rows.append(
                Downstream(
                    work_center=name,
                    operations=int(touched.sum()),
                    first_start_before=self._instant_or_none(arrays.op_base_start_s[first]),
                    first_start_after=self._instant_or_none(times.start_s[firsts]),
                    mean_shift_s=float(np.mean((times.start_s - arrays.op_base_start_s)[both]))
                    if both.any()
                    else 0.0,
                    releases=self._releases(candidate, np.flatnonzero(changed & after), before),
                    units_per_h_before=self._output(arrays.op_base_start_s, before),
                    units_per_h_after=self._output(times.start_s, after),
                )
            )
        rows.sort(key=lambda row: -row.operations)
        return rows

    def effects(self, candidate: Candidate, keep: Candidate, p_late: Floats) -> list[OrderEffect]:
        """Each order's completion, beside what it would be under "keep the plan"."""
        after, before = self.completions(candidate), self.completions(keep)
        problem = self.problem
        return [
            OrderEffect(
                order=order,
                due=self.orders[order].due,
                priority=self.orders[order].priority,
                completion=problem.instant(int(after[j])),
                completion_keep=problem.instant(int(before[j])),
                p_late=float(p_late[j]),
            )
            for j, order in enumerate(problem.orders)
            if problem.arrays.order_complete[j]
        ]

    def completions(self, candidate: Candidate) -> Ints:
        """[J] when each order's last remaining operation ends, in seconds."""
        out = np.zeros(len(self.problem.orders), np.int64)
        np.maximum.at(out, self.problem.arrays.op_order, candidate.times.end_s)
        return out

    def reason(
        self,
        candidate: Candidate,
        difference: Difference,
        keep: Candidate,
        p_late: Floats,
        p_late_keep: Floats,
    ) -> str:
        """Why a planner would choose this one: what it wins, by what means, at what price.

        Args:
            p_late, p_late_keep: [J] share of simulated futures in which an order is late; an order late in
                half of them counts as late.
        """
        arrays, problem = self.problem.arrays, self.problem
        complete = arrays.order_complete == 1
        late = complete & (p_late >= LIKELY)
        late_keep = complete & (p_late_keep >= LIKELY)
        won = [problem.orders[j] for j in np.flatnonzero(late_keep & ~late)]
        lost = [problem.orders[j] for j in np.flatnonzero(late & ~late_keep)]
        waiting = f"{int(late.sum())} of {int(complete.sum())} orders are likely late"
        if candidate.origin == "keep":
            return f"Keeps the plan in force: nothing is moved, what must wait waits. {waiting}."
        if candidate.origin == "push-right":
            return (
                "Keeps machines, people and sequence, and delays everything not begun by the length of the"
                f" disruption. {waiting}."
            )
        sentences = []
        if won:
            sentences.append(f"Brings {_list(won, 'order')} back on time.")
        elif int(late.sum()) == 0:
            sentences.append("No order is likely late.")
        else:
            sentences.append(f"{waiting}, {int(late_keep.sum())} if the plan is kept.")
        machine = self._machines(candidate)
        moved = np.flatnonzero(
            (arrays.op_base_machine >= 0) & (machine != arrays.op_base_machine) & (arrays.op_state != STARTED)
        )
        if moved.size:
            # told of the machine that is down, if one is; else of the one that loses most
            down = np.flatnonzero(arrays.machine_ready_s[arrays.op_base_machine[moved]] > 0)
            losing = arrays.op_base_machine[moved[down] if down.size else moved]
            source = Counter(int(m) for m in losing).most_common(1)[0]
            from_it = moved[arrays.op_base_machine[moved] == source[0]]
            targets = Counter(problem.machines[m] for m in machine[from_it]).most_common(3)
            sentences.append(
                f"Moves {moved.size} operation{'s' if moved.size > 1 else ''} to another machine,"
                f" {source[1]} of them from {problem.machines[source[0]]}"
                f" to {' and '.join(f'{name} ({count})' for name, count in targets)}."
            )
        else:
            sentences.append("Every operation stays on its machine; only sequence and people change.")
        price = []
        if lost:
            price.append(f"{_list(lost, 'order')} become{'s' if len(lost) == 1 else ''} likely late")
        setup = float(candidate.objectives[3] - keep.objectives[3])
        if abs(setup) >= 300:
            price.append(f"{_hours(abs(setup))} {'more' if setup > 0 else 'less'} changeover")
        price.append(f"{difference.operations_moved} operations move in time or place")
        if difference.operations_reassigned:
            price.append(f"{difference.operations_reassigned} only change person")
        return " ".join([*sentences, "The price: " + ", ".join(price) + "."])

    # -- helpers -------------------------------------------------------------------------------

    def clock(self, seconds: int) -> str:
        """An instant as people on the floor say it: "Tue 14:05"."""
        return f"{self.problem.instant(seconds).astimezone(self.zone):%a %H:%M}"

    @cached_property
    def _index(self) -> dict[tuple[str, str], int]:
        return {key: op for op, key in enumerate(self.problem.operations)}

    @cached_property
    def _base_begin_s(self) -> Ints:
        """[N] planned setup start in the plan in force, far away where it is not in it."""
        begin = np.full(len(self.problem.operations), -(2**40), np.int64)
        for op, key in enumerate(self.problem.operations):
            if key in self._base:
                begin[op] = round((self._base[key].setup_start - self.problem.epoch).total_seconds())
        return begin

    @cached_property
    def _centers(self) -> list[str]:
        return list(dict.fromkeys(self._center[machine] for machine in self.problem.machines))

    @cached_property
    def _center_of_machine(self) -> Ints:
        index = {name: i for i, name in enumerate(self._centers)}
        return np.array([index[self._center[m]] for m in self.problem.machines], np.int64)

    def _operation(self, op: int) -> RoutingOperation:
        order, operation = self.problem.operations[op]
        return self._routing[self.orders[order].part, operation]

    def _machine(self, candidate: Candidate, op: int) -> str:
        return self.problem.machines[int(self.problem.arrays.alt_machine[candidate.plan.alternative[op]])]

    def _operator(self, candidate: Candidate, op: int) -> str:
        index = int(candidate.plan.operator[op])
        return "" if index == UNATTENDED else self.problem.operators[index]

    def _change(self, candidate: Candidate, op: int) -> Change:
        base = self._base.get(self.problem.operations[op])
        if base is None:
            return "new"
        if base.machine != self._machine(candidate, op):
            return "moved"
        shift = int(candidate.times.start_s[op] - self.problem.arrays.op_base_start_s[op])
        if base.operator != self._operator(candidate, op):
            return "reassigned"
        return "earlier" if shift < 0 else "later"

    def _staging_change(
        self, candidate: Candidate, op: int
    ) -> Literal["same", "new", "moved", "earlier", "later", "other lot"]:
        base = self._base.get(self.problem.operations[op])
        if base is None:
            return "new"
        if base.machine != self._machine(candidate, op):
            return "moved"
        shift = int(candidate.times.setup_start_s[op] - self._base_begin_s[op])
        if abs(shift) >= NOTICEABLE_S:
            return "earlier" if shift < 0 else "later"
        return "other lot" if job_order_id(*self.problem.operations[op]) in self.other_lots else "same"

    def _releases(self, candidate: Candidate, ops: Ints, before: npt.NDArray[np.bool_]) -> list[Release]:
        arrays, times = self.problem.arrays, candidate.times
        first: dict[int, int] = {}
        for op in ops:
            order = int(arrays.op_order[op])
            first[order] = min(first.get(order, 2**62), int(times.setup_start_s[op]))
        rows = []
        for order, begin in sorted(first.items(), key=lambda item: item[1]):
            planned = self._base_begin_s[before & (arrays.op_order == order)]
            planned = planned[planned > -(2**40)]
            rows.append(
                Release(
                    order=self.problem.orders[order],
                    before=self.problem.instant(int(planned.min())) if planned.size else None,
                    after=self.problem.instant(begin),
                )
            )
        return rows

    def _output(self, start_s: Ints, mask: npt.NDArray[np.bool_]) -> float:
        within = mask & (start_s >= 0) & (start_s < OUTPUT_WINDOW_S)
        return float(self.problem.uncertainty.op_quantity[within].sum() * 3600 / OUTPUT_WINDOW_S)

    def _instant_or_none(self, starts: Ints) -> datetime | None:
        return self.problem.instant(int(starts.min())) if starts.size else None


def reserved_lots(pegging: Iterable[Pegging]) -> dict[str, dict[str, float]]:
    """What is reserved for each job order (quantities to a millionth)."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for peg in pegging:
        lots = found[job_order_id(peg.order, peg.operation)]
        lots[peg.lot] = round(lots.get(peg.lot, 0.0) + peg.quantity, 6)
    return dict(found)


def work_center_of(plant: Plant) -> dict[str, str]:
    """Machine -> the work center it belongs to (its nearest ancestor above work unit)."""
    by_id = {item.id: item for item in plant.equipment}
    centers = {}
    for machine in plant.machines:
        item = by_id.get(machine.parent)
        while item is not None and item.level is not Level.WORK_CENTER and item.parent in by_id:
            item = by_id[item.parent]
        centers[machine.id] = item.id if item is not None else machine.id
    return centers


def _hours(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _list(names: list[str], noun: str) -> str:
    if len(names) == 1:
        return f"{noun} {names[0]}"
    shown = ", ".join(names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{len(names)} {noun}s ({shown}{more})"
