"""A hash chain over the events that decide what is done to the plant.

Each link hashes its event together with the hash before it, so that a changed, removed or inserted
record breaks the chain at its place. Noting the last hash elsewhere guards the end of the chain too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from linewright.events import schema
from linewright.events.codec import Row, Stored
from linewright.events.schema import from_microseconds

AUDITED = frozenset(
    {
        "schedule.approved",
        "schedule.rejected",
        "schedule.released",
        "dispatch_command.acknowledged",
        "dispatch_command.failed",
        "correction",
    }
)
START = "0" * 64  # the hash before the first link


@dataclass(frozen=True, slots=True)
class Link:
    """One audited event as written, and its place in the chain."""

    record: dict[str, Any]
    prev_hash: str
    hash: str

    def to_json(self) -> str:
        """One line of the export."""
        return msgspec.json.encode(
            {"event": self.record, "prev_hash": self.prev_hash, "hash": self.hash}
        ).decode()

    @classmethod
    def from_json(cls, line: str) -> Link:
        fields = msgspec.json.decode(line)
        return cls(fields["event"], fields["prev_hash"], fields["hash"])


@dataclass(frozen=True, slots=True)
class Break:
    """The first link that does not hold."""

    position: int
    event: str
    reason: str

    def __str__(self) -> str:
        return f"audit chain broken at position {self.position} (event {self.event}): {self.reason}"


@dataclass(frozen=True, slots=True)
class AuditReport:
    links: int
    last_hash: str
    broken: Break | None = None

    @property
    def ok(self) -> bool:
        return self.broken is None


def record(row: Stored) -> dict[str, Any]:
    """What is hashed of an event row: all of it, the body as the text that is stored."""
    return {
        "position": row["position"],
        "id": row["id"],
        "type": row["type"],
        "source": row["source"],
        "subject": row["subject"],
        "time": from_microseconds(row["time"]),
        "received_at": from_microseconds(row["received_at"]),
        "causation_id": row["causation_id"],
        "correlation_id": row["correlation_id"],
        "facility": row["facility"],
        "body": row["body"],
    }


def chain(prev_hash: str, fields: Mapping[str, Any]) -> str:
    """SHA-256 over the hash before and the record as JSON with sorted keys."""
    text = msgspec.json.encode(fields, order="sorted")
    return hashlib.sha256(prev_hash.encode() + b"\n" + text).hexdigest()


def add(connection: Connection, rows: Iterable[Row]) -> bool:
    """Append a link for each audited row; whether there was one."""
    audited = [row for row in rows if row["type"] in AUDITED]
    if not audited:
        return False
    last = sa.select(schema.audit.c.hash).order_by(schema.audit.c.position.desc()).limit(1)
    hash_ = connection.scalar(last) or START
    links = []
    for row in audited:
        prev_hash, hash_ = hash_, chain(hash_, record(row))
        links.append({"position": row["position"], "prev_hash": prev_hash, "hash": hash_})
    connection.execute(sa.insert(schema.audit), links)
    return True


def links(connection: Connection) -> Iterator[Link]:
    """The chain as stored. An audited event without a link has empty hashes, a link without its event
    an empty id."""
    joined = (
        sa.select(schema.event, schema.audit.c.prev_hash, schema.audit.c.hash)
        .select_from(schema.event.outerjoin(schema.audit))
        .where(sa.or_(schema.event.c.type.in_(sorted(AUDITED)), schema.audit.c.hash.is_not(None)))
        .order_by(schema.event.c.position)
    )
    orphans = connection.execute(
        sa.select(schema.audit)
        .where(~sa.exists().where(schema.event.c.position == schema.audit.c.position))
        .order_by(schema.audit.c.position)
    ).mappings()
    missing = [
        Link({"position": row["position"], "id": ""}, row["prev_hash"], row["hash"]) for row in orphans
    ]
    for row in connection.execute(joined).mappings():
        while missing and missing[0].record["position"] < row["position"]:
            yield missing.pop(0)
        yield Link(record(row), row["prev_hash"] or "", row["hash"] or "")
    yield from missing


def verify(chain_links: Iterable[Link], must_contain: str = "") -> AuditReport:
    """Recompute a chain, from the store or from exported lines, up to its first broken link.

    `must_contain`: a hash noted down earlier; a chain that lacks it was cut short or rewritten.
    """
    count, last, seen = 0, START, not must_contain
    position, event = 0, "none"
    for link in chain_links:
        position, event = link.record["position"], link.record["id"] or "unknown"
        if not link.record["id"]:
            reason = "its event is missing from the log"
        elif not link.hash:
            reason = "the event has no link in the chain"
        elif link.prev_hash != last:
            reason = "it does not follow the link before it: one was removed, inserted or rewritten"
        elif chain(link.prev_hash, link.record) != link.hash:
            reason = "the event was changed after it was recorded"
        else:
            count, last, seen = count + 1, link.hash, seen or link.hash == must_contain
            continue
        return AuditReport(count, last, Break(position, event, reason))
    if not seen:
        return AuditReport(count, last, Break(position, event, f"the chain ends without {must_contain}"))
    return AuditReport(count, last)
