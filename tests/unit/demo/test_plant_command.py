"""`linewright-plant`: wrong input is one clear message and exit code 2."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from linewright.demo.plant import main


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/nonexistent"], "/nonexistent: does not exist"),
        (["/nonexistent", "--endpoint", "nonsense"], "'nonsense' is no address"),
        (["/nonexistent", "--endpoint", "opc.tcp://127.0.0.1:x"], "is no address"),
        (["/nonexistent", "--rate", "5000"], "5000"),
        (["/nonexistent", "--security", "some"], "'some'"),
    ],
)
def test_wrong_input(arguments, words, tmp_path):
    result = CliRunner().invoke(main, [*arguments, "--data", str(tmp_path / "data")])
    assert result.exit_code == 2
    assert words in result.output
    assert not (tmp_path / "data").exists()
