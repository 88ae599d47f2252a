"""Runs that keep their final weights: whole files, the same networks, and records left alone."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from launch_helpers import contents, tiny_dataset, tiny_run, tiny_table
from run_makers import build
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from benchmarks.data import store as data_store
from benchmarks.errors import UserError
from benchmarks.models import Model
from benchmarks.models.describe import describe
from benchmarks.parts import kinds, made
from benchmarks.run import Run
from benchmarks.training import loop
from benchmarks.weights import Order, read_file
from reproduce.commands.show import show
from reproduce.commands.status import status_of
from reproduce.executors.launch import launch
from reproduce.running.job import Job
from reproduce.running.launch_options import LaunchOptions
from reproduce.running.standing import standing
from reproduce.store import atomic, schema
from reproduce.store import weights as saved_weights
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    data_store.write(tiny_dataset(), root)
    return root


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def options(data: Path, **changes: Any) -> LaunchOptions:
    chosen: dict[str, Any] = {"executor": "debug", "device": "cpu", "progress": False}
    return LaunchOptions(data=data, **{**chosen, **changes})


def saving(data: Path, **changes: Any) -> LaunchOptions:
    return options(data, save_weights=True, **changes)


def end_state(run: Run) -> dict[str, torch.Tensor]:
    """The network's state after training by the loop alone."""
    device = torch.device("cpu")
    loop.prepare(device)
    (outcome,) = loop.train([run], tiny_dataset(), device)
    assert outcome.model is not None
    return {name: value.clone() for name, value in outcome.model.state_dict().items()}


def trained_record(store: Store, data: Path, planned: list[PlannedRun]) -> Any:
    """The record of the one planned run, trained without keeping its weights."""
    assert launch(planned, store, options(data)).complete
    (record,) = store.records.collect([planned[0].run.hash]).values()
    return record


def altered(record: Any) -> Any:
    """The record that the run would have on a machine where one more image came out right."""
    result = json.loads(json.dumps(record["result"]))
    evaluated = result["curves"]["correct test images"]
    evaluated[-1][1] += 1
    best, epoch = schema.best_of(evaluated)
    result["measurements"]["test accuracy"]["count"] += 1
    result["measurements"]["best evaluated accuracy"].update(count=best, epoch=epoch)
    return schema.seal({**record, "result": result})


def test_the_kept_state_is_the_trained_one_bit_for_bit(store: Store, data: Path) -> None:
    planned = tiny_table(1)
    run = planned[0].run
    assert launch(planned, store, saving(data)).done == 1
    state, kept = end_state(run), load_file(store.weights.path(run.hash))
    assert kept.keys() == state.keys()
    for name, value in state.items():
        assert kept[name].dtype == value.dtype
        assert torch.equal(kept[name], value), name
    build(run, 10).load_state_dict(kept)


def test_the_header_tells_what_it_is_of(store: Store, data: Path) -> None:
    planned = tiny_table(1)
    launch(planned, store, saving(data))
    (record,) = store.records.collect([planned[0].run.hash]).values()
    header = saved_weights.header(store.weights.path(planned[0].run.hash))
    assert header.run == planned[0].run.hash
    assert header.configuration == planned[0].run.canonical()
    assert (header.correct, header.total) == schema.headline(record)
    assert (header.form, header.diverged, header.note) == ("full", False, "")
    assert header.commit == record["provenance"]["commit"]
    assert header.dirty == record["provenance"]["dirty"]
    assert header.finished == record["provenance"]["finished"]
    assert header.belongs_to(record)
    assert not header.belongs_to(altered(record))


def test_readers_find_the_layers_by_depth(store: Store, data: Path) -> None:
    planned = tiny_table(1)
    launch(planned, store, saving(data))
    found = read_file(store.weights.path(planned[0].run.hash))
    assert found.order is Order.METADATA
    state = end_state(planned[0].run)
    names = [name for name, value in state.items() if value.ndim == 4]
    assert [f"{layer.name}.weight" for layer in found.layers] == names
    for layer, name in zip(found.layers, names, strict=True):
        expected = state[name].reshape(-1, 3, 3)
        assert torch.equal(torch.from_numpy(layer.filters), expected)


@pytest.mark.parametrize("kind", kinds(Model))
def test_the_order_is_that_of_execution(kind: str) -> None:
    needed = {"hierarchical": {"parents": [0, 1] * 5}}.get(kind, {})
    model = made(Model, {"kind": kind, **needed})
    layers = describe(lambda: model.network(10, 64), side=64)
    executed = [f"{layer.name}.weight" for layer in layers if layer.weights]
    # A shortcut's 1×1 convolution runs beside the block's; it has no place of its own.
    with torch.device("meta"):
        order = saved_weights._order(model.network(10, 64))
    assert sorted(order) == sorted(executed)
    on_path = [name for name in executed if "shortcut" not in name]
    assert [name for name in order if "shortcut" not in name] == on_path


