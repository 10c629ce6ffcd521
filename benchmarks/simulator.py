"""Events per CPU second: Linewright's simulator against SimPy on the same model, in the same run.

Both execute one plan of a made-up facility over many replications: same sequences, machines, people and
shifts, same distributions of run times, breakdowns, repairs, scrap and rework. Each uses random numbers
of its own, as it would be used, and the mean weighted tardiness of both must agree. That the model is the
same to the second is a test (tests/unit/twin/test_simpy_oracle.py).

    ./run bench simulator

Events are starts, setups, finishes, failures and repairs. The peer works on one precomputed list of
events per operation, without resources or interrupts, which is SimPy at its best.
"""

from __future__ import annotations

import argparse
import math
import time
from typing import Any

import numpy as np
from benchmarks.common import summary, write
from benchmarks.peers.simpy_oracle import Independent, Replication

from linewright.plant.arrays import NEVER, PlanArrays, SchedulingProblem
from linewright.plant.build import build
from linewright.plant.generate import BENCH_20X500, BENCH_100X5000, FacilitySpec, generate, generate_state
from linewright.schedule.baseline import current_plan
from linewright.twin.simulate import Simulation, simulate

Interval = tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="of both sides, one after the other")
    parser.add_argument("--peer-replications", type=int, default=30, help="of SimPy, in each round")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    specs: dict[str, FacilitySpec] = {"20x500": BENCH_20X500, "100x5000": BENCH_100X5000}
    results: dict[str, Any] = {}
    for name, spec in specs.items():
        plant = generate(spec, options.seed)
        problem = build(plant, generate_state(plant))
        scale = 1 if name == "20x500" else 10
        results[name] = compare(problem, options.rounds, max(3, options.peer_replications // scale), scale)
        print(name, *(f"\n  {key}: {value}" for key, value in results[name].items()))
    path = write("simulator", vars(options), results, ["simpy"])
    print(f"written to {path}")


def compare(problem: SchedulingProblem, rounds: int, peer_replications: int, scale: int) -> dict[str, Any]:
    """Both sides on one problem, round after round."""
    plan = current_plan(problem)
    window_s = 14 * 24 * 3600
    held = np.zeros(len(problem.operations), np.int64)
    ours(problem, plan, held, 2, 0, window_s)  # compiles
    rates: dict[str, list[float]] = {"linewright": [], "simpy": []}
    found: dict[str, list[float]] = {"linewright": [], "simpy": []}
    for number in range(rounds):
        peer_events = 0
        began = time.process_time()
        for r in range(peer_replications):
            replication = Replication(problem, plan, Independent(1000 * number + r))
            replication.run()
            peer_events += replication.events
            found["simpy"].append(replication.weighted_tardiness_s())
        rates["simpy"].append(peer_events / (time.process_time() - began))
        replications = 2000 // scale
        began = time.process_time()
        simulation = ours(problem, plan, held, replications, number * replications, window_s)
        rates["linewright"].append(events(problem, simulation) / (time.process_time() - began))
        found["linewright"].extend(simulation.of("weighted_tardiness_s")[0])
    means = {side: interval(values) for side, values in found.items()}
    (low, high), (peer_low, peer_high) = means["linewright"], means["simpy"]
    return {
        "operations": len(problem.operations),
        "events_per_cpu_s": {side: summary(values) for side, values in rates.items()},
        "ratio": summary(a / b for a, b in zip(rates["linewright"], rates["simpy"], strict=True)),
        "mean_weighted_tardiness_h_95": {
            side: [round(value / 3600, 1) for value in bounds] for side, bounds in means.items()
        },
        "replications": {side: len(values) for side, values in found.items()},
        "agree": bool(low <= peer_high and peer_low <= high),
    }


def ours(
    problem: SchedulingProblem, plan: PlanArrays, held: Any, replications: int, first: int, window_s: int
) -> Simulation:
    """Replications of one plan on one thread, with all figures."""
    return simulate(
        problem,
        [plan],
        [held],
        replications=replications,
        seed=1,
        threads=1,
        first_replication=first,
        window_s=window_s,
        relief_s=NEVER,  # the peer keeps to the people planned
    )


def events(problem: SchedulingProblem, simulation: Simulation) -> float:
    """Starts, setups, finishes, failures and repairs of all replications."""
    done = len(problem.operations) - simulation.of("unfinished_operations")
    return float((2 * done + simulation.of("changeovers") + 2 * simulation.of("breakdowns")).sum())


def interval(values: list[float]) -> Interval:
    """95 % interval of the mean."""
    half = 1.96 * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return float(np.mean(values)) - half, float(np.mean(values)) + half


if __name__ == "__main__":
    main()
