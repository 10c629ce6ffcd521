"""The plant's clock, against a made-up real one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from linewright.demo.clock import PlantClock

EPOCH = datetime(2026, 3, 2, 6, tzinfo=UTC)


def test_time_passes_at_its_rate_and_never_jumps():
    real = 100.0
    clock = PlantClock(EPOCH, 50, 10.0, lambda: real)
    assert clock.second() == 50
    real = 101.0
    assert clock.second() == 60
    clock.set_rate(0.0)
    real = 500.0
    assert clock.second() == 60
    clock.set_rate(3600.0)
    assert clock.second() == 60
    real = 501.0
    assert clock.instant() == EPOCH + timedelta(seconds=3660)
    clock.set_second(100)
    assert clock.second() == 100