def test_nothing_is_kept_unless_asked_for(store: Store, data: Path) -> None:
    planned = tiny_table(1)
    trained_record(store, data, planned)
    assert not store.weights.folder.exists()
    assert status_of(planned, store).weights == 0


def test_keeping_changes_neither_name_nor_record(store: Store, data: Path) -> None:
    planned = tiny_table(2)
    other = Store(store.base.with_name("other"))
    launch(planned, store, options(data))
    launch(planned, other, saving(data))
    assert contents(store, planned) == contents(other, planned)


def test_a_finished_run_is_trained_again_and_its_record_stays(
    store: Store, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = tiny_table(2)
    launch(planned, store, options(data))
    paths = [store.records.path(item.run.hash) for item in planned]
    before = [path.read_bytes() for path in paths]
    wanted = standing(planned, store, save_weights=True)
    assert wanted.recorded == {item.run.hash for item in planned}
    assert "2 finished runs have no saved weights" in wanted.about_repetitions()
    assert launch(planned, store, saving(data)).complete
    assert [path.read_bytes() for path in paths] == before
    for name, header in store.weights.headers(wanted.recorded).items():
        assert "agrees with the record" in header.note
        assert header.belongs_to(store.records.collect([name])[name])
    assert wanted.differing(store) == ""
    assert standing(planned, store, save_weights=True).missing == ()
    assert list(store.checkpoints.iterdir()) == list(store.leases().folder.iterdir()) == []
    monkeypatch.setattr(loop, "train", None)  # a third time would fail
    assert launch(planned, store, saving(data)).complete


def test_only_what_lacks_weights_is_repeated(store: Store, data: Path) -> None:
    planned = tiny_table(2)
    launch(planned[:1], store, saving(data))
    launch(planned, store, options(data))
    wanted = standing([*planned, planned[0]], store, save_weights=True)
    assert [item.run.seed for item in wanted.finished] == [0]
    assert [item.run.seed for item in wanted.missing] == [1]
    assert "1 finished run has no saved weights" in wanted.about_repetitions()
    assert standing(planned, store).missing == ()


def test_a_repetition_that_differs_keeps_record_and_weights(
    store: Store, data: Path, tmp_path: Path
) -> None:
    planned = tiny_table(1)
    run = planned[0].run
    ours = trained_record(Store(tmp_path / "here"), data, planned)
    theirs = altered(ours)
    store.records.publish(theirs)
    path = store.records.path(run.hash)
    before = path.read_bytes()
    wanted = standing(planned, store, save_weights=True)
    assert launch(planned, store, saving(data)).complete
    assert path.read_bytes() == before
    assert [item.name for item in path.parent.iterdir()] == [path.name]  # no conflict kept
    header = saved_weights.header(store.weights.path(run.hash))
    count = schema.headline(ours)[0]
    assert header.correct == count
    assert header.note == f"of a repetition with {count} correct; the record has {count + 1}"
    assert not header.belongs_to(theirs)
    assert "1 run came to another result" in wanted.differing(store)
    text = show(run.hash, results=store.base)
    assert f"of a repetition with {count} of 32 correct" in text


def test_a_committed_run_gets_weights_and_no_second_record(
    store: Store, data: Path, tmp_path: Path
) -> None:
    planned = tiny_table(1)
    theirs = altered(trained_record(Store(tmp_path / "here"), data, planned))
    store.committed.write("locality-table3", [theirs])
    assert launch(planned, store, saving(data)).complete
    assert not store.records.path(planned[0].run.hash).exists()
    assert store.weights.present() == {planned[0].run.hash}


def test_a_full_disk_is_one_line_and_nothing_is_published(
    store: Store, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = tiny_table(1)
    replace = atomic.replace

    def full(path: Path, data: bytes, **more: Any) -> None:
        if path.suffix == saved_weights.SUFFIX:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(path, data, **more)

    monkeypatch.setattr(atomic, "replace", full)
    with pytest.raises(UserError, match=r"cannot write .*safetensors: No space left") as caught:
        launch(planned, store, saving(data))
    assert "\n" not in str(caught.value)
    assert contents(store, planned) == {}
    assert store.failures.read([planned[0].run.hash]) == {}
    monkeypatch.undo()
    assert launch(planned, store, saving(data)).complete
    assert store.weights.present() == {planned[0].run.hash}


def test_a_folder_that_is_a_file_is_one_line(store: Store, data: Path) -> None:
    store.root.mkdir(parents=True)
    store.weights.folder.write_text("in the way")
    with pytest.raises(UserError, match="weights"):
        launch(tiny_table(1), store, saving(data))
    assert store.weights.folder.read_text() == "in the way"


def test_weights_without_a_record_are_replaced_by_the_runs_own(store: Store, data: Path) -> None:
    """As after a kill between the two, on another machine."""
    planned = tiny_table(1)
    path = store.weights.path(planned[0].run.hash)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"of an earlier training")
    scratch = path.with_name(f".{path.name}.1.abcd.tmp")
    scratch.write_bytes(b"half")
    assert launch(planned, store, saving(data)).complete
    (record,) = store.records.collect([planned[0].run.hash]).values()
    assert saved_weights.header(path).belongs_to(record)
    assert [item.name for item in store.weights.folder.iterdir()] == [path.name]


@pytest.mark.slow
def test_workers_and_packs_keep_the_same_weights(store: Store, data: Path, tmp_path: Path) -> None:
    planned = tiny_table(2, 2)
    alone = Store(tmp_path / "alone")
    launch(planned, alone, saving(data))
    assert launch(planned, store, saving(data, executor="local", workers=2, pack=2)).complete
    assert store.weights.present() == {item.run.hash for item in planned}
    for item in planned:
        first, second = (load_file(where.weights.path(item.run.hash)) for where in (alone, store))
        assert all(torch.equal(first[name], second[name]) for name in first)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def lose_metadata(path: Path) -> None:
    save_file(load_file(path), path)


def change_metadata(path: Path) -> None:
    with safe_open(path, framework="pt") as file:
        metadata = {**file.metadata(), "correct": "many"}
    save_file(load_file(path), path, metadata=metadata)


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        lose_metadata,
        change_metadata,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("no weights at all, only words"),
    ],
)
def test_damaged_files_are_one_line(
    damage: Callable[[Path], Any], store: Store, data: Path
) -> None:
    planned = tiny_table(1)
    launch(planned, store, saving(data))
    path = store.weights.path(planned[0].run.hash)
    damage(path)
    with pytest.raises(UserError, match=r"holds no run's weights .* --save-weights") as caught:
        saved_weights.header(path)
    assert "\n" not in str(caught.value)
    text = show(planned[0].run.hash, results=store.base)
    assert "weights: damaged" in text


