"""What an approved plan promised against what happened, for the same operations and orders.

It is recorded now and then while the plan is in force, and for the last time when everything in it is done or
a newer plan takes over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from linewright.decide import kept
from linewright.events.vocabulary import Event, OutcomeRecorded, ScheduleReleased
from linewright.plant.plan import Assignment, OperationStatus, Plan, PlantState
from linewright.plant.records import Order
from linewright.twin.mirror import Mirror

RECORD_EVERY = 25
"""Operations done between two recorded outcomes of a plan that is still in force."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Predicted and actual figures over the operations done since a plan was released.

    Keys of both: `operations_done`, `orders_done`, `on_time_delivery` (share of the orders done),
    `weighted_tardiness_s` (of the orders done), `mean_end_s` (mean end of the operations done, since the
    release) and `last_end_s`. `mean_delay_s`, actual only: how much later operations ended than planned.
    """

    predicted: dict[str, float]
    actual: dict[str, float]
    operations_done: int
    operations_total: int

    @property
    def complete(self) -> bool:
        return self.operations_done == self.operations_total


def compare(
    plan: Plan,
    state: PlantState,
    orders: Mapping[str, Order],
    released: datetime,
    *,
    until: datetime | None = None,
) -> Outcome:
    """Hold a released plan against the progress of a state.

    Args:
        plan: the plan as released; operations that ended before `released` do not count.
        orders: every known order by id.
        until: count only what ended by then (a plan that has been superseded).
    """
    ended: dict[tuple[str, str], datetime] = {
        item.key: item.end
        for item in state.progress
        if item.status is OperationStatus.DONE and item.end is not None
    }
    before = {key for key, end in ended.items() if end <= released}
    open_then = [a for a in plan.assignments if a.key not in before and a.order not in state.cancelled]
    done = [a for a in open_then if a.key in ended and (until is None or ended[a.key] <= until)]
    by_order: dict[str, list[Assignment]] = defaultdict(list)
    for assignment in open_then:
        by_order[assignment.order].append(assignment)
    done_keys = {a.key for a in done}
    finished = [order for order, items in by_order.items() if all(a.key in done_keys for a in items)]

    def figures(end_of: Mapping[tuple[str, str], datetime]) -> dict[str, float]:
        ends = [(end_of[a.key] - released).total_seconds() for a in done]
        late = [
            max(
                0.0,
                (max(end_of[a.key] for a in by_order[order]) - orders[order].due).total_seconds(),
            )
            for order in finished
        ]
        return {
            "operations_done": float(len(done)),
            "orders_done": float(len(finished)),
            "on_time_delivery": sum(1.0 for value in late if value == 0) / len(late) if late else 1.0,
            "weighted_tardiness_s": sum(
                orders[order].priority * value for order, value in zip(finished, late, strict=True)
            ),
            "mean_end_s": sum(ends) / len(ends) if ends else 0.0,
            "last_end_s": max(ends, default=0.0),
        }

    predicted = figures({a.key: a.end for a in done})
    actual = figures(ended)
    actual["mean_delay_s"] = actual["mean_end_s"] - predicted["mean_end_s"]
    return Outcome(predicted, actual, len(done), len(open_then))


@dataclass
class Release:
    """A plan that came into force, and its outcome as last recorded."""

    version: int
    at: datetime
    plan: Plan | None  # until its last outcome is recorded
    until: datetime | None = None  # when a newer plan took over
    outcome: Outcome | None = None

    @property
    def final(self) -> bool:
        """Whether its last outcome is recorded."""
        return self.plan is None

    def measure(self, state: PlantState, orders: Mapping[str, Order]) -> Outcome | None:
        """Its outcome by now, or its last one."""
        if self.plan is None:
            return self.outcome
        return compare(self.plan, state, orders, self.at, until=self.until)


class Releases:
    """The approved plans by version, the newest last: a fold of the log."""

    def __init__(self) -> None:
        self.plans: dict[int, Release] = {}

    def apply(self, event: Event, mirror: Mirror) -> None:
        """Take in an event that the mirror has taken in."""
        body = event.body
        if isinstance(body, ScheduleReleased) and mirror.facts.plan.version == body.plan_version:
            for release in self.plans.values():
                release.until = release.until or event.time
            self.plans[body.plan_version] = Release(body.plan_version, event.time, mirror.facts.plan)
            kept.trim(self.plans, kept.PLANS)
        elif isinstance(body, OutcomeRecorded) and body.plan_version in self.plans:
            release = self.plans[body.plan_version]
            release.outcome = Outcome(
                body.predicted, body.actual, body.operations_done, body.operations_total
            )
            if body.final:
                release.plan = None

    def due(self, state: PlantState, orders: Mapping[str, Order]) -> dict[str, OutcomeRecorded]:
        """The outcomes that are to be recorded now, by natural key: what is due twice is recorded once."""
        due = {}
        for release in self.plans.values():
            outcome = release.measure(state, orders)
            if release.final or outcome is None:
                continue
            final = outcome.complete or release.until is not None
            recorded = release.outcome.operations_done if release.outcome else 0
            if final or outcome.operations_done // RECORD_EVERY > recorded // RECORD_EVERY:
                stage = "final" if final else outcome.operations_done // RECORD_EVERY
                due[f"{release.version}|{stage}"] = OutcomeRecorded(
                    plan_version=release.version,
                    predicted=outcome.predicted,
                    actual=outcome.actual,
                    operations_done=outcome.operations_done,
                    operations_total=outcome.operations_total,
                    final=final,
                )
        return due
