"""Writing a plant folder: all of it or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from linewright.errors import Finding, PlantError
from linewright.plant import folder_tables as tables
from linewright.plant.checks import check
from linewright.plant.folder_csv import write_sheet
from linewright.plant.folder_settings import settings_text
from linewright.plant.folder_values import CellError, Style, load_zone
from linewright.plant.history import current
from linewright.plant.plan import PlantState, Progress
from linewright.plant.records import Plant

FILES = frozenset({tables.SETTINGS_FILE, *(table.file for table in tables.TABLES)})


def write_plant(
    directory: Path,
    plant: Plant,
    state: PlantState,
    *,
    history: Sequence[Progress] = (),
    overwrite: bool = False,
    beside: Mapping[str, str] | None = None,
) -> None:
    """Write a plant folder that `read_plant` reads back as it was.

    What became known since the plant was described (`state.orders`, `lots`, `absences`, `downtimes`) is
    written among the plant's own. Nothing is written unless everything can be; files of others in a
    folder that is overwritten stay. `beside`: texts by file name that belong to the folder but are no tables.

    Raises:
        PlantError: findings of `checks.check`; a value that a table cannot hold; a directory that is
            there already (without `overwrite`) or is no plant folder; a disk that refuses.
    """
    if findings := check(plant, state, history=history):
        raise PlantError(findings)
    target = directory.resolve()
    _require_free(target, overwrite)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
            fresh = Path(scratch) / "new"
            fresh.mkdir()
            _write_files(fresh, plant, state, history)
            for name, text in (beside or {}).items():
                (fresh / name).write_text(text, encoding="utf-8")
            _swap(fresh, target, Path(scratch) / "old", FILES | (beside or {}).keys())
    except CellError as error:
        raise PlantError([Finding(f"plant {plant.id}", error.what, error.advice)]) from None
    except OSError as error:
        raise PlantError(
            [Finding(str(directory), f"cannot be written: {error.strerror}.", "Maybe another place.")]
        ) from error


def _require_free(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise PlantError([Finding(str(target), "is a file.", "Name a folder that does not exist yet.")])
    if not any(target.iterdir()):
        return
    if not (target / tables.SETTINGS_FILE).is_file():
        raise PlantError(
            [
                Finding(
                    str(target),
                    f"holds files but no {tables.SETTINGS_FILE}: it is no plant folder and is left alone.",
                    "Name another folder.",
                )
            ]
        )
    if not overwrite:
        raise PlantError(
            [Finding(str(target), "is a plant folder already.", "Name another, or use --overwrite.")]
        )


def _swap(fresh: Path, target: Path, old: Path, own: Set[str]) -> None:
    """Put a finished folder in the place of another one, with what in that is not our `own`."""
    if not target.exists():
        fresh.rename(target)
        return
    for item in target.iterdir():
        if item.name in own:
            continue
        if item.is_dir() and not item.is_symlink():
            shutil.copytree(item, fresh / item.name, symlinks=True)
        else:
            shutil.copy2(item, fresh / item.name, follow_symlinks=False)
    fresh.chmod(target.stat().st_mode)
    target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        old.rename(target)
        raise


def _write_files(folder: Path, plant: Plant, state: PlantState, history: Sequence[Progress]) -> None:
    zone = load_zone(plant.timezone)
    style = Style(zone)
    plant = current(plant, state)
    (folder / tables.SETTINGS_FILE).write_text(settings_text(plant, state, zone), encoding="utf-8")
    for table, records in _records(plant, state, history):
        rows = list(records)
        if rows or table.required:
            write_sheet(folder / table.file, table, rows, style)


def _records(
    plant: Plant, state: PlantState, history: Sequence[Progress]
) -> Iterable[tuple[tables.Table, Iterable[Any]]]:
    operations = [(part, operation) for part in plant.parts for operation in part.operations]
    yield tables.EQUIPMENT, plant.equipment
    yield tables.PEOPLE, (_row(item, skills=sorted(item.skills)) for item in plant.people)
    yield tables.CALENDARS, (_row(item, calendar=c.id) for c in plant.calendars for item in c.shifts)
    yield (
        tables.CALENDAR_EXCEPTIONS,
        (_row(item, calendar=c.id) for c in plant.calendars for item in c.exceptions),
    )
    yield tables.MATERIALS, plant.materials
    yield tables.LOTS, plant.lots
    yield tables.PARTS, plant.parts
    yield tables.ROUTINGS, (_row(item, part=part.id) for part, item in operations)
    yield (
        tables.ALTERNATIVES,
        (_row(a, part=part.id, operation=item.id) for part, item in operations for a in item.alternatives),
    )
    yield (
        tables.CONSUMPTION,
        (_row(used, part=part.id, operation=item.id) for part, item in operations for used in item.consumes),
    )
    yield tables.SETUPS, plant.setups
    yield tables.ORDERS, plant.orders
    yield tables.DOWNTIMES, plant.downtimes
    yield tables.ABSENCES, plant.absences
    yield tables.PLAN, state.plan.assignments
    yield tables.PROGRESS, state.progress
    yield tables.MACHINE_STATE, _machine_states(state)
    yield tables.HISTORY, history


def _row(record: Any, **more: Any) -> SimpleNamespace:
    return SimpleNamespace(**{item.name: getattr(record, item.name) for item in fields(record)} | more)


def _machine_states(state: PlantState) -> Iterable[SimpleNamespace]:
    for machine in sorted(state.machine_down_until.keys() | state.machine_family.keys()):
        yield SimpleNamespace(
            machine=machine,
            family=state.machine_family.get(machine, ""),
            down_until=state.machine_down_until.get(machine),
        )
