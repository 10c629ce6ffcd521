"""Durable events per second: the event store against one plain sqlite3 commit for each event.

    python benchmarks/event_store.py [--events 2000] [--repeats 5] [--folder DIR] [--postgres URL]

Every row is measured in every repeat, in turn, on the same disk. Both sides write with WAL and
synchronous=FULL and ignore an id they hold already. PostgreSQL is left out where none answers.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sqlite3
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from common import summary, write
from linewright.errors import LinewrightError
from linewright.events.codec import to_row
from linewright.events.store import EventStore
from linewright.events.vocabulary import Event, JobOrderProgressed, event

THREADS = 16
BATCH = 500
PACKAGES = ("sqlalchemy", "msgspec", "psycopg")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_number = itertools.count()


def make(count: int) -> list[Event]:
    return [
        event(
            JobOrderProgressed(job_order=f"A{number % 80}/10", remaining_s=600, good=number),
            source="opcua:bench",
            time=NOON,
            key=str(next(_number)),
            subject=f"A{number % 80}/10",
        )
        for number in range(count)
    ]


def spread_over(threads: int, events: list[Event], size: int, write: Callable[[list[Event]], object]) -> None:
    """`write` batches of a size from several threads, each with its share of the events."""

    def produce(mine: list[Event]) -> None:
        for start in range(0, len(mine), size):
            write(mine[start : start + size])

    workers = [threading.Thread(target=produce, args=(events[n::threads],)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


class Plain:
    """The peer: sqlite3 as one would write it first, a connection for each thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._connection().execute(
            "CREATE TABLE event (position INTEGER PRIMARY KEY, id TEXT UNIQUE, type TEXT, source TEXT,"
            " subject TEXT, time INTEGER, received_at INTEGER, causation_id TEXT, correlation_id TEXT,"
            " facility TEXT, body TEXT)"
        )

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(
                self._path, timeout=60, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            self._local.connection = connection
            self._all.append(connection)
        found: sqlite3.Connection = self._local.connection
        return found

    def append(self, events: list[Event]) -> None:
        connection = self._connection()
        rows = [tuple(to_row(item).values()) for item in events]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT OR IGNORE INTO event (id, type, source, subject, time, received_at, causation_id,"
            " correlation_id, facility, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        connection.execute("COMMIT")

    def close(self) -> None:
        for connection in self._all:
            connection.close()


@contextmanager
def fresh_postgres(url: str) -> Iterator[str]:
    """A database that is dropped afterwards."""
    import psycopg

    name = f"linewright_bench_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def measure(append: Callable[[list[Event]], object], events: int) -> dict[str, float]:
    """Events per second of wall time: alone, from many threads, and in batches."""
    rates = {}
    for name, threads, size, count in (
        ("1 thread, 1 event a call", 1, 1, events // 4),
        (f"{THREADS} threads, 1 event a call", THREADS, 1, events),
        (f"1 thread, {BATCH} events a call", 1, BATCH, 5 * events),
    ):
        made = make(count)
        began = time.perf_counter()
        spread_over(threads, made, size, append)
        rates[name] = count / (time.perf_counter() - began)
    return rates


def measure_store(where: str, events: int) -> dict[str, float]:
    with EventStore.open(where) as store:
        rates = measure(store.append, events)
        began = time.perf_counter()
        count = sum(1 for _ in store.read())
        rates["read back, 1 thread"] = count / (time.perf_counter() - began)
        if count != store.last_position():
            raise SystemExit(f"{where} lost events: {count} of {store.last_position()}")
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to measure")
    parser.add_argument(
        "--postgres",
        default=os.environ.get("LINEWRIGHT_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres"),
    )
    options = parser.parse_args()
    samples: dict[str, list[float]] = {}

    def note(side: str, rates: dict[str, float]) -> None:
        for name, rate in rates.items():
            samples.setdefault(f"{side}: {name}", []).append(rate)

    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            plain = Plain(Path(folder) / "plain.db")
            note("plain sqlite3", measure(plain.append, options.events))
            plain.close()
            note("linewright on SQLite", measure_store(str(Path(folder) / "events.db"), options.events))
        try:
            with fresh_postgres(options.postgres) as url:
                note("linewright on PostgreSQL", measure_store(url, options.events))
        except (ImportError, OSError, LinewrightError) as error:
            print(f"without PostgreSQL: {error}")
    results = {name: summary(values) for name, values in samples.items()}
    for name, row in results.items():
        print(f"{name:<60} {row['median']:>10,.0f}  ({row['min']:,.0f} to {row['max']:,.0f})")
    settings = {
        "unit": "events per second of wall time",
        "events": options.events,
        "threads": THREADS,
        "batch": BATCH,
        "seeds": [],  # nothing is drawn
        "durability": "SQLite WAL with synchronous=FULL on both sides; PostgreSQL as configured",
    }
    print("events per second of wall time; written to", write("event_store", settings, results, PACKAGES))


if __name__ == "__main__":
    main()
