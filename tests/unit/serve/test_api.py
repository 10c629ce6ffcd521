"""The HTTP API over a running loop: what it shows, what it refuses, and in which words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient

from linewright.decide.effort import Effort
from linewright.decide.loop import DecisionLoop
from linewright.errors import ConnectionFailed
from linewright.events.store import EventStore
from linewright.events.vocabulary import AnyBody, DispatchAcknowledged, EquipmentStateChanged, event
from linewright.plant.generate import SMALL, generate, generate_state
from linewright.plant.history import state_at
from linewright.schedule.opening import planned
from linewright.serve.app import create_app
from linewright.serve.live import Live
from linewright.serve.messages import Messages
from linewright.warmup import warm

EFFORT = Effort(scenarios=6, seconds=None, moves=200, threads=1)


class FakeFloor:
    """A live plant that remembers what it was asked."""

    connected, demo, rate, freshness_s = True, True, 30.0, 0.5
    waiting_for = ""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def now(self) -> datetime:
        return self.at

    async def disrupt(self, kind: str, arguments: dict[str, Any]) -> None:
        self.asked.append((kind, arguments))

    async def set_rate(self, rate: float) -> None:
        self.rate = rate


class Console:
    def __init__(self, store: EventStore) -> None:
        self.plant = generate(SMALL, seed=5)
        state = planned(self.plant, generate_state(self.plant))
        state = state_at(self.plant, state, (), state.at + timedelta(hours=2))
        self.store, self.floor, self.live = store, FakeFloor(state.at), Live()
        messages: list[Messages] = []
        self.loop = DecisionLoop(
            self.plant,
            state,
            store,
            clock=self.floor.now,
            effort=EFFORT,
            target="opcua:test",
            publish=lambda kind, payload: messages[0].publish(kind, payload),
        )
        messages.append(Messages(self.loop, self.live))
        self.loop.start()
        self.http = TestClient(create_app(self.loop, self.floor, self.live))

    def get(self, path: str, status: int = 200) -> Any:
        response = self.http.get(path)
        assert response.status_code == status, response.text
        return response.json()

    def post(self, path: str, body: dict[str, Any], status: int = 200) -> Any:
        response = self.http.post(path, json=body)
        assert response.status_code == status, response.text
        return response.json()

    def happen(self, body: AnyBody) -> None:
        self.store.append([event(body, source="opcua:test", time=self.floor.at)])

    def break_machine(self) -> str:
        machine = self.plant.machines[0].id
        until = self.floor.at + timedelta(hours=6)
        self.happen(EquipmentStateChanged(machine=machine, state="down", expected_end=until))
        return str(self.wait(self.open_proposal))

    def open_proposal(self) -> str | None:
        return next((p["id"] for p in self.get("/api/proposals") if p["status"] == "open"), None)

    def wait(self, condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 60
        while not (value := condition()):
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.02)
        return value


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    for _ in warm():  # no test waits for the compiler
        pass


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with EventStore.open(tmp_path / "events.sqlite") as store:
        console = Console(store)
        yield console
        console.loop.stop()


def test_plant_and_board_describe_what_is(console: Console) -> None:
    plant, board = console.get("/api/plant"), console.get("/api/board")
    assert [m["id"] for m in plant["machines"]] == [m.id for m in console.plant.machines]
    assert all(m["calendar_open"] for m in plant["machines"])
    assert len(board["operations"]) == len(console.loop.mirror.state().plan.assignments)
    states = {row["state"] for row in board["operations"]}
    assert "planned" in states
    assert states & {"started", "done"}
    assert set(board["machines"]) == {m.id for m in console.plant.machines}


def test_from_breakdown_to_approval_over_http(console: Console) -> None:
    proposal = console.break_machine()
    assert console.get("/api/disruptions")[0]["status"] == "open"
    summary = console.get(f"/api/proposals/{proposal}")
    assert [s["id"] for s in summary["scenarios"][:2]] == ["keep", "push-right"]
    assert all(s["operations"] == [] for s in summary["scenarios"])
    whole = console.get(f"/api/proposals/{proposal}/scenarios/s01")
    assert whole["operations"]
    assert whole["orders"]
    approved = console.post(f"/api/proposals/{proposal}/approve", {"scenario": "s01", "by": "pat"})
    assert approved["jobs"] == len(whole["difference"]["jobs"])
    dispatch = console.get("/api/dispatches")[0]
    assert (dispatch["total"], dispatch["acknowledged"]) == (approved["jobs"], 0)
    job = whole["difference"]["jobs"][0]
    taken = DispatchAcknowledged(
        command="job_order.update", target="x", job_order=job, plan_version=approved["plan_version"]
    )
    states = {f"{o['order']}/{o['operation']}": o["state"] for o in console.get("/api/board")["operations"]}
    assert "dispatched" not in states.values()
    console.happen(taken)
    console.wait(
        lambda: [
            o
            for o in console.get("/api/board")["operations"]
            if o["state"] == "dispatched" and f"{o['order']}/{o['operation']}" == job
        ]
    )
    outcome = console.wait(lambda: console.get("/api/outcomes"))[0]
    assert outcome["plan_version"] == approved["plan_version"]
    assert console.wait(lambda: console.get("/api/disruptions")[0]["status"] == "answered")
    notices = console.wait(lambda: console.get("/api/notices"))
    assert {n["operator"] for n in notices} == {n["operator"] for n in whole["notices"]}
    console.post("/api/notices/acknowledge", {"operator": notices[0]["operator"]})
    assert console.wait(
        lambda: console.get(f"/api/notices?operator={notices[0]['operator']}")[0]["acknowledged"]
    )
    machine = whole["instructions"][0]["machine"]
    queue = console.get(f"/api/station/{machine}")["queue"]
    texts = {item["job_order"]: item["instructions"] for item in queue}
    told = [i for i in whole["instructions"] if i["machine"] == machine and i["job_order"] in texts]
    assert told
    assert all(texts[i["job_order"]] == i["text"] for i in told)


def test_writes_without_a_plant_wait_visibly_and_those_of_superseded_plans_do_not(console: Console) -> None:
    console.floor.connected, console.floor.waiting_for = False, "no plant connected"
    proposal = console.break_machine()
    for _ in range(3):
        approved = console.post(f"/api/proposals/{proposal}/approve", {"scenario": "s01", "by": "pat"})
        console.post(f"/api/proposals/{proposal}/regenerate", {}, 202)
        proposal = console.wait(console.open_proposal)
    newest, *older = console.get("/api/dispatches")
    assert (newest["plan_version"], newest["waiting_for"]) == (approved["plan_version"], "no plant connected")
    assert newest["waiting"] == newest["total"] == approved["jobs"] > 0
    assert [row["waiting"] for row in older] == [0, 0]
    assert all(row["superseded"] == row["total"] for row in older)
    door = console.get("/api/health")["door"]
    assert (door["waiting"], door["waiting_for"]) == (newest["total"], "no plant connected")


def test_a_proposal_cannot_be_approved_twice(console: Console) -> None:
    proposal = console.break_machine()
    console.post(f"/api/proposals/{proposal}/approve", {"scenario": "keep", "by": "pat"})
    error = console.post(f"/api/proposals/{proposal}/approve", {"scenario": "s01", "by": "sam"}, 409)["error"]
    assert error["kind"] == "Stale"
    assert "approved" in error["message"]


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/api/proposals/nope/approve", {"scenario": "s01", "by": "pat"}, 404, "'nope'"),
        ("/api/proposals/nope/approve", {"scenario": "s01", "by": "  "}, 422, "by"),
        ("/api/proposals/nope/approve", {"scenario": "s01"}, 422, "by"),
        ("/api/proposals/nope/regenerate", {"forbid_machine": ["M01"]}, 422, "forbid_machine"),
        ("/api/proposals/nope/regenerate", {"not_before": {"A/1": "2026-11-16T14:30"}}, 422, "timezone"),
        ("/api/proposals/nope/regenerate", {"freeze_until": "2026-11-16T14:30"}, 422, "timezone"),
        ("/api/proposals/nope/regenerate", {"priority": {"A": "inf"}}, 422, "finite"),
        ("/api/demo/rate", {"rate": -1}, 422, "rate"),
        ("/api/demo/rate", {"rate": "fast"}, 422, "rate"),
        ("/api/demo/disrupt", {"kind": "earthquake"}, 422, "kind"),
        ("/api/demo/disrupt", {"kind": "machine_down", "hours": -3}, 422, "hours"),
        ("/api/whatif", {"disruption": {"kind": "machine_down", "machine": "M99"}}, 422, "until"),
        ("/api/notices/acknowledge", {"operator": "nobody"}, 404, "nobody"),
    ],
)
def test_nonsense_is_refused_in_words(
    console: Console, path: str, body: dict[str, Any], status: int, says: str
) -> None:
    error = console.post(path, body, status)["error"]
    assert says in error["message"]


def test_unknown_machines_and_scenarios_are_named(console: Console) -> None:
    assert "'M99'" in console.get("/api/station/M99", 404)["error"]["message"]
    proposal = console.break_machine()
    message = console.get(f"/api/proposals/{proposal}/scenarios/s99", 404)["error"]["message"]
    assert "'s99'" in message


def test_the_demonstration_can_be_disrupted_and_another_plant_cannot(console: Console) -> None:
    body = {"kind": "machine_down", "machine": "M01", "hours": 8}
    console.post("/api/demo/disrupt", body, 202)
    kind, arguments = console.floor.asked[0]
    assert (kind, arguments["machine"], arguments["hours"]) == ("machine_down", "M01", 8)
    console.floor.demo = False
    assert console.post("/api/demo/disrupt", body, 404)["error"]["kind"] == "NotFound"


def test_a_plant_that_does_not_answer_is_a_503_with_its_words(console: Console) -> None:
    async def refuse(kind: str, arguments: dict[str, Any]) -> None:
        raise ConnectionFailed("the plant does not answer. Maybe start it.")

    console.floor.disrupt = refuse  # type: ignore[method-assign]
    error = console.post("/api/demo/disrupt", {"kind": "machine_down", "machine": "M01", "hours": 1}, 503)[
        "error"
    ]
    assert error == {
        "kind": "ConnectionFailed",
        "message": "the plant does not answer.",
        "advice": "Maybe start it.",
    }


def test_the_log_is_paged_and_the_api_describes_itself(console: Console) -> None:
    console.break_machine()
    rows = console.get("/api/log?limit=2")
    assert len(rows) == 2
    assert console.get(f"/api/log?after={rows[-1]['position']}") == []
    assert "after" in console.get(f"/api/log?after={10**30}", 422)["error"]["message"]
    assert "/api/proposals/{proposal}/approve" in console.get("/openapi.json")["paths"]


def test_a_job_order_the_plant_has_taken_is_told_to_the_board(console: Console) -> None:
    class Heard:
        listened_to = True
        sent: ClassVar[list[tuple[str, Any]]] = []

        def send(self, kind: str, payload: Any) -> None:
            self.sent.append((kind, payload))

    row = next(o for o in console.get("/api/board")["operations"] if o["state"] == "planned")
    job = f"{row['order']}/{row['operation']}"
    taken = DispatchAcknowledged(command="job_order.update", target="x", job_order=job, plan_version=1)
    console.happen(taken)
    console.wait(lambda: job in console.loop.ledger.dispatched())
    heard = Heard()
    happened = event(taken, source="linewright", time=console.floor.at)
    Messages(console.loop, heard).publish("event", {"event": happened})  # type: ignore[arg-type]
    assert [kind for kind, _ in heard.sent] == ["dispatch", "operation"]
    assert heard.sent[1][1]["state"] == "dispatched"
