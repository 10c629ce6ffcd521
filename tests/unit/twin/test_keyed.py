"""Keyed random numbers: the right distributions, no relation between keys, no memory."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linewright.twin import keyed

MASK = 2**64 - 1


def naive_mix(state: int, word: int) -> int:
    z = ((state ^ word) + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def naive_uniform(seed: int, replication: int, purpose: int, entity: int, count: int) -> float:
    state = 0x9E3779B97F4A7C15
    for word in (seed, replication, purpose, entity, count):
        state = naive_mix(state, word)
    return ((state >> 11) + 0.5) / 2**53


def key(seed: int = 1, replication: int = 0, purpose: np.uint64 = keyed.RUN) -> np.uint64:
    return np.uint64(keyed.stream(seed, replication, purpose))


def draws(n: int = 20_000, **where: int) -> np.ndarray:
    stream = key(**where)
    return np.array([keyed.uniform(stream, np.uint64(entity), 0) for entity in range(n)])


@settings(max_examples=50, deadline=None)
@given(*(st.integers(0, 2**31) for _ in range(2)), st.integers(0, MASK), st.integers(0, 2**31))
def test_the_hash_is_that_of_its_plain_twin(seed: int, replication: int, entity: int, count: int) -> None:
    found = keyed.uniform(key(seed, replication), np.uint64(entity), count)
    assert found == naive_uniform(seed, replication, int(keyed.RUN), entity, count)


def test_uniform_numbers_fill_the_unit_interval_evenly() -> None:
    counts, _ = np.histogram(draws(), bins=50, range=(0, 1))
    chi2 = float(((counts - 400) ** 2 / 400).sum())
    assert chi2 < 85.4  # 0.999 quantile at 49 degrees of freedom


@pytest.mark.parametrize(
    "other",
    [{"seed": 2}, {"replication": 1}, {"purpose": keyed.SCRAP}],
    ids=["seed", "replication", "purpose"],
)
def test_neighbouring_keys_are_unrelated(other: dict[str, int]) -> None:
    one, two = draws(), draws(**other)
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.025  # 3.5 standard errors
    assert not np.intersect1d(one, two).size
    grid, *_ = np.histogram2d(one, two, bins=8, range=((0, 1), (0, 1)))
    assert ((grid - 312.5) ** 2 / 312.5).sum() < 103.4  # 0.999 quantile at 63 degrees of freedom


def test_neighbouring_entities_and_counts_are_unrelated() -> None:
    series = draws()
    assert abs(np.corrcoef(series[:-1], series[1:])[0, 1]) < 0.025
    counts = np.array([keyed.uniform(key(), np.uint64(5), count) for count in range(20_000)])
    assert abs(np.corrcoef(counts[:-1], counts[1:])[0, 1]) < 0.025
    assert abs(np.corrcoef(series, counts)[0, 1]) < 0.025


def test_normal_exponential_and_lognormal_have_their_moments() -> None:
    n = 20_000
    entities = [np.uint64(entity) for entity in range(n)]
    z = np.array([keyed.normal(key(), entity, 0) for entity in entities])
    assert abs(z.mean()) < 0.025
    assert abs(z.std() - 1) < 0.02
    ranks = np.sort([NormalDist().cdf(value) for value in z])
    assert np.abs(ranks - (np.arange(n) + 0.5) / n).max() < 1.95 / math.sqrt(n)  # Kolmogorov-Smirnov, 0.999
    x = np.array([keyed.exponential(key(), entity, 0, 3.0) for entity in entities])
    assert abs(x.mean() - 3) < 0.075
    y = np.array([keyed.lognormal(key(), entity, 0, 50.0, 0.4) for entity in entities])
    assert abs(y.mean() - 50) < 0.5
    assert abs(y.std() / y.mean() - 0.4) < 0.015


def test_no_spread_is_exactly_the_mean() -> None:
    assert keyed.spread(1.7, 0.0) == 1.0
    assert keyed.lognormal(key(), np.uint64(3), 0, 1234.0, 0.0) == 1234.0


@pytest.mark.parametrize(("trials", "probability"), [(40, 0.05), (10, 0.8), (5000, 0.02), (3, 0.5)])
def test_binomial_numbers_have_mean_and_spread(trials: int, probability: float) -> None:
    n, stream = 8000, key()
    found = np.array([keyed.binomial(stream, np.uint64(e), 0, trials, probability) for e in range(n)])
    spread = math.sqrt(trials * probability * (1 - probability))
    assert found.min() >= 0
    assert found.max() <= trials
    assert abs(found.mean() - trials * probability) < 4 * spread / math.sqrt(n)
    assert abs(found.std() / spread - 1) < 0.06


def test_binomial_numbers_follow_the_distribution() -> None:
    n, trials, probability, stream = 20_000, 12, 0.15, key()
    found = np.bincount(
        [keyed.binomial(stream, np.uint64(e), 0, trials, probability) for e in range(n)],
        minlength=13,
    )
    exact = [math.comb(trials, k) * probability**k * (1 - probability) ** (trials - k) for k in range(7)]
    for k, mass in enumerate(exact):
        assert abs(found[k] - n * mass) < 4 * math.sqrt(n * mass * (1 - mass)) + 1


def test_more_trials_never_give_fewer_successes() -> None:
    for entity in range(50):
        found = [keyed.binomial(key(), np.uint64(entity), 0, trials, 0.1) for trials in range(100)]
        assert found == sorted(found)


def test_certain_and_impossible_successes() -> None:
    assert keyed.binomial(key(), np.uint64(1), 0, 10, 0.0) == 0
    assert keyed.binomial(key(), np.uint64(1), 0, 10, 1.0) == 10
    assert keyed.binomial(key(), np.uint64(1), 0, 0, 0.5) == 0
