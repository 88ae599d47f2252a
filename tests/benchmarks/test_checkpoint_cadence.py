"""How much a run may lose when it is killed, and what a checkpoint survives."""

from __future__ import annotations

import builtins
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from run_makers import changed, make_run

from benchmarks.data.dataset import Dataset
from benchmarks.errors import UserError
from benchmarks.run import Run
from benchmarks.training import checkpoint, loop
from benchmarks.training.device_services import Host

CPU = torch.device("cpu")


@given(
    base=st.floats(0.01, 200),
    factors=st.lists(
        st.floats(1 / checkpoint.EPOCH_MARGIN**0.5, checkpoint.EPOCH_MARGIN**0.5), max_size=60
    ),
    size=st.sampled_from([10**6, 10**9, 10**10]),
)
def test_at_most_an_epoch_or_a_minute_is_lost(base: float, factors: list[float], size: int) -> None:
    """Whatever epochs last, as long as one is no more than a quarter longer than the one before;
    ten minutes of networks whose checkpoints are large."""
    now, saved_at, worst = 0.0, 0.0, 0.0

    longest = {10**6: 60.0, 10**9: 300.0, 10**10: 600.0}[size]

    def save(path: Path, state: dict[str, Any]) -> int:
        nonlocal saved_at
        saved_at = now
        return size

    context = SimpleNamespace(services=Host())
    member: Any = SimpleNamespace(finished=False, state=lambda: dict, context=context)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: now)
        patch.setattr(checkpoint, "save", save)
        training = loop.Training(make_run(seed=0), Path())
        for factor in factors:
            epoch = base * factor
            now += epoch
            worst = max(worst, (now - saved_at) - max(epoch, longest))
            training.save_if_due(member)
    assert worst <= 1e-6


def test_a_run_that_cannot_start_does_not_sink_its_pack(
    noise: Dataset, short_run: Run, tmp_path: Path
) -> None:
    loop.prepare(CPU)
    other = changed(short_run, seed=2, epochs=1)
    checkpoint.save(tmp_path / f"{short_run.hash}.ckpt", {"run": {}, "epoch": 1})
    bad, good = loop.train([short_run, other], noise, CPU, checkpoints=tmp_path)
    assert isinstance(bad.error, ValueError)
    assert "Traceback" in bad.traceback
    assert bad.error.__traceback__ is None  # it would keep the run's memory
    assert good.finished


def test_stopping_does_not_wait_for_an_evaluation(
    noise: Dataset, short_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.training.batches.EVALUATION_BATCH", 8)
    loop.prepare(CPU)
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked >= 5  # three updates, then batches of the evaluation

    run = changed(short_run, epochs=1)
    (outcome,) = loop.train([run], noise, CPU, should_stop=should_stop)
    assert not outcome.finished
    assert asked == 5
    (whole,) = loop.train([run], noise, CPU)
    assert whole.finished


def test_a_full_disk_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ckpt"
    checkpoint.save(path, {"epoch": 1})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        checkpoint.save(path, {"epoch": 2})
    assert checkpoint.load(path) == {"epoch": 1}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("room", [0, 5_000, 1_000_000])
def test_a_disk_that_fills_while_it_is_written_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """torch's own writer hides the error."""
    path = tmp_path / "a.ckpt"
    checkpoint.save(path, {"epoch": 1})
    written = 0
    real = builtins.open

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def write(self, data: bytes) -> int:
            nonlocal written
            written += len(data)
            if written > room + 200:
                raise OSError(28, "No space left on device")
            return self.file.write(data)

    monkeypatch.setattr(checkpoint, "open", lambda *a: Full(real(*a)), raising=False)
    with pytest.raises(UserError, match="No space left on device"):
        checkpoint.save(path, {"epoch": 2, "model": torch.zeros(500_000)})
    monkeypatch.undo()
    assert checkpoint.load(path) == {"epoch": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_unpickled_is_set_aside(tmp_path: Path) -> None:
    import hashlib

    body = b"not a pickle"
    path = tmp_path / "a.ckpt"
    path.write_bytes(checkpoint.MAGIC + hashlib.sha256(body).digest() + body)
    assert checkpoint.load(path) is None
    assert [p.name for p in tmp_path.iterdir()] == ["a.ckpt.damaged"]


def test_remains_of_killed_writers_are_swept(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    (tmp_path / ".a.ckpt.123").write_bytes(b"half")
    (tmp_path / ".b.ckpt.123").write_bytes(b"half")
    checkpoint.save(path, {"epoch": 1})
    checkpoint.sweep(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".b.ckpt.123", "a.ckpt"]
    checkpoint.remove(path)
    assert [p.name for p in tmp_path.iterdir()] == [".b.ckpt.123"]


def test_a_run_that_is_left_is_saved_at_the_end_of_its_epoch(
    noise: Dataset, short_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although no checkpoint is due; the pack's other run has ended by then."""
    monkeypatch.setattr(checkpoint, "SAVE_POINT_SECONDS", float("inf"))  # however slow it is
    loop.prepare(CPU)
    ended = changed(short_run, seed=2, epochs=1)
    told: list[str] = []
    left, done = loop.train(
        [short_run, ended],
        noise,
        CPU,
        checkpoints=tmp_path,
        should_leave=lambda: True,
        on_outcome=lambda outcome: told.append(outcome.run.hash),
    )
    assert (left.finished, done.finished) == (False, True)
    assert told == [ended.hash]
    state = checkpoint.load(tmp_path / f"{short_run.hash}.ckpt")
    assert state is not None
    assert state["epoch"] == 1
    (resumed,) = loop.train([short_run], noise, CPU, checkpoints=tmp_path)
    (whole,) = loop.train([short_run], noise, CPU)
    assert [sitting["from_epoch"] for sitting in resumed.sittings] == [0, 1]
    assert resumed.curves == whole.curves
