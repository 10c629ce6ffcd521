"""What a demonstration plant can be made to do; a real plant needs no help to be disrupted."""

from __future__ import annotations

from datetime import UTC, datetime

from asyncua import ua

from linewright.connect.opcua.door import OpcUaDoor

_TEXT, _NUMBER = ua.VariantType.String, ua.VariantType.Double


class Demonstration:
    """Disruptions and the rate of time. Each raises ConnectionFailed, or LinewrightError with the plant's
    own words where it refuses."""

    def __init__(self, door: OpcUaDoor) -> None:
        self._door = door

    async def break_machine(self, machine: str, hours: float) -> datetime:
        """A machine fails now; returns the expected end of its repair."""
        end = await self._door.act("Disruptions", "BreakMachine", (machine, _TEXT), (float(hours), _NUMBER))
        return datetime.fromisoformat(end)

    async def rush_order(self, part: str, quantity: int, due: datetime, priority: float) -> str:
        """An order comes in; returns its id."""
        return await self._door.act(
            "Disruptions",
            "RushOrder",
            (part, _TEXT),
            (quantity, ua.VariantType.UInt32),
            (due.astimezone(UTC), ua.VariantType.DateTime),
            (float(priority), _NUMBER),
        )

    async def delay_material(self, lot: str, hours: float) -> datetime:
        """An expected lot comes later; returns when."""
        when = await self._door.act("Disruptions", "DelayMaterial", (lot, _TEXT), (float(hours), _NUMBER))
        return datetime.fromisoformat(when)

    async def operator_absent(self, person: str, hours: float) -> datetime:
        """A person leaves now; returns when they are back."""
        end = await self._door.act("Disruptions", "OperatorAbsent", (person, _TEXT), (float(hours), _NUMBER))
        return datetime.fromisoformat(end)

    async def set_rate(self, rate: float) -> None:
        """Let plant time pass at a rate; 0: stand still."""
        await self._door.act("Clock", "SetRate", (float(rate), _NUMBER))
