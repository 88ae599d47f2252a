"""The committed reports of what trains nothing are what the commands give today."""

from __future__ import annotations

from pathlib import Path

import pytest

from reproduce.__main__ import run
from reproduce.store.paths import ROOT

COMMANDS = (
    *(f"locality/{name}" for name in ("table1", "table2", "figure2", "theorem1")),
    *(f"beta-lasso/{name}" for name in ("table3", "table4", "figure1", "theorem2")),
    *(f"structured-sparsity/{name}" for name in ("table1", "table2", "figure2")),
)
# Drawings differ in bytes between versions of matplotlib and of its fonts.
TEXTS = {".csv", ".json", ".tex"}


@pytest.mark.parametrize("name", COMMANDS)
def test_it_is_what_the_command_writes(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Table I also measures the weight files of the data folder: here none.
    options = ["--data", str(tmp_path / "data")] if name == "locality/table1" else []
    # What is computed at once is the same with --quick, and says so.
    assert run([name, "--quick", "--results", str(tmp_path), *options]) == 0
    assert "--quick changes nothing" in capsys.readouterr().out
    written, committed = tmp_path / name, ROOT / "results" / name
    names = {path.name for path in written.iterdir()}
    assert names == {path.name for path in committed.iterdir()}
    for path in written.iterdir():
        if path.suffix in TEXTS:
            assert path.read_bytes() == (committed / path.name).read_bytes(), path.name
