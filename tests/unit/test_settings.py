"""Settings are read from the environment and from options alike, and say what they cannot use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linewright.settings import BadSetting, Settings, variable


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LINEWRIGHT_PORT", "9000")
    monkeypatch.setenv("LINEWRIGHT_DATA_DIR", "/nowhere")
    assert Settings().port == 9000
    assert Settings(port=9001, data=tmp_path).port == 9001
    assert Settings(data=tmp_path).data == tmp_path


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    unset = Settings()
    for name in ("DATA_DIR", "PORT", "ENDPOINT"):
        monkeypatch.setenv(f"LINEWRIGHT_{name}", "")
    assert Settings() == unset


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"port": 0}, ["LINEWRIGHT_PORT", "is 0", "greater than or equal to 1"]),
        ({"port": 65536}, ["LINEWRIGHT_PORT", "65536", "less than or equal to 65535"]),
        ({"port": "web"}, ["LINEWRIGHT_PORT", "'web'", "integer"]),
        ({"threads": 0}, ["LINEWRIGHT_THREADS", "equal to 1"]),
        ({"scenarios": 0}, ["LINEWRIGHT_SCENARIOS", "equal to 1"]),
        ({"scenarios": 10**6}, ["LINEWRIGHT_SCENARIOS"]),
        ({"seconds": 0.1}, ["LINEWRIGHT_SECONDS", "0.5"]),
        ({"seconds": float("nan")}, ["LINEWRIGHT_SECONDS"]),
        ({"seed": -1}, ["LINEWRIGHT_SEED", "equal to 0"]),
        ({"host": ""}, ["LINEWRIGHT_HOST"]),
        ({"endpoint": "10.0.0.5:4840"}, ["LINEWRIGHT_ENDPOINT", "opc.tcp://"]),
        ({"opcua_certificate": "ours.pem"}, ["LINEWRIGHT_OPCUA_PRIVATE_KEY"]),
        ({"opcua_server_certificate": "theirs.pem"}, ["LINEWRIGHT_OPCUA_CERTIFICATE"]),
    ],
)
def test_what_cannot_be_used_is_named_with_what_could(given: dict[str, Any], says: list[str]) -> None:
    with pytest.raises(BadSetting) as refused:
        Settings(**given)
    message = str(refused.value)
    assert len(message.splitlines()) == 1
    for word in says:
        assert word in message


def test_everything_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEWRIGHT_PORT", "70000")
    monkeypatch.setenv("LINEWRIGHT_THREADS", "many")
    with pytest.raises(BadSetting, match=r"(?s)LINEWRIGHT_PORT.*LINEWRIGHT_THREADS"):
        Settings()


def test_the_reference_gives_the_bounds_that_hold() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    for name, schema in Settings.model_json_schema(by_alias=False)["properties"].items():
        if "maximum" in schema:
            (row,) = (line for line in page.splitlines() if f"`{variable(name)}`" in line)
            assert f"| {schema['minimum']:g} – {schema['maximum']:.10g} |" in row
