"""`./run`: what is installed is not installed again."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose programs only note that they were called."""
    for name in ("run", "pyproject.toml", "hatch_build.py", "web/package-lock.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "linewright"):
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >> "{tmp_path}/called"\n')
        (programs / name).chmod(0o755)
    return tmp_path


def run(checkout: Path, *arguments: str) -> list[str]:
    """The programs that a command calls."""
    called = checkout / "called"
    called.write_text("")
    subprocess.run(["sh", "run", *arguments], cwd=checkout, check=True, capture_output=True, timeout=60)
    return called.read_text().splitlines()


def test_what_setup_installed_serves_every_command(checkout: Path) -> None:
    [installed, warmed] = run(checkout, "setup")
    assert installed.endswith("-e .[dev]")
    assert warmed == "linewright warmup"
    assert run(checkout, "demo", "--headless") == ["linewright demo --headless"]
    assert run(checkout, "serve", "plant/") == ["linewright serve plant/"]


def test_only_what_a_command_needs_is_installed(checkout: Path) -> None:
    [installed, _] = run(checkout, "demo")
    assert installed.endswith("-e .")
    assert run(checkout, "demo") == ["linewright demo"]
    assert len(run(checkout, "setup")) == 2


def test_what_has_changed_is_installed_again(checkout: Path) -> None:
    run(checkout, "demo")
    with (checkout / "pyproject.toml").open("a") as file:
        file.write("# one more line\n")
    assert len(run(checkout, "demo")) == 2
