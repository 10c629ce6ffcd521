"""Discovery on the log of a shop whose truth is known, and on logs that say little."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import shop

from linewright.discover import REPORT_FILE, Discovery, discover, discover_folder
from linewright.errors import PlantError
from linewright.plant.build import build
from linewright.plant.checks import check
from linewright.plant.folder import read_history, read_plant
from linewright.plant.history import state_at
from linewright.plant.plan import OperationStatus


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Discovery:
    return discover(shop.write(tmp_path_factory.mktemp("log") / "shop.csv", shop.rows()))


def test_the_plant_is_sound(found: Discovery) -> None:
    assert check(found.plant, found.state, history=found.history) == []


def test_machines_people_and_skills(found: Discovery) -> None:
    assert {machine.id for machine in found.plant.machines} == {"Saw 1", "Mill 1", "Mill 2", "Bench"}
    assert {person.id: person.skills for person in found.plant.people} == {
        "Ann": {"Saw 1"},
        "Bob": {"Mill 1"},
        "Cid": {"Mill 2"},
        "Dee": {"Bench"},
    }
    centers = {machine.id: machine.parent for machine in found.plant.machines}
    assert centers["Mill 1"] == centers["Mill 2"] == "WC Milling"


def test_routings_are_chains_with_alternatives(found: Discovery) -> None:
    parts = {part.id: part for part in found.plant.parts}
    assert set(parts) == {"Shaft", "Gear"}
    shaft = parts["Shaft"].operations
    assert [operation.name for operation in shaft] == ["Sawing", "Milling", "Inspection"]
    assert [operation.after for operation in shaft] == [(), ("10",), ("20",)]
    assert {item.machine for item in shaft[1].alternatives} == {"Mill 1", "Mill 2"}
    assert {item.skill for item in shaft[1].alternatives} == {"Mill 1", "Mill 2"}


def test_run_times_and_their_spread(found: Discovery) -> None:
    for part in found.plant.parts:
        for operation in part.operations:
            for item in operation.alternatives:
                truth = shop.MINUTES_PER_UNIT[operation.name] * 20 * 60
                assert item.run_s(20) == pytest.approx(truth, rel=0.15)
                assert 0.1 < item.cv < 0.35


def test_setups(found: Discovery) -> None:
    minutes = {(row.group, row.from_family, row.to_family): row.minutes for row in found.plant.setups}
    assert {group for group, _, _ in minutes} == {"Mill 1", "Mill 2"}
    for mill in ("Mill 1", "Mill 2"):
        for part in ("Shaft", "Gear"):
            assert minutes[mill, "*", part] == pytest.approx(shop.SETUP_MIN, rel=0.1)
            assert minutes[mill, part, part] < 5


def test_working_hours(found: Discovery) -> None:
    people = {person.id: person.calendar for person in found.plant.people}
    calendars = {calendar.id: calendar for calendar in found.plant.calendars}
    for name in ("Bob", "Dee"):
        for shift in calendars[people[name]].shifts:
            assert shift.weekdays <= frozenset(range(5))
            assert shift.start.hour in (7, 8, 9)
            assert shift.end.hour in (14, 15, 16)
        assert frozenset().union(*(s.weekdays for s in calendars[people[name]].shifts)) == frozenset(range(5))


def test_scrap_is_near_the_truth(found: Discovery) -> None:
    for part in found.plant.parts:
        for operation in part.operations:
            assert operation.scrap_rate == pytest.approx(0.1 / 20, abs=0.004)
            assert operation.rework_rate == 0


def test_orders_are_due_by_an_allowance_and_not_when_they_ended(found: Discovery) -> None:
    end: dict[str, object] = {}
    for item in found.history:
        end[item.order] = item.end
    on_time = sum(end[order.id] <= order.due for order in found.plant.orders)  # type: ignore[operator]
    share = on_time / len(found.plant.orders)
    assert share >= 0.6
    assert f"with which {share:.0%} of" in dict(found.plant.assumptions)["due"]
    assert not any(order.due == end[order.id] for order in found.plant.orders)
    assert all(order.release is not None and order.release < order.due for order in found.plant.orders)


def test_every_moment_can_be_replayed(found: Discovery) -> None:
    first = min(item.setup_start for item in found.history)
    for days in (1, 5, 12, 20):
        at = first + timedelta(days=days, hours=3)
        state = state_at(found.plant, found.state, found.history, at)
        problem = build(found.plant, state)
        begun = {item.key for item in found.history if item.setup_start <= at}
        done = {item.key for item in found.history if item.end is not None and item.end <= at}
        assert {item.key for item in state.progress if item.status is OperationStatus.DONE} == done
        assert {problem.operations[i] for i in problem.started_s} == begun - done
        assert problem.unplannable == ()
        known = {
            order.id for order in found.plant.orders if order.release is not None and order.release <= at
        }
        assert set(problem.orders) <= known
        assert (problem.arrays.op_base_machine >= 0).all()


def test_it_reproduces_a_shop_that_is_as_modelled(found: Discovery) -> None:
    result = found.report["reproduces"]
    assert result["held_out"]
    assert result["orders"] > 20
    for name, distance in result["plant"].items():
        assert distance < result["baseline"][name], name
    assert result["simulated_cycle_time_h"] == pytest.approx(result["recorded_cycle_time_h"], rel=0.3)
    assert all(distance < 0.5 for distance in result["followed"].values()), "it works in blocks"


def test_the_same_log_gives_the_same_plant(found: Discovery, tmp_path: Path) -> None:
    again = discover(shop.write(tmp_path / "shop.csv", shop.rows()))
    assert (again.plant, again.state, again.history) == (found.plant, found.state, found.history)
    assert again.report == found.report


def test_a_folder_is_written_and_read_back(tmp_path: Path) -> None:
    log = shop.write(tmp_path / "shop.csv", shop.rows(40))
    words = discover_folder(log, tmp_path / "plant", simulate=False)
    plant, state = read_plant(tmp_path / "plant")
    found = discover(log, simulate=False)
    assert plant.orders == found.plant.orders
    assert plant.assumptions == found.plant.assumptions
    assert read_history(tmp_path / "plant") == found.history
    assert state.at == found.state.at
    report = json.loads((tmp_path / "plant" / REPORT_FILE).read_text())
    assert report["log"]["rows"] == report["log"]["used"]
    assert "Assumed, because a log cannot tell" in words
    with pytest.raises(PlantError, match="is a plant folder already"):
        discover_folder(log, tmp_path / "plant", simulate=False)


def test_nothing_is_written_for_a_log_that_cannot_be_used(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("a,b\n1,2\n")
    with pytest.raises(PlantError):
        discover_folder(log, tmp_path / "plant")
    assert not (tmp_path / "plant").exists()


def test_a_log_of_the_least_columns_still_gives_a_plant(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    lines = ["case,activity,start,end"]
    for day in range(5, 25):
        lines.append(f"A{day},Cut,2026-01-{day:02d} 08:00,2026-01-{day:02d} 10:00")
        lines.append(f"A{day},Glue,2026-01-{day:02d} 10:30,2026-01-{day:02d} 11:30")
    log.write_text("\n".join(lines))
    found = discover(log, simulate=False)
    assert check(found.plant, found.state, history=found.history) == []
    assert {machine.id for machine in found.plant.machines} == {"Cut", "Glue"}
    assert found.plant.people == ()
    (part,) = found.plant.parts
    assert [operation.after for operation in part.operations] == [(), ("10",)]
    assert all(item.skill == "" for operation in part.operations for item in operation.alternatives)


def test_a_folder_and_its_report_are_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = shop.write(tmp_path / "shop.csv", shop.rows(40))
    discover_folder(log, tmp_path / "plant", simulate=False)
    (tmp_path / "plant" / "notes.txt").write_text("mine")
    (tmp_path / "plant" / REPORT_FILE).write_text("old")
    write_text = Path.write_text

    def full(self: Path, *args: Any, **kwargs: Any) -> int:
        if self.name == REPORT_FILE:
            raise OSError(28, "No space left on device")
        return write_text(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(PlantError, match="No space left on device"):
        discover_folder(log, tmp_path / "plant", simulate=False, overwrite=True)
    with pytest.raises(PlantError, match="No space left on device"):
        discover_folder(log, tmp_path / "other", simulate=False)
    monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plant", "shop.csv"]
    assert (tmp_path / "plant" / REPORT_FILE).read_text() == "old"
    discover_folder(log, tmp_path / "plant", simulate=False, overwrite=True)
    assert json.loads((tmp_path / "plant" / REPORT_FILE).read_text())["version"] == 1
    assert (tmp_path / "plant" / "notes.txt").read_text() == "mine"


def some_log(tmp_path: Path, *rows: str) -> Path:
    log = tmp_path / "log.csv"
    log.write_text("\n".join(["case,activity,machine,start,end,report type", *rows]))
    return log


def test_a_log_without_work_on_orders_says_so(tmp_path: Path) -> None:
    log = some_log(
        tmp_path,
        "A,Rework,M1,2026-01-05 08:00,2026-01-05 10:00,D",
        "B,Cut,M1,2026-01-05 10:00,2026-01-05 10:30,B",
    )
    with pytest.raises(PlantError, match="log: holds no work on an order"):
        discover(log)


def test_machines_may_be_called_like_what_they_lie_in(tmp_path: Path) -> None:
    names = ("site", "shop floor", "WC Cut", "Bench (1)", "Bench", "Bench")
    log = some_log(
        tmp_path,
        *(f"O{i},Cut,{name},2026-01-05 08:00,2026-01-05 10:00,D" for i, name in enumerate(names)),
    )
    found = discover(log, simulate=False)
    assert check(found.plant, found.state, history=found.history) == []
    assert {machine.id for machine in found.plant.machines} == {
        *("site", "shop floor", "WC Cut", "Bench (1)"),
        *("Bench (1) #2", "Bench (2)"),
    }
    assert {item.id for item in found.plant.equipment} >= {"site #2", "shop floor #2", "WC Cut #2"}


def test_breakdowns_of_seconds_are_still_breakdowns(tmp_path: Path) -> None:
    log = some_log(
        tmp_path,
        "A,Cut,M1,2026-01-05 08:00,2026-01-05 10:00,D",
        *(f"A,Cut,M1,2026-01-05 09:{m:02d}:00,2026-01-05 09:{m:02d}:05,B" for m in range(50)),
    )
    (machine,) = discover(log, simulate=False).plant.machines
    assert (machine.mtbf_h, machine.mttr_h) == (0.1, 0.01)


def test_one_report_is_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("case,activity,start,end\nA,Cut,2026-01-05 08:00,2026-01-05 10:00\n")
    found = discover(log)
    assert check(found.plant, found.state, history=found.history) == []
    assert not found.report["reproduces"]["held_out"]


def test_variants_rework_and_breakdowns(tmp_path: Path) -> None:
    reports = shop.rows(60)
    for n in range(0, 60, 3):  # every third order is also washed, at the end
        last = [row for row in reports if row[0] == f"O{n:03d}"][-1]
        end = last[4]
        reports.append(
            [last[0], "Washing", "Washer", end, end[:-2] + "59", "Ann", *last[6:8], "D", "10", "0", ""]
        )
    for n in (5, 6, 7):
        row = next(row for row in reports if row[0] == f"O{n:03d}" and row[1].startswith("Milling"))
        reports.append(
            [*row[:1], "Milling Rework - Mill 1", "Mill 1", *row[3:5], "Bob", *row[6:8], "D", "1", "0", "Y"]
        )
        reports.append([*row[:5], "Bob", *row[6:8], "B", "0", "0", ""])
    found = discover(shop.write(tmp_path / "shop.csv", reports), simulate=False)
    assert check(found.plant, found.state, history=found.history) == []
    assert {part.id for part in found.plant.parts} >= {"Shaft", "Gear", "Shaft v2", "Gear v2"}
    names = {operation.name for part in found.plant.parts for operation in part.operations}
    assert names == {"Sawing", "Milling", "Inspection", "Washing"}
    rates = {op.name: op.rework_rate for part in found.plant.parts for op in part.operations}
    assert rates["Milling"] > rates["Inspection"]
    mills = [machine for machine in found.plant.machines if machine.id.startswith("Mill")]
    assert all(machine.mtbf_h > 0 and machine.mttr_h > 0 for machine in mills)
