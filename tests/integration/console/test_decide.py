"""From a broken machine to an approved plan and its outcome, as a planner does it."""

from __future__ import annotations

import re
import urllib.request
from typing import Any

import pytest
from console_page import Console

KEEP, PUSH = "Keep the plan", "Push everything right"


def _rows(page: Any) -> list[str]:
    # What was asked for is on the screen two frames later.
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return list(page.locator(".matrix tbody th .link").all_inner_texts())


def _only(console: Console) -> Any:
    return list(console.world.proposals.values())[-1]


def test_a_broken_machine_brings_alternatives_with_the_references_first(console: Console) -> None:
    page = console.open()
    console.break_machine("M07")
    page.locator(".generating [role=progressbar]").wait_for()
    page.get_by_role("link", name="Compare 52 alternatives").click(timeout=20_000)
    page.wait_for_selector(".matrix tbody tr")
    rows = _rows(page)
    assert rows[:2] == [KEEP, PUSH]
    assert len(rows) == 52
    for pick in ("Least late", "Least change", "Most robust"):
        assert page.locator(".pick", has_text=pick).count() == 1
    failed = next(s for s in _only(console).scenarios if not s.verdict.advances and s.id.startswith("s"))
    page.locator(".matrix tbody tr", has_text=failed.id).first.get_by_role("button", name=failed.id).click()
    why = next(gate.text for gate in failed.verdict.gates if not gate.passed and gate.decisive)
    page.locator(".gates .bad", has_text=why).wait_for()


def test_a_warning_does_not_look_like_a_failure(console: Console) -> None:
    page = console.alternatives()
    flagged = next(
        s
        for s in _only(console).scenarios
        if s.verdict.advances and not all(gate.passed for gate in s.verdict.gates)
    )
    row = page.locator(".matrix tbody tr", has_text=flagged.id).first
    assert row.locator(".proof.warn").inner_text() == f"! {flagged.verdict.level}"
    row.get_by_role("button", name=flagged.id).click()
    page.locator(".gates .warn", has_text="M24 is the bottleneck").wait_for()
    assert page.locator(".gates .bad").count() == 0


def test_the_matrix_sorts_by_any_figure(console: Console) -> None:
    page = console.alternatives()
    page.get_by_role("button", name="Sort by Operations moved").click()
    scenarios = {s.id: s.difference.operations_moved for s in _only(console).scenarios}
    rows = _rows(page)
    assert rows[:2] == [KEEP, PUSH]
    moved = [scenarios[row] for row in rows[2:]]
    assert moved == sorted(moved)
    page.get_by_role("button", name="Sort by Operations moved").click()
    moved = [scenarios[row] for row in _rows(page)[2:]]
    assert moved == sorted(moved, reverse=True)


def test_a_limit_on_an_axis_filters_the_other_views(console: Console) -> None:
    page = console.alternatives()
    axis = page.get_by_role("slider", name="Worst Late orders let through")
    axis.focus()
    for _ in range(10):
        page.keyboard.press("ArrowUp")
    late = {s.id: s.kpis["late_orders"].median for s in _only(console).scenarios if s.id.startswith("s")}
    limit = min(late.values()) + 0.5 * (max(late.values()) - min(late.values()))
    wanted = {name for name, value in late.items() if value <= limit + 1e-6}
    assert set(_rows(page)) - {KEEP, PUSH} == wanted
    assert page.locator(".scatter .point.out").count() >= 50 - len(wanted)
    page.keyboard.press("Escape")
    assert len(_rows(page)) == 52
    # The same with the pointer: drag over the best half of the axis.
    box = axis.locator(".grab").bounding_box()
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 1)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    kept = set(_rows(page)) - {KEEP, PUSH}
    assert 0 < len(kept) < 50
    page.get_by_role("button", name="Clear limits").click()
    assert len(_rows(page)) == 52


