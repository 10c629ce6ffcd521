"""Discovery on a real production log, replanned at several moments and checked independently."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linewright.discover import Discovery, discover
from linewright.plant import disruption as disruptions
from linewright.plant.arrays import OBJECTIVES, UNATTENDED
from linewright.plant.build import build
from linewright.plant.checks import check
from linewright.plant.history import state_at
from linewright.plant.verify import verify
from linewright.schedule import keep, push_right, search

STATES = ("free", "frozen", "started")


@pytest.fixture(scope="module")
def found(data_dir: Path) -> Discovery:
    return discover(data_dir / "plant" / "levy_production_log" / "production_log.csv")


def test_the_plant_is_sound_and_little_is_dropped(found: Discovery) -> None:
    assert check(found.plant, found.state, history=found.history) == []
    assert found.report["log"]["used"] / found.report["log"]["rows"] > 0.95
    assert found.report["found"]["orders"] == 225
    assert found.report["found"]["parts"] == 43


def test_it_is_nearer_to_held_out_work_than_no_model(found: Discovery) -> None:
    result = found.report["reproduces"]
    assert result["held_out"]
    for name in ("cycle_time_h", "absolute_h", "circadian_h"):  # not relative_h: see the how-to
        assert result["plant"][name] < result["baseline"][name]
    assert result["followed"]["cycle_time_h"] < 1
    assert result["followed"]["relative_h"] < result["plant"]["relative_h"]


@pytest.mark.parametrize("day", ["2012-01-24", "2012-02-15", "2012-03-20"])
def test_any_moment_can_be_replanned_and_checked(found: Discovery, day: str) -> None:
    at = datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=UTC)
    state = state_at(found.plant, found.state, found.history, at)
    machine = found.plant.machines[len(day) % 7].id
    down = disruptions.MachineDown(machine, at + timedelta(hours=8))
    problem = build(found.plant, disruptions.apply(found.plant, state, down))
    assert len(problem.operations) > 50
    assert problem.unplannable == ()
    portfolio = search(problem, scenarios=6, moves=2000, threads=2, seed=1)
    candidates = {"keep": keep(problem), "push-right": push_right(problem)}
    candidates |= {f"s{i}": candidate for i, candidate in enumerate(portfolio.candidates)}
    document: dict[str, Any] = {
        "version": 1,
        "plant": {"id": found.plant.id},
        "at": at.isoformat(),
        "disruption": [disruptions.to_dict(down)],
        "objectives": list(OBJECTIVES),
        "scenarios": [scenario(problem, name, candidate) for name, candidate in candidates.items()],
    }
    assert [str(item) for item in verify(found.plant, found.state, document, history=found.history)] == []


def scenario(problem: Any, name: str, candidate: Any) -> dict[str, Any]:
    plan, times = candidate.plan, candidate.times
    operations = []
    for i, (order, operation) in enumerate(problem.operations):
        begin, start = problem.started_s.get(i, (int(times.setup_start_s[i]), int(times.start_s[i])))
        operations.append(
            {
                "order": order,
                "operation": operation,
                "machine": problem.machines[problem.arrays.alt_machine[plan.alternative[i]]],
                "operator": "" if plan.operator[i] == UNATTENDED else problem.operators[plan.operator[i]],
                "setup_start": problem.instant(begin).isoformat(),
                "start": problem.instant(start).isoformat(),
                "end": problem.instant(int(times.end_s[i])).isoformat(),
                "state": STATES[problem.arrays.op_state[i]],
            }
        )
    return {
        "id": name,
        "origin": candidate.origin,
        "reason": "",
        "objectives": dict(zip(OBJECTIVES, map(float, candidate.objectives), strict=True)),
        "kpis": {},
        "verdict": {"advances": True, "level": "screened", "rank": 1, "gates": []},
        "operations": operations,
        "instructions": [],
        "staging": [],
        "notices": [],
        "changes": [],
    }
