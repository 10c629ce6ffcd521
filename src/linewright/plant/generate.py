"""Facilities made up from a specification: for tests, benchmarks, and trying things out.

A facility is reproducible: the same `FacilitySpec` and seed give the same `Plant`. Its due dates are set
against its own load, so that being on time, changing over rarely and keeping people evenly busy conflict.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from linewright.plant.plan import Plan, PlantState
from linewright.plant.records import (
    Alternative,
    Calendar,
    Consumption,
    Equipment,
    Level,
    Material,
    MaterialLot,
    Order,
    Part,
    Person,
    Plant,
    RoutingOperation,
    SetupTime,
    Shift,
)

PROCESSES = (
    "Sawing",
    "Turning",
    "Milling",
    "Drilling",
    "Grinding",
    "Deburring",
    "Washing",
    "Welding",
    "Bending",
    "Coating",
    "Assembly",
    "Testing",
)
PRIORITIES = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 4.0)
COMPONENTS = 3  # of an assembled part
QUANTITY_SPREAD = 1.3  # the largest ordered quantity against a part's usual one
ALTERNATIVE_SPREAD = 1.3  # the slowest alternative against the usual one

WEEK = frozenset(range(7))
WORKDAYS = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class FacilitySpec:
    """What a made-up facility is like.

    `shop` is the shape of the routings: "job" (each part has its own route through the work centers),
    "flow" (all parts pass the work centers in one order), "flexible" (routings branch, alternatives may
    lie in any work center) or "assembly" (every fourth order consumes what the three before it make).
    `calendars`: "continuous" (all is always open), "two-shift" (people work early or late, machines
    both, some machines round the clock) or "day".
    """

    machines: int
    people: int
    orders: int
    operations: int  # of all orders together; met to within a few
    shop: Literal["job", "flow", "flexible", "assembly"] = "job"
    alternatives: tuple[int, int] = (1, 3)  # least and most machines for an operation
    families: int = 6  # setup families; 0: no setups
    setup_min: tuple[float, float] = (8.0, 40.0)  # least and most minutes from one family to another
    skills: int = 5
    attended: float = 0.7  # share of operations that need an operator
    due_tightness: float = 1.3  # last due date against the time of all work if nothing ever waited
    calendars: Literal["continuous", "two-shift", "day"] = "two-shift"
    continuous_machines: float = 0.2  # share of machines of a two-shift plant that never close
    pausable: float = 0.7  # share of operations that closed time may interrupt
    materials: int = 6  # bought materials; 0: none
    run_min: float = 55.0  # median minutes of an operation of an order
    run_sigma: float = 0.5  # of its logarithm
    cv: float = 0.15  # coefficient of variation of run times
    mtbf_h: float = 150.0  # 0: machines never fail
    mttr_h: float = 2.0
    mttr_cv: float = 0.8
    scrap_rate: float = 0.01
    rework_rate: float = 0.02
    start: datetime = field(default=datetime(2026, 3, 2, 7, 0, tzinfo=ZoneInfo("Europe/Berlin")))
    timezone: str = "Europe/Berlin"


SMALL = FacilitySpec(machines=5, people=4, orders=8, operations=40, families=3, skills=2, materials=2)
"""For tests: a complete facility that is planned in milliseconds."""

BENCH_20X500 = FacilitySpec(machines=20, people=15, orders=76, operations=500)
"""20 machines, 500 operations with setups and operators: the main benchmark."""

BENCH_100X5000 = FacilitySpec(
    machines=100, people=90, orders=640, operations=5000, families=8, skills=12, materials=20
)
"""100 machines, 5,000 operations."""


def generate(spec: FacilitySpec, seed: int) -> Plant:
    """A facility made to a specification; the same arguments give the same plant."""
    return _Facility(spec, seed).plant()


def generate_state(plant: Plant) -> PlantState:
    """The state of a made-up facility at its beginning, its earliest release: nothing planned or begun."""
    return PlantState(
        at=min(order.release for order in plant.orders if order.release is not None),
        plan=Plan(version=0, assignments=()),
    )


class _Facility:
    """The steps of making a facility; each draws from the one random stream in a fixed order."""

    def __init__(self, spec: FacilitySpec, seed: int) -> None:
        self.spec = spec
        self.seed = seed
        self.random = Random(seed)
        self.usual: dict[str, int] = {}  # part -> quantity usually ordered
        centers = max(min(2, spec.machines), min(len(PROCESSES), spec.machines // 3))
        self.processes = PROCESSES[:centers]
        self.skills = tuple(name.lower() for name in self.processes[: spec.skills]) if spec.skills else ()
        self.centers: list[list[int]] = [list(range(c, spec.machines, centers)) for c in range(centers)]
        self.open_min, self.window_min = {
            "continuous": ((0, 1440), math.inf),
            "two-shift": ((360, 1320), 240.0),
            "day": ((420, 930), 300.0),
        }[spec.calendars]

    def plant(self) -> Plant:
        spec = self.spec
        parts = self.parts()
        orders = self.orders(parts)
        demand = {
            use.material: 0.0 for part in parts for op in part.operations for use in op.consumes
        }  # in a fixed order
        by_id = {part.id: part for part in parts}
        for order in orders:
            for op in by_id[order.part].operations:
                for use in op.consumes:
                    demand[use.material] += use.quantity_per_unit * order.quantity
        made = {part.id for part in parts}
        bought = {material: quantity for material, quantity in demand.items() if material not in made}
        return Plant(
            id=f"made-up-{spec.shop}-{spec.machines}x{spec.operations}-{self.seed}",
            name=f"Made-up {spec.shop} shop with {spec.machines} machines",
            timezone=spec.timezone,
            equipment=self.equipment(),
            people=self.people(),
            calendars=self.calendars(),
            parts=parts,
            orders=orders,
            materials=tuple(Material(material) for material in demand),
            lots=self.lots(bought),
            setups=self.setups(),
        )

    def calendars(self) -> tuple[Calendar, ...]:
        midnight = time(0)
        always = Calendar("always", (Shift(WEEK, midnight, midnight),))
        early, late = Shift(WORKDAYS, time(6), time(14)), Shift(WORKDAYS, time(14), time(22))
        if self.spec.calendars == "continuous":
            return (always,)
        if self.spec.calendars == "day":
            shift = Shift(WORKDAYS, time(7), time(15, 30))
            lunch = Shift(WORKDAYS, time(12), time(12, 30), is_break=True)
            return (Calendar("day", (shift, lunch)),)
        return (
            always,
            Calendar("two-shift", (early, late)),
            Calendar("early", (early, Shift(WORKDAYS, time(10), time(10, 20), is_break=True))),
            Calendar("late", (late, Shift(WORKDAYS, time(18), time(18, 20), is_break=True))),
        )

    def equipment(self) -> tuple[Equipment, ...]:
        spec = self.spec
        shut = {"continuous": "always", "two-shift": "two-shift", "day": "day"}[spec.calendars]
        units: dict[int, Equipment] = {}
        for c, members in enumerate(self.centers):
            for position, m in enumerate(members):
                always = spec.calendars == "two-shift" and self.random.random() < spec.continuous_machines
                units[m] = Equipment(
                    id=f"M{m + 1:02d}",
                    level=Level.WORK_UNIT,
                    parent=f"WC-{self.processes[c].upper()}",
                    name=f"{self.processes[c]} {position + 1}",
                    calendar="always" if always else shut,
                    setup_group=self.processes[c].lower() if spec.families else "",
                    initial_family=self.family() if self.random.random() < 0.8 else "",
                    mtbf_h=spec.mtbf_h,
                    mttr_h=spec.mttr_h,
                    mttr_cv=spec.mttr_cv,
                )
        return (
            Equipment("ENTERPRISE", Level.ENTERPRISE),
            Equipment("SITE", Level.SITE, parent="ENTERPRISE"),
            Equipment("SHOP", Level.AREA, parent="SITE"),
            *(
                Equipment(f"WC-{name.upper()}", Level.WORK_CENTER, parent="SHOP", name=name)
                for name in self.processes
            ),
            *(units[m] for m in sorted(units)),
        )

    def people(self) -> tuple[Person, ...]:
        out = []
        for i in range(self.spec.people):
            calendar = {
                "continuous": "always",
                "two-shift": ("early", "late")[i % 2],
                "day": "day",
            }[self.spec.calendars]
            known: set[str] = set()
            if self.skills:  # pairs of an early and a late person share their first skill
                known.add(self.skills[i // 2 % len(self.skills)])
                known.update(self.random.choices(self.skills, k=2))
            out.append(Person(f"W{i + 1:02d}", calendar, frozenset(known)))
        return tuple(out)

    def family(self) -> str:
        return f"F{self.random.randint(1, self.spec.families)}" if self.spec.families else ""

    def setups(self) -> tuple[SetupTime, ...]:
        low, high = self.spec.setup_min
        families = [f"F{i + 1}" for i in range(self.spec.families)]
        rows = []
        for name in self.processes if families else ():
            group = name.lower()
            for to in families:
                rows.append(SetupTime(group, "*", to, round((low + high) / 2)))
                rows.extend(
                    SetupTime(group, frm, to, 0 if frm == to else round(self.random.uniform(low, high)))
                    for frm in families
                )
        return tuple(rows)

    def parts(self) -> tuple[Part, ...]:
        spec = self.spec
        size = COMPONENTS + 1 if spec.shop == "assembly" else 1
        count = size * max(1, math.ceil(0.6 * spec.orders / size))
        uses = [0] * count
        for i in range(spec.orders):
            uses[i % count] += 1
        mean = spec.operations / spec.orders
        lengths = [max(1, round(self.random.uniform(mean - 2, mean + 2))) for _ in range(count)]
        missing = spec.operations - sum(map(int.__mul__, uses, lengths))
        for i in self.random.choices(range(count), k=20 * count):  # towards the number asked for
            step = 1 if missing > 0 else -1
            if lengths[i] + step >= 1 and abs(missing - step * uses[i]) < abs(missing):
                lengths[i] += step
                missing -= step * uses[i]
        return tuple(self.part(i, lengths[i], size) for i in range(count))

    def part(self, index: int, length: int, size: int) -> Part:
        spec, random = self.spec, self.random
        identifier = f"P{index + 1:03d}"
        if index % size:  # what is assembled is ordered together
            self.usual[identifier] = self.usual[f"P{index:03d}"]
        else:
            self.usual[identifier] = round(math.exp(random.uniform(math.log(10), math.log(100))))
        consumes: tuple[Consumption, ...] = ()
        if size > 1 and index % size == COMPONENTS:
            consumes = tuple(Consumption(f"P{index - i:03d}", 1.0) for i in range(COMPONENTS))
        elif spec.materials:
            material = f"RAW{random.randint(1, spec.materials)}"
            consumes = (Consumption(material, random.choice((0.5, 1.0, 2.0))),)
        route: list[int] = []
        while len(route) < length:
            c = random.randrange(len(self.centers))
            if spec.shop == "flow" or len(self.centers) == 1 or not route or route[-1] != c:
                route.append(c)
        if spec.shop == "flow":
            route.sort()
        operations: list[RoutingOperation] = []
        tails: list[str] = []
        after: tuple[str, ...] = ()
        for k, c in enumerate(route):
            name = f"{10 * (k + 1)}"
            if spec.shop == "flexible" and operations and random.random() < 0.3:
                tails.append(name)  # beside the operation before it
            else:
                after, tails = tuple(tails), [name]
            operations.append(self.operation(identifier, name, after, c, consumes if k == 0 else ()))
        return Part(identifier, tuple(operations))

    def operation(
        self, part: str, name: str, after: tuple[str, ...], center: int, consumes: tuple[Consumption, ...]
    ) -> RoutingOperation:
        spec, random = self.spec, self.random
        machines = list(range(spec.machines)) if spec.shop == "flexible" else self.centers[center]
        chosen = sorted(random.sample(machines, min(len(machines), random.randint(*spec.alternatives))))
        attended = bool(self.skills) and random.random() < spec.attended
        pausable = random.random() < spec.pausable
        minutes = spec.run_min * math.exp(random.gauss(0.0, spec.run_sigma))
        if not pausable:  # must fit between two breaks with the largest setup
            room = (self.window_min - spec.setup_min[1]) / (QUANTITY_SPREAD * ALTERNATIVE_SPREAD)
            minutes = min(minutes, room)
        family = self.family()
        process = self.processes[center]
        return RoutingOperation(
            id=name,
            after=after,
            name=process,
            alternatives=tuple(
                Alternative(
                    machine=f"M{m + 1:02d}",
                    min_per_unit=round(
                        minutes / self.usual[part] * random.uniform(0.85, ALTERNATIVE_SPREAD), 4
                    ),
                    skill=self.skills[m % len(self.centers) % len(self.skills)] if attended else "",
                    cv=spec.cv,
                )
                for m in chosen
            ),
            family=family,
            pausable=pausable,
            transfer_min=random.choice((0.0, 0.0, 5.0, 15.0)),
            consumes=consumes,
            scrap_rate=spec.scrap_rate,
            rework_rate=spec.rework_rate,
            instructions=f"{process} of {part}: "
            + (f"mount the tools of {family}, " if family else "")
            + "release the first piece before the series.",
        )

    def orders(self, parts: tuple[Part, ...]) -> tuple[Order, ...]:
        spec, random = self.spec, self.random
        size = COMPONENTS + 1 if spec.shop == "assembly" else 1
        chosen = [parts[i % len(parts)] for i in range(spec.orders)]
        quantities: list[int] = []
        for i, part in enumerate(chosen):
            drawn = math.floor(self.usual[part.id] * random.uniform(0.7, QUANTITY_SPREAD))
            quantities.append(quantities[-1] if i % size else max(1, drawn))  # one size for all of a product
        work = [self.work_min(part, quantity) for part, quantity in zip(chosen, quantities, strict=True)]
        load = self.load_min(chosen, quantities)
        out = []
        share = wait = 0.0
        for i, part in enumerate(chosen):
            if i % size == 0:
                share = random.uniform(0.15, 1.0) * spec.due_tightness
                wait = 0.0 if i == 0 or random.random() < 0.75 else random.uniform(0.0, 0.3) * load
            need = work[i]
            if size > 1 and i % size == COMPONENTS:
                need += max(work[i - COMPONENTS : i])
            out.append(
                Order(
                    id=f"O{i + 1:03d}",
                    part=part.id,
                    quantity=quantities[i],
                    due=self.after(max(wait + 1.2 * need, share * load)),
                    release=self.after(wait) if wait else spec.start,
                    priority=random.choice(PRIORITIES),
                )
            )
        return tuple(out)

    def work_min(self, part: Part, quantity: int) -> float:
        """Minutes an order takes on its own, operation after operation, with a usual setup each."""
        setup = sum(self.spec.setup_min) / 2 if self.spec.families else 0.0
        return sum(
            setup + op.transfer_min + min(alternative.run_s(quantity) for alternative in op.alternatives) / 60
            for op in part.operations
        )

    def load_min(self, parts: list[Part], quantities: list[int]) -> float:
        """Open minutes that all work keeps the busiest work center, or the people, occupied."""
        setup = 0.7 * sum(self.spec.setup_min) / 2 if self.spec.families else 0.0
        machine_min = [0.0] * len(self.centers)
        people_min = 0.0
        for part, quantity in zip(parts, quantities, strict=True):
            for op in part.operations:
                runs = [alternative.run_s(quantity) / 60 for alternative in op.alternatives]
                work = setup + sum(runs) / len(runs)
                for alternative in op.alternatives:
                    center = (int(alternative.machine[1:]) - 1) % len(self.centers)
                    machine_min[center] += work / len(runs)
                people_min += work if op.alternatives[0].skill else 0.0
        present = self.spec.people / (2 if self.spec.calendars == "two-shift" else 1)
        return max(
            people_min / max(present, 1.0),
            *(work / len(members) for work, members in zip(machine_min, self.centers, strict=True)),
        )

    def after(self, minutes: float) -> datetime:
        """The instant by which the plant has been open for so many minutes, at a full quarter of an hour."""
        opens, closes = self.open_min
        now = self.spec.start.astimezone(ZoneInfo(self.spec.timezone)).replace(tzinfo=None)
        left = minutes
        while True:
            midnight = datetime.combine(now.date(), time(0))
            begin = max(now, midnight + timedelta(minutes=opens))
            room = (midnight + timedelta(minutes=closes) - begin).total_seconds() / 60
            if now.weekday() in WORKDAYS or self.spec.calendars == "continuous":
                if room >= left:
                    found = begin + timedelta(minutes=left)
                    quarter = timedelta(
                        minutes=15 * math.ceil(((found - midnight).total_seconds() / 60) / 15)
                    )
                    return (midnight + quarter).replace(tzinfo=ZoneInfo(self.spec.timezone))
                left -= max(room, 0.0)
            now = midnight + timedelta(days=1)

    def lots(self, demand: dict[str, float]) -> tuple[MaterialLot, ...]:
        """Enough of every bought material: part of it here, the rest in two deliveries."""
        out = []
        for material, quantity in demand.items():
            for i, (share, wait_min) in enumerate(((0.6, 0.0), (0.3, 600.0), (0.3, 1200.0))):
                out.append(
                    MaterialLot(
                        id=f"{material}-{i + 1}",
                        material=material,
                        quantity=float(math.ceil(share * quantity)),
                        available=self.after(wait_min * self.random.uniform(0.7, 1.3)) if wait_min else None,
                        location="STORE",
                    )
                )
        return tuple(out)
