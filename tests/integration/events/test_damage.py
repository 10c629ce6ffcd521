"""A full disk, a damaged file, an upgrade cut short: said clearly, and nothing lost."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from linewright.errors import StoreError
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
