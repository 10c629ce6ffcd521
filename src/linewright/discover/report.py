"""What a discovery reports: as JSON beside the tables, and in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linewright.discover.facility import Facility, facility
from linewright.discover.fidelity import MEASURES, REPLICATIONS, fidelity, split_of
from linewright.discover.log import Log, moment

VERSION = 1

MEANINGS = {
    "cycle_time_h": "from release to end of an order",
    "absolute_h": "when operations begin and end",
    "relative_h": "the same, counted from the order's release",
    "circadian_h": "time of day of begins and ends, by weekday",
}


def report_of(name: str, log: Log, found: Facility, simulate: bool) -> dict[str, Any]:
    """The report as plain JSON."""
    plant = found.plant
    return {
        "version": VERSION,
        "log": {
            "file": name,
            "rows": log.rows,
            "used": len(log.reports),
            "dropped": [
                {"why": why, "rows": count, "first_row": log.examples[why]}
                for why, count in log.dropped.most_common()
            ],
            "columns": log.columns,
            "timezone": log.zone.key,
        },
        "found": {
            "machines": len(plant.machines),
            "people": len(plant.people),
            "parts": len({case.part for case in found.cases}),
            "routings": len(plant.parts),
            "orders": len(plant.orders),
            "unfinished_orders": len(found.lacking),
            "operations": len(found.history),
            "calendars": len(plant.calendars),
            "setup_times": len(plant.setups),
            "from": moment(min(case.start for case in found.cases)).isoformat(),
            "until": found.state.at.isoformat(),
        },
        "notes": [*log.notes, *found.notes],
        "assumptions": dict(plant.assumptions),
        "reproduces": _reproduces(log, found, name) if simulate else None,
    }


def _reproduces(log: Log, found: Facility, name: str) -> dict[str, Any]:
    split = split_of(found)
    begin = min(case.start for case in found.cases) if split is None else split
    learned = found.state.at.timestamp() if split is None else split
    measured = fidelity(facility(log, name, learned), begin)
    return {"held_out": split is not None, "replications": REPLICATIONS, **measured.to_dict()}


def told(report: dict[str, Any], output: Path) -> str:
    """The report in words."""
    log, found = report["log"], report["found"]
    lines = [
        f"{log['file']}: {log['used']:,} of {log['rows']:,} rows used.",
        *(
            f"  dropped {item['rows']:,}: {item['why']} (first in row {item['first_row']})"
            for item in log["dropped"]
        ),
        f"Found {found['machines']} machines, {found['people']} people, {found['parts']} parts in"
        f" {found['routings']} routings, {found['orders']} orders ({found['unfinished_orders']} unfinished)"
        f" of {found['operations']:,} operations.",
        *(f"  {note}" for note in report["notes"]),
        "Assumed, because a log cannot tell ([assumptions] in plant.toml; edit the tables to change it):",
        *(f"  {what}: {how}" for what, how in report["assumptions"].items()),
    ]
    if report["reproduces"] is not None:
        lines += _measured(report["reproduces"])
    lines.append(f"Written to {output}. Next: linewright plant check {output}")
    return "\n".join(lines)


def _measured(result: dict[str, Any]) -> list[str]:
    how = (
        f"learned from the work before {result['begin'][:10]}, tried on the {result['orders']} orders after"
        if result["held_out"]
        else f"too short to hold orders out: learned from and tried on the same {result['orders']} orders"
    )
    lines = [
        f"How well it reproduces the log ({how}; distances in hours, 0 is perfect, mean of"
        f" {result['replications']} simulations):",
        f"  {'':<52}{'this plant':>12}{'no model':>12}{'as a plan':>12}",
    ]
    farther = []
    for name in MEASURES:
        own, trivial, followed = (result[of][name] for of in ("plant", "baseline", "followed"))
        if own >= trivial:
            farther.append(MEANINGS[name])
        lines.append(f"  {MEANINGS[name]:<52}{own:>12.1f}{trivial:>12.1f}{followed:>12.1f}")
    nearer = len(MEASURES) - len(farther)
    but = f", but not in: {'; '.join(farther)}" if farther else ""
    lines += [
        f"  Median cycle time recorded {result['recorded_cycle_time_h']:.0f} h, simulated"
        f" {result['simulated_cycle_time_h']:.0f} h. The plant is nearer than no model (past cycle times"
        f" drawn at random, operations spread evenly) in {nearer} of {len(MEASURES)} measures{but}.",
        "  As a plan: the recorded work itself, each operation one block that begins when those before it"
        " have ended. A plan that is followed to the letter is that far from the record.",
    ]
    return lines
