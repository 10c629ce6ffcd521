"""A growing list of findings about a plant, with the questions that most checks ask."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from linewright.errors import Finding
from linewright.plant.folder_values import instant_text
from linewright.plant.names import nearest
from linewright.plant.places import Places

MAX_SUGGESTIONS = 50
"""Names looked up for a near one; a plant with more unknown names has another cause than typing."""


class Findings:
    """What is wrong with a plant, in the order found."""

    def __init__(self, places: Places, zone: ZoneInfo) -> None:
        self.places = places
        self.zone = zone
        self.found: list[Finding] = []
        self._suggested: dict[Hashable, str] = {}

    def add(self, record: Any, what: str, advice: str) -> None:
        self.found.append(Finding(self.places.of(record), what, advice))

    def unknown(self, record: Any, what: str, name: str, known: Collection[str], file: str) -> bool:
        """Report a reference to something that is not in `file`; true if it is unknown.

        What may stand in a row that could not be read is unknown, but not reported.
        """
        if name in known:
            return False
        if not self.places.hidden(file, name):
            self.add(record, f'unknown {what} "{name}".', self.suggest(what, name, known, file))
        return True

    def suggest(self, what: str, name: str, known: Iterable[str], file: str) -> str:
        """The known names near a wrong one, or where to add it."""
        key = (what, name)
        if key not in self._suggested:
            near = nearest(name, known) if len(self._suggested) < MAX_SUGGESTIONS else ""
            self._suggested[key] = near or f"Add it to {file}, or correct the name."
        return self._suggested[key]

    def twice(self, records: Iterable[Any], keys: Iterable[Hashable], what: str) -> None:
        """Report every key that comes again."""
        first: dict[Hashable, Any] = {}
        for record, key in zip(records, keys, strict=True):
            if key in first:
                also = self.places.of(first[key])
                self.add(record, f"{what} comes twice, first at {also}.", "Remove or rename one of them.")
            else:
                first[key] = record

    def time(self, moment: datetime) -> str:
        """An instant as it is written in the files."""
        return instant_text(moment, self.zone)
