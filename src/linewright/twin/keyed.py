"""Random numbers that are looked up, not drawn in turn.

Each number is a hash of (seed, replication, purpose, entity, count), so that two plans compared in one
replication see the same breakdowns, and an answer does not depend on who asks first or on which thread.
Nothing else in Linewright's simulations draws. The hash chains the finaliser of SplitMix64 (Steele, Lea
and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

RUN, REWORK, SCRAP, FAILURE, REPAIR, RESIDUAL = (np.uint64(purpose) for purpose in range(1, 7))
"""Purposes: run time, units run twice, units scrapped, time to failure, repair, the repair under way."""

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@njit(cache=True, nogil=True)
def mix(state: np.uint64, word: np.uint64) -> np.uint64:
    """Hash one more 64-bit word into a state."""
    z = (state ^ word) + _GAMMA
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


@njit(cache=True, nogil=True)
def stream(seed: int, replication: int, purpose: np.uint64) -> np.uint64:
    """The part of the key that all entities of one purpose in one replication share."""
    return mix(mix(mix(_GAMMA, np.uint64(seed)), np.uint64(replication)), purpose)


@njit(cache=True, nogil=True)
def uniform(key: np.uint64, entity: np.uint64, count: int) -> float:
    """A number in (0, 1), both ends excluded; `key` is a `stream`."""
    word = mix(mix(key, entity), np.uint64(count))
    return (float(word >> _S11) + 0.5) * 2.0**-53


@njit(cache=True, nogil=True)
def normal(key: np.uint64, entity: np.uint64, count: int) -> float:
    """A standard normal number (Box and Muller, 1958)."""
    radius = math.sqrt(-2.0 * math.log(uniform(key, entity, 2 * count)))
    return radius * math.cos(2.0 * math.pi * uniform(key, entity, 2 * count + 1))


@njit(cache=True, nogil=True)
def exponential(key: np.uint64, entity: np.uint64, count: int, mean: float) -> float:
    """An exponential number with the given mean."""
    return -mean * math.log(uniform(key, entity, count))


@njit(cache=True, nogil=True)
def spread(z: float, cv: float) -> float:
    """The lognormal factor of mean 1 and coefficient of variation `cv` at the standard normal `z`."""
    variance = math.log1p(cv * cv)
    return math.exp(math.sqrt(variance) * z - 0.5 * variance)


@njit(cache=True, nogil=True)
def lognormal(key: np.uint64, entity: np.uint64, count: int, mean: float, cv: float) -> float:
    """A lognormal number with the given mean and coefficient of variation."""
    return mean * spread(normal(key, entity, count), cv)


@njit(cache=True, nogil=True)
def binomial(key: np.uint64, entity: np.uint64, count: int, trials: int, probability: float) -> int:
    """How many of `trials` succeed: the distribution function inverted at one uniform number, so that
    more trials never give fewer successes. From 30 expected successes on, its normal approximation."""
    if trials <= 0 or probability <= 0.0:
        return 0
    if probability >= 1.0:
        return trials
    if probability > 0.5:
        return trials - _invert(key, entity, count, trials, 1.0 - probability)
    return _invert(key, entity, count, trials, probability)


@njit(cache=True, nogil=True)
def _invert(key: np.uint64, entity: np.uint64, count: int, trials: int, probability: float) -> int:
    expected = trials * probability
    if expected > 30.0:
        value = expected + math.sqrt(expected * (1.0 - probability)) * normal(key, entity, count)
        return min(max(int(np.rint(value)), 0), trials)
    u = uniform(key, entity, count)
    odds = probability / (1.0 - probability)
    mass = math.exp(trials * math.log1p(-probability))
    total = mass
    k = 0
    while total < u and k < trials:
        mass *= odds * (trials - k) / (k + 1)
        total += mass
        k += 1
    return k
