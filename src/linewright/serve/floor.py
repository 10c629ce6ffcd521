"""What the console needs of the live plant: its clock, whether it answers, and, of a demonstration plant,
the means to disrupt it. Satisfied by the composition root; there may be no live plant at all."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol


class Floor(Protocol):
    @property
    def connected(self) -> bool: ...

    @property
    def waiting_for(self) -> str:
        """Why writes to the plant wait, in words; "" while it is connected."""

    @property
    def demo(self) -> bool:
        """Whether the plant offers to be disrupted."""

    @property
    def rate(self) -> float:
        """Plant seconds per second."""

    @property
    def freshness_s(self) -> float:
        """Seconds since the plant was last heard of."""

    def now(self) -> datetime:
        """The plant's clock."""

    async def disrupt(self, kind: str, arguments: dict[str, Any]) -> None:
        """Ask the demonstration plant for a disruption; ConnectionFailed, NotFound."""

    async def set_rate(self, rate: float) -> None: ...
