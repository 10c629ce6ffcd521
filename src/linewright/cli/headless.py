"""The demonstration without a browser: break the busiest machine, approve the most robust alternative, follow
it, and hold it against the prediction, all through the HTTP API that the page uses.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
import httpx2 as httpx

from linewright.cli.demonstration import DemoFailed, running, wait_for

FOLLOWED_RATE = 1200.0  # plant seconds a second while the plan is followed


def drive(folder: Path, *, port: int, rate: float, seed: int, hours: int, quiet: bool) -> dict[str, Any]:
    """Go the whole way; what happened. Raises DemoFailed where it stopped."""

    def say(text: str) -> None:
        if not quiet:
            click.echo(text, err=True)

    with (
        running(folder, port=port, rate=rate, seed=seed) as (address, _),
        httpx.Client(base_url=address, timeout=60) as api,
    ):
        warm = wait_for(lambda: _get(api, "/api/health")["warm"], 300, "the kernels to compile")
        board = _get(api, "/api/board")
        machine = _busiest(board)
        say(f"{machine} breaks for 8 hours (kernels ready in {warm:.1f} s).")
        asked = time.perf_counter()
        _post(api, "/api/demo/disrupt", {"kind": "machine_down", "machine": machine, "hours": 8})
        proposal = wait_for(lambda: _open_proposal(api, machine), 60, "alternatives")
        seconds = time.perf_counter() - asked
        scenarios = proposal["scenarios"]
        say(f"{len(scenarios)} alternatives after {seconds:.1f} s: {proposal['title']}.")
        advancing = [s for s in scenarios[2:] if s["verdict"]["advances"]] or scenarios[2:]
        chosen = min(advancing, key=lambda s: s["verdict"]["rank"])
        say(f"Approving {chosen['id']}: {chosen['reason']}")
        detail = _get(api, f"/api/proposals/{proposal['id']}/scenarios/{chosen['id']}")
        approved = _post(
            api,
            f"/api/proposals/{proposal['id']}/approve",
            {"scenario": chosen["id"], "by": "headless demonstration"},
        )
        version = approved["plan_version"]
        wait_for(lambda: _settled(api, version), 120, "the plant to acknowledge the job orders")
        since = _get(api, "/api/board")["now"]
        _post(api, "/api/demo/rate", {"rate": FOLLOWED_RATE})
        outcome = wait_for(
            lambda: _followed(api, version, since, hours), 60 + hours * 6, "the plan to be followed"
        )
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
            "notices": len(detail["notices"]),
            "staging_moves": sum(move["change"] != "same" for move in detail["staging"]),
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
        if row["state"] in ("planned", "dispatched") and now <= start <= now + timedelta(hours=8):
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


def told(report: dict[str, Any]) -> str:
    """A report in words."""
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