def test_the_trade_off_shows_the_front_of_the_chosen_axes(console: Console) -> None:
    page = console.alternatives()
    before = page.locator(".scatter .on-front").count()
    assert before >= 1
    page.get_by_role("combobox", name="Across").select_option("setup_s")
    page.get_by_role("combobox", name="Up", exact=True).select_option("oee")
    plot = page.get_by_role("application", name=re.compile("by Changeover time and Overall equipment"))
    before = page.locator(".matrix tr[aria-selected=true]").inner_text()
    plot.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.matrix tr[aria-selected=true]').innerText !== before", arg=before
    )
    assert page.locator(".scatter .point.chosen").count() == 1
    page.locator(".scatter .point.on-front").first.click()
    assert page.locator(".scatter .point.chosen.on-front").count() == 1


def test_the_comparison_tells_every_consequence(console: Console) -> None:
    page = console.alternatives()
    page.locator(".pick", has_text="Least late").click()
    page.get_by_role("link", name="Compare s").click()
    page.locator(".compare-body canvas").wait_for()
    chosen = page.url.rsplit("/", 1)[1]
    scenario = next(s for s in _only(console).scenarios if s.id == chosen)
    page.locator(".reason", has_text=scenario.reason).wait_for()
    page.get_by_role("tab", name="Jobs").click()
    shown = page.locator("[role=tabpanel] tbody tr").count()
    assert abs(shown - scenario.difference.operations_moved) <= 15  # the plant has gone on since
    page.locator("[role=tabpanel] tbody .link").first.click()
    assert page.locator("[role=tabpanel] tr[aria-selected=true]").count() == 1
    page.get_by_role("tab", name="Orders").click()
    won = int(re.search(r"(\d+) won", page.locator("[role=tabpanel]").inner_text()).group(1))  # type: ignore[union-attr]
    late = lambda s: {o.order for o in s.orders if o.completion > o.due}  # noqa: E731
    keep = next(s for s in _only(console).scenarios if s.id == "keep")
    assert won == len(late(keep) - late(scenario))
    page.get_by_role("tab", name="People").click()
    page.get_by_text(scenario.notices[0].text).wait_for()
    page.get_by_role("tab", name="Materials").click()
    assert page.locator("[role=tabpanel] tbody tr").count() == len(scenario.staging)
    page.get_by_role("tab", name="Downstream").click()
    assert page.locator("[role=tabpanel] .lines > li").count() == len(scenario.changes)
    page.get_by_role("tab", name="Instructions").click()
    page.get_by_text(scenario.instructions[0].text).first.wait_for()


def test_adjusting_pins_leaves_out_and_reprioritises(console: Console) -> None:
    page = console.alternatives()
    page.locator(".pick", has_text="Least late").click()
    page.get_by_role("link", name="Compare s").click()
    page.get_by_role("tab", name="Jobs").click()
    page.get_by_role("button", name=re.compile(r"^Pin O-")).first.click()
    page.get_by_role("button", name="Adjust and regenerate (1 pinned)").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name="M09").check()
    dialog.get_by_label("Change the priority of").select_option("O-4110")
    dialog.get_by_label("Priority of O-4110", exact=True).fill("25")
    dialog.get_by_label("Priority of O-4110", exact=True).press("Tab")
    dialog.get_by_label("Frozen from now").select_option("60")
    dialog.get_by_role("button", name="Regenerate").click()
    page.get_by_text("52 alternatives").first.wait_for(timeout=20_000)
    page.locator(".lineage", has_text="first alternatives → adjusted 1").wait_for()
    proposal = _only(console)
    assert proposal.parent
    assert proposal.controls.forbid_machines == ["M09"]
    assert len(proposal.controls.pin_machine) == 1
    assert proposal.controls.priority == {"O-4110": 25.0}
    assert proposal.controls.freeze_until is not None
    free = [o for s in proposal.scenarios[2:] for o in s.operations if o.state == "free"]
    assert all(o.machine != "M09" for o in free)


