"""The floor's memory: its records, which of them have changed, and the journal of what has happened.

`commit` writes all changes since the last one in one SQLite transaction, so that a process killed at any
moment goes on from a state that has been, with a journal that says exactly what led to it.
"""

from __future__ import annotations

import sqlite3
import uuid
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import msgspec

from linewright.demo.journal import topic
from linewright.demo.records import Away, Entry, Job, Lot, Machine, OrderRecord
from linewright.errors import StoreError
from linewright.events.vocabulary import AnyBody

Record: TypeAlias = Job | Machine | Lot | OrderRecord | Away

JOURNAL_KEPT = 50_000
"""Entries the journal keeps at least; of older ones, those that still hold (`journal.topic`)."""

_PRUNE_EVERY = 5_000
_body: msgspec.json.Decoder[AnyBody] = msgspec.json.Decoder(AnyBody)
_SCHEMA = """
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists record (
    kind text, id text, body blob not null, primary key (kind, id)
) without rowid;
create table if not exists journal (sequence integer primary key, time text not null, body blob not null);
"""


class Memory:
    """Records in dicts, kept in `path`; None: in memory only."""

    def __init__(self, path: Path | None = None) -> None:
        self.jobs: dict[str, Job] = {}
        self.machines: dict[str, Machine] = {}
        self.lots: dict[str, Lot] = {}
        self.orders: dict[str, OrderRecord] = {}
        self.away: dict[str, Away] = {}
        self.clock = 0
        self.rate = 0.0
        self.first_sequence = 1  # from which on the journal is whole
        self.last_sequence = 0
        self.committed = 0  # the last sequence that is durable
        self.journal_id = ""
        self.fresh = True  # nothing was remembered
        self._changed: dict[tuple[str, str], Record] = {}
        self._said: list[Entry] = []
        self._expected: list[Lot] | None = None
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=1)
            self._db.execute("pragma locking_mode = exclusive")  # one plant process at a time
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
            self._db.executescript(_SCHEMA)
            self._load()
        except (OSError, sqlite3.Error, msgspec.MsgspecError) as error:
            raise StoreError(
                f"{path}: cannot be used as the plant's memory ({error}). "
                "Maybe another plant runs on the same folder, or it is not this plant's: give another --data."
            ) from error

    # -- records ------------------------------------------------------------------------------------

    def _shelf(self, record: Record) -> tuple[dict[str, Record], str]:
        shelves: dict[type, dict[str, Record]] = {
            Job: self.jobs,  # type: ignore[dict-item]
            Machine: self.machines,  # type: ignore[dict-item]
            Lot: self.lots,  # type: ignore[dict-item]
            OrderRecord: self.orders,  # type: ignore[dict-item]
            Away: self.away,  # type: ignore[dict-item]
        }
        key = f"{record.person}@{record.start}" if isinstance(record, Away) else record.id
        return shelves[type(record)], key

    def add(self, *records: Record) -> None:
        """Remember new records."""
        for record in records:
            shelf, key = self._shelf(record)
            shelf[key] = record
            self._changed[type(record).__name__, key] = record
            if isinstance(record, Lot):
                self._expected = None

    def keep(self, *records: Record) -> None:
        """Note that records have changed."""
        for record in records:
            self._changed[type(record).__name__, self._shelf(record)[1]] = record
            if isinstance(record, Lot):
                self._expected = None

    def expected_lots(self) -> list[Lot]:
        """The lots that have not arrived, next first."""
        if self._expected is None:
            coming = (lot for lot in self.lots.values() if not lot.arrived)
            self._expected = sorted(coming, key=lambda lot: (lot.available, lot.id))
        return self._expected

    # -- journal ------------------------------------------------------------------------------------

    def say(self, time: datetime, body: AnyBody) -> None:
        """Enter a happening in the journal."""
        self.last_sequence += 1
        self._said.append(Entry(self.last_sequence, time, body))

    def read(self, after: int, limit: int) -> list[tuple[int, str, bytes]]:
        """Committed entries after a number: (sequence, ISO time, body as JSON)."""
        return self._db.execute(
            "select sequence, time, body from journal where sequence > ? order by sequence limit ?",
            (after, limit),
        ).fetchall()

    @property
    def unsaved(self) -> bool:
        """Whether something has changed since the last commit."""
        return bool(self._said or self._changed)

    # -- durability ---------------------------------------------------------------------------------

    def commit(self) -> list[Entry]:
        """Make everything since the last commit durable; returns what was said since."""
        said, changed = self._said, self._changed
        encode = msgspec.json.encode
        first = self.first_sequence
        if self.last_sequence - first >= JOURNAL_KEPT + _PRUNE_EVERY:
            first = self.last_sequence - JOURNAL_KEPT + 1
        db = self._db
        try:
            db.execute("begin immediate")
            db.executemany(
                "insert or replace into record values (?, ?, ?)",
                [(kind, key, encode(record)) for (kind, key), record in changed.items()],
            )
            db.executemany(
                "insert into journal values (?, ?, ?)",
                [(entry.sequence, entry.time.isoformat(), encode(entry.body)) for entry in said],
            )
            if first > self.first_sequence:
                self._prune(first)
            db.executemany(
                "insert or replace into meta values (?, ?)",
                [
                    ("clock", str(self.clock)),
                    ("rate", str(self.rate)),
                    ("first", str(first)),
                    ("last", str(self.last_sequence)),
                    ("journal", self.journal_id),
                ],
            )
            db.execute("commit")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("rollback")
            raise StoreError(
                f"The plant's memory could not be written: {error}. Maybe the disk is full."
            ) from error
        self.first_sequence = first
        self._said, self._changed = [], {}
        self.committed = self.last_sequence
        return said

    def _prune(self, first: int) -> None:
        """Let go of the entries before a number that no longer hold."""
        last: dict[tuple[str, ...], int] = {}
        gone: list[tuple[int]] = []
        before = "select sequence, body from journal where sequence < ? order by sequence"
        for sequence, body in self._db.execute(before, (first,)):
            about = topic(_body.decode(body))
            if about in last:
                gone.append((last[about],))
            last[about] = sequence
        self._db.executemany("delete from journal where sequence = ?", gone)

    def _load(self) -> None:
        meta = dict(self._db.execute("select key, value from meta").fetchall())
        self.journal_id = meta.get("journal", "") or uuid.uuid4().hex
        if not meta:
            return
        self.fresh = False
        self.clock, self.rate = int(meta["clock"]), float(meta["rate"])
        self.first_sequence = int(meta["first"])
        self.last_sequence = self.committed = int(meta["last"])
        kinds: dict[str, type[Record]] = {
            kind.__name__: kind for kind in (Job, Machine, Lot, OrderRecord, Away)
        }
        for kind, key, body in self._db.execute("select kind, id, body from record"):
            record = msgspec.json.decode(body, type=kinds[kind])
            self._shelf(record)[0][key] = record

    def close(self) -> None:
        self._db.close()
