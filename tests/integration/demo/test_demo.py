"""The demonstration as a user has it: two processes, the real wire, the real page."""

from __future__ import annotations

import collections
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from linewright.events.store import EventStore

ARTEFACTS = Path(__file__).parents[3] / "artefacts" / "demo"
COMMAND = [sys.executable, "-m", "linewright", "demo"]


class Demo:
    """A running demonstration and the address it printed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.log = (data.parent / f"{time.monotonic_ns()}.log").open("a+", encoding="utf-8")
        self.process = subprocess.Popen(
            [*COMMAND, "--data", str(data), "--port", "8750", "--rate", "60"],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        self.address = self.wait(self._printed, 120)
        self.http = httpx.Client(base_url=self.address, timeout=30)
        self.wait(lambda: self.get("/api/health")["warm"], 300)

    def _printed(self) -> str | None:
        assert self.process.poll() is None, self.text()
        found = re.search(r"The plant is running: (\S+)", self.text())
        return found.group(1) if found else None

    def text(self) -> str:
        self.log.flush()
        return Path(self.log.name).read_text(encoding="utf-8")

    def get(self, path: str) -> Any:
        response = self.http.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        response = self.http.post(path, json=body)
        assert response.status_code < 300, response.text
        return response.json()

    def wait(self, condition: Callable[[], Any], seconds: float = 60) -> Any:
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < deadline, f"waited in vain; the log says:\n{self.text()}"
            time.sleep(0.1)
        return value

    def plant_pid(self) -> int:
        """The plant's process; one that has just ended is being started again."""
        return int(self.wait(self._plant_pid))

    def _plant_pid(self) -> str | None:
        for listed in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            with suppress(OSError):  # a thread or a process that ends meanwhile
                for child in listed.read_text().split():
                    if b"linewright.demo.plant" in Path(f"/proc/{child}/cmdline").read_bytes():
                        return child
        return None

    def break_busiest(self) -> tuple[str, str]:
        """Break the machine with most to do next; returns it and the open proposal."""
        rows = [r for r in self.get("/api/board")["operations"] if r["state"] in ("planned", "dispatched")]
        soon = sorted(rows, key=lambda row: row["setup_start"])[:120]
        machines = [row["machine"] for row in soon]
        machine = max(set(machines), key=machines.count)
        self.post("/api/demo/disrupt", {"kind": "machine_down", "machine": machine, "hours": 8})
        return machine, str(self.wait(lambda: self.open_proposal(machine)))

    def open_proposal(self, about: str) -> str | None:
        for row in self.get("/api/proposals"):
            if row["status"] == "open" and about in row["title"]:
                return str(row["id"])
        return None

    def settled(self, version: int) -> Any:
        for row in self.get("/api/dispatches"):
            if row["plan_version"] == version and row["total"] and row["written"] == row["total"]:
                return row
        return None

    def kill(self, what: int) -> None:
        """End the whole demonstration at once, or one process of it, without a word."""
        os.kill(what, signal.SIGKILL)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)
        self.http.close()
        self.log.close()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path / "data")
    yield running
    running.close()


