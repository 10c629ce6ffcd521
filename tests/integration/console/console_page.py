"""The page under test and the few things tests do with it again and again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mock_api import World

ARTEFACTS = Path(__file__).parents[3] / "artefacts" / "console"


@dataclass
class Console:
    """The page under test, its server's world, and everything the browser complained about or asked for."""

    page: Any
    world: World
    url: str
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def open(self, route: str = "#/") -> Any:
        self.page.goto(f"{self.url}/{route}")
        self.page.wait_for_selector("main h1")
        return self.page

    def place(self, job: str) -> dict[str, float]:
        """Where a bar is in the window, in pixels; `x` is its left end."""
        found = self.page.evaluate(
            """job => { const c = document.querySelector('.board-canvas'); const p = c.board.placeOf(job);
                        const b = c.getBoundingClientRect();
                        return p && {x: b.x + p.x, y: b.y + p.y, width: p.width}; }""",
            job,
        )
        assert found, f"{job} is not in view"
        return dict(found)

    def break_machine(self, machine: str, hours: int = 8) -> None:
        self.page.get_by_role("combobox", name="Machine", exact=True).select_option(machine)
        self.page.get_by_label("for hours").fill(str(hours))
        self.page.get_by_role("button", name="Break it").click()

    def alternatives(self) -> Any:
        """Break a machine and open what is proposed."""
        self.open()
        self.break_machine("M07")
        self.page.get_by_role("link", name=re.compile(r"Compare \d+ alternatives")).click(timeout=20_000)
        self.page.wait_for_selector(".matrix tbody tr")
        return self.page
