"""The real parts that tests use, and how to find out whether one is here.

A row of `SERVICES` is all it takes to add a part: it gives the marker `needs_<key>`, the fixture
`service("<key>")`, the skip that is listed at the end of a run, and the failure when
`LINEWRIGHT_REQUIRE_SERVICES=1` says that nothing may be skipped.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    variable: str  # the environment variable that says where it is; "": nothing to say
    default: str
    missing: Callable[[str], str]  # address -> "" when it can be used, else why not
    advice: str


def _no_postgres(url: str) -> str:
    try:
        import psycopg
    except ImportError:
        return "psycopg is not installed"
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.Error as error:
        return str(error).splitlines()[0]
    return ""


def _no_file(path: str) -> str:
    return "" if os.access(path, os.X_OK) else "no such program"


def _no_directory(path: str) -> str:
    if not path:
        return "the variable is not set"
    return "" if Path(path).is_dir() else "no such directory"


def _no_module(name: str) -> str:
    return "" if importlib.util.find_spec(name) else "not installed"


SERVICES: dict[str, Service] = {
    "postgres": Service(
        "PostgreSQL",
        "LINEWRIGHT_TEST_POSTGRES",
        "postgresql://root@127.0.0.1:5432/postgres",
        _no_postgres,
        "Start one and give a URL whose user may create databases.",
    ),
    "chromium": Service(
        "Chromium",
        "LINEWRIGHT_TEST_CHROMIUM",
        "/usr/bin/chromium",
        _no_file,
        "apt-get install --no-install-recommends chromium",
    ),
    "data": Service(
        "reference data",
        "LINEWRIGHT_DATA",
        "",
        _no_directory,
        "Set it to the folder that holds plant/, scheduling/, …",
    ),
    "torch": Service(
        "torch",
        "",
        "torch",
        _no_module,
        "pip install 'linewright[train]'",
    ),
}


@dataclass(frozen=True, slots=True)
class Found:
    address: str
    missing: str  # "" when the part is here


@cache
def find(key: str) -> Found:
    """Look for a part once per run."""
    service = SERVICES[key]
    given = os.environ.get(service.variable, "") if service.variable else ""
    address = given or service.default
    return Found(address, service.missing(address))


def required() -> bool:
    return os.environ.get("LINEWRIGHT_REQUIRE_SERVICES", "") == "1"


def absence(key: str) -> str:
    """One line that says what is missing and what to do."""
    service, found = SERVICES[key], find(key)
    where = "=".join(part for part in (service.variable, found.address) if part)
    return f"{service.name} is absent ({where}: {found.missing}). {service.advice}"
