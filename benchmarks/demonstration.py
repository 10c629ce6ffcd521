"""The demonstration as its user meets it: from the command to a page with a running plant, and its memory.

    ./run bench demonstration                # five starts, then an hour with a breakdown every ten minutes
    ./run bench demonstration --quick        # one start, two minutes
    ./run bench demonstration --minutes 0    # the starts alone

The kernels are warm (`linewright warmup`). A start ends when the page's board is answered with a plant that
is connected. Memory is resident, of the console and the plant's process together. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from benchmarks.common import summary, write

from linewright.warmup import warm

PORT = 8790
ADDRESS = f"http://127.0.0.1:{PORT}"
PATIENCE_S = 120.0
BREAKDOWN_EVERY = 10  # minutes; what is proposed is approved two minutes later


def _ask(path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(ADDRESS + path, data, {"content-type": "application/json"}), timeout=30) as answer:
        return json.load(answer)


@contextmanager
def _demonstration(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """The running demonstration, and the seconds until its page had a running plant."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "linewright", "demo", "--port", str(PORT), "--data", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not _runs():
            if process.poll() is not None or time.perf_counter() - began > PATIENCE_S:
                raise SystemExit("the demonstration did not start. Its words are above.")
            time.sleep(0.02)
        yield process, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(60)


def _runs() -> bool:
    try:
        return bool(_ask("/api/board")["connected"])
    except (URLError, OSError):
        return False


def _resident_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def _both_mb(process: int) -> float:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return sum(map(_resident_mb, [process, *map(int, children)]))


def _approve_one() -> bool:
    """Approve the first scenario of an open proposal; False where none is open or it just became stale."""
    for proposal in _ask("/api/proposals"):
        if proposal["status"] == "open" and not proposal["stale"]:
            with suppress(HTTPError):
                _ask(f"/api/proposals/{proposal['id']}/approve", {"scenario": "s01", "by": "benchmark"})
                return True
    return False


def starts(count: int) -> dict[str, Any]:
    """Seconds from the command to a page with a running plant, each on a first morning."""
    seconds = []
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder, _demonstration(Path(folder)) as (_, took):
            seconds.append(took)
    return {"seconds_to_running_plant": summary(seconds)}


def memory(minutes: int) -> dict[str, Any]:
    """Resident memory by the minute, while machines break and plans are approved."""
    kept: list[float] = []
    approved = 0
    with tempfile.TemporaryDirectory() as folder, _demonstration(Path(folder)) as (process, _):
        machines = [machine["id"] for machine in _ask("/api/plant")["machines"]]
        began = time.perf_counter()
        for minute in range(1, minutes + 1):
            time.sleep(max(0.0, began + 60 * minute - time.perf_counter()))
            kept.append(_both_mb(process.pid))
            print(f"{minute} min: {kept[-1]:.0f} MB, {approved} plans approved", flush=True)
            if minute % BREAKDOWN_EVERY == 1:
                machine = machines[(minute // BREAKDOWN_EVERY) % len(machines)]
                _ask("/api/demo/disrupt", {"kind": "machine_down", "machine": machine, "hours": 2})
            elif minute % BREAKDOWN_EVERY == 3:
                approved += _approve_one()
    half = kept[len(kept) // 2 :]
    return {
        "minutes": minutes,
        "plans_approved": approved,
        "resident_mb": summary(kept),
        "resident_mb_at_the_end": kept[-1],
        "growth_mb_a_minute_in_the_second_half": (half[-1] - half[0]) / max(1, len(half) - 1),
        "resident_mb_by_the_minute": [round(value) for value in kept],
    }


def main() -> None:
    """Measure and write benchmarks/results/demonstration.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one start, two minutes")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--minutes", type=int, default=60)
    options = parser.parse_args()
    if options.quick:
        options.starts, options.minutes = 1, 2
    for _ in warm():
        pass
    results = starts(options.starts)
    print(results, flush=True)
    if options.minutes:
        results |= memory(options.minutes)
    name = "demonstration-quick" if options.quick else "demonstration"
    path = write(name, {"starts": options.starts, "breakdown_every_min": BREAKDOWN_EVERY}, results)
    print(f"written to {path}")


if __name__ == "__main__":
    main()
