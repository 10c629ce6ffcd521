"""Materials: who gets which lot, what nobody can have twice, and what a shortage says."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from linewright.plant.arrays import Pegging, SchedulingProblem
from linewright.plant.build import build
from linewright.plant.generate import SMALL, generate, generate_state
from linewright.plant.pegging import Stock, Supply
from linewright.plant.plan import Assignment, Controls, OperationStatus, Plan, PlantState, Progress
from linewright.plant.records import (
    Alternative,
    Calendar,
    Consumption,
    Equipment,
    Level,
    Material,
    MaterialLot,
    Order,
    Part,
    Plant,
    RoutingOperation,
    Shift,
)

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))
STATE = PlantState(at=NOW, plan=Plan(1, ()))


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def operation(name: str, *after: str, consumes: dict[str, float] | None = None) -> RoutingOperation:
    return RoutingOperation(
        name,
        after,
        (Alternative("M", 1.0),),
        transfer_min=10,
        consumes=tuple(Consumption(*item) for item in (consumes or {}).items()),
    )


def order(name: str, part: str, quantity: int = 10, due: float = 24, priority: float = 1.0) -> Order:
    return Order(name, part, quantity, due=at(due), priority=priority)


def lot(name: str, quantity: float, hours: float | None = None) -> MaterialLot:
    return MaterialLot(name, "STEEL", quantity, None if hours is None else at(hours), location="A1")


def plant(orders: list[Order], lots: list[MaterialLot], *parts: Part, **changes: Any) -> Plant:
    simple = Part("P", (operation("10", consumes={"STEEL": 2.0}), operation("20", "10")))
    base = Plant(
        id="tiny",
        name="",
        timezone="Europe/Berlin",
        equipment=(Equipment("M", Level.WORK_UNIT, calendar="always"),),
        people=(),
        calendars=(Calendar("always", (Shift(frozenset(range(7)), time(0), time(0)),)),),
        parts=(simple, *parts),
        orders=tuple(orders),
        materials=(Material("STEEL", "kg"),),
        lots=tuple(lots),
    )
    return replace(base, **changes)


def reserved(problem: SchedulingProblem) -> dict[str, dict[str, float]]:
    """order -> lot -> quantity."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for item in problem.pegging:
        found[item.order][item.lot] = item.quantity
    return dict(found)


def ready_h(problem: SchedulingProblem, name: str, op: str = "10") -> float:
    return float(problem.arrays.op_ready_s[problem.operations.index((name, op))] / 3600)


def missing(problem: SchedulingProblem) -> dict[str, str]:
    return {f"{item.order}/{item.operation}": f"{item.why}. {item.remedy}" for item in problem.unplannable}


def test_the_pressing_order_gets_what_is_here_and_the_others_wait() -> None:
    orders = [order("C", "P"), order("B", "P", due=12), order("A", "P", due=12), order("Z", "P", priority=5)]
    problem = build(plant(orders, [lot("late", 45, 9), lot("here", 25), lot("soon", 10, 3)]), STATE)
    assert reserved(problem) == {
        "Z": {"here": 20.0},
        "A": {"here": 5.0, "soon": 10.0, "late": 5.0},
        "B": {"late": 20.0},
        "C": {"late": 20.0},
    }
    assert [ready_h(problem, name) for name in "ZABC"] == [0, 9, 9, 9]
    assert ready_h(problem, "A", "20") == 0, "only what consumes waits"
    assert problem.pegging[0] == Pegging("Z", "10", "STEEL", "here", 20.0, "A1", 0)
    urgent = build(plant(orders, [lot("here", 80)]), STATE, Controls(priority={"C": 9.0}))
    assert [item.order for item in urgent.pegging] == ["C", "Z", "A", "B"]


def test_a_delivery_that_is_over_is_here() -> None:
    assert ready_h(build(plant([order("A", "P")], [lot("l", 20, -5)]), STATE), "A") == 0


def test_frozen_operations_reserve_first_and_late_material_frees_them() -> None:
    assignment = Assignment("B", "10", "M", "", at(0.5), at(0.5), at(1))
    frozen = replace(STATE, plan=Plan(1, (assignment,)))
    orders = [order("A", "P", priority=9), order("B", "P")]
    problem = build(plant(orders, [lot("here", 20), lot("late", 20, 9)]), frozen)
    assert reserved(problem) == {"B": {"here": 20.0}, "A": {"late": 20.0}}
    assert [problem.operations[i] for i in problem.arrays.fixed_sequence] == [("B", "10")]
    problem = build(plant(orders, [lot("late", 40, 9)]), frozen)
    assert problem.arrays.fixed_sequence.tolist() == []
    assert ready_h(problem, "B") == 9


