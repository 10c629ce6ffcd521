"""The event store: the plant's memory, in one SQLite file or one PostgreSQL database.

Everything is synchronous and may be called from any thread; coroutines use `asyncio.to_thread`.
What a call has returned from is on disk.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from linewright.errors import NotApproved, NotFound, Stale, StoreError
from linewright.events import audit, failpoints
from linewright.events import outbox as _outbox
from linewright.events.audit import AuditReport
from linewright.events.codec import Row, from_row, to_row, to_text
from linewright.events.commit import Appended, Committer, Transaction
from linewright.events.database import Database, translated
from linewright.events.outbox import Command, Intent, State
from linewright.events.schema import consumer_offset, event
from linewright.events.schema import outbox as outbox_table
from linewright.events.upgrade import upgrade
from linewright.events.vocabulary import Event
from linewright.events.watch import Bell, Subscription

_PAGE = 1000  # rows read at once


class EventStore:
    """The durable ordered log, the outbox, consumer offsets and the audit chain of a plant."""

    def __init__(self, database: Database, linger_s: float, facility: str = "") -> None:
        self._database = database
        self._facility = facility
        self._bell = Bell()
        self._committer = Committer(database, linger_s, self._bell.ring)
        self.closed = False
        self._readers = 0
        self._no_reader = threading.Condition()

    @classmethod
    def open(cls, where: str | Path, *, facility: str = "", linger_s: float = 0.001) -> EventStore:
        """Open or create a store: a path, `sqlite:///path` or `postgresql://user@host/database`.

        `facility`: the plant whose log it is, which events that do not say so are given; "": any.
        `linger_s`: how long a commit waits for further writers when there are many. Raises StoreError for
        a file or database that is damaged, another program's, of a newer Linewright, or of another plant.
        """
        database = Database.connect(where)
        try:
            upgrade(database)
            if facility:
                _refuse_foreign(database, facility)
        except BaseException:
            database.engine.dispose()
            raise
        return cls(database, linger_s, facility)

    def close(self) -> None:
        """Commit what is under way, wake every subscription and let go of the database."""
        if not self.closed:
            self.closed = True
            self._committer.close()
            self._bell.ring()
            with self._no_reader:
                self._no_reader.wait_for(lambda: self._readers == 0)
            self._database.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._no_reader:
            if self.closed:
                raise StoreError(f"event store {self._database.name} is closed")
            self._readers += 1
        try:
            with translated(self._database.name), self._database.engine.connect() as connection:
                yield connection
        finally:
            with self._no_reader:
                self._readers -= 1
                self._no_reader.notify_all()

    # The log

    def append(
        self,
        events: Sequence[Event],
        *,
        outbox: Sequence[Intent] = (),
        offset: tuple[str, int] | None = None,
        supersede: tuple[int, str] | None = None,
        expect_position: int | None = None,
    ) -> Appended:
        """Commit events, intents and a consumer's offset together, or nothing of them.

        Events whose id the log holds are ignored and reported, as are intents whose key their target
        has. `supersede`: (plan version, target) withdraws the undelivered commands of that target's older
        versions. Raises Stale where the log goes beyond `expect_position` by other events than these,
        StoreError where nothing could be committed.
        """
        rows = [to_row(item, self._facility) for item in events]
        intents = [_outbox.intent_row(item) for item in outbox]

        def job(transaction: Transaction) -> Appended:
            if expect_position is not None and transaction.last != expect_position:
                _refuse_stale(transaction, expect_position, rows)
            if supersede:
                _outbox.supersede(transaction, *supersede)
            appended = transaction.append(rows)
            if intents:
                _outbox.put(transaction, intents)
            if offset:
                _move_offset(transaction, *offset)
                failpoints.reach("append.offset")
            return appended

        return self._committer.run(job, rows)

    def read(
        self, after: int = 0, *, limit: int | None = None, types: Collection[str] = ()
    ) -> Iterator[Event]:
        """Events after a position in order, of all types or of those named; at most `limit`."""
        query = sa.select(event).order_by(event.c.position)
        if types:
            query = query.where(event.c.type.in_(sorted(types)))
        left = limit
        while left is None or left > 0:
            page = _PAGE if left is None else min(_PAGE, left)
            with self._reading() as connection:
                selected = query.where(event.c.position > after).limit(page)
                rows = connection.execute(selected).mappings().all()
            for row in rows:
                yield from_row(row)
            if len(rows) < page:
                return
            after = rows[-1]["position"]
            left = None if left is None else left - page

    def get(self, id: str) -> Event:
        """The event with an id. Raises NotFound."""
        with self._reading() as connection:
            row = connection.execute(sa.select(event).where(event.c.id == id)).mappings().first()
        if row is None:
            raise NotFound(f"no event {id!r} in event store {self._database.name}")
        return from_row(row)

    def latest(self, source: str, *, without: Collection[str] = ()) -> Event | None:
        """The newest event of a source, of other types than those named; None where there is none."""
        query = sa.select(event).where(event.c.source == source).order_by(event.c.position.desc()).limit(1)
        if without:
            query = query.where(event.c.type.not_in(sorted(without)))
        with self._reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else from_row(row)

    def last_position(self) -> int:
        """Position of the newest event; 0 where there is none."""
        with self._reading() as connection:
            return connection.scalar(sa.select(sa.func.max(event.c.position))) or 0

    def subscribe(self, after: int | None = None, *, types: Collection[str] = ()) -> Subscription:
        """Follow the log from a position on; by default from its end."""
        return Subscription(self, self._bell, self.last_position() if after is None else after, types)

    # Consumers

    def offset(self, name: str) -> int:
        """How far a consumer has come; 0 for one never heard of."""
        query = sa.select(consumer_offset.c.position).where(consumer_offset.c.name == name)
        with self._reading() as connection:
            return connection.scalar(query) or 0

    def commit_offset(self, name: str, position: int) -> None:
        """Record how far a consumer has come; an offset never moves back."""
        self._committer.run(lambda transaction: _move_offset(transaction, name, position))

    # The outbox

    def claim(
        self, target: str, limit: int = 100, now: datetime | None = None, lease_s: float = 30.0
    ) -> list[Command]:
        """Lease the commands that are due for a target, oldest first, one for each subject.

        A command not acknowledged, retried or failed within `lease_s` can be claimed again. Raises
        NotApproved for a command without the schedule.approved event of its plan version; it is failed
        on the record, nothing is leased, and the next claim goes on without it.
        """
        moment = now or _outbox.utc_now()
        commands, refused = self._committer.run(
            lambda transaction: _outbox.claim(transaction, target, limit, moment, lease_s)
        )
        if refused:
            raise NotApproved(". ".join(refused) + ". Maybe approve the schedule first.")
        return commands

    def acknowledge(
        self, id: int, receipt: Mapping[str, Any] | None = None, events: Sequence[Event] = ()
    ) -> Appended:
        """The target has done a command: keep its receipt and record the events. Once is enough."""
        text = to_text(receipt or {}, f"the receipt of command {id}")
        rows = [to_row(item, self._facility) for item in events]
        return self._committer.run(lambda transaction: _outbox.acknowledge(transaction, id, text, rows), rows)

    def retry(self, id: int, at: datetime, error: str) -> None:
        """Delivery did not work: try again, not before `at`."""
        self._committer.run(lambda transaction: _outbox.retry(transaction, id, at, error))

    def fail(self, id: int, reason: str, events: Sequence[Event] = ()) -> Appended:
        """Give a command up and record the events. A command already done stays done."""
        rows = [to_row(item, self._facility) for item in events]
        return self._committer.run(lambda transaction: _outbox.fail(transaction, id, reason, rows), rows)

    def commands(
        self,
        *,
        target: str = "",
        plan_version: int | None = None,
        states: Collection[State] = (),
        limit: int = 1000,
    ) -> list[Command]:
        """What the outbox holds, newest first."""
        query = sa.select(outbox_table).order_by(outbox_table.c.id.desc()).limit(limit)
        if target:
            query = query.where(outbox_table.c.target == target)
        if plan_version is not None:
            query = query.where(outbox_table.c.plan_version == plan_version)
        if states:
            query = query.where(outbox_table.c.state.in_(sorted(states)))
        with self._reading() as connection:
            return [_outbox.command(row) for row in connection.execute(query).mappings()]

    def command_counts(self, plan_version: int | None = None) -> dict[State, int]:
        """How many commands, of a plan version or of all, are in which state."""
        query = sa.select(outbox_table.c.state, sa.func.count()).group_by(outbox_table.c.state)
        if plan_version is not None:
            query = query.where(outbox_table.c.plan_version == plan_version)
        with self._reading() as connection:
            return {State(state): count for state, count in connection.execute(query)}

    # The audit chain

    def verify_audit(self, must_contain: str = "") -> AuditReport:
        """Recompute the audit chain and name its first broken link.

        `must_contain`: a hash noted down earlier, which guards the end of the chain too.
        """
        with self._reading() as connection:
            return audit.verify(audit.links(connection), must_contain)

    def export_audit(self, file: TextIO) -> int:
        """Write the audit chain as JSON lines, which `audit.verify` can check; how many there were."""
        count = 0
        with self._reading() as connection:
            for count, link in enumerate(audit.links(connection), start=1):  # noqa: B007
                file.write(link.to_json() + "\n")
        return count


def _refuse_foreign(database: Database, facility: str) -> None:
    """Raise StoreError where the log is another plant's."""
    first = sa.select(event.c.facility).where(event.c.facility != "").order_by(event.c.position).limit(1)
    with translated(database.name), database.engine.connect() as connection:
        held = connection.scalar(first)
    if held not in (None, facility):
        raise StoreError(
            f"event store {database.name} holds the log of plant {held}, not of {facility}. "
            "Maybe give the plant a store of its own with --store or --data."
        )


