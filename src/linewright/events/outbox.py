"""Intents to change something outside, kept with the events that caused them until they are done.

A command goes pending → delivering → done, failed or superseded. Delivery is repeated until it is
acknowledged; the idempotency key lets the target do it once. No command is handed out without the
`schedule.approved` event of its plan version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from linewright.errors import NotFound
from linewright.events import failpoints
from linewright.events.codec import Row, Stored, read_body, to_row, to_text
from linewright.events.commit import Appended, Transaction
from linewright.events.schema import event as log
from linewright.events.schema import from_microseconds, outbox, to_microseconds
from linewright.events.vocabulary import Correction, DispatchFailed, ScheduleApproved, event


class State(StrEnum):
    PENDING = "pending"
    DELIVERING = "delivering"
    DONE = "done"
    FAILED = "failed"
    SUPERSEDED = "superseded"


_OPEN = (State.PENDING, State.DELIVERING)


@dataclass(frozen=True, slots=True)
class Intent:
    """Something to be done outside, written in one transaction with the events that cause it."""

    target: str  # the door it goes through: "opcua:demo"
    kind: str  # what the door is to do: "job_order.store"
    key: str  # idempotency key; a second intent with it for the same target is ignored
    payload: Mapping[str, Any]
    plan_version: int
    approval: str  # id of the schedule.approved event of this plan version
    subject: str = ""  # what it is about; commands about one subject are delivered in order


@dataclass(frozen=True, slots=True)
class Command:
    """An intent as the outbox holds it."""

    id: int
    target: str
    kind: str
    key: str
    payload: dict[str, Any]
    plan_version: int
    approval: str
    subject: str
    state: State
    attempts: int
    due: datetime  # pending: not before; delivering: end of the lease
    receipt: dict[str, Any]
    error: str


def intent_row(intent: Intent) -> Row:
    """The row of a new intent. Raises StoreError where the payload is not JSON."""
    return {
        "target": intent.target,
        "kind": intent.kind,
        "key": intent.key,
        "subject": intent.subject,
        "payload": to_text(intent.payload, f"the payload of intent {intent.key!r} for {intent.target}"),
        "plan_version": intent.plan_version,
        "approval": intent.approval,
        "state": State.PENDING,
        "attempts": 0,
        "due": 0,
        "receipt": "{}",
        "error": "",
    }


def command(row: Stored) -> Command:
    """The command of a row."""
    fields = dict(row)
    fields["payload"] = msgspec.json.decode(fields["payload"])
    fields["receipt"] = msgspec.json.decode(fields["receipt"])
    fields["state"] = State(fields["state"])
    fields["due"] = from_microseconds(fields["due"])
    return Command(**fields)


def put(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Add intents; those whose key the target has already are left out."""
    fresh = {(row["target"], row["key"]): row for row in reversed(rows)}
    for target in {row["target"] for row in rows}:
        keys = [row["key"] for row in rows if row["target"] == target]
        for start in range(0, len(keys), 1000):
            held = sa.select(outbox.c.key).where(
                outbox.c.target == target, outbox.c.key.in_(keys[start : start + 1000])
            )
            for key in transaction.connection.scalars(held):
                fresh.pop((target, key), None)
    if fresh:
        transaction.connection.execute(sa.insert(outbox), list(reversed(fresh.values())))
    failpoints.reach("append.outbox")


def claim(
    transaction: Transaction, target: str, limit: int, now: datetime, lease_s: float
) -> tuple[list[Command], list[str]]:
    """Lease commands that are due, oldest first; and why commands were refused instead.

    A command without approval is failed on the record, so that it never stands in the way of others;
    nothing is leased in that case.
    """
    moment = to_microseconds(now)
    earlier = outbox.alias("earlier")
    in_order = ~sa.exists().where(
        earlier.c.target == outbox.c.target,
        earlier.c.subject == outbox.c.subject,
        earlier.c.state.in_(_OPEN),
        earlier.c.id < outbox.c.id,
    )
    query = (
        sa.select(outbox)
        .where(outbox.c.target == target, outbox.c.state.in_(_OPEN), outbox.c.due <= moment)
        .where(sa.or_(outbox.c.subject == "", in_order))
        .order_by(outbox.c.id)
        .limit(limit)
    )
    rows = [dict(row) for row in transaction.connection.execute(query).mappings()]
    refused = _without_approval(transaction, rows)
    if refused:
        for row, reason in refused:
            _refuse(transaction, row, reason, now)
        return [], [
            f"command {row['key']} for {target} (plan version {row['plan_version']}): {reason}"
            for row, reason in refused
        ]
    due = to_microseconds(now + timedelta(seconds=lease_s))
    for row in rows:
        row.update(state=State.DELIVERING, attempts=row["attempts"] + 1, due=due)
    if rows:
        transaction.connection.execute(
            sa.update(outbox)
            .where(outbox.c.id.in_([row["id"] for row in rows]))
            .values(state=State.DELIVERING, attempts=outbox.c.attempts + 1, due=due)
        )
        failpoints.reach("outbox.claimed")
    return [command(row) for row in rows], []


