"""Whole tables on a real cluster: arrays, packs, splits; each equals the local runs bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from bench import LONG_PLAIN, SHORT_LOCALITY, SHORT_PLAIN, Bench, runs
from safetensors.torch import load_file

from reproduce.executors.launch import launch
from reproduce.running.launch_options import LaunchOptions
from reproduce.store.store import Store

Expected = Callable[[str, int], dict[str, Any]]


def test_seeds_by_array_equal_the_local_runs(bench: Bench, expected: Expected) -> None:
    bench.finish(SHORT_PLAIN, "3")
    (submission,) = bench.manifests()
    (array,) = submission.arrays
    assert array.name == "tiny-quick/short-plain-1-1"
    assert [run.seed for task in array.tasks for run in task] == list(range(3))
    assert bench.contents(runs(SHORT_PLAIN, 3)) == expected(SHORT_PLAIN, 3)
    assert list(bench.store.leases().folder.iterdir()) == []
    assert list(bench.store.checkpoints.iterdir()) == []
    assert bench.status(SHORT_PLAIN, "3")["counts"] == {"done": 3}


def test_an_array_beyond_the_limit_is_split_and_needs_no_accounting(
    bare_bench: Bench, expected: Expected
) -> None:
    bare_bench.finish(SHORT_LOCALITY, "3")
    (submission,) = bare_bench.manifests()
    assert [len(array.tasks) for array in submission.arrays] == [2, 1]
    assert bare_bench.contents(runs(SHORT_LOCALITY, 3)) == expected(SHORT_LOCALITY, 3)


@pytest.mark.long
def test_a_retry_of_some_seeds_is_tasks_from_zero(bench: Bench, expected: Expected) -> None:
    with bench.cluster.closed():
        told = bench.submit(SHORT_PLAIN, "0,3,4", "--seeds-per-job", "2")
        assert told["submitted"] == 3
        (number,) = told["jobs"]
        assert set(bench.cluster.queue()) == {f"{number}_0", f"{number}_1"}
        assert bench.status(SHORT_PLAIN, "5")["counts"] == {"queued": 3, "waiting": 2}
    bench.finish(SHORT_PLAIN, "0,3,4")
    bench.wait_empty()
    bench.reproduce(*bench.submitting(SHORT_PLAIN, "0,3,4"))
    (submission,) = bench.manifests()
    assert submission.state == "done"
    left = {path.suffix for path in (bench.store.slurm / "jobs" / submission.id).iterdir()}
    assert left == {".out", ".sh"}, "scripts and logs stay, pickles do not"
    wanted = [item for item in runs(SHORT_PLAIN, 5) if item.run.seed in (0, 3, 4)]
    everything = expected(SHORT_PLAIN, 5)
    assert bench.contents(wanted) == {p.run.hash: everything[p.run.hash] for p in wanted}


def test_runs_of_a_pack_are_trained_side_by_side(bench: Bench, expected: Expected) -> None:
    pair = runs(LONG_PLAIN, 2)
    bench.submit(LONG_PLAIN, "2", "--seeds-per-job", "2", "--slurm-cpus-per-task", "2")
    owners = [bench.wait_epoch(item) for item in pair]
    assert len({owner.pid for owner in owners}) == 2
    assert len({owner.job for owner in owners}) == 1
    bench.finish(LONG_PLAIN, "2")
    assert bench.contents(pair) == expected(LONG_PLAIN, 2)


@pytest.mark.long
def test_a_task_keeps_weights_and_repeats_what_has_none(bench: Bench, tmp_path: Path) -> None:
    pair = runs(SHORT_PLAIN, 2)
    bench.finish(SHORT_PLAIN, "1")
    without = bench.contents(pair[:1])
    bench.finish(SHORT_PLAIN, "2", "--save-weights")
    store = Store(tmp_path / "local", "quick")
    options = LaunchOptions(
        executor="debug", device="cpu", data=bench.data, progress=False, save_weights=True
    )
    assert launch(pair, store, options).complete
    for item in pair:
        ours, local = (load_file(each.weights.path(item.run.hash)) for each in (bench.store, store))
        assert ours.keys() == local.keys()
        assert all(torch.equal(ours[name], local[name]) for name in ours)
    assert bench.contents(pair[:1]) == without, "its record stays"
