"""The demonstration's two processes and its folder, without starting either."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from linewright.cli import demonstration
from linewright.cli.demo import demo
from linewright.cli.demonstration import DemoFailed, data_folder
from linewright.errors import ConnectionFailed


def keep(folder: Path) -> Path:
    """A folder with what a demonstration keeps, and a file of the user's."""
    (folder / "plant").mkdir(parents=True)
    for name in ("plant/plant.sqlite", "events.sqlite", "events.sqlite-wal", "mine.txt"):
        (folder / name).write_text("x")
    return folder


def test_reset_deletes_what_the_demonstration_kept_and_nothing_else(tmp_path: Path) -> None:
    with data_folder(keep(tmp_path / "demo"), kept=True, reset=True) as folder:
        assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_reset_leaves_a_folder_alone_that_only_looks_like_a_demonstrations(tmp_path: Path) -> None:
    plant = tmp_path / "plant"
    plant.mkdir()
    (plant / "orders.csv").write_text("x")
    with (
        pytest.raises(DemoFailed, match="does not look like a demonstration's data"),
        data_folder(tmp_path, kept=True, reset=True),
    ):
        pass
    assert (plant / "orders.csv").exists()


def test_without_a_browser_nothing_is_kept() -> None:
    with data_folder(None, kept=False, reset=False) as folder:
        assert folder.is_dir()
    assert not folder.exists()


def test_what_is_of_the_users_own_plant_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEWRIGHT_STORE", "postgresql://ops@factory/plant")
    monkeypatch.setenv("LINEWRIGHT_OPCUA_CERTIFICATE", "/etc/ours.der")
    monkeypatch.setenv("LINEWRIGHT_THREADS", "3")
    settings = demonstration._settings(tmp_path, "opc.tcp://127.0.0.1:1/x", 8600, 1)
    assert (settings.store, settings.opcua_certificate, settings.data) == ("", None, tmp_path)
    assert settings.threads == 3


def test_two_demonstrations_at_once_take_different_ports() -> None:
    with demonstration._port(48_700) as one, demonstration._port(48_700) as other:
        assert one != other
    with demonstration._port(one) as again:
        assert again == one


def test_ports_end_somewhere() -> None:
    with pytest.raises(ConnectionFailed, match="no free port"), demonstration._port(65_536):
        pass


@pytest.mark.parametrize("option", [("--port", "0"), ("--port", "70000"), ("--rate", "-1"), ("--json",)])
def test_what_cannot_be_used_is_said_before_anything_is_started(option: tuple[str, ...]) -> None:
    result = CliRunner().invoke(demo, option)
    assert (result.exit_code, option[0] in result.output) == (2, True), result.output


class ShortLived(demonstration._Plant):
    """A plant whose process ends at once."""

    def _start(self, *options: str) -> subprocess.Popen[bytes]:
        started.append(options)
        return subprocess.Popen([sys.executable, "-S", "-c", "raise SystemExit(7)"])


started: list[tuple[str, ...]] = []


@pytest.fixture
def short_lived(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(demonstration, "LOOK_S", 0.01)
    started.clear()
    plant = ShortLived("opc.tcp://127.0.0.1:1/x", Path("data"), rate=60.0, seed=1)
    yield plant
    plant.stop()


def test_a_plant_that_keeps_dying_is_given_up_and_says_so(
    short_lived: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    deadline = time.monotonic() + 60
    while short_lived.gone is None and time.monotonic() < deadline:
        time.sleep(0.01)
    short_lived._watch.join()
    assert short_lived.gone == 7
    assert len(started) == 1 + demonstration.RESTARTS
    assert "given up" in capsys.readouterr().err
    # a plant that was running keeps the rate it had
    assert started == [("--rate", "60.0"), *[()] * demonstration.RESTARTS]


def test_the_page_does_not_wait_for_the_compiler() -> None:
    code = "import sys, linewright.bootstrap; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