def test_a_file_under_another_runs_name_is_told(store: Store, data: Path) -> None:
    planned = tiny_table(1)
    launch(planned, store, saving(data))
    path = store.weights.path(planned[0].run.hash)
    other = path.rename(store.weights.path(tiny_run(7).hash))
    with pytest.raises(UserError, match=f"it holds the weights of run {planned[0].run.hash}"):
        saved_weights.header(other)
    with pytest.raises(UserError, match="is missing"):
        saved_weights.header(path)


def test_status_and_show_name_them(store: Store, data: Path) -> None:
    planned = tiny_table(2)
    launch(planned, store, options(data))
    launch(planned[:1], store, saving(data))
    assert status_of(planned, store).weights == 1
    path = store.weights.path(planned[0].run.hash)
    for name, expected in ((planned[0].run.hash, str(path)), (planned[1].run.hash, None)):
        text = show(name, results=store.base)
        assert (f"weights: {path}" in text) == (expected is not None)
        shown = json.loads(show(name, results=store.base, as_json=True))
        assert shown.get("weights") == expected


def test_a_job_tells_its_workers(store: Store) -> None:
    planned = tiny_table(2)
    job = Job(
        tuple(planned),
        store,
        store.base,
        save_weights=True,
        recorded=frozenset({planned[0].run.hash}),
    )
    again = Job.from_json(job.to_json())
    assert (again.save_weights, again.recorded) == (True, job.recorded)
    assert not again.is_over(planned[0].run.hash)
    store.weights.folder.mkdir(parents=True)
    for item in planned:
        store.weights.path(item.run.hash).touch()
    assert again.is_over(planned[0].run.hash)
    assert not again.is_over(planned[1].run.hash)


def test_names_that_are_no_runs_do_not_count(store: Store) -> None:
    assert store.weights.present() == set()
    store.weights.folder.mkdir(parents=True)
    for name in ("notes.txt", "vgg16.safetensors", f".{'0' * 16}.safetensors.1.tmp"):
        (store.weights.folder / name).touch()
    (store.weights.folder / f"{'a' * 16}.safetensors").touch()
    assert store.weights.present() == {"a" * 16}
