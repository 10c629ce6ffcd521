"""The independent checker: it agrees with builder and timing on made-up plants, and catches every change."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linewright.plant import disruption as disruptions
from linewright.plant.arrays import FREE, FROZEN, OBJECTIVES, UNATTENDED, PlanArrays, SchedulingProblem
from linewright.plant.build import build
from linewright.plant.generate import FacilitySpec, generate, generate_state
from linewright.plant.history import state_at
from linewright.plant.plan import Assignment, Controls, OperationStatus, Plan, PlantState, Progress
from linewright.plant.records import MaterialLot, Order, Planning, Plant
from linewright.plant.timing import evaluate
from linewright.plant.verify import examine, verify

STATES = ("free", "frozen", "started")


def some_plan(problem: SchedulingProblem, seed: int) -> PlanArrays:
    """Settled operations as they must be, all others on any machine with anybody, in any possible order."""
    p, draw = problem.arrays, random.Random(seed)
    n = len(p.op_order)
    alternative = np.zeros(n, np.int64)
    operator = np.full(n, UNATTENDED, np.int64)
    for i in range(n):
        a = int(p.fixed_alternative[i])
        if a < 0:
            a = draw.randrange(int(p.alt_ptr[i]), int(p.alt_ptr[i + 1]))
        alternative[i] = a
        c = int(p.alt_crew[a])
        if p.fixed_alternative[i] >= 0:
            operator[i] = p.fixed_operator[i]
        elif c != UNATTENDED:
            operator[i] = draw.choice(p.crew[p.crew_ptr[c] : p.crew_ptr[c + 1]].tolist())
    sequence = [int(i) for i in p.fixed_sequence]
    placed = set(sequence)
    while len(sequence) < n:
        ready = [
            i
            for i in range(n)
            if i not in placed and all(int(q) in placed for q in p.pred[p.pred_ptr[i] : p.pred_ptr[i + 1]])
        ]
        sequence.append(draw.choice(ready))
        placed.add(sequence[-1])
    return PlanArrays(np.array(sequence, np.int64), alternative, operator)


def assignments(problem: SchedulingProblem, plan: PlanArrays) -> list[Assignment]:
    times, _ = evaluate(problem.arrays, plan)
    out = []
    for i, (order, operation) in enumerate(problem.operations):
        begin, start = problem.started_s.get(i, (int(times.setup_start_s[i]), int(times.start_s[i])))
        out.append(
            Assignment(
                order,
                operation,
                problem.machines[problem.arrays.alt_machine[plan.alternative[i]]],
                "" if plan.operator[i] == UNATTENDED else problem.operators[plan.operator[i]],
                problem.instant(begin),
                problem.instant(start),
                problem.instant(int(times.end_s[i])),
            )
        )
    return out


def scenario(problem: SchedulingProblem, plan: PlanArrays, name: str) -> dict[str, Any]:
    _, values = evaluate(problem.arrays, plan)
    return {
        "id": name,
        "origin": "test",
        "objectives": dict(zip(OBJECTIVES, map(float, values), strict=True)),
        "kpis": {"oee": {"p05": 0.5, "median": 0.6, "p95": 0.7}},
        "verdict": {"advances": True, "level": "screened", "rank": 1, "gates": []},
        "operations": [
            {
                "order": item.order,
                "operation": item.operation,
                "machine": item.machine,
                "operator": item.operator,
                "setup_start": item.setup_start.isoformat(),
                "start": item.start.isoformat(),
                "end": item.end.isoformat(),
                "state": STATES[int(problem.arrays.op_state[i])],
            }
            for i, item in enumerate(assignments(problem, plan))
        ],
        "instructions": [],
        "staging": [],
        "notices": [],
        "changes": [],
        "reason": "a test",
    }


def document(
    plant: Plant,
    problem: SchedulingProblem,
    plans: dict[str, PlanArrays],
    at: datetime,
    disruption: list[disruptions.Disruption],
) -> dict[str, Any]:
    return {
        "version": 1,
        "plant": {"id": plant.id, "name": plant.name},
        "at": at.isoformat(),
        "disruption": [disruptions.to_dict(item) for item in disruption],
        "controls": {},
        "settings": {},
        "objectives": list(OBJECTIVES),
        "unplannable": [
            {"order": u.order, "operation": u.operation, "why": u.why, "remedy": u.remedy}
            for u in problem.unplannable
        ],
        "scenarios": [scenario(problem, plan, name) for name, plan in plans.items()],
    }


class Case:
    """A made-up plant that has worked for some hours by some plan, is disrupted, and planned anew."""

    def __init__(
        self,
        spec: FacilitySpec,
        seed: int,
        hours: float = 5.0,
        disrupt: bool = True,
        freeze_min: float = 60.0,
    ) -> None:
        self.plant = replace(generate(spec, seed), planning=Planning(freeze_min=freeze_min))
        first = generate_state(self.plant)
        problem = build(self.plant, first)
        plan = Plan(1, tuple(assignments(problem, some_plan(problem, seed))))
        self.state = PlantState(at=first.at, plan=plan)
        self.at = first.at + timedelta(hours=hours)
        state = state_at(self.plant, self.state, (), self.at)
        self.disruption = self._disruptions(seed) if disrupt else []
        for item in self.disruption:
            state = disruptions.apply(self.plant, state, item)
        self.problem = build(self.plant, state, Controls())
        self.document = document(
            self.plant,
            self.problem,
            {name: some_plan(self.problem, seed + i) for i, name in enumerate(("keep", "push-right", "s01"))},
            self.at,
            self.disruption,
        )

    def _disruptions(self, seed: int) -> list[disruptions.Disruption]:
        draw = random.Random(seed)
        machine = draw.choice(self.plant.machines).id
        person = draw.choice(self.plant.people).id
        order = draw.choice(self.plant.orders)
        rush = Order("RUSH", order.part, 7, self.at + timedelta(hours=12), priority=8.0)
        return [
            disruptions.MachineDown(machine, self.at + timedelta(hours=6.25)),
            disruptions.OperatorAbsent(person, self.at, self.at + timedelta(days=1)),
            disruptions.RushOrder(rush),
        ]

    def findings(self, changed: dict[str, Any] | None = None) -> str:
        return "\n".join(str(item) for item in verify(self.plant, self.state, changed or self.document))


SMALL = FacilitySpec(machines=5, people=4, orders=8, operations=40, families=3, skills=2, materials=2)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    shop=st.sampled_from(["job", "flow", "flexible", "assembly"]),
    calendars=st.sampled_from(["continuous", "two-shift", "day"]),
    hours=st.sampled_from([0.0, 3.25, 26.5, 100.0]),
)
def test_the_checker_agrees_with_builder_and_timing(
    seed: int, shop: Any, calendars: Any, hours: float
) -> None:
    spec = FacilitySpec(
        machines=5,
        people=5,
        orders=8,
        operations=40,
        families=3,
        skills=2,
        materials=2,
        shop=shop,
        calendars=calendars,
    )
    case = Case(spec, seed, hours)
    assert case.findings() == ""


def test_clock_changes_in_both_directions_are_understood() -> None:
    zone = generate(SMALL, 1).orders[0].due.tzinfo
    for day in (datetime(2026, 3, 28, 7, tzinfo=zone), datetime(2026, 10, 24, 7, tzinfo=zone)):
        spec = FacilitySpec(
            machines=4,
            people=4,
            orders=6,
            operations=30,
            families=2,
            skills=2,
            materials=1,
            calendars="continuous",
            start=day,
        )
        assert Case(spec, 3, 20.0).findings() == ""


@pytest.fixture(scope="module")
def case() -> Case:
    """The first case that has operations of every state, of frozen ones one that consumes nothing."""
    for seed in range(100):
        case = Case(SMALL, seed)
        operations = case.document["scenarios"][2]["operations"]
        plain = [op for op in operations if op["state"] == "frozen" and not routing(case, op).consumes]
        if plain and {op["state"] for op in operations} == set(STATES):
            return case
    raise AssertionError("no made-up plant has every state")


def test_the_case_for_mutations_has_every_state_and_holds(case: Case) -> None:
    assert case.findings() == ""
    states = {op["state"] for op in case.document["scenarios"][2]["operations"]}
    assert states == {"free", "frozen", "started"}
    recomputed = examine(case.plant, case.state, case.document).objectives["s01"]
    assert recomputed == pytest.approx(case.document["scenarios"][2]["objectives"])


def shifted(text: str, seconds: float) -> str:
    return (datetime.fromisoformat(text) + timedelta(seconds=seconds)).isoformat()


def move(operation: dict[str, Any], seconds: float) -> None:
    for key in ("setup_start", "start", "end"):
        operation[key] = shifted(operation[key], seconds)


def pick(case: Case, doc: dict[str, Any], test: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    return next(op for op in doc["scenarios"][2]["operations"] if test(op))


def is_free(op: dict[str, Any]) -> bool:
    return bool(op["state"] == "free")


def routing(case: Case, op: dict[str, Any]) -> Any:
    orders = {order.id: order for order in case.plant.orders}
    part = "" if op["order"] not in orders else orders[op["order"]].part
    operations = {part.id: part.operations for part in case.plant.parts}.get(part, ())
    return next((item for item in operations if item.id == op["operation"]), None)


def other_machine(case: Case, op: dict[str, Any]) -> str:
    able = {item.machine for item in routing(case, op).alternatives}
    return next(machine.id for machine in case.plant.machines if machine.id not in able)


def drop(case: Case, doc: dict[str, Any]) -> None:
    doc["scenarios"][2]["operations"].remove(pick(case, doc, is_free))


def twice(case: Case, doc: dict[str, Any]) -> None:
    doc["scenarios"][2]["operations"].append(dict(pick(case, doc, is_free)))


def unknown_order(case: Case, doc: dict[str, Any]) -> None:
    pick(case, doc, is_free)["order"] = "NOBODY"


def unknown_machine(case: Case, doc: dict[str, Any]) -> None:
    pick(case, doc, is_free)["machine"] = "M99"


def unknown_operator(case: Case, doc: dict[str, Any]) -> None:
    pick(case, doc, lambda op: is_free(op) and op["operator"])["operator"] = "W99"


def wrong_machine(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, lambda op: is_free(op) and routing(case, op))
    op["machine"] = other_machine(case, op)


def no_operator(case: Case, doc: dict[str, Any]) -> None:
    pick(case, doc, lambda op: is_free(op) and op["operator"])["operator"] = ""


def idle_operator(case: Case, doc: dict[str, Any]) -> None:
    pick(case, doc, lambda op: is_free(op) and not op["operator"])["operator"] = case.plant.people[0].id


def unskilled(case: Case, doc: dict[str, Any]) -> None:
    for op in doc["scenarios"][2]["operations"]:
        if is_free(op) and op["operator"] and routing(case, op):
            skill = next(a.skill for a in routing(case, op).alternatives if a.machine == op["machine"])
            for person in case.plant.people:
                if skill not in person.skills:
                    op["operator"] = person.id
                    return
    raise AssertionError("everybody can do everything")


def before_now(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, is_free)
    move(op, (case.at - datetime.fromisoformat(op["setup_start"])).total_seconds() - 3600)


def shorter(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, is_free)
    op["end"] = shifted(op["end"], -1)


def longer(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, is_free)
    op["end"] = shifted(op["end"], 1)


def setup_cut(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, lambda op: is_free(op) and op["setup_start"] != op["start"])
    op["setup_start"] = shifted(op["setup_start"], 60)


def backwards(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, is_free)
    op["setup_start"], op["end"] = op["end"], op["setup_start"]


def while_closed(case: Case, doc: dict[str, Any]) -> None:
    """To the next Sunday, when nobody works; later than everything that must precede it."""
    op = max((op for op in doc["scenarios"][2]["operations"] if is_free(op)), key=lambda op: op["end"])
    start = datetime.fromisoformat(op["setup_start"])
    move(op, timedelta(days=13 - start.weekday() + 7).total_seconds())


def overlapping(case: Case, doc: dict[str, Any]) -> None:
    """The second of two blocks on a machine comes where the first is."""
    by_machine: dict[str, list[dict[str, Any]]] = {}
    for op in sorted(doc["scenarios"][2]["operations"], key=lambda op: op["setup_start"]):
        if is_free(op):
            by_machine.setdefault(op["machine"], []).append(op)
    first, second = next(ops for ops in by_machine.values() if len(ops) > 1)[:2]
    start = datetime.fromisoformat(first["setup_start"]) - datetime.fromisoformat(second["setup_start"])
    move(second, start.total_seconds())


def before_its_predecessor(case: Case, doc: dict[str, Any]) -> None:
    ops = {(op["order"], op["operation"]): op for op in doc["scenarios"][2]["operations"]}
    for op in ops.values():
        if is_free(op) and routing(case, op):
            for name in routing(case, op).after:
                if (op["order"], name) in ops:
                    before = ops[op["order"], name]
                    gap = datetime.fromisoformat(before["end"]) - datetime.fromisoformat(op["setup_start"])
                    move(op, gap.total_seconds() - 1)
                    return


def started_elsewhere(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, lambda op: op["state"] == "started")
    op["machine"] = next(m.id for m in case.plant.machines if m.id != op["machine"])


def started_done_too_soon(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, lambda op: op["state"] == "started")
    op["end"] = (case.at + timedelta(seconds=1)).isoformat()


def started_begun_anew(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, lambda op: op["state"] == "started")
    op["setup_start"] = shifted(op["setup_start"], 60)


def frozen_elsewhere(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, lambda op: op["state"] == "frozen")
    op["operator"] = (
        next(p.id for p in case.plant.people if p.id != op["operator"]) if op["operator"] else "W01"
    )


def frozen_freed(case: Case, doc: dict[str, Any]) -> None:
    for op in doc["scenarios"][2]["operations"]:
        if op["state"] == "frozen" and not routing(case, op).consumes:
            op["state"] = "free"
            return


def freed_frozen(case: Case, doc: dict[str, Any]) -> None:
    pick(case, doc, is_free)["state"] = "frozen"


def claimed_started(case: Case, doc: dict[str, Any]) -> None:
    pick(case, doc, is_free)["state"] = "started"


def excused(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, is_free)
    for item in doc["scenarios"]:
        item["operations"] = [
            o for o in item["operations"] if (o["order"], o["operation"]) != (op["order"], op["operation"])
        ]
    doc["unplannable"].append(
        {"order": op["order"], "operation": op["operation"], "why": "no machine", "remedy": ""}
    )


def repeated(case: Case, doc: dict[str, Any]) -> None:
    other = copy.deepcopy(doc["scenarios"][2])
    other["id"] = "s02"
    doc["scenarios"].append(other)


def foreign_notice(case: Case, doc: dict[str, Any]) -> None:
    doc["scenarios"][2]["notices"] = [{"operator": "W99", "text": "come"}]


def foreign_instruction(case: Case, doc: dict[str, Any]) -> None:
    doc["scenarios"][2]["instructions"] = [{"job_order": "X/1", "machine": "M01", "operator": "", "text": ""}]


def pinned(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, lambda op: is_free(op) and len(routing(case, op).alternatives) > 1)
    able = next(a.machine for a in routing(case, op).alternatives if a.machine != op["machine"])
    doc["controls"] = {"pin_machine": {f"{op['order']}/{op['operation']}": able}}


def forbidden(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, is_free)
    doc["controls"] = {"forbid": [[f"{op['order']}/{op['operation']}", op["machine"]]]}


def not_before(case: Case, doc: dict[str, Any]) -> None:
    op = pick(case, doc, is_free)
    doc["controls"] = {
        "not_before": {f"{op['order']}/{op['operation']}": op["start"].replace("2026", "2027")}
    }


def unfrozen(case: Case, doc: dict[str, Any]) -> None:
    doc["controls"] = {"freeze_until": case.at.isoformat()}


def unknown_control(case: Case, doc: dict[str, Any]) -> None:
    doc["controls"] = {"forbid_machines": ["M99"]}


def reweighted(case: Case, doc: dict[str, Any]) -> None:
    late = max(case.plant.orders, key=lambda order: -order.due.timestamp())
    doc["controls"] = {"priority": {late.id: 50.0}}


def down_later(case: Case, doc: dict[str, Any]) -> None:
    """The machine is down for longer than the plan believes."""
    doc["disruption"][0]["until"] = shifted(doc["disruption"][0]["until"], 20 * 86400)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (drop, "is missing"),
        (twice, "is there twice"),
        (unknown_order, "is not an operation of an open order"),
        (unknown_machine, "does not exist"),
        (unknown_operator, "does not exist"),
        (wrong_machine, "cannot do it"),
        (no_operator, "has no operator"),
        (idle_operator, "runs unattended"),
        (unskilled, "does not have the skill"),
        (before_now, "before"),
        (shorter, "is done at"),
        (longer, "is done at"),
        (setup_cut, "for a setup of"),
        (backwards, "not in order"),
        (while_closed, "does not work"),
        (overlapping, "which is busy with"),
        (before_its_predecessor, "has ended and been transferred"),
        (started_elsewhere, "cannot change to"),
        (started_done_too_soon, "before the"),
        (started_begun_anew, "began at"),
        (frozen_elsewhere, "is frozen on"),
        (frozen_freed, "planned to begin within the freeze"),
        (freed_frozen, "gives no reason"),
        (claimed_started, "it has not begun"),
        (excused, "could be planned"),
        (repeated, "is the same plan as s01"),
        (foreign_notice, "names person 'W99'"),
        (foreign_instruction, "names job order 'X/1'"),
        (pinned, "not the pinned one"),
        (forbidden, "is forbidden"),
        (not_before, "the not-before that was asked for"),
        (unfrozen, "gives no reason"),
        (unknown_control, "machine 'M99' does not exist"),
        (reweighted, "objective weighted_tardiness_s is stated as"),
        (down_later, "is down"),
    ],
)
def test_every_change_is_caught(case: Case, change: Callable[..., None], says: str) -> None:
    changed = copy.deepcopy(case.document)
    change(case, changed)
    assert changed != case.document
    assert says in case.findings(changed)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_is_recomputed(case: Case, name: str) -> None:
    changed = copy.deepcopy(case.document)
    changed["scenarios"][2]["objectives"][name] += 1
    assert f"objective {name} is stated as" in case.findings(changed)
    del changed["scenarios"][2]["objectives"][name]
    assert f"objective {name} is missing" in case.findings(changed)


def test_a_dominated_scenario_is_caught(case: Case) -> None:
    changed = copy.deepcopy(case.document)
    worse = copy.deepcopy(changed["scenarios"][2])
    worse["id"] = "s02"
    last = max((op for op in worse["operations"] if op["state"] == "free"), key=lambda op: op["end"])
    move(last, 7 * 20 * 86400)  # twenty weeks later: the same hours of the same weekday, in another time
    move(last, -3600)
    objectives = examine(case.plant, case.state, {**changed, "scenarios": [worse]}).objectives["s02"]
    worse["objectives"] = objectives
    changed["scenarios"].append(worse)
    assert case.findings(changed) == ("scenario s02: is dominated by s01: no objective is better.")


def test_a_scenario_that_cannot_be_measured_dominates_nothing(case: Case) -> None:
    changed = copy.deepcopy(case.document)
    broken = copy.deepcopy(changed["scenarios"][2])
    broken["id"] = "s02"
    unknown_machine(case, {"scenarios": [None, None, broken]})
    changed["scenarios"].append(broken)
    (finding,) = case.findings(changed).splitlines()
    assert "scenario s02" in finding
    assert "does not exist" in finding


def test_keep_and_push_right_must_be_there_but_may_be_dominated(case: Case) -> None:
    changed = copy.deepcopy(case.document)
    changed["scenarios"][0]["operations"] = copy.deepcopy(changed["scenarios"][2]["operations"])
    changed["scenarios"][0]["objectives"] = dict(changed["scenarios"][2]["objectives"])
    assert case.findings(changed) == ""
    del changed["scenarios"][1]
    assert "scenario 'push-right' is missing" in case.findings(changed)


def test_material_that_is_not_there_is_caught() -> None:
    case = Case(SMALL, 6, 0.0, disrupt=False)
    lots = tuple(lot for lot in case.plant.lots if lot.available is None)
    poorer = replace(case.plant, lots=lots)
    found = [str(item) for item in verify(poorer, case.state, case.document)]
    assert found
    assert all("is not there" in item for item in found)


def test_what_nobody_can_do_may_be_left_out() -> None:
    plant = generate(SMALL, 8)
    state = generate_state(plant)
    only = next(
        op.alternatives[0].machine
        for part in plant.parts
        for op in part.operations
        if len(op.alternatives) == 1
    )
    controls = Controls(forbid_machines=frozenset({only}))
    problem = build(plant, state, controls)
    assert problem.unplannable
    assert FREE in problem.arrays.op_state
    plans = {name: some_plan(problem, i) for i, name in enumerate(("keep", "push-right", "s01"))}
    doc = document(plant, problem, plans, state.at, [])
    doc["controls"] = {"forbid_machines": [only]}
    assert verify(plant, state, doc) == []
    doc["unplannable"].pop()
    assert any("is missing" in str(item) for item in verify(plant, state, doc))


def agrees(plant: Plant, state: PlantState) -> SchedulingProblem:
    """The problem of a plant, of which any plans hold before the checker."""
    problem = build(plant, state)
    plans = {name: some_plan(problem, i) for i, name in enumerate(("keep", "push-right", "s01"))}
    assert verify(plant, state, document(plant, problem, plans, state.at, [])) == []
    return problem


def test_work_reported_to_begin_later_has_all_of_it_left() -> None:
    plant = generate(SMALL, 8)
    state = generate_state(plant)
    first = plant.orders[0]
    operation = next(part for part in plant.parts if part.id == first.part).operations[0]
    soon = state.at + timedelta(minutes=10)
    begun = Progress(
        first.id, operation.id, operation.alternatives[0].machine, "", OperationStatus.STARTED, soon, soon
    )
    problem = agrees(plant, replace(state, progress=(begun,)))
    run = operation.alternatives[0].run_s(first.quantity)
    assert problem.arrays.alt_run_s[problem.arrays.alt_ptr[0]] == run


def test_material_that_comes_in_six_years_does_not_count() -> None:
    plant = generate(SMALL, 8)
    state = generate_state(plant)
    never = state.at + timedelta(days=6 * 366)
    late = replace(plant, lots=tuple(replace(lot, available=never) for lot in plant.lots))
    assert any("missing" in item.why for item in agrees(late, state).unplannable)


def test_an_order_supplies_when_its_last_operation_ends_whatever_was_not_reported() -> None:
    """The last operation has begun although nothing before it was reported, and what is missing cannot be
    planned: what the order makes is there all the same when the last operation ends."""
    plant = generate(replace(SMALL, shop="assembly"), 3)
    state = generate_state(plant)
    parts = {part.id: part for part in plant.parts}
    assembly = next(
        order for order in plant.orders if parts[order.part].operations[0].consumes[0].material in parts
    )
    made = {use.material for use in parts[assembly.part].operations[0].consumes}
    supplier = next(
        order for order in plant.orders if order.part in made and len(parts[order.part].operations) > 1
    )
    last = parts[supplier.part].operations[-1]
    begun = Progress(
        supplier.id, last.id, last.alternatives[0].machine, "", OperationStatus.STARTED,
        state.at - timedelta(minutes=5), state.at - timedelta(minutes=5),
    )  # fmt: skip
    bought = parts[supplier.part].operations[0].consumes[0].material
    lots = tuple(lot for lot in plant.lots if lot.material != bought)
    problem = agrees(replace(plant, lots=lots), replace(state, progress=(begun,)))
    left_out = {(item.order, item.operation) for item in problem.unplannable}
    assert (supplier.id, parts[supplier.part].operations[0].id) in left_out
    assert any(item.lot == f"order:{supplier.id}" for item in problem.pegging)


def test_what_would_never_end_or_begin_may_be_left_out() -> None:
    plant = generate(SMALL, 8)
    mistyped, far, *others = plant.orders
    late = mistyped.due + timedelta(days=6 * 366)
    orders = (replace(mistyped, quantity=10**9), replace(far, release=late, due=late), *others)
    plant = replace(plant, orders=orders, lots=tuple(replace(lot, quantity=1e12) for lot in plant.lots))
    state = generate_state(plant)
    problem = build(plant, state)
    assert {item.order for item in problem.unplannable} == {mistyped.id, far.id}
    plans = {name: some_plan(problem, i) for i, name in enumerate(("keep", "push-right", "s01"))}
    assert verify(plant, state, document(plant, problem, plans, state.at, [])) == []


def test_what_a_cancelled_order_has_used_up_and_mounted_stays_so() -> None:
    plant = generate(SMALL, 8)
    state = generate_state(plant)
    parts = {part.id: part for part in plant.parts}
    users: dict[str, list[Order]] = {}
    for order in plant.orders:
        for use in parts[order.part].operations[0].consumes:
            users.setdefault(use.material, []).append(order)
    material, (first, *others) = next(item for item in users.items() if len(item[1]) > 1)
    (use,) = parts[first.part].operations[0].consumes
    enough = use.quantity_per_unit * first.quantity
    plant = replace(plant, lots=(*(lot for lot in plant.lots if lot.material != material),
                                 MaterialLot("ONLY", material, enough)))  # fmt: skip
    operation = parts[first.part].operations[0]
    done = Progress(
        first.id, operation.id, operation.alternatives[0].machine, "", OperationStatus.DONE,
        state.at - timedelta(hours=2), state.at - timedelta(hours=2), state.at - timedelta(hours=1),
    )  # fmt: skip
    state = replace(state, progress=(done,), cancelled=frozenset({first.id}))
    problem = build(plant, state)
    assert {order.id for order in others} <= {item.order for item in problem.unplannable}
    plans = {name: some_plan(problem, i) for i, name in enumerate(("keep", "push-right", "s01"))}
    assert verify(plant, state, document(plant, problem, plans, state.at, [])) == []


def test_frozen_operations_keep_their_sequence() -> None:
    """The first of two frozen operations on a machine waits three weeks: alone it would fit."""
    for seed in range(40):
        case = Case(SMALL, seed, 5.0, disrupt=False, freeze_min=1440.0)
        p = case.problem.arrays
        frozen = [i for i in range(len(p.op_order)) if p.op_state[i] == FROZEN]
        machines = [int(p.alt_machine[p.fixed_alternative[i]]) for i in frozen]
        if len(frozen) > len(set(machines)):
            break
    else:
        raise AssertionError("no made-up plant has two frozen operations on one machine")
    doc = copy.deepcopy(case.document)
    twice = next(m for m in machines if machines.count(m) > 1)
    names = [case.problem.operations[i] for i, m in zip(frozen, machines, strict=True) if m == twice]
    ops = [op for op in doc["scenarios"][2]["operations"] if (op["order"], op["operation"]) in names]
    ops.sort(key=lambda op: op["start"])
    move(ops[0], 21 * 86400)
    assert "it must keep its place" in case.findings(doc)
