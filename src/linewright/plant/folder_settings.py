"""plant.toml: the plant's name and zone, what it asks of every plan, and the moment of its state."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import tomli_w

from linewright.errors import Finding
from linewright.plant.folder_tables import FORMAT, SETTINGS, SETTINGS_FILE
from linewright.plant.folder_values import CellError, instant, instant_text, load_zone
from linewright.plant.names import nearest
from linewright.plant.plan import PlantState
from linewright.plant.records import LARGEST, Planning, Plant
from linewright.plant.text_file import read_text

MAX_SETTINGS_BYTES = 2**20
SETTINGS_ADVICE = "Save it again as UTF-8 text."


@dataclass(slots=True)
class Settings:
    """What plant.toml says; what is wrong in it stands at a harmless value, with a finding."""

    id: str = ""
    name: str = ""
    timezone: str = "UTC"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    planning: Planning = field(default_factory=Planning)
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    plan_version: int = 1
    scenario: str = ""
    position: int = 0
    cancelled: frozenset[str] = frozenset()
    assumptions: tuple[tuple[str, str], ...] = ()
    findings: list[Finding] = field(default_factory=list)
    unread: set[tuple[str, ...]] = field(default_factory=set)  # keys whose value could not be read


def read_settings(path: Path) -> Settings:
    settings = Settings()
    if not path.exists() and not path.is_symlink():
        return _lost(Finding(SETTINGS_FILE, "is missing.", "Add it: it makes a folder a plant."))
    text = read_text(path, MAX_SETTINGS_BYTES, SETTINGS_ADVICE)
    if isinstance(text, Finding):
        return _lost(text)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _lost(
            Finding(SETTINGS_FILE, f"is not valid TOML: {error}.", "Maybe a quotation mark is missing.")
        )
    _Reader(document, settings).read()
    return settings


def _lost(finding: Finding) -> Settings:
    return Settings(findings=[finding], unread={("timezone",), ("id",), ("at",)})


class _Reader:
    def __init__(self, document: dict[str, Any], settings: Settings) -> None:
        self.document = document
        self.settings = settings

    def read(self) -> None:
        s = self.settings
        self._names(self.document, "", [*SETTINGS[""], "planning", "state", "assumptions"])
        version = self._value(self.document, "", "format", int, FORMAT)
        if version != FORMAT:
            self._report(
                "", "format", f"is {version}; this Linewright reads {FORMAT}.", "Upgrade Linewright."
            )
        s.id = self._value(self.document, "", "id", str, "")
        s.name = self._value(self.document, "", "name", str, s.id)
        s.timezone = self._value(self.document, "", "timezone", str, "UTC")
        try:
            s.zone = load_zone(s.timezone)
        except CellError as error:
            self._report("", "timezone", error.what, error.advice)
            s.timezone = "UTC"
        planning, state = self._table("planning"), self._table("state")
        for key in SETTINGS["planning"]:
            value = self._value(planning, "planning", key, (float, int), getattr(s.planning, key))
            try:
                s.planning = replace(s.planning, **{key: float(value)})
            except ValueError as error:
                self._report("planning", key, f"cannot be: {error}.", "Correct it; it is in minutes.")
        at = self._value(state, "state", "at", (str, datetime), s.at)
        try:
            s.at = instant(at.isoformat() if isinstance(at, datetime) else at, s.zone)
        except CellError as error:
            self._report("state", "at", error.what, error.advice)
        s.plan_version = self._value(state, "state", "plan_version", int, 1)
        s.scenario = self._value(state, "state", "scenario", str, "")
        s.position = self._value(state, "state", "position", int, 0)
        cancelled = self._value(state, "state", "cancelled", list, [])
        if all(isinstance(item, str) for item in cancelled):
            s.cancelled = frozenset(cancelled)
        else:
            self._report("state", "cancelled", "is not a list of order ids.", 'Write it like ["O1", "O2"].')
        assumptions = self._table("assumptions", any_name=True)
        s.assumptions = tuple((what, str(how)) for what, how in assumptions.items())

    def _table(self, name: str, any_name: bool = False) -> dict[str, Any]:
        table = self.document.get(name, {})
        if not isinstance(table, dict):
            self._report("", name, "is not a table.", f"Write it as [{name}] with a line for each key.")
            return {}
        if not any_name:
            self._names(table, name, SETTINGS[name])
        return table

    def _names(self, table: dict[str, Any], name: str, known: list[str] | tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                advice = nearest(key, known) or f"Known keys: {', '.join(known)}."
                self._report(name, key, "is unknown.", advice)

    def _value(self, table: dict[str, Any], name: str, key: str, kind: Any, otherwise: Any) -> Any:
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if key not in table:
            if key in ("format", "id", "timezone", "at") and (name == "" or key == "at"):
                self._report(name, key, "is missing.", f"Add a line {_EXAMPLES[key]}.")
            return otherwise
        value = table[key]
        words = _WORDS[kinds[0]]
        if not isinstance(value, kinds) or isinstance(value, bool):
            self._report(name, key, f"is {value!r}, not {words}.", f"Write {words}.")
            return otherwise
        if isinstance(value, int | float) and not abs(value) <= LARGEST:
            self._report(name, key, f"is {value}: too large.", f"The limit is {LARGEST:.0e}.")
            return otherwise
        return value

    def _report(self, table: str, key: str, what: str, advice: str) -> None:
        where = f"{SETTINGS_FILE} [{table}] key {key}" if table else f"{SETTINGS_FILE} key {key}"
        self.settings.findings.append(Finding(where, what, advice))
        self.settings.unread.add((key,))


_WORDS: dict[type, str] = {int: "a whole number", float: "a number", str: "text", list: "a list"}
_EXAMPLES = {
    "format": f"format = {FORMAT}",
    "id": 'id = "my-plant"',
    "timezone": 'timezone = "Europe/Berlin"',
    "at": 'at = "2026-03-06T06:00"',
}


def settings_text(plant: Plant, state: PlantState, zone: ZoneInfo) -> str:
    """plant.toml of a plant and its state."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "id": plant.id,
        "name": plant.name,
        "timezone": plant.timezone,
        "planning": {
            "freeze_min": plant.planning.freeze_min,
            "moved_tolerance_min": plant.planning.moved_tolerance_min,
        },
        "state": {
            "at": instant_text(state.at, zone),
            "plan_version": state.plan.version,
            "scenario": state.plan.scenario,
            "position": state.position,
            "cancelled": sorted(state.cancelled),
        },
    }
    if plant.assumptions:
        document["assumptions"] = dict(plant.assumptions)
    return tomli_w.dumps(document)
