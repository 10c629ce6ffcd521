"""How much is asked of a generation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is asked of a generation: a time, or a move budget that makes it repeatable."""

    scenarios: int = 50
    seconds: float | None = 5.0
    moves: int | None = None
    threads: int = 2
    seed: int = 1
