"""The JSON of `linewright replan` read strictly: every missing key and wrong type is a finding.

Instants become seconds since 1970 (UTC), so that the rest of the checker compares plain numbers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from linewright.errors import Finding, PlantError
from linewright.plant.text_file import read_text

VERSION = 1
LARGEST_BYTES = 2**30
LARGEST_NUMBER = 1e30
FIRST_YEAR, LAST_YEAR = 1900, 2999
BLOCK_STATES = ("free", "frozen", "started")
UNSEARCHED = ("keep", "push-right")
"""Scenarios that are there for comparison: neither distinct from nor undominated by the others."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Block:
    """One operation of a scenario."""

    order: str
    operation: str
    machine: str
    operator: str
    setup_start: float
    start: float
    end: float
    state: str

    @property
    def key(self) -> Key:
        return self.order, self.operation


@dataclass(frozen=True, slots=True)
class ScenarioClaim:
    """What a scenario says of itself."""

    id: str
    objectives: dict[str, float]
    blocks: tuple[Block, ...]
    references: tuple[tuple[str, str, str], ...]  # (where, kind of thing, id) named outside operations


@dataclass(frozen=True, slots=True)
class ControlsClaim:
    """The planner's controls, keyed by job order ("ORDER/OPERATION")."""

    pin_machine: dict[str, str] = field(default_factory=dict)
    pin_operator: dict[str, str] = field(default_factory=dict)
    not_before: dict[str, float] = field(default_factory=dict)
    forbid_machines: frozenset[str] = frozenset()
    forbid: frozenset[tuple[str, str]] = frozenset()
    priority: dict[str, float] = field(default_factory=dict)
    freeze_until: float | None = None


@dataclass(frozen=True, slots=True)
class Document:
    plant: str
    at: datetime
    disruption: tuple[dict[str, Any], ...]
    controls: ControlsClaim
    objectives: tuple[str, ...]
    unplannable: tuple[tuple[Key, str], ...]  # (order, operation), why
    scenarios: tuple[ScenarioClaim, ...]


def read_document(path: Path) -> object:
    """The JSON value in a file.

    Raises:
        PlantError: the file is missing, too large, binary, truncated or not JSON.
    """
    where = path.name
    again = "Maybe the run that wrote it was interrupted: run `linewright replan` again."
    other = "Maybe it is not a replan result."
    text = read_text(path, LARGEST_BYTES, other)
    if isinstance(text, Finding):
        raise PlantError([text])
    if not text.strip():
        raise PlantError([Finding(where, "is empty.", again)])
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        what = f"is not complete JSON: {error.msg} at line {error.lineno} column {error.colno}."
        raise PlantError([Finding(where, what, again)]) from None
    except RecursionError:
        raise PlantError([Finding(where, "is nested too deeply.", other)]) from None
    except ValueError:  # Python reads no whole number of thousands of digits
        raise PlantError([Finding(where, "holds a number that is too long to read.", other)]) from None


