"""Images that are decoded while a run trains: the same numbers as if all were at hand."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from run_makers import make_run

from benchmarks.data import catalogue, store
from benchmarks.data.crop_flip import COLOURS, CropFlip
from benchmarks.data.dataset import Dataset, Split
from benchmarks.data.folder_index import make_index
from benchmarks.data.images import FolderImages, Images
from benchmarks.errors import UserError
from benchmarks.procedures import LinearSVM, Procedure, Train
from benchmarks.run import Run, from_canonical
from benchmarks.training import checkpoint, loop, streaming

CPU = torch.device("cpu")
INFO = replace(catalogue.folder("folder:tiny"), side=40)
CLASSES, TRAIN, TEST = 3, 9, 2


def write_images(folder: Path) -> Path:
    """JPEG files of many sizes in torchvision's layout."""
    random = np.random.default_rng(0)
    for split, count in (("train", TRAIN), ("val", TEST)):
        for label in range(CLASSES):
            place = folder / split / f"class{label}"
            place.mkdir(parents=True)
            for number in range(count):
                height, width = random.integers(30, 70, 2)
                pixels = random.integers(0, 120, (height, width, 3))
                pixels[..., label] += 120
                image = Image.fromarray(pixels.astype(np.uint8))
                image.save(place / f"{number}.JPEG", quality=90)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("images"))


@pytest.fixture
def dataset(folder: Path, tmp_path: Path) -> Dataset:
    make_index(INFO, folder, tmp_path / "data")
    return store.read(tmp_path / "data", INFO.store)


def run_on(dataset: Dataset, **settings: object) -> Run:
    """Two epochs of four updates on windows of 32², a fifth of the images held out."""
    run = make_run(seed=4, width_multiplier="0.0625", lr_milestones=(1,))
    data = FolderImages(
        name="folder:tiny",
        identity=dataset.identity,
        classes=CLASSES,
        train=CLASSES * TRAIN,
        test=CLASSES * TEST,
        augmentation=CropFlip(padding=0, cut=8),
        window=32,
        test_views="ten",
        held_out=5,
    )
    train = Train(epochs=2, batch_size=6, evaluate_every=1, top=2)
    phases = (train.replace(**settings), LinearSVM(images=20))
    return run.replace(data=data, procedure=Procedure(phases=phases))


def trained(run: Run, dataset: Dataset, **options: object) -> loop.Outcome:
    loop.prepare(CPU)
    (outcome,) = loop.train([run], dataset, CPU, **options)  # type: ignore[arg-type]
    assert outcome.error is None, outcome.traceback
    return outcome


