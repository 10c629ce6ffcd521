"""A failpoint kills when armed, after its count, and never otherwise."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import linewright.events
from linewright.events import failpoints

SCRIPT = (
    "from linewright.events.failpoints import reach; [reach('commit.before') or print(n) for n in range(3)]"
)


@pytest.mark.parametrize(
    ("armed", "status", "survived"),
    [
        ("", 0, 3),
        ("commit.after", 0, 3),
        ("commit.before", -signal.SIGKILL, 0),
        ("commit.before:3", -signal.SIGKILL, 2),
    ],
)
def test_a_failpoint_kills_when_armed(armed: str, status: int, survived: int) -> None:
    environment = os.environ | {"LINEWRIGHT_FAILPOINT": armed, "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == status
    assert len(done.stdout.split()) == survived


def test_the_list_of_places_is_what_the_code_has() -> None:
    room = Path(linewright.events.__file__).parent
    used = {
        name
        for file in room.glob("*.py")
        for name in re.findall(r'failpoints\.reach\("([^"]+)"\)', file.read_text())
    }
    assert used == set(failpoints.POINTS)
