"""`linewright demo`: a plant that is already running, in a process of its own, and the console on it."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from linewright.errors import ConnectionFailed, LinewrightError

if TYPE_CHECKING:
    import httpx2 as httpx

T = TypeVar("T")

FOLDER = Path(__file__).parent.parent / "demo" / "facility"
FOLLOWED_HOURS = 24
RESTARTS = 5


class DemoFailed(LinewrightError):
    """The demonstration did not get where it should have; the message says where it stopped."""


@click.command()
@click.option("--headless", is_flag=True, help="No browser: break a machine, approve, follow, report.")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON (with --headless).")
@click.option("--port", default=8600, show_default=True, help="Port of the page; the next free one is taken.")
@click.option("--rate", default=30.0, show_default=True, help="Plant seconds per second.")
@click.option("--seed", default=1, show_default=True, help="Chance in the plant and in search.")
@click.option("--data", type=click.Path(path_type=Path), help="Where the demonstration keeps its data.")
@click.option("--reset", is_flag=True, help="Begin again from the first morning.")
@click.option("--hours", default=FOLLOWED_HOURS, show_default=True, help="Plant hours to follow (headless).")
def demo(
    headless: bool,
    as_json: bool,
    port: int,
    rate: float,
    seed: int,
    data: Path | None,
    reset: bool,
    hours: int,
) -> None:
    """Open a plant that is already running, and break it."""
    from linewright.settings import Settings

    with _folder(data or (None if headless else Settings().data / "demo"), reset=reset) as folder:
        if headless:
            report = _headless(folder, port=port, seed=seed, hours=hours, quiet=as_json)
            click.echo(json.dumps(report, indent=1) if as_json else _told(report))
        else:
            _open(folder, port=port, rate=rate, seed=seed)


def _open(folder: Path, *, port: int, rate: float, seed: int) -> None:
    with _running(folder, port=port, rate=rate, seed=seed) as address:
        click.echo("")
        click.echo(f"  The plant is running: {address}")
        click.echo("")
        click.echo("  Break a machine on the page and see what can be done about it. Ctrl-C ends it;")
        click.echo(f"  what happened is kept in {folder} (linewright demo --reset begins again).")
        threading.Thread(target=_tell_warm, args=(address,), daemon=True).start()
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        with suppress(KeyboardInterrupt):
            while not stop.wait(0.5):
                pass
        click.echo("\nStopping.")


def _tell_warm(address: str) -> None:
    """Say so when compiling the kernels takes a while, and when it is done."""
    import httpx2 as httpx

    began = time.monotonic()
    told = False
    with suppress(httpx.HTTPError), httpx.Client(base_url=address, timeout=10) as api:
        while not _get(api, "/api/health")["warm"]:
            if not told and time.monotonic() - began > 3:
                told = True
                click.echo(
                    "  Compiling search and simulation, once: the first alternatives come in a minute."
                )
            time.sleep(0.5)
        if told:
            click.echo(f"  Compiled in {time.monotonic() - began:.0f} s; from now on they come in seconds.")


@contextmanager
def _folder(data: Path | None, *, reset: bool) -> Iterator[Path]:
    if data is None:
        with tempfile.TemporaryDirectory(prefix="linewright-demo-") as name:
            yield Path(name)
        return
    if reset and data.exists():
        if not (data / "plant").is_dir() and any(data.iterdir()):
            raise DemoFailed(f"{data} does not look like a demonstration's data. Maybe name another folder.")
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True)
    yield data


@contextmanager
def _running(folder: Path, *, port: int, rate: float, seed: int) -> Iterator[str]:
    """The plant process and the console over it; yields the page's address."""
    import uvicorn

    from linewright.bootstrap import ControlRoom
    from linewright.settings import Settings

    http, opc = _free_port(port), _free_port(48400)
    endpoint = f"opc.tcp://127.0.0.1:{opc}/linewright"
    plant = _Plant(endpoint, "--rate", str(rate), "--data", str(folder / "plant"), "--seed", str(seed))
    server = None
    try:
        settings = Settings().model_copy(
            update={"endpoint": endpoint, "data": folder, "host": "127.0.0.1", "port": http, "seed": seed}
        )
        room = ControlRoom.open(FOLDER, settings)
        server = uvicorn.Server(
            uvicorn.Config(room.app(), host="127.0.0.1", port=http, log_level="warning", lifespan="on")
        )
        thread = threading.Thread(target=server.run, name="linewright-console", daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{http}"
        _wait(lambda: _answers(address, plant), 90, "the plant to answer")
        yield address
    finally:
        if server is not None:
            server.should_exit = True
            thread.join(timeout=10)
        plant.stop()


class _Plant:
    """The plant's process; one that dies is started again and goes on where it was."""

    def __init__(self, endpoint: str, *options: str) -> None:
        self._command = [
            *(sys.executable, "-m", "linewright.demo.plant", str(FOLDER), "--endpoint", endpoint),
            *("--with-parent", *options),
        ]
        self._stopping = threading.Event()
        self._process = self._start()
        self.deaths = 0
        self._watch = threading.Thread(target=self._keep_alive, name="linewright-plant", daemon=True)
        self._watch.start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=2)  # to stderr

    def _keep_alive(self) -> None:
        while not self._stopping.wait(0.5):
            if self._process.poll() is not None and self.deaths < RESTARTS:
                self.deaths += 1
                click.echo(
                    f"The plant's process ended ({self._process.returncode}); starting it again.", err=True
                )
                self._process = self._start()

    @property
    def gone(self) -> int | None:
        """Its exit code, where it has died too often to be started again."""
        return self._process.poll() if self.deaths >= RESTARTS else None

    def stop(self) -> None:
        self._stopping.set()
        self._watch.join()
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _answers(address: str, plant: _Plant) -> bool:
    import httpx2 as httpx

    if plant.gone is not None:
        raise DemoFailed(
            f"the plant's process ended {RESTARTS} times, with exit code {plant.gone}. Its words are above;"
            " maybe begin again with linewright demo --reset."
        )
    try:
        return bool(httpx.get(f"{address}/api/board", timeout=5).json()["connected"])
    except (httpx.HTTPError, KeyError, ValueError):
        return False