def _without_approval(transaction: Transaction, rows: Sequence[Row]) -> list[tuple[Row, str]]:
    wanted = sorted({row["approval"] for row in rows})
    if not wanted:
        return []
    transaction.flush()
    approvals: dict[str, int] = {}
    query = sa.select(log).where(log.c.id.in_(wanted) | (log.c.type == "correction")).order_by(log.c.position)
    for stored in transaction.connection.execute(query).mappings():
        body = read_body(stored)
        if isinstance(body, ScheduleApproved):
            approvals[stored["id"]] = body.plan_version
        elif isinstance(body, Correction):
            approvals.pop(body.of, None)
    refused = []
    for row in rows:
        approved = approvals.get(row["approval"])
        if approved is None:
            refused.append((row, f"no approval {row['approval']!r} is in force in the log"))
        elif approved != row["plan_version"]:
            refused.append((row, f"its approval {row['approval']} is for plan version {approved}"))
    return refused


def _refuse(transaction: Transaction, row: Row, reason: str, now: datetime) -> None:
    body = DispatchFailed(
        command=row["key"], target=row["target"], reason=reason, plan_version=row["plan_version"]
    )
    failed = event(
        body,
        source="linewright:outbox",
        time=now,
        key=f"{row['target']}|{row['key']}",
        subject=row["subject"],
    )
    _close(transaction, row["id"], State.FAILED, error=reason)
    transaction.append([to_row(failed)])


def acknowledge(transaction: Transaction, id_: int, receipt: str, rows: Sequence[Row]) -> Appended:
    """The target did it. True of a superseded or failed command too: what happened is recorded."""
    if _state(transaction, id_) is State.DONE:
        return Appended((), ())
    _close(transaction, id_, State.DONE, receipt=receipt, error="")
    failpoints.reach("outbox.acknowledged")
    return transaction.append(rows)


def retry(transaction: Transaction, id_: int, at: datetime, error: str) -> None:
    """Deliver again, not before `at`; a command no longer in delivery stays as it is."""
    if _state(transaction, id_) is State.DELIVERING:
        _close(transaction, id_, State.PENDING, due=to_microseconds(at), error=error)
        failpoints.reach("outbox.retried")


def fail(transaction: Transaction, id_: int, reason: str, rows: Sequence[Row]) -> Appended:
    """Give up; a command that is done or superseded stays as it is."""
    if _state(transaction, id_) not in _OPEN:
        return Appended((), ())
    _close(transaction, id_, State.FAILED, error=reason)
    failpoints.reach("outbox.failed")
    return transaction.append(rows)


def supersede(transaction: Transaction, below_plan_version: int, target: str) -> None:
    """Withdraw what older plan versions have not delivered."""
    transaction.connection.execute(
        sa.update(outbox)
        .where(
            outbox.c.target == target,
            outbox.c.state.in_(_OPEN),
            outbox.c.plan_version < below_plan_version,
        )
        .values(state=State.SUPERSEDED, error=f"superseded by plan version {below_plan_version}")
    )
    failpoints.reach("outbox.superseded")


def utc_now() -> datetime:
    return datetime.now(UTC)


def _state(transaction: Transaction, id_: int) -> State:
    state = transaction.connection.scalar(sa.select(outbox.c.state).where(outbox.c.id == id_))
    if state is None:
        raise NotFound(f"no command {id_} in the outbox")
    return State(state)


def _close(transaction: Transaction, id_: int, state: State, **values: object) -> None:
    transaction.connection.execute(sa.update(outbox).where(outbox.c.id == id_).values(state=state, **values))
