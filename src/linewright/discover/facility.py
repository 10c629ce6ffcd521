"""The plant behind a log: its records, its plan and its history, put together from what was found."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from math import ceil
from statistics import median, quantiles
from zoneinfo import ZoneInfo

from linewright.discover.durations import (
    Breakdowns,
    RunTimes,
    SetupTimes,
    breakdowns,
    rework_rates,
    scrap_rates,
    setup_times,
)
from linewright.discover.floor import OWN_PATTERN_S, Floor, free_name
from linewright.discover.followed import Block, followed
from linewright.discover.log import Log, moment
from linewright.discover.routings import Routing, routings_of, unfinished
from linewright.discover.words import assumptions, notes
from linewright.discover.work import Case
from linewright.errors import Finding, PlantError
from linewright.plant.plan import Assignment, OperationStatus, Plan, PlantState, Progress
from linewright.plant.records import (
    Alternative,
    Equipment,
    Level,
    Order,
    Part,
    Person,
    Plant,
    RoutingOperation,
    SetupTime,
)

ALSO = 0.05
"""A machine that did this share of a step's operations is an alternative for every part."""

ON_TIME = 0.65
"""Due dates are set so that this share of the finished orders met theirs."""


@dataclass(frozen=True, slots=True)
class Facility:
    """What was found."""

    plant: Plant
    state: PlantState
    history: tuple[Progress, ...]
    cases: list[Case]
    lacking: dict[str, frozenset[str]]
    blocks: list[Block]
    notes: list[str]
    zone: ZoneInfo


def facility(log: Log, name: str, tried_from: float | None = None) -> Facility:
    """The facility behind a log.

    Args:
        log: the usable reports.
        name: what to call the plant.
        tried_from: to try the plant on the log itself: from this instant on nothing is learned (durations,
            setups, calendars, rates), and nothing is foreseen: orders end with what was recorded.
    """
    return _Assembly(log, name, tried_from).facility()


