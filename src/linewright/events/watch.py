"""Following the log: a subscription hands out events as they are committed, to the thread that waits.

Commits of this process wake it at once; those of other processes are seen within `POLL_S`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from linewright.errors import StoreError
from linewright.events.vocabulary import Event

if TYPE_CHECKING:
    from linewright.events.store import EventStore

POLL_S = 0.25
_CHUNK = 500


class Bell:
    """Rung after every commit; calls everyone who listens."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._listeners: set[Callable[[], None]] = set()

    def ring(self) -> None:
        with self._gate:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    @contextlib.contextmanager
    def heard_by(self, listener: Callable[[], None]) -> Iterator[None]:
        with self._gate:
            self._listeners.add(listener)
        try:
            yield
        finally:
            with self._gate:
                self._listeners.discard(listener)


class Subscription:
    """The events after a position, each once and in order. For one thread.

    Iterate until it is closed, or call `take` for what is new.
    """

    def __init__(self, store: EventStore, bell: Bell, after: int, types: Collection[str]) -> None:
        self.position = after  # of the last event handed out
        self._store = store
        self._bell = bell
        self._types = types
        self._closed = False

    def take(self, timeout: float | None = None) -> list[Event]:
        """Events after `position`; waits for the first, and returns none at the timeout or when closed."""
        deadline = None if timeout is None else time.monotonic() + timeout
        rung = threading.Event()
        with self._bell.heard_by(rung.set):
            while not self._done():
                rung.clear()
                if events := self._read():
                    return events
                if (wait := _left(deadline)) <= 0:
                    break
                rung.wait(wait)
        return []

    def __iter__(self) -> Iterator[Event]:
        while events := self.take():
            yield from events

    def close(self) -> None:
        """Stop; whoever waits is woken and gets nothing more."""
        self._closed = True
        self._bell.ring()

    def _done(self) -> bool:
        return self._closed or self._store.closed

    def _read(self) -> list[Event]:
        try:
            events = list(self._store.read(self.position, limit=_CHUNK, types=self._types))
        except StoreError:
            if self._done():
                return []
            raise
        if events:
            self.position = events[-1].position
        return events


def _left(deadline: float | None) -> float:
    """Seconds to wait before looking again."""
    return POLL_S if deadline is None else min(POLL_S, deadline - time.monotonic())
