"""Events as rows of the `event` table, and back.

What is appended is checked to be readable again: a record Python let through with a wrong type in it
would otherwise stop every reader of the log for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec

from linewright.errors import StoreError
from linewright.events.schema import from_microseconds, to_microseconds
from linewright.events.vocabulary import AnyBody, Event

Row: TypeAlias = dict[str, Any]  # to be written
Stored: TypeAlias = Mapping[Any, Any]  # as read, by column name

_encoder = msgspec.json.Encoder()
_events = msgspec.json.Decoder(Event)
_bodies: msgspec.json.Decoder[AnyBody] = msgspec.json.Decoder(AnyBody)


def to_row(event: Event, facility: str = "") -> Row:
    """The row of an event, less its position; `facility`: whose it is where it does not say so.

    Raises StoreError for what could not be read back.
    """
    try:
        checked = _events.decode(_encoder.encode(event))
        received = to_microseconds(checked.received_at or datetime.now(UTC))
        return {
            "id": checked.id,
            "type": checked.type,
            "source": checked.source,
            "subject": checked.subject,
            "time": to_microseconds(checked.time),
            "received_at": received,
            "causation_id": checked.causation_id,
            "correlation_id": checked.correlation_id,
            "facility": checked.facility or facility,
            "body": _encoder.encode(checked.body).decode(),
        }
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise StoreError(
            f"event {event.id!r} of {event.source!r} ({event.type}) cannot be recorded: {error}. "
            "Maybe a field has another type than the vocabulary says, or a time has no time zone."
        ) from error


def from_row(row: Stored) -> Event:
    """The event of a row. Raises StoreError where its body is not of this vocabulary."""
    return Event(
        id=row["id"],
        source=row["source"],
        time=from_microseconds(row["time"]),
        body=read_body(row),
        subject=row["subject"],
        causation_id=row["causation_id"],
        correlation_id=row["correlation_id"],
        facility=row["facility"],
        position=row["position"],
        received_at=from_microseconds(row["received_at"]),
    )


def read_body(row: Stored) -> AnyBody:
    """What the event of a row says."""
    try:
        return _bodies.decode(row["body"])
    except msgspec.MsgspecError as error:
        raise StoreError(
            f"the event at position {row['position']} ({row['type']}, id {row['id']}) "
            f"cannot be read: {error}. "
            "Maybe a newer Linewright wrote it: upgrade with pip install -U linewright."
        ) from error


def to_text(value: Mapping[str, Any], what: str) -> str:
    """JSON text of a payload or receipt. Raises StoreError where it has none."""
    try:
        return _encoder.encode(value).decode()
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise StoreError(f"{what} cannot be written as JSON: {error}.") from error
