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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from linewright.errors import Finding, PlantError
from linewright.plant.folder_values import CellError, load_zone
from linewright.plant.names import nearest
from linewright.plant.text_file import read_text

MOST_BYTES = 2**20

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
    text = read_text(path, MOST_BYTES, "Save it again as UTF-8 text.")
    if isinstance(text, Finding):
        raise PlantError([text])
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlantError([Finding(str(path), f"is not TOML: {error}.", "Correct it.")]) from None
    findings: list[Finding] = []

    def table(key: str) -> dict[str, Any]:
        value = raw.get(key, {})
        if isinstance(value, dict):
            return value
        findings.append(Finding(f"{path} {key}", "is not a table.", f"Write it as [{key}]."))
        return {}

    def unknown(where: str, name: str, known: Sequence[str]) -> None:
        advice = nearest(name, known) or f"Known: {', '.join(known)}."
        findings.append(Finding(where, f"does not know {name!r}.", advice))

    for key in raw.keys() - {"columns", "report_types", "timezone", "time_format"}:
        unknown(str(path), key, ("columns", "report_types", "timezone", "time_format"))
    columns, types = table("columns"), table("report_types")
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
    time_format = str(raw.get("time_format", ""))
    if time_format and not _reads_dates(time_format):
        example = 'Write it like "%d/%m/%Y %H:%M", in the signs of Python\'s strptime.'
        findings.append(Finding(f"{path} time_format", f"{time_format!r} reads no dates.", example))
    if findings:
        raise PlantError(findings)
    return Mapping(columns, values, zone, time_format)


def _reads_dates(time_format: str) -> bool:
    """Whether a format gives back the day that it was written with."""
    moment = datetime(2026, 3, 14, 15, 9, tzinfo=UTC)
    try:
        read = datetime.strptime(moment.strftime(time_format), time_format)  # noqa: DTZ007 (only its day)
        return read.date() == moment.date()
    except ValueError:
        return False


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
    findings += [
        Finding(where, f"has {header.count(column)} columns {column!r}.", "Rename all but one of them.")
        for column in dict.fromkeys(found.values())
        if header.count(column) > 1
    ]
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
