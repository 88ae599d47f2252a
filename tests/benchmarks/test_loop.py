"""The loop: frozen numbers, resuming, packs, failures."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from run_makers import batches_of, changed, correct_of, losses_of, make_run, normalizer_of

from benchmarks.data.dataset import Dataset
from benchmarks.procedures import Procedure
from benchmarks.run import Run
from benchmarks.training import checkpoint, loop
from benchmarks.training.batches import EpochBatches
from benchmarks.training.placed_splits import ResidentSplit
from benchmarks.training.step import Step

CPU = torch.device("cpu")
GOLDEN_STEPS = [2.558907, 1.565954, 1.221839, 0.7958952, 1.433113, 0.7498277]


@pytest.fixture(autouse=True)
def _prepared() -> None:
    loop.prepare(CPU)


def weights_digest(model: torch.nn.Module) -> str:
    """SHA-256 over all weights and statistics."""
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return digest.hexdigest()


def train(run: Run, data: Dataset, **options: object) -> loop.Outcome:
    return loop.train([run], data, CPU, **options)[0]  # type: ignore[arg-type]


def trained(run: Run, data: Dataset, **options: object) -> str:
    outcome = train(run, data, **options)
    assert outcome.finished, outcome.error
    assert outcome.model is not None
    return weights_digest(outcome.model)


def test_batches_are_frozen(noise: Dataset, short_run: Run) -> None:
    """Order, flips and normalised pixels of an epoch: exact on every machine."""
    split = ResidentSplit(noise.train, CPU)
    digest = hashlib.sha256()
    for pixels, labels in batches_of(short_run, split, normalizer_of(short_run, noise, CPU), 2):
        digest.update((pixels * 4096).round().to(torch.int32).contiguous().numpy().tobytes())
        digest.update(labels.numpy().tobytes())
    assert digest.hexdigest()[:16] == "6b37de25f3fde9eb"


def test_three_steps_are_frozen(noise: Dataset, short_run: Run) -> None:
    """What three updates come to, to the accuracy that survives another machine.

    Decay is strong here so that a changed factor, convention or rate shows. A change of model,
    regulariser, loop or data fails this test; raise that part's protocol version with it.
    """
    run = changed(
        short_run,
        width_multiplier="1",
        epochs=1,
        gamma="1.6",
        eta="2.4",
        learning_rate="0.01",
        weight_decay="5",
        dense_weight_decay="2",
    )
    outcome = train(run, noise)
    assert outcome.model is not None
    weight = outcome.model.features.conv5.weight.detach()  # type: ignore[union-attr]
    found = [
        losses_of(outcome)[0],
        *(float(weight[..., i, j].norm()) for i, j in ((1, 1), (1, 0), (0, 0))),
        float(outcome.model.classifier.weight.detach().norm()),  # type: ignore[union-attr]
        float(outcome.model.features.norm5.running_var.mean()),  # type: ignore[union-attr]
    ]
    assert found == pytest.approx(GOLDEN_STEPS, rel=2e-4)


def test_flips_mirror_left_and_right(noise: Dataset, short_run: Run) -> None:
    split = ResidentSplit(noise.train, CPU)
    normalizer = normalizer_of(short_run, noise, CPU)
    plain = changed(short_run, augmentation="none")
    flipped = 0
    for (pixels, _), (original, _) in zip(
        batches_of(short_run, split, normalizer, 0),
        batches_of(plain, split, normalizer, 0),
        strict=True,
    ):
        for image, source in zip(pixels, original, strict=True):
            mirrored = torch.equal(image, source.flip(2))
            assert mirrored or torch.equal(image, source)
            flipped += mirrored
    assert 50 < flipped < 110


@pytest.mark.parametrize(("reading", "sizes"), [("keep", [64, 64, 32]), ("drop", [64, 64])])
def test_last_batch(noise: Dataset, short_run: Run, reading: str, sizes: list[int]) -> None:
    run = changed(short_run, last_batch=reading)
    batches = batches_of(run, ResidentSplit(noise.train, CPU), normalizer_of(run, noise, CPU), 0)
    assert [len(labels) for _, labels in batches] == sizes


@pytest.mark.parametrize("reading", ["channel", "half", "unit"])
def test_normalization(noise: Dataset, short_run: Run, reading: str) -> None:
    run = changed(short_run, normalization=reading)
    pixels = torch.from_numpy(np.array(noise.train.images))
    normalized = normalizer_of(run, noise, CPU)(pixels)
    assert normalized.shape == (160, 3, 32, 32)
    assert normalized.is_contiguous(memory_format=torch.channels_last)
    scaled = pixels.permute(0, 3, 1, 2).double() / 255
    if reading == "channel":
        assert normalized.double().mean((0, 2, 3)).abs().max() < 1e-5
        assert (normalized.double().std((0, 2, 3), correction=0) - 1).abs().max() < 1e-5
    else:
        expected = scaled if reading == "unit" else 2 * scaled - 1
        torch.testing.assert_close(normalized.double(), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("precision", "stops", "epoch_images"),
    [("float32", (1, 4, 5), 0), ("float32", (4,), 100), ("bf16", (4,), 0)],
    ids=["float32", "short epochs", "bf16"],
)
def test_resumed_equals_uninterrupted(
    noise: Dataset,
    short_run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    precision: str,
    stops: tuple[int, ...],
    epoch_images: int,
) -> None:
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)
    run = changed(short_run, precision=precision, epoch_images=epoch_images)
    whole = trained(run, noise)
    for stop_after in stops:
        folder = tmp_path / str(stop_after)
        steps = iter(range(1, 100))
        stopped = train(
            run, noise, checkpoints=folder, should_stop=lambda s=steps, n=stop_after: next(s) >= n
        )
        assert not stopped.finished
        assert correct_of(stopped) is None
        resumed = train(run, noise, checkpoints=folder, sitting={"commit": "b"})
        assert resumed.model is not None
        assert weights_digest(resumed.model) == whole
        assert [epoch for epoch, _ in resumed.curves["training loss"]] == [1, 2, 3]


def test_phases_go_on_in_the_passes(
    noise: Dataset, short_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Epochs of other lengths do not see an earlier phase's orders and flips again."""
    begun = []
    original = EpochBatches.draw

    def noted(self: EpochBatches, first: int) -> dict[str, np.ndarray]:
        begun.append((first, self.length))
        return original(self, first)

    monkeypatch.setattr(EpochBatches, "draw", noted)
    (phase,) = short_run.procedure.phases
    lengths = [(2, 0), (2, 40), (1, 0)]
    phases = tuple(phase.replace(epochs=e, epoch_images=images) for e, images in lengths)
    [outcome] = loop.train([short_run.replace(procedure=Procedure(phases=phases))], noise, CPU)
    assert begun == [(0, 160), (160, 160), (320, 40), (360, 40), (400, 160)]
    assert outcome.measurements["training accuracy"]["of"] == 160


