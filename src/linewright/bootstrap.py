"""The only composition root: reads settings and wires store, door, decision loop and console together."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from fastapi import FastAPI

from linewright.connect.door import Checkpoint
from linewright.connect.opcua.demonstration import Demonstration
from linewright.connect.opcua.door import OpcUaDoor
from linewright.connect.opcua.security import Security
from linewright.decide.dispatch import Dispatcher
from linewright.decide.effort import Effort
from linewright.decide.loop import DecisionLoop
from linewright.errors import ConnectionFailed, PlantError, StoreError
from linewright.events.store import EventStore
from linewright.events.vocabulary import Event
from linewright.plant.folder import read_plant
from linewright.plant.plan import PlantState
from linewright.plant.records import Plant
from linewright.serve.app import create_app, ticker
from linewright.serve.live import Live
from linewright.serve.messages import Messages
from linewright.settings import Settings
from linewright.warmup import warm

log = logging.getLogger(__name__)

RECONNECT_S = 2.0
WARM_ANYWAY_S = 5.0
"""Kernels are loaded when the plant has answered, so that the page is there first, and after this time."""

LONGEST_AGE_S = 86400.0

DOORS_OWN = ("connector.connected", "connector.lost", "data.gap_detected")
"""Events a door makes itself; all others come from the plant's journal and carry their place in it."""


class NoFloor:
    """No live plant: the clock stands at the moment the folder describes."""

    connected, demo, rate, freshness_s = False, False, 0.0, 0.0
    waiting_for = "no plant connected"

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    async def disrupt(self, kind: str, arguments: dict[str, Any]) -> None:
        raise ConnectionFailed("there is no live plant. Maybe start with --endpoint.")

    async def set_rate(self, rate: float) -> None:
        raise ConnectionFailed("there is no live plant. Maybe start with --endpoint.")


class LiveFloor:
    """The plant behind a door."""

    def __init__(self, door: OpcUaDoor, before: Callable[[], datetime]) -> None:
        self._door, self._before = door, before
        self._demonstration = Demonstration(door)

    @property
    def connected(self) -> bool:
        return self._door.connected

    @property
    def waiting_for(self) -> str:
        return "" if self.connected else "the plant does not answer"

    @property
    def demo(self) -> bool:
        return self._door.offers("Disruptions.BreakMachine")

    @property
    def rate(self) -> float:
        return self._door.rate

    @property
    def freshness_s(self) -> float:
        return min(self._door.freshness_s, LONGEST_AGE_S)

    def now(self) -> datetime:
        """The plant's clock; before it was ever reached, the moment it was last heard of."""
        return self._door.clock() if math.isfinite(self._door.freshness_s) else self._before()

    async def disrupt(self, kind: str, arguments: dict[str, Any]) -> None:
        demonstration = self._demonstration
        calls: dict[str, tuple[Callable[..., Awaitable[object]], tuple[str, ...]]] = {
            "machine_down": (demonstration.break_machine, ("machine", "hours")),
            "rush_order": (demonstration.rush_order, ("part", "quantity", "due", "priority")),
            "material_late": (demonstration.delay_material, ("lot", "hours")),
            "operator_absent": (demonstration.operator_absent, ("person", "hours")),
        }
        call, names = calls[kind]
        missing = [name for name in names if arguments.get(name) in (None, "")]
        if missing:
            raise PlantError(f"a disruption of kind {kind} needs {', '.join(missing)}.")
        await call(*(arguments[name] for name in names))

    async def set_rate(self, rate: float) -> None:
        await self._demonstration.set_rate(rate)


