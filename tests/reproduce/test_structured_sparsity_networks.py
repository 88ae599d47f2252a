"""Networks that thresholds leave of kept runs: rebuilt, measured, drawn, exported, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from record_makers import make

from benchmarks.models import exporting
from benchmarks.procedures import shrink
from benchmarks.throughput import inference
from reproduce.__main__ import run
from reproduce.store.store import Store
from reproduce.store.weights import encode
from reproduce.structured_sparsity import figure1, figure4, measuring, networks

CELL, PLAIN = "digits omega2 -3.2", "digits plain omega1 -3.2"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights of an untrained residual network and of a plain one, as two runs have kept them."""
    store = Store(tmp_path, "quick")
    for table, name in ((figure4.TABLE, CELL), (figure1.TABLE, PLAIN)):
        own = table.of_form("quick").cell(name).run(1)
        path = store.weights.path(own.hash)
        path.parent.mkdir(parents=True, exist_ok=True)
        record = make(1, epochs=10, form="quick", run=own, total=500)
        path.write_bytes(encode(own.model.build(10, 32, seed=1), record))
    monkeypatch.setattr(networks, "SECONDS", 0.0)
    monkeypatch.setattr(inference, "PARTS", 1)
    return tmp_path


def command(folder: Path, *options: str, cell: str = CELL) -> int:
    base = ["structured-sparsity/networks", "--quick", "--results", str(folder)]
    return run([*base, "--only", cell, *options])


def test_a_rebuilt_network_is_measured_drawn_and_exported(kept: Path) -> None:
    file = kept / "small.pt2"
    options = ("--tau", "0.8", "--relative", "--export", str(file))
    assert command(kept, *options) == 0
    folder = kept / "quick" / "structured-sparsity" / "networks"
    (told,) = json.loads((folder / "networks.json").read_text())["networks"]
    own = figure4.TABLE.of_form("quick").cell(CELL).run(1)
    smaller = shrink(own.model.build(10, 32, seed=1), "0.8", "half_rings", tau_mode="relative")
    assert told["sizes"] == smaller.sizes
    # Of the embedded test images, untrained; gathers the batch-norm statistics as the run's are.
    assert told["accuracy"] == measuring.accuracy(own, smaller.model.eval(), None) < 0.5
    assert smaller.model.norm.num_batches_tracked == 3  # 1,297 images, 500 at most at once
    assert set(told["images_per_second"]) == {"1", "128"}
    assert (folder / "networks.kernels.png").exists()
    extra = {exporting.NOTE: ""}
    program = torch.export.load(file, extra_files=extra)
    assert json.loads(extra[exporting.NOTE])["run"] == own.hash
    (example,), _ = program.example_inputs  # type: ignore[misc]
    assert example.shape == (2, 3, 32, 32)
    images = torch.randn(5, 3, 32, 32)
    with torch.no_grad():
        expected = smaller.model.eval()(images)
        torch.testing.assert_close(program.module()(images), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "cell", "message"),
    [
        (("--tau", "-1"), CELL, "not negative"),
        (("--tau", "few"), CELL, "--tau few"),
        (("--tau", "99"), CELL, "no shortcut leads"),
        (("--tau", "0.9"), PLAIN, "its weights are kept"),
        (("--export", "model.txt"), CELL, ".pt2 or .onnx"),
        (("--export", "missing/model.pt2"), CELL, "no folder"),
        (("--export", "model.pt2", "--tau", "0.1", "--tau", "0.2"), CELL, "one --tau"),
        ((), "digits omega1 -3.2", ""),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    options: tuple[str, ...],
    cell: str,
    message: str,
    kept: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(kept)
    if not message:  # nothing is kept of it, and nothing is trained here
        monkeypatch.setattr(networks, "train", lambda _: True)
        message = "--save-weights"
    before = sorted((kept / "quick" / "weights").iterdir())
    assert command(kept, *options, cell=cell) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert sorted((kept / "quick" / "weights").iterdir()) == before


def test_files_are_not_overwritten_and_onnx_needs_its_package(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (kept / "there.pt2").write_text("mine")
    assert command(kept, "--export", str(kept / "there.pt2")) == 2
    assert "is there already" in capsys.readouterr().err
    assert (kept / "there.pt2").read_text() == "mine"
    monkeypatch.setattr(exporting, "_is_there", lambda _: False)
    assert command(kept, "--export", str(kept / "model.onnx")) == 2
    assert "pip install onnx onnxscript" in capsys.readouterr().err


def test_a_speed_is_of_images(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(float(n) for n in range(1000))
    monkeypatch.setattr(inference.time, "perf_counter", lambda: next(times))
    model = torch.nn.Conv2d(3, 2, 1)
    # By this clock each part takes a second, or two where a second look is taken.
    found = inference.images_per_second([model, model], 4, 8, seconds=0.0)
    assert found == pytest.approx([4.0, 4.0])