def test_headless_says_what_happened(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--headless", "--json", "--hours", "3", "--port", "8770"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["scenarios"] >= 52
    assert report["seconds_to_scenarios"] > 0
    assert report["approved"].startswith("s")
    assert report["jobs_written"] > 0
    assert report["jobs_followed"] > 0
    # a job that began between the alternatives and the approval is refused by the plant, not moved
    assert report["jobs_followed"] >= 0.9 * report["jobs_begun"]
    assert report["predicted"]["operations_done"] == report["actual"]["operations_done"] > 0


def test_killed_in_the_middle_nothing_is_lost_and_nothing_done_twice(tmp_path: Path) -> None:
    first = Demo(tmp_path / "data")
    _, proposal = first.break_busiest()
    scenario = first.get(f"/api/proposals/{proposal}")["scenarios"][2]["id"]
    approved = first.post(
        f"/api/proposals/{proposal}/approve", {"scenario": scenario, "by": "test", "comment": ""}
    )
    plant = first.plant_pid()
    first.kill(first.process.pid)  # the console, while it writes
    first.kill(plant)  # and the plant
    first.process.wait()
    first.close()

    second = Demo(tmp_path / "data")
    version = approved["plan_version"]
    row = second.wait(lambda: second.settled(version), 120)
    assert row["acknowledged"] + row["failed"] == row["total"] == approved["jobs"]
    assert row["failed"] <= 0.1 * row["total"]
    assert second.get("/api/board")["plan_version"] == version
    assert second.get("/api/health")["anomalies"] == []
    started: dict[str, int] = {}
    after = 0
    while rows := second.get(f"/api/log?after={after}&limit=1000"):
        after = rows[-1]["position"]
        for item in rows:
            if item["type"] == "job_order.started":
                started[item["subject"]] = started.get(item["subject"], 0) + 1
    assert started
    assert max(started.values()) == 1
    second.close()


def test_killed_at_any_moments_the_log_is_the_plants_journal_and_each_write_is_there_once(
    tmp_path: Path,
) -> None:
    moments = random.Random(1)
    running = Demo(tmp_path / "data")
    try:
        _, proposal = running.break_busiest()
        scenario = running.get(f"/api/proposals/{proposal}")["scenarios"][2]["id"]
        approval = {"scenario": scenario, "by": "test", "comment": ""}
        approved = running.post(f"/api/proposals/{proposal}/approve", approval)
        for console, longest_s in ((False, 0.5), (True, 0.5), (False, 2.0), (True, 2.0)):
            time.sleep(moments.uniform(0.0, longest_s))
            if console:
                running.kill(running.process.pid)
                running.process.wait()
                running.close()
                running = Demo(tmp_path / "data")
            else:
                running.kill(running.plant_pid())
        running.wait(lambda: running.settled(approved["plan_version"]), 120)
        running.wait(lambda: running.get("/api/board")["connected"], 90)
        assert running.get("/api/health")["anomalies"] == []
    finally:
        running.close()

    with closing(sqlite3.connect(tmp_path / "data" / "plant" / "plant.sqlite")) as plant:
        meta = dict(plant.execute("select key, value from meta"))
        journal = [
            (f"{meta['journal']}:{sequence}", json.loads(body))
            for sequence, body in plant.execute("select sequence, body from journal order by sequence")
        ]
        jobs = {name: json.loads(body) for name, body in plant.execute("select id, body from record")}
    with EventStore.open(tmp_path / "data" / "events.sqlite") as store:
        assert store.verify_audit().ok
        log = [item for item in store.read() if item.id.startswith(meta["journal"])]
        commands = store.commands(limit=10**6)
    told = [(item.id, json.loads(msgspec.json.encode(item.body))) for item in log]
    assert told == journal[: len(told)]
    assert len(journal) - len(told) < 50  # what happened while it was being stopped
    once = collections.Counter(
        (body["type"], body["job_order"], body.get("plan_version", 0))
        for _, body in journal
        if body["type"] in ("job_order.dispatched", "job_order.started", "job_order.completed")
    )
    assert set(once.values()) == {1}
    assert len(commands) == len({command.key for command in commands}) == approved["jobs"]
    for command in commands:
        held = jobs[command.subject]
        if command.state == "done":
            assert held["spec"]["plan_version"] == approved["plan_version"], command
        else:
            assert (command.state, held["state"]) in (("failed", "running"), ("failed", "ended")), command


def test_the_plant_restarts_by_itself_under_a_running_console(demo: Demo) -> None:
    before = demo.get("/api/board")["now"]
    demo.kill(demo.plant_pid())
    demo.wait(lambda: not demo.get("/api/board")["connected"])
    demo.wait(lambda: demo.get("/api/board")["connected"], 90)
    assert demo.get("/api/board")["now"] >= before
    machine, proposal = demo.break_busiest()
    assert len(demo.get(f"/api/proposals/{proposal}")["scenarios"]) >= 52
    assert machine in demo.get("/api/disruptions")[0]["title"]


def test_a_planner_breaks_compares_regenerates_and_approves_in_the_browser(
    demo: Demo, chromium_path: str
) -> None:
    from playwright.sync_api import sync_playwright

    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1600, "height": 950})
        complaints: list[str] = []
        elsewhere: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                elsewhere.append(request.url)
                if not request.url.startswith((demo.address, "data:", "blob:"))
                else None
            ),
        )

        def shot(name: str) -> None:
            page.screenshot(path=str(ARTEFACTS / f"{name}.png"))

        page.goto(demo.address)
        page.get_by_text("live", exact=True).wait_for()
        shot("1-running")
        page.get_by_label("Machine").select_option("M12")
        page.get_by_label("for hours").fill("8")
        page.get_by_role("button", name="Break it").click()
        page.get_by_text(re.compile(r"Compare \d+ alternatives")).click(timeout=60_000)
        page.get_by_text("Most robust").first.wait_for()
        shot("2-alternatives")
        first = demo.open_proposal("M12")
        assert first
        page.get_by_role("button", name="Adjust and regenerate").click()
        shot("3-adjust")
        page.keyboard.press("Escape")
        page.get_by_role("button", name=re.compile("^Approve s")).click()
        shot("4-approve")
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(re.compile("name|by", re.IGNORECASE)).first.fill("Pat Planner")
        dialog.get_by_role("button", name=re.compile("^Approve")).click()
        version = demo.wait(
            lambda: demo.get("/api/dispatches") and demo.get("/api/dispatches")[0]["plan_version"]
        )
        demo.wait(lambda: demo.settled(version), 120)
        page.goto(f"{demo.address}/#/outcomes")
        page.wait_for_timeout(1000)
        shot("5-carried-out")
        page.goto(f"{demo.address}/#/board")
        page.wait_for_timeout(1000)
        shot("6-followed")
        browser.close()
    assert complaints == []
    assert elsewhere == []
    assert demo.get("/api/dispatches")[0]["approved_by"] == "Pat Planner"
    assert demo.get("/api/notices")