def _refuse_stale(transaction: Transaction, expected: int, rows: Sequence[Row]) -> None:
    """Raise Stale, unless these very events are in the log already: a second delivery is not stale."""
    if transaction.holds(rows):
        return
    transaction.flush()
    newer = transaction.connection.execute(
        sa.select(event.c.position, event.c.type, event.c.subject, event.c.id)
        .where(event.c.position > expected)
        .order_by(event.c.position)
        .limit(1)
    ).first()
    if newer is None:
        raise StoreError(f"position {expected} was expected, but the log ends at {transaction.last}")
    about = f" of {newer.subject}" if newer.subject else ""
    raise Stale(
        f"position {expected} was expected to be the last, but {newer.type}{about} came after it "
        f"(position {newer.position}, id {newer.id}). Maybe look at what changed and try again."
    )


def _move_offset(transaction: Transaction, name: str, position: int) -> None:
    if position > transaction.last:
        raise StoreError(
            f"offset {position} of {name!r} lies beyond the log, which ends at {transaction.last}"
        )
    row = consumer_offset.c.name == name
    held = transaction.connection.scalar(sa.select(consumer_offset.c.position).where(row))
    if held is None:
        transaction.connection.execute(sa.insert(consumer_offset).values(name=name, position=position))
    elif position > held:
        transaction.connection.execute(sa.update(consumer_offset).where(row).values(position=position))
