"""The plant's clock: plant seconds pass at a rate per real second that can be changed at any time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

LARGEST_RATE = 3600.0


class PlantClock:
    """Plant time since `epoch`; 0 as rate: time stands still."""

    def __init__(
        self, epoch: datetime, second: float, rate: float, now: Callable[[], float] = monotonic
    ) -> None:
        self.epoch = epoch.astimezone(UTC)
        self.rate = rate
        self._now = now
        self._second = second
        self._since = now()

    def second(self) -> float:
        """Plant seconds since the epoch."""
        return self._second + (self._now() - self._since) * self.rate

    def instant(self) -> datetime:
        return self.epoch + timedelta(seconds=self.second())

    def set_rate(self, rate: float) -> None:
        self.set_second(self.second())
        self.rate = rate

    def set_second(self, second: float) -> None:
        """Put the clock right: the floor could not keep up."""
        self._second, self._since = second, self._now()
