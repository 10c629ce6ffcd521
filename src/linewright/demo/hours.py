"""When a machine or a person works, as intervals of integer seconds that reach as far as they are asked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

NEVER = 2**60
AHEAD_S = 35 * 86400  # how far beyond the asked instant the intervals are known
STEP_S = 70 * 86400

Expand = Callable[[int, int], list[tuple[int, int]]]
"""Open intervals between two instants, sorted and disjoint."""


class Hours:
    """Open intervals of one resource, less the periods cut out of them (absences, maintenance)."""

    def __init__(self, expand: Expand, since: int) -> None:
        self._expand = expand
        self._until = since
        self._open: list[int] = []
        self._close: list[int] = []
        self._cuts: list[tuple[int, int]] = []

    def cut(self, start: int, end: int) -> None:
        """Take a period out."""
        self._cuts.append((start, end))
        pieces = _without(list(zip(self._open, self._close, strict=True)), start, end)
        self._open = [piece[0] for piece in pieces]
        self._close = [piece[1] for piece in pieces]

    def closing(self, at: int) -> int | None:
        """The instant at which it closes, if it is open at `at`."""
        i = self._find(at)
        return self._close[i] if i >= 0 and at < self._close[i] else None

    def opening(self, at: int) -> int:
        """The first instant from `at` on at which it is open; NEVER where it does not open again."""
        i = self._find(at)
        if i >= 0 and at < self._close[i]:
            return at
        return self._open[i + 1] if i + 1 < len(self._open) else NEVER

    def _find(self, at: int) -> int:
        self._reach(at + AHEAD_S)
        return bisect_right(self._open, at) - 1

    def _reach(self, at: int) -> None:
        while self._until < at:
            start, self._until = self._until, self._until + STEP_S
            pieces = self._expand(start, self._until)
            for cut in self._cuts:
                pieces = _without(pieces, *cut)
            for open_, close in pieces:
                if self._close and self._close[-1] == open_:
                    self._close[-1] = close
                else:
                    self._open.append(open_)
                    self._close.append(close)


def both_open(hours: list[Hours], at: int) -> tuple[int, int]:
    """The first instant from `at` on at which all are open, and when the first of them closes then."""
    while True:
        opening = max(one.opening(at) for one in hours)
        if opening >= NEVER:
            return NEVER, NEVER
        closings = [one.closing(opening) for one in hours]
        if all(closing is not None for closing in closings):
            return opening, min(closing for closing in closings if closing is not None)
        at = opening


def worked_together(hours: list[Hours], start: int, end: int) -> int:
    """Seconds between two instants in which all are open."""
    total = 0
    while start < end:
        opening, closing = both_open(hours, start)
        total += max(0, min(closing, end) - opening)
        start = closing
    return total


def done_by(hours: list[Hours], at: int, work: int, pausable: bool) -> int:
    """When work that may begin at an instant ends in the time all are open; NEVER where it does not."""
    left = work
    while True:
        opening, closing = both_open(hours, at)
        if opening >= NEVER:
            return NEVER
        if opening + left <= closing:
            return opening + left
        if pausable:
            left -= closing - opening
        at = closing


def _without(pieces: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    left: list[tuple[int, int]] = []
    for open_, close in pieces:
        if close <= start or open_ >= end:
            left.append((open_, close))
            continue
        if open_ < start:
            left.append((open_, start))
        if close > end:
            left.append((end, close))
    return left
