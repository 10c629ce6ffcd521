"""An HTTP server that speaks the console's API contract over `mock_plant`; the page sees no difference.

Run it by hand to work on the page: `python tests/integration/console/mock_api.py 8787`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

sys.path.insert(0, str(Path(__file__).parent))

from mock_plant import CENTERS, ZONE, Op
from mock_world import World

from linewright.decide import model

STATIC = Path(__file__).parents[3] / "src" / "linewright" / "serve" / "static"


class Problem(Exception):
    def __init__(self, status: int, kind: str, message: str, advice: str) -> None:
        self.status, self.body = status, {"kind": kind, "message": message, "advice": advice}


def summary(scenario: model.Scenario) -> dict[str, Any]:
    heavy = ("operations", "instructions", "notices", "staging", "changes", "orders")
    return {k: v for k, v in msgspec.to_builtins(scenario).items() if k not in heavy}


def make_app(world: World) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async def tick() -> None:
            while True:
                await asyncio.sleep(0.5)
                world.advance()
                world.emit("clock", {"now": world.at(world.now_minute), "rate": world.rate})
                world.recount(announce=True)

        ticking = asyncio.create_task(tick())
        yield
        ticking.cancel()

    app = FastAPI(lifespan=lifespan)
    app.state.world = world

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return JSONResponse({"error": error.body}, error.status)

    def find(identifier: str) -> model.Proposal:
        if identifier not in world.proposals:
            raise Problem(
                404,
                "NotFound",
                f"There is no proposal {identifier}.",
                "Maybe it was superseded: see the list of disruptions.",
            )
        return world.proposals[identifier]

    @app.get("/api/plant")
    async def plant() -> Any:
        p = world.plant
        return {
            "id": "demo", "name": "Northfield Drives", "timezone": str(ZONE),
            "work_centers": [{"id": c, "name": n} for c, n, _ in CENTERS],
            "machines": p.machines, "people": p.people, "parts": p.parts,
            "orders": [{k: v for k, v in o.items() if k != "due_min"} for o in p.orders.values()],
            "lots": [
                {
                    "id": f"L-{200 + n}", "material": "Bar 42CrMo4", "quantity": 400,
                    "available": p.at(1600 + 90 * n) if n else None, "location": "Store A",
                }
                for n in range(12)
            ],
            "materials": [{"id": "Bar 42CrMo4", "name": "Bar 42CrMo4"}],
            "demo": True, "planning": {"freeze_min": 30},
        }  # fmt: skip

    @app.get("/api/board")
    async def board() -> Any:
        answer = {
            "position": len(world.log),
            "plan_version": world.plan_version,
            "now": world.at(world.now_minute),
            "rate": world.rate,
            "freshness_s": 0.4,
            "connected": world.connected,
            "machines": {m["id"]: world.machine(m["id"]) for m in world.plant.machines},
            "people": {
                p["id"]: {
                    "absent_until": world.at(world.absent[p["id"]]) if p["id"] in world.absent else None
                }
                for p in world.plant.people
            },
            "operations": [world.operation(o) for o in world.plan.values()],
        }
        if world.while_reading:
            world.while_reading()
            await asyncio.sleep(1.5)  # the news overtakes the answer
        return answer

    @app.get("/api/live")
    async def live() -> StreamingResponse:
        queue: asyncio.Queue[str] = asyncio.Queue()
        world.listeners.append(queue)

        async def stream() -> AsyncIterator[str]:
            try:
                clock = json.dumps({"now": world.at(world.now_minute), "rate": world.rate})
                yield f"event: clock\ndata: {clock}\n\n"
                while True:
                    text = await queue.get()
                    if not text:
                        return
                    yield text
            finally:
                world.listeners.remove(queue)

        return StreamingResponse(stream(), media_type="text/event-stream")

    @app.post("/api/demo/disrupt", status_code=202)
    async def disrupt(request: Request) -> Any:
        body = await request.json()
        until = world.now_minute + 60 * float(body.get("hours") or 4)
        kind = body["kind"]
        if kind == "machine_down":
            if body["machine"] not in {m["id"] for m in world.plant.machines}:
                raise Problem(
                    404,
                    "NotFound",
                    f"There is no machine {body['machine']}.",
                    "Maybe pick one from the list.",
                )
            world.down[body["machine"]] = until
            world.emit("machine", {"id": body["machine"], **world.machine(body["machine"])})
            world.record("equipment.state_changed", body["machine"], f"{body['machine']} is down")
            clock = datetime.fromisoformat(world.at(until)).strftime("%H:%M")
            world.disrupt(kind, body["machine"], f"{body['machine']} down until {clock}", until)
        elif kind == "operator_absent":
            world.absent[body["person"]] = until
            world.disrupt(kind, body["person"], f"{body['person']} absent", until)
        elif kind == "material_late":
            world.disrupt(kind, body["lot"], f"Lot {body['lot']} is late", until)
        else:
            world.disrupt(kind, body["part"], f"Rush order: {body['quantity']} pcs of {body['part']}", None)
        return {}

    @app.post("/api/demo/rate", status_code=202)
    async def rate(request: Request) -> Any:
        world.advance()
        world.rate = float((await request.json())["rate"])
        world.emit("clock", {"now": world.at(world.now_minute), "rate": world.rate})
        return {}

    @app.post("/api/whatif", status_code=202)
    async def whatif(request: Request) -> Any:
        body = await request.json()
        world.disrupt(body.get("kind", "other"), body.get("subject", ""), "What if …", None)
        return {"disruption": world.disruptions[-1]["id"]}

    @app.get("/api/disruptions")
    async def disruptions() -> Any:
        return world.disruptions

    @app.get("/api/proposals")
    async def proposals() -> Any:
        return [
            {
                "id": p.id, "title": p.title, "created": p.created, "status": p.status, "stale": p.stale,
                "scenarios": len(p.scenarios), "seconds_to_scenarios": p.seconds_to_scenarios,
                "disruption": p.disruption, "parent": p.parent,
            }
            for p in world.proposals.values()
        ]  # fmt: skip

    @app.get("/api/proposals/{identifier}")
    async def proposal(identifier: str) -> Any:
        found = find(identifier)
        body = msgspec.to_builtins(msgspec.structs.replace(found, scenarios=[]))
        body["scenarios"] = [summary(s) for s in found.scenarios]
        return body

    @app.get("/api/proposals/{identifier}/scenarios/{name}")
    async def one(identifier: str, name: str) -> Any:
        for scenario in find(identifier).scenarios:
            if scenario.id == name:
                return msgspec.to_builtins(scenario)
        raise Problem(
            404,
            "NotFound",
            f"Proposal {identifier} has no scenario {name}.",
            "Maybe it belongs to another proposal.",
        )

    @app.post("/api/proposals/{identifier}/regenerate", status_code=202)
    async def regenerate(identifier: str, request: Request) -> Any:
        parent = find(identifier)
        body = await request.json()
        body.pop("prefer", None)
        controls = msgspec.convert(body, model.ControlsRecord)
        if len(controls.forbid_machines) >= 30:
            raise Problem(
                422, "NotFeasible", "No machine is left for O-4100/10.", "Maybe allow one of M01, M02, M03."
            )
        task = asyncio.create_task(world.generate(parent.disruption, parent.title, controls, identifier))
        world.tasks.add(task)  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        return {"proposal": list(world.proposals)[-1]}

    @app.post("/api/proposals/{identifier}/approve")
    async def approve(identifier: str, request: Request) -> Any:
        found, body = find(identifier), await request.json()
        if found.stale or found.plan_version != world.plan_version:
            raise Problem(
                409, "Stale", found.stale or f"Plan {world.plan_version} came into force since.",
                "Maybe regenerate from now: the alternatives then start from what is so.",
            )  # fmt: skip
        chosen = next(s for s in found.scenarios if s.id == body["scenario"])
        world.plan_version += 1
        world.plan = world.plans[identifier, chosen.id]
        world.proposals[identifier] = msgspec.structs.replace(
            found, status="approved", approved_scenario=chosen.id
        )
        for item in world.disruptions:
            if item["id"] == found.disruption:
                item["status"] = "answered"
        jobs = [
            {"job_order": job, "kind": "Update", "state": "queued", "detail": ""}
            for n, job in enumerate(chosen.difference.jobs)
        ]
        world.dispatches.append(
            {
                "plan_version": world.plan_version, "approved_by": body["by"],
                "at": world.at(world.now_minute), "scenario": chosen.id, "jobs": jobs,
                "total": len(jobs), "written": 0, "acknowledged": 0, "failed": 0, "waiting": 0,
                "waiting_for": "",
            }
        )  # fmt: skip
        world.outcomes.append(
            {
                "plan_version": world.plan_version, "scenario": chosen.id,
                "predicted": {name: msgspec.to_builtins(kpi) for name, kpi in chosen.kpis.items()},
                "actual": {}, "operations_done": 0, "operations_total": len(chosen.operations),
                "final": False,
            }
        )  # fmt: skip
        world.record("schedule.approved", identifier, f"{body['by']} approved {chosen.id}")
        world.emit("plan", {"plan_version": world.plan_version})
        world.recount(announce=False)
        world.spawn(world.carry_out(identifier, chosen, body["by"]))
        return {"plan_version": world.plan_version, "jobs": len(jobs)}

    @app.post("/api/proposals/{identifier}/reject")
    async def reject(identifier: str) -> Any:
        world.proposals[identifier] = msgspec.structs.replace(find(identifier), status="rejected")
        return {}

    @app.get("/api/dispatches")
    async def dispatches() -> Any:
        return world.dispatches

    @app.get("/api/outcomes")
    async def outcomes() -> Any:
        return world.outcomes

    @app.get("/api/notices")
    async def notices(operator: str = "") -> Any:
        return [n for n in world.notices if not operator or n["operator"] == operator]

    @app.post("/api/notices/acknowledge")
    async def acknowledge(request: Request) -> Any:
        person = (await request.json())["operator"]
        for notice in world.notices:
            if notice["operator"] == person:
                notice["acknowledged"] = True
        return {}

    @app.get("/api/staging")
    async def staging() -> Any:
        return world.staging

    @app.get("/api/station/{machine}")
    async def station(machine: str) -> Any:
        if machine not in {m["id"] for m in world.plant.machines}:
            raise Problem(
                404,
                "NotFound",
                f"There is no machine {machine}.",
                "Maybe pick one from the list of stations.",
            )
        jobs = sorted((o for o in world.plan.values() if o.machine == machine), key=lambda o: o.setup_start)

        def job(o: Op) -> dict[str, Any]:
            order = world.plant.orders[o.order]
            return {
                "job_order": o.key, "part": order["part"], "quantity": order["quantity"],
                "setup_start": world.at(o.setup_start), "start": world.at(o.start), "end": world.at(o.end),
                "operator": o.operator, "state": world.state[o.key],
                "instructions": f"Mount family {o.family}. Check the first piece on the gauge.",
                "materials": [{"material": "Bar 42CrMo4", "lot": "L-203", "quantity": order["quantity"]}],
            }  # fmt: skip

        running = next((o for o in jobs if world.state[o.key] == "started"), None)
        queue = [o for o in jobs if world.state[o.key] in ("dispatched", "planned")]
        return {
            "machine": machine,
            "state": world.machine(machine),
            "now": world.at(world.now_minute),
            "queue": [job(o) for o in ([running] if running else []) + queue[:12]],
        }

    @app.get("/api/log")
    async def log(after: int = 0, limit: int = 200) -> Any:
        start = after or max(0, len(world.log) - limit)
        return [e for e in world.log if e["position"] > start][:limit]

    @app.get("/api/health")
    async def health() -> Any:
        return {"store": "ok", "door": "connected", "twin": "ok", "version": "mock"}

    # For tests: make the newest proposal stale, lose the plant, end every event stream.
    @app.post("/mock/{what}")
    async def fault(what: str) -> Any:
        if what == "stale":
            last = list(world.proposals)[-1]
            world.proposals[last] = msgspec.structs.replace(
                world.proposals[last], stale="M12 went down at 09:41, after these alternatives were made."
            )
        elif what in ("lost", "found"):
            world.connected = what == "found"
            world.emit("connection", {"connected": world.connected})
        elif what == "drop":
            for queue in list(world.listeners):
                queue.put_nowait("")
        return {}

    if STATIC.is_dir():
        app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


if __name__ == "__main__":
    uvicorn.run(make_app(World()), port=int(sys.argv[1]) if len(sys.argv) > 1 else 8787, log_level="warning")
