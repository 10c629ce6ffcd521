"""Replan documents that are broken in their structure: one clear finding for each thing."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from linewright.errors import PlantError
from linewright.plant.verify_document import parse, read_document

BLOCK = {
    "order": "A",
    "operation": "10",
    "machine": "M1",
    "operator": "",
    "setup_start": "2026-03-02T08:00:00+01:00",
    "start": "2026-03-02T08:10:00+01:00",
    "end": "2026-03-02T09:00:00+01:00",
    "state": "free",
}
GOOD: dict[str, Any] = {
    "version": 1,
    "plant": {"id": "p", "name": "P"},
    "at": "2026-03-02T07:00:00+01:00",
    "disruption": [],
    "controls": {
        "freeze_until": None,
        "not_before": {"A/10": "2026-03-02T07:00:00+01:00"},
        "priority": {"A": 2},
    },
    "settings": {},
    "objectives": ["makespan_s"],
    "unplannable": [{"order": "B", "operation": "10", "why": "x", "remedy": "y"}],
    "scenarios": [
        {
            "id": "s01",
            "origin": "search",
            "objectives": {"makespan_s": 7200},
            "kpis": {"oee": {"median": 0.6, "p05": 0.5, "p95": 0.7}},
            "verdict": {"advances": True, "level": "screened", "rank": 1, "gates": []},
            "operations": [BLOCK],
            "instructions": [{"job_order": "A/10", "machine": "M1", "operator": "", "text": ""}],
            "staging": [],
            "notices": [],
            "changes": [],
            "reason": "",
        }
    ],
}


def test_a_good_document_is_read() -> None:
    document, findings = parse(GOOD)
    assert findings == []
    assert document is not None
    block = document.scenarios[0].blocks[0]
    assert block.end - block.setup_start == 3600
    assert document.controls.priority == {"A": 2.0}
    assert document.unplannable == ((("B", "10"), "x"),)


def at(document: Any, path: str) -> tuple[Any, Any]:
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        document = document[step]
    return document, last


REQUIRED = [
    "version", "plant", "plant.id", "at", "disruption", "objectives", "scenarios", "scenarios.0.id",
    "scenarios.0.origin", "scenarios.0.objectives", "scenarios.0.kpis", "scenarios.0.kpis.oee.p05",
    "scenarios.0.verdict", "scenarios.0.verdict.advances", "scenarios.0.verdict.level",
    "scenarios.0.verdict.rank", "scenarios.0.verdict.gates", "scenarios.0.operations",
    "scenarios.0.operations.0.order", "scenarios.0.operations.0.operation",
    "scenarios.0.operations.0.machine", "scenarios.0.operations.0.operator",
    "scenarios.0.operations.0.setup_start", "scenarios.0.operations.0.start",
    "scenarios.0.operations.0.end", "scenarios.0.operations.0.state", "scenarios.0.instructions",
    "scenarios.0.staging", "scenarios.0.notices", "scenarios.0.changes", "scenarios.0.reason",
    "unplannable.0.why",
]  # fmt: skip


@pytest.mark.parametrize("path", REQUIRED)
def test_a_missing_key_is_named(path: str) -> None:
    document = copy.deepcopy(GOOD)
    holder, key = at(document, path)
    del holder[key]
    found, findings = parse(document)
    assert found is None
    assert any(f"`{key}` is missing" in str(item) for item in findings)


def wrong_types() -> list[tuple[str, Any]]:
    """Each key with values of every other JSON type."""
    values = (None, 3.5, {"a": 1}, ["a"])
    out = []
    for path in REQUIRED:
        holder, key = at(GOOD, path)
        out += [(path, value) for value in values if not isinstance(value, type(holder[key]))]
    return out


@pytest.mark.parametrize(("path", "wrong"), wrong_types())
def test_a_wrong_type_is_named(path: str, wrong: Any) -> None:
    document = copy.deepcopy(GOOD)
    holder, key = at(document, path)
    holder[key] = wrong
    found, findings = parse(document)
    assert found is None
    assert any(f"`{key}` is " in str(item) and "it should be" in str(item) for item in findings)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("version", 2, "version is 2"),
        ("at", "2026-03-02T07:00:00", "no offset"),
        ("at", "yesterday", "not an ISO 8601 time"),
        ("scenarios.0.operations.0.end", "2026-02-30T00:00:00+01:00", "not an ISO 8601 time"),
        ("scenarios.0.operations.0.state", "done", "should be one of free, frozen, started"),
        ("scenarios.0.kpis.oee.p05", 0.9, "not in ascending order"),
        ("scenarios.0.objectives.makespan_s", "7200", "should be float"),
        ("scenarios.0.objectives.makespan_s", True, "should be float"),
        ("scenarios.0.objectives.makespan_s", float("nan"), "should be a number, of 1e+30 at most"),
        ("scenarios.0.objectives.makespan_s", 10**400, "should be a number, of 1e+30 at most"),
        ("at", "9999-12-31T23:59:00-12:00", "outside the years 1900 to 2999"),
        ("scenarios.0.operations.0.end", "0001-01-01T00:00:00+12:00", "outside the years"),
        ("controls", {"not_before": {"A/10": "9999-12-31T23:59:59-12:00"}}, "outside the years"),
        ("scenarios", [GOOD["scenarios"][0]] * 2, "is there twice"),
        ("scenarios", ["s01"], "should be an object"),
        ("objectives", [1], "list of names"),
        ("controls", {"forbid": [["A/10"]]}, "[job order, machine]"),
        ("controls", {"pin_machine": {"A/10": 4}}, "should be str"),
        ("controls", {"not_before": {"A/10": "soon"}}, "not an ISO 8601 time"),
        ("controls", {"freeze_until": 3}, "should be str"),
    ],
)
def test_a_wrong_value_is_named(path: str, value: Any, says: str) -> None:
    document = copy.deepcopy(GOOD)
    holder, key = at(document, path)
    holder[key] = value
    found, findings = parse(document)
    assert found is None
    assert says in "\n".join(map(str, findings))


@pytest.mark.parametrize("nonsense", [None, 3, "x", [], [GOOD]])
def test_what_is_no_object_is_no_document(nonsense: Any) -> None:
    found, findings = parse(nonsense)
    assert found is None
    assert len(findings) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (json.dumps(GOOD).encode()[:300], "not complete JSON"),
        (b"\x00\xff\xfe\x80", "is binary or damaged"),
        (b"\xff\xfe[\x00]\x00", "is UTF-16 text"),
        (b"[\xfc]", "is not UTF-8 text"),
        (b"[1" + b"0" * 5000 + b"]", "a number that is too long"),
        (b"[" * 100_000, "nested too deeply"),
        (b"PK\x03\x04", "not complete JSON"),
    ],
)
def test_a_file_that_is_no_json_gets_one_message(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "out.json"
    file.write_bytes(content)
    with pytest.raises(PlantError, match=says) as caught:
        read_document(file)
    assert len(caught.value.findings) == 1
    assert "out.json" in str(caught.value)


def test_a_file_that_is_not_there_gets_one_message(tmp_path: Path) -> None:
    with pytest.raises(PlantError, match=r"none\.json: does not exist"):
        read_document(tmp_path / "none.json")
    with pytest.raises(PlantError, match="is not a file"):
        read_document(tmp_path)
    with pytest.raises(PlantError, match=r"^\.: is not a file"):
        read_document(Path())


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "out.json").open("wb") as file:
        file.truncate(2 * 2**30)  # sparse: takes no room
    with pytest.raises(PlantError, match=r"out\.json: has 2,048 MiB; at most 1,024 MiB are read"):
        read_document(tmp_path / "out.json")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text(json.dumps(GOOD), encoding="utf-8-sig")
    assert read_document(tmp_path / "out.json") == GOOD
