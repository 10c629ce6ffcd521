"""A production log, CSV or XES, as reports: who worked on which order, where, from when to when.

Rows that cannot be used are dropped and counted by reason; a log of which too much would be dropped is
refused. What was dropped is part of the discovery's report.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias
from xml.etree.ElementTree import ParseError, iterparse
from zoneinfo import ZoneInfo

from linewright.discover.columns import Mapping, find_columns
from linewright.errors import Finding, PlantError
from linewright.plant.records import LARGEST, LONGEST
from linewright.plant.text_file import table_rows

Kind: TypeAlias = Literal["run", "setup", "down"]

LARGEST_BYTES = 512 * 1024 * 1024
MOST_UNITS = 10**9
LEAST_USABLE = 0.5
"""Share of rows that must be usable; below it the log or the mapping is wrong."""

FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",  # of one digit, too
    "%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%d/%m/%Y %I:%M:%S %p", "%d/%m/%Y %I:%M %p",
    "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M:%S", "%m-%d-%Y %H:%M",
    "%d-%b-%Y %H:%M:%S", "%d-%b-%Y %H:%M", "%d %b %Y %H:%M:%S", "%d %b %Y %H:%M",
)  # fmt: skip
"""Times that are not ISO 8601. Day and month are told apart by the whole log, never by one row."""

_KINDS: tuple[tuple[Kind, str], ...] = (
    ("setup", r"s|set.?up|change.?over|preparation|rüst.*"),
    ("down", r"b|break.?down|down|failure|fault|stoppage|repair|other"),
    ("run", r"r|d|p|run|production|produce|process(ing)?|work|complete|"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """One row of a log. Instants are seconds since 1970."""

    case: str
    activity: str
    machine: str
    worker: str
    start: float
    end: float
    kind: Kind
    part: str
    quantity: int  # of the order; 0 where the log does not say
    good: int
    rejected: int
    rework: bool
    due: float | None = None
    priority: float | None = None


@dataclass(slots=True)
class Log:
    reports: list[Report]
    columns: dict[str, str]  # role -> column
    zone: ZoneInfo
    zone_given: bool
    rows: int
    dropped: Counter[str] = field(default_factory=Counter)  # why -> how many
    examples: dict[str, int] = field(default_factory=dict)  # why -> the first row
    notes: list[str] = field(default_factory=list)


def read_log(path: Path, mapping: Mapping) -> Log:
    """All usable reports of a log, in order of their start.

    Raises:
        PlantError: the file is missing, too large, empty, binary, truncated beyond use, lacks columns,
            mixes date formats so that days cannot be told from months, or is mostly unusable.
    """
    try:
        if not path.is_file():
            what = "is not a file." if path.exists() else "does not exist."
            raise _fail(path, what, "Check the path.")
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(65536)
    except OSError as error:
        raise _fail(path, f"cannot be read ({error.strerror}).", "Check the path.") from None
    if size > LARGEST_BYTES:
        raise _fail(
            path,
            f"is {size / 2**20:,.0f} MB; the limit is {LARGEST_BYTES // 2**20} MB.",
            "Maybe cut it to the last months: some thousand orders are enough.",
        )
    if not head.strip():
        raise _fail(path, "is empty.", "Maybe the export failed.")
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _fail(path, "is not text.", "Maybe export it as CSV or XES first.")
    is_xes = path.suffix.lower() == ".xes" or head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
    header, rows = _read_xes(path) if is_xes else _read_csv(path, head)
    columns = find_columns(header, mapping, path.name)
    if not rows:
        raise _fail(path, "has a header and no rows.", "Maybe the export was filtered to nothing.")
    return _Reading(path, mapping, columns, rows).log()


def _fail(path: Path, what: str, advice: str) -> PlantError:
    return PlantError([Finding(path.name or str(path), what, advice)])


Row: TypeAlias = tuple[int, dict[str, str]]
"""The line a row begins on, and its cells by column."""


def _read_csv(path: Path, head: bytes) -> tuple[list[str], list[Row]]:
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = path.read_bytes().decode(encoding)
    except UnicodeDecodeError:
        text = path.read_bytes().decode("cp1252", errors="replace")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _fail(path, f"is damaged: line {line} holds NUL characters.", "Maybe export it again.")
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    if delimiter not in first:
        raise _fail(
            path,
            f"has one column only, {first.strip()[:60]!r}.",
            "Maybe its columns are separated by something other than comma, semicolon, tab or |.",
        )
    try:
        table = table_rows(text, delimiter, strict=False)
        _, header = next(table)
        return header, [(line, dict(zip(header, cells, strict=False))) for line, cells in table]
    except csv.Error as error:
        raise _fail(
            path, f"is not a CSV table: {error}.", "Maybe a quotation mark is never closed."
        ) from None


def _read_xes(path: Path) -> tuple[list[str], list[Row]]:
    rows = list(enumerate(_xes_rows(path), start=1))
    return list(dict.fromkeys(key for _, row in rows for key in row)), rows


def _xes_rows(path: Path) -> Iterator[dict[str, str]]:
    """The events of an XES log as rows; start and complete events of one activity become one row."""
    trace: dict[str, str] = {}
    events: list[dict[str, str]] = []
    depth: list[str] = []
    try:
        for step, element in iterparse(path, events=("start", "end")):
            tag = element.tag.rpartition("}")[2]
            if step == "start":
                depth.append(tag)
                if tag == "trace":
                    trace, events = {}, []
                elif tag == "event":
                    events.append({})
                continue
            depth.pop()
            key, value = element.get("key"), element.get("value")
            if key is not None and value is not None and depth[-1:] == ["event"]:
                events[-1][key] = value
            elif key is not None and value is not None and depth[-1:] == ["trace"]:
                trace[f"case:{key}"] = value
            elif tag == "trace":
                yield from _paired(trace, events)
                element.clear()
    except ParseError as error:
        raise _fail(path, f"is not complete XES: {error}.", "Maybe the export was cut off.") from None


def _paired(trace: dict[str, str], events: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    begun: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for event in events:
        key = tuple(event.get(name) for name in ("concept:name", "concept:instance", "org:resource"))
        transition = event.pop("lifecycle:transition", "complete").lower()
        if transition == "start":
            begun[key].append(event.get("time:timestamp", ""))
        elif transition == "complete":
            if begun[key]:
                event["start timestamp"] = begun[key].pop(0)
            yield trace | event


class _Times:
    """Reads the times of one log: in the format that is named, else in ISO 8601 or in others that fit the
    log as a whole."""

    def __init__(self, path: Path, texts: Iterable[str], zone: ZoneInfo, wanted: str) -> None:
        self.zone = zone
        self.formats: list[str] = [wanted] if wanted else []
        self.iso = not wanted
        self._known: dict[str, float | None] = {}
        if wanted:
            return
        other = Counter(text for text in texts if text and _iso(text) is None)
        read = {
            form: sum(n for text, n in other.items() if _strp(text, form) is not None) for form in FORMATS
        }
        by_shape: dict[str, list[str]] = defaultdict(list)
        for form in FORMATS:
            if read[form]:
                by_shape[re.sub("%[dm]", "%x", form)].append(form)
        for forms in by_shape.values():
            best = max(read[form] for form in forms)
            winners = [form for form in forms if read[form] == best]
            if len(winners) > 1:
                example = next(text for text in other if _strp(text, winners[0]) is not None)
                raise _fail(
                    path,
                    f"has times like {example!r} in which day and month cannot be told apart.",
                    f'Name the format in a --map file: time_format = "{winners[0]}" or "{winners[1]}".',
                )
            against = [form for form in forms if form not in winners]
            for text in other:
                if any(_strp(text, form) is not None for form in against) and _strp(text, winners[0]) is None:
                    raise _fail(
                        path,
                        f"mixes date formats: {text!r} does not read as {winners[0]}, which most others do.",
                        "Maybe two exports were joined: bring them to one format, best 2026-03-06 14:30.",
                    )
            self.formats.append(winners[0])

    def read(self, text: str) -> float | None:
        """Seconds since 1970, or None where the text is not a time."""
        if text not in self._known:
            value = _iso(text) if self.iso else None
            for form in self.formats if value is None else ():
                value = value or _strp(text, form)
            if value is not None and value.tzinfo is None:
                value = value.replace(tzinfo=self.zone)
            self._known[text] = value.timestamp() if value is not None and 1970 <= value.year < 2200 else None
        return self._known[text]


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if ":" in text else None
    except ValueError:
        return None


def _strp(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 (the log's zone is set by the caller)
    except ValueError:
        return None


class _Reading:
    def __init__(self, path: Path, mapping: Mapping, columns: dict[str, str], rows: list[Row]) -> None:
        self.path, self.mapping, self.columns, self.rows = path, mapping, columns, rows
        self.zone = mapping.zone or ZoneInfo("UTC")
        texts = (self.cell(row, role) for _, row in rows for role in ("start", "end"))
        self.times = _Times(path, texts, self.zone, mapping.time_format)
        self.found = Log([], columns, self.zone, mapping.zone is not None, len(rows))
        self.kinds = self._kinds()

    def cell(self, row: dict[str, str], role: str) -> str:
        return row.get(self.columns.get(role, ""), "") or ""

    def _kinds(self) -> dict[str, Kind]:
        """What each value of the report type column stands for; the most frequent one is production."""
        counted = Counter(self.cell(row, "report_type").lower() for _, row in self.rows)
        kinds: dict[str, Kind] = {}
        unknown: list[str] = []
        for value in counted:
            named = self.mapping.report_types.get(value)
            guess = next((kind for kind, names in _KINDS if re.fullmatch(names, value)), None)
            if named in ("run", "setup", "down"):
                kinds[value] = named  # type: ignore[assignment]
            elif guess is not None:
                kinds[value] = guess
            else:
                kinds[value] = "run"
                unknown.append(value)
        if "report_type" in self.columns:
            told = ", ".join(f"{value or '(empty)'}: {kind}" for value, kind in sorted(kinds.items()))
            self.found.notes.append(f"Report types are read as {told}.")
        if unknown and len(counted) > 1:
            self.found.notes.append(
                f"Report types {', '.join(sorted(unknown))} are unknown and taken as run;"
                " name them under [report_types] in a --map file."
            )
        return kinds

    def drop(self, number: int, why: str) -> None:
        self.found.dropped[why] += 1
        self.found.examples.setdefault(why, number)

    def log(self) -> Log:
        seen: set[tuple[str, ...]] = set()
        roles = tuple(self.columns)
        for number, row in self.rows:
            cells = tuple(self.cell(row, role) for role in roles)
            if cells in seen:
                self.drop(number, "is there twice")
                continue
            seen.add(cells)
            report = self.report(row)
            if isinstance(report, str):
                self.drop(number, report)
            else:
                self.found.reports.append(report)
        kept = len(self.found.reports)
        used = len(self.rows) - self.found.dropped["is there twice"]
        if kept < LEAST_USABLE * used:
            reasons = "; ".join(
                f"{count} {why} (first in row {self.found.examples[why]})"
                for why, count in self.found.dropped.most_common(3)
            )
            raise _fail(
                self.path,
                f"has {kept} usable rows of {len(self.rows)}: {reasons}.",
                "Maybe another column is meant: name it under [columns] in a --map file.",
            )
        self.found.reports.sort(key=lambda report: (report.start, report.end))
        return self.found

    def report(self, row: dict[str, str]) -> Report | str:
        """The report of a row, or why it is none."""
        case, activity = self.cell(row, "case"), self.cell(row, "activity")
        machine = self.cell(row, "machine") if "machine" in self.columns else activity
        start_text, end_text = self.cell(row, "start"), self.cell(row, "end")
        start, end = self.times.read(start_text), self.times.read(end_text)
        if not case or not (activity or machine):
            return "has no case or no activity"
        if not start_text or not end_text:
            return "lacks a time"
        if start is None or end is None:
            return "has a time that cannot be read"
        if end < start:
            return "ends before it starts"
        if end - start > LONGEST.total_seconds():
            return "lasts longer than a year"
        if not machine:
            return "names no machine"
        due = self.times.read(self.cell(row, "due")) if self.cell(row, "due") else None
        return Report(
            case=_name(case),
            activity=activity or machine,
            machine=_name(machine),
            worker=_name(self.cell(row, "worker")),
            start=start,
            end=end,
            kind=self.kinds[self.cell(row, "report_type").lower()],
            part=_name(self.cell(row, "part")) or "part",
            quantity=_whole(self.cell(row, "quantity")),
            good=_whole(self.cell(row, "good")),
            rejected=_whole(self.cell(row, "rejected")),
            rework=self.cell(row, "rework").lower() in ("y", "yes", "true", "1", "x", "j", "ja"),
            due=due,
            priority=min(_number(self.cell(row, "priority")), LARGEST) or None,
        )


def _name(text: str) -> str:
    """A name as an id: single blanks, none of the signs that separate names, nothing that cannot be seen."""
    seen = "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
    return re.sub("[;/]", "-", seen).strip()


def _number(text: str) -> float:
    try:
        value = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and value > 0 else 0.0


def _whole(text: str) -> int:
    return round(min(_number(text), MOST_UNITS))


def moment(seconds: float) -> datetime:
    """The instant of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)
