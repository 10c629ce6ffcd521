"""What every door shares."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from linewright.connect.door import Checkpoint, Probe
from linewright.connect.opcua.jobs import METHODS
from linewright.errors import Finding


def test_an_event_knows_the_checkpoint_behind_it():
    checkpoint = Checkpoint("0a1b", 41)
    assert Checkpoint.after(checkpoint.event_id) == checkpoint
    assert Checkpoint.after("7d444840-9dc0-11d1-b245-5ffdce74fad2") is None
    assert Checkpoint.after("") is None
    assert Checkpoint.after("a:b") is None


def test_a_probe_without_findings_is_usable():
    assert Probe("e", "s", (), ()).usable
    assert not Probe("e", "s", (), (Finding("e", "is not there"),)).usable


def test_the_manifest_lists_what_the_door_writes():
    manifest = tomllib.loads(files("linewright.connect.opcua").joinpath("manifest.toml").read_text())
    assert sorted(manifest["door"]["writes"]) == sorted(METHODS)