def test_what_cannot_be_planned_is_said_and_nothing_is_lost(console: Console) -> None:
    page = console.alternatives()
    page.get_by_role("button", name="Adjust and regenerate").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name="M01").wait_for()
    for box in dialog.get_by_role("checkbox").all():
        box.check()
    dialog.get_by_role("button", name="Regenerate").click()
    alert = page.locator(".toast.bad")
    alert.wait_for()
    assert "No machine is left for O-4100/10." in alert.inner_text()
    assert "Maybe allow one of" in alert.inner_text()
    assert dialog.get_by_role("checkbox", name="M01").is_checked()


def test_approval_shows_what_goes_to_whom_then_follows_it(console: Console) -> None:
    page = console.alternatives()
    page.locator(".pick", has_text="Least change").click()
    page.get_by_role("button", name="Approve s").click()
    dialog = page.get_by_role("dialog")
    scenario = next(s for s in _only(console).scenarios if s.label == "least change")
    dialog.get_by_role("tab", name=f"Job orders to the plant {len(scenario.difference.jobs)}").wait_for()
    dialog.get_by_role("tab", name=f"Notices to people {len(scenario.notices)}").click()
    dialog.get_by_text(scenario.notices[0].text).wait_for()
    send = dialog.get_by_role("button", name="Approve and send")
    assert send.is_disabled()
    dialog.get_by_label("Approved by").fill("Kim")
    send.click()
    page.get_by_role("heading", name="Carried out").wait_for()
    page.locator("dl.figures div", has_text="acknowledged").get_by_text(
        str(len(scenario.difference.jobs))
    ).wait_for(timeout=30_000)
    page.get_by_role("tab", name=f"Notices {len(scenario.notices)}").click(timeout=30_000)
    page.locator("[role=tabpanel]", has_text=scenario.notices[0].text).wait_for()
    page.locator(".chip", has_text="final").wait_for(timeout=30_000)
    assert console.world.dispatches[0]["approved_by"] == "Kim"
    # The operator reads it at the machine.
    moved = next(o for o in scenario.operations if o.operator == scenario.notices[0].operator)
    console.open(f"#/station/{moved.machine}")
    page.get_by_role("button", name=re.compile(": read")).first.click()
    page.get_by_text("has read it.").wait_for()
    assert any(notice["acknowledged"] for notice in console.world.notices)
    console.open("#/log")
    page.get_by_label("Filter the log").fill("schedule.approved")
    page.get_by_text(f"Kim approved {scenario.id}").wait_for()


@pytest.mark.parametrize("seen_before", [True, False], ids=["announced", "only at approval"])
def test_a_stale_proposal_is_refused_with_what_happened_and_a_way_on(
    console: Console, seen_before: bool
) -> None:
    page = console.alternatives()
    if seen_before:
        urllib.request.urlopen(urllib.request.Request(f"{console.url}/mock/stale", method="POST"))
        page.reload()
        page.get_by_role("alert").get_by_text("M12 went down at 09:41").wait_for()
    page.get_by_role("button", name="Approve s").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Approved by").fill("Kim")
    if not seen_before:
        urllib.request.urlopen(urllib.request.Request(f"{console.url}/mock/stale", method="POST"))
    dialog.get_by_role("button", name="Approve and send").click()
    refused = dialog.get_by_role("alert")
    refused.get_by_text("M12 went down at 09:41").wait_for()
    assert console.world.dispatches == []
    refused.get_by_role("button", name="Regenerate from now").click()
    page.get_by_role("dialog").get_by_role("button", name="Regenerate").click()
    page.locator(".lineage", has_text="adjusted 1").wait_for(timeout=20_000)
    assert len(console.world.proposals) == 2


def test_all_can_be_rejected(console: Console) -> None:
    page = console.alternatives()
    page.get_by_role("button", name="Reject all").click()
    page.get_by_text("the plan in force stays as it is").wait_for()
    assert _only(console).status == "rejected"
