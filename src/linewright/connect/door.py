"""What every door to the outside can do, whatever it speaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from linewright.errors import Finding
from linewright.events.vocabulary import Event

REWOUND = "~"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a door has read its source: the source's journal, and the last entry received of it.

    An event that came from a journal entry says so in its id; `after` gives the checkpoint behind it, so
    that committing the event commits the checkpoint.
    """

    journal: str = ""
    sequence: int = 0
    time: datetime | None = field(default=None, compare=False)  # of the last entry, where it is known

    @property
    def event_id(self) -> str:
        """The id of the event made from the last entry."""
        return f"{self.journal}:{self.sequence}"

    @property
    def written_by(self) -> str:
        """The source's own name of the journal."""
        return self.journal.partition(REWOUND)[0]

    def rewound(self, last: int) -> Checkpoint:
        """The checkpoint for a source that was taken up again from an older copy, which ends at `last`.

        It gives numbers a second time, to other entries: they are of a journal with another name.
        """
        return Checkpoint(f"{self.journal}{REWOUND}{self.sequence}", last)

    @classmethod
    def after(cls, event_id: str, time: datetime | None = None) -> Checkpoint | None:
        """The checkpoint behind an event; None for one that did not come from a journal entry."""
        journal, colon, sequence = event_id.rpartition(":")
        return cls(journal, int(sequence), time) if colon and sequence.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a write: done, refused by the target for good, or worth trying again."""

    outcome: Literal["done", "refused", "retry"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class JobState:
    """A job order as the shop floor holds it."""

    job_order: str
    state: str  # "NotAllowedToStart", "AllowedToStart", "Running", "Interrupted", "Ended" or "Aborted"
    plan_version: int
    machine: str
    operator: str
    setup_start: datetime | None


class Write(Protocol):
    """A write as the outbox holds it (`events.outbox.Command`)."""

    @property
    def kind(self) -> str: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...


OnEvents: TypeAlias = Callable[[list[Event], Checkpoint], Awaitable[None]]
"""Takes events, oldest first, and the checkpoint behind them, which it is to commit with them."""


@dataclass(slots=True)
class Counts:
    """What went through a door since it was made. `read` and `delivered` differ only by what is under way."""

    read: int = 0
    delivered: int = 0
    written: int = 0
    refused: int = 0
    connected: int = 0


class Door(Protocol):
    name: str
    counts: Counts

    @property
    def connected(self) -> bool:
        """Whether the other side answers now."""
        ...

    def clock(self) -> datetime:
        """The time by the clock of the other side, estimated between its readings."""
        ...

    async def run(self, on_events: OnEvents, checkpoint: Checkpoint) -> None:
        """Keep connected and deliver events after a checkpoint until cancelled; what is delivered twice
        has the same id."""
        ...

    async def send(self, write: Write) -> Receipt:
        """Carry out a write. Raises ConnectionFailed where it is not known whether it took effect."""
        ...

    async def read_back(self, job_order: str) -> JobState | None:
        """A job order as the other side holds it now; None where it does not."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """What a live system said when it was asked what it can do."""

    endpoint: str
    server: str
    facts: tuple[tuple[str, str], ...]
    findings: Sequence[Finding]  # what is missing; empty: usable

    @property
    def usable(self) -> bool:
        return not self.findings
