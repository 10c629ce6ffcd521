"""Every error Linewright raises on purpose, in one tree.

LinewrightError
├── PlantError            a plant folder, record or log is wrong; carries every finding
├── NotFeasible           no plan exists for what was asked
├── NotFound              an id that does not exist (machine, order, proposal, scenario)
├── Stale                 a decision was made on facts that have changed since
├── NotApproved           a write to the plant without an approval record
├── ConnectionFailed      a door to the outside did not answer or refused
├── StoreError            the event store could not read or commit
└── MissingDependency     an optional part is not installed

A message names the thing, the place and the next step ("Maybe …").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class LinewrightError(Exception):
    """Root of the tree. The command line prints `str(error)` and exits with 2."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, where it is, and what to do about it."""

    where: str  # "routings.csv:17", "orders.csv:4 column due", "plant.toml"
    what: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" {self.advice}" if self.advice else "")


class PlantError(LinewrightError):
    """A plant folder, record or log that cannot be used.

    `findings` holds everything found, not only the first.
    """

    def __init__(self, findings: Sequence[Finding] | str) -> None:
        self.findings: tuple[Finding, ...] = (
            (Finding("plant", findings),) if isinstance(findings, str) else tuple(findings)
        )
        super().__init__("\n".join(str(finding) for finding in self.findings))


class NotFeasible(LinewrightError):
    """No plan exists for what was asked; the message says which order, which operation and why."""


class NotFound(LinewrightError):
    """An id that does not exist here."""


class Stale(LinewrightError):
    """A decision made on facts that have changed; the message names the newer event."""


class NotApproved(LinewrightError):
    """A write to the plant was asked for without an approval record."""


class ConnectionFailed(LinewrightError):
    """A door to the outside did not answer, refused, or answered nonsense."""


class StoreError(LinewrightError):
    """The event store could not read or commit."""


class MissingDependency(LinewrightError):
    """An optional part is not installed; the message gives the exact install line."""