def _wait(condition: Callable[[], T | None], seconds: float, what: str) -> T:
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise DemoFailed(f"waited {seconds:.0f} s for {what}, in vain.")
        time.sleep(0.05)


def _free_port(first: int) -> int:
    for port in range(first, first + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise ConnectionFailed(f"no free port from {first} to {first + 99}. Maybe give another with --port.")


# -- without a browser ----------------------------------------------------------------------------


def _headless(folder: Path, *, port: int, seed: int, hours: int, quiet: bool) -> dict[str, Any]:
    """Break the busiest machine, approve the most robust alternative, follow it, hold it against the
    prediction: through the same HTTP API the page uses."""
    import httpx2 as httpx

    def say(text: str) -> None:
        if not quiet:
            click.echo(text, err=True)

    with (
        _running(folder, port=port, rate=30.0, seed=seed) as address,
        httpx.Client(base_url=address, timeout=60) as api,
    ):
        warm = _wait(lambda: _get(api, "/api/health")["warm"], 300, "the kernels to compile")
        board = _get(api, "/api/board")
        machine = _busiest(board)
        say(f"{machine} breaks for 8 hours (kernels ready in {warm:.1f} s).")
        asked = time.perf_counter()
        _post(api, "/api/demo/disrupt", {"kind": "machine_down", "machine": machine, "hours": 8})
        proposal = _wait(lambda: _open_proposal(api, machine), 60, "alternatives")
        seconds = time.perf_counter() - asked
        scenarios = proposal["scenarios"]
        say(f"{len(scenarios)} alternatives after {seconds:.1f} s: {proposal['title']}.")
        advancing = [s for s in scenarios[2:] if s["verdict"]["advances"]] or scenarios[2:]
        chosen = min(advancing, key=lambda s: s["verdict"]["rank"])
        say(f"Approving {chosen['id']}: {chosen['reason']}")
        approved = _post(
            api,
            f"/api/proposals/{proposal['id']}/approve",
            {"scenario": chosen["id"], "by": "headless demonstration"},
        )
        version = approved["plan_version"]
        _wait(lambda: _settled(api, version), 120, "the plant to acknowledge the job orders")
        since = _get(api, "/api/board")["now"]
        _post(api, "/api/demo/rate", {"rate": 1200})
        outcome = _wait(
            lambda: _followed(api, version, since, hours), 60 + hours * 6, "the plan to be followed"
        )
        _post(api, "/api/demo/rate", {"rate": 30})
        detail = _get(api, f"/api/proposals/{proposal['id']}/scenarios/{chosen['id']}")
        dispatch = next(row for row in _get(api, "/api/dispatches") if row["plan_version"] == version)
        written = {job["job_order"] for job in dispatch["jobs"] if job["state"] == "done"}
        placed = {
            f"{o['order']}/{o['operation']}": (o["machine"], o["operator"]) for o in detail["operations"]
        }
        begun = {
            f"{o['order']}/{o['operation']}": (o["machine"], o["operator"])
            for o in _get(api, "/api/board")["operations"]
            if o["state"] in ("started", "done")
        }
        due = [job for job in written if job in begun]
        return {
            "machine": machine,
            "scenarios": len(scenarios),
            "seconds_to_scenarios": round(seconds, 2),
            "approved": chosen["id"],
            "reason": chosen["reason"],
            "plan_version": version,
            "jobs_written": len(written),
            "jobs_refused": dispatch["failed"],
            "jobs_begun": len(due),
            "jobs_followed": sum(begun[job][0] == placed[job][0] for job in due),
            "people_relieved": sum(begun[job][1] != placed[job][1] for job in due),
            "notices": len(_get(api, "/api/notices")),
            "staging_moves": len(_get(api, "/api/staging")),
            "predicted": outcome["predicted"],
            "actual": outcome["actual"],
        }


def _busiest(board: dict[str, Any]) -> str:
    """The machine with most operations planned to begin in the next eight hours that is up now."""
    from datetime import datetime, timedelta

    now = datetime.fromisoformat(board["now"])
    count: dict[str, int] = {}
    for row in board["operations"]:
        start = datetime.fromisoformat(row["setup_start"])
        if row["state"] == "planned" and now <= start <= now + timedelta(hours=8):
            count[row["machine"]] = count.get(row["machine"], 0) + 1
    up = {m: n for m, n in count.items() if board["machines"][m]["state"] not in ("down", "offline")}
    if not up:
        raise DemoFailed("nothing is planned in the next eight hours. Maybe begin again with --reset.")
    return max(up, key=lambda machine: (up[machine], machine))


def _open_proposal(api: httpx.Client, machine: str) -> dict[str, Any] | None:
    for row in _get(api, "/api/proposals"):
        if row["status"] == "open" and machine in row["title"]:
            proposal: dict[str, Any] = _get(api, f"/api/proposals/{row['id']}")
            return proposal
        if row["status"] == "rejected" and machine in row["title"]:
            raise DemoFailed(f"the generation was given up: {row['stale']}")
    return None


def _settled(api: httpx.Client, version: int) -> dict[str, Any] | None:
    for row in _get(api, "/api/dispatches"):
        if row["plan_version"] == version and row["total"] and row["written"] == row["total"]:
            return dict(row)
    return None


def _followed(api: httpx.Client, version: int, since: str, hours: int) -> dict[str, Any] | None:
    from datetime import datetime, timedelta

    now = datetime.fromisoformat(_get(api, "/api/board")["now"])
    for row in _get(api, "/api/outcomes"):
        if row["plan_version"] == version and (
            now >= datetime.fromisoformat(since) + timedelta(hours=hours) or row["final"]
        ):
            return dict(row)
    time.sleep(0.5)
    return None


def _get(api: httpx.Client, path: str) -> Any:
    return _answer(api.get(path))


def _post(api: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    return _answer(api.post(path, json=body))


def _answer(response: httpx.Response) -> Any:
    if response.status_code >= 400:
        raise DemoFailed(f"{response.request.method} {response.request.url.path}: {response.text}")
    return response.json()


def _told(report: dict[str, Any]) -> str:
    predicted, actual = report["predicted"], report["actual"]
    lines = [
        f"{report['scenarios']} alternatives in {report['seconds_to_scenarios']} s;"
        f" approved {report['approved']}.",
        f"{report['jobs_written']} job orders written, {report['jobs_begun']} begun since,"
        f" {report['jobs_followed']} of them where the plan has them,"
        f" {report['people_relieved']} by somebody else than planned.",
        f"{report['notices']} operators told, {report['staging_moves']} staging moves.",
        "predicted and actual, over the operations done since:",
        *(
            f"  {name:<24}{predicted[name]:>14,.1f}{actual[name]:>14,.1f}"
            for name in predicted
            if name in actual
        ),
    ]
    return "\n".join(lines)
