"""Group commit: writes of all threads share one transaction, and so one wait for the disk.

One thread commits. While it waits for the disk further writes queue up and go together next; it lingers
for more only when writers are many. A batch that fails is committed job by job, so that one bad write
takes no other with it; one that could not even be begun fails as a whole.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from linewright.errors import StoreError
from linewright.events import audit, failpoints
from linewright.events.codec import Row
from linewright.events.database import Database, translated
from linewright.events.schema import event

_LARGEST_BATCH = 512  # jobs
_LOOK_UP = 1000  # ids in one query

# Built once: to build a statement costs more than to run it.
_LAST = sa.select(sa.func.max(event.c.position))
_HELD = sa.select(event.c.id, event.c.position).where(event.c.id.in_(sa.bindparam("ids", expanding=True)))
_INSERT = sa.insert(event)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Appended:
    """Where events stand in the log: `positions[i]` is that of the i-th event given."""

    positions: tuple[int, ...]
    duplicates: tuple[str, ...]  # ids that the log held already; those events were ignored


class Transaction:
    """One transaction that holds the write lock, shared by the jobs of a batch.

    What the jobs append is looked up together at the start and written together by `flush`, which a
    job calls before it reads the log itself.
    """

    def __init__(self, connection: Connection, ids: Sequence[str]) -> None:
        self.connection = connection
        self.last: int = connection.scalar(_LAST) or 0
        self._held: dict[str, int] = {}
        self._unwritten: list[Row] = []
        for start in range(0, len(ids), _LOOK_UP):
            page = {"ids": ids[start : start + _LOOK_UP]}
            self._held.update((row.id, row.position) for row in connection.execute(_HELD, page))

    def append(self, rows: Sequence[Row]) -> Appended:
        """Give the rows that the log does not hold yet the next positions.

        Their ids are among those the transaction was begun with, or made by no one else.
        """
        positions, duplicates = [], []
        for row in rows:
            identifier = row["id"]
            if identifier in self._held:
                duplicates.append(identifier)
            else:
                self.last += 1
                self._held[identifier] = self.last
                self._unwritten.append(row | {"position": self.last})
            positions.append(self._held[identifier])
        return Appended(tuple(positions), tuple(duplicates))

    def holds(self, rows: Sequence[Row]) -> bool:
        """Whether the log holds every one of the rows, and there is one."""
        return bool(rows) and all(row["id"] in self._held for row in rows)

    def flush(self) -> None:
        """Write what was appended so far, with its links of the audit chain."""
        rows, self._unwritten = self._unwritten, []
        if rows:
            self.connection.execute(_INSERT, rows)
            failpoints.reach("append.events")
            if audit.add(self.connection, rows):
                failpoints.reach("audit.chained")


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """A write, waiting for its turn."""

    work: Callable[[Transaction], T]
    ids: Sequence[str]  # of the events it will append
    future: Future[T]


class Committer:
    """Runs jobs in transactions, many jobs to a transaction, in the order they came."""

    def __init__(self, database: Database, linger_s: float, committed: Callable[[], None]) -> None:
        self._database = database
        self._linger_s = linger_s
        self._committed = committed
        self._queue: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._connection: Connection | None = None
        self._begun = False  # the transaction of the last attempt
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="linewright-commit", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[Transaction], T], rows: Sequence[Row] = ()) -> T:
        """The result of a write once it is durable; `rows`: the events it appends.

        The work may be done more than once before it commits.
        """
        job: Job[T] = Job(work, [row["id"] for row in rows], Future())
        with self._gate:
            if self._closed:
                raise StoreError(f"event store {self._database.name} is closed")
            self._queue.put(job)
        return job.future.result()

    def close(self) -> None:
        """Commit what is queued and stop."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _loop(self) -> None:
        crowded = False
        while (first := self._queue.get()) is not None:
            if crowded:
                time.sleep(self._linger_s)
            batch = [first]
            while len(batch) < _LARGEST_BATCH and not self._queue.empty():
                if (entry := self._queue.get()) is None:
                    self._queue.put(None)
                    break
                batch.append(entry)
            crowded = len(batch) > 1
            self._commit(batch)
            self._committed()
        self._disconnect()

    def _commit(self, batch: Sequence[Job[Any]]) -> None:
        try:
            outcomes = self._transact(batch)
        except Exception as error:
            one_by_one = self._begun and len(batch) > 1
            for job in batch:
                if one_by_one:
                    self._commit([job])
                else:
                    job.future.set_exception(error)
            return
        for job, outcome in zip(batch, outcomes, strict=True):
            job.future.set_result(outcome)

    def _transact(self, batch: Sequence[Job[Any]]) -> list[Any]:
        with translated(self._database.name):
            try:
                return self._attempt(batch)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                # The server went away. Nothing is done twice by trying again: what has been
                # committed is found by its ids and keys.
                return self._attempt(batch)

    def _attempt(self, batch: Sequence[Job[Any]]) -> list[Any]:
        self._begun = False
        try:
            connection = self._connection or self._database.engine.connect()
            self._connection = connection
            self._database.begin_write(connection)
            self._begun = True
            transaction = Transaction(connection, [id for job in batch for id in job.ids])
            outcomes = [job.work(transaction) for job in batch]
            transaction.flush()
            failpoints.reach("commit.before")
            connection.commit()
        except BaseException:
            self._disconnect()  # rolls back
            raise
        failpoints.reach("commit.after")
        return outcomes

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
