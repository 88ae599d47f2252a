"""Beginning with a published network's weights, and windows of larger images."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from run_makers import make_run, normalizer_of
from torchvision.models import resnet18

from benchmarks.data import Source
from benchmarks.data.crop_flip import CropFlip
from benchmarks.data.dataset import Dataset, Split, build
from benchmarks.data.images import Images
from benchmarks.errors import UserError
from benchmarks.models import CifarResNet, TorchvisionResNet
from benchmarks.procedures import Procedure, StartFromFile, Train
from benchmarks.run import Run
from benchmarks.training import loop
from benchmarks.training.batches import Normalizer
from benchmarks.weights import catalogue, state

NAME = "torchvision-resnet18"
CPU = torch.device("cpu")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with ResNet-18's state, as in old files without batch-norm's counters."""
    root = tmp_path_factory.mktemp("data")
    (root / "weights").mkdir()
    torch.manual_seed(0)
    state = resnet18(weights=None).state_dict()
    old = {n: value for n, value in state.items() if not n.endswith("num_batches_tracked")}
    torch.save(old, root / "weights" / f"{NAME}.pth")
    return root


@pytest.fixture
def registered(published: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Whose sum is the published one."""
    entry = catalogue.WEIGHTS[NAME]
    sum = f"sha256:{digest(published / 'weights' / f'{NAME}.pth')[:8]}"
    file = Source(entry.sources[0].name, entry.sources[0].url, sum)
    monkeypatch.setitem(catalogue.WEIGHTS, NAME, dataclasses.replace(entry, sources=(file,)))
    return published


def photographs() -> Dataset:
    """Eight training and four test images of 40×40 in three classes."""
    random = np.random.default_rng(1)
    splits = {
        name: Split(
            random.integers(0, 256, (count, 40, 40, 3), dtype=np.uint8), np.arange(count) % 3
        )
        for name, count in (("train", 8), ("test", 4))
    }
    return build("photographs", ("a", "b", "c"), splits)


def fine_tuning(data: Dataset, weights: StartFromFile) -> Run:
    run = make_run(seed=2, dataset=data.name, data_digest=data.digest, learning_rate="0.001")
    images = Images(
        name=data.name,
        identity=data.digest,
        augmentation=CropFlip(padding=0, cut=8),
        window=32,
    )
    phases = (weights, Train(epochs=1, batch_size=8))
    return run.replace(
        data=images, model=TorchvisionResNet(), procedure=Procedure(phases=phases)
    ).with_setting("schedule.milestones", ())


def test_a_run_starts_from_the_file_and_keeps_its_own_classifier(registered: Path) -> None:
    loop.prepare(CPU)
    data = photographs()
    run = fine_tuning(data, StartFromFile(weights=NAME))

    def file_of(name: str, checksum: str) -> dict[str, torch.Tensor]:
        return state.read(name, checksum, registered)

    (outcome,) = loop.train([run], data, CPU, file_of=file_of)
    assert outcome.error is None, outcome.traceback
    assert outcome.model is not None
    assert outcome.measurements["test accuracy"]["of"] == 4
    given = torch.load(registered / "weights" / f"{NAME}.pth", weights_only=True)
    found = outcome.model.state_dict()
    moved = (found["conv1.weight"] - given["conv1.weight"]).abs().max()
    assert 0 < moved < 0.05
    own = run.model.build(3, 32, seed=run.seed).state_dict()["fc.weight"]
    assert (found["fc.weight"] - own).abs().max() < 0.05
    assert outcome.measurements["multiply-adds"] < 40_000_000  # of 32×32 pixels, not 40×40


def test_weights_that_are_not_the_ones(registered: Path, tmp_path: Path) -> None:
    data = photographs()
    phase = StartFromFile(weights=NAME)
    with pytest.raises(UserError, match=f"no weights {NAME} under .*data get {NAME}"):
        state.check_there(NAME, tmp_path)
    with pytest.raises(UserError, match="is not the file with sha256:00"):
        state.read(NAME, "sha256:00", registered)
    run = fine_tuning(data, phase).replace(model=CifarResNet(depth=8))
    (outcome,) = loop.train(
        [run], data, CPU, file_of=lambda name, sum: state.read(name, sum, registered)
    )
    assert f"{NAME} is of another network than the run's" in str(outcome.error)
    (outcome,) = loop.train([fine_tuning(data, phase)], data, CPU)
    assert isinstance(outcome.error, UserError)


def test_the_name_of_the_file_is_part_of_the_run() -> None:
    assert StartFromFile(weights=NAME).canonical()["checksum"] == "sha256:5c106cde"
    assert StartFromFile(weights="torchvision-resnet50-v0.8").checksum == "sha256:19c8e357"
    for settings_, message in (
        ({"weights": "keras-vgg16"}, "'keras-vgg16' is none of torchvision-"),
        ({"weights": NAME, "checksum": "sha256:12345678"}, "is none of sha256:5c106cde"),
    ):
        with pytest.raises(UserError, match=message):
            StartFromFile(**settings_)


@settings(max_examples=20)
@given(epoch=st.integers(0, 300), cut=st.integers(1, 9), padding=st.integers(0, 3))
def test_windows_are_parts_of_the_padded_image(epoch: int, cut: int, padding: int) -> None:
    part, side = CropFlip(padding=padding, cut=cut), 12
    order = np.random.default_rng(epoch).permutation(5)
    drawn = part.draw(3, epoch, order)
    pixels = np.random.default_rng(epoch).integers(0, 256, (5, side, side, 3), dtype=np.uint8)
    rows = {name: torch.from_numpy(values) for name, values in drawn.items()}
    found = part.apply(torch.from_numpy(pixels.copy()), rows).numpy()
    around = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    padded = np.pad(pixels, around)
    for index, (top, left) in enumerate(zip(drawn["top"], drawn["left"], strict=True)):
        window = padded[index, top : top + side - cut, left : left + side - cut]
        flipped = window[:, ::-1] if drawn["mirrored"][index] else window
        assert np.array_equal(found[index], flipped)


def test_what_is_evaluated_is_the_middle() -> None:
    data = photographs()
    run = make_run(seed=0, dataset=data.name, data_digest=data.digest)
    pixels = torch.from_numpy(np.array(data.test.images))
    whole = normalizer_of(run, data, CPU)(pixels)
    middle = Normalizer("channel", data, CPU, side=32)(pixels)
    assert torch.equal(middle, whole[:, :, 4:36, 4:36])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window": 300}, "window is 300, and images of cub200 have 256"),
        ({"window": 224, "augmentation": CropFlip(padding=0, cut=8)}, "augmentation cuts 8 off"),
    ],
)
def test_windows_that_do_not_fit(changes: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Images(name="cub200", **changes)
