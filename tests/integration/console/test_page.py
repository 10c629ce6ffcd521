"""The frame: nothing leaves the host, every view opens, says what fills it and can be read by everyone."""

from __future__ import annotations

import gzip
import json
import urllib.request
from typing import Any

import pytest
from console_page import ARTEFACTS, Console
from mock_api import STATIC

VIEWS = {
    "board": "#/",
    "machines": "#/machines",
    "disruptions": "#/disruptions",
    "outcomes": "#/outcomes",
    "stations": "#/station",
    "station": "#/station/M03",
    "log": "#/log",
}


def test_the_page_is_small() -> None:
    scripts = list((STATIC / "assets").glob("*.js"))
    assert scripts
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in scripts) <= 60 * 1024


def test_no_request_leaves_the_host_and_nothing_is_complained_about(console: Console) -> None:
    page = console.alternatives()
    for route in VIEWS.values():
        console.open(route)
    page.wait_for_timeout(300)
    assert console.hosts == {console.url.removeprefix("http://")}
    assert console.complaints == []


@pytest.mark.parametrize(
    ("route", "says"),
    [
        ("#/", "Nothing waits for an answer."),
        ("#/disruptions", "Nothing has happened yet."),
        ("#/outcomes", "No plan has been approved yet."),
        ("#/log", "Nothing has been recorded yet."),
    ],
)
def test_an_empty_view_says_what_fills_it(console: Console, route: str, says: str) -> None:
    console.world.rate = 0
    console.open(route)
    console.page.get_by_text(says).wait_for()


def test_plant_time_is_shown_wherever_the_browser_stands(console: Console) -> None:
    console.world.rate = 0
    page = console.open()
    assert "Tue 10 Mar 09:20" in page.get_by_label("Plant time").inner_text()


def test_an_unknown_view_and_an_unknown_thing_lead_back(console: Console) -> None:
    page = console.open()
    page.goto(f"{console.url}/#/nowhere")
    page.get_by_text("There is no view").wait_for()
    page.goto(f"{console.url}/#/station/M99")
    page.get_by_text("There is no machine M99.").wait_for()
    page.get_by_text("Maybe pick one from the list of stations.").wait_for()
    page.goto(f"{console.url}/#/proposal/none")
    page.get_by_text("There is no proposal none.").wait_for()


def test_the_stream_reconnects_and_the_board_is_loaded_again(console: Console) -> None:
    page = console.open()
    page.locator(".pill", has_text="live").wait_for()
    with page.expect_request("**/api/board"):
        urllib.request.urlopen(urllib.request.Request(f"{console.url}/mock/drop", method="POST"))
        page.locator(".pill", has_text="reconnecting").wait_for()
    page.locator(".pill", has_text="live").wait_for()


def test_a_plant_that_does_not_answer_is_seen(console: Console) -> None:
    page = console.open()
    page.locator(".pill", has_text="live").wait_for()
    urllib.request.urlopen(urllib.request.Request(f"{console.url}/mock/lost", method="POST"))
    page.locator(".pill", has_text="plant lost").wait_for()
    urllib.request.urlopen(urllib.request.Request(f"{console.url}/mock/found", method="POST"))
    page.locator(".pill", has_text="live").wait_for()


def test_the_speed_of_the_demonstration_plant_can_be_set(console: Console) -> None:
    page = console.open()
    page.get_by_label("Speed of the demonstration plant").select_option("120")
    page.wait_for_function("document.querySelector('.clock select').value === '120'")
    assert console.world.rate == 120


@pytest.mark.parametrize(
    ("kind", "button", "means"),
    [
        ("Rush order", "Send the order", "Rush order:"),
        ("Material late", "Delay it", "is late"),
        ("Person absent", "Call in sick", "absent"),
    ],
)
def test_every_kind_of_disruption_can_be_made(console: Console, kind: str, button: str, means: str) -> None:
    page = console.open()
    page.get_by_role("button", name=kind).click()
    page.get_by_role("button", name=button).click()
    page.locator(".disruption h3", has_text=means).wait_for()
    page.get_by_role("link", name="Compare 52 alternatives").wait_for(timeout=20_000)


def test_a_plant_that_is_no_demonstration_gets_its_disruptions_declared(console: Console) -> None:
    asked: list[Any] = []

    def plant(route: Any) -> None:
        body = route.fetch().json()
        route.fulfill(json={**body, "demo": False})

    def whatif(route: Any) -> None:
        asked.append(json.loads(route.request.post_data))
        route.fulfill(status=202, json={"disruption": "D1"})

    console.page.route("**/api/plant", plant)
    console.page.route("**/api/whatif", whatif)
    page = console.open()
    page.get_by_role("heading", name="Declare a disruption").wait_for()
    assert page.get_by_label("Speed of the demonstration plant").count() == 0
    page.get_by_role("combobox", name="Machine", exact=True).select_option("M05")
    page.get_by_role("button", name="Declare it").click()
    page.get_by_text("Declared.").wait_for()
    assert [(body["kind"], body["machine"]) for body in asked] == [("machine_down", "M05")]


def _serious(page: Any) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{item['id']} ({item['impact']}): {item['nodes'][0]['html'][:160]} {item['nodes'][0]['any'][:1]}"
        for item in found
        if item["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("theme", ["light", "dark"], indirect=True)
@pytest.mark.parametrize("world", [{"orders": 45, "scenarios": 14}], ids=["small"], indirect=True)
def test_everyone_can_read_every_view(console: Console, theme: str) -> None:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    findings: dict[str, list[str]] = {}

    def look(name: str) -> None:
        page.wait_for_timeout(150)
        page.screenshot(path=ARTEFACTS / f"{name}-{theme}.png")
        findings[name] = _serious(page)

    page = console.alternatives()
    look("proposal")
    page.locator(".parallel").scroll_into_view_if_needed()
    page.screenshot(path=ARTEFACTS / f"parallel-{theme}.png")
    page.get_by_role("button", name="Adjust and regenerate").click()
    look("adjust")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Compare s").click()
    page.locator(".compare-body canvas").wait_for()
    for tab in ("Jobs", "Orders", "People", "Downstream", "Why"):
        page.get_by_role("tab", name=tab).click()
        look(f"compare-{tab.lower()}")
    page.get_by_role("button", name="Approve s").click()
    page.locator("dialog table").wait_for()
    look("approve")
    page.get_by_label("Approved by").fill("Kim")
    page.get_by_role("button", name="Approve and send").click()
    page.get_by_role("heading", name="Carried out").wait_for()
    page.locator(".bullet circle").first.wait_for()
    look("carried-out")
    for name, route in VIEWS.items():
        console.open(route)
        look(name)
    console.open()
    page.locator(".board-canvas").focus()
    page.keyboard.press("ArrowDown")
    look("board-selected")
    page.get_by_role("button", name="Table").click()
    look("board-table")
    assert {name: found for name, found in findings.items() if found} == {}
