"""Key performance indicators against tables computed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linewright.plant.arrays import NEVER
from linewright.signals import kpi

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "iso22400.json").read_text())
HOUR = 3600


@pytest.mark.parametrize("row", GOLDEN["rows"], ids=lambda row: row["case"])
def test_iso_22400_ratios(row: dict[str, Any]) -> None:
    pbt, apt, pq, gq = (float(row[name]) for name in ("pbt_s", "apt_s", "pq", "gq"))
    planned = row["planned_s_per_unit"] * pq
    assert kpi.availability(apt, pbt) == pytest.approx(row["availability"], abs=5e-6)
    assert kpi.effectiveness(planned, apt) == pytest.approx(row["effectiveness"], abs=5e-6)
    assert kpi.quality_ratio(gq, pq) == pytest.approx(row["quality_ratio"], abs=5e-6)
    assert kpi.oee(pbt, apt, planned, pq, gq) == pytest.approx(row["oee"], abs=1e-5)


def blocks() -> kpi.Blocks:
    """Three operations on two machines, window 10 h.

    0: order A on machine 0, setup 0-1 h, run 1-5 h; 100 units, 10 scrapped, planned 3 h.
    1: order A on machine 1 after it, run 5-7 h; 90 units, planned 2 h.
    2: order B on machine 0 straight after 0, setup 5-6 h, run 6-14 h: half of it inside; planned 8 h.
    """
    made = kpi.empty_blocks(3)
    made.order[:] = [0, 1, 2]
    made.machine[:] = [0, 1, 0]
    made.begin_s[:] = np.array([0, 5, 5]) * HOUR
    made.start_s[:] = np.array([1, 5, 6]) * HOUR
    made.end_s[:] = np.array([5, 7, 14]) * HOUR
    made.setup_s[:] = np.array([1, 0, 1]) * HOUR
    made.run_s[:] = np.array([4, 2, 8]) * HOUR
    made.setup_window_s[:] = np.array([1, 0, 1]) * HOUR
    made.run_window_s[:] = np.array([4, 2, 4]) * HOUR
    made.planned_s[:] = np.array([3, 2, 8]) * HOUR
    made.produced[:] = [100, 90, 50]
    made.scrap[:] = [10, 0, 5]
    made.rework[:] = [4, 0, 0]
    made.overtime_s[:] = [0, 0, 600]
    made.failures[:] = [1, 0, 0]
    made.active_from_s[:] = np.array([0, 5, 0]) * HOUR
    return made


def measured(made: kpi.Blocks, *, begun: tuple[int, int] = (0, 0)) -> dict[str, float]:
    orders = kpi.Orders(
        op_order=np.array([0, 0, 1]),
        order_due_s=np.array([8, 12]) * HOUR,
        order_weight=np.array([1.0, 3.0]),
        order_complete=np.array([1, 1]),
    )
    out, bottleneck = np.empty(len(kpi.KPIS)), np.empty(2)
    kpi.measure(
        orders,
        made,
        np.array(begun),
        np.array([10, 10]) * HOUR,
        10 * HOUR,
        100 * HOUR,
        np.empty(2, np.int64),
        bottleneck,
        out,
    )
    return dict(zip(kpi.KPIS, out.tolist(), strict=True)) | {"bottlenecks": bottleneck.tolist()}  # type: ignore[dict-item]


def test_figures_of_three_blocks() -> None:
    assert measured(blocks()) == {
        "weighted_tardiness_s": 3 * 2 * HOUR,  # B, due at 12 h, ends at 14 h
        "late_orders": 1,
        "on_time_delivery": 0.5,
        "makespan_s": 14 * HOUR,
        "throughput_orders": 1,  # A, at 7 h
        "throughput_units": 90,
        "mean_wip": pytest.approx(0.7 + 0.5),  # A from 0 to 7 h, B from 5 h on, of 10 h
        "changeovers": 2,
        "setup_s": 2 * HOUR,
        "availability": 10 / 20,  # run inside the window: 4 + 2 + 4 h of 2 x 10 h
        "effectiveness": 9 / 10,  # planned: 3 + 2 + half of 8 h
        "quality_ratio": pytest.approx(180 / 190),  # 0 and 1 ended inside
        "oee": pytest.approx(0.5 * 0.9 * 180 / 190),
        "overtime_s": 600,
        "scrap_units": 15,
        "rework_units": 4,
        "breakdowns": 1,
        "bottleneck_share": 1.0,  # machine 0 has not waited from 0 to 14 h
        "unfinished_operations": 0,
        "bottlenecks": [1.0, 0.0],
    }


def test_orders_begun_before_count_as_work_in_process_from_the_beginning() -> None:
    assert measured(blocks(), begun=(0, 1))["mean_wip"] == pytest.approx(0.7 + 1.0)


def test_the_bottleneck_is_the_machine_that_waited_least_recently() -> None:
    made = blocks()
    made.active_from_s[2] = 5 * HOUR + 1  # machine 0 waited a moment before block 2
    made.end_s[2] = 6 * HOUR
    found = measured(made)
    # machine 0 alone from 0 to 5 h; then machine 1's spell of 2 h is longer than machine 0's of 1 h
    assert found["bottlenecks"] == pytest.approx([0.5, 0.2], abs=2 / kpi.PLACES)
    assert found["bottleneck_share"] == found["bottlenecks"][0]  # type: ignore[index]


def test_an_unfinished_operation_keeps_its_order_open() -> None:
    made = blocks()
    made.end_s[1] = NEVER
    found = measured(made)
    assert found["unfinished_operations"] == 1
    assert found["throughput_orders"] == 0
    assert found["makespan_s"] == 100 * HOUR
    assert found["weighted_tardiness_s"] == (3 * 2 + 92) * HOUR
    assert found["mean_wip"] == pytest.approx(1.0 + 0.5)


def test_waiting_is_open_time_without_work() -> None:
    calendar = kpi.Calendars(
        cal_ptr=np.array([0, 2]),
        cal_open_s=np.array([6, 30]) * HOUR,
        cal_close_s=np.array([14, 38]) * HOUR,
        cal_bucket=np.array([[0, 0, 0, 0, 1, 1, 1, 1, 1, 1]]),
    )

    def waited(free: float, begin: float) -> bool:
        return bool(kpi.waited(calendar, 0, int(free * HOUR), int(begin * HOUR)))

    assert not waited(8, 8)
    assert waited(8, 8.5)
    assert not waited(14, 30)  # over night
    assert not waited(2, 6)
    assert waited(14, 31)
    assert kpi.open_between(calendar, 0, 0, 40 * HOUR) == 16 * HOUR
    assert kpi.open_between(calendar, 0, 10 * HOUR, 31 * HOUR) == 5 * HOUR
    assert kpi.open_between(calendar, 0, 15 * HOUR, 20 * HOUR) == 0