def test_what_has_begun_has_consumed_already() -> None:
    begun = Progress("A", "10", "M", "", OperationStatus.STARTED, at(-1), remaining_s=600)
    done = Progress("GONE", "10", "M", "", OperationStatus.DONE, at(-3), at(-3), at(-1))
    orders = [order("A", "P"), order("B", "P"), order("GONE", "P")]
    state = replace(STATE, progress=(begun, done), cancelled=frozenset({"GONE"}))
    problem = build(plant(orders, [lot("here", 60), lot("soon", 5, 3)]), state)
    assert reserved(problem) == {"B": {"here": 20.0}}, "of 60, begun operations took 40"
    problem = build(plant(orders, [lot("here", 55), lot("soon", 5, 3)]), state)
    assert reserved(problem) == {"B": {"here": 15.0, "soon": 5.0}}


def test_a_shortage_names_material_quantity_and_remedy_and_takes_nothing() -> None:
    orders = [order("A", "P", quantity=50, priority=9), order("B", "P")]
    problem = build(plant(orders, [lot("here", 30)]), STATE)
    assert reserved(problem) == {"B": {"here": 20.0}}, "what A cannot use goes to B"
    assert missing(problem) == {
        "A/10": "70 kg of material STEEL are missing. "
        "Maybe announce a lot of STEEL, or lower the quantity of order A.",
        "A/20": "A/10 must end before it and is left out: 70 kg of material STEEL are missing. "
        "Maybe announce a lot of STEEL, or lower the quantity of order A.",
    }
    assert problem.arrays.order_complete.tolist() == [0, 1]
    assert problem.arrays.order_weight.tolist() == [0.0, 1.0]


FRAME = Part("FRAME", (operation("10"), operation("15", "10"), operation("17", "10")))
BIKE = Part("BIKE", (operation("10", consumes={"FRAME": 1.0}),))


def test_an_order_that_makes_a_material_is_waited_for() -> None:
    orders = [order("BIKES", "BIKE", 15), order("F1", "FRAME", due=30), order("F2", "FRAME", due=20)]
    problem = build(plant(orders, [], FRAME, BIKE), STATE)
    assert reserved(problem) == {"BIKES": {"order:F2": 10.0, "order:F1": 5.0}}
    p, i = problem.arrays, problem.operations.index(("BIKES", "10"))
    edges = range(p.pred_ptr[i], p.pred_ptr[i + 1])
    assert {problem.operations[p.pred[e]]: p.pred_lag_s[e] for e in edges} == {
        (name, last): 600 for name in ("F1", "F2") for last in ("15", "17")
    }
    for e in edges:  # successors mirror predecessors
        assert i in p.succ[p.succ_ptr[p.pred[e]] : p.succ_ptr[p.pred[e] + 1]]


def test_a_finished_order_is_a_lot_that_is_here_and_a_half_finished_one_is_waited_for() -> None:
    orders = [order("BIKES", "BIKE", 10), order("F1", "FRAME")]

    def after(*operations: str) -> tuple[SchedulingProblem, list[tuple[str, str]]]:
        status = OperationStatus.DONE
        progress = tuple(Progress("F1", op, "M", "", status, at(-2), at(-2), at(-0.1)) for op in operations)
        problem = build(plant(orders, [], FRAME, BIKE), replace(STATE, progress=progress))
        p, i = problem.arrays, problem.operations.index(("BIKES", "10"))
        return problem, [problem.operations[k] for k in p.pred[p.pred_ptr[i] : p.pred_ptr[i + 1]]]

    problem, before = after("10", "15")
    assert before == [("F1", "17")]
    assert ready_h(problem, "BIKES") == pytest.approx(4 / 60), "the end of 15, six minutes ago, and 10 min"
    problem, before = after("10", "15", "17")
    assert before == []
    assert ready_h(problem, "BIKES") == pytest.approx(4 / 60)


