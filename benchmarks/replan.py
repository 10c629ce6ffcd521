"""From a disruption to alternatives that a planner can see: built, searched, simulated, judged and checked.

    ./run bench replan            # three facilities of each size, three seeds
    ./run bench replan --quick

Counted are distinct, mutually non-dominated scenarios that have been screened in at least twenty simulated
futures, besides "keep" and "push-right". The kernels are warm, as they are in a running console.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

import numpy as np
from benchmarks.common import summary, write
from benchmarks.problems import PLANT_20, PLANT_100, disrupted_plant

from linewright.decide.effort import Effort
from linewright.decide.generate import generate
from linewright.plant.generate import SMALL, FacilitySpec
from linewright.schedule.portfolio import non_dominated
from linewright.warmup import warm

LIMITS: dict[str, tuple[FacilitySpec, float, tuple[int, ...]]] = {
    "20 machines, 500 operations": (PLANT_20, 3.0, (11, 12, 13)),
    "100 machines, 5,000 operations": (PLANT_100, 15.0, (21, 22, 23)),
}
THREADS = 2


def measure(spec: FacilitySpec, limit_s: float, facilities: tuple[int, ...], seeds: int) -> dict[str, Any]:
    """Seconds and counts over facilities and seeds."""
    seconds, counts, checked, certified, operations = [], [], [], [], []
    for facility in facilities:
        plant, state = disrupted_plant(spec, facility)
        for seed in range(1, seeds + 1):
            began = time.perf_counter()
            found = generate(
                plant, state, effort=Effort(scenarios=50, seconds=limit_s, threads=THREADS, seed=seed)
            )
            seconds.append(time.perf_counter() - began)
            searched = found.candidates[2:]
            values = np.array([candidate.objectives for candidate in searched])
            assert non_dominated(values).all()
            assert all(verdict.replications >= 20 for verdict in found.verdicts)
            counts.append(len(searched))
            checked.append(len(found.checked))
            certified.append(sum(verdict.level == "certified" for verdict in found.verdicts))
            operations.append(len(found.problem.operations))
    return {
        "limit_s": limit_s,
        "operations": summary(operations),
        "seconds": summary(seconds),
        "scenarios": summary(counts),
        "certified": summary(certified),
        "independently_checked_within_the_limit": summary(checked),
        "reached": max(seconds) <= limit_s and min(counts) >= 50,
    }


def main() -> None:
    """Measure and write benchmarks/results/replan.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a small plant, once")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    for _ in warm():
        pass
    limits = {"small": (replace(SMALL), 1.0, (5,))} if options.quick else LIMITS
    results = {}
    for name, (spec, limit_s, facilities) in limits.items():
        results[name] = measure(spec, limit_s, facilities, 1 if options.quick else options.seeds)
        print(name, results[name], flush=True)
    path = write(
        "replan-quick" if options.quick else "replan",
        {"threads": THREADS, "scenarios": 50, "seeds": options.seeds},
        results,
        ("numba", "numpy"),
    )
    print(f"written to {path}")


if __name__ == "__main__":
    main()
