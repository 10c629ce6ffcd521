"""How hot kernels are compiled, and where what was compiled is kept.

Reading a field of a tuple of arrays (`p.op_ready_s`) makes Numba count references to all its arrays,
atomically, at every step; in `timing.decode` that was 95 % of the time (8 µs instead of 170 µs for 500
operations). A kernel is compiled without it and therefore allocates nothing: arrays come in as
arguments, from a plain `njit` function or from Python. A kernel calls kernels and parts only.

Numba looks only at the file a kernel is in to tell whether its compiled form is still good, and not at the
kernels it calls. Compiled code is therefore kept in a folder named after all sources with kernels in them:
no mixture of old and new can run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import platformdirs

F = TypeVar("F", bound=Callable[..., Any])

KEPT = 4
"""Folders of compiled code that are kept: of this and a few other states of the sources."""

_njit: Any = numba.njit


def kernel(function: F) -> F:
    """Compile a function that allocates no arrays."""
    compiled: F = _njit(cache=True, nogil=True, _nrt=False, no_cfunc_wrapper=True)(function)
    return compiled


def part(function: F) -> F:
    """Compile a piece of kernels: as `kernel`, but it cannot be called from Python.

    Leaving out the way in from Python saves half a second of compile time for every function that takes
    a wide tuple of arrays.
    """
    compiled: F = _njit(cache=True, nogil=True, _nrt=False, no_cfunc_wrapper=True, no_cpython_wrapper=True)(
        function
    )
    return compiled


def _fingerprint() -> str:
    """A name for the state of all sources that hold kernels."""
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    package = Path(__file__).parents[1]
    for room in ("plant", "signals", "twin", "schedule"):
        for source in sorted((package / room).glob("*.py")):
            text = source.read_bytes()
            if b"@njit" in text or b"@kernel" in text or b"@part" in text:
                digest.update(text)
    return digest.hexdigest()


def _keep_compiled() -> None:
    """Tell Numba the folder, unless the user has named one; where none can be written, Numba's own way."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    kernels = Path(platformdirs.user_cache_dir("linewright")) / "kernels"
    folder = kernels / _fingerprint()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        older = sorted(kernels.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]
    except OSError:
        return
    for path in older:
        shutil.rmtree(path, ignore_errors=True)
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined, unused-ignore]


_keep_compiled()
