"""The command line: quick to answer, clear about what it cannot read, and leaving nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linewright.cli.arguments import BadArgument, duration, instant, job
from linewright.events.outbox import Intent
from linewright.events.store import EventStore
from linewright.events.vocabulary import ScheduleApproved, event
from linewright.plant.folder import write_plant
from linewright.plant.generate import SMALL, generate, generate_state
from linewright.schedule.opening import planned


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plant") / "small"
    made = generate(SMALL, seed=5)
    write_plant(folder, made, planned(made, generate_state(made)))
    return folder


def linewright(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "linewright", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from linewright.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numba', 'numpy', 'ortools', 'fastapi', 'sqlalchemy', 'asyncua'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "replan" in done.stdout


def test_doctor_says_what_is_there() -> None:
    done = linewright("doctor")
    assert done.returncode == 0, done.stderr
    assert "ok       numba" in done.stdout


def test_doctor_says_what_waits_for_a_plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    approved = event(
        ScheduleApproved(proposal="P", scenario="s01", plan_version=2, by="pat"), source="test", time=at
    )
    write = Intent("opcua:x", "job_order.update", "2/A", {"job_order": "A/10"}, 2, approved.id)
    with EventStore.open(tmp_path / "events.sqlite") as store:
        store.append([approved], outbox=[write])
    monkeypatch.setenv("LINEWRIGHT_DATA_DIR", str(tmp_path))
    done = linewright("doctor")
    assert done.returncode == 0, done.stderr
    assert "waiting  job orders   1          no plant connected" in done.stdout
    assert "LINEWRIGHT_ENDPOINT" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--down", "M99", "--for", "8h"], ["M99", "M01"]),
        (["--down", "M01"], ["--for"]),
        (["--for", "8h"], ["--for 8h", "--down"]),
        (["--down", "M01", "--for", "8h", "--for", "2h"], ["--down", "--for", "2 times"]),
        (["--down", "M01", "--down", "M01", "--for", "8h"], ["--down", "M01", "twice"]),
        (["--seconds", "3"], ["--seconds", "--moves"]),
        (["--down", "M01", "--for", "soon"], ["'soon'", "8h"]),
        (["--down", "M01", "--for", "0h"], ["0h"]),
        (["--at", "yesterday"], ['"yesterday"', "2026-"]),
        (["--at", "1999-01-01T00:00"], ["1999"]),
        (["--at", "9999-12-31T23:59"], ["--at", "outside the years"]),
        (["--at", "2026-03-05"], ["--at", "no time of day", "2026-03-05T00:00"]),
        (["--rush", "P001,5,2026-03-29T02:30"], ["--rush", "does not exist in Europe/Berlin"]),
        (["--rush", "P001,many,2026-03-05"], ["P001,many"]),
        (["--rush", "P001,5,2026-03-05T12:00,5,6"], ["P001,5", "with a priority"]),
        (["--rush", "P999,5,2026-03-05T12:00"], ["P999"]),
        (["--late", "nothing"], ["LOT="]),
        (["--late", "LOT-9=2026-03-05T12:00"], ["LOT-9"]),
        (["--absent", "W99=4h"], ["W99"]),
        (["--pin", "O001=M01"], ["O001", "ORDER/OPERATION"]),
        (["--late", "L1=2026-03-05T12:00", "--late", "L1=2026-03-06T12:00"], ["--late", "L1", "twice"]),
        (["--pin", "O001/10=M01", "--pin", "O001/10=M02"], ["--pin", "O001/10", "twice"]),
        (["--pin", "O001/999=M01"], ["999"]),
        (["--forbid", "M99"], ["M99"]),
    ],
)
def test_what_cannot_be_used_is_one_message_and_exit_2(
    plant: Path, tmp_path: Path, arguments: list[str], says: list[str]
) -> None:
    out = tmp_path / "out.json"
    done = linewright("replan", plant, "--moves", 50, "--json", out, *arguments)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("linewright: ")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    for word in says:
        assert word in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_replan_writes_what_check_accepts_and_check_refuses_what_was_changed(
    plant: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    arguments = ("--down", "M02", "--for", "6h", "--rush", "P001,5,2026-03-04T12:00", "--absent", "W01=3h")
    done = linewright("replan", plant, "--moves", 300, "--seed", 2, "--json", out, *arguments)
    assert done.returncode == 0, done.stderr
    checked = linewright("check", plant, out)
    assert checked.returncode == 0, checked.stderr
    document = json.loads(out.read_text(encoding="utf-8"))
    assert [s["id"] for s in document["scenarios"][:2]] == ["keep", "push-right"]
    document["scenarios"][2]["operations"][-1]["machine"] = "M99"
    out.write_text(json.dumps(document), encoding="utf-8")
    refused = linewright("check", plant, out)
    assert refused.returncode == 2
    assert "M99" in refused.stderr
    out.write_text("{", encoding="utf-8")
    assert linewright("check", plant, out).returncode == 2


def test_an_impossible_operation_is_named_and_the_rest_is_planned(plant: Path, tmp_path: Path) -> None:
    machines = {row.split(",")[0] for row in (plant / "equipment.csv").read_text().splitlines()[1:]}
    forbid = [word for m in sorted(machines) if m in ("M01",) for word in ("--forbid", m)]
    out = tmp_path / "out.json"
    done = linewright("replan", plant, "--moves", 100, "--json", out, *forbid)
    assert done.returncode == 0, done.stderr
    document = json.loads(out.read_text(encoding="utf-8"))
    for item in document["unplannable"]:
        assert item["why"]
        assert item["remedy"]
        assert f"{item['order']}/{item['operation']}" in done.stdout
    assert document["scenarios"]
    assert linewright("check", plant, out).returncode == 0


def test_durations_and_jobs_are_read_as_people_write_them() -> None:
    assert duration("8h", "--for") == timedelta(hours=8)
    assert duration("1d 4h", "--for") == timedelta(days=1, hours=4)
    assert duration("1h30m", "--for") == timedelta(minutes=90)
    with pytest.raises(BadArgument, match="ten years"):
        duration("99999999999999d", "--for")
    assert job("A/B/20", "--pin") == ("A/B", "20")
    assert instant("2026-03-05T12:00", "Europe/Berlin", "--at") == datetime(2026, 3, 5, 11, tzinfo=UTC)
    with pytest.raises(BadArgument):
        duration("8", "--for")


def test_a_result_that_cannot_be_written_is_one_message(plant: Path, tmp_path: Path) -> None:
    folder = linewright("replan", plant, "--moves", 50, "--json", tmp_path)
    assert (folder.returncode, len(folder.stderr.strip().splitlines())) == (2, 1)
    assert f"{tmp_path} is a folder" in folder.stderr
    refused = linewright("replan", plant, "--moves", 50, "--json", "/proc/linewright.json")
    assert (refused.returncode, len(refused.stderr.strip().splitlines())) == (2, 1)
    assert "/proc/linewright.json: cannot be written" in refused.stderr
