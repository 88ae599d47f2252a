"""Launching in this process: failures, packs, take-overs, and what is refused before training."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import record_makers
from launch_helpers import contents, lines_of, tiny_dataset, tiny_run, tiny_table
from run_makers import changed

from benchmarks.data import store as data_store
from benchmarks.data.dataset import Dataset, build
from benchmarks.errors import UserError
from benchmarks.run import Run
from benchmarks.training import checkpoint
from benchmarks.training.placed_splits import ResidentSplit
from reproduce.executors.launch import launch, make_job
from reproduce.running import images
from reproduce.running.campaign import Survey
from reproduce.running.job import Job
from reproduce.running.launch_options import LaunchOptions
from reproduce.running.standing import standing
from reproduce.running.trainer import Trainer
from reproduce.store.leases import Owner
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store

BAD = PlannedRun("bad", tiny_run(9))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    data_store.write(tiny_dataset(), root)
    return root


@pytest.fixture
def options(data: Path) -> LaunchOptions:
    return LaunchOptions(executor="debug", device="cpu", data=data, progress=False)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def trainer(job: Job, on_update: Callable[[], None] = lambda: None) -> tuple[Trainer, list[str]]:
    said: list[str] = []
    return Trainer(job, "test", said.append, "a log", on_update), said


def test_a_failing_run_is_kept_apart(store: Store, options: LaunchOptions) -> None:
    """In a pack with another, which goes on; not tried again by this command, but by the next."""
    good = tiny_table(2)
    checkpoint.save(store.checkpoints / f"{BAD.run.hash}.ckpt", {"run": "another"})
    summary = launch([good[0], BAD, good[1]], store, replace(options, pack=3))
    assert (summary.done, summary.failed, summary.missing) == (2, 1, 0)
    assert not summary.complete
    assert "1 failed; the same command tries these again" in summary.describe()
    failure = store.failures.read([BAD.run.hash])[BAD.run.hash]
    assert summary.failures == {BAD.run.hash: failure}
    assert (failure.cell, failure.seed) == ("bad", 9)
    assert failure.error == "ValueError: the checkpoint belongs to another run"
    assert "Traceback" in Path(failure.log).read_text()
    assert lines_of(store, "takes").count(BAD.run.hash) == 1
    again = launch([BAD], store, options)
    assert (again.done, again.failed) == (0, 1)
    assert lines_of(store, "takes").count(BAD.run.hash) == 2
    assert again.failures[BAD.run.hash].token != failure.token
    checkpoint.remove(store.checkpoints / f"{BAD.run.hash}.ckpt")
    assert launch([BAD], store, options).complete
    assert store.failures.read([BAD.run.hash]) == {}


def test_a_failure_of_another_command_meanwhile_counts(
    store: Store, options: LaunchOptions
) -> None:
    first, second = planned = tiny_table(2)
    job = make_job(standing(planned, store), store, options)
    store.failures.write(first, "RuntimeError: it failed there", "their log")
    worker, _ = trainer(job)
    worker.work()
    assert store.records.finished([p.run.hash for p in planned]) == {second.run.hash}


def test_a_runs_images_are_let_go_before_the_next(
    store: Store, options: LaunchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where so few objects are made that Python's collector is never due."""
    planned = tiny_table(3)
    held: list[int] = []
    original = Trainer._train

    def train(self: Trainer, batch: list[PlannedRun], device: Any) -> None:
        held.append(sum(type(one) is ResidentSplit for one in gc.get_objects()))
        original(self, batch, device)

    monkeypatch.setattr(Trainer, "_train", train)
    gc.collect()
    gc.disable()
    try:
        assert launch(planned, store, options).complete
    finally:
        gc.enable()
    assert len(held) == 3
    assert held[1:] == [held[0]] * 2


