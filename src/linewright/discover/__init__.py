"""From a production log to a plant: `linewright plant discover LOG.csv -o DIR`.

This room is: reading logs (`columns`, `log`), what was done (`steps`, `work`), what follows from it (`hours`,
`floor`, `routings`, `durations`, `followed`, `facility`), how well the result reproduces the log (`dispatch`,
`fidelity`), and what is told of all that (`words`, `report`).

This room is not: live data (that is `connect` and `events`), a planner, or the place where a plant is
edited: what it makes is a plant folder, and from then on a plant folder like any other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linewright.discover.columns import read_mapping
from linewright.discover.facility import facility
from linewright.discover.log import read_log
from linewright.discover.report import report_of, told
from linewright.plant.folder_write import write_plant
from linewright.plant.plan import PlantState, Progress
from linewright.plant.records import Plant

__all__ = ["REPORT_FILE", "Discovery", "discover", "discover_folder"]

REPORT_FILE = "discovery.json"


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found in a log; `report` is plain JSON."""

    plant: Plant
    state: PlantState
    history: tuple[Progress, ...]
    report: dict[str, Any]


def discover(log: Path, mapping: Path | None = None, *, simulate: bool = True) -> Discovery:
    """The plant behind a production log.

    Args:
        log: CSV (any usual separator) or XES.
        mapping: a TOML file that names columns where they cannot be guessed; see `columns`.
        simulate: also measure how well the plant reproduces the log.

    Raises:
        PlantError: the log or the mapping cannot be used; the message says why.
    """
    said = read_mapping(mapping)
    read = read_log(log, said)
    found = facility(read, log.stem)
    return Discovery(found.plant, found.state, found.history, report_of(log.name, read, found, simulate))


def discover_folder(
    log: Path, output: Path, *, mapping: Path | None = None, overwrite: bool = False, simulate: bool = True
) -> str:
    """Write the plant behind a log as a folder, with its report; returns the report in words.

    Raises:
        PlantError: the log cannot be used, or the folder cannot be written; nothing is written then.
    """
    found = discover(log, mapping, simulate=simulate)
    report = json.dumps(found.report, indent=1, ensure_ascii=False) + "\n"
    write_plant(
        output,
        found.plant,
        found.state,
        history=found.history,
        overwrite=overwrite,
        beside={REPORT_FILE: report},
    )
    return told(found.report, output)
