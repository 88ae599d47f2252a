"""Runs on data that they name by its official files: stores, folds, records, what a report says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from launch_helpers import tiny_dataset, tiny_run
from PIL import Image
from run_makers import make_run, member_of

from benchmarks.data import DATASETS, DatasetInfo, catalogue, info
from benchmarks.data import store as data_store
from benchmarks.data.crop_flip import CropFlip
from benchmarks.data.dataset import Dataset, Split, build
from benchmarks.data.folder_index import make_index
from benchmarks.data.images import FolderImages
from benchmarks.errors import UserError
from benchmarks.run import Run
from benchmarks.training.batches import evaluation_batch
from reproduce.catalogue.tables import Cell
from reproduce.executors.launch import launch
from reproduce.running import images
from reproduce.running.launch_options import LaunchOptions
from reproduce.store import committed as measured
from reproduce.store import provenance, schema
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store

IDENTITY = "1" * 64


def named(identity: str = IDENTITY, pixel: int = 0) -> Dataset:
    """The tiny images, as of a store that its official files name; one pixel may differ."""
    tiny = tiny_dataset()
    splits = {"train": tiny.train, "test": tiny.test}
    splits["train"].images[0, 0, 0, 0] ^= pixel
    dataset = build("tiny", tiny.classes, splits)
    return replace(dataset, sources_identity=identity)


def planned(seeds: int) -> list[PlannedRun]:
    return [
        PlannedRun("cell", tiny_run(seed, epochs=1, data_digest=IDENTITY)) for seed in range(seeds)
    ]


def options(data: Path) -> LaunchOptions:
    return LaunchOptions(executor="debug", device="cpu", data=data, progress=False)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def test_the_identity_is_what_the_run_has_to_name(tmp_path: Path, store: Store) -> None:
    data_store.write(named("2" * 64), tmp_path)
    with pytest.raises(UserError, match="digest 222222222222, not 111111111111"):
        launch(planned(1), store, options(tmp_path))
    with pytest.raises(UserError, match="digest 222222222222, not 111111111111"):
        images.open_for(planned(1)[0].run, tmp_path)


def test_stores_of_other_pixels_are_told_apart_by_the_records(tmp_path: Path, store: Store) -> None:
    """As two versions of a JPEG decoder would make them: the runs' names are the same."""
    one, other = named(), named(pixel=1)
    assert one.identity == other.identity
    data_store.write(one, tmp_path / "here")
    data_store.write(other, tmp_path / "there")
    runs = planned(2)
    assert launch(runs[:1], store, options(tmp_path / "here")).complete
    assert launch(runs, store, options(tmp_path / "there")).complete
    found = store.records.collect([item.run.hash for item in runs])
    digests = [found[item.run.hash]["provenance"]["sittings"][0]["images"] for item in runs]
    assert digests == [one.digest, other.digest]
    labels = [provenance.origin_label(found[item.run.hash]["provenance"]) for item in runs]
    assert labels[0].endswith(f" / cpu / images {one.digest[:8]}")
    assert labels[1].endswith(f" / cpu / images {other.digest[:8]}")
    assert len({provenance.machine_label(r["provenance"]) for r in found.values()}) == 1
    again = measured.unflatten(measured.flatten(found[runs[0].run.hash]))
    assert again["provenance"]["sittings"][0]["images"] == one.digest


def test_nothing_is_added_where_the_name_is_the_content(tmp_path: Path, store: Store) -> None:
    data_store.write(tiny_dataset(), tmp_path)
    run = tiny_run(0, epochs=1)
    assert launch([PlannedRun("cell", run)], store, options(tmp_path)).complete
    record = store.records.collect([run.hash])[run.hash]
    assert "images" not in record["provenance"]["sittings"][0]
    label = provenance.machine_label(record["provenance"])
    assert provenance.origin_label(record["provenance"]) == label


def test_a_damaged_store_is_found_before_training(tmp_path: Path) -> None:
    folder = data_store.write(named(), tmp_path)
    content = bytearray((folder / "train_images.npy").read_bytes())
    content[-1] ^= 1
    (folder / "train_images.npy").write_bytes(bytes(content))
    images.check([planned(1)[0].run], tmp_path)
    with pytest.raises(UserError, match="is damaged: its images have digest"):
        images.open_for(planned(1)[0].run, tmp_path)


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> DatasetInfo:
    """The tiny images registered as a data set of two folds."""
    tiny, weeds = tiny_dataset(), DATASETS["deepweeds"]
    entries = tuple(
        replace(
            weeds.of_fold(fold), name="tiny", classes=tiny.classes, counts=(64, 32 - fold), side=32
        )
        for fold in range(2)
    )
    entry = replace(entries[0], folds=entries)
    monkeypatch.setitem(DATASETS, "tiny", entry)
    return entry