class _Reader:
    """Takes typed values out of nested JSON and notes what is missing or of the wrong type."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def note(self, where: str, what: str) -> None:
        self.findings.append(Finding(where, what, "See docs/reference/replan-json.md."))

    def take(self, item: Any, key: str, kind: type, where: str, *, required: bool = True) -> Any:
        """`item[key]` if it is of `kind`; else a finding (if required or present) and None."""
        if key not in item:
            if required:
                self.note(where, f"`{key}` is missing.")
            return None
        value = item[key]
        wanted = (int, float) if kind is float else (kind,)
        if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
            self.note(where, f"`{key}` is {type(value).__name__}, it should be {kind.__name__}.")
            return None
        if isinstance(value, int | float) and not abs(value) <= LARGEST_NUMBER:
            self.note(where, f"`{key}` should be a number, of {LARGEST_NUMBER:g} at most.")
            return None
        return value

    def objects(self, item: Any, key: str, where: str, *, required: bool = True) -> list[dict[str, Any]]:
        """`item[key]` as a list of objects; entries that are no objects become findings."""
        out = []
        for position, entry in enumerate(self.take(item, key, list, where, required=required) or []):
            if isinstance(entry, dict):
                out.append(entry)
            else:
                self.note(f"{where} {key}[{position}]", f"is {type(entry).__name__}, it should be an object.")
        return out

    def instant(self, item: Any, key: str, where: str) -> datetime | None:
        """`item[key]` as an aware datetime."""
        text = self.take(item, key, str, where)
        if text is None:
            return None
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            self.note(where, f"`{key}` is {text!r}, which is not an ISO 8601 time.")
            return None
        if value.tzinfo is None:
            self.note(where, f"`{key}` is {text!r}, which has no offset from UTC.")
            return None
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            self.note(where, f"`{key}` is {text!r}, outside the years {FIRST_YEAR} to {LAST_YEAR}.")
            return None
        return value

    def numbers(self, item: Any, key: str, where: str) -> dict[str, float]:
        """`item[key]` as an object of numbers."""
        mapping = self.take(item, key, dict, where) or {}
        out = {}
        for name in mapping:
            value = self.take(mapping, name, float, f"{where} {key}")
            if value is not None:
                out[name] = float(value)
        return out


def parse(raw: object) -> tuple[Document | None, list[Finding]]:
    """The document, and everything wrong with its structure (then the document is None)."""
    read = _Reader()
    if not isinstance(raw, dict):
        read.note("document", f"is {type(raw).__name__}, it should be an object.")
        return None, read.findings
    version = read.take(raw, "version", int, "document")
    if version is not None and version != VERSION:
        what = f"version is {version}; this checker knows version {VERSION}."
        return None, [Finding("document", what, "Maybe another version of Linewright wrote it.")]
    plant = read.take(raw, "plant", dict, "document") or {"id": ""}
    plant_id = read.take(plant, "id", str, "document plant") or ""
    at = read.instant(raw, "at", "document")
    disruption = read.objects(raw, "disruption", "document")
    controls = _controls(read, raw)
    names = read.take(raw, "objectives", list, "document") or []
    if not all(isinstance(name, str) for name in names):
        read.note("document", "`objectives` should be a list of names.")
    unplannable = []
    for position, item in enumerate(read.objects(raw, "unplannable", "document", required=False)):
        where = f"document unplannable[{position}]"
        order, operation, why, _ = (
            read.take(item, key, str, where) for key in ("order", "operation", "why", "remedy")
        )
        unplannable.append(((order or "", operation or ""), why or ""))
    scenarios = tuple(
        _scenario(read, item, position)
        for position, item in enumerate(read.objects(raw, "scenarios", "document"))
    )
    seen: set[str] = set()
    for scenario in scenarios:
        if scenario.id in seen:
            read.note(f"scenario {scenario.id}", "is there twice.")
        seen.add(scenario.id)
    if read.findings or at is None:
        return None, read.findings
    return (
        Document(plant_id, at, tuple(disruption), controls, tuple(names), tuple(unplannable), scenarios),
        [],
    )


def _scenario(read: _Reader, raw: dict[str, Any], position: int) -> ScenarioClaim:
    identifier = read.take(raw, "id", str, f"scenarios[{position}]") or f"#{position}"
    where = f"scenario {identifier}"
    read.take(raw, "origin", str, where)
    read.take(raw, "reason", str, where)
    objectives = read.numbers(raw, "objectives", where)
    kpis = read.take(raw, "kpis", dict, where) or {}
    for name in kpis:
        kpi = read.take(kpis, name, dict, f"{where} kpis")
        if kpi is None:
            continue
        low, middle, high = (
            read.take(kpi, k, float, f"{where} kpi {name}") for k in ("p05", "median", "p95")
        )
        if None not in (low, middle, high) and not low <= middle <= high:
            read.note(
                f"{where} kpi {name}", f"p05 {low}, median {middle}, p95 {high} are not in ascending order."
            )
    verdict = read.take(raw, "verdict", dict, where)
    if verdict is not None:
        read.take(verdict, "advances", bool, f"{where} verdict")
        read.take(verdict, "level", str, f"{where} verdict")
        read.take(verdict, "rank", int, f"{where} verdict")
        read.take(verdict, "gates", list, f"{where} verdict")
    blocks = tuple(
        block
        for number, item in enumerate(read.objects(raw, "operations", where))
        if (block := _block(read, item, f"{where} operations[{number}]")) is not None
    )
    references: list[tuple[str, str, str]] = []
    for key in ("instructions", "staging", "notices", "changes"):
        for number, item in enumerate(read.objects(raw, key, where)):
            inside = f"{where} {key}[{number}]"
            for name, kind in (
                ("job_order", "job order"),
                ("machine", "machine"),
                ("to_machine", "machine"),
                ("operator", "person"),
                ("material", "material"),
            ):
                value = read.take(item, name, str, inside, required=False)
                if value:
                    references.append((inside, kind, value))
    return ScenarioClaim(identifier, objectives, blocks, tuple(references))


def _block(read: _Reader, raw: dict[str, Any], where: str) -> Block | None:
    order, operation, machine, operator, state = (
        read.take(raw, key, str, where) for key in ("order", "operation", "machine", "operator", "state")
    )
    times = [read.instant(raw, key, where) for key in ("setup_start", "start", "end")]
    if state is not None and state not in BLOCK_STATES:
        read.note(where, f"`state` is {state!r}, it should be one of {', '.join(BLOCK_STATES)}.")
    if order is None or operation is None or machine is None or operator is None or state is None:
        return None
    begin, start, end = times
    if begin is None or start is None or end is None:
        return None
    return Block(
        order, operation, machine, operator, begin.timestamp(), start.timestamp(), end.timestamp(), state
    )


def _controls(read: _Reader, document: dict[str, Any]) -> ControlsClaim:
    raw = read.take(document, "controls", dict, "document", required=False) or {}
    where = "document controls"

    def strings(key: str) -> dict[str, str]:
        mapping = read.take(raw, key, dict, where, required=False) or {}
        taken = {name: read.take(mapping, name, str, f"{where} {key}") for name in mapping}
        return {name: value for name, value in taken.items() if value is not None}

    times = read.take(raw, "not_before", dict, where, required=False) or {}
    not_before = {name: read.instant(times, name, f"{where} not_before") for name in times}
    machines = read.take(raw, "forbid_machines", list, where, required=False) or []
    pairs = read.take(raw, "forbid", list, where, required=False) or []
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        read.note(where, "`forbid` should be a list of [job order, machine].")
        pairs = []
    freeze = read.instant(raw, "freeze_until", where) if raw.get("freeze_until") is not None else None
    return ControlsClaim(
        pin_machine=strings("pin_machine"),
        pin_operator=strings("pin_operator"),
        not_before={name: time.timestamp() for name, time in not_before.items() if time is not None},
        forbid_machines=frozenset(str(machine) for machine in machines),
        forbid=frozenset((str(job), str(machine)) for job, machine in pairs),
        priority=read.numbers(raw, "priority", where) if "priority" in raw else {},
        freeze_until=freeze.timestamp() if freeze is not None else None,
    )
