"""Make the plant that `./run demo` runs: `python tools/make_demo_plant.py`.

Its structure and spread are estimates from a real production log of a metal shop (31 stations, 49 workers,
225 work orders, three months): about six operations an order, a fifth of machine time spent on setups,
workers who cover three stations, 0.6 % rejects, run times of an operation that spread over more than an
order of magnitude. No row, name or order of the log is in it. Chosen for the demonstration: run times are
shorter (a median near an hour instead of 190 minutes, so that something happens while one looks) and cut,
attended work is shorter than what machines do alone, and the plant works round the clock.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from linewright.plant.folder import write_plant
from linewright.plant.generate import FacilitySpec, generate, generate_state
from linewright.plant.history import state_at
from linewright.plant.records import Alternative, Calendar, Equipment, Order, Part, Person, Plant, Shift
from linewright.schedule.opening import planned

FOLDER = Path(__file__).parent.parent / "src" / "linewright" / "demo" / "facility"
SEED = 7
ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 16, 6, 0, tzinfo=ZONE)
OPENS = START + timedelta(hours=3, minutes=30)  # where the demonstration begins
ATTENDED_MIN, UNATTENDED_MIN = 100, 8 * 60  # longest runs of an order's operation
ATTENDED_SHARE = 0.45  # an attended run against an unattended one
DUE_SCALE = 0.8  # so that about an eighth of the orders is late before anything has happened

SPEC = FacilitySpec(
    machines=30,
    people=50,
    orders=80,
    operations=600,
    alternatives=(1, 3),
    families=8,
    setup_min=(10.0, 45.0),
    skills=10,
    attended=0.6,
    run_min=80.0,
    run_sigma=0.9,
    cv=0.2,
    mtbf_h=400.0,
    mttr_h=1.5,
    mttr_cv=0.8,
    scrap_rate=0.0064,
    rework_rate=0.007,
    materials=9,
    start=START,
)

PEOPLE = """
Anna Berg, Bilal Demir, Carla Nowak, David Okafor, Elena Rossi, Femi Adeyemi, Greta Lind, Hugo Marin,
Ines Costa, Jonas Weber, Kofi Mensah, Lena Fischer, Marek Zielak, Nadia Haddad, Oskar Lund, Petra Horak,
Quentin Roux, Rosa Alvarez, Samir Khan, Tilda Strand, Umar Farouk, Vera Ivanova, Wim de Boer, Xenia Papa,
Yusuf Kaya, Zora Babic, Aldo Conti, Britta Voss, Cem Aydin, Dora Nagy, Emil Krog, Fatima Zahra, Goran Petrov,
Hanna Aalto, Ivan Kolar, Julia Stein, Karim Said, Lucia Vega, Milan Novak, Nora Dahl, Omar Aziz, Paula Reis,
Rafael Pinto, Sofia Markou, Tomas Cerny, Ulla Holm, Viktor Balog, Wanda Maj, Yara Nasser, Zeno Furlan
"""
PRODUCTS = """
Bearing housing, Pump shaft, Valve body, Gear blank, Flange, Spindle nose, Coupling half, Piston rod,
Cam plate, Guide rail, Rotor hub, Seal carrier, Manifold, Impeller, Tool holder, Clamp jaw
"""
CUSTOMERS = (
    "Aurora Pumps",
    "Brenner Rail",
    "Castell Drives",
    "Delta Hydraulics",
    "Eiger Robotics",
    "Fjord Marine",
)

WEEK = frozenset(range(7))


def names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def shift(start: int, end: int) -> tuple[Shift, ...]:
    """A shift with a break in its middle."""
    middle = time((start + 4) % 24)
    return (
        Shift(WEEK, time(start), time(end)),
        Shift(WEEK, middle, time(middle.hour, 30), is_break=True),
    )


CALENDARS = (
    Calendar("round-the-clock", (Shift(WEEK, time(0), time(0)),)),
    Calendar("early", shift(6, 14)),
    Calendar("late", shift(14, 22)),
    Calendar("night", shift(22, 6)),
)


def people(plant: Plant) -> tuple[Person, ...]:
    """Every shift covers every skill; each person covers three."""
    skills = sorted({skill for person in plant.people for skill in person.skills})
    rows = []
    for i, name in enumerate(names(PEOPLE)[: SPEC.people]):
        on, place = ("early", "late", "night")[i % 3], i // 3
        known = {skills[(place * step + offset) % len(skills)] for step, offset in ((1, 0), (3, 4), (7, 1))}
        rows.append(Person(f"W{i + 1:02d}", on, frozenset(known), name))
    return tuple(rows)


def machine(item: Equipment) -> Equipment:
    return replace(item, calendar="round-the-clock") if item.calendar else item


def part(item: Part, index: int, quantity: int) -> Part:
    """Attended work is short and varies; unattended machines run longer and steadily."""
    products = names(PRODUCTS)

    def choice(given: Alternative) -> Alternative:
        minutes = given.min_per_unit * quantity
        longest, cv = (ATTENDED_MIN, 0.2) if given.skill else (UNATTENDED_MIN, 0.08)
        scale = ATTENDED_SHARE if given.skill else 1.0
        return replace(given, min_per_unit=round(min(scale * minutes, longest) / quantity, 4), cv=cv)

    operations = tuple(
        replace(operation, alternatives=tuple(choice(given) for given in operation.alternatives))
        for operation in item.operations
    )
    return replace(item, operations=operations, name=f"{products[index % len(products)]} {100 + index}")


def order(item: Order, index: int) -> Order:
    due = START + (item.due - START) * DUE_SCALE
    release = item.release if item.release is None else START + (item.release - START) * DUE_SCALE
    quarter = timedelta(minutes=15)
    due = START + quarter * math.ceil((due - START) / quarter)
    return replace(
        item, id=f"O-{1001 + index}", due=due, release=release, customer=CUSTOMERS[index % len(CUSTOMERS)]
    )


def make() -> None:
    """Write the folder anew and say what is in it."""
    plant = generate(SPEC, SEED)
    largest = {item.id: max(o.quantity for o in plant.orders if o.part == item.id) for item in plant.parts}
    plant = replace(
        plant,
        id="harbour-works",
        name="Harbour Works",
        calendars=CALENDARS,
        equipment=tuple(machine(item) for item in plant.equipment),
        people=people(plant),
        parts=tuple(part(item, i, largest[item.id]) for i, item in enumerate(plant.parts)),
        orders=tuple(order(item, i) for i, item in enumerate(plant.orders)),
        assumptions=(
            (
                "facility",
                "made up by tools/make_demo_plant.py; spread estimated from a real metal shop's log",
            ),
        ),
    )
    state = state_at(plant, planned(plant, generate_state(plant), seed=SEED), (), OPENS)
    write_plant(FOLDER, plant, state, overwrite=True)
    ends: dict[str, datetime] = {}
    for row in state.plan.assignments:
        ends[row.order] = max(ends.get(row.order, row.end), row.end)
    late = sum(ends[item.id] > item.due for item in plant.orders)
    print(
        f"{FOLDER}: {len(plant.machines)} machines, {len(plant.people)} people, {len(plant.orders)} orders,"
        f" {len(state.plan.assignments)} operations until {max(ends.values()):%a %d %H:%M},"
        f" {late} late as planned",
        file=sys.stderr,
    )


if __name__ == "__main__":
    make()
