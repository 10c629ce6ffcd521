"""Chance on the shop floor: every draw is keyed by (seed, purpose, entity, count) and by nothing else.

What happens to a machine or a job therefore does not depend on when the process was killed and restarted,
nor on what is asked of the floor in between.
"""

from __future__ import annotations

import math
from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist

_MASK = 2**64 - 1
_NORMAL = NormalDist()


def _mix(x: int) -> int:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014)."""
    x = (x + 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


@lru_cache(maxsize=4096)
def _key(seed: int, purpose: str, entity: str) -> int:
    return int.from_bytes(blake2b(f"{seed}|{purpose}|{entity}".encode(), digest_size=8).digest(), "little")


def uniform(seed: int, purpose: str, entity: str, count: int = 0) -> float:
    """A number in the open interval (0, 1)."""
    return ((_mix(_key(seed, purpose, entity) ^ _mix(count)) >> 11) + 0.5) / 2**53


def exponential(mean: float, seed: int, purpose: str, entity: str, count: int = 0) -> float:
    return -mean * math.log(uniform(seed, purpose, entity, count))


def lognormal(mean: float, cv: float, seed: int, purpose: str, entity: str, count: int = 0) -> float:
    """A lognormal draw with this mean and coefficient of variation; the mean itself where `cv` is 0."""
    if cv == 0 or mean == 0:
        return mean
    variance = math.log(1 + cv * cv)
    z = _NORMAL.inv_cdf(uniform(seed, purpose, entity, count))
    return mean * math.exp(math.sqrt(variance) * z - variance / 2)


def binomial(n: int, p: float, seed: int, purpose: str, entity: str) -> int:
    """How many of `n` units are hit, each with probability `p`."""
    if p <= 0:
        return 0
    return sum(uniform(seed, purpose, entity, unit) < p for unit in range(n))
