"""kill -9 at any moment: finished runs stay, little is lost, the end is the uninterrupted one."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from launch_helpers import contents, tiny_dataset, tiny_table

from benchmarks.data import store as data_store
from benchmarks.training import checkpoint
from reproduce.store.paths import ROOT
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store

EPOCHS, SEEDS, KILLS = 3, 2, 10
pytestmark = pytest.mark.slow


class Stage:
    """See kill_stage."""

    def __init__(self, data: Path) -> None:
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        environment = {**os.environ, "PYTHONPATH": path}
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("kill_stage.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.data = data

    def play(self, base: Path, what: str = "table", **asked: Any) -> dict[str, Any]:
        """One child from fork to end."""
        assert self.process.stdin
        assert self.process.stdout
        sent = {"base": str(base), "data": str(self.data), "what": what, "epochs": EPOCHS, **asked}
        self.process.stdin.write(json.dumps(sent) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    data = tmp_path_factory.mktemp("data")
    data_store.write(tiny_dataset(), data)
    stage = Stage(data)
    yield stage
    stage.process.communicate("")


@pytest.fixture(scope="module")
def whole(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], float]:
    """What the uninterrupted command leaves, and how long it takes."""
    base = tmp_path_factory.mktemp("whole")
    answer = stage.play(base, seeds=SEEDS)
    assert answer["code"] == 0
    found = contents(Store(base), tiny_table(SEEDS, epochs=EPOCHS))
    assert len(found) == SEEDS
    return found, answer["seconds"]


def check_losses(store: Store, planned: list[PlannedRun]) -> None:
    """Of what a killed process had trained, all but the present epoch is in the checkpoint."""
    for item in planned:
        path = store.checkpoints / f"{item.run.hash}.ckpt"
        beat = store.heartbeats.read(item.run.hash)
        if beat and not store.records.path(item.run.hash).exists():
            state = checkpoint.load(path)
            assert (state["epoch"] if state else 0) >= beat.epoch - 1
    assert not list(store.checkpoints.glob("*.damaged"))


def check_end(store: Store, planned: list[PlannedRun], expected: dict[str, Any]) -> None:
    """The records are those of the uninterrupted command, and nothing lies about."""
    assert contents(store, planned) == {p.run.hash: expected[p.run.hash] for p in planned}
    assert list(store.leases().folder.iterdir()) == []
    assert list(store.checkpoints.iterdir()) == []
    assert list(store.failures.folder.iterdir()) == []


def test_killed_at_random_moments(
    stage: Stage, whole: tuple[dict[str, Any], float], tmp_path: Path
) -> None:
    expected, seconds = whole
    chance = random.Random(7)
    planned = tiny_table(SEEDS, epochs=EPOCHS)
    kills, round_ = 0, 0
    while kills < KILLS:
        store = Store(tmp_path / str(round_))
        finished: dict[str, Any] = {}
        while True:
            timing: dict[str, Any] = {"after": chance.uniform(0, seconds)} if kills < KILLS else {}
            answer = stage.play(store.base, seeds=SEEDS, **timing)
            found = contents(store, planned)
            assert finished.items() <= found.items()
            finished = found
            if answer["signal"] == 0:
                break
            assert answer["signal"] == signal.SIGKILL
            kills += 1
            check_losses(store, planned)
        assert answer["code"] == 0
        check_end(store, planned, expected)
        round_ += 1


def test_killed_before_every_change_to_the_file_system(
    stage: Stage, whole: tuple[dict[str, Any], float], tmp_path: Path
) -> None:
    """The first process dies before its first change, the second before its second, and so on, in
    one folder, until one gets through; writes are cut in half."""
    expected, _ = whole
    store = Store(tmp_path)
    planned = tiny_table(1, epochs=EPOCHS)
    for call in range(1, 200):
        answer = stage.play(store.base, seeds=1, call=call)
        if answer["signal"] == 0:
            break
        assert answer["signal"] == signal.SIGKILL
        check_losses(store, planned)
    assert answer["code"] == 0
    assert call > 15
    check_end(store, planned, expected)


def check_weights(store: Store, planned: list[PlannedRun]) -> None:
    """Whatever has a record has whole weights, of the same training."""
    there = {p.run.hash for p in planned if store.records.path(p.run.hash).exists()}
    headers = store.weights.headers(there)
    assert headers.keys() == there
    for name, record in store.records.collect(there).items():
        assert headers[name].belongs_to(record)


def test_killed_while_weights_are_kept(
    stage: Stage, whole: tuple[dict[str, Any], float], tmp_path: Path
) -> None:
    """As above, with the weights written before the record; a kill between the two included."""
    expected, _ = whole
    store = Store(tmp_path)
    planned = tiny_table(1, epochs=EPOCHS)
    between = 0
    for call in range(1, 200):
        answer = stage.play(store.base, seeds=1, call=call, save_weights=True)
        check_weights(store, planned)
        if answer["signal"] == 0:
            break
        assert answer["signal"] == signal.SIGKILL
        check_losses(store, planned)
        between += bool(store.weights.present() and not contents(store, planned))
    assert answer["code"] == 0
    assert between > 0
    check_end(store, planned, expected)
    assert [path.name for path in store.weights.folder.iterdir()] == [
        f"{planned[0].run.hash}.safetensors"
    ]


def test_end_weights_are_the_same_bit_for_bit(stage: Stage, tmp_path: Path) -> None:
    base = tmp_path / "whole"
    base.mkdir()
    seconds = stage.play(base, "weights")["seconds"]
    chance = random.Random(3)
    killed = tmp_path / "killed"
    killed.mkdir()
    kills = 0
    while kills < 6:
        if stage.play(killed, "weights", after=chance.uniform(0, seconds))["signal"]:
            kills += 1
        else:  # it got through: from the start again
            checkpoint.remove(next(killed.glob("*.ckpt")))
    assert stage.play(killed, "weights")["code"] == 0
    assert (killed / "weights").read_text() == (base / "weights").read_text()
