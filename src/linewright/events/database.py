"""Where a store lives: a SQLite file or a PostgreSQL database, opened with the guarantees the log needs.

SQLite runs in WAL mode with synchronous=FULL, so that a commit survives a power cut. A transaction that
writes takes the store's one write lock at its start, in both: positions follow the order of commits.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from linewright.errors import MissingDependency, StoreError

_BUSY_S = 30.0  # how long a writer of another process is waited for
_QUICK_CHECK_BYTES = 64 * 2**20  # larger files would take seconds; their damage shows when it is read
_POSTGRES_PATIENCE = {  # with a server that does not answer, unless the URL says otherwise
    "connect_timeout": "10",  # s
    "keepalives_idle": "10",  # s
    "keepalives_interval": "5",  # s
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",  # ms
}
_POSTGRES_LOCK = 0x6C6E7772  # "lnwr"; per database, as advisory locks are

_FULL = "The disk is full; nothing of this commit was kept. Maybe free some space and try again."
_ADVICE = {
    "full": _FULL,
    "no space left": _FULL,
    "disk i/o": "The disk refused; nothing of this commit was kept. Maybe it is full.",
    "malformed": "The file is damaged. Maybe restore a backup.",
    "not a database": "Maybe the path is wrong.",
    "locked": "Maybe another process holds it.",
    "readonly": "Maybe the file or its folder is not writable for this user.",
    "unable to open": "Maybe the file or its folder is not accessible for this user.",
    "connection": "Maybe the server is down, or the address is wrong.",
}


@contextlib.contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn the database's errors into one StoreError that names the store and the next step."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        reason = " ".join(str(cause).split())
        advice = next((text for word, text in _ADVICE.items() if word in reason.lower()), "")
        raise StoreError(f"event store {name}: {reason}. {advice}".rstrip()) from error


@dataclass(frozen=True, slots=True)
class Database:
    engine: Engine
    name: str  # for messages: the path, or the URL without its password
    path: Path | None  # of SQLite

    @classmethod
    def connect(cls, where: str | Path) -> Database:
        """The database at a path or URL. Raises StoreError for what cannot be an event store."""
        if isinstance(where, Path) or "://" not in where:
            return _sqlite(Path(where))
        try:
            url = make_url(where)
        except ArgumentError as error:
            raise StoreError(
                f"{where!r} is not a database address. Maybe sqlite:///path or postgresql://…"
            ) from error
        match url.get_backend_name():
            case "sqlite" if url.database:
                return _sqlite(Path(url.database))
            case "postgresql":
                return _postgres(url)
        raise StoreError(
            f"no event store can be kept in {url!r}: Linewright knows sqlite:///path and postgresql://…"
        )

    def begin_write(self, connection: Connection) -> None:
        """Take the store's write lock for the transaction that begins on `connection`."""
        if self.path:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_POSTGRES_LOCK)))


def _sqlite(path: Path) -> Database:
    if str(path) == ":memory:":
        raise StoreError(
            "an event store cannot live in memory: it must outlast the process. Maybe give a file name."
        )
    name = str(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise StoreError(
                f"event store {name} is a folder. Maybe add a file name, as in {path / 'events.db'}"
            )
        if path.exists():
            with path.open("rb") as file:
                start = file.read(16)
            if start and start != b"SQLite format 3\x00":
                raise StoreError(
                    f"event store {name}: this file is not an event store. Maybe the path is wrong."
                )
    except OSError as error:
        raise StoreError(f"event store {name}: {error.strerror}. Maybe choose another folder.") from error
    engine = sa.create_engine(
        URL.create("sqlite", database=name),
        connect_args={"timeout": _BUSY_S, "check_same_thread": False},
        pool_size=5,
        max_overflow=-1,
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    with translated(name), engine.connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        if mode != "wal":
            raise StoreError(
                f"event store {name}: no write-ahead log here (mode {mode}). Maybe it is a network drive."
            )
        if path.stat().st_size <= _QUICK_CHECK_BYTES:
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if verdict != "ok":
                verdict = " ".join(str(verdict).split())
                raise StoreError(
                    f"event store {name}: the file is damaged ({verdict}). Maybe restore a backup."
                )
    return Database(engine, name, path)


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun here, not by guesses of the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _postgres(url: URL) -> Database:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise MissingDependency(
            "an event store in PostgreSQL needs its driver: pip install 'linewright[cluster]'"
        ) from error
    patient = url.set(drivername="postgresql+psycopg", query=_POSTGRES_PATIENCE | dict(url.query))
    engine = sa.create_engine(patient, pool_size=5, max_overflow=-1, pool_pre_ping=True)
    return Database(engine, url.render_as_string(hide_password=True), None)
