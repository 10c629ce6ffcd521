"""Which column of a log says what: guessed by name, or named in a mapping file.

```toml
timezone = "Europe/Berlin"
time_format = "%d/%m/%Y %H:%M"      # where it cannot be told from the log

[columns]
case = "Work order"
machine = "Resource"

[report_types]                       # values of the report type column
setup = ["S"]
run = ["D"]
down = ["B"]
```
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from linewright.errors import Finding, PlantError
from linewright.plant.folder_values import CellError, load_zone, nearest

ROLES: dict[str, tuple[str, ...]] = {
    "case": (
        "case", "case id", "case concept name", "work order", "order", "order id", "production order", "job",
        "lot", "batch", "order no",
    ),
    "activity": ("activity", "concept name", "operation", "step", "process step", "task", "event", "process"),
    "machine": (
        "machine", "resource", "org resource", "equipment", "station", "workstation", "work station",
        "work center", "work centre", "work unit", "asset",
    ),
    "start": ("start", "start timestamp", "start time", "begin", "started", "start date", "from"),
    "end": (
        "end", "complete", "complete timestamp", "completed", "finish", "finished", "stop", "end time",
        "end timestamp", "end date", "time timestamp", "to",
    ),
    "worker": ("worker", "worker id", "operator", "employee", "user", "person", "staff", "personnel"),
    "quantity": (
        "work order qty", "order qty", "order quantity", "work order quantity", "quantity", "qty",
        "lot size",
    ),
    "good": ("qty completed", "completed qty", "good", "good qty", "quantity completed", "produced"),
    "rejected": ("qty rejected", "rejected", "rejects", "reject", "scrap", "scrapped", "defects"),
    "report_type": ("report type", "record type", "kind", "type", "status"),
    "rework": ("rework", "is rework", "rework flag"),
    "part": ("part", "part desc", "product", "item", "article", "sku", "material"),
    "due": ("due", "due date", "deadline", "due time"),
    "priority": ("priority", "weight"),
}  # fmt: skip
"""What a column can say, and the names it goes by, in lower case without punctuation."""

REQUIRED = ("case", "activity", "start", "end")
REPORT_TYPES = ("run", "setup", "down")
_FILLERS = frozenset(
    (
        "id",
        "no",
        "nr",
        "number",
        "name",
        "desc",
        "description",
        "code",
        "time",
        "timestamp",
        "date",
        "utc",
        "case",
    )
)


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a mapping file says; all empty without one."""

    columns: dict[str, str] = field(default_factory=dict)
    report_types: dict[str, str] = field(default_factory=dict)  # value, in lower case -> run, setup or down
    zone: ZoneInfo | None = None
    time_format: str = ""


def read_mapping(path: Path | None) -> Mapping:
    """The mapping in a TOML file.

    Raises:
        PlantError: the file cannot be read, or says something unknown; every finding at once.
    """
    if path is None:
        return Mapping()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlantError(
            [Finding(str(path), f"cannot be read ({error.strerror}).", "Check --map.")]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlantError([Finding(str(path), f"is not TOML: {error}.", "Correct it.")]) from None
    findings: list[Finding] = []

    def unknown(where: str, name: str, known: Sequence[str]) -> None:
        advice = nearest(name, known) or f"Known: {', '.join(known)}."
        findings.append(Finding(where, f"does not know {name!r}.", advice))

    for key in raw.keys() - {"columns", "report_types", "timezone", "time_format"}:
        unknown(str(path), key, ("columns", "report_types", "timezone", "time_format"))
    columns, types = _table(raw, "columns"), _table(raw, "report_types")
    for role, column in columns.items():
        if role not in ROLES:
            unknown(f"{path} [columns]", role, tuple(ROLES))
        elif not isinstance(column, str):
            findings.append(
                Finding(f"{path} [columns] {role}", "is not the name of a column.", "Write it in quotes.")
            )
    values: dict[str, str] = {}
    for kind, listed in types.items():
        if kind not in REPORT_TYPES:
            unknown(f"{path} [report_types]", kind, REPORT_TYPES)
            continue
        for value in listed if isinstance(listed, list) else [listed]:
            values[str(value).strip().lower()] = kind
    zone = None
    if "timezone" in raw:
        try:
            zone = load_zone(str(raw["timezone"]))
        except CellError as error:
            findings.append(Finding(f"{path} timezone", error.what, error.advice))
    if findings:
        raise PlantError(findings)
    return Mapping(columns, values, zone, str(raw.get("time_format", "")))


def _table(raw: dict[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key, {})
    return value if isinstance(value, dict) else {}


def find_columns(header: Sequence[str], mapping: Mapping, where: str) -> dict[str, str]:
    """Role -> column of this log.

    Raises:
        PlantError: a mapped column is not there, or a required role has no column.
    """
    findings: list[Finding] = []
    found: dict[str, str] = {}
    for role, column in mapping.columns.items():
        if column in header:
            found[role] = column
        else:
            advice = nearest(column, header) or f"The log has {_listed(header)}."
            findings.append(Finding(where, f"has no column {column!r} for {role}.", advice))
    plain = {column: " ".join(re.findall(r"[a-z0-9]+", column.lower())) for column in header}
    for exact in (True, False):
        for role, names in ROLES.items():
            for name in names if role not in found else ():
                free = [column for column in header if column not in found.values()]
                match = next((c for c in free if _matches(plain[c], name, exact)), None)
                if match is not None:
                    found[role] = match
                    break
    missing = [role for role in REQUIRED if role not in found and role not in mapping.columns]
    if missing:
        findings.append(
            Finding(
                where,
                f"has no column for {', '.join(missing)}; it has {_listed(header)}.",
                "Maybe name them under [columns] in a --map file.",
            )
        )
    if findings:
        raise PlantError(findings)
    return found


def _matches(column: str, name: str, exact: bool) -> bool:
    if exact:
        return column == name
    words, wanted = set(column.split()), set(name.split())
    return wanted <= words and words - wanted <= _FILLERS


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(repr(column) for column in header[:12])
    return shown + (f" and {len(header) - 12} more" if len(header) > 12 else "")
