"""Random numbers for the kernels: a stream is a counter under a key, so that an island's draws depend on
nothing but the seed and the island (splitmix64; Steele, Lea, Flood, OOPSLA 2014)."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from linewright.plant.kernel import part

Stream: TypeAlias = npt.NDArray[np.uint64]
"""[1] the counter of one stream; drawing advances it in place."""

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@part
def mix(value: Any) -> Any:
    """A uint64 scrambled into another one, a bijection."""
    value = (value ^ (value >> _30)) * _MIX_1
    value = (value ^ (value >> _27)) * _MIX_2
    return value ^ (value >> _31)


@part
def uniform(stream: Any) -> float:
    """A number in [0, 1)."""
    stream[0] += _STEP
    return float(mix(stream[0]) >> _11) * (1.0 / 9007199254740992.0)


@part
def below(stream: Any, bound: int) -> int:
    """An integer in [0, bound)."""
    return int(uniform(stream) * bound)


def stream(seed: int, *key: int) -> Stream:
    """The stream of a seed and a key, unrelated to that of any other."""
    state = seed % 2**64
    for name in (0x6C77, *key):
        state = _scramble((state + name * 0x9E3779B97F4A7C15) % 2**64)
    return np.array([state], np.uint64)


def _scramble(value: int) -> int:
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) % 2**64
    return value ^ (value >> 31)
