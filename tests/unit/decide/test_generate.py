"""One generation: complete, checked, labelled, repeatable."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from linewright.decide import describe
from linewright.decide.document import to_document
from linewright.decide.effort import Effort
from linewright.decide.generate import Alternatives, generate
from linewright.errors import NotFeasible, NotFound
from linewright.plant.disruption import RushOrder, apply
from linewright.plant.plan import Controls, job_order_id
from linewright.plant.records import Order
from linewright.plant.verify import verify

from .conftest import EFFORT, Shop


def test_every_scenario_is_complete_and_passes_the_independent_check(shop: Shop, found: Alternatives) -> None:
    assert found.ids[:2] == ("keep", "push-right")
    assert found.checked == set(found.ids)
    for name in found.ids:
        scenario = found.scenario(name)
        assert {(o.order, o.operation) for o in scenario.operations} == set(found.problem.operations)
        assert scenario.reason
        assert scenario.kpis["on_time_delivery"].p05 <= scenario.kpis["on_time_delivery"].p95
        changed = set(scenario.difference.jobs)
        assert changed == {item.job_order for item in scenario.instructions}


def test_the_document_of_a_generation_passes_linewright_check(shop: Shop, found: Alternatives) -> None:
    document = json.loads(json.dumps(to_document(found, [shop.down], Controls())))
    assert verify(shop.plant, shop.state, document) == []
    document["scenarios"][2]["objectives"]["makespan_s"] += 60
    assert any("makespan_s" in str(finding) for finding in verify(shop.plant, shop.state, document))


def test_the_same_moves_and_seed_give_the_same_alternatives_on_any_number_of_threads(shop: Shop) -> None:
    state = apply(shop.plant, shop.state, shop.down)
    one = generate(shop.plant, state, effort=EFFORT)
    two = generate(shop.plant, state, effort=replace(EFFORT, threads=2))
    assert one.ids == two.ids
    for a, b in zip(one.candidates, two.candidates, strict=True):
        np.testing.assert_array_equal(a.plan.sequence, b.plan.sequence)
        np.testing.assert_array_equal(a.times.start_s, b.times.start_s)
    assert [v.kpis for v in one.verdicts] == [v.kpis for v in two.verdicts]


def test_named_picks_are_three_different_scenarios(found: Alternatives) -> None:
    picks = [label for label in found.labels[2:] if label]
    assert sorted(picks) == ["least change", "least late", "most robust"]


def test_controls_are_hard_facts_in_every_scenario(shop: Shop) -> None:
    state = apply(shop.plant, shop.state, shop.down)
    free = generate(shop.plant, state, effort=EFFORT)
    routing = {(p.id, op.id): op for p in shop.plant.parts for op in p.operations}
    part = {order.id: order.part for order in shop.plant.orders}
    op, machine = next(
        (op, choice.machine)
        for op in free.scenario("s01").operations
        if op.state == "free"
        for choice in routing[part[op.order], op.operation].alternatives
        if choice.machine != op.machine
    )
    key = (op.order, op.operation)
    pinned = generate(shop.plant, state, Controls(pin_machine={key: machine}), effort=EFFORT)
    for name in pinned.ids[2:]:
        row = next(o for o in pinned.scenario(name).operations if (o.order, o.operation) == key)
        assert row.machine == machine


def test_an_unknown_scenario_is_named_with_what_there_is(found: Alternatives) -> None:
    with pytest.raises(NotFound, match=r"'s99'.*keep"):
        found.index("s99")


def test_nothing_left_to_plan_is_said_not_crashed(shop: Shop) -> None:
    everything = replace(shop.state, cancelled=frozenset(order.id for order in shop.plant.orders))
    with pytest.raises(NotFeasible, match="nothing is left to plan"):
        generate(shop.plant, everything, effort=Effort(seconds=None, moves=10))


def test_people_are_told_what_changes_for_them(shop: Shop, found: Alternatives) -> None:
    scenario = found.scenario("s01")
    told = {notice.operator for notice in scenario.notices}
    base = {a.key: a for a in shop.state.plan.assignments}
    for row in scenario.operations:
        before = base[row.order, row.operation]
        if row.state == "free" and row.operator != before.operator:
            assert {row.operator, before.operator} - {""} <= told
    jobs = {job_order_id(o.order, o.operation): o for o in scenario.operations}
    for move in scenario.staging:
        assert jobs[move.job_order].machine == move.to_machine
        assert jobs[move.job_order].setup_start == move.needed_by


def test_what_changes_is_told_of_every_work_center_it_touches(
    shop: Shop, found: Alternatives, monkeypatch: pytest.MonkeyPatch
) -> None:
    centers = describe.work_center_of(shop.plant)
    asked = []
    monkeypatch.setattr(describe, "work_center_of", lambda plant: asked.append(plant) or centers)
    tell = describe.Describer(shop.plant, found.state, found.problem)
    candidate = found.candidates[2]
    base = {a.key: a.machine for a in shop.state.plan.assignments}
    touched = set()
    for row in tell.operations(candidate):
        if job_order_id(row.order, row.operation) in tell.difference(candidate).jobs:
            touched |= {centers[row.machine], centers[base[row.order, row.operation]]}
    assert {change.work_center for change in tell.downstream(candidate)} == touched
    assert len(asked) == 1


def test_what_differs_is_counted_once_and_adds_up(shop: Shop, found: Alternatives) -> None:
    base = {a.key: a for a in shop.state.plan.assignments}
    tolerance = timedelta(minutes=shop.plant.planning.moved_tolerance_min)
    reassigned = 0
    for name in found.ids:
        scenario = found.scenario(name)
        told = scenario.difference
        moved = {
            (row.order, row.operation)
            for row in scenario.operations
            if row.state != "started"
            and (
                row.machine != base[row.order, row.operation].machine
                or abs(row.start - base[row.order, row.operation].start) > tolerance
            )
        }
        assert told.operations_moved == len(moved) == scenario.objectives["moved_operations"]
        others = {
            (row.order, row.operation)
            for row in scenario.operations
            if row.state != "started" and row.operator != base[row.order, row.operation].operator
        }
        assert told.operations_reassigned == len(others - moved)
        counts = (told.operations_moved, told.operations_reassigned, told.operations_shifted)
        assert sum(counts) + told.operations_new == len(told.jobs)
        reassigned += told.operations_reassigned
    assert reassigned


def test_an_order_that_came_in_counts_as_new(shop: Shop) -> None:
    due = shop.state.at + timedelta(days=3)
    rush = Order("RUSH", shop.plant.parts[0].id, 5, due, priority=9.0)
    found = generate(shop.plant, apply(shop.plant, shop.state, RushOrder(rush)), effort=EFFORT)
    told = found.summary("s01").difference
    assert told.operations_new == len(shop.plant.parts[0].operations)
    assert {job for job in told.jobs if job.startswith("RUSH/")} == {
        job_order_id("RUSH", operation.id) for operation in shop.plant.parts[0].operations
    }
