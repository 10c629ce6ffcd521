"""The HTTP API of the console. OpenAPI at /docs; errors as {error: {kind, message, advice}}."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from sse_starlette import EventSourceResponse, ServerSentEvent

from linewright import __version__
from linewright.decide.loop import DecisionLoop
from linewright.errors import (
    ConnectionFailed,
    LinewrightError,
    NotApproved,
    NotFeasible,
    NotFound,
    PlantError,
    Stale,
    StoreError,
)
from linewright.events.vocabulary import OperatorAcknowledged, event
from linewright.serve import views
from linewright.serve.floor import Floor
from linewright.serve.live import Live
from linewright.serve.requests import (
    Acknowledgement,
    Approval,
    Declared,
    DemoDisruption,
    Rate,
    Regeneration,
    Rejection,
)
from linewright.serve.sentences import sentence

STATIC = Path(__file__).parent / "static"

STATUS: dict[type[LinewrightError], int] = {
    NotFound: 404,
    Stale: 409,
    NotApproved: 403,
    NotFeasible: 422,
    PlantError: 422,
    ConnectionFailed: 503,
    StoreError: 503,
}

MISSING_PAGE = """<!doctype html><title>Linewright</title><p>The page was not built.
Install the package with pip (it brings its own Node), or use the API: <a href="/docs">/docs</a>."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Json(Response):
    """msgspec's encoder: an order of magnitude faster than the default on a proposal of fifty scenarios."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return msgspec.json.encode(content)


def failure(error: LinewrightError) -> Response:
    """An error on purpose, as the page shows it: what, and what to do."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    message, _, advice = str(error).partition(" Maybe ")
    return Json(
        {
            "error": {
                "kind": type(error).__name__,
                "message": message,
                "advice": f"Maybe {advice}" if advice else "",
            }
        },
        status_code=status,
    )


