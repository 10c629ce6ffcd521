"""The outbox worker: takes approved intents to a door, one effect each, and records the answers.

A lost answer is never answered by writing again blindly: the job is read back first. A refused write is
recorded with the plant's reason and not repeated. Writes of a plan that is no longer in force are not sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from linewright.connect.door import Door, Receipt
from linewright.decide.approve import SOURCE, STORE, UPDATE
from linewright.errors import ConnectionFailed, StoreError
from linewright.events.outbox import Command
from linewright.events.store import EventStore
from linewright.events.vocabulary import DispatchAcknowledged, DispatchFailed, Event, event

log = logging.getLogger(__name__)

BATCH = 64
LEASE_S = 30.0
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 30.0
IDLE_S = 0.2  # between two looks at an outbox with nothing due
STORE_AGAIN_S = 2.0  # after a store that could not be used


class Dispatcher:
    """Delivers the intents for one target through one door."""

    def __init__(self, store: EventStore, door: Door, *, target: str, clock: Callable[[], datetime]) -> None:
        self.store, self.door, self.target, self.clock = store, door, target, clock

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            try:
                delivered = await self.once()
            except StoreError as error:
                log.error("writes to %s have to wait: %s", self.target, error)
                await asyncio.sleep(STORE_AGAIN_S)
                continue
            except Exception:
                log.exception("dispatch to %s", self.target)
                delivered = 0
            if not delivered:
                await asyncio.sleep(IDLE_S)

    async def once(self) -> int:
        """Deliver what is due now; how many rows were taken."""
        if not self.door.connected:
            return 0
        rows = await asyncio.to_thread(self.store.claim, self.target, BATCH, None, LEASE_S)
        await asyncio.gather(*(self._deliver(row) for row in rows))
        return len(rows)

    async def _deliver(self, row: Command) -> None:
        try:
            receipt = await self._already_there(row) or await self.door.send(row)
            if receipt.outcome == "refused" and row.kind == STORE:
                receipt = await self._as_update(row) or receipt
        except ConnectionFailed as error:
            receipt = Receipt("retry", str(error))
        if receipt.outcome == "done":
            await asyncio.to_thread(
                self.store.acknowledge, row.id, {"detail": receipt.detail}, [self._acknowledged(row)]
            )
        elif receipt.outcome == "refused":
            await asyncio.to_thread(
                self.store.fail, row.id, receipt.detail, [self._failed(row, receipt.detail)]
            )
        else:
            wait = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** max(0, row.attempts - 1))
            await asyncio.to_thread(
                self.store.retry, row.id, datetime.now(UTC) + timedelta(seconds=wait), receipt.detail
            )

    async def _already_there(self, row: Command) -> Receipt | None:
        """After a lost answer: did the write take effect?"""
        if row.attempts <= 1:
            return None
        job = await self.door.read_back(row.subject)
        if job is None or job.plan_version != row.plan_version:
            return None
        return Receipt("done", "read back: already in effect")

    async def _as_update(self, row: Command) -> Receipt | None:
        """A new job that the plant holds from an earlier plan, whose answer was lost, is updated."""
        job = await self.door.read_back(row.subject)
        if job is None or job.plan_version >= row.plan_version:
            return None
        return await self.door.send(replace(row, kind=UPDATE))

    def _acknowledged(self, row: Command) -> Event:
        return event(
            DispatchAcknowledged(
                command=row.kind, target=self.target, job_order=row.subject, plan_version=row.plan_version
            ),
            source=SOURCE,
            time=self.clock(),
            key=row.key,
            subject=row.subject,
            causation_id=row.approval,
        )

    def _failed(self, row: Command, reason: str) -> Event:
        return event(
            DispatchFailed(
                command=row.kind,
                target=self.target,
                job_order=row.subject,
                plan_version=row.plan_version,
                reason=reason,
            ),
            source=SOURCE,
            time=self.clock(),
            key=row.key,
            subject=row.subject,
            causation_id=row.approval,
        )