def test_nothing_waits_for_an_order_that_cannot_be_made() -> None:
    frame = Part("FRAME", (operation("10", consumes={"STEEL": 1.0}),))
    orders = [order("BIKES", "BIKE", 10, priority=9), order("F1", "FRAME")]
    problem = build(plant(orders, [], frame, BIKE), STATE)
    assert missing(problem)["BIKES/10"].startswith("F1/10 must end before it and is left out: 10 kg of")
    cancelled = replace(STATE, cancelled=frozenset({"F1"}))
    assert missing(build(plant(orders, [], frame, BIKE), cancelled))["BIKES/10"].startswith(
        "10 of material FRAME"
    )


def test_a_late_lot_is_taken_where_the_order_that_would_be_earlier_cannot_be_made() -> None:
    orders = [order("BIKES", "BIKE", 10), order("F1", "FRAME", due=1)]
    late = replace(lot("late", 10, 9), material="FRAME")
    made = plant(orders, [late], FRAME, BIKE)
    assert reserved(build(made, STATE)) == {"BIKES": {"order:F1": 10.0}}
    forbidden = Controls(forbid=frozenset({("F1", "15", "M")}))
    assert reserved(build(made, STATE, forbidden)) == {"BIKES": {"late": 10.0}}


def test_orders_do_not_wait_for_each_other_in_a_circle() -> None:
    eggs = Part("EGG", (operation("10", consumes={"HEN": 1.0}),))
    hens = Part("HEN", (operation("10", consumes={"EGG": 1.0}),))
    problem = build(plant([order("E", "EGG"), order("H", "HEN")], [], eggs, hens), STATE)
    assert sorted(missing(problem)) == ["E/10", "H/10"]
    assert missing(problem)["H/10"].startswith("10 of material EGG are missing")


@pytest.mark.parametrize("seed", range(60))
def test_no_quantity_is_given_twice_and_none_is_lost(seed: int) -> None:
    random = Random(seed)
    materials = ("A", "B")

    def supply(i: int) -> Supply:
        maker = f"O{i}" if random.random() < 0.3 else ""
        arrives = 0 if maker else random.choice((0, 10, 20))
        return Supply(f"L{i}", random.choice(materials), random.uniform(0, 30), arrives, "", maker, arrives)

    supplies = [supply(i) for i in range(8)]
    before = {item.lot: item.left for item in supplies}
    usable = {item.lot: item.left for item in supplies if item.order != "O1"}
    stock = Stock(supplies)
    used = random.uniform(0, 40)
    here = sum(
        item.left for item in supplies if item.material == "A" and not item.order and not item.available_s
    )
    stock.use_up("A", used)
    assert sum(before.values()) - sum(item.left for item in supplies) == pytest.approx(min(used, here))
    given: dict[str, float] = defaultdict(float)
    for k in range(10):
        wanted = [
            (material, random.uniform(0.1, 15)) for material in random.sample(materials, random.randint(1, 2))
        ]
        left = {m: sum(s.left for s in supplies if s.material == m and s.lot in usable) for m in materials}
        found, shortage = stock.reserve(f"O{k}", "10", wanted, lambda maker: maker != "O1")
        short = [
            (material, quantity - left[material])
            for material, quantity in wanted
            if quantity > left[material] + 1e-6
        ]
        assert (shortage is not None) == bool(short)
        if shortage is not None:
            assert (shortage.material, pytest.approx(shortage.missing)) == short[0]
            assert found == []
            continue
        for material, quantity in wanted:
            assert sum(item.quantity for item, _ in found if item.material == material) == pytest.approx(
                quantity
            )
        for item, maker in found:
            given[item.lot] += item.quantity
            assert maker != "O1"
    taken = sum(given.values()) + min(used, here)
    assert sum(before.values()) - sum(item.left for item in supplies) == pytest.approx(taken)
    assert all(-1e-9 <= item.left <= before[item.lot] for item in supplies)
    assert all(quantity <= before[name] + 1e-9 for name, quantity in given.items())


@pytest.mark.parametrize("seed", range(5))
def test_an_assembly_shop_pegs_every_component(seed: int) -> None:
    made = generate(replace(SMALL, shop="assembly"), seed)
    problem = build(made, generate_state(made))
    assert problem.unplannable == ()
    demand: dict[str, float] = defaultdict(float)
    parts = {part.id: part for part in made.parts}
    for item in made.orders:
        for op in parts[item.part].operations:
            for use in op.consumes:
                demand[use.material] += use.quantity_per_unit * item.quantity
    given: dict[str, float] = defaultdict(float)
    for peg in problem.pegging:
        given[peg.material] += peg.quantity
    assert given == pytest.approx(demand)
