"""Made-up facilities: reproducible, of the size asked for, and such that everything can be planned."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from zoneinfo import ZoneInfo

import pytest

import naive
from linewright.plant.arrays import NEVER, UNATTENDED
from linewright.plant.build import build
from linewright.plant.calendars import Hours, open_s
from linewright.plant.checks import check
from linewright.plant.generate import (
    BENCH_20X500,
    BENCH_100X5000,
    SMALL,
    FacilitySpec,
    generate,
    generate_state,
)
from linewright.plant.records import Plant
from linewright.plant.timing import evaluate

SPECS = {
    "small": SMALL,
    "bench": BENCH_20X500,
    "large": BENCH_100X5000,
    **{shop: replace(SMALL, shop=shop) for shop in ("flow", "flexible", "assembly")},
    **{hours: replace(SMALL, calendars=hours) for hours in ("continuous", "day")},
    "bare": replace(SMALL, families=0, skills=0, people=0, materials=0, pausable=1.0),
    "unpausable": replace(SMALL, pausable=0.0, attended=1.0, run_min=200),
}


def operations(plant: Plant) -> int:
    length = {part.id: len(part.operations) for part in plant.parts}
    return sum(length[order.part] for order in plant.orders)


@pytest.mark.parametrize("name", SPECS)
def test_a_facility_is_what_was_asked_for_and_can_be_planned(name: str) -> None:
    spec: FacilitySpec = SPECS[name]
    plant = generate(spec, 1)
    assert plant == generate(spec, 1) != generate(spec, 2)
    assert (len(plant.machines), len(plant.people), len(plant.orders)) == (
        spec.machines,
        spec.people,
        spec.orders,
    )
    assert operations(plant) == pytest.approx(spec.operations, rel=0.05)
    state = generate_state(plant)
    assert check(plant, state) == []
    assert state.at == spec.start
    problem = build(plant, state)
    assert problem.unplannable == ()
    assert len(problem.operations) == operations(plant)
    if len(problem.operations) < 600:  # a random order is the worst plan: even that has an end
        times, _ = evaluate(problem.arrays, naive.random_plan(problem.arrays, Random(1)))
        assert times.end_s.max() < NEVER


def test_shares_and_ranges_are_kept() -> None:
    plant = generate(BENCH_20X500, 3)
    routings = [op for part in plant.parts for op in part.operations]
    alternatives = [len(op.alternatives) for op in routings]
    assert min(alternatives) == 1 and max(alternatives) == 3
    assert sum(bool(op.alternatives[0].skill) for op in routings) / len(routings) == pytest.approx(
        0.7, abs=0.1
    )
    assert sum(op.pausable for op in routings) / len(routings) == pytest.approx(0.7, abs=0.1)
    assert {op.family for op in routings} == {f"F{i + 1}" for i in range(6)}
    changes = [row.minutes for row in plant.setups if row.from_family not in ("*", row.to_family)]
    assert min(changes) >= 8 and max(changes) <= 40
    assert {machine.calendar for machine in plant.machines} == {"always", "two-shift"}
    assert len({skill for person in plant.people for skill in person.skills}) == 5
    for op in routings:
        for alternative in op.alternatives:
            able = {person.calendar for person in plant.people if alternative.skill in person.skills}
            assert not alternative.skill or able == {"early", "late"}, "every skill is there in both shifts"


def test_due_dates_press() -> None:
    """By some due date people must have worked most of their open time, setups and waiting not counted."""
    plant = generate(BENCH_20X500, 1)
    problem = build(plant, generate_state(plant))
    p = problem.arrays
    hours = Hours(plant, ZoneInfo(plant.timezone), problem.epoch, problem.horizon_s)
    attended = [i for i in range(len(p.op_order)) if p.alt_crew[p.alt_ptr[i]] != UNATTENDED]
    shares = []
    for due in p.order_due_s:
        asked = [i for i in attended if p.order_due_s[p.op_order[i]] <= due]
        work = sum(int(p.alt_run_s[p.alt_ptr[i] : p.alt_ptr[i + 1]].min()) for i in asked)
        room = sum(
            open_s(hours.between(plant.machines[0], person, 0, due), 0, due) for person in plant.people
        )
        shares.append(work / room)
    assert 0.55 < max(shares) < 1.0
