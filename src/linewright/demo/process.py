"""The running plant: floor, clock, memory and server together."""

from __future__ import annotations

import asyncio
import gc
from asyncio import FIRST_COMPLETED
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import monotonic

from asyncua import Server, ua

from linewright.demo.clock import PlantClock
from linewright.demo.floor import Floor
from linewright.demo.records import Entry
from linewright.demo.server import PlantServer
from linewright.errors import ConnectionFailed

APPLICATION_URI = "urn:linewright:demonstration-plant"
BUILT = datetime(2026, 1, 1, tzinfo=UTC)  # OPC UA wants a date

TICK_S = 0.1  # real seconds between two looks at the clock
SLICE = 100  # events of the floor between two turns of the server
COMMIT_S = 1.0  # real seconds of plant time that a killed process may repeat while nothing happens
CLOCK_S = 0.5  # real seconds between two tellings of the time


class PlantProcess:
    """Runs a floor by a clock, and serves it at an endpoint.

    `pki`: folder with the certificates; None serves without security.
    """

    def __init__(self, floor: Floor, endpoint: str, pki: Path | None = None) -> None:
        self._floor = floor
        self._memory = floor.memory
        self._endpoint = endpoint
        self._pki = pki
        self.clock = PlantClock(floor.facts.epoch, floor.now, floor.memory.rate)
        self._server = Server()
        self._plant = PlantServer(self._server, floor, self.clock, self._commit)
        self._stopping = asyncio.Event()
        self._untold: list[Entry] = []
        self._news = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def start(self) -> None:
        """Open the endpoint. Raises ConnectionFailed where that cannot be."""
        gc.disable()  # tens of thousands of nodes that stay: looking through them again and again is in vain
        await self._build()
        gc.freeze()
        gc.enable()
        try:
            await self._server.start()
        except OSError as error:
            raise ConnectionFailed(
                f"The plant cannot serve {self._endpoint}: {error.strerror or error}. "
                "Maybe another plant does already: give another --endpoint."
            ) from error

    async def _build(self) -> None:
        server = self._server
        await server.init()
        server.set_endpoint(self._endpoint)
        server.set_server_name(self._floor.facts.plant.name or self._floor.facts.plant.id)
        await server.set_application_uri(APPLICATION_URI)
        await server.set_build_info(
            APPLICATION_URI, "Linewright", "Linewright demonstration plant", version("linewright"), "", BUILT
        )
        if self._pki is None:
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
            server.set_identity_tokens([ua.AnonymousIdentityToken])
        else:
            from linewright.demo.pki import secure

            await secure(server, self._pki, APPLICATION_URI)
        await self._plant.build()
        await self._commit()
        await self._plant.publish([])
        await self._plant.publish_clock()

    async def run(self) -> None:
        """Let time pass until stopped."""
        stopped = asyncio.ensure_future(self._stopping.wait())
        teller = asyncio.create_task(self._tell())
        told = committed = monotonic()
        try:
            while not stopped.done():
                await self._catch_up()
                now = monotonic()
                if self._memory.unsaved or now - committed >= COMMIT_S:
                    await self._commit()
                    committed = now
                if now - told >= CLOCK_S:
                    await self._plant.publish_clock()
                    told = now
                await asyncio.wait((stopped, teller), timeout=TICK_S, return_when=FIRST_COMPLETED)
                if teller.done():
                    teller.result()
            await self._commit()
        finally:
            stopped.cancel()
            teller.cancel()
            await self._server.stop()

    async def _catch_up(self) -> None:
        """Bring the floor up to the clock; where it cannot follow, the clock waits for it."""
        target = int(self.clock.second())
        while self._floor.advance(target, SLICE) < target:
            await self._commit()
            await asyncio.sleep(0)
        if self.clock.second() - target > max(1.0, self.clock.rate):
            self.clock.set_second(target)

    async def _commit(self) -> None:
        """Make durable what has changed; it is told a moment later."""
        self._memory.rate = self.clock.rate
        self._untold += self._memory.commit()
        if self._untold:
            self._news.set()

    async def _tell(self) -> None:
        """Publish what was committed, in its order, as long as the plant runs."""
        while True:
            await self._news.wait()
            self._news.clear()
            entries, self._untold = self._untold, []
            await self._plant.publish(entries)
