"""The material stores: which lots are kept for which job.

A job gets the lots that its job order names. What they cannot give, and all where none are named, it gets in
the order of the plan from what is not named by others, what is here before what is expected: by the time for
which a plan has a job begin, enough is to be here for it and all jobs before it, whoever gets which lot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from linewright.demo.facts import Facts
from linewright.demo.hours import NEVER
from linewright.demo.records import Job, Lot, LotShare, OrderRecord
from linewright.plant.plan import job_order_id

DUST = 1e-6  # of a unit: less than this is rounding, not material


@dataclass(slots=True)
class Need:
    """What a job consumes, and its place in the plan."""

    job: str
    place: tuple[int, int, str]
    named: tuple[LotShare, ...]
    wanted: list[tuple[str, float]]  # material, quantity


@dataclass(slots=True)
class Kept:
    """What is kept for a job, and when all of it is here (NEVER: some is not even expected)."""

    here: int = -NEVER
    takes: list[tuple[Lot, float]] = field(default_factory=list)


def made_by(order: OrderRecord, facts: Facts, jobs: Mapping[str, Job]) -> Lot | None:
    """The lot that a finished order of a part that is also a material has become."""
    if order.part not in facts.materials:
        return None
    here = []
    for last in facts.last_operations(order.part):
        job = jobs.get(job_order_id(order.id, last.id))
        if job is None or job.state != "ended" or job.ended is None:
            return None
        here.append(job.ended + round(60 * last.transfer_min))
    return Lot(
        id=f"order:{order.id}", material=order.part, quantity=float(order.quantity), available=max(here)
    )


def keep(lots: Iterable[Lot], needs: Iterable[Need], to_be_made: Callable[[str], bool]) -> dict[str, Kept]:
    """Keep lots for jobs. `to_be_made`: whether a lot that is not known yet is still to be made."""
    shelf = {lot.id: lot for lot in lots}
    left = {lot.id: lot.quantity for lot in shelf.values()}
    line = sorted(needs, key=lambda need: need.place)
    kept = {need.job: Kept() for need in line}
    missing: list[tuple[Need, str, float]] = []

    def take(mine: Kept, lot: Lot, quantity: float) -> float:
        taken = min(left[lot.id], quantity)
        if taken <= DUST:
            return 0.0
        left[lot.id] -= taken
        mine.takes.append((lot, taken))
        mine.here = max(mine.here, lot.available)
        return taken

    for need in line:
        mine = kept[need.job]
        for material, quantity in need.wanted:
            for share in need.named:
                if share.material != material:
                    continue
                if share.lot in shelf:
                    quantity -= take(mine, shelf[share.lot], min(share.quantity, quantity))
                elif to_be_made(share.lot):
                    mine.here = NEVER
                    quantity -= share.quantity
            if quantity > DUST:
                missing.append((need, material, quantity))
    by_material: dict[str, list[Lot]] = {}
    for lot in sorted(shelf.values(), key=lambda lot: (-NEVER if lot.arrived else lot.available, lot.id)):
        by_material.setdefault(lot.material, []).append(lot)
    for need, material, quantity in missing:
        for lot in by_material.get(material, ()):
            quantity -= take(kept[need.job], lot, quantity)
        if quantity > DUST:
            kept[need.job].here = NEVER
    return kept
