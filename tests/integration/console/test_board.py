"""The board: dragging and pinning, the same by keyboard and as a table, and thousands of bars."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from console_page import Console
from mock_plant import EPOCH


def _movable(console: Console) -> Any:
    """An operation soon to come, of a machine with an alternative, long enough to grab."""
    world = console.world
    for op in sorted(world.plan.values(), key=lambda item: item.setup_start):
        if op.setup_start > world.now_minute + 120 and op.end - op.setup_start > 60 and len(op.machines) > 1:
            return op
    raise AssertionError("the mock plan has no such operation")


def _pins(page: Any) -> list[str]:
    return [
        text.replace("\n", " ") for text in page.locator("[aria-labelledby=pins-title] li").all_inner_texts()
    ]


def test_a_bar_dragged_to_another_machine_is_pinned_there(console: Console) -> None:
    console.world.rate = 0
    page = console.open()
    op = _movable(console)
    other = next(machine for machine in op.machines if machine != op.machine)
    page.wait_for_function("job => document.querySelector('.board-canvas').board.placeOf(job)", arg=op.key)
    bar = console.place(op.key)
    row = next(o for o in console.world.plan.values() if o.machine == other)
    target = page.evaluate(
        """id => { const c = document.querySelector('.board-canvas');
                   return c.getBoundingClientRect().y + c.board.rowOf(id); }""",
        row.machine,
    )
    page.mouse.move(bar["x"] + 8, bar["y"])
    page.mouse.down()
    page.mouse.move(bar["x"] + 40, bar["y"] + 4, steps=4)
    page.mouse.move(bar["x"] + 48, target, steps=6)
    page.mouse.up()
    page.locator("[aria-labelledby=pins-title] li").wait_for()
    (pinned,) = _pins(page)
    assert op.key in pinned
    assert f"{op.machine} → {other}" in pinned
    assert "from" in pinned
    page.get_by_role("button", name="Undo").click()
    assert _pins(page) == []
    page.get_by_role("button", name="Redo").click()
    assert len(_pins(page)) == 1


def test_a_machine_that_cannot_run_it_is_refused_with_those_that_can(console: Console) -> None:
    console.world.rate = 0
    page = console.open()
    op = _movable(console)
    page.wait_for_function("job => document.querySelector('.board-canvas').board.placeOf(job)", arg=op.key)
    bar = console.place(op.key)
    wrong = next(
        m["id"]
        for m in console.world.plant.machines
        if m["id"] not in op.machines and abs(int(m["id"][1:]) - int(op.machine[1:])) < 8
    )
    target = page.evaluate(
        """id => { const c = document.querySelector('.board-canvas');
                   return c.getBoundingClientRect().y + c.board.rowOf(id); }""",
        wrong,
    )
    page.mouse.move(bar["x"] + 8, bar["y"])
    page.mouse.down()
    page.mouse.move(bar["x"] + 30, target, steps=5)
    page.mouse.up()
    toast = page.get_by_role("alert")
    toast.wait_for()
    assert f"{wrong} cannot run" in toast.inner_text()
    assert op.machines[0] in toast.inner_text()
    assert page.locator("[aria-labelledby=pins-title]").count() == 0


def test_everything_the_pointer_does_the_keys_do(console: Console) -> None:
    console.world.rate = 0
    page = console.open()
    op = _movable(console)
    page.get_by_label("Find an order").fill(op.order)
    page.keyboard.press("Enter")
    board = page.locator(".board-canvas")
    board.focus()
    said = page.locator("[aria-live=polite]").first
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('[role=status].unseen').textContent.startsWith('Order')")
    page.get_by_label("Find an order").fill("")
    # Select the very operation by its step in the rail, then move it by keys.
    page.get_by_label("Find an order").fill(op.order)
    page.locator(".steps .link", has_text=op.operation).first.click()
    board.focus()
    page.keyboard.press("Shift+ArrowRight")
    assert "Enter pins it" in said.inner_text()
    other = "ArrowDown" if max(op.machines) > op.machine else "ArrowUp"
    page.keyboard.press(f"Shift+{other}")
    moved_to = said.inner_text().split(",")[0]
    assert moved_to in op.machines and moved_to != op.machine
    page.keyboard.press("Enter")
    (pinned,) = _pins(page)
    assert f"{op.machine} → {moved_to}" in pinned
    page.keyboard.press("Delete")
    assert _pins(page) == []
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Escape")
    assert "cancelled" in said.inner_text()
    page.keyboard.press("Escape")
    assert page.locator(".steps").count() == 0


def test_the_table_has_the_same_operations_and_pins_them(console: Console) -> None:
    console.world.rate = 0
    page = console.open()
    op = _movable(console)
    page.get_by_label("Find an order").fill(op.order)
    page.get_by_role("button", name="Table").click()
    rows = page.locator(".board-table tbody tr")
    wanted = [o for o in console.world.plan.values() if o.order == op.order]
    assert rows.count() == len(wanted)
    assert {text.split("\t")[0] for text in rows.all_inner_texts()} == {o.machine for o in wanted}
    rows.filter(has_text=op.machine).get_by_role("button", name="Pin").first.click()
    assert len(_pins(page)) == 1
    page.get_by_role("button", name="All machines").click()
    assert rows.count() > 30


def test_zoom_and_pan_keep_what_is_under_the_pointer(console: Console) -> None:
    console.world.rate = 0
    page = console.open()
    op = _movable(console)
    page.wait_for_function("job => document.querySelector('.board-canvas').board.placeOf(job)", arg=op.key)
    before = console.place(op.key)
    page.mouse.move(before["x"], before["y"])
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_timeout(100)
    after = console.place(op.key)
    assert after["x"] == pytest.approx(before["x"], abs=2)
    assert after["width"] > before["width"] * 1.5
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 100)
    page.keyboard.up("Shift")
    page.wait_for_timeout(100)
    assert console.place(op.key)["x"] == pytest.approx(after["x"] - 100, abs=2)
    page.get_by_role("button", name="All", exact=True).click()
    page.wait_for_timeout(100)
    assert console.place(op.key)["width"] < before["width"]


def test_the_tooltip_says_which_order_and_part(console: Console) -> None:
    console.world.rate = 0
    page = console.open()
    op = _movable(console)
    page.wait_for_function("job => document.querySelector('.board-canvas').board.placeOf(job)", arg=op.key)
    bar = console.place(op.key)
    page.mouse.move(bar["x"] + 10, bar["y"])
    tip = page.locator(".tip")
    tip.wait_for()
    part = console.world.plant.orders[op.order]["part"]
    name = next(item["name"] for item in console.world.plant.parts if item["id"] == part)
    assert f"{op.order} · {name}" in tip.inner_text()


def test_the_board_follows_the_plant(console: Console) -> None:
    console.world.rate = 600
    page = console.open()
    op = min(
        (o for o in console.world.plan.values() if console.world.state[o.key] == "started"),
        key=lambda o: o.end,
    )
    page.get_by_label("Find an order").fill(op.order)
    page.locator(".steps li.done", has_text=op.machine).first.wait_for(timeout=30_000)


def test_news_that_overtakes_the_board_is_not_lost(console: Console) -> None:
    world = console.world
    world.rate = 0
    op = min((o for o in world.plan.values() if world.state[o.key] == "started"), key=lambda o: o.end)

    def finish() -> None:
        world.while_reading = None
        world.now_minute = op.end
        world.recount(announce=True)

    world.while_reading = finish
    with console.page.expect_response("**/api/board") as answered:
        page = console.open()
        assert page.get_by_label("Find an order").is_disabled()  # there is nothing to find yet
    answered.value.finished()
    page.get_by_label("Find an order").fill(op.order)
    page.locator(".steps li.planned").first.wait_for()  # the whole board is there
    page.locator(".steps li.done", has_text=op.machine).first.wait_for(timeout=10_000)


def test_ten_thousand_bars_are_painted(console: Console, record_property: Any) -> None:
    def crowd(machines: int, each: int) -> tuple[dict[str, Any], dict[str, Any]]:
        def at(minutes: float) -> str:
            return (EPOCH + timedelta(minutes=minutes)).isoformat()

        ids = [f"M{n:03d}" for n in range(machines)]
        plant = {
            "id": "crowd", "name": "Crowd", "timezone": "Europe/Berlin", "demo": False,
            "people": [], "lots": [],
            "work_centers": [{"id": f"W{n}", "name": f"Centre {n}"} for n in range(10)],
            "machines": [
                {"id": m, "name": m, "work_center": f"W{n % 10}", "calendar_open": []}
                for n, m in enumerate(ids)
            ],
            "orders": [], "materials": [], "planning": {"freeze_min": 0},
        }  # fmt: skip
        states = ["done", "started", "dispatched", "planned"]
        operations = [
            {
                "order": f"O{n}-{k // 4}", "operation": str(k), "machine": m, "operator": "",
                "setup_start": at(k * 200 + n), "start": at(k * 200 + n + 20), "end": at(k * 200 + n + 190),
                "state": states[min(3, k * 4 // each)], "late": (n + k) % 5 == 0,
            }
            for n, m in enumerate(ids) for k in range(each)
        ]  # fmt: skip
        board = {
            "position": 1, "plan_version": 1, "now": at(each * 100), "rate": 0, "freshness_s": 0,
            "connected": True, "machines": {}, "people": {}, "operations": operations,
        }  # fmt: skip
        return plant, board

    plant, board = crowd(100, 100)
    console.page.route("**/api/plant", lambda route: route.fulfill(json=plant))
    console.page.route("**/api/board", lambda route: route.fulfill(json=board))
    page = console.open()
    page.wait_for_function("performance.getEntriesByName('board.draw').length > 0")
    page.get_by_role("button", name="All", exact=True).click()
    page.locator(".board-canvas").hover()
    for _ in range(30):
        page.mouse.wheel(0, 40)
        page.wait_for_timeout(20)
    times = page.evaluate("performance.getEntriesByName('board.draw').map(entry => entry.duration)")
    assert len(times) > 10
    record_property("draw_ms_median", sorted(times)[len(times) // 2])
    ink = page.evaluate(
        """() => { const c = document.querySelector('.board-canvas'); const d = c.getContext('2d')
                 .getImageData(200, 60, c.width - 220, c.height - 80).data; const seen = new Set();
                 for (let i = 0; i < d.length; i += 40) seen.add((d[i] << 16) | (d[i+1] << 8) | d[i+2]);
                 return seen.size; }"""
    )
    assert ink > 5
    assert console.complaints == []
    assert datetime.fromisoformat(board["now"])
