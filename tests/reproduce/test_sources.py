"""Runs that start from other runs' kept weights: these are trained before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from launch_helpers import contents, lines_of, tiny_dataset, tiny_run

from benchmarks.data import store as data_store
from benchmarks.procedures import Procedure, StartFrom
from benchmarks.run import Run
from benchmarks.training import checkpoint
from reproduce.commands.status import status_of
from reproduce.executors.launch import launch
from reproduce.executors.slurm import submit
from reproduce.executors.slurm.arrays import Request, arrays, parameters
from reproduce.executors.slurm.options import SlurmOptions
from reproduce.running.launch_options import LaunchOptions
from reproduce.running.standing import standing
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store


def from_run(source: Run, seed: int) -> Run:
    """Trains on from what another run came to."""
    own = tiny_run(seed)
    return own.replace(procedure=Procedure((StartFrom(run=source), *own.procedure.phases)))


BASE = tiny_run(0, gamma="1.0")
MIDDLE = from_run(BASE, 1)
# The last ones first, and the base is none of the table's.
PLANNED = [PlannedRun("last", from_run(MIDDLE, 2)), PlannedRun("middle", MIDDLE)]
ORDER = [BASE.hash, MIDDLE.hash, PLANNED[0].run.hash]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    data_store.write(tiny_dataset(), root)
    return root


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


@pytest.fixture
def options(data: Path) -> LaunchOptions:
    return LaunchOptions(executor="debug", device="cpu", data=data, progress=False)


@pytest.mark.parametrize(("executor", "workers"), [("debug", 1), ("local", 2)])
def test_sources_are_trained_first(
    store: Store, options: LaunchOptions, executor: str, workers: int
) -> None:
    summary = launch(PLANNED, store, replace(options, executor=executor, workers=workers))
    assert (summary.done, summary.complete) == (3, True)
    assert lines_of(store, "takes") == ORDER or workers == 2
    assert sorted(lines_of(store, "takes")) == sorted(ORDER)
    found = store.records.collect(ORDER)
    ended = [found[name]["provenance"]["finished"] for name in ORDER]
    assert ended == sorted(ended)
    assert store.weights.present() == set(ORDER[:2]), "of what others start from alone"
    taken = len(lines_of(store, "takes"))
    assert launch(PLANNED, store, options).done == 2, "the base was none of those wanted"
    assert len(lines_of(store, "takes")) == taken


def test_a_finished_source_is_repeated_for_its_weights(
    store: Store, options: LaunchOptions
) -> None:
    base = [PlannedRun("base", BASE)]
    assert launch(base, store, options).complete
    before = contents(store, base)
    wanted = standing([*PLANNED, *base], store)
    assert [item.run.hash for item in wanted.missing] == ORDER
    assert wanted.recorded == {BASE.hash}
    assert [item.cell for item in wanted.missing] == ["base", "middle", "last"]
    assert launch(PLANNED, store, options).complete
    assert contents(store, base) == before
    assert lines_of(store, "takes") == [BASE.hash, *ORDER]
    assert standing([*PLANNED, *base], store).missing == ()


@pytest.mark.parametrize("executor", ["debug", "local"])
def test_what_starts_from_a_failed_run_is_left(
    store: Store, options: LaunchOptions, executor: str
) -> None:
    """The command ends, and the next one goes on."""
    obstacle = store.checkpoints / f"{BASE.hash}.ckpt"
    checkpoint.save(obstacle, {"run": "another"})
    summary = launch(PLANNED, store, replace(options, executor=executor))
    assert (summary.done, summary.failed, summary.missing) == (0, 1, 2)
    assert lines_of(store, "takes") == [BASE.hash]
    assert [n["waiting"] for n in status_of(PLANNED, store).cells.values()] == [1, 1]
    checkpoint.remove(obstacle)
    assert launch(PLANNED, store, options).complete


def test_status_counts_them_as_waiting(store: Store) -> None:
    assert store.leases("local").acquire(BASE.hash)
    found = status_of([*PLANNED, PlannedRun("base", BASE)], store)
    assert [(cell, n["running"], n["waiting"]) for cell, n in found.cells.items()] == [
        ("last", 0, 1),
        ("middle", 0, 1),
        ("base", 1, 0),
    ]


def test_arrays_wait_for_what_their_runs_start_from(store: Store, data: Path) -> None:
    """And train it should it have come to nothing."""
    request = Request("t", store, data, SlurmOptions())
    wanted = standing(PLANNED, store)
    parts = arrays(wanted.missing, "t", 1, 1000)
    assert [part.name for part in parts] == ["t/source-of-middle", "t/middle", "t/last"]
    queued = {BASE.hash: "70_0"}
    before = [submit.jobs_before(part, wanted, queued) for part in parts]
    assert before == [set(), {"70_0"}, {"70_0"}]
    after = submit.jobs_before(parts[2], wanted, {**queued, MIDDLE.hash: "71"})
    values = parameters(request.options, parts[2], "a comment", data, after)
    assert values["additional_parameters"]["dependency"] == "afterany:70_0:71"
    job = request.job(parts[2].tasks[0], wanted)
    assert [item.run.hash for item in job.planned] == ORDER
    assert job.sources == set(ORDER[:2])
    assert not job.save_weights