def test_sittings_are_remembered(
    noise: Dataset, short_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)
    steps = iter(range(1, 100))
    train(
        short_run,
        noise,
        checkpoints=tmp_path,
        sitting={"commit": "a"},
        should_stop=lambda: next(steps) >= 4,
    )
    outcome = train(short_run, noise, checkpoints=tmp_path, sitting={"commit": "b"})
    assert outcome.sittings == (
        {"commit": "a", "from_epoch": 0},
        {"commit": "b", "from_epoch": 1},
    )


def test_companions_do_not_matter(noise: Dataset, short_run: Run) -> None:
    alone = trained(short_run, noise)
    pack = [changed(short_run, seed=8), short_run, changed(short_run, seed=9, epochs=1)]
    outcomes = loop.train(pack, noise, CPU)
    assert [outcome.run for outcome in outcomes] == pack
    assert outcomes[1].model is not None
    assert weights_digest(outcomes[1].model) == alone


def test_one_failing_run_does_not_sink_its_pack(
    noise: Dataset, short_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Step.run

    def failing(self: Step, size: int) -> None:
        if self.member.run.seed == 13 and self.member.epoch == 1:
            raise RuntimeError("a kernel failed")
        original(self, size)

    monkeypatch.setattr(Step, "run", failing)
    bad, good = loop.train([changed(short_run, seed=13), short_run], noise, CPU)
    assert isinstance(bad.error, RuntimeError)
    assert not bad.finished
    assert correct_of(bad) is None
    assert good.finished
    assert good.error is None


def test_a_diverged_run_ends_and_says_so(noise: Dataset, short_run: Run) -> None:
    outcome = train(changed(short_run, learning_rate="1e30", epochs=5), noise)
    assert outcome.finished
    assert outcome.diverged
    assert len(losses_of(outcome)) < 5
    assert correct_of(outcome) is not None


def test_evaluation_epochs(noise: Dataset, short_run: Run) -> None:
    outcome = train(short_run, noise)
    evaluated = outcome.curves["correct test images"]
    assert [epoch for epoch, _ in evaluated] == [2, 3]
    assert outcome.measurements["test accuracy"] == {"count": evaluated[-1][1], "of": 64}


def test_damaged_checkpoints_are_set_aside(
    noise: Dataset, short_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)
    steps = iter(range(1, 100))
    train(short_run, noise, checkpoints=tmp_path, should_stop=lambda: next(steps) >= 4)
    path = tmp_path / f"{short_run.hash}.ckpt"
    path.write_bytes(path.read_bytes()[:-100])
    assert trained(short_run, noise, checkpoints=tmp_path) == trained(short_run, noise)
    assert list(tmp_path.glob("*.damaged"))


@pytest.mark.cifar10
def test_learns_on_real_images(cifar10_root: Path) -> None:
    """60 updates on a fortieth of CIFAR-10 take the test accuracy far above chance."""
    from benchmarks.data import store
    from benchmarks.data.dataset import Split

    data = store.read(cifar10_root, "cifar10")
    part = Dataset(
        data.name,
        data.classes,
        Split(data.train.images[::40], data.train.labels[::40]),
        Split(data.test.images[::10], data.test.labels[::10]),
        data.mean,
        data.std,
        data.digest,
    )
    run = make_run(
        seed=0,
        data_digest=data.digest,
        epochs=3,
        batch_size=64,
        lr_milestones=(2,),
        learning_rate="0.01",
        width_multiplier="0.25",
    )
    outcome = train(run, part)
    correct = correct_of(outcome)
    assert correct is not None
    assert correct > 300  # of 1,000; chance is 100
    losses = losses_of(outcome)
    assert losses == sorted(losses, reverse=True)
