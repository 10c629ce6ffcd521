"""A replication as events: the plant's vocabulary, and the same figures as the kernel's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from linewright.events.vocabulary import (
    EquipmentStateChanged,
    Event,
    JobOrderAborted,
    JobOrderCompleted,
    JobOrderStarted,
    event,
)
from linewright.plant.arrays import NEVER
from linewright.plant.plan import split_job_order
from linewright.signals.blocks import measure_events, read_blocks
from linewright.twin.simulate import begun_orders, simulate
from linewright.twin.trace import trace

DAY = 24 * 3600


@pytest.mark.parametrize("seed", range(12))
def test_figures_from_events_equal_the_kernels(make_problem: Any, seed: int) -> None:
    problem, plans = make_problem(seed, plans=2)
    held = np.zeros(len(problem.operations), np.int64)
    for window_s in (DAY // 3, 2 * DAY, 6 * DAY):
        found = simulate(problem, plans, [held, held], replications=2, seed=5, window_s=window_s)
        for replication in range(2):
            figures, bottleneck = measure_events(
                problem,
                trace(problem, plans[1], held, replication, 5),
                begun_orders(problem),
                until_s=problem.horizon_s,
                window_s=window_s,
            )
            assert figures == dict(zip(found.names, found.kpis[1, replication].tolist(), strict=True))
            np.testing.assert_array_equal(bottleneck, found.bottleneck[1, replication])


def test_the_plan_in_force_is_replayed_by_what_it_promised(make_problem: Any) -> None:
    """People relieve each other by the promised ends: here every block is late from the beginning."""
    told_apart = 0
    for seed in range(4):
        problem, plans = make_problem(seed, plans=1)
        problem = replace(problem, base_end_s=dict.fromkeys(range(len(problem.operations)), 0))
        held = np.zeros(len(problem.operations), np.int64)
        kept = simulate(problem, plans, [held], replications=2, seed=5, window_s=DAY, in_force=0)
        other = simulate(problem, plans, [held], replications=2, seed=5, window_s=DAY)
        told_apart += not np.array_equal(kept.kpis, other.kpis)
        for replication in range(2):
            figures, _ = measure_events(
                problem,
                trace(problem, plans[0], held, replication, 5, in_force=True),
                begun_orders(problem),
                until_s=problem.horizon_s,
                window_s=DAY,
            )
            assert figures == dict(zip(kept.names, kept.kpis[0, replication].tolist(), strict=True))
    assert told_apart


def test_events_are_in_order_and_those_of_a_plant(make_problem: Any) -> None:
    problem, plans = make_problem(7)
    events = trace(problem, plans[0], np.zeros(len(problem.operations), np.int64), 3, 1, "demo")
    assert [e.time for e in events] == sorted(e.time for e in events)
    assert {e.source for e in events} == {"simulator"}
    assert len({e.id for e in events}) == len(events)
    assert events == trace(problem, plans[0], np.zeros(len(problem.operations), np.int64), 3, 1, "demo")
    assert msgspec.json.decode(msgspec.json.encode(events), type=list[Event]) == events
    begun: set[str] = set()
    for happened in events:
        if isinstance(happened.body, JobOrderStarted):
            begun.add(happened.body.job_order)
        elif isinstance(happened.body, JobOrderCompleted):
            assert happened.body.job_order in begun
    assert len(begun) == len(problem.operations)
    down = [e for e in events if isinstance(e.body, EquipmentStateChanged) and e.body.state == "down"]
    assert all(e.body.expected_end > e.time for e in down)


def told(body: JobOrderStarted | JobOrderAborted | JobOrderCompleted, like: Event, key: str) -> Event:
    return event(body, source="test", time=like.time, key=key)


def test_reports_that_come_twice_or_from_elsewhere_are_counted_once(make_problem: Any) -> None:
    problem, plans = make_problem(7)
    events = trace(problem, plans[0], np.zeros(len(problem.operations), np.int64), 0, 1)
    until = {"until_s": problem.horizon_s, "window_s": 2 * DAY}
    figures, _ = measure_events(problem, events, begun_orders(problem), **until)
    twice = [again for one in events for again in (one, one)]
    assert measure_events(problem, twice, begun_orders(problem), **until)[0] == figures
    late = [e for e in events if isinstance(e.body, JobOrderStarted | JobOrderCompleted)]
    assert measure_events(problem, [*events, *late], begun_orders(problem), **until)[0] == figures
    moved = next(e.body for e in reversed(events) if isinstance(e.body, JobOrderCompleted))
    other = next(name for name in problem.machines if name != moved.machine)
    claimed = [
        msgspec.structs.replace(e, body=msgspec.structs.replace(e.body, machine=other))
        if isinstance(e.body, JobOrderCompleted) and e.body.job_order == moved.job_order
        else e
        for e in events
    ]
    blocks = read_blocks(problem, claimed, **until)
    op = problem.operations.index(split_job_order(moved.job_order))
    assert problem.machines[blocks.machine[op]] == other
    assert sorted(blocks.order) == list(range(len(problem.operations)))


def test_an_aborted_job_counts_from_when_it_is_begun_again(make_problem: Any) -> None:
    problem, plans = make_problem(7, chance=False)
    events = trace(problem, plans[0], np.zeros(len(problem.operations), np.int64), 0, 1)
    first = next(e for e in events if isinstance(e.body, JobOrderStarted))
    aborted = told(JobOrderAborted(job_order=first.body.job_order), first, "aborted")
    until = {"until_s": problem.horizon_s, "window_s": 2 * DAY}
    whole = read_blocks(problem, events, **until)
    place = events.index(first)
    again = [*events[: place + 1], aborted, *events[place:]]
    for column, expected in zip(read_blocks(problem, again, **until), whole, strict=True):
        np.testing.assert_array_equal(column, expected)
    never = [e for e in events[place + 1 :] if getattr(e.body, "job_order", "") != first.body.job_order]
    blocks = read_blocks(problem, [*events[: place + 1], aborted, *never], **until)
    op = problem.operations.index(split_job_order(first.body.job_order))
    assert blocks.begin_s[op] == blocks.end_s[op] == NEVER
    assert blocks.run_s[op] == 0


def test_work_under_way_counts_up_to_the_moment_of_measuring(make_problem: Any) -> None:
    problem, plans = make_problem(9, chance=False)
    held = np.zeros(len(problem.operations), np.int64)
    events = trace(problem, plans[0], held, 0, 1)
    begun = begun_orders(problem)
    so_far, _ = measure_events(problem, events, begun, until_s=DAY // 2, window_s=DAY // 2)
    whole, _ = measure_events(problem, events, begun, until_s=problem.horizon_s, window_s=DAY // 2)
    assert 0 < so_far["unfinished_operations"] < len(problem.operations)
    assert so_far["availability"] == whole["availability"]
    assert so_far["throughput_orders"] == whole["throughput_orders"]