def create_app(
    loop: DecisionLoop,
    floor: Floor,
    live: Live,
    *,
    warm: Callable[[], float | None] = lambda: 0.0,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """The console's application over a running decision loop."""
    app = FastAPI(
        title="Linewright",
        version=__version__,
        summary="When the plan breaks: tested alternatives, one approved, carried out.",
        lifespan=lifespan,
        default_response_class=Json,
    )

    @app.exception_handler(LinewrightError)
    async def _failed(_: Request, error: LinewrightError) -> Response:
        return failure(error)

    @app.exception_handler(RequestValidationError)
    async def _unreadable(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = " ".join(str(part) for part in first["loc"])
        return failure(PlantError(f"{where}: {first['msg']}"))

    @app.get("/api/plant", tags=["plant"])
    def plant() -> Json:
        """The plant: what does not change from minute to minute."""
        with loop.lock:
            state = loop.mirror.state(floor.now())
        return Json(views.plant_view(loop.plant, state, floor))

    @app.get("/api/board", tags=["plant"])
    def board() -> Json:
        """The plan in force merged with what has happened."""
        return Json(views.board_view(loop, floor))

    @app.get("/api/station/{machine}", tags=["plant"])
    def station(machine: str) -> Json:
        """One machine's queue with its instructions."""
        with loop.lock:
            known = machine in loop.mirror.machines
        if not known:
            raise NotFound(f"machine {machine!r} does not exist. Maybe one of /api/plant.")
        return Json(views.station_view(loop, machine, floor.now()))

    @app.get("/api/log", tags=["plant"])
    def log(after: Annotated[int, Query(ge=0, lt=2**63)] = 0, limit: int = 200) -> Json:
        """Events of the log, newest last."""
        limit = max(1, min(limit, 1000))
        start = after or max(0, loop.store.last_position() - limit)
        return Json(
            [
                {
                    "position": item.position,
                    "time": item.time,
                    "type": item.type,
                    "subject": item.subject,
                    "text": sentence(item),
                }
                for item in loop.store.read(after=start, limit=limit)
            ]
        )

    @app.get("/api/disruptions", tags=["decide"])
    def disruptions() -> Json:
        """The inbox, newest first."""
        with loop.lock:
            items = list(loop.agenda.disruptions.values())
        return Json([views.disruption_view(loop, item) for item in reversed(items)])

    @app.get("/api/proposals", tags=["decide"])
    def proposals() -> Json:
        with loop.lock:
            entries = list(loop.agenda.proposals.values())
        return Json([views.entry_view(loop, entry) for entry in reversed(entries)])

    @app.get("/api/proposals/{proposal}", tags=["decide"])
    def proposal(proposal: str) -> Json:
        """A proposal with its scenarios in summary."""
        return Json(loop.proposal(proposal))

    @app.get("/api/proposals/{proposal}/scenarios/{scenario}", tags=["decide"])
    def scenario(proposal: str, scenario: str) -> Json:
        """A whole scenario: assignments, instructions, notices, staging, what changes downstream."""
        return Json(loop.scenario(proposal, scenario))

    @app.post("/api/proposals/{proposal}/regenerate", tags=["decide"], status_code=202)
    def regenerate(proposal: str, asked: Regeneration) -> Json:
        """Alternatives from now, under the planner's controls."""
        return Json({"proposal": loop.regenerate(proposal, asked.controls())}, status_code=202)

    @app.post("/api/proposals/{proposal}/approve", tags=["decide"])
    def approve(proposal: str, asked: Approval) -> Json:
        """Put a scenario in force; 409 when something has happened that it does not know of."""
        version, jobs = loop.approve(proposal, asked.scenario, by=asked.by, comment=asked.comment)
        return Json({"plan_version": version, "jobs": jobs})

    @app.post("/api/proposals/{proposal}/reject", tags=["decide"])
    def reject(proposal: str, asked: Rejection) -> Json:
        """Close a proposal: the plan in force stays."""
        loop.reject(proposal, by=asked.by, comment=asked.comment)
        return Json({})

    @app.post("/api/whatif", tags=["decide"], status_code=202)
    def whatif(asked: Declared) -> Json:
        """Declare a disruption the plant has not reported."""
        return Json({"disruption": loop.declare(asked.disruption)}, status_code=202)

    @app.get("/api/dispatches", tags=["floor"])
    def dispatches() -> Json:
        return Json(views.dispatch_views(loop, floor))

    @app.get("/api/outcomes", tags=["floor"])
    def outcomes() -> Json:
        return Json(views.outcome_views(loop))

    @app.get("/api/notices", tags=["floor"])
    def notices(operator: str = "") -> Json:
        with loop.lock:
            items = [n for n in loop.ledger.notices.values() if operator in ("", n.operator)]
        return Json(items[::-1])

    @app.post("/api/notices/acknowledge", tags=["floor"])
    def acknowledge(asked: Acknowledgement) -> Json:
        """An operator has read what was sent."""
        operator = asked.operator
        with loop.lock:
            notice = loop.ledger.notices.get(operator)
        if notice is None:
            raise NotFound(f"there is no notice for {operator!r}.")
        version = notice.plan_version
        loop.commit(
            [
                event(
                    OperatorAcknowledged(operator=operator, plan_version=version),
                    source="console",
                    time=floor.now(),
                    key=f"{operator}|{version}",
                    subject=operator,
                )
            ]
        )
        return Json({})

    @app.get("/api/staging", tags=["floor"])
    def staging() -> Json:
        with loop.lock:
            items = [entry for lots in loop.ledger.staging.values() for entry in lots.values()]
        items.sort(key=lambda item: item.request.needed_by)
        return Json([msgspec.to_builtins(item.request) | {"status": item.status} for item in items])

    @app.post("/api/demo/disrupt", tags=["demo"], status_code=202)
    async def disrupt(asked: DemoDisruption) -> Json:
        """Ask the demonstration plant to break; what follows arrives as events."""
        _require_demo()
        await floor.disrupt(asked.kind, asked.model_dump(exclude={"kind"}))
        return Json({}, status_code=202)

    @app.post("/api/demo/rate", tags=["demo"])
    async def rate(asked: Rate) -> Json:
        """Plant seconds per second; 0 pauses."""
        _require_demo()
        await floor.set_rate(asked.rate)
        return Json({"rate": asked.rate})

    def _require_demo() -> None:
        if not floor.demo:
            raise NotFound("this plant is not a demonstration plant: it cannot be disrupted from here.")

    @app.get("/api/health", tags=["plant"])
    def health() -> Json:
        with loop.lock:
            anomalies = [str(item) for item in loop.mirror.anomalies[-20:]]
        return Json(
            {
                "version": __version__,
                "warm": warm(),
                "store": {"position": loop.store.last_position(), "folded": loop.position},
                "door": {
                    "connected": floor.connected,
                    "freshness_s": floor.freshness_s,
                    "waiting": views.waiting(loop.store.command_counts()),
                    "waiting_for": floor.waiting_for,
                },
                "anomalies": anomalies,
            }
        )

    @app.get("/api/live", tags=["plant"])
    async def updates(request: Request) -> EventSourceResponse:
        """Server-sent events: clock, machine, operation, plan, disruption, proposal, dispatch, notice,
        staging, outcome, anomaly, connection, reload."""

        async def stream() -> AsyncIterator[ServerSentEvent]:
            async for kind, data in live.listen():
                if await request.is_disconnected():
                    return
                yield ServerSentEvent(data=data.decode(), event=kind)

        return EventSourceResponse(stream(), ping=15)

    if (STATIC / "index.html").exists():
        app.mount("/", StaticFiles(directory=STATIC, html=True), name="console")
    else:

        @app.get("/", include_in_schema=False)
        def page() -> HTMLResponse:
            return HTMLResponse(MISSING_PAGE, status_code=503)

    return app


async def ticker(floor: Floor, live: Live, every_s: float = 1.0) -> None:
    """Send the plant's clock while anyone listens."""
    while True:
        live.send("clock", {"now": floor.now(), "rate": floor.rate, "connected": floor.connected})
        await asyncio.sleep(every_s)