def test_a_run_reads_the_store_of_its_fold(tmp_path: Path, folds: DatasetInfo) -> None:
    tiny = tiny_dataset()
    for entry in folds.folds:
        test = Split(tiny.test.images[entry.fold or 0 :], tiny.test.labels[entry.fold or 0 :])
        dataset = build(entry.store, tiny.classes, {"train": tiny.train, "test": test})
        data_store.write(replace(dataset, sources_identity=entry.identity), tmp_path)
    cell = Cell("tiny", "plain", make_run(dataset="tiny"))
    for fold in (0, 1):
        run = cell.run(0, {"data.fold": str(fold)})
        assert run.data.identity == folds.folds[fold].identity
        images.check([run], tmp_path)
        dataset = images.open_for(run, tmp_path)
        assert dataset.name == f"tiny-fold{fold}"
        assert len(dataset.test) == 32 - fold
        assert images.train_images(run, tmp_path) == 64
    (tmp_path / "tiny-fold1" / "store.json").unlink()
    with pytest.raises(UserError, match=r"data get tiny --fold 1` or .*import tiny PATH --fold 1`"):
        images.check([run], tmp_path)


def test_the_fold_of_a_cell() -> None:
    cell = Cell("weeds", "plain", make_run(dataset="deepweeds"))
    first, second = cell.run(3), cell.run(3, {"data.fold": "1"})
    assert first == make_run(seed=3, dataset="deepweeds", data_digest=info("deepweeds").identity)
    assert second.canonical()["data"]["fold"] == 1
    assert second.data.identity == info("deepweeds", 1).identity != first.data.identity
    with pytest.raises(UserError, match="cifar10 has no folds: leave the fold at 0, not 1"):
        Cell("plain", "plain", make_run()).run(0, {"data.fold": "1"})
    with pytest.raises(UserError, match="deepweeds has the folds 0 to 4, not 5"):
        cell.run(0, {"data.fold": "5"})


@pytest.mark.parametrize(
    ("run", "total", "fault"),
    [
        ({"name": "deepweeds"}, 3_507, None),
        ({"name": "deepweeds", "fold": 1}, 3_503, None),
        ({"name": "deepweeds", "fold": 1}, 3_507, "deepweeds-fold1 has 3503"),
        ({"name": "deepweeds", "fold": 5}, 3_507, "has no fold 5"),
        ({"name": "deepweeds", "fold": None}, 3_507, "has no fold None"),
        ({"name": "svhn"}, 10_000, "svhn has 26032"),
        ({"name": "unknown"}, 1, None),
    ],
)
def test_a_record_counts_the_test_images_of_its_fold(
    run: dict[str, Any], total: int, fault: str | None
) -> None:
    found = schema._total_fault(run, total)
    assert fault in found if fault and found else found is fault


def test_larger_images_are_evaluated_in_smaller_batches() -> None:
    assert [evaluation_batch(side) for side in (16, 32, 64, 128)] == [500, 500, 125, 31]
    assert evaluation_batch(1_024) == 1


def test_an_evaluation_goes_by_those_batches(
    noise: Dataset, short_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.training.batches.EVALUATION_PIXELS", 24 * 32**2)
    cpu = torch.device("cpu")
    member = member_of(short_run, noise, cpu)
    assert member.work.evaluations["test"].sizes == [24, 24, 16], "64 test images"


def test_a_run_sees_its_images_resized_as_it_says(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs that differ in nothing else come to other losses, and each to the same again."""
    random = np.random.default_rng(0)
    for split in ("train", "val"):
        for label in ("a", "b"):
            folder = tmp_path / "images" / split / label
            folder.mkdir(parents=True)
            for number in range(3):
                pixels = random.integers(0, 256, (40, 90, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    make_index(catalogue.folder("folder:wide"), tmp_path / "images", tmp_path)
    monkeypatch.setenv("REPRODUCE_DECODERS", "0")
    run = tiny_run(0, epochs=1, batch_size=3, lr_milestones=(), evaluate_every=1)
    windows = {"augmentation": CropFlip(padding=0, cut=224), "window": 32}
    runs = [
        run.replace(data=FolderImages.imported("folder:wide", tmp_path, resizing=how, **windows))
        for how in ("squash", "shorter side")
    ]
    losses = []
    for order in (runs, runs[::-1]):
        base = Store(store.base / str(len(losses)))
        assert launch([PlannedRun("cell", r) for r in order], base, options(tmp_path)).done == 2
        found = base.records.collect([r.hash for r in runs])
        losses.append([found[r.hash]["result"]["measurements"]["training loss"] for r in runs])
    assert losses[0] == losses[1]
    assert losses[0][0] != losses[0][1]
