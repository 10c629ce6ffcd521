"""A full disk, a damaged file, an upgrade cut short: said clearly, and nothing lost."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from linewright.errors import StoreError
from linewright.events import database as database_module
from linewright.events.database import Database
from linewright.events.schema import VERSION_TABLE, metadata
from linewright.events.store import EventStore
from linewright.events.upgrade import MIGRATIONS, upgrade
from linewright.events.vocabulary import ConnectorLost, Event, event

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = """
from alembic import op
import sqlalchemy as sa

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("event", sa.Column("shift", sa.Text, nullable=False, server_default=""))
"""


def note(number: int, size: int = 10) -> Event:
    body = ConnectorLost(connector=f"c{number}", endpoint="x" * size)
    return event(body, source="test", time=NOON, key=str(number))


def fill(store: EventStore) -> list[str]:
    """Append until the store refuses; the ids of what it took."""
    taken: list[str] = []
    with pytest.raises(StoreError, match=r"nothing of this commit was kept"):
        for number in range(10_000):
            item = note(number, 5000)
            store.append([item])
            taken.append(item.id)
    assert taken
    return taken


# A full disk


def test_a_full_disk_loses_nothing_and_is_said(tmp_path: Path) -> None:
    database = Database.connect(tmp_path / "events.db")
    upgrade(database)
    limit = "60"

    @sa.event.listens_for(database.engine, "connect")
    def cap(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={limit}").close()

    database.engine.dispose()
    with EventStore(database, 0.001) as store:
        taken = fill(store)
        with pytest.raises(StoreError, match="disk is full"):
            store.append([note(99_999, 5000)])
        assert [item.id for item in store.read()] == taken
        limit = "100000"
        database.engine.dispose()  # the limit is one of connections: let there be new ones
        assert store.append([note(99_999, 5000)]).positions == (len(taken) + 1,)


def test_a_write_the_system_refuses_loses_nothing(tmp_path: Path) -> None:
    with EventStore.open(tmp_path / "events.db") as store:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
        try:
            taken = fill(store)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert [item.id for item in store.read()] == taken
        assert store.append([note(99_999)]).positions == (len(taken) + 1,)
    with EventStore.open(tmp_path / "events.db") as store:
        assert store.last_position() == len(taken) + 1


# A server that goes away


def test_a_lost_connection_to_postgres_is_taken_up_again(postgres_url: str) -> None:
    import psycopg

    with EventStore.open(postgres_url) as store:
        start = store.last_position()
        for round_ in range(3):
            with psycopg.connect(postgres_url, autocommit=True) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            store.append([event(note(round_).body, source="test", time=NOON)])
            assert store.last_position() == start + round_ + 1


class Wire:
    """A connection to a server in between, that can be cut and mended, or go silent."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.up, self._ends = True, list[socket.socket]()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                end, _ = self._server.accept()
                if not self.up:
                    end.close()
                    continue
                other = socket.create_connection(("127.0.0.1", self._port))
                self._ends += [end, other]
                for pair in ((end, other), (other, end)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)

    def cut(self) -> None:
        self.up = False
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def close(self) -> None:
        self.cut()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def test_a_postgres_that_is_away_is_said_and_taken_up_again_when_it_is_back(postgres_url: str) -> None:
    url = sa.make_url(postgres_url)
    wire = Wire(url.port or 5432)
    through = url.set(port=wire.port).render_as_string(hide_password=False)
    with EventStore.open(through) as store:
        start = store.last_position()
        news = store.subscribe()
        events = [event(note(n).body, source="away", time=NOON, key=f"{n}") for n in range(6)]
        store.append(events[:1])
        wire.cut()
        for _ in range(2):
            with pytest.raises(StoreError, match="Maybe the server is down"):
                store.append(events[:3])
            with pytest.raises(StoreError, match="Maybe the server is down"):
                store.last_position()
        wire.up = True
        store.append(events)
        assert store.last_position() == start + 6
        assert [item.id for item in news.take(timeout=0)] == [item.id for item in events]
    wire.close()


def test_a_postgres_that_does_not_answer_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setitem(database_module._POSTGRES_PATIENCE, "connect_timeout", "2")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        number = silent.getsockname()[1]
        with pytest.raises(StoreError, match=r"timeout expired.*Maybe the server is down"):
            EventStore.open(f"postgresql://ada@127.0.0.1:{number}/plant")