def same(first: loop.Outcome, second: loop.Outcome) -> None:
    assert first.finished
    assert second.finished
    assert (first.measurements, first.curves) == (second.measurements, second.curves)
    assert first.model is not None
    assert second.model is not None
    states = first.model.state_dict(), second.model.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_streamed_equals_resident_whatever_the_number_of_workers(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training, ten-crop tests, held-out images and features."""
    splits = [Split(np.array(s.images), s.labels) for s in (dataset.train, dataset.test)]
    resident = Dataset(
        dataset.name, dataset.classes, *splits, dataset.mean, dataset.std, dataset.digest
    )
    run = run_on(dataset)
    whole = trained(run, resident)
    monkeypatch.setattr(streaming, "PORTION", 4)
    for workers in ("0", "2"):
        monkeypatch.setenv(streaming.VARIABLE, workers)
        same(trained(run, dataset), whole)
        assert not multiprocessing.active_children()
    assert {"validation accuracy", "test top-2 accuracy", "svm accuracy"} <= set(whole.measurements)
    assert whole.measurements["test accuracy"]["of"] == CLASSES * TEST


def test_the_shorter_side_may_be_resized_instead(dataset: Dataset) -> None:
    """Then a square in the middle of the file is seen, as it is where it has the size already."""
    found = dataset.resized("shorter side")
    files = found.train.images
    for place in (0, 5):
        with Image.open(files.path(place)) as picture:
            width, height = picture.size
            side = min(width, height)
            left, top = (width - side) // 2, (height - side) // 2
            square = picture.crop((left, top, left + side, top + side)).resize((40, 40))
        assert np.abs(np.asarray(square, dtype=int).mean() - files[place : place + 1].mean()) < 3
        kept = replace(files, side=side).read(place)
        with Image.open(files.path(place)) as picture:
            whole = np.asarray(picture)[:, :, :3]
        # Half a pixel off the middle of an odd rest is interpolated.
        if not ((width - side) | (height - side)) % 2:
            assert np.array_equal(kept, whole[top : top + side, left : left + side])
    assert not np.array_equal(files[:2], dataset.train.images[:2])
    run = run_on(dataset)
    changed = run.replace(data=run.data.replace(resizing="shorter side"))
    assert changed.hash != run.hash
    assert from_canonical(changed.canonical()) == changed
    with pytest.raises(UserError, match="cifar10 are stored at their size: resizing is squash"):
        Images(name="cifar10", resizing="shorter side")


def test_colours_are_shifted_alike_in_all_pixels_of_an_image() -> None:
    """By normal multiples of ILSVRC12's components; nothing is flipped where that is off."""
    order = np.random.default_rng(0).permutation(2_000)
    part = CropFlip(padding=0, cut=2, flips=False, colours="0.1")
    drawn = part.draw(3, 1, order)
    assert not drawn["mirrored"].any()
    _, (first, *_) = zip(*COLOURS, strict=True)
    along = drawn["colours"] / 255 @ np.array(first) / (0.1 * COLOURS[0][0])
    assert along.std() == pytest.approx(1, abs=0.05)
    assert abs(along.mean()) < 0.1
    pixels = torch.full((6, 5, 5, 3), 128, dtype=torch.uint8)
    rows = {name: torch.from_numpy(values[:6]) for name, values in drawn.items()}
    rows["colours"][5] = 300
    shifted = part.apply(pixels, rows)
    expected = (128 + rows["colours"]).round().clamp(0, 255).to(torch.uint8)
    assert torch.equal(shifted, expected[:, None, None].expand(-1, 3, 3, -1))
    plain = CropFlip(padding=0, cut=2).draw(3, 1, order)
    assert "colours" not in plain
    assert np.array_equal(plain["top"], drawn["top"])


def test_a_run_goes_on_within_an_epoch(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after its second update, it repeats none of them."""
    monkeypatch.setenv(streaming.VARIABLE, "0")
    run = run_on(dataset)
    whole = trained(run, dataset)
    monkeypatch.setattr(checkpoint, "SAVE_POINT_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "LONGEST_SECONDS", 0.0)
    stops = iter([False, True])
    stopped = trained(run, dataset, checkpoints=tmp_path, should_stop=lambda: next(stops))
    assert not stopped.finished
    state = checkpoint.load(tmp_path / f"{run.hash}.ckpt")
    assert state is not None
    assert (state["epoch"], state["work"]["done"]) == (0, 2)
    steps: list[int] = []
    resumed = trained(
        run, dataset, checkpoints=tmp_path, on_progress=lambda p: steps.append(p.images_seen)
    )
    same(resumed, whole)
    assert max(steps) == 2 * 22 - 2 * 6  # of both epochs, without the two updates of before


def test_a_file_that_is_lost_while_a_run_trains_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_images(tmp_path / "images")
    make_index(INFO, folder, tmp_path / "data")
    dataset = store.read(tmp_path / "data", INFO.store)
    (folder / "train" / "class1" / "3.JPEG").write_bytes(b"no image")
    loop.prepare(CPU)
    for workers in ("0", "1"):
        monkeypatch.setenv(streaming.VARIABLE, workers)
        (outcome,) = loop.train([run_on(dataset)], dataset, CPU)
        assert isinstance(outcome.error, UserError)
        assert "class1/3.JPEG is not a readable image" in str(outcome.error)
        assert "\n" not in str(outcome.error)


def test_ten_views_are_the_corners_and_the_middle_with_their_mirror_images() -> None:
    side = 9
    grid = torch.arange(side * side).reshape(1, side, side, 1).expand(1, side, side, 3)
    views = Images(name="cifar10", window=4, test_views="ten").views(grid)
    corners = [int(view[0, 0, 0, 0]) for view in views[:5]]
    assert corners == [0, 5, 5 * side, 5 * side + 5, 2 * side + 2]
    assert all(torch.equal(a, b.flip(2)) for a, b in zip(views[:5], views[5:], strict=True))
    assert all(view.shape == (1, 4, 4, 3) for view in views)
