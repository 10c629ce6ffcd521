"""Brings a store to this version's tables when it is opened; refuses foreign and newer ones."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from linewright.errors import StoreError
from linewright.events import failpoints
from linewright.events.database import Database, translated
from linewright.events.schema import VERSION_TABLE, metadata

_one_at_a_time = threading.Lock()  # Alembic keeps the migration it runs in module variables
MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database, migrations: Path = MIGRATIONS) -> None:
    """Create or upgrade the tables in one transaction; a SQLite file is copied first.

    Raises StoreError where the database is another program's or was written by a newer version.
    """
    known = sorted(file.name[1:5] for file in (migrations / "versions").glob("v[0-9]*.py"))
    with translated(database.name), database.engine.connect() as connection:
        if _version(database, connection, known) == known[-1]:
            return
        connection.rollback()
        database.begin_write(connection)
        version = _version(database, connection, known)  # another process may have been faster
        if version == known[-1]:
            return
        if version and database.path:
            _back_up(database.path, version)
            failpoints.reach("migrate.backed_up")
        with _one_at_a_time:
            _run(connection, migrations)
        failpoints.reach("migrate.upgraded")
        connection.commit()


def _version(database: Database, connection: Connection, known: list[str]) -> str:
    """The version of the tables; "" where there are none yet."""
    tables = set(sa.inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        foreign = sorted(tables if database.path else tables & metadata.tables.keys())
        if foreign:
            raise StoreError(
                f"event store {database.name}: this database belongs to something else "
                f"(it has a table {foreign[0]!r}). Maybe the path or address is wrong."
            )
        return ""
    version = str(connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar())
    if version not in known:
        raise StoreError(
            f"event store {database.name} was written by a newer Linewright (store version {version}; "
            f"this one knows up to {known[-1]}). Maybe upgrade: pip install -U linewright"
        )
    return version


def _back_up(path: Path, version: str) -> None:
    copy = path.with_name(f"{path.name}.v{version}.backup")
    unfinished = copy.with_name(f"{copy.name}.part")
    source, target = sqlite3.connect(path), sqlite3.connect(unfinished)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    unfinished.replace(copy)


def _run(connection: Connection, migrations: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
