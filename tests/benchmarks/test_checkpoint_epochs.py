"""Epochs told from a checkpoint's first line are those that loading it whole gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch

from benchmarks.training import checkpoint
from reproduce.store.paths import ROOT


def _state(epoch: int) -> dict[str, object]:
    return {
        "phase": 0,
        "epoch": epoch,
        "work": {"epoch": 98},
        "model": {"weight": torch.randn(3, 4), "steps": torch.tensor(7)},
        "curves": {"training loss": [[99, 0.5]]},
        "measurements": {"best evaluated accuracy": {"count": 1, "of": 2, "epoch": 99}},
        "generator": torch.get_rng_state(),
        "sittings": [{"machine": "a", "from_epoch": 0}],
    }


def test_the_epoch_of_each_new_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    assert checkpoint.epoch_of(path) == 0
    for epoch in (4, 11):
        checkpoint.save(path, _state(epoch))
        assert checkpoint.epoch_of(path) == epoch
    checkpoint.remove(path)
    assert checkpoint.epoch_of(path) == 0


def test_a_damaged_checkpoint_counts_as_none_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    checkpoint.save(path, _state(4))
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", whole.replace(b"epoch", b"other")):
        path.write_bytes(damaged)
        assert checkpoint.epoch_of(path) == 0
        assert path.read_bytes() == damaged


def test_a_checkpoint_of_before_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    checkpoint.save(path, {"epoch": 4})
    path.write_bytes(checkpoint.MAGIC + path.read_bytes().partition(b"\n")[2])
    assert checkpoint.load(path) == {"epoch": 4}
    assert checkpoint.epoch_of(path) == 0


def test_it_loads_no_torch(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "run.ckpt", _state(4))
    code = (
        "import sys; from pathlib import Path; "
        "from benchmarks.training.checkpoint import epoch_of\n"
        "assert epoch_of(Path(sys.argv[1]) / 'run.ckpt') == 4\n"
        "assert not {'torch', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=ROOT)
