"""The state of a plant at a moment: from its recorded history, or from its plan taken as followed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from math import ceil
from zoneinfo import ZoneInfo

from linewright.errors import Finding, PlantError
from linewright.plant.folder_values import instant_text
from linewright.plant.plan import Assignment, OperationStatus, PlantState, Progress
from linewright.plant.records import MaterialLot, Order, Plant


def current(plant: Plant, state: PlantState) -> Plant:
    """The plant with what became known since it was described: orders and lots by id, absences, downtimes."""
    orders = orders_of(plant, state)
    lots: dict[str, MaterialLot] = {item.id: item for item in chain(plant.lots, state.lots)}
    return replace(
        plant,
        orders=tuple(orders.values()) if state.orders else plant.orders,
        lots=tuple(lots.values()) if state.lots else plant.lots,
        absences=plant.absences + state.absences,
        downtimes=plant.downtimes + state.downtimes,
    )


def orders_of(plant: Plant, state: PlantState) -> dict[str, Order]:
    """Every known order by id."""
    return {item.id: item for item in chain(plant.orders, state.orders)}


def state_at(plant: Plant, state: PlantState, history: Sequence[Progress], when: datetime) -> PlantState:
    """The state of a plant at `when`.

    *Within the record* (`when` before the end of the history, or before `state.at`), the history is
    folded up to `when`: what had ended is done, what had begun is started, what had not begun is open;
    orders released later, of which nothing has begun, are not known yet and count as cancelled.

    *After the record*, the plan in force is taken as followed exactly: what it would have begun is
    started, what it would have ended is done. What is known as begun or done stays so, and what has begun
    does not end before the rest of it that was reported can be done.

    Raises:
        PlantError: `when` lies before everything known, or before `state.at` with no history.
    """
    recorded: dict[tuple[str, str], Progress] = {item.key: item for item in history}
    for item in state.progress:
        if item.key not in recorded or recorded[item.key].status is not OperationStatus.DONE:
            recorded[item.key] = item
    if history and when < max(state.at, *map(_last_instant, history)):
        return _within_record(plant, state, tuple(recorded.values()), when)
    if when < state.at:
        advice = "Maybe a later moment, or add history.csv with what happened before."
        raise _too_early(plant, when, state.at, "and nothing is recorded of it", advice)
    progress = tuple(recorded.values())
    if when > state.at:
        progress = _plan_followed(state, recorded, when)
    family = _mounted(plant, state, (item for item in progress if item.setup_start <= when))
    for machine, known in state.machine_family.items():
        ran_since = any(item.machine == machine and item.setup_start > state.at for item in progress)
        if not ran_since:
            family[machine] = known
    return replace(
        state,
        at=when,
        progress=progress,
        machine_family=family,
        machine_down_until=_still_down(state, when),
    )


def _too_early(plant: Plant, when: datetime, first: datetime, why: str, advice: str) -> PlantError:
    asked, known = (instant_text(moment, ZoneInfo(plant.timezone)) for moment in (when, first))
    return PlantError([Finding(f"plant {plant.id}", f"{asked} lies before {known}, {why}.", advice)])


def _still_down(state: PlantState, when: datetime) -> dict[str, datetime]:
    return {machine: until for machine, until in state.machine_down_until.items() if until > when}


def _last_instant(record: Progress) -> datetime:
    return record.end or record.start or record.setup_start


def _within_record(
    plant: Plant, state: PlantState, recorded: Sequence[Progress], when: datetime
) -> PlantState:
    orders = current(plant, state).orders
    releases = [order.release for order in orders if order.release]
    known_from = min(chain((item.setup_start for item in recorded), releases))
    if when < known_from:
        raise _too_early(plant, when, known_from, "from when on something is known", "Maybe a later moment.")
    progress = tuple(_as_of(item, when) for item in recorded if item.setup_start <= when)
    begun = {item.order for item in progress}
    unknown = frozenset(
        order.id for order in orders if order.release and order.release > when and order.id not in begun
    )
    assignments = tuple(item for item in state.plan.assignments if item.order not in unknown)
    return replace(
        state,
        at=when,
        plan=replace(state.plan, assignments=assignments),
        progress=progress,
        machine_down_until=_still_down(state, when) if when >= state.at else {},
        machine_family=_mounted(plant, state, progress),
        cancelled=state.cancelled | unknown,
    )


def _as_of(record: Progress, when: datetime) -> Progress:
    """What was known of a begun operation at `when`."""
    if record.end is not None and record.end <= when:
        return replace(record, status=OperationStatus.DONE, remaining_s=None)
    start = record.start if record.start is not None and record.start <= when else None
    return replace(
        record,
        status=OperationStatus.STARTED,
        start=start,
        end=None,
        good=None,
        scrap=None,
        remaining_s=None,
    )


def _plan_followed(
    state: PlantState, recorded: dict[tuple[str, str], Progress], when: datetime
) -> tuple[Progress, ...]:
    planned = {item.key: item for item in state.plan.assignments if item.order not in state.cancelled}
    followed = {
        key: item if item.status is OperationStatus.DONE else _carried_on(item, planned.get(key), state, when)
        for key, item in recorded.items()
    }
    for key, item in planned.items():
        if key not in recorded and item.setup_start <= when:
            done = Progress(
                *key,
                item.machine,
                item.operator,
                OperationStatus.DONE,
                item.setup_start,
                item.start,
                item.end,
            )
            followed[key] = _as_of(done, when)
    return tuple(followed.values())


def _carried_on(begun: Progress, planned: Assignment | None, state: PlantState, when: datetime) -> Progress:
    """A begun operation some time later: it ends as planned, but not before `state.at`, where it was seen at
    work, nor before the rest that was reported then can be done."""
    left = None if begun.remaining_s is None else timedelta(seconds=begun.remaining_s)
    if planned is None and left is None:
        return begun
    start = begun.start or max(planned.start if planned else begun.setup_start, begun.setup_start)
    end = max(start, state.at + (left or timedelta()), planned.end if planned else state.at)
    later = _as_of(replace(begun, start=start, end=end), when)
    if left is None or later.status is OperationStatus.DONE:
        return later
    return replace(later, remaining_s=ceil(min(left, end - when).total_seconds()))


def _mounted(plant: Plant, state: PlantState, records: Iterable[Progress]) -> dict[str, str]:
    """The setup family of the last operation on each machine that has one."""
    part_of = {order.id: order.part for order in current(plant, state).orders}
    family_of = {(part.id, item.id): item.family for part in plant.parts for item in part.operations}
    mounted = {}
    for item in sorted(records, key=lambda record: record.setup_start):
        family = family_of.get((part_of.get(item.order, ""), item.operation), "")
        if family:
            mounted[item.machine] = family
    return mounted
