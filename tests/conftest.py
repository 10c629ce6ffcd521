"""Fixtures and markers every test may use; the real parts come from `tests/services.py`.

`@pytest.mark.needs_torch` (and `needs_<key>` for every row of SERVICES) skips a test where the part is
absent; `service("<key>")` does the same inside a test and returns the part's address.
"""

from __future__ import annotations

import collections
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from services import SERVICES, absence, find, required

MARK = "absent part: "


def pytest_configure(config: pytest.Config) -> None:
    for key, part in SERVICES.items():
        config.addinivalue_line("markers", f"needs_{key}: the test uses {part.name}")


def _demand(key: str) -> str:
    found = find(key)
    if found.missing:
        if required():
            pytest.fail(f"{absence(key)} (LINEWRIGHT_REQUIRE_SERVICES=1 allows no skip)", pytrace=False)
        pytest.skip(MARK + absence(key))
    return found.address


def pytest_runtest_setup(item: pytest.Item) -> None:
    for key in SERVICES:
        if item.get_closest_marker(f"needs_{key}"):
            _demand(key)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    absent: collections.Counter[str] = collections.Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if MARK in reason:
            absent[reason.partition(MARK)[2]] += 1
    if absent:
        terminalreporter.section("skipped because a part is absent")
        for reason, count in sorted(absent.items()):
            terminalreporter.line(f"{count} test{'s' if count > 1 else ''}: {reason}")


@pytest.fixture(scope="session")
def service() -> Callable[[str], str]:
    """`service(key)`: the address of a real part; skips the test (or fails it) where it is absent."""
    return _demand


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A fresh PostgreSQL database of this run's own, dropped afterwards."""
    server = _demand("postgres")
    import psycopg

    name = f"linewright_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium that browser tests drive."""
    return _demand("chromium")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of reference data sets."""
    return Path(_demand("data"))


@pytest.fixture(scope="session")
def needs_torch() -> None:
    """For `@pytest.mark.usefixtures("needs_torch")`; the marker of the same name does it too."""
    _demand("torch")
