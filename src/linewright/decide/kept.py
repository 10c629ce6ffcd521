"""How much of the past stays in memory: what a planner can still use. The log keeps all of it.

Besides what is counted here: work instructions and staging stay until their job is done or its order
cancelled, and of notices the newest to each person.
"""

from __future__ import annotations

from typing import Any

ALTERNATIVES = 8
"""Proposals whose alternatives can be looked at and approved."""

PROPOSALS = 50
DISRUPTIONS = 50

PLANS = 50
"""Approved plans, with the plant's answers to their writes and their outcomes."""


def trim(held: dict[Any, Any], most: int) -> None:
    """Forget all but the newest."""
    while len(held) > most:
        del held[next(iter(held))]
