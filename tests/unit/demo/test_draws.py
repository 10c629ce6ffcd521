"""Chance on the shop floor: keyed, in range, and with the moments it says."""

from __future__ import annotations

import math
import statistics

from linewright.demo import draws


def test_a_draw_depends_on_its_key_and_nothing_else():
    first = draws.uniform(1, "run", "A/10", 3)
    others = [
        draws.uniform(2, "run", "A/10", 3),
        draws.uniform(1, "repair", "A/10", 3),
        draws.uniform(1, "run", "A/20", 3),
        draws.uniform(1, "run", "A/10", 4),
    ]
    assert draws.uniform(1, "run", "A/10", 3) == first
    assert len({first, *others}) == 5
    assert first == 0.7377962615940374  # the same on every machine, in every version


def test_moments():
    n = 20_000
    uniforms = [draws.uniform(1, "u", "x", i) for i in range(n)]
    assert min(uniforms) > 0
    assert max(uniforms) < 1
    assert math.isclose(statistics.fmean(uniforms), 0.5, abs_tol=0.01)
    waits = [draws.exponential(100.0, 1, "w", "x", i) for i in range(n)]
    assert math.isclose(statistics.fmean(waits), 100, rel_tol=0.03)
    runs = [draws.lognormal(10.0, 0.4, 1, "r", "x", i) for i in range(n)]
    assert math.isclose(statistics.fmean(runs), 10, rel_tol=0.02)
    assert math.isclose(statistics.stdev(runs) / statistics.fmean(runs), 0.4, rel_tol=0.03)
    assert math.isclose(draws.binomial(n, 0.05, 1, "s", "x"), 1000, rel_tol=0.1)


def test_no_spread_is_the_mean():
    assert draws.lognormal(10.0, 0.0, 1, "r", "x") == 10.0
    assert draws.binomial(1000, 0.0, 1, "s", "x") == 0
