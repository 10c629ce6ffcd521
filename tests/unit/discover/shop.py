"""A small shop with known times, that writes the log discovery is tried on."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

HEADER = [
    "case", "activity", "machine", "start", "complete", "worker", "order qty", "part", "report type",
    "qty completed", "qty rejected", "rework",
]  # fmt: skip
MINUTES_PER_UNIT = {"Sawing": 0.5, "Milling": 3.0, "Inspection": 1.0}
MACHINES = {"Sawing": ["Saw 1"], "Milling": ["Mill 1", "Mill 2"], "Inspection": ["Bench"]}
WORKERS = {"Saw 1": ["Ann"], "Mill 1": ["Bob"], "Mill 2": ["Cid"], "Bench": ["Dee"]}
SETUP_MIN = 30.0
START = datetime(2026, 1, 5, 8, 0)  # noqa: DTZ001 (local, as logs are)


def working(at: datetime) -> datetime:
    """The next moment of Monday to Friday, 8 to 16."""
    while at.weekday() > 4 or not 8 <= at.hour < 16:
        at = (at + timedelta(days=at.hour >= 16 or at.weekday() > 4)).replace(hour=8, minute=0, second=0)
    return at


def reports(
    row: list[str], kind: str, minutes: float, good: int, at: datetime, draw: random.Random
) -> tuple[list[list[str]], datetime]:
    """Work as one report for each stretch of working time, and when it is done."""
    out: list[list[str]] = []
    while minutes > 0.5:
        at = working(at)
        taken = min(minutes, (at.replace(hour=16, minute=0) - at).total_seconds() / 60)
        end = at + timedelta(minutes=taken)
        minutes -= taken
        done = good if minutes <= 0.5 else 0
        rejected = int(done > 0 and draw.random() < 0.1)
        times = [at.isoformat(" ", "seconds"), end.isoformat(" ", "seconds")]
        out.append([*row[:3], *times, *row[3:], kind, str(done), str(rejected), ""])
        at = end
    return out, at


def rows(orders: int = 120, seed: int = 1, spread: float = 0.2) -> list[list[str]]:
    """The reports of a shop that takes one order every two working hours, first come, first served."""
    draw = random.Random(seed)
    free = dict.fromkeys([m for machines in MACHINES.values() for m in machines], START)
    mounted = dict.fromkeys(free, "")
    out: list[list[str]] = []
    release = START
    for n in range(orders):
        part = draw.choice(["Shaft", "Gear"])
        steps = ["Sawing", "Milling", "Inspection"] if part == "Shaft" else ["Milling", "Inspection"]
        quantity = draw.choice([10, 20, 30])
        ready = release
        for step in steps:
            machine = min(MACHINES[step], key=lambda name: free[name])
            at = working(max(ready, free[machine]))
            row = [f"O{n:03d}", f"{step} - {machine}", machine, WORKERS[machine][0], str(quantity), part]
            if step == "Milling" and mounted[machine] != part:
                setup, at = reports(row, "S", SETUP_MIN, 0, at, draw)
                out += setup
                mounted[machine] = part
            minutes = MINUTES_PER_UNIT[step] * quantity * draw.lognormvariate(0.0, spread)
            run, at = reports(row, "D", minutes, quantity, at, draw)
            out += run
            free[machine] = ready = at
        release = working(release + timedelta(hours=2))
    return out


def write(path: Path, reports: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *reports])
    return path
