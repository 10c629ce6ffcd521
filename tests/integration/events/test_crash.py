"""Killed with SIGKILL at every named place, the store recovers to what an uninterrupted run leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from linewright.events.failpoints import POINTS
from linewright.events.store import EventStore

WORKLOAD = Path(__file__).with_name("workload.py")
PLACES = [point for point in POINTS if not point.startswith("migrate.")]


def run(where: str, effects: Path, hour: int, failpoint: str = "") -> int:
    effects.touch()
    environment = os.environ | {"LINEWRIGHT_FAILPOINT": failpoint}
    command = [sys.executable, str(WORKLOAD), where, str(effects), str(hour)]
    return subprocess.run(command, env=environment, check=False, timeout=120).returncode


def outcome(where: str, effects: Path) -> dict[str, Any]:
    """Everything a run leaves, less the moments at which it happened to be running."""
    with EventStore.open(where) as store:
        log = list(store.read())
        assert [item.position for item in log] == list(range(1, len(log) + 1))
        report = store.verify_audit()
        assert report.ok
        return {
            "log": [(item.position, item.id, item.time, item.body) for item in log],
            "outbox": [(item.id, item.key, item.state, item.receipt) for item in store.commands()],
            "offsets": [store.offset("source"), store.offset("worker")],
            "audited": report.links,
            "effects": effects.read_text().split(),
        }


def check_what_belongs_together(where: str) -> None:
    """Right after a kill: no command without its approval, none closed without its event, or vice versa."""
    with EventStore.open(where) as store:
        approvals = {item.id for item in store.read(types=["schedule.approved"])}
        commands = store.commands()
        assert {item.approval for item in commands} == approvals
        for state, kind in (("done", "acknowledged"), ("failed", "failed")):
            closed = {item.key for item in commands if item.state == state}
            answers = {item.body for item in store.read(types=[f"dispatch_command.{kind}"])}
            assert closed == {getattr(item, "command", "") for item in answers}
        assert store.verify_audit().ok


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("uninterrupted")
    assert run(str(folder / "e.db"), folder / "effects", 0) == 0
    result = outcome(str(folder / "e.db"), folder / "effects")
    assert {state for _, _, state, _ in result["outbox"]} == {"done", "failed", "superseded"}
    assert len(set(result["effects"])) == len(result["effects"]) > 10
    return result


@pytest.mark.parametrize("place", PLACES)
def test_a_kill_at_any_place_loses_and_repeats_nothing(
    place: str, tmp_path: Path, uninterrupted: dict[str, Any]
) -> None:
    where, effects = str(tmp_path / "e.db"), tmp_path / "effects"
    for hour, count in enumerate((1, 3)):
        killed = run(where, effects, hour, f"{place}:{count}")
        assert killed == -signal.SIGKILL or (killed == 0 and hour > 0), f"{place}:{count} was not reached"
        check_what_belongs_together(where)
    assert run(where, effects, 9) == 0
    assert outcome(where, effects) == uninterrupted


@pytest.mark.parametrize("place", ["append.outbox", "commit.before", "commit.after"])
def test_postgres_recovers_alike(
    place: str, tmp_path: Path, postgres_url: str, uninterrupted: dict[str, Any]
) -> None:
    import psycopg

    schema = "crash_" + place.replace(".", "_")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"')
    where, effects = f"{postgres_url}?options=-csearch_path%3D{schema}", tmp_path / "effects"
    assert run(where, effects, 0, f"{place}:2") == -signal.SIGKILL
    check_what_belongs_together(where)
    assert run(where, effects, 9) == 0
    result = outcome(where, effects)
    # A sequence of PostgreSQL goes on after a rollback: ids of commands may have gaps, their order not.
    for each in (result, expected := dict(uninterrupted)):
        each["outbox"] = [(key, state, receipt) for _, key, state, receipt in each["outbox"]]
    assert result == expected
