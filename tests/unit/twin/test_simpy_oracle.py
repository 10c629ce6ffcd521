"""The kernel against the same model written in SimPy, on the same keyed chance: equal to the second."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from linewright.plant.arrays import NEVER
from linewright.plant.build import build
from linewright.plant.generate import SMALL, generate, generate_state
from linewright.twin import keyed
from linewright.twin.simulate import execute_once

SEED = 7


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


oracle = _load(Path(__file__).parents[3] / "benchmarks" / "peers" / "simpy_oracle.py")


@dataclass
class Keyed:
    """The simulator's chance, for the oracle."""

    problem: Any
    replication: int

    def _stream(self, purpose: Any) -> Any:
        return np.uint64(keyed.stream(SEED, self.replication, purpose))

    def run_factor(self, op: int, cv: float) -> float:
        z = keyed.normal(self._stream(keyed.RUN), self.problem.uncertainty.op_key[op], 0)
        return float(keyed.spread(z, cv))

    def binomial(self, op: int, purpose: str, trials: int, probability: float) -> int:
        stream = self._stream(keyed.SCRAP if purpose == "scrap" else keyed.REWORK)
        return int(keyed.binomial(stream, self.problem.uncertainty.op_key[op], 0, trials, probability))

    def to_failure(self, machine: int, count: int, mean: float) -> int:
        key = self.problem.uncertainty.machine_key[machine]
        return (
            max(1, int(keyed.exponential(self._stream(keyed.FAILURE), key, count, mean))) if mean else NEVER
        )

    def repair(self, machine: int, count: int, mean: float, cv: float) -> int:
        key = self.problem.uncertainty.machine_key[machine]
        return max(1, int(np.rint(keyed.lognormal(self._stream(keyed.REPAIR), key, count, mean, cv))))

    def residual(self, machine: int, mean: float, cv: float) -> int:
        key = self.problem.uncertainty.machine_key[machine]
        return int(np.rint(keyed.lognormal(self._stream(keyed.RESIDUAL), key, 0, mean, cv)))


def assert_equal(problem: Any, plan: Any, replication: int) -> None:
    held = np.zeros(len(problem.operations), np.int64)
    peer = oracle.Replication(problem, plan, Keyed(problem, replication))
    peer.run()
    for log in (True, False):  # step by step, and by the shorter way of `simulate`
        blocks = execute_once(
            problem, plan, held, replication=replication, seed=SEED, window_s=problem.horizon_s,
            relief_s=NEVER, log=log,
        ).blocks  # fmt: skip
        for op in range(len(problem.operations)):
            assert blocks.end_s[op] == peer.end.get(op, NEVER), (op, blocks.end_s[op], peer.end.get(op))
            if op in peer.end:
                assert (blocks.begin_s[op], blocks.start_s[op]) == (peer.begin[op], peer.start[op]), op
                assert blocks.produced[op] - blocks.scrap[op] == peer.good[op]


@pytest.mark.parametrize("seed", range(8))
def test_shifts_breakdowns_scrap_and_rework_agree_to_the_second(make_problem: Any, seed: int) -> None:
    problem, plans = make_problem(seed)
    for replication in range(3):
        assert_equal(problem, plans[0], replication)


def test_a_made_up_facility_agrees_to_the_second(random_plan: Any) -> None:
    plant = generate(SMALL, 4)
    problem = build(plant, generate_state(plant))
    plan = random_plan(problem, np.random.default_rng(4))
    for replication in range(5):
        assert_equal(problem, plan, replication)
