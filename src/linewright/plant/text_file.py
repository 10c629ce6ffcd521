"""Files that somebody else wrote: their text, whole and of sensible size, or why not; and its table rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from linewright.errors import Finding


def read_text(path: Path, limit: int, advice: str) -> str | Finding:
    """The text of a UTF-8 file, with or without byte order mark; never more than `limit` bytes in memory.

    Args:
        advice: what to do about a file that is no UTF-8 text.
    """
    name = path.name or str(path)
    try:
        if not path.exists():
            return Finding(name, "does not exist.", "Check the path.")
        if not path.is_file():
            return Finding(name, "is not a file.", "Put a file in its place, or remove it.")
        size = path.stat().st_size
        if size > limit:
            return Finding(
                name,
                f"has {size / 2**20:,.0f} MiB; at most {limit // 2**20:,} MiB are read.",
                "Maybe it is another file by mistake.",
            )
        with path.open("rb") as stream:
            raw = stream.read(limit + 1)
    except OSError as error:
        return Finding(name, f"cannot be read: {error.strerror}.", "Check that it exists and may be read.")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Finding(name, "is UTF-16 text, not UTF-8.", advice)
    if b"\0" in raw:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        return Finding(f"{name}:{line}", "holds NUL bytes: it is binary or damaged.", advice)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return Finding(f"{name}:{line}", f"byte 0x{raw[error.start]:02x} is not UTF-8 text.", advice)


def table_rows(text: str, separator: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV table that are not blank, cells without blanks around, with the line each begins on.

    Raises:
        csv.Error: a cell that is far too long, or, if `strict`, a quotation mark out of place.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    begins = 1
    for cells in reader:
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield begins, stripped
        begins = reader.line_num + 1