class ControlRoom:
    """Everything of one plant, wired: `with ControlRoom.open(…) as room`, and serve `room.app()` inside."""

    def __init__(
        self, plant: Plant, initial: PlantState, store: EventStore, door: OpcUaDoor | None, settings: Settings
    ) -> None:
        self.plant, self.store, self.door, self.settings = plant, store, door, settings
        self.live = Live()
        self.floor: NoFloor | LiveFloor = LiveFloor(door, self._latest) if door else NoFloor(initial.at)
        self.warm_s: float | None = None
        self._answered = threading.Event()
        self.loop = DecisionLoop(
            plant,
            initial,
            store,
            clock=self.floor.now,
            effort=Effort(
                scenarios=settings.scenarios,
                seconds=settings.seconds,
                threads=settings.threads,
                seed=settings.seed,
            ),
            target=self.target,
            publish=self._publish,
        )
        self._messages = Messages(self.loop, self.live)

    @classmethod
    def open(cls, folder: Path, settings: Settings) -> ControlRoom:
        """Read a plant folder, fold its log and follow it.

        Raises:
            PlantError: the folder cannot be used. StoreError: the store cannot. ConnectionFailed: the plant
            is not to be reached in the clear.
        """
        plant, initial = read_plant(folder)
        door = OpcUaDoor(settings.endpoint, plant.id, _security(settings)) if settings.endpoint else None
        store = EventStore.open(settings.store or settings.data / "events.sqlite", facility=plant.id)
        try:
            room = cls(plant, initial, store, door, settings)
            room.loop.start()
        except BaseException:
            store.close()
            raise
        return room

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop following, commit what is under way and let go of the store."""
        self.loop.stop()
        self.store.close()

    @property
    def target(self) -> str:
        return f"opcua:{self.plant.id}"

    def _latest(self) -> datetime:
        with self.loop.lock:
            return self.loop.mirror.latest

    def app(self) -> FastAPI:
        """The console's application; while it is served, the plant is listened and written to."""
        return create_app(self.loop, self.floor, self.live, warm=lambda: self.warm_s, lifespan=self._lifespan)

    def _warm(self) -> None:
        """Compile the kernels, so that the first generation is as fast as the next."""
        if self.door is not None:
            self._answered.wait(WARM_ANYWAY_S)
        began = time.perf_counter()
        for step in warm():
            log.info("kernels: %s", step)
        self.warm_s = round(time.perf_counter() - began, 2)

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        self.live.bind(asyncio.get_running_loop())
        threading.Thread(target=self._warm, name="linewright-warm", daemon=True).start()
        jobs: list[Coroutine[Any, Any, None]] = [ticker(self.floor, self.live)]
        if self.door is not None:
            dispatcher = Dispatcher(self.store, self.door, target=self.target, clock=self.floor.now)
            jobs += [self._listen(self.door), dispatcher.run()]
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self.door is not None:
                await self.door.close()

    async def _listen(self, door: OpcUaDoor) -> None:
        """Take in what the plant reports: each batch commits with the place read up to."""

        async def take(events: list[Event], checkpoint: Checkpoint) -> None:
            await asyncio.to_thread(self.store.append, events)
            self._answered.set()

        while True:
            try:
                last = await asyncio.to_thread(partial(self.store.latest, door.source, without=DOORS_OWN))
                checkpoint = Checkpoint.after(last.id, last.time) if last else None
                await door.run(take, checkpoint or Checkpoint())
            except StoreError as error:
                log.error("what the plant reports is read again later: %s", error)
            except Exception:
                log.exception("listening to %s", door.source)
            await asyncio.sleep(RECONNECT_S)

    def _publish(self, kind: str, payload: dict[str, Any]) -> None:
        self._messages.publish(kind, payload)


def _security(settings: Settings) -> Security:
    """How the plant is reached: with certificates, or in the clear where that is said or it is this host."""
    if settings.opcua_certificate and settings.opcua_private_key:
        return Security(
            settings.opcua_certificate, settings.opcua_private_key, settings.opcua_server_certificate
        )
    host = urlsplit(settings.endpoint).hostname or ""
    if settings.opcua_insecure or host in ("127.0.0.1", "localhost", "::1"):
        return Security.none()
    raise ConnectionFailed(
        f"{settings.endpoint} would be reached in the clear. Maybe give LINEWRIGHT_OPCUA_CERTIFICATE and"
        " LINEWRIGHT_OPCUA_PRIVATE_KEY, or set LINEWRIGHT_OPCUA_INSECURE=1 where the network is trusted."
    )
