"""Names that people write: the known ones near a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from linewright.errors import NotFound

LISTED = 8
"""Names of what is known, where none is near."""


def nearest(name: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """ "Maybe A or B." with the known names closest to a wrong one; "" where none is close."""
    by_fold: dict[str, str] = {}
    for item in known:
        by_fold.setdefault(item.casefold(), item)
    close = get_close_matches(name.casefold(), by_fold, n=3, cutoff=cutoff)
    return f"Maybe {' or '.join(by_fold[item] for item in close)}." if close else ""


def require(what: str, name: str, known: Iterable[str]) -> None:
    """Refuse a name that is not known.

    Raises:
        NotFound: with the nearest known names, or some that there are.
    """
    known = tuple(known)
    if name not in known:
        listed = ", ".join(known[:LISTED]) + (", …" if len(known) > LISTED else "")
        advice = nearest(name, known) or (f"Known: {listed}." if known else "The plant has none.")
        raise NotFound(f'there is no {what} "{name}". {advice}')
