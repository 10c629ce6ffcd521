"""Sets of alternatives after a disruption: Linewright against the rule sampler alone, NSGA-II and CP-SAT.

    ./run bench scenarios            # everything: about half an hour
    ./run bench scenarios --quick    # a minute: does it run, in what direction does it point

Every method has the same problem, the plan in force, the same decoder, the same number of threads and
its own seconds (of which it also builds its own seeds). Sets are compared by hypervolume over all six
objectives, scaled by the front of all methods together, after one epsilon-box filter for all.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from benchmarks.common import summary, write
from benchmarks.fronts import Values, hypervolumes
from benchmarks.peers import cpsat, nsga2, rules
from benchmarks.problems import FACILITIES, PLANT_20, PLANT_100, disrupted

from linewright.plant.arrays import SchedulingProblem
from linewright.plant.generate import SMALL
from linewright.schedule import search

THREADS = 2
Method = Callable[[SchedulingProblem, float, int], tuple[Values, int]]


def _linewright(problem: SchedulingProblem, seconds: float, seed: int) -> tuple[Values, int]:
    found = search(problem, scenarios=10**6, seconds=seconds, threads=THREADS, seed=seed)
    return np.array([candidate.objectives for candidate in found.candidates]), found.evaluated


METHODS: dict[str, Method] = {
    "linewright": _linewright,
    "rules": lambda problem, seconds, seed: rules.run(problem, seconds, THREADS, seed),
    "nsga2": lambda problem, seconds, seed: nsga2.run(problem, seconds, THREADS, seed, seeded=False),
    "nsga2-seeded": lambda problem, seconds, seed: nsga2.run(problem, seconds, THREADS, seed, seeded=True),
    "cpsat-seeded": lambda problem, seconds, seed: cpsat.run(problem, seconds, THREADS, seed),
}


def compare(names: list[str], times: list[float], seeds: list[int]) -> dict[str, Any]:
    """Hypervolume and best weighted tardiness of every method, and ours over theirs."""
    out: dict[str, Any] = {}
    ratios: dict[str, dict[str, list[float]]] = {}
    for name in names:
        problem = disrupted(*FACILITIES[name])
        out[name] = {"operations": len(problem.operations), "runs": []}
        for seconds in times:
            for seed in seeds:
                runs = {method: run(problem, seconds, seed) for method, run in METHODS.items()}
                volumes = hypervolumes({method: values for method, (values, _) in runs.items()})
                tardy = {method: float(values[:, 0].min()) for method, (values, _) in runs.items()}
                row = {
                    "seconds": seconds,
                    "seed": seed,
                    "hypervolume": volumes,
                    "best_weighted_tardiness_s": tardy,
                    "evaluated": {method: count for method, (_, count) in runs.items()},
                }
                out[name]["runs"].append(row)
                for method in METHODS:
                    if method != "linewright":
                        kept = ratios.setdefault(f"{seconds:g} s", {})
                        ratio = volumes["linewright"] / max(volumes[method], 1e-6)
                        kept.setdefault(f"hypervolume / {method}", []).append(ratio)
                        worse = (tardy["linewright"] + 3600) / (tardy[method] + 3600)
                        kept.setdefault(f"weighted tardiness / {method}", []).append(worse)
                print(f"{name} {seconds:g} s seed {seed}: " + _line(volumes, tardy), flush=True)
    return {
        "facilities": out,
        "linewright_over_peer": {
            at: {what: summary(values) for what, values in kinds.items()} for at, kinds in ratios.items()
        },
    }


def _line(volumes: dict[str, float], tardy: dict[str, float]) -> str:
    return "  ".join(f"{m} {volumes[m]:.3f} (tardy {tardy[m] / 3600:.0f} h)" for m in volumes)


def time_to_fifty(sizes: dict[str, tuple[Any, int, float]], seeds: list[int]) -> dict[str, Any]:
    """Seconds until the archive holds 50 plans, and what a search with that time limit gives back."""
    out: dict[str, Any] = {}
    for name, (spec, plant_seed, limit) in sizes.items():
        problem = disrupted(spec, plant_seed)
        first, whole, chosen = [], [], []
        for seed in seeds:
            reached: list[float] = []

            def watch(progress: Any, reached: list[float] = reached) -> None:
                if progress.archive >= 50 and not reached:
                    reached.append(progress.elapsed_s)

            began = time.perf_counter()
            found = search(problem, seconds=limit, threads=THREADS, seed=seed, on_progress=watch)
            whole.append(time.perf_counter() - began)
            first.append(reached[0] if reached else math.inf)
            chosen.append(len(found.candidates))
        out[name] = {
            "operations": len(problem.operations),
            "machines": len(problem.machines),
            "limit_s": limit,
            "seconds_to_50_in_archive": summary(first),
            "seconds_of_search": summary(whole),
            "plans": summary(chosen),
        }
        print(name, out[name], flush=True)
    return out


def main() -> None:
    """Run the benchmark and write benchmarks/results/scenarios.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one plant, one second, one seed")
    parser.add_argument("--seconds", type=float, nargs="+", default=[1.0, 3.0, 5.0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--facilities", nargs="+", default=list(FACILITIES), choices=list(FACILITIES))
    options = parser.parse_args()
    small = disrupted(SMALL, 1)
    for run in METHODS.values():  # compile everything first
        run(small, 0.2, 1)
    sizes = {"20 machines": (PLANT_20, 11, 2.0), "100 machines": (PLANT_100, 21, 8.0)}
    if options.quick:
        options.seconds, options.seeds, options.facilities = [1.0], [1], list(FACILITIES)[:1]
        del sizes["100 machines"]
    results = {
        "time_to_fifty": time_to_fifty(sizes, options.seeds),
        **compare(options.facilities, options.seconds, options.seeds),
    }
    for at, kinds in results["linewright_over_peer"].items():
        for what, figures in kinds.items():
            print(
                f"{at}: {what}: median {figures['median']:.2f} ({figures['min']:.2f} … {figures['max']:.2f})"
            )
    settings = {
        "threads": THREADS,
        "seconds": options.seconds,
        "seeds": options.seeds,
        "weighted tardiness ratio": "an hour is added to both sides, so that plants that are on time compare",
    }
    name = "scenarios-quick" if options.quick else "scenarios"
    print(write(name, settings, results, ["ortools", "pymoo"]))


if __name__ == "__main__":
    main()