def test_writers_who_find_the_store_locked_wait_for_it_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_BUSY_S", 0.1)
    tries: list[None] = []
    first, others = threading.Event(), threading.Event()
    begin = Database.begin_write

    def counted(self: Database, connection: sa.Connection) -> None:
        tries.append(None)
        first.set()
        others.wait()
        begin(self, connection)

    with EventStore.open(tmp_path / "events.db") as store:
        monkeypatch.setattr(Database, "begin_write", counted)
        holder = sqlite3.connect(tmp_path / "events.db", isolation_level=None)
        holder.execute("begin immediate")
        with ThreadPoolExecutor(12) as pool:
            writes = [pool.submit(store.append, [note(0)])]
            first.wait()
            writes += [pool.submit(store.append, [note(number)]) for number in range(1, 12)]
            while store._committer._queue.qsize() < 11:
                time.sleep(0.01)
            others.set()
            errors = [write.exception() for write in writes]
        assert all("Maybe another process holds it" in str(error) for error in errors)
        assert len(tries) == 2  # the first, and then all others at once
        holder.execute("rollback")
        holder.close()
        assert store.append([note(1)]).positions == (1,)


# What cannot be opened


def test_durability_is_not_left_to_defaults(tmp_path: Path) -> None:
    database = Database.connect(tmp_path / "events.db")
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    database.engine.dispose()


def test_a_file_that_is_no_store_is_refused_by_name_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order,part\n" * 5)
    with pytest.raises(StoreError, match=r"orders\.csv.*not an event store"):
        EventStore.open(path)
    assert path.read_text() == "order,part\n" * 5


def test_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"is a folder.*events\.db"):
        EventStore.open(tmp_path)


@pytest.mark.parametrize("address", ["mysql://host/db", "sqlite://", "://", "postgresql:/x://"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite:///path"):
        EventStore.open(address)


def test_a_store_in_memory_is_refused() -> None:
    with pytest.raises(StoreError, match="outlast the process"):
        EventStore.open(":memory:")


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match=r"@127\.0\.0\.1:1/plant.*server is down") as raised:
        EventStore.open("postgresql://ada:secret@127.0.0.1:1/plant")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("damage", ["overwritten", "cut"])
def test_a_damaged_file_is_refused_by_name(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    with EventStore.open(path) as store:
        store.append([note(number, 500) for number in range(200)])
    content = path.read_bytes()
    assert len(content) > 100_000
    if damage == "cut":
        path.write_bytes(content[:50_000])
    else:
        path.write_bytes(content[:20_000] + os.urandom(60_000) + content[80_000:])
    with pytest.raises(StoreError, match=r"events\.db.*damaged.*backup"):
        EventStore.open(path)


# Upgrades


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The migrations of a coming version."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / "versions" / "v0002_shift.py").write_text(SECOND)
    return folder


def columns(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        return {row[1] for row in connection.execute("PRAGMA table_info(event)")}
    finally:
        connection.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_migrations_make_the_tables_the_code_uses(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    address = request.getfixturevalue("postgres_url") if kind == "postgres" else str(tmp_path / "events.db")
    EventStore.open(address).close()
    database = Database.connect(address)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    database.engine.dispose()


def test_an_upgrade_keeps_the_log_and_a_copy_of_the_file(tmp_path: Path, newer: Path) -> None:
    path = tmp_path / "events.db"
    with EventStore.open(path) as store:
        store.append([note(1), note(2)])
    database = Database.connect(path)
    upgrade(database, newer)
    upgrade(database, newer)  # a second start changes nothing
    database.engine.dispose()
    assert "shift" in columns(path)
    backup = tmp_path / "events.db.v0001.backup"
    assert "shift" not in columns(backup)
    for file in (path, backup):
        connection = sqlite3.connect(file)
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (2,)
        connection.close()
    with pytest.raises(StoreError, match="newer Linewright"):
        EventStore.open(path)
    with EventStore.open(backup) as store:
        assert store.last_position() == 2


@pytest.mark.parametrize("place", ["migrate.backed_up", "migrate.upgraded"])
def test_an_upgrade_cut_short_begins_anew(place: str, tmp_path: Path, newer: Path) -> None:
    path = tmp_path / "events.db"
    with EventStore.open(path) as store:
        store.append([note(1)])
    script = (
        "import sys; from pathlib import Path; from linewright.events.database import Database; "
        "from linewright.events.upgrade import upgrade; "
        "upgrade(Database.connect(sys.argv[1]), Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", script, str(path), str(newer)]
    killed = subprocess.run(
        command, env=os.environ | {"LINEWRIGHT_FAILPOINT": place}, check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    assert "shift" not in columns(path)
    with EventStore.open(path) as store:
        assert store.last_position() == 1
    assert subprocess.run(command, check=False, timeout=60).returncode == 0
    assert "shift" in columns(path)
