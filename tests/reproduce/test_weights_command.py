"""`reproduce data …` for weight files: output, one-line errors, exit codes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import weight_files as made

from benchmarks.weights.catalogue import WEIGHTS, source
from reproduce.__main__ import run

Reproduce = Callable[..., tuple[int, str, str]]
NAME = "keras-mobilenet"


@pytest.fixture
def reproduce(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Reproduce:
    """Runs `reproduce data …`; exit code, stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str, str]:
        code = run(["data", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert code == 0 or err.count("\n") == 1
        return code, out, err

    return call


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the register's address serves, with a published sum."""
    path = made.write_network(tmp_path / "served" / "mobile.h5", "MobileNet")
    sum = "md5:" + hashlib.md5(path.read_bytes()).hexdigest()
    entry = replace(WEIGHTS[NAME], sources=(source(path.as_uri(), sum),))
    monkeypatch.setitem(WEIGHTS, NAME, entry)
    return path


def row(reproduce: Reproduce, root: Path) -> dict:
    code, out, _ = reproduce("list", "--json", "--data", root)
    assert code == 0
    return {row["name"]: row for row in json.loads(out)}[NAME]


def test_get_list_verify_and_damage(reproduce: Reproduce, served: Path, tmp_path: Path) -> None:
    root, path = tmp_path / "data", tmp_path / "data" / "weights" / f"{NAME}.h5"
    assert row(reproduce, root)["command"] == f"reproduce data get {NAME}"
    code, out, err = reproduce("get", NAME, "--data", root)
    assert (code, err) == (0, "")
    assert f"5,056 spatial filters in 14 3×3 layers in {path} (its published sum agrees)" in out
    found = row(reproduce, root)
    assert (found["state"], found["path"], found["kind"]) == ("present", str(path), "weights")
    code, out, _ = reproduce("verify", NAME, "--data", root)
    assert (code, out) == (0, f"{NAME}: OK, {WEIGHTS[NAME].sources[0].checksum}\n")

    path.write_bytes(path.read_bytes()[:-1])
    for names in ([NAME], []):
        code, out, err = reproduce("verify", *names, "--data", root)
        assert code == 2
        assert f"{NAME}: NOT OK" in out
        assert f"remove {path} and run `reproduce data get {NAME}`" in err


def test_import(reproduce: Reproduce, served: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    code, out, _ = reproduce("import", NAME, served, "--data", root, "--json")
    assert code == 0
    assert json.loads(out)["state"] == "present"
    assert (root / "weights" / f"{NAME}.h5").read_bytes() == served.read_bytes()
    code, _, err = reproduce("import", NAME, served.parent, "--data", root)
    assert code == 2
    assert "is a folder" in err
    code, _, err = reproduce("import", NAME, tmp_path / "gone.h5", "--data", root)
    assert code == 2
    assert "gone.h5" in err
    other = made.write_network(tmp_path / "other.h5", "Xception", narrow=8)
    code, _, err = reproduce("import", NAME, other, "--data", tmp_path / "elsewhere")
    assert code == 2
    assert "is not the published MobileNet" in err


def test_a_failing_download_names_the_other_way(
    reproduce: Reproduce, served: Path, tmp_path: Path
) -> None:
    served.unlink()
    code, out, err = reproduce("get", NAME, "--data", tmp_path / "data")
    assert (code, out) == (2, "")
    assert f"`reproduce data import {NAME} FILE`" in err


def test_the_list_has_a_section_for_weights(reproduce: Reproduce, tmp_path: Path) -> None:
    code, out, _ = reproduce("list", "--data", tmp_path)
    assert code == 0
    lines = out.splitlines()
    rows = {line.split()[0]: line.split() for line in lines if line[:1].isalpha()}
    for name, entry in WEIGHTS.items():
        assert rows[name] == [name, f"{entry.filters:,}", str(entry.layers), "missing"]
    assert lines[-1] == "`reproduce data get NAME` gets what is missing."


def test_naming_missing_and_unknown_weights(reproduce: Reproduce, tmp_path: Path) -> None:
    code, out, err = reproduce("verify", "keras-vgg16", "--data", tmp_path)
    assert code == 2
    assert out == "keras-vgg16: not there (reproduce data get keras-vgg16)\n"
    assert "`reproduce data import keras-vgg16 FILE`" in err
    code, _, err = reproduce("get", "keras-vgg", "--data", tmp_path)
    assert code == 2
    assert "weight files: keras-vgg16" in err
