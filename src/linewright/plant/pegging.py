"""Pegging: which lots, here, expected or still to be made, are reserved for which operation.

The stock is what there was at the plan's beginning: what begun operations have used up is taken out
first, then operations that have not begun reserve, one after another, what they consume.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from linewright.plant.arrays import Pegging
from linewright.plant.records import Order, RoutingOperation
from linewright.plant.remaining import LATEST_S, Operation, Remaining

DUST = 1e-6  # of a unit: less than this is rounding, not material


@dataclass(slots=True)
class Supply:
    """A quantity of a material that is here (`available_s` 0), expected, or made by an unfinished order."""

    lot: str
    material: str
    left: float
    available_s: int = 0
    location: str = ""
    order: str = ""  # the unfinished order that makes it: available when that order ends
    expected_s: int = 0  # when that is likely to be, for the order in which supplies are used


@dataclass(frozen=True, slots=True)
class Shortage:
    """What an operation cannot get."""

    material: str
    missing: float


class Stock:
    """All supplies, by material, in the order in which they are used: the earliest first."""

    def __init__(self, supplies: Iterable[Supply]) -> None:
        self._supplies: dict[str, list[Supply]] = defaultdict(list)
        for supply in supplies:
            self._supplies[supply.material].append(supply)
        for known in self._supplies.values():
            known.sort(key=lambda supply: (max(supply.available_s, supply.expected_s), supply.lot))

    def use_up(self, material: str, quantity: float) -> None:
        """Take out what a begun operation has consumed; of what is here, because it must have been."""
        for supply in self._supplies.get(material, ()):
            if not supply.order and supply.available_s <= 0:
                taken = min(supply.left, quantity)
                supply.left -= taken
                quantity -= taken

    def reserve(
        self,
        order: str,
        operation: str,
        wanted: Sequence[tuple[str, float]],
        may_wait_for: Callable[[str], bool],
    ) -> tuple[list[tuple[Pegging, str]], Shortage | None]:
        """Reserve all that an operation consumes, or nothing.

        Args:
            wanted: materials and their quantities.
            may_wait_for: whether the operation may be made to wait for an order's end.

        Returns:
            What is reserved, each with the unfinished order that makes it ("": none), and what is missing.
        """
        reserved: list[tuple[Pegging, str]] = []
        taken_from: list[tuple[Supply, float]] = []
        shortage = None
        for material, quantity in wanted:
            for supply in self._supplies.get(material, ()):
                if quantity <= DUST:
                    break
                taken = min(supply.left, quantity)
                if taken <= DUST or (supply.order and not may_wait_for(supply.order)):
                    continue
                supply.left -= taken
                quantity -= taken
                taken_from.append((supply, taken))
                pegging = Pegging(
                    order, operation, material, supply.lot, taken, supply.location, supply.available_s
                )
                reserved.append((pegging, supply.order))
            if quantity > DUST:
                shortage = Shortage(material, quantity)
                break
        if shortage is not None:
            for supply, taken in taken_from:
                supply.left += taken
            reserved = []
        return reserved, shortage


def reserve(remaining: Remaining, frozen: set[int]) -> list[Pegging]:
    """Peg what operations consume: frozen ones first, then by priority, due date and order id."""
    stock = Stock(_supplies(remaining))
    quantity = {order.id: order.quantity for order in remaining.plant.orders}
    for begun, routing in remaining.begun_in_order():
        for use in routing.consumes:
            stock.use_up(use.material, use.quantity_per_unit * quantity[begun.order])

    suppliers: dict[str, set[str]] = defaultdict(set)  # order -> orders it waits for
    lasts_of = {order.id: _last_of(remaining, order) for order in remaining.orders.values()}
    unit = {material.id: material.unit for material in remaining.plant.materials}
    pegging: list[Pegging] = []
    needing = [op for op in remaining.operations if op.routing.consumes and op.begun is None]
    needing.sort(
        key=lambda op: (
            op.index not in frozen,
            -remaining.weight(op.order),
            op.order.due,
            op.order.id,
            op.index,
        )
    )
    for op in needing:
        if op.dropped is not None:
            continue

        def may_wait_for(supplier: str, waiting: str = op.order.id) -> bool:
            lasts = [remaining.open.get((supplier, last.id)) for last in lasts_of[supplier]]
            made = all(last is None or last.dropped is None for last in lasts)
            return made and not _reaches(suppliers, supplier, waiting)

        wanted = [(use.material, use.quantity_per_unit * op.order.quantity) for use in op.routing.consumes]
        reserved, shortage = stock.reserve(*op.key, wanted, may_wait_for)
        if shortage is not None:
            remaining.drop(op, *_words(op, shortage, unit.get(shortage.material, "")))
        for item, supplier in reserved:
            pegging.append(item)
            op.ready_s = max(op.ready_s, item.available_s)
            if supplier:
                suppliers[op.order.id].add(supplier)
                for last in lasts_of[supplier]:
                    remaining.wait_for(op, remaining.orders[supplier], last)
    return pegging


def _supplies(remaining: Remaining) -> list[Supply]:
    """The lots, and for each order for a material that something consumes, what it makes."""
    consumed = {
        use.material for part in remaining.plant.parts for op in part.operations for use in op.consumes
    }
    found = []
    for lot in remaining.plant.lots:
        at = 0 if lot.available is None else max(0, remaining.second(lot.available))
        if lot.material in consumed and at <= LATEST_S:
            found.append(Supply(lot.id, lot.material, lot.quantity, at, lot.location))
    for order in remaining.orders.values():
        if order.part in consumed:
            supply = Supply(f"order:{order.id}", order.part, float(order.quantity))
            if all((order.id, last.id) not in remaining.open for last in _last_of(remaining, order)):
                lags = [
                    remaining.done_s(order, last) + round(60 * last.transfer_min)
                    for last in _last_of(remaining, order)
                ]
                supply.available_s = max([0, *lags])
            else:
                supply.order, supply.expected_s = order.id, remaining.second(order.due)
            found.append(supply)
    return found


def _last_of(remaining: Remaining, order: Order) -> list[RoutingOperation]:
    """The operations of an order that none comes after."""
    operations = remaining.part_of(order).operations
    followed = {name for routing in operations for name in routing.after}
    return [routing for routing in operations if routing.id not in followed]


def _reaches(waits_for: dict[str, set[str]], start: str, goal: str) -> bool:
    """Whether an order waits, directly or not, for another, or is that order."""
    seen: set[str] = set()
    stack = [start]
    while stack:
        order = stack.pop()
        if order == goal:
            return True
        if order not in seen:
            seen.add(order)
            stack.extend(waits_for.get(order, ()))
    return False


def _words(op: Operation, shortage: Shortage, unit: str) -> tuple[str, str]:
    amount = f"{shortage.missing:.10g} {unit}".strip()
    return (
        f"{amount} of material {shortage.material} are missing",
        f"Maybe announce a lot of {shortage.material}, or lower the quantity of order {op.order.id}.",
    )
