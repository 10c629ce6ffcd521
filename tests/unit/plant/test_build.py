"""What a plant and its state become in the arrays: facts, freezing, what cannot be planned, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import naive
from linewright.errors import NotFeasible, NotFound, PlantError
from linewright.plant.arrays import FREE, NEVER, STARTED, UNATTENDED, SchedulingProblem
from linewright.plant.build import build, stable_key
from linewright.plant.generate import SMALL, generate, generate_state
from linewright.plant.plan import Assignment, Controls, OperationStatus, Plan, PlantState, Progress
from linewright.plant.records import (
    Absence,
    Alternative,
    Calendar,
    Downtime,
    Equipment,
    Level,
    Order,
    Part,
    Person,
    Plant,
    RoutingOperation,
    SetupTime,
    Shift,
)
from linewright.plant.timing import decode

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 6, 1, 8, 0, tzinfo=ZONE)  # a Monday
MINUTE = 60


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def plant(**changes: Any) -> Plant:
    """Two lathes (attended, one closed at night) and an oven (unattended), two people, two orders."""
    every_day = frozenset(range(7))
    lathe = tuple(Alternative(machine, 1.0, skill="turning") for machine in ("L1", "L2"))
    part = Part(
        "P",
        (
            RoutingOperation("10", (), lathe, family="steel", transfer_min=5),
            RoutingOperation("20", ("10",), (Alternative("OVEN", 0.0, fixed_min=30),), pausable=False),
            RoutingOperation("30", ("20",), lathe, family="brass"),
        ),
    )
    base = Plant(
        id="tiny",
        name="",
        timezone="Europe/Berlin",
        equipment=(
            Equipment("SITE", Level.SITE),
            Equipment("L1", Level.WORK_UNIT, calendar="day", setup_group="lathes", initial_family="brass"),
            Equipment("L2", Level.WORK_UNIT, calendar="always", setup_group="lathes", mtbf_h=10, mttr_h=1),
            Equipment("OVEN", Level.WORK_UNIT, calendar="always"),
        ),
        people=(
            Person("ANN", "day", frozenset({"turning"})),
            Person("BOB", "always", frozenset({"turning", "welding"})),
        ),
        calendars=(
            Calendar("day", (Shift(every_day, time(8), time(16)),)),
            Calendar("always", (Shift(every_day, time(0), time(0)),)),
        ),
        parts=(part,),
        orders=(
            Order("A", "P", 60, due=at(600), release=at(-60), priority=2.0),
            Order("B", "P", 120, due=at(900), release=at(30)),
        ),
        setups=(
            SetupTime("lathes", "*", "steel", 20),
            SetupTime("lathes", "brass", "steel", 10),
            SetupTime("lathes", "steel", "brass", 15),
        ),
    )
    return replace(base, **changes)


def planned(order: str, operation: str, machine: str, operator: str, begin: float, end: float) -> Assignment:
    return Assignment(order, operation, machine, operator, at(begin), at(begin), at(end))


def state(*assignments: Assignment, **changes: Any) -> PlantState:
    return replace(PlantState(at=NOW, plan=Plan(1, assignments)), **changes)


def started(order: str, operation: str, machine: str, operator: str, begin: float, **more: Any) -> Progress:
    return Progress(order, operation, machine, operator, OperationStatus.STARTED, at(begin), **more)


def done(order: str, operation: str, machine: str, operator: str, begin: float, end: float) -> Progress:
    status = OperationStatus.DONE
    return Progress(order, operation, machine, operator, status, at(begin), at(begin), at(end))


def of(problem: SchedulingProblem, name: str, order: str, operation: str) -> int:
    """A value of an operation in the arrays."""
    return int(getattr(problem.arrays, name)[problem.operations.index((order, operation))])


def choices(problem: SchedulingProblem, order: str, operation: str) -> dict[str, tuple[int, list[str]]]:
    """machine -> (run seconds, crew) of an operation."""
    p, i = problem.arrays, problem.operations.index((order, operation))
    found = {}
    for a in range(p.alt_ptr[i], p.alt_ptr[i + 1]):
        c = p.alt_crew[a]
        crew = [] if c == UNATTENDED else p.crew[p.crew_ptr[c] : p.crew_ptr[c + 1]].tolist()
        found[problem.machines[p.alt_machine[a]]] = (
            int(p.alt_run_s[a]),
            [problem.operators[w] for w in crew],
        )
    return found


def before(problem: SchedulingProblem, order: str, operation: str) -> dict[tuple[str, str], int]:
    p, i = problem.arrays, problem.operations.index((order, operation))
    edges = range(p.pred_ptr[i], p.pred_ptr[i + 1])
    return {problem.operations[p.pred[e]]: int(p.pred_lag_s[e]) for e in edges}


def fixed(problem: SchedulingProblem) -> list[tuple[str, str]]:
    return [problem.operations[i] for i in problem.arrays.fixed_sequence]


# --- nothing has happened yet ---------------------------------------------------------------------


def test_an_untouched_plant() -> None:
    problem = build(plant(), state())
    p = problem.arrays
    assert problem.operations == tuple((order, op) for order in "AB" for op in ("10", "20", "30"))
    assert problem.machines == ("L1", "L2", "OVEN")
    assert problem.operators == ("ANN", "BOB")
    assert problem.orders == ("A", "B")
    assert problem.epoch == NOW
    assert problem.instant(3600) == at(60)
    assert problem.unplannable == () and problem.begun_orders == frozenset()
    assert choices(problem, "A", "10") == {"L1": (3600, ["ANN", "BOB"]), "L2": (3600, ["ANN", "BOB"])}
    assert choices(problem, "B", "20") == {"OVEN": (1800, [])}
    assert before(problem, "A", "20") == {("A", "10"): 300}
    assert before(problem, "A", "30") == {("A", "20"): 0}
    assert [of(problem, "op_ready_s", order, "10") for order in "AB"] == [0, 1800]
    assert p.order_due_s.tolist() == [36000, 54000]
    assert p.order_weight.tolist() == [2.0, 1.0]
    assert p.op_state.tolist() == [FREE] * 6
    assert p.op_base_machine.tolist() == [-1] * 6
    assert p.op_pausable.tolist() == [1, 0, 1] * 2
    assert fixed(problem) == []
    steel, brass, nothing = (*map(problem.families.index, ("steel", "brass")), len(problem.families))
    assert p.machine_family.tolist() == [brass, nothing, nothing]
    lathe, oven = p.setup_s[p.machine_setup[0]], p.setup_s[p.machine_setup[2]]
    assert lathe[brass, steel] == 600, "an exact row wins over *"
    assert lathe[nothing, steel] == 1200, "* is also the way from nothing mounted"
    assert lathe[steel, steel] == 0, "what is mounted needs no setup, whatever * says"
    assert (lathe[steel, brass], lathe[nothing, brass]) == (900, 0)
    assert oven.max() == 0
    assert problem.uncertainty.machine_mtbf_s.tolist() == [0, 36000, 0]
    assert problem.uncertainty.op_key[0] == stable_key("A", "10")
    assert p.succ_ptr.tolist() == [0, 1, 2, 2, 3, 4, 4]
    assert p.succ.tolist() == [1, 2, 4, 5]


def test_every_array_is_of_the_kind_that_kernels_are_compiled_for() -> None:
    for problem in (
        build(plant(), state()),
        build(plant(orders=()), state()),
        build(plant(people=()), state()),
    ):
        for name, array in problem.arrays._asdict().items():
            if name == "moved_tolerance_s":
                continue
            kind = np.float64 if name == "order_weight" else np.int64
            assert array.dtype == kind and array.flags.c_contiguous, name
        for name, array in problem.uncertainty._asdict().items():
            kinds = {"op_key": np.uint64, "machine_key": np.uint64}
            kinds |= dict.fromkeys(("op_quantity", "op_units"), np.int64)
            assert array.dtype == kinds.get(name, np.float64) and array.flags.c_contiguous, name


def test_what_is_scrapped_does_not_reach_what_comes_after() -> None:
    first = replace(done("A", "10", "L1", "ANN", -60, -10), good=50, scrap=10)
    u = build(plant(), state(progress=(first,))).uncertainty
    assert u.op_units.tolist() == [50, 60, 120, 120, 120]
    assert u.op_quantity.tolist() == [60, 60, 120, 120, 120], "run times are planned for the order"
    begun = started("A", "20", "OVEN", "", -5, remaining_s=600)
    u = build(plant(), state(progress=(first, begun))).uncertainty
    assert u.op_quantity.tolist()[:1] == u.op_units.tolist()[:1] == [50], "work left is for what is there"
    nothing = replace(first, good=0, scrap=60)
    u = build(plant(), state(progress=(nothing, begun))).uncertainty
    assert (u.op_quantity[0], u.op_units[0]) == (1, 0)
    unsaid = build(plant(), state(progress=(done("A", "10", "L1", "ANN", -60, -10),))).uncertainty
    assert unsaid.op_units[0] == 60


def test_keys_do_not_change() -> None:
    assert stable_key("A", "10") == 12722303437147451215
    assert stable_key("L1") == 14974221802172682768


def test_a_fraction_of_a_second_rounds_now_up() -> None:
    problem = build(plant(), state(at=NOW + timedelta(microseconds=1)))
    assert problem.epoch == NOW + timedelta(seconds=1)
    assert of(problem, "op_ready_s", "B", "10") == 1799


# --- what has happened ----------------------------------------------------------------------------


def test_what_is_done_leaves_a_ready_time_and_a_family() -> None:
    now = state(progress=(done("A", "10", "L1", "ANN", -60, -2),))
    problem = build(plant(), now)
    assert ("A", "10") not in problem.operations
    assert of(problem, "op_ready_s", "A", "20") == 3 * MINUTE, "transfer after the end"
    assert before(problem, "A", "20") == {}
    assert problem.families[problem.arrays.machine_family[0]] == "steel"
    assert problem.begun_orders == {0}
    reported = replace(now, machine_family={"L1": "brass"})
    problem = build(plant(), reported)
    assert problem.families[problem.arrays.machine_family[0]] == "brass", "what is reported wins"


def test_an_end_reported_for_later_is_now_at_the_latest() -> None:
    problem = build(plant(), state(progress=(done("A", "10", "L1", "ANN", -60, 20),)))
    assert of(problem, "op_ready_s", "A", "20") == 5 * MINUTE


def test_a_finished_order_is_not_in_the_problem() -> None:
    progress = tuple(done("A", op, "OVEN", "", -60, -2) for op in ("10", "20", "30"))
    problem = build(plant(), state(progress=progress))
    assert problem.orders == ("B",)
    assert problem.begun_orders == frozenset()


def test_a_started_operation_goes_on_with_the_work_left() -> None:
    now = state(
        planned("A", "10", "L1", "ANN", -40, 20),
        progress=(started("A", "10", "L1", "ANN", -40, start=at(-30)),),
    )
    problem = build(plant(), now)
    assert of(problem, "op_state", "A", "10") == STARTED
    assert choices(problem, "A", "10") == {"L1": (3600, ["ANN"])}, "the lathe opens at eight: no work yet"
    assert problem.started_s == {0: (-2400, -1800)}
    assert fixed(problem) == [("A", "10")]
    assert problem.arrays.fixed_operator[0] == 0
    assert problem.arrays.op_base_start_s[0] == -2400
    elsewhere = state(progress=(started("A", "10", "L2", "BOB", -40, start=at(-30)),))
    assert choices(build(plant(), elsewhere), "A", "10") == {"L2": (1800, ["BOB"])}


def test_work_left_as_reported_or_planned_and_never_nothing() -> None:
    def left(**more: Any) -> int:
        progress = started("A", "10", "L2", "BOB", -70, **more)
        assignment = Assignment("A", "10", "L2", "BOB", at(-70), at(-50), at(10))
        return choices(build(plant(), state(assignment, progress=(progress,))), "A", "10")["L2"][0]

    assert left(remaining_s=777) == 777
    assert left(remaining_s=0) == left(start=at(-65)) == 60
    assert left() == 600, "20 min of setup and 60 of run were planned, 70 are over"


def test_a_started_operation_waits_for_nothing_but_its_machine() -> None:
    now = state(
        progress=(started("B", "30", "L1", "BOB", -5, remaining_s=600),),
        machine_down_until={"L1": at(90), "L2": at(-5)},
    )
    problem = build(plant(), now)
    assert before(problem, "B", "30") == {}
    assert of(problem, "op_ready_s", "B", "30") == 0
    assert of(problem, "op_pausable", "B", "30") == 1
    assert problem.arrays.machine_ready_s.tolist() == [5400, 0, 0]
    assert build(plant(), replace(now, cancelled=frozenset({"B"}))).orders == ("A",)


def test_rush_orders_and_changes_are_in_the_problem_and_not_in_the_plan() -> None:
    rush = Order("R", "P", 10, due=at(100), priority=9.0)
    changed = Order("B", "P", 10, due=at(100))
    problem = build(plant(), state(planned("A", "30", "L2", "BOB", 200, 260), orders=(rush, changed)))
    assert problem.orders == ("A", "B", "R")
    assert choices(problem, "B", "10")["L1"][0] == 600
    assert of(problem, "op_base_machine", "R", "10") == -1
    assert (of(problem, "op_base_machine", "A", "30"), of(problem, "op_base_operator", "A", "30")) == (1, 1)
    assert of(problem, "op_base_begin_s", "A", "30") == of(problem, "op_base_start_s", "A", "30") == 12000


def test_an_order_for_an_unknown_part_is_named() -> None:
    with pytest.raises(PlantError, match='order R: its part "Q" does not exist'):
        build(plant(), state(orders=(Order("R", "Q", 10, due=at(100)),)))


# --- what is frozen -------------------------------------------------------------------------------

FROZEN_PLAN = (
    planned("A", "10", "L1", "ANN", 0, 70),
    planned("B", "10", "L2", "BOB", 45, 170),
    planned("A", "20", "OVEN", "", 75, 105),
    planned("A", "30", "L1", "ANN", 105, 165),
)


def test_what_is_planned_within_the_hour_is_frozen() -> None:
    problem = build(plant(), state(*FROZEN_PLAN))
    assert fixed(problem) == [("A", "10"), ("B", "10")]
    assert choices(problem, "A", "10") == {"L1": (3600, ["ANN"])}
    assert of(problem, "op_ready_s", "B", "10") == 45 * MINUTE
    assert of(problem, "op_state", "A", "20") == FREE
    p = problem.arrays
    assert (p.fixed_alternative >= 0).tolist() == [True, False, False, True, False, False]
    assert p.fixed_operator.tolist() == [0, -1, -1, 1, -1, -1]
    longer = build(plant(), state(*FROZEN_PLAN), Controls(freeze_until=at(105)))
    assert fixed(longer) == [("A", "10"), ("B", "10"), ("A", "20"), ("A", "30")]
    assert fixed(build(plant(), state(*FROZEN_PLAN), Controls(freeze_until=at(-1)))) == []


@pytest.mark.parametrize(
    ("changes", "controls"),
    [
        ({"machine_down_until": {"L1": at(61)}}, Controls()),
        ({"downtimes": (Downtime("L1", at(-10), at(120)),)}, Controls()),
        ({"absences": (Absence("ANN", at(65), at(600)),)}, Controls()),
        ({}, Controls(forbid_machines=frozenset({"L1"}))),
        ({}, Controls(forbid=frozenset({("A", "10", "L1")}))),
        ({}, Controls(pin_machine={("A", "10"): "L2"})),
        ({}, Controls(pin_operator={("A", "10"): "BOB"})),
        ({}, Controls(not_before={("A", "10"): at(61)})),
    ],
)
def test_what_cannot_go_as_planned_is_free(changes: dict[str, Any], controls: Controls) -> None:
    problem = build(plant(), state(*FROZEN_PLAN, **changes), controls)
    assert fixed(problem) == [("B", "10")]
    assert of(problem, "op_state", "A", "10") == FREE


def test_short_troubles_do_not_free() -> None:
    troubles = state(
        *FROZEN_PLAN,
        machine_down_until={"L1": at(60)},
        downtimes=(Downtime("L2", at(50), at(59)),),
        absences=(Absence("ANN", at(70), at(80)), Absence("BOB", at(0), at(45))),
    )
    assert fixed(build(plant(), troubles)) == [("A", "10"), ("B", "10")]


def test_a_frozen_operation_needs_settled_predecessors() -> None:
    free = Controls(freeze_until=at(105), forbid_machines=frozenset({"L1"}))
    assert fixed(build(plant(), state(*FROZEN_PLAN), free)) == [("B", "10")]


@pytest.mark.parametrize("seed", range(10))
def test_the_settled_sequence_can_begin_any_plan(seed: int) -> None:
    random = Random(seed)
    made = generate(SMALL, seed)
    empty = generate_state(made)
    free = build(made, empty)
    plan = naive.random_plan(free.arrays, random)
    times = decode(free.arrays, plan, np.zeros(len(free.operations), np.int64))
    rows = zip(free.operations, *times, plan.alternative, plan.operator, strict=True)
    assignments = tuple(
        Assignment(
            *key,
            free.machines[free.arrays.alt_machine[alternative]],
            "" if operator == UNATTENDED else free.operators[operator],
            *map(free.instant, instants),
        )
        for key, *instants, alternative, operator in rows
    )
    moment = free.instant(random.randint(0, int(np.median(times.end_s))))
    progress = tuple(
        Progress(
            item.order,
            item.operation,
            item.machine,
            item.operator,
            OperationStatus.DONE if item.end <= moment else OperationStatus.STARTED,
            item.setup_start,
            item.start if item.start <= moment else None,
            item.end if item.end <= moment else None,
        )
        for item in assignments
        if item.setup_start < moment
    )
    now = PlantState(at=moment, plan=Plan(1, assignments), progress=progress)
    wide = Controls(freeze_until=moment + timedelta(hours=12))
    problem = build(made, now, wide)
    p, sequence = problem.arrays, problem.arrays.fixed_sequence.tolist()
    kinds = [p.op_state[i] for i in sequence]
    assert kinds == sorted(kinds, reverse=True), "started before frozen"
    assert set(sequence) == set(np.flatnonzero(p.op_state != FREE).tolist())
    for k, i in enumerate(sequence):
        assert set(p.pred[p.pred_ptr[i] : p.pred_ptr[i + 1]].tolist()) <= set(sequence[:k])
        assert p.alt_ptr[i] <= p.fixed_alternative[i] < p.alt_ptr[i + 1]
    frozen = naive.random_plan(p, random)
    again = decode(p, frozen, np.zeros(len(problem.operations), np.int64))
    assert again.end_s.max() < NEVER
    shift = round((moment - free.epoch).total_seconds())
    for i in sequence:  # undisturbed, what is settled happens as it was planned
        assert again.end_s[i] + shift == times.end_s[free.operations.index(problem.operations[i])]


# --- what cannot be planned -----------------------------------------------------------------------


def test_no_machine_left_says_why_and_drops_what_follows() -> None:
    problem = build(plant(), state(), Controls(forbid_machines=frozenset({"OVEN"})))
    assert problem.operations == (("A", "10"), ("B", "10"))
    oven, after, *_ = problem.unplannable
    assert (oven.order, oven.operation) == ("A", "20")
    assert oven.why == "no machine is left: OVEN is forbidden"
    assert oven.remedy == "Maybe lift the ban on OVEN."
    assert (after.operation, after.remedy) == ("30", oven.remedy)
    assert after.why == "A/20 must end before it and is left out: no machine is left: OVEN is forbidden"
    assert problem.arrays.order_complete.tolist() == [0, 0]
    assert problem.arrays.order_weight.tolist() == [0.0, 0.0]
    assert problem.arrays.succ.tolist() == []


def test_every_reason_has_its_words() -> None:
    forever = at(6 * 366 * 1440)
    night = Calendar("night", (Shift(frozenset(range(7)), time(20), time(23)),))
    base = plant()

    def first(changed: Plant, now: PlantState, controls: Controls | None = None) -> str:
        found = build(changed, now, controls).unplannable[0]
        return f"{found.order}/{found.operation}: {found.why} {found.remedy}"

    down = state(machine_down_until={"OVEN": forever})
    assert "OVEN is down without an expected end Maybe enter when the repair of OVEN" in first(base, down)
    assert "nobody has skill turning for L1; nobody has skill turning for L2" in first(
        plant(people=()), state()
    )
    owls = tuple(replace(person, calendar="night") for person in base.people)
    nights = plant(people=owls, calendars=(*base.calendars, night))
    pinned = Controls(pin_machine={("A", "10"): "L1"})
    words = first(nights, state(), pinned)
    assert words.startswith(
        "A/10: no machine is left: L1 is never open together with somebody with skill turning"
    )
    assert "L2 is excluded by the pin to L1" in words
    equipment = tuple(
        replace(item, calendar="night") if item.id == "OVEN" else item for item in base.equipment
    )
    slow = replace(base.parts[0].operations[1], alternatives=(Alternative("OVEN", 0.0, fixed_min=190),))
    part = Part("P", (base.parts[0].operations[0], slow, base.parts[0].operations[2]))
    closed = plant(equipment=equipment, calendars=(*base.calendars, night), parts=(part,))
    assert "OVEN has no open period of 3 h 10 min, run and largest setup" in first(closed, state())
    lost = state(progress=(started("A", "10", "L1", "ANN", -5),), absences=(Absence("ANN", at(0), forever),))
    assert "begun on L1 with ANN, and they are not open together again" in first(base, lost)
    assert build(base, lost).arrays.order_complete.tolist() == [0, 1]


def test_what_would_never_end_or_begin_is_left_out_and_the_rest_is_planned() -> None:
    mistyped = Order("A", "P", 10**9, due=at(600))
    far = Order("B", "P", 120, due=at(900), release=at(6 * 366 * 1440))
    right = Order("C", "P", 10, due=at(900))
    now = state(progress=(started("C", "10", "L1", "ANN", -5, remaining_s=10**11),))
    problem = build(plant(orders=(mistyped, far, right)), now, Controls(freeze_until=NOW.replace(year=9000)))
    assert problem.operations == ()
    said = {(item.order, item.operation): f"{item.why}. {item.remedy}" for item in problem.unplannable}
    assert "it would run for 694,444 days on L1" in said["A", "10"]
    assert "correct the quantity of order A, or min_per_unit of L1" in said["A", "10"]
    assert "it may not begin for 6 years" in said["B", "10"]
    assert "has begun on L1 and would run for another 1,157,407 days" in said["C", "10"]
    assert problem.horizon_s < 20 * 366 * 86400
    held = Controls(not_before={("A", "20"): at(6 * 366 * 1440)})
    problem = build(plant(), state(), held)
    assert [item.operation for item in problem.unplannable] == ["20", "30"]
    assert ("A", "10") in problem.operations


def test_more_work_than_can_be_planned_is_said_of_the_machine() -> None:
    many = tuple(Order(f"O{i}", "P", 500_000, due=at(600)) for i in range(60))
    with pytest.raises(PlantError, match=r"machine L1: may get work for \d+ years"):
        build(plant(orders=many), state())


def test_a_block_that_cannot_pause_is_offered_where_its_largest_setup_fits_too() -> None:
    base = plant()
    first, *others = base.parts[0].operations
    crew = {"ANN": 480, "BOB": 1440}  # minutes each works without a break; L1 works 480
    for minutes, expected in ((460, {"L1": ["ANN", "BOB"], "L2": ["ANN", "BOB"]}), (461, {"L2": ["BOB"]})):
        alternatives = tuple(replace(item, min_per_unit=minutes / 60) for item in first.alternatives)
        changed = replace(first, pausable=False, alternatives=alternatives)
        problem = build(plant(parts=(Part("P", (changed, *others)),), orders=base.orders[:1]), state())
        assert {m: c for m, (_, c) in choices(problem, "A", "10").items()} == expected, crew


# --- what the planner asks for --------------------------------------------------------------------


def test_controls_are_facts() -> None:
    controls = Controls(
        pin_machine={("A", "10"): "L2"},
        pin_operator={("A", "10"): "BOB"},
        not_before={("B", "20"): at(300)},
        priority={"B": 7.0},
        forbid=frozenset({("B", "30", "L1")}),
    )
    problem = build(plant(), state(), controls)
    assert choices(problem, "A", "10") == {"L2": (3600, ["BOB"])}
    assert of(problem, "op_ready_s", "B", "20") == 18000
    assert problem.arrays.order_weight.tolist() == [2.0, 7.0]
    assert list(choices(problem, "B", "30")) == ["L2"]


@pytest.mark.parametrize(
    ("controls", "error", "words"),
    [
        (Controls(pin_machine={("X", "10"): "L1"}), NotFound, 'no order "X". Known: A, B'),
        (Controls(pin_machine={("A", "15"): "L1"}), NotFound, 'A has no operation "15". Maybe one of 10, 20'),
        (Controls(pin_machine={("A", "10"): "L9"}), NotFound, 'no machine "L9". Maybe L2 or L1.'),
        (Controls(pin_operator={("A", "10"): "EVE"}), NotFound, 'no person "EVE"'),
        (Controls(forbid_machines=frozenset({"L9"})), NotFound, 'no machine "L9"'),
        (Controls(forbid=frozenset({("A", "99", "L1")})), NotFound, 'no operation "99"'),
        (Controls(not_before={("A", "99"): NOW}), NotFound, 'no operation "99"'),
        (Controls(priority={"C": 1.0}), NotFound, 'no order "C"'),
        (Controls(priority={"A": 0.0}), NotFeasible, "order A: priority 0 is not positive"),
        (Controls(pin_machine={("A", "10"): "OVEN"}), NotFeasible, "cannot run on OVEN. Maybe pin it to L1"),
        (Controls(pin_operator={("A", "20"): "ANN"}), NotFeasible, "A/20 runs unattended"),
        (Controls(pin_operator={("A", "10"): "CAT"}), NotFeasible, "needs skill turning, which CAT does not"),
        (
            Controls(pin_machine={("A", "10"): "L1"}, forbid_machines=frozenset({"L1"})),
            NotFeasible,
            "A/10 is pinned to L1, which is forbidden",
        ),
        (Controls(pin_machine={("B", "10"): "L1"}), NotFeasible, "has begun on L2 and cannot be pinned"),
        (Controls(pin_operator={("B", "10"): "ANN"}), NotFeasible, "B/10 has begun with BOB"),
    ],
)  # fmt: skip
def test_contradictions_are_refused(controls: Controls, error: type[Exception], words: str) -> None:
    people = (*plant().people, Person("CAT", "day"))
    now = state(progress=(started("B", "10", "L2", "BOB", -5),))
    with pytest.raises(error) as found:
        build(plant(people=people), now, controls)
    assert words in str(found.value)
