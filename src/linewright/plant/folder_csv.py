"""One table of a plant folder, from a file to typed rows, with a finding for everything in the way.

Reads what spreadsheets write: byte order mark, `,` `;` or tab between cells, either line ending,
quoted cells over several lines, blank lines, empty cells at the end. A file that is too large, binary,
cut off or not UTF-8 gives one finding and is not read further.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from linewright.errors import Finding
from linewright.plant.folder_tables import Table
from linewright.plant.folder_values import TEXT, CellError, Style
from linewright.plant.names import nearest
from linewright.plant.text_file import read_text, table_rows

MAX_TABLE_BYTES = 64 * 2**20
"""A table larger than this is refused unread: some 600,000 rows, far beyond any plan."""

LONGEST_CELL = 100_000
"""Characters in one cell; a longer one is mostly a quotation mark that is never closed."""

CSV_ADVICE = 'Save it again as "CSV UTF-8" from the spreadsheet.'


@dataclass(frozen=True, slots=True)
class Row:
    """The values of a row by attribute of its record, what it is about, and its place."""

    where: str
    key: tuple[str, ...]
    values: dict[str, Any]


@dataclass(slots=True)
class Sheet:
    """What was read of a table, and what could not be."""

    rows: list[Row] = field(default_factory=list)
    unread: set[tuple[str, ...]] = field(default_factory=set)  # keys of rows with bad cells
    lost: bool = False  # the table as a whole could not be read
    findings: list[Finding] = field(default_factory=list)


def read_sheet(path: Path, table: Table, style: Style) -> Sheet:
    """The rows of a table; an absent optional table has none."""
    if not path.exists() and not path.is_symlink():
        if not table.required:
            return Sheet()
        columns = ",".join(column.name for column in table.columns if column.required)
        return _lost(Finding(table.file, "is missing.", f"Add it with the columns {columns}."))
    text = read_text(path, MAX_TABLE_BYTES, CSV_ADVICE)
    if isinstance(text, Finding):
        return _lost(text)
    return _parse(text, table, style)


def _lost(*findings: Finding) -> Sheet:
    return Sheet(lost=True, findings=list(findings))


def _parse(text: str, table: Table, style: Style) -> Sheet:
    first_line = text.lstrip("\r\n").partition("\n")[0]
    separator = max(",;\t", key=first_line.count)
    style = replace(style, decimal_comma=separator == ";")
    records = table_rows(text, separator, strict=True)
    sheet = Sheet()
    try:
        line, header = next(records, (1, []))
        header = [cell.lower() for cell in header]
        while header and not header[-1]:
            header.pop()
        if problems := _header_findings(table, header, line):
            return _lost(*problems)
        for line, cells in records:
            _read_row(sheet, table, header, cells, f"{table.file}:{line}", style)
    except csv.Error as error:
        after = f" after row {sheet.rows[-1].where}" if sheet.rows else ""
        sheet.findings.append(
            Finding(
                table.file,
                f"cannot be split into cells{after}: {error}.",
                "Maybe a quotation mark is not closed, or the end of the file is cut off.",
            )
        )
        sheet.lost = True
    return sheet


def _header_findings(table: Table, header: list[str], line: int) -> list[Finding]:
    where = f"{table.file}:{line}"
    known = [column.name for column in table.columns]
    required = [column.name for column in table.columns if column.required]
    if not header:
        return [Finding(table.file, "is empty.", f"Write a header: {','.join(required)}.")]
    findings = []
    for position, name in enumerate(header):
        if name in header[:position]:
            findings.append(Finding(where, f'column "{name}" comes twice.', "Remove one of the two."))
        elif name not in known:
            free = [column for column in known if column not in header]
            advice = nearest(name, free) or f"Known columns: {', '.join(known)}."
            findings.append(Finding(where, f'unknown column "{name}".', advice))
    findings += [
        Finding(where, f'column "{name}" is missing.', f'Add a column named "{name}".')
        for name in required
        if name not in header
    ]
    return findings


def _read_row(
    sheet: Sheet, table: Table, header: list[str], cells: list[str], where: str, style: Style
) -> None:
    while len(cells) > len(header) and not cells[-1]:
        cells.pop()
    by_name = dict(zip(header, cells, strict=False))
    key = tuple(by_name.get(column.name, "") for column in table.columns[: table.key])
    if len(cells) != len(header):
        few = len(cells) < len(header)
        sheet.findings.append(
            Finding(
                where,
                f"has {len(cells)} cells where the header has {len(header)}.",
                "Maybe the file is cut off here, or a separator is missing."
                if few
                else "Maybe a cell that holds a separator lacks quotation marks.",
            )
        )
        sheet.unread.add(key)
        return
    values: dict[str, Any] = {}
    bad = False
    for column in table.columns:
        text = by_name.get(column.name)
        if not text:
            if column.filled:
                sheet.findings.append(Finding(f"{where} column {column.name}", "is empty.", "Fill the cell."))
                bad = True
            values[column.attribute] = "" if text == "" and column.kind is TEXT else column.default
            continue
        try:
            values[column.attribute] = column.kind.parse(text, style)
        except CellError as error:
            sheet.findings.append(Finding(f"{where} column {column.name}", error.what, error.advice))
            bad = True
    if bad:
        sheet.unread.add(key)
    else:
        sheet.rows.append(Row(where, key, values))


def write_sheet(path: Path, table: Table, records: Iterable[Any], style: Style) -> None:
    """Write a table; each record is anything with the attributes of the table's columns.

    Raises:
        CellError: a value that cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(",".join(column.name for column in table.columns) + "\n")
        for record in records:
            cells = []
            for column in table.columns:
                value = getattr(record, column.attribute)
                cells.append("" if value is None else _quoted(column.kind.text(value, style)))
            stream.write(",".join(cells) + "\n")


def _quoted(text: str) -> str:
    if "\0" in text or len(text) > LONGEST_CELL:
        raise CellError(
            f'"{text[:40]}…" cannot be written: it holds a NUL character or is too long.',
            f"A text may have up to {LONGEST_CELL:,} characters.",
        )
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
