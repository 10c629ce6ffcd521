"""How fast and how true discovery is: `python benchmarks/discover.py [LOG.csv …]`.

Without arguments it takes the production log under LINEWRIGHT_DATA. Both sides of each distance, the
discovered plant and no model, are measured in the same run over the same held-out orders.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from common import summary, write
from linewright.discover import discover

RUNS = 3


def main() -> None:
    logs = [Path(name) for name in sys.argv[1:]]
    if not logs:
        data = os.environ.get("LINEWRIGHT_DATA")
        if data is None:
            raise SystemExit("Name a log, or set LINEWRIGHT_DATA to the folder of reference data.")
        logs = [Path(data) / "plant" / "levy_production_log" / "production_log.csv"]
    results = {}
    for log in logs:
        discover(log)  # compiles once
        seconds = {"with_fidelity_s": [], "discovery_s": []}
        for _ in range(RUNS):
            for name, simulate in (("with_fidelity_s", True), ("discovery_s", False)):
                began = time.perf_counter()
                found = discover(log, simulate=simulate)
                seconds[name].append(time.perf_counter() - began)
                if simulate:
                    report = found.report
        results[log.parent.name] = {
            **{name: summary(values) for name, values in seconds.items()},
            "rows": report["log"]["rows"],
            "found": report["found"],
            "reproduces": report["reproduces"],
        }
        print(log.name, results[log.parent.name])
    path = write("discover", {"runs": RUNS}, results)
    print(f"written to {path}")


if __name__ == "__main__":
    main()
