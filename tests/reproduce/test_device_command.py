"""`reproduce device check`: its report, its exit codes, and what it is given."""

from __future__ import annotations

import functools
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.device_check import agreement, checks, host_reads, probe_runs
from benchmarks.models import VGG10
from benchmarks.optimizers.sgd import SGDUpdate
from reproduce.__main__ import run


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two checks of narrow networks."""
    made = functools.partial(probe_runs.Probe, model=VGG10(width_multiplier=Decimal("0.125")))
    monkeypatch.setattr(probe_runs, "Probe", made)
    some: dict[str, Any] = {
        "resumed against whole": agreement.resumed,
        "no host reads, float32": functools.partial(host_reads.host_reads, precision="float32"),
    }
    monkeypatch.setattr(checks, "checks", lambda probe: some)


def check(*options: str, data: Path) -> int:
    return run(["device", "check", "--device", "cpu", "--data", str(data), *options])


@pytest.mark.usefixtures("narrow")
def test_a_sound_device_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--runs", "2", "--json", data=tmp_path) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    verdicts = {one["check"]: one["verdict"] for one in found["checks"]}
    assert verdicts["resumed against whole"] == "pass"
    assert verdicts["CPU against CUDA"] == "not checkable"
    assert (found["images"], found["runs"]) == ("digits", 2)
    assert "check 2 of 2: no host reads, float32" in printed.err


@pytest.mark.usefixtures("narrow")
def test_a_faulty_one_fails_and_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SGDUpdate, "restore", lambda self, state: None)
    assert check("--runs", "1", data=tmp_path) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "1 FAIL" in text
    assert "What to do" in text
    assert "a resumed run is another one" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--runs", "0"), "--runs must be from 1 to 256, not 0"),
        (("--device", "tpu"), "is none of auto, cpu, cuda"),
    ],
)
def test_bad_input_is_one_line(
    options: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(*options, data=tmp_path) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_damaged_store_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cifar10").mkdir()
    (tmp_path / "cifar10" / "store.json").write_text("{")
    assert check(data=tmp_path) == 2
    error = capsys.readouterr().err
    assert str(tmp_path) in error
    assert error.count("\n") == 1
