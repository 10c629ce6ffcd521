"""The tables of the event store, the same in SQLite and PostgreSQL.

Instants are microseconds since 1970 UTC, so that they compare and sort alike in both. Bodies, payloads
and receipts are JSON text. `migrations/` creates and upgrades these tables; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint

VERSION_TABLE = "linewright_version"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

metadata = MetaData()
RowId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows only in an INTEGER key

event = Table(
    "event",
    metadata,
    Column("position", RowId, primary_key=True, autoincrement=False),  # gap-free, in commit order
    Column("id", Text, nullable=False, unique=True),  # the inbox: a second delivery has the same id
    Column("type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("causation_id", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("facility", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_event_type", "type", "position"),
    Index("ix_event_source", "source", "position"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("target", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),  # idempotency key: the target carries it out once
    Column("subject", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("plan_version", BigInteger, nullable=False),
    Column("approval", Text, nullable=False),  # id of a schedule.approved event
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),  # pending: not before; delivering: end of the lease
    Column("receipt", Text, nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("target", "key", name="uq_outbox_key"),
    Index("ix_outbox_due", "target", "state", "due"),
    Index("ix_outbox_subject", "target", "subject", "id"),
    Index("ix_outbox_plan", "plan_version"),
)

consumer_offset = Table(
    "consumer_offset",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("position", RowId, ForeignKey("event.position"), primary_key=True, autoincrement=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)


def to_microseconds(instant: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The UTC datetime of `to_microseconds`."""
    return _EPOCH + timedelta(microseconds=value)
