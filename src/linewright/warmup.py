"""Compile every kernel the main job uses, by doing the main job once on a tiny plant.

Numba keeps what it compiled on disk: the first time takes most of a minute, later ones a second or two.
"""

from __future__ import annotations

from collections.abc import Iterator


def warm() -> Iterator[str]:
    """Compile, yielding the name of each step as it is done."""
    from linewright.decide.effort import Effort
    from linewright.decide.generate import generate
    from linewright.plant.generate import SMALL, generate_state
    from linewright.plant.generate import generate as facility
    from linewright.schedule.opening import planned

    yield "loaded"
    plant = facility(SMALL, seed=1)
    state = planned(plant, generate_state(plant))
    yield "planning"
    generate(plant, state, effort=Effort(scenarios=4, seconds=None, moves=200, threads=1))
    yield "searching and simulating"