class _Assembly(Floor):
    def __init__(self, log: Log, name: str, tried_from: float | None) -> None:
        super().__init__(log, tried_from)
        self.log, self.name = log, name
        if not self.cases:
            what = "holds no work on an order: all of it is rework or breakdowns."
            advice = "Maybe name what is a run under [report_types] in a --map file."
            raise PlantError([Finding(name, what, advice)])
        self.lacking = unfinished(self.cases, self.end) if tried_from is None else {}
        self.routings = routings_of(self.cases, self.lacking)
        self.runs = RunTimes(self.known_cases)
        self.setups: SetupTimes = setup_times(self.known_cases)

    # --- records --------------------------------------------------------------------------------------

    def equipment(self) -> tuple[Equipment, ...]:
        steps: dict[str, Counter[str]] = {station: Counter() for station in self.stations}
        for task in self.tasks:
            steps[task.report.machine][task.step] += 1
        taken = {unit for units in self.units.values() for unit in units}
        site, area = free_name("site", taken), free_name("shop floor", taken)
        names = {station: counted.most_common(1)[0][0] for station, counted in steps.items()}
        center_of = {name: free_name(f"WC {name}", taken) for name in sorted(set(names.values()))}
        center = {station: center_of[name] for station, name in names.items()}
        failing = breakdowns(self.known, self.places)
        units = []
        for station in sorted(self.stations, key=lambda name: (center[name], _natural(name))):
            failure = failing.get(station, Breakdowns(0.0, 0.0, 0.0))
            units += [
                Equipment(
                    id=unit,
                    level=Level.WORK_UNIT,
                    parent=center[station],
                    calendar=self.calendar_of(station),
                    setup_group=station if station in self.setups.same else "",
                    mtbf_h=failure.mtbf_h,
                    mttr_h=failure.mttr_h,
                    mttr_cv=failure.mttr_cv,
                )
                for unit in self.units[station]
            ]
        return (
            Equipment(site, Level.SITE, name=self.name),
            Equipment(area, Level.AREA, parent=site),
            *(Equipment(name, Level.WORK_CENTER, parent=area) for name in center_of.values()),
            *units,
        )

    def persons(self) -> tuple[Person, ...]:
        return tuple(
            Person(
                name,
                self.calendars.of(self.person_periods.get(name, self.usual), "people", self.spans_of[name]),
                frozenset(self.skills[name]),
            )
            for name in self.people
        )

    def parts(self) -> tuple[Part, ...]:
        on: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for case in self.cases:
            for operation in case.operations:
                on[case.part, operation.step][operation.machine] += 1
                on["", operation.step][operation.machine] += 1
        scrap, rework = scrap_rates(self.known_cases), rework_rates(self.known_cases)
        parts = {}
        for routing in self.routings.values():
            if routing.id in parts:
                continue
            number = {step: str(10 * (i + 1)) for i, step in enumerate(routing.steps)}
            operations = []
            for step in routing.steps:
                stations = self.alternatives(on, routing.part, step)
                operations.append(
                    RoutingOperation(
                        id=number[step],
                        after=tuple(number[before] for before in routing.after[step]),
                        alternatives=tuple(
                            self.alternative(unit, station, routing.part, step)
                            for station in stations
                            for unit in self.units[station]
                        ),
                        name=step,
                        family=routing.part if any(name in self.setups.same for name in stations) else "",
                        scrap_rate=scrap(routing.part, step),
                        rework_rate=rework(step),
                    )
                )
            parts[routing.id] = Part(routing.id, tuple(operations))
        return tuple(parts[name] for name in sorted(parts, key=_natural))

    def alternatives(self, on: dict[tuple[str, str], Counter[str]], part: str, step: str) -> list[str]:
        """Stations that did a step of a part, or that do a fair share of the step, the usual one first."""
        own, every = on[part, step], on["", step]
        total = sum(every.values())
        also = [
            station
            for station, count in every.items()
            if count >= ALSO * total and self.worked_s(station) >= OWN_PATTERN_S
        ]
        return sorted({*own, *also}, key=lambda name: (-own[name], -every[name], name))

    def alternative(self, unit: str, station: str, part: str, step: str) -> Alternative:
        time = self.runs.of(part, step, station)
        skill = station if station in self.attended else ""
        return Alternative(unit, time.min_per_unit, time.fixed_min, skill, time.cv)

    def setup_rows(self, parts: Sequence[Part]) -> tuple[SetupTime, ...]:
        families: dict[str, set[str]] = defaultdict(set)
        station_of = {unit: station for station, units in self.units.items() for unit in units}
        for part in parts:
            for operation in part.operations:
                for item in operation.alternatives:
                    families[station_of[item.machine]].add(operation.family)
        rows = []
        for station in sorted(self.setups.same):
            change, usual = self.setups.change, self.setups.change[station, "*"]
            for family in sorted(families[station] - {""}):
                rows.append(SetupTime(station, "*", family, change.get((station, family), usual)))
                rows.append(SetupTime(station, family, family, self.setups.same[station]))
        return tuple(rows)

    def orders(self, parts: Sequence[Part]) -> tuple[Order, ...]:
        """The orders, released with their first report, due by an allowance for their work."""
        operations = {part.id: part.operations for part in parts}
        work = {
            case.id: sum(
                op.alternatives[0].run_s(case.quantity) + 60 * self.usual_setup(op)
                for op in operations[self.part(case)]
            )
            for case in self.cases
        }
        finished = [case for case in self.known_cases if case.id not in self.lacking] or self.cases
        self.base_s, self.factor = allowance([(work[case.id], case.end - case.start) for case in finished])
        orders = []
        for case in self.cases:
            release = int(case.start) // 60 * 60
            due = case.due
            if due is None or due <= release:
                due = ceil((release + self.base_s + self.factor * work[case.id]) / 900) * 900
            orders.append(
                Order(
                    id=case.id,
                    part=self.part(case),
                    quantity=case.quantity,
                    due=moment(due),
                    release=moment(release),
                    priority=case.priority or 1.0,
                )
            )
        due_of = {order.id: order.due.timestamp() for order in orders}
        self.on_time = sum(case.end <= due_of[case.id] for case in finished) / len(finished)
        return tuple(orders)

    def part(self, case: Case) -> str:
        return self.routings[case.id].id

    def usual_setup(self, operation: RoutingOperation) -> float:
        """Minutes of setup an operation usually needs where it usually runs."""
        station = next(
            name for name, units in self.units.items() if operation.alternatives[0].machine in units
        )
        usual = self.setups.change.get((station, "*"), 0.0)
        return self.setups.change.get((station, operation.family), usual) if operation.family else 0.0

    # --- what happened --------------------------------------------------------------------------------

    def facility(self) -> Facility:
        parts = self.parts()
        orders = self.orders(parts)
        blocks = followed(
            self.cases, self.routings, self.units, self.crews, lambda station: self.opened[station]
        )
        plant = Plant(
            id=re.sub(r"[^A-Za-z0-9_-]+", "-", self.name).strip("-").lower() or "plant",
            name=self.name,
            timezone=self.zone.key,
            equipment=self.equipment(),
            people=self.persons(),
            calendars=(),
            parts=parts,
            orders=orders,
            setups=self.setup_rows(parts),
            assumptions=assumptions(self.log, len(self.lacking), self.base_s, self.factor, self.on_time),
        )
        plant = replace(plant, calendars=self.calendars.all)
        ids = {case.id: self.routings[case.id] for case in self.cases}
        history = tuple(self.progress(block, ids[block.operation.case]) for block in blocks)
        at = moment(max(self.end, *(block.end for block in blocks)))
        planned = tuple(
            Assignment(
                item.order,
                item.operation,
                item.machine,
                item.operator,
                moment(block.setup_start),
                moment(block.start),
                moment(block.end),
            )
            for item, block in zip(history, blocks, strict=True)
        )
        state = PlantState(at=at.astimezone(UTC), plan=Plan(1, planned), progress=history)
        return Facility(
            plant, state, history, self.cases, self.lacking, blocks, notes(self, blocks), self.zone
        )

    def progress(self, block: Block, routing: Routing) -> Progress:
        operation = block.operation
        return Progress(
            order=operation.case,
            operation=str(10 * (routing.steps.index(operation.step) + 1)),
            machine=block.unit,
            operator=block.worker,
            status=OperationStatus.DONE,
            setup_start=moment(block.begun),
            start=moment(block.begun + min(block.end - block.begun, round(operation.work("setup")))),
            end=moment(block.end),
            good=operation.good,
            scrap=operation.rejected,
        )


def allowance(rows: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """(seconds, factor) such that lead time <= seconds + factor * work for `ON_TIME` of (work, lead) rows.

    The factor is the Theil-Sen slope of lead time over work: the median of the slopes between pairs.
    """
    rows = rows[-400:]
    slopes = [
        (b[1] - a[1]) / (b[0] - a[0])
        for i, a in enumerate(rows)
        for b in rows[i + 1 :]
        if abs(b[0] - a[0]) > 60
    ]
    factor = max(1.0, median(slopes)) if slopes else 1.0
    base = _share([lead - factor * work for work, lead in rows])
    if base < 0:  # work alone allows for more than is needed
        return 0.0, max(1.0, _share([lead / work for work, lead in rows]))
    return base, factor


def _share(values: Sequence[float]) -> float:
    """The value that `ON_TIME` of the values do not exceed."""
    return quantiles(values, n=100)[round(100 * ON_TIME) - 1] if len(values) > 1 else values[0]


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts M2 before M10."""
    return [(int(piece), "") if piece.isdigit() else (0, piece) for piece in re.split(r"(\d+)", name)]
