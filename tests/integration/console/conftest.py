"""A browser on the built console, over the mock of its API."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn

sys.path.insert(0, str(Path(__file__).parent))

from console_page import ARTEFACTS, Console
from mock_api import STATIC, World, make_app


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not (STATIC / "index.html").is_file():
        pytest.fail(f"the console is not built into {STATIC}. Maybe run: pip install -e .", pytrace=False)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def serve() -> Iterator[Callable[[World], str]]:
    """`serve(world)`: start a server over a world, on a port of its own."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(world: World) -> str:
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(make_app(world), log_level="error", timeout_graceful_shutdown=1, ws="none")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the mock server did not start"
            time.sleep(0.02)
        running.append((server, thread))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture(params=["light"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[{}], ids=["plant"])
def world(request: pytest.FixtureRequest) -> World:
    return World(**{"pace": 0.3} | request.param)


@pytest.fixture
def console(
    browser: Any, serve: Callable[[World], str], world: World, theme: str, request: Any
) -> Iterator[Console]:
    url = serve(world)
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=theme, timezone_id="America/New_York"
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    console = Console(page, world, url)
    page.on("request", lambda asked: console.hosts.add(urlsplit(asked.url).netloc))
    page.on("pageerror", lambda error: console.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: console.complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    yield console
    if request.session.testsfailed:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"last-of-{request.node.name.replace('/', '-')}.png")
    context.close()
