"""The documentation says what is: commands, settings, links, and the commands it shows."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from linewright.cli import cli
from linewright.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_every_page_is_reached_from_the_index() -> None:
    seen = set()
    queue = [ROOT / "docs" / "index.md"]
    while queue:
        page = queue.pop().resolve()
        if page in seen:
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8")):
            path = (page.parent / target).resolve()
            if path.is_dir():
                seen.update(found.resolve() for found in path.glob("*.md"))
            elif path.suffix == ".md" and path.exists():
                queue.append(path)
    assert [str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md") if p.resolve() not in seen] == []


def test_the_command_reference_is_what_the_commands_say() -> None:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "make_command_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = module.PAGE.read_text(encoding="utf-8")
    assert written == module.page(), "run: python tools/make_command_reference.py"


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"LINEWRIGHT_{name.upper()}")
        assert f"`{variable}`" in text, variable


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_shown_exist_with_their_options(page: Path) -> None:
    for line in re.findall(r"^(?:\$ )?(linewright .+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        words = shlex.split(line.partition("#")[0].replace("…", ""))
        command = cli
        rest = words[1:]
        while rest and hasattr(command, "get_command") and not rest[0].startswith("-"):
            found = command.get_command(None, rest[0])  # type: ignore[attr-defined, arg-type]
            assert found is not None, line
            command, rest = found, rest[1:]
        known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
        for word in rest:
            if word.startswith("-") and not re.match(r"-\d", word):
                assert word.partition("=")[0] in known, f"{word} in {line!r}"


def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    """`replan` and `check` as the documentation shows them, on the plant that is shipped."""
    plant = ROOT / "src" / "linewright" / "demo" / "facility"
    out = tmp_path / "out.json"
    run = CliRunner().invoke
    done = run(
        cli, ["replan", str(plant), "--down", "M12", "--for", "8h", "--moves", "500", "--json", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert "keep the plan" in done.output
    checked = run(cli, ["check", str(plant), str(out)])
    assert checked.exit_code == 0, checked.output
    assert "feasible" in checked.output
