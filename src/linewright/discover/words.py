"""What was assumed and what was noticed, in words."""

from __future__ import annotations

from collections.abc import Sequence

from linewright.discover.floor import Floor
from linewright.discover.followed import Block
from linewright.discover.log import Log


def assumptions(
    log: Log, unfinished: int, base_s: float, factor: float, on_time: float
) -> tuple[tuple[str, str], ...]:
    """What the log does not say, and what was put in its place."""
    found = [
        ("release", "An order was released when its first work was reported."),
        (
            "due",
            f"Due = release + {base_s / 3600:.0f} h + {factor:.1f} x its planned work, with which"
            f" {on_time:.0%} of the finished orders were on time."
            + (" The log's own due dates come first." if "due" in log.columns else ""),
        ),
        (
            "plan",
            "The plan in force at any moment is what was recorded to happen next, with one block for each"
            " operation, one thing at a time on a machine and for a person.",
        ),
        (
            "routing",
            "A step is one operation of an order, however many reports it has; orders of a part that took"
            " other steps follow a variant of its routing.",
        ),
        (
            "attendance",
            "Where mostly one person does an operation, a person attends it from setup to end; where"
            " people take turns, the plan names nobody.",
        ),
        ("skills", "Who was reported at a machine regularly can operate it."),
        ("material", "Material is always there."),
    ]
    if "priority" not in log.columns:
        found.append(("priority", "All orders weigh the same."))
    if not log.zone_given:
        found.append(("timezone", "Times in the log are UTC; name its zone in a --map file if they are not."))
    if "quantity" not in log.columns:
        found.append(("quantity", "An order's quantity is the most that any of its steps completed, or 1."))
    if "part" not in log.columns:
        found.append(
            ("part", "All orders are for one part, in as many variants as they took different steps.")
        )
    if unfinished:
        found.append(
            (
                "unfinished",
                f"{unfinished} orders were unfinished at the end; they go on as others like them did.",
            )
        )
    return tuple(found)


def notes(floor: Floor, blocks: Sequence[Block]) -> list[str]:
    """What a reader should know of how the log was understood."""
    moved = sorted(abs(block.end - block.operation.end) / 3600 for block in blocks)
    several = [f"{station} ({count} places)" for station, count in floor.places.items() if count > 1]
    alone = [station for station in floor.stations if station not in floor.attended]
    occasional = len(floor.people) - len(floor.person_periods)
    notes = [
        f"In the plan that was followed {sum(item < 0.02 for item in moved) / len(moved):.0%} of operations"
        f" end when they were recorded to; the others later, nine in ten of all by less than"
        f" {moved[int(0.9 * len(moved))]:.1f} h, because a machine or a person does one thing at a time.",
    ]
    if several:
        notes.append(f"Several orders at once are worked on at {', '.join(several)}.")
    if alone and floor.people:
        notes.append(
            f"People take turns, work at two machines at once, or are not named at {', '.join(alone)}:"
            " operations there are planned without an operator."
        )
    if occasional:
        notes.append(
            f"{occasional} people came now and then: they have the usual shift, and operate"
            " only what nobody else does; what else they did is put down to a colleague."
        )
    return notes
