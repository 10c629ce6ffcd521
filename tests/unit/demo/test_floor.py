"""The shop floor against the semantics of `plant.timing`, and against itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linewright.demo.facts import Facts
from linewright.demo.hours import worked_together
from linewright.demo.memory import Memory
from linewright.demo.opening import open_floor
from linewright.errors import LinewrightError, NotFound
from linewright.events.vocabulary import (
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
from linewright.plant.generate import SMALL, generate
from linewright.plant.plan import OperationStatus, Progress, job_order_id

CALM = replace(SMALL, cv=0.0, mtbf_h=0.0, mttr_h=0.0, scrap_rate=0.0, rework_rate=0.0)
RESTLESS = replace(SMALL, cv=0.4, mtbf_h=4.0, mttr_h=1.0, scrap_rate=0.05, rework_rate=0.1)
LONG_S = 120 * 86400


def said(floor, kind):
    return [entry.body for entry in floor.memory.commit() if isinstance(entry.body, kind)]


def at_work(floor, wanted=lambda job: True):
    """Let time pass until a job that is wanted is being worked on."""
    while True:
        for job in floor.memory.jobs.values():
            if job.state == "running" and job.working and wanted(job):
                return job
        floor.advance(floor.next_event())


def story(floor):
    """Everything the floor has said, in order."""
    return [(entry.sequence, entry.time, entry.body) for entry in floor.memory.commit()]


@pytest.mark.parametrize("shop", ["job", "flow", "flexible", "assembly"])
@pytest.mark.parametrize("calendars", ["continuous", "two-shift", "day"])
@pytest.mark.parametrize("seed", [1, 2])
def test_without_chance_any_plan_is_executed_exactly_as_decode_times_it(planned, shop, calendars, seed):
    plant, state, problem, times = planned(replace(CALM, shop=shop, calendars=calendars), seed)
    floor = open_floor(plant, state, Memory(), seed)
    floor.advance(int(times.end_s.max()))
    for i, key in enumerate(problem.operations):
        job = floor.memory.jobs[job_order_id(*key)]
        expected = times.setup_start_s[i], times.start_s[i], times.end_s[i]
        assert (job.begun, job.run_begun, job.ended) == expected, key


def test_a_floor_opened_in_the_middle_of_a_plan_finishes_it_at_the_same_times(planned):
    plant, state, problem, times = planned(replace(CALM, shop="assembly", calendars="two-shift"), 3)
    middle = int(np.median(times.end_s))
    facts = Facts(plant, state)
    families = {machine.id: machine.initial_family for machine in plant.machines}
    progress = []
    for i in np.argsort(times.setup_start_s, kind="stable"):
        item = state.plan.assignments[i]
        if times.setup_start_s[i] >= middle:
            continue
        done = bool(times.end_s[i] <= middle)
        people = [facts.person_hours(item.operator)] if item.operator else []
        left = worked_together([facts.machine_hours(item.machine), *people], middle, int(times.end_s[i]))
        progress.append(
            Progress(
                *item.key,
                item.machine,
                item.operator,
                OperationStatus.DONE if done else OperationStatus.STARTED,
                item.setup_start,
                item.start if times.start_s[i] <= middle else None,
                item.end if done else None,
                remaining_s=None if done else left,
            )
        )
        family = facts.operation(facts.orders[item.order].part, item.operation).family
        families[item.machine] = family or families[item.machine]
    assert {item.status for item in progress} == set(OperationStatus)
    later = replace(state, at=problem.instant(middle), progress=tuple(progress), machine_family=families)
    floor = open_floor(plant, later, Memory(), 1)
    floor.advance(LONG_S)
    for i, key in enumerate(problem.operations):
        assert floor.memory.jobs[job_order_id(*key)].ended == times.end_s[i] - middle, key


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, 20 * 86400), max_size=12), most=st.integers(1, 40))
def test_however_time_is_cut_the_same_happens(restless, cuts, most):
    whole, pieces = restless(), restless()
    whole.advance(20 * 86400)
    for cut in sorted(cuts):
        while pieces.advance(cut, most) < cut:
            pass
    pieces.advance(20 * 86400)
    assert story(pieces) == story(whole)
    assert pieces.memory.jobs == whole.memory.jobs


@pytest.fixture(scope="module")
def restless(any_state):
    """Floors on which much goes wrong, all alike."""
    plant = generate(RESTLESS, 1)
    state = any_state(plant, 1)[0]
    return lambda: open_floor(plant, state, Memory(), 7)


def test_much_goes_wrong_and_all_work_is_done(restless):
    floor = restless()
    floor.advance(LONG_S)
    jobs = floor.memory.jobs.values()
    assert {job.state for job in jobs} == {"ended"}
    entries = [body for _, _, body in story(floor)]
    completed = [body for body in entries if isinstance(body, JobOrderCompleted)]
    started = [body for body in entries if isinstance(body, JobOrderStarted)]
    assert len(completed) == len(started) == len(jobs)
    assert sum(job.rework for job in jobs) > 0
    assert sum(job.scrap for job in jobs) > 0
    assert sum(machine.failures for machine in floor.memory.machines.values()) > 0
    downs = [b for b in entries if isinstance(b, EquipmentStateChanged) and b.state == "down"]
    assert all(body.expected_end is not None for body in downs)
    for job in jobs:
        for name in floor._operation(job).after:
            before = floor.memory.jobs[job_order_id(job.order, name)]
            assert before.ended <= job.begun
            assert job.units <= before.good


def test_nobody_and_nothing_does_two_jobs_at_a_time(restless):
    floor = restless()
    floor.advance(LONG_S)
    for who in ("machine", "operator"):
        taken: dict[str, list[tuple[int, int]]] = {}
        for job in floor.memory.jobs.values():
            if name := getattr(job.spec, who):
                taken.setdefault(name, []).append((job.begun, job.ended))
        for blocks in taken.values():
            blocks.sort()
            assert all(a[1] <= b[0] for a, b in pairwise(blocks))


def test_a_broken_machine_says_until_when_and_its_job_waits(floor_of):
    floor = floor_of(replace(CALM, calendars="continuous"))
    job = at_work(floor)
    machine = floor.memory.machines[job.spec.machine]
    floor.advance(floor.now + 60)
    floor.memory.commit()
    until = floor.break_machine(machine.id, 8)
    assert until == floor.instant(floor.now + 8 * 3600)
    [down] = said(floor, EquipmentStateChanged)
    assert (down.machine, down.state, down.expected_end, down.job_order) == (
        machine.id,
        "down",
        until,
        job.id,
    )
    calm = floor_of(replace(CALM, calendars="continuous"))
    calm.advance(LONG_S)
    floor.advance(LONG_S)
    assert floor.memory.jobs[job.id].ended == calm.memory.jobs[job.id].ended + 8 * 3600


def test_a_second_break_does_not_shorten_the_first(floor_of):
    floor = floor_of(CALM)
    first = floor.break_machine("M01", 8)
    assert floor.break_machine("M01", 1) == first
    assert floor.break_machine("M01", 10) == first + timedelta(hours=2)


def test_an_absent_operator_stops_their_work(floor_of):
    floor = floor_of(replace(CALM, calendars="continuous"))
    job = at_work(floor, lambda job: job.spec.operator and floor._operation(job).pausable)
    person = job.spec.operator
    assert floor.is_there(person)
    assert floor.job_of(person) == job.id
    floor.memory.commit()
    back = floor.operator_absent(person, 3)
    assert not floor.is_there(person)
    entries = [entry.body for entry in floor.memory.commit()]
    assert [b.person for b in entries if isinstance(b, PersonnelAvailabilityChanged)] == [person]
    assert [b.state for b in entries if isinstance(b, EquipmentStateChanged)] == ["paused"]
    floor.advance(floor.now + 3 * 3600)
    assert floor.instant(floor.now) == back
    assert floor.is_there(person)
    assert job.working


def test_a_delayed_lot_arrives_later_and_is_announced(floor_of):
    floor = floor_of(CALM)
    lot = next(lot for lot in floor.memory.lots.values() if not lot.arrived)
    floor.memory.commit()
    before = lot.available
    when = floor.delay_material(lot.id, 5)
    assert when == floor.instant(before + 5 * 3600)
    [told] = said(floor, MaterialLotDelayed)
    assert (told.lot, told.available) == (lot.id, when)
    floor.advance(before + 5 * 3600 - 1)
    assert lot.id not in {body.lot for body in said(floor, MaterialLotReceived)}
    floor.advance(before + 5 * 3600)
    assert lot.id in {body.lot for body in said(floor, MaterialLotReceived)}


def test_what_is_consumed_was_there(planned):
    plant, state, _, _ = planned(replace(CALM, shop="assembly"), 2)
    floor = open_floor(plant, state, Memory(), 1)
    floor.advance(LONG_S)
    stock = {lot.id: lot.quantity for lot in plant.lots if lot.available is None}
    made = set()
    for _, _, body in story(floor):
        if isinstance(body, MaterialLotProduced):
            made.add(body.lot)
        elif isinstance(body, MaterialLotReceived):
            assert body.lot in made or not body.lot.startswith("order:")
            stock[body.lot] = body.quantity
        elif isinstance(body, MaterialLotConsumed):
            stock[body.lot] -= body.quantity
            assert stock[body.lot] > -1e-6
    assert made & stock.keys()


def test_a_rush_order_is_an_order_without_jobs(floor_of):
    floor = floor_of(CALM)
    part = next(iter(floor.facts.parts))
    jobs = len(floor.memory.jobs)
    floor.memory.commit()
    due = floor.instant(86400)
    assert floor.rush_order(part, 5, due, 4.0) == "RUSH-001"
    assert floor.rush_order(part, 5, due, 4.0) == "RUSH-002"
    [first, _] = said(floor, OperationsRequestReceived)
    assert (first.order, first.part, first.quantity, first.due, first.rush) == (
        "RUSH-001",
        part,
        5,
        due,
        True,
    )
    assert len(floor.memory.jobs) == jobs


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda f: f.break_machine("M99", 8), "no machine 'M99'. Maybe one of M01"),
        (lambda f: f.break_machine("M01", 0), "hours is 0"),
        (lambda f: f.break_machine("M01", float("nan")), "hours is nan"),
        (lambda f: f.rush_order("X", 5, f.instant(0), 1.0), "no part 'X'"),
        (lambda f: f.rush_order("P001", -5, f.instant(0), 1.0), "quantity is -5"),
        (lambda f: f.operator_absent("nobody", 8), "no person 'nobody'"),
        (lambda f: f.delay_material("nothing", 8), "no lot 'nothing'. Maybe one of"),
        (lambda f: f.delay_material("RAW1-1", 8), "'RAW1-1' is already here"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(floor_of, ask, words):
    floor = floor_of(CALM)
    before = msgspec.json.encode(list(floor.memory.jobs.values()))
    floor.memory.commit()
    with pytest.raises(LinewrightError, match=words.replace(".", r"\.")):
        ask(floor)
    assert not floor.memory.unsaved
    assert msgspec.json.encode(list(floor.memory.jobs.values())) == before


def test_an_aborted_job_frees_its_machine(floor_of):
    floor = floor_of(CALM)
    job = at_work(floor)
    floor.abort(job, "broken tool")
    floor.jobs_changed()
    floor.touch()
    assert job.state == "aborted"
    assert floor.memory.machines[job.spec.machine].job != job.id
    assert [body.reason for body in said(floor, JobOrderAborted)] == ["broken tool"]


def test_progress_is_reported_at_the_planned_rate(floor_of):
    floor = floor_of(replace(CALM, calendars="continuous"))
    floor.memory.commit()
    floor.advance(LONG_S)
    reports: dict[str, list[int]] = {}
    for body in said(floor, JobOrderProgressed):
        reports.setdefault(body.job_order, []).append(body.remaining_s)
    long = max(reports.values(), key=len)
    assert len(long) > 2
    assert long == sorted(long, reverse=True)


def test_an_unknown_lot_is_not_found_rather_than_refused(floor_of):
    with pytest.raises(NotFound):
        floor_of(CALM).delay_material("nothing", 1)


def test_who_is_away_is_relieved_by_somebody_who_can_do_it_and_does_one_thing_at_a_time(planned):
    plant, state, _, times = planned(replace(RESTLESS, people=8), 3)
    skills = {person.id: person.skills for person in plant.people}
    floor = open_floor(plant, state, Memory(), 3)
    wanted = {job.id: job.spec.operator for job in floor.memory.jobs.values()}
    away = max(skills, key=list(wanted.values()).count)
    floor.operator_absent(away, 24 * 30)
    floor.advance(2 * int(times.end_s.max()))
    spells: dict[str, list[tuple[int, int]]] = {}
    relieved = 0
    for job in floor.memory.jobs.values():
        if job.state != "ended" or not wanted[job.id]:
            continue
        spec = job.spec
        relieved += spec.operator != wanted[job.id]
        part = next(order.part for order in plant.orders if order.id == job.order)
        assert floor.facts.alternative(part, job.operation, spec.machine).skill in skills[spec.operator]
        spells.setdefault(spec.operator, []).append((job.begun, job.ended))
    assert relieved > 0
    assert spells.get(away, []) == []
    for intervals in spells.values():
        intervals.sort()
        assert all(end <= begin for (_, end), (begin, _) in pairwise(intervals))
