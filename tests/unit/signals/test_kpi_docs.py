"""Every figure is documented."""

from __future__ import annotations

import re
from pathlib import Path

from linewright.signals.kpi import KPIS


def test_every_figure_has_a_row_in_the_reference() -> None:
    text = (Path(__file__).parents[3] / "docs" / "reference" / "kpis.md").read_text()
    assert tuple(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == KPIS
