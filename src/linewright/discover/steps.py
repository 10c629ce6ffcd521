"""What is done: the process step behind an activity's name, without the machine's name in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SPLIT = re.compile(r"\s*[-–:|]\s+|\s+[-–:|]\s*|_")
_MACHINE = re.compile(r"(machine|mach\.?|m/c|station|workstation|line|cell|unit|m)\s*#?\d+\w?", re.IGNORECASE)
_SETUP = re.compile(r"\b(set.?up|change.?over)\b", re.IGNORECASE)
_REWORK = re.compile(r"\b(re.?work(ing)?|fix|repair|touch.?up)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Step:
    name: str  # "" where the activity names no more than a setup or a machine
    is_setup: bool
    is_rework: bool


class Steps:
    """Reads activities of one log; it knows the names of its machines."""

    def __init__(self, machines: Iterable[str]) -> None:
        names = list(machines)
        pieces = (piece for machine in names for piece in _SPLIT.split(machine))
        self._of_machines = {_plain(piece) for piece in pieces if any(sign.isdigit() for sign in piece)}
        self._machines = {_plain(machine) for machine in names}
        self._known: dict[str, Step] = {}

    def of(self, activity: str) -> Step:
        if activity not in self._known:
            self._known[activity] = self._read(activity)
        return self._known[activity]

    def _read(self, activity: str) -> Step:
        pieces = [
            piece
            for piece in _SPLIT.split(activity)
            if _plain(piece) not in self._of_machines and not _MACHINE.fullmatch(piece.strip())
        ]
        pieces = [piece for piece in pieces if _plain(piece) not in self._machines] or pieces
        is_setup = any(_SETUP.search(piece) for piece in pieces)
        is_rework = any(_REWORK.search(piece) for piece in pieces)
        pieces = [" ".join(_SETUP.sub("", piece).split()) for piece in pieces]
        name = " - ".join(piece for piece in pieces if piece)
        return Step(re.sub(r"[;/]", "-", name), is_setup, is_rework)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
