"""What every benchmark shares: what it was measured on, how figures are summed up, where they are written."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """The machine of a measurement, as far as it matters for speed."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": load,
    }


def commit() -> str:
    """The commit that was measured, with "+" where files have changed since."""
    here = Path(__file__).parent

    def git(*args: str) -> str:
        return subprocess.run(
            ["git", *args], cwd=here, capture_output=True, text=True, check=False
        ).stdout.strip()

    return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")


def versions(*packages: str) -> dict[str, str]:
    """Installed versions of what took part."""
    return {package: metadata.version(package) for package in packages}


def summary(values: Iterable[float]) -> dict[str, float]:
    """Median and spread of a figure over runs."""
    known = sorted(values)
    return {
        "median": statistics.median(known),
        "min": known[0],
        "max": known[-1],
        "runs": len(known),
    }


def write(name: str, settings: dict[str, Any], results: dict[str, Any], packages: Iterable[str] = ()) -> Path:
    """Write `benchmarks/results/NAME.json`."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    document = {
        "benchmark": name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "versions": versions("numba", "numpy", *packages),
        "settings": settings,
        "results": results,
    }
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path
