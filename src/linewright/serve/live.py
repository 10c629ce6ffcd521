"""Live updates: messages from any thread to every browser that listens (server-sent events)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import msgspec

BACKLOG = 2000
"""Messages a slow browser may be behind before it is told to load everything again."""


class Live:
    """Fan-out with one bounded queue a listener; a listener that falls behind gets one `reload`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: set[asyncio.Queue[tuple[str, bytes]]] = set()
        self._lock = threading.Lock()

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """The event loop that serves the listeners."""
        self._loop = loop

    @property
    def listened_to(self) -> bool:
        return bool(self._queues)

    def send(self, kind: str, payload: Any) -> None:
        """Send a message to every listener; callable from any thread."""
        if self._loop is None or not self.listened_to or self._loop.is_closed():
            return
        data = msgspec.json.encode(payload)
        self._loop.call_soon_threadsafe(self._put, kind, data)

    def _put(self, kind: str, data: bytes) -> None:
        for queue in self._queues:
            if queue.qsize() >= BACKLOG:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(("reload", b"{}"))
            queue.put_nowait((kind, data))

    async def listen(self) -> AsyncIterator[tuple[str, bytes]]:
        """Messages from now on."""
        queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)
