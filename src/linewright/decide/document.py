"""The versioned JSON document of `linewright replan`: every scenario complete, so that it can be checked."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from linewright.decide.controls import to_record
from linewright.decide.generate import Alternatives
from linewright.errors import LinewrightError
from linewright.plant.arrays import OBJECTIVES
from linewright.plant.disruption import Disruption, to_dict
from linewright.plant.plan import Controls

VERSION = 1


def to_document(found: Alternatives, disruptions: Sequence[Disruption], controls: Controls) -> dict[str, Any]:
    """The document of one generation; layout in docs/reference/replan-json.md."""
    return {
        "version": VERSION,
        "plant": {"id": found.plant.id, "name": found.plant.name},
        "at": found.state.at.isoformat(),
        "disruption": [to_dict(item) for item in disruptions],
        "controls": msgspec.to_builtins(to_record(controls)),
        "settings": {
            "scenarios": found.effort.scenarios,
            "seconds": found.effort.seconds,
            "moves": found.effort.moves,
            "threads": found.effort.threads,
            "seed": found.effort.seed,
        },
        "seconds_to_scenarios": round(found.seconds, 3),
        "objectives": list(OBJECTIVES),
        "unplannable": msgspec.to_builtins(found.unplannable),
        "scenarios": [msgspec.to_builtins(found.scenario(scenario)) for scenario in found.ids],
    }


def write_document(path: Path, document: dict[str, Any]) -> None:
    """Write it whole or not at all.

    Raises:
        LinewrightError: the disk refuses.
    """
    try:
        _write(path.absolute(), document)
    except OSError as error:
        raise LinewrightError(f"{path}: cannot be written: {error.strerror}. Maybe another place.") from error


def _write(path: Path, document: dict[str, Any]) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
            file.write("\n")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
