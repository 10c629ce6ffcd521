"""Records refuse what no plant can be."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from linewright.plant.records import (
    Absence,
    Alternative,
    Consumption,
    Downtime,
    Equipment,
    Level,
    MaterialLot,
    Order,
    Person,
    Planning,
    RoutingOperation,
    SetupTime,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def machine(**values: float) -> Equipment:
    return Equipment("M1", Level.WORK_UNIT, **({"mtbf_h": 100.0, "mttr_h": 2.0} | values))  # type: ignore[arg-type]


def alternative(**values: float) -> Alternative:
    return Alternative("M1", **({"min_per_unit": 1.0} | values))


def operation(**values: Any) -> RoutingOperation:
    return RoutingOperation(**({"id": "10", "after": (), "alternatives": ()} | values))


def order(**values: Any) -> Order:
    return Order(**({"id": "O1", "part": "P1", "quantity": 1, "due": NOON} | values))


def lot(**values: float) -> MaterialLot:
    return MaterialLot("L1", "BAR", **values)


def consumption(**values: float) -> Consumption:
    return Consumption("BAR", **values)


def setup(**values: float) -> SetupTime:
    return SetupTime("lathes", "*", "thin", **values)


YEAR_MIN = 366 * 24 * 60

LIMITS: list[tuple[Callable[..., object], str, float, float]] = [
    # what, field, the most it may be, what is too much
    (machine, "mtbf_h", 1e12, 1e13),
    (machine, "mttr_h", 8784, 8785),
    (machine, "mttr_cv", 10, 15),
    (alternative, "min_per_unit", YEAR_MIN, YEAR_MIN + 1),
    (alternative, "fixed_min", YEAR_MIN, YEAR_MIN + 1),
    (alternative, "cv", 10, 15),
    (operation, "transfer_min", YEAR_MIN, YEAR_MIN + 1),
    (operation, "scrap_rate", 0.99, 1),
    (operation, "rework_rate", 1, 1.01),
    (order, "quantity", 10**12, 10**12 + 1),
    (order, "priority", 1e12, 1e13),
    (lot, "quantity", 1e12, 1e13),
    (consumption, "quantity_per_unit", 1e12, 1e13),
    (setup, "minutes", YEAR_MIN, YEAR_MIN + 1),
    (Planning, "freeze_min", YEAR_MIN, YEAR_MIN + 1),
    (Planning, "moved_tolerance_min", YEAR_MIN, YEAR_MIN + 1),
]


@pytest.mark.parametrize(
    ("make", "field", "most", "too_much"), LIMITS, ids=lambda it: getattr(it, "__name__", None)
)
def test_numbers_are_within_what_a_plant_can_be(
    make: Callable[..., object], field: str, most: float, too_much: float
) -> None:
    make(**{field: most})
    for wrong in (too_much, -1, math.nan, math.inf):
        with pytest.raises(ValueError, match=f"{field} is {wrong}".replace("+", r"\+")):
            make(**{field: wrong})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Equipment("", Level.SITE), "id is empty"),
        (lambda: machine(mttr_h=0), "never ends"),
        (lambda: Person("", "day"), "id is empty"),
        (lambda: Person("ANNA", ""), "calendar is empty"),
        (lambda: operation(id=""), "operation is empty"),
        (lambda: operation(id="10/a"), "holds a slash"),
        (lambda: order(id=""), "id is empty"),
        (lambda: order(quantity=0), "must be positive"),
        (lambda: order(priority=0), "must be positive"),
        (lambda: consumption(quantity_per_unit=0), "must be positive"),
        (lambda: Downtime("M1", NOON, NOON), "is not after start"),
        (lambda: Absence("ANNA", NOON, NOON), "is not after start"),
    ],
)
def test_what_is_empty_or_contradicts_itself_is_refused(make: Callable[[], object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()
