"""Launching in this process: failures, packs, take-overs, and what is refused before training."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import record_makers
from launch_helpers import contents, lines_of, tiny_dataset, tiny_run, tiny_table
from run_makers import changed

from benchmarks.data import store
from benchmarks.errors import UserError
from benchmarks.run import Run
from benchmarks.training import checkpoint
from reproduce.catalogue.tables import PlannedRun
from reproduce.running import images
from reproduce.running.claims import Claims, Owner
from reproduce.running.job import Job
from reproduce.running.launch import LaunchOptions, LaunchSummary, launch, make_job
from reproduce.running.standing import standing
from reproduce.running.trainer import Trainer
from reproduce.store import failures, records
from reproduce.store.paths import ResultsLayout

BAD = PlannedRun("bad", tiny_run(9))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    store.write(tiny_dataset(), root)
    return root


@pytest.fixture
def options(data: Path) -> LaunchOptions:
    return LaunchOptions(executor="debug", device="cpu", data=data, progress=False)


@pytest.fixture
def layout(tmp_path: Path) -> ResultsLayout:
    return ResultsLayout(tmp_path / "results")


def trainer(job: Job, on_update: Callable[[], None] = lambda: None) -> tuple[Trainer, list[str]]:
    said: list[str] = []
    return Trainer(job, "test", said.append, "a log", on_update), said


def test_a_failing_run_is_kept_apart(layout: ResultsLayout, options: LaunchOptions) -> None:
    """In a pack with another, which goes on; not tried again by this command, but by the next."""
    good = tiny_table(2)
    checkpoint.save(layout.checkpoints / f"{BAD.run.hash}.ckpt", {"run": "another"})
    summary = launch([good[0], BAD, good[1]], layout, replace(options, pack=3))
    assert (summary.done, summary.failed, summary.missing) == (2, 1, 0)
    assert not summary.complete
    assert "1 failed; the same command tries these again" in summary.describe()
    failure = failures.read(layout, [BAD.run.hash])[BAD.run.hash]
    assert summary.failures == {BAD.run.hash: failure}
    assert (failure.cell, failure.seed) == ("bad", 9)
    assert failure.error == "ValueError: the checkpoint belongs to another run"
    assert "Traceback" in Path(failure.log).read_text()
    assert lines_of(layout, "takes").count(BAD.run.hash) == 1
    again = launch([BAD], layout, options)
    assert (again.done, again.failed) == (0, 1)
    assert lines_of(layout, "takes").count(BAD.run.hash) == 2
    assert again.failures[BAD.run.hash].token != failure.token
    checkpoint.remove(layout.checkpoints / f"{BAD.run.hash}.ckpt")
    assert launch([BAD], layout, options).complete
    assert failures.read(layout, [BAD.run.hash]) == {}


def test_a_failure_of_another_command_meanwhile_counts(
    layout: ResultsLayout, options: LaunchOptions
) -> None:
    first, second = planned = tiny_table(2)
    job = make_job(standing(planned, layout), layout, options)
    failures.write(layout, first, "RuntimeError: it failed there", "their log")
    worker, _ = trainer(job)
    worker.work()
    assert records.finished(layout, [p.run.hash for p in planned]) == {second.run.hash}


def test_each_data_set_is_read_once_whatever_order_the_runs_come_in(
    layout: ResultsLayout, options: LaunchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    original = images.open_for

    def open_for(run: Run, data: Path) -> store.Dataset:
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
    assert launch(planned, layout, options).complete
    assert opened == [tiny[0].run.data.name, "digits"]
    found = contents(layout, planned)
    totals = {
        p.run.data.name: found[p.run.hash][1]["measurements"]["test accuracy"]["of"]
        for p in planned
    }
    assert totals == {tiny[0].run.data.name: len(tiny_dataset().test), "digits": 500}


def test_a_pack_changes_nothing_but_the_time(
    layout: ResultsLayout, options: LaunchOptions, tmp_path: Path
) -> None:
    planned = tiny_table(3)
    alone = ResultsLayout(tmp_path / "alone")
    assert launch(planned, layout, replace(options, pack=2)).complete
    assert launch(planned, alone, options).complete
    assert contents(layout, planned) == contents(alone, planned)
    found = records.collect(layout, [item.run.hash for item in planned])
    packs = sorted(r["provenance"]["sittings"][0]["pack"] for r in found.values())
    assert packs == [1, 2, 2]


@pytest.mark.parametrize("damage", record_makers.DAMAGES)
def test_a_damaged_record_stops_the_command_before_it_trains(
    layout: ResultsLayout, options: LaunchOptions, damage: str
) -> None:
    first, second = planned = tiny_table(2)
    assert launch([first], layout, options).complete
    path = records.record_path(layout, first.run.hash)
    record_makers.DAMAGES[damage](path)
    with pytest.raises(UserError, match=rf"{path}: .*move it away and run again$"):
        launch(planned, layout, options)
    assert second.run.hash not in lines_of(layout, "takes")
    assert not records.finished(layout, [second.run.hash])


def test_finished_runs_need_neither_data_nor_training(
    layout: ResultsLayout, options: LaunchOptions, tmp_path: Path
) -> None:
    planned = tiny_table(1)
    launch(planned, layout, options)
    before = contents(layout, planned)
    summary = launch([*planned, *planned], layout, replace(options, data=tmp_path / "nothing"))
    assert summary == LaunchSummary(1, 0, 0, interrupted=False)
    assert contents(layout, planned) == before
    assert len(lines_of(layout, "takes")) == 1


def test_a_silent_owner_elsewhere_is_taken_over(
    layout: ResultsLayout, options: LaunchOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    (item,) = planned = tiny_table(1)
    folder = layout.claims / f"{item.run.hash}.claim"
    folder.mkdir(parents=True)
    owner = Owner("feed", "far-away", "its-boot", "1", 77, "1", "local")
    (folder / owner.name).touch()
    assert launch(planned, layout, replace(options, patience=1.0)).complete
    assert "process 77 on far-away has been silent for 1 s" in capsys.readouterr().err
    assert list(layout.claims.iterdir()) == []


def test_whoever_lost_its_run_stops_and_publishes_nothing(
    layout: ResultsLayout, options: LaunchOptions
) -> None:
    """As when a laptop wakes up after another machine has gone on with the run."""
    (item,) = planned = tiny_table(1, epochs=500)
    claims = Claims(layout.claims, "thief")
    stolen: list[Any] = []

    def steal() -> None:
        if not stolen:
            owner = claims.owner(item.run.hash)
            assert owner is not None
            stolen.append(claims.take_over(item.run.hash, owner))

    worker, said = trainer(make_job(standing(planned, layout), layout, options), steal)
    worker.work()
    assert stolen[0] is not None
    assert claims.holds(stolen[0])
    assert not records.finished(layout, [item.run.hash])
    assert any(line.startswith("leaves") for line in said)


def test_a_stopped_worker_takes_nothing(layout: ResultsLayout, options: LaunchOptions) -> None:
    worker, said = trainer(make_job(standing(tiny_table(1), layout), layout, options))
    assert worker.stop()  # it held nothing
    worker.work()
    assert said == []


def test_a_stopped_worker_leaves_its_run(layout: ResultsLayout, options: LaunchOptions) -> None:
    job = make_job(standing(tiny_table(2), layout), layout, options)
    held: list[bool] = []
    worker, said = trainer(job, lambda: held.append(worker.stop()))
    worker.work()
    assert held == [False]
    assert [line.split()[0] for line in said] == ["takes", "leaves"]
    assert Claims(layout.claims, "test").owners() == {}


def test_a_job_survives_its_file(layout: ResultsLayout, options: LaunchOptions) -> None:
    job = make_job(standing([*tiny_table(2, 2), BAD], layout), layout, replace(options, pack=3))
    assert Job.from_json(job.to_json()) == job


def rejected(match: str, layout: ResultsLayout, options: LaunchOptions, **changes: Any) -> None:
    with pytest.raises(UserError, match=match) as caught:
        launch(tiny_table(1), layout, replace(options, **changes))
    assert "\n" not in str(caught.value)
    assert not list(layout.base.rglob("*.log"))


def test_bad_options_are_refused(
    layout: ResultsLayout, options: LaunchOptions, tmp_path: Path
) -> None:
    rejected("--workers must be at least 1", layout, options, workers=0)
    rejected("--pack must be at least 1", layout, options, pack=-1)
    rejected("--device 'tpu' is none of auto, cpu, cuda", layout, options, device="tpu")
    rejected("--executor 'cloud' is none of", layout, options, executor="cloud")
    rejected("reproduce data get tiny", layout, options, data=tmp_path / "nothing")


def test_other_images_are_refused(
    layout: ResultsLayout, options: LaunchOptions, tmp_path: Path
) -> None:
    tiny = tiny_dataset()
    other = store.build("tiny", tiny.classes, {"train": tiny.test, "test": tiny.train})
    store.write(other, tmp_path / "other")
    rejected("holds other images than the runs are for", layout, options, data=tmp_path / "other")
    with pytest.raises(UserError, match="other images"):
        images.open_for(tiny_run(0), tmp_path / "other")


def test_a_results_folder_that_is_a_file_is_refused(
    layout: ResultsLayout, options: LaunchOptions
) -> None:
    layout.base.write_text("")
    with pytest.raises(UserError, match="Not a directory"):
        launch(tiny_table(1), layout, options)


def test_a_full_disk_loses_nothing(
    layout: ResultsLayout, options: LaunchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a record nor a checkpoint can be written: one error, and no claim stays behind."""
    planned = tiny_table(2)
    launch(planned[:1], layout, options)
    before = contents(layout, planned)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UserError, match="No space left on device"):
            launch(planned, layout, options)
    assert contents(layout, planned) == before
    assert Claims(layout.claims, "test").owners() == {}
    assert launch(planned, layout, options).complete