def test_each_data_set_is_read_once_whatever_order_the_runs_come_in(
    store: Store, options: LaunchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    original = images.open_for

    def open_for(run: Run, data: Path) -> Dataset:
        opened.append(run.data.name)
        return original(run, data)

    monkeypatch.setattr(images, "open_for", open_for)
    tiny = tiny_table(2)
    other = [
        PlannedRun(
            "other",
            changed(p.run, dataset="digits", epochs=1, lr_milestones=()),
        )
        for p in tiny
    ]
    planned = [tiny[0], other[0], tiny[1], other[1]]
    assert launch(planned, store, options).complete
    assert opened == [tiny[0].run.data.name, "digits"]
    found = contents(store, planned)
    totals = {
        p.run.data.name: found[p.run.hash][1]["measurements"]["test accuracy"]["of"]
        for p in planned
    }
    assert totals == {tiny[0].run.data.name: len(tiny_dataset().test), "digits": 500}


def test_a_pack_changes_nothing_but_the_time(
    store: Store, options: LaunchOptions, tmp_path: Path
) -> None:
    planned = tiny_table(3)
    alone = Store(tmp_path / "alone")
    assert launch(planned, store, replace(options, pack=2)).complete
    assert launch(planned, alone, options).complete
    assert contents(store, planned) == contents(alone, planned)
    found = store.records.collect([item.run.hash for item in planned])
    packs = sorted(r["provenance"]["sittings"][0]["pack"] for r in found.values())
    assert packs == [1, 2, 2]


@pytest.mark.parametrize("damage", record_makers.DAMAGES)
def test_a_damaged_record_stops_the_command_before_it_trains(
    store: Store, options: LaunchOptions, damage: str
) -> None:
    first, second = planned = tiny_table(2)
    assert launch([first], store, options).complete
    path = store.records.path(first.run.hash)
    record_makers.DAMAGES[damage](path)
    with pytest.raises(UserError, match=rf"{path}: .*move it away and run again$"):
        launch(planned, store, options)
    assert second.run.hash not in lines_of(store, "takes")
    assert not store.records.finished([second.run.hash])


def test_finished_runs_need_neither_data_nor_training(
    store: Store, options: LaunchOptions, tmp_path: Path
) -> None:
    planned = tiny_table(1)
    launch(planned, store, options)
    before = contents(store, planned)
    summary = launch([*planned, *planned], store, replace(options, data=tmp_path / "nothing"))
    assert summary == Survey(1, 1)
    assert contents(store, planned) == before
    assert len(lines_of(store, "takes")) == 1


def test_a_silent_owner_elsewhere_is_taken_over(
    store: Store, options: LaunchOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    (item,) = planned = tiny_table(1)
    folder = store.leases().folder / f"{item.run.hash}.claim"
    folder.mkdir(parents=True)
    owner = Owner("feed", "far-away", "its-boot", "1", 77, "1", "local")
    (folder / owner.name).touch()
    assert launch(planned, store, replace(options, patience=1.0)).complete
    assert "process 77 on far-away has been silent for 1 s" in capsys.readouterr().err
    assert list(store.leases().folder.iterdir()) == []


def test_whoever_lost_its_run_stops_and_publishes_nothing(
    store: Store, options: LaunchOptions
) -> None:
    """As when a laptop wakes up after another machine has gone on with the run."""
    (item,) = planned = tiny_table(1, epochs=500)
    leases = store.leases("thief")
    stolen: list[Any] = []

    def steal() -> None:
        if not stolen:
            owner = leases.owner(item.run.hash)
            assert owner is not None
            stolen.append(leases.take_over(item.run.hash, owner))

    worker, said = trainer(make_job(standing(planned, store), store, options), steal)
    worker.work()
    assert stolen[0] is not None
    assert leases.holds(stolen[0])
    assert not store.records.finished([item.run.hash])
    assert any(line.startswith("leaves") for line in said)


def test_a_stopped_worker_takes_nothing(store: Store, options: LaunchOptions) -> None:
    worker, said = trainer(make_job(standing(tiny_table(1), store), store, options))
    assert worker.stop()  # it held nothing
    worker.work()
    assert said == []


def test_a_stopped_worker_leaves_its_run(store: Store, options: LaunchOptions) -> None:
    job = make_job(standing(tiny_table(2), store), store, options)
    held: list[bool] = []
    worker, said = trainer(job, lambda: held.append(worker.stop()))
    worker.work()
    assert held == [False]
    assert [line.split()[0] for line in said] == ["takes", "leaves"]
    assert store.leases("test").owners() == {}


def test_a_job_survives_its_file(store: Store, options: LaunchOptions) -> None:
    job = make_job(standing([*tiny_table(2, 2), BAD], store), store, replace(options, pack=3))
    assert Job.from_json(job.to_json()) == job


def rejected(match: str, store: Store, options: LaunchOptions, **changes: Any) -> None:
    with pytest.raises(UserError, match=match) as caught:
        launch(tiny_table(1), store, replace(options, **changes))
    assert "\n" not in str(caught.value)
    assert not list(store.base.rglob("*.log"))


def test_bad_options_are_refused(store: Store, options: LaunchOptions, tmp_path: Path) -> None:
    rejected("--workers must be at least 1", store, options, workers=0)
    rejected("--pack must be at least 1", store, options, pack=-1)
    rejected("--device 'tpu' is none of auto, cpu, cuda", store, options, device="tpu")
    rejected("--executor 'cloud' is none of", store, options, executor="cloud")
    rejected("reproduce data get tiny", store, options, data=tmp_path / "nothing")


def test_other_images_are_refused(store: Store, options: LaunchOptions, tmp_path: Path) -> None:
    tiny = tiny_dataset()
    other = build("tiny", tiny.classes, {"train": tiny.test, "test": tiny.train})
    data_store.write(other, tmp_path / "other")
    rejected("holds other images than the runs are for", store, options, data=tmp_path / "other")
    with pytest.raises(UserError, match="other images"):
        images.open_for(tiny_run(0), tmp_path / "other")


def test_a_results_folder_that_is_a_file_is_refused(store: Store, options: LaunchOptions) -> None:
    store.base.write_text("")
    with pytest.raises(UserError, match="Not a directory"):
        launch(tiny_table(1), store, options)


def test_a_full_disk_loses_nothing(
    store: Store, options: LaunchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a record nor a checkpoint can be written: one error, and no lease stays behind."""
    planned = tiny_table(2)
    launch(planned[:1], store, options)
    before = contents(store, planned)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UserError, match="No space left on device"):
            launch(planned, store, options)
    assert contents(store, planned) == before
    assert store.leases("test").owners() == {}
    assert launch(planned, store, options).complete
