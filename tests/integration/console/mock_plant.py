"""A plausible plant and its plans for the console's tests: 30 machines, 90 orders, some 600 operations.

Plans come from one greedy list scheduler under different dispatching weights, so that what the page shows
is consistent (no overlaps, precedence kept) without any of Linewright's engines.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 10, 9, 20, tzinfo=ZONE)
EPOCH = datetime(2026, 3, 9, 6, 0, tzinfo=ZONE)
CENTERS = [
    ("SAW", "Sawing", 3),
    ("TRN", "Turning", 6),
    ("MIL", "Milling", 7),
    ("GRD", "Grinding", 4),
    ("HTR", "Heat treatment", 2),
    ("DEB", "Deburring", 2),
    ("INS", "Inspection", 3),
    ("ASM", "Assembly", 3),
]
CUSTOMERS = ["Ahlmann", "Bergtal Pumps", "Corvex", "Dornier Rail", "Eskil Marine", "Fjord Hydraulics"]
NAMES = (
    "Ada,Bo,Cem,Dana,Elif,Finn,Greta,Hugo,Ines,Jan,Kaya,Lars,Mira,Noor,Olaf,Pia,Quentin,Rosa,Sami,Tilda,Umut,"
    "Vera,Wim,Xenia,Yusuf,Zoe,Anton,Britta,Carla,Dirk,Emre,Fatma,Georg,Hanna,Ivo,Jule,Karl,Lena,Milan,Nele,"
    "Oskar,Paula,Rene,Sofia,Theo,Ulla,Viktor,Wanda,Yara,Zeno"
)
PARTS = {
    "P-100": ("Pump shaft", "SAW TRN TRN HTR GRD DEB INS"),
    "P-110": ("Pump housing", "MIL MIL DEB MIL INS"),
    "P-120": ("Impeller", "TRN MIL MIL DEB GRD INS"),
    "P-200": ("Gear 32T", "SAW TRN MIL HTR GRD GRD INS"),
    "P-210": ("Gear 48T", "SAW TRN MIL HTR GRD GRD DEB INS"),
    "P-220": ("Pinion", "SAW TRN TRN HTR GRD INS"),
    "P-300": ("Valve body", "MIL MIL MIL DEB INS"),
    "P-310": ("Valve spool", "SAW TRN GRD HTR GRD DEB INS"),
    "P-400": ("Bearing cap", "SAW MIL MIL DEB INS"),
    "P-500": ("Gearbox", "MIL TRN MIL HTR GRD DEB ASM ASM INS"),
    "P-510": ("Pump, complete", "MIL TRN MIL GRD DEB ASM ASM ASM INS"),
    "P-600": ("Flange", "SAW TRN MIL DEB INS"),
}


@dataclass
class Op:
    order: str
    operation: str
    after: list[str]
    machines: list[str]
    family: str
    minutes: float
    machine: str = ""
    operator: str = ""
    setup_start: float = 0.0  # minutes from EPOCH
    start: float = 0.0
    end: float = 0.0

    @property
    def key(self) -> str:
        return f"{self.order}/{self.operation}"


@dataclass
class MockPlant:
    seed: int = 7
    orders_wanted: int = 90
    machines: list[dict[str, Any]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    ops: dict[str, Op] = field(default_factory=dict)
    parts: list[dict[str, Any]] = field(default_factory=list)
    open_time: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    skilled: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = random.Random(self.seed)
        scale = max(1, self.orders_wanted // 90)
        by_center: dict[str, list[str]] = {}
        for center, _, count in CENTERS:
            for _ in range(count * scale):
                machine = f"M{len(self.machines) + 1:02d}"
                by_center.setdefault(center, []).append(machine)
                always = center == "HTR"
                self.open_time[machine] = (
                    [(-5000, 40_000)]
                    if always
                    else [
                        (day * 1440.0, day * 1440.0 + (960 if day % 7 != 5 else 480))
                        for day in range(-3, 28)
                        if day % 7 != 6
                    ]
                )
                self.machines.append(
                    {
                        "id": machine,
                        "name": f"{machine} {self._model(center, len(by_center[center]))}",
                        "work_center": center,
                        "calendar_open": [
                            [self.at(a), self.at(b)] for a, b in self.open_time[machine] if -4000 < a < 12_000
                        ],
                    }
                )
        for index, name in enumerate(NAMES.split(",")):
            center = CENTERS[index % len(CENTERS)][0]
            self.people.append({"id": f"W{index + 1:02d}", "name": name, "skills": [center.lower()]})
            self.skilled.setdefault(center, []).append(f"W{index + 1:02d}")
        routes: dict[str, list[tuple[str, list[str], list[str]]]] = {}
        for part, (name, path) in PARTS.items():
            steps: list[tuple[str, list[str], list[str]]] = []
            centers = path.split()
            for index, center in enumerate(centers):
                after = [f"{index * 10}"] if index else []
                if "ASM" in centers and index in (1, 3):  # two branches that meet at assembly
                    after = []
                if center == "ASM" and centers[index - 1] != "ASM":
                    after = [f"{index * 10}", "10", "30"]
                pool = by_center[center]
                steps.append(
                    (f"{(index + 1) * 10}", after, sorted(rng.sample(pool, min(len(pool), 2 + index % 2))))
                )
            routes[part] = steps
            names = {c: n for c, n, _ in CENTERS}
            self.parts.append(
                {
                    "id": part,
                    "name": name,
                    "operations": [
                        {"id": op, "name": names[center], "after": after, "machines": machines}
                        for (op, after, machines), center in zip(steps, centers, strict=True)
                    ],
                }
            )
        for number in range(self.orders_wanted):
            order = f"O-{4100 + number}"
            part = rng.choice(list(PARTS))
            quantity = rng.choice([10, 20, 25, 40, 60, 80])
            due = 900 + number * 5600 / self.orders_wanted + rng.uniform(2300, 5600)
            self.orders[order] = {
                "id": order,
                "part": part,
                "quantity": quantity,
                "due": self.at(due),
                "due_min": due,
                "priority": rng.choice([1.0, 1.0, 1.0, 2.0, 5.0]),
                "customer": rng.choice(CUSTOMERS),
            }
            for op, after, machines in routes[part]:
                minutes = rng.uniform(1.6, 5.2) * quantity**0.9 + 15
                item = Op(order, op, after, machines, f"F{int(part[2:]) // 10 % 4}", minutes)
                self.ops[item.key] = item

    @staticmethod
    def _model(center: str, number: int) -> str:
        kind = {"SAW": "Saw", "TRN": "Lathe", "MIL": "Mill", "GRD": "Grinder", "HTR": "Furnace"}
        kind |= {"DEB": "Deburr", "INS": "CMM", "ASM": "Bench"}
        return f"{kind[center]} {number}"

    @staticmethod
    def at(minutes: float) -> str:
        return (EPOCH + timedelta(minutes=round(minutes, 1))).isoformat()

    def _open(self, machine: str, when: float) -> float:
        for start, end in self.open_time[machine]:
            if when < end:
                return max(when, start)
        return when

    def _work(self, machine: str, start: float, minutes: float) -> float:
        intervals = self.open_time[machine]
        at = max(0, bisect_right(intervals, (start, 1e9)) - 1)
        left = minutes
        for begin, end in intervals[at:]:
            room = end - max(start, begin)
            if room >= left:
                return max(start, begin) + left
            left -= max(0.0, room)
        return start + minutes

    def schedule(
        self,
        fixed: dict[str, Op],
        down: dict[str, float],
        rng: random.Random,
        *,
        noise: float,
        tardiness: float,
        loyal: float,
        hold: bool,
        stay: float,
        pin: dict[str, str],
        forbidden: set[str],
        from_minute: float,
    ) -> dict[str, Op]:
        """A greedy list schedule: the next operation is the one with the best weighted due date."""
        plan = dict(fixed)
        free = {machine["id"]: from_minute for machine in self.machines}
        family: dict[str, str] = {}
        for op in sorted(fixed.values(), key=lambda item: item.end):
            free[op.machine] = max(free[op.machine], op.end)
            family[op.machine] = op.family
        for machine, until in down.items():
            free[machine] = max(free[machine], until)
        waiting = [op for key, op in self.ops.items() if key not in plan]
        weight = {
            key: (1 - loyal)
            * (
                self.orders[op.order]["due_min"]
                / (self.orders[op.order]["priority"] ** tardiness)
                * rng.uniform(1 - noise, 1 + noise)
                + int(op.operation) * 6
            )
            + loyal * op.setup_start
            for key, op in self.ops.items()
        }
        waiting.sort(key=lambda op: weight[op.key])
        while waiting:
            ready = next(op for op in waiting if all(f"{op.order}/{before}" in plan for before in op.after))
            waiting.remove(ready)
            earliest = max([from_minute] + [plan[f"{ready.order}/{before}"].end for before in ready.after])
            choices = (
                [pin[ready.key]] if ready.key in pin else [m for m in ready.machines if m not in forbidden]
            )
            best: tuple[float, str, float, float, float] | None = None
            for machine in choices or ready.machines:
                planned = ready.setup_start if hold and machine == ready.machine else 0.0
                begin = self._open(machine, max(earliest, free[machine], planned))
                setup = 0.0 if family.get(machine) == ready.family else 18.0
                run = self._work(machine, begin, setup) if setup else begin
                end = self._work(machine, run, ready.minutes)
                penalty = 0.0 if machine == self.ops[ready.key].machine else stay
                if best is None or end + penalty < best[0]:
                    best = (end + penalty, machine, begin, run, end)
            assert best is not None
            _, machine, begin, run, end = best
            free[machine], family[machine] = end, ready.family
            center = next(m["work_center"] for m in self.machines if m["id"] == machine)
            crew = self.skilled[center]
            operator = (
                ready.operator
                if machine == self.ops[ready.key].machine and ready.operator
                else crew[int(machine[1:]) % len(crew)]
            )
            plan[ready.key] = Op(
                ready.order,
                ready.operation,
                ready.after,
                ready.machines,
                ready.family,
                ready.minutes,
                machine,
                operator,
                begin,
                run,
                end,
            )
        return plan

    def completions(self, plan: dict[str, Op]) -> dict[str, float]:
        done: dict[str, float] = {}
        for op in plan.values():
            done[op.order] = max(done.get(op.order, 0.0), op.end)
        return done
