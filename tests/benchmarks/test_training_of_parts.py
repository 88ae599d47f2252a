"""Runs with β-LASSO, dropout, a searched policy and permuted pixels, from start to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from run_makers import make_run, member_of
from torch._subclasses.fake_tensor import FakeTensorMode

from benchmarks.data.dataset import Dataset, Split, build
from benchmarks.data.images import FastAutoAugment
from benchmarks.errors import UserError
from benchmarks.models import Deep, Model, Shallow, ThreeFC
from benchmarks.objectives import Objective
from benchmarks.optimizers import BetaLassoSGD
from benchmarks.penalties import NonZeros
from benchmarks.run import Run
from benchmarks.schedules import Cosine
from benchmarks.training import loop

CPU = torch.device("cpu")
POLICY = FastAutoAugment(padding=2, cutout=8)


@pytest.fixture(scope="module")
def small() -> Dataset:
    """96 training and 32 test images of 16×16, noise in ten classes."""
    random = np.random.default_rng(5)

    def split(count: int) -> Split:
        pixels = random.integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)
        return Split(pixels, random.integers(0, 10, count))

    return build("small", tuple("abcdefghij"), {"train": split(96), "test": split(32)})


def a_run(data: Dataset, model: Model, seed: int = 1, **parts: Any) -> Run:
    """Four epochs of three steps, strong λ, so that weights fall to zero."""
    run = make_run(seed=seed, dataset=data.name, data_digest=data.digest, epochs=4, batch_size=32)
    optimizer = BetaLassoSGD(lam_conv="0.001", lam_fc="0.0005", beta=20, momentum="0.5")
    chosen: dict[str, Any] = {
        "model": model,
        "optimizer": optimizer,
        "objective": Objective(penalties=(NonZeros(every=2),)),
        "schedule": Cosine(learning_rate="0.05"),
        "data.augmentation": POLICY,
        **parts,
    }
    for path, part in chosen.items():
        run = run.with_setting(path, part)
    return run


def train(runs: list[Run], data: Dataset, **options: Any) -> list[loop.Outcome]:
    loop.prepare(CPU)
    outcomes = loop.train(runs, data, CPU, **options)
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
    return outcomes


def same(first: loop.Outcome, second: loop.Outcome) -> bool:
    assert first.model is not None
    assert second.model is not None
    ours, theirs = first.model.state_dict(), second.model.state_dict()
    assert first.curves == second.curves
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


MODELS = [
    Shallow(connectivity="fc", alpha=1, dropout="0.5"),
    Deep(connectivity="local", alpha=1, dropout="0.25"),
    ThreeFC(hidden=16, dropout="0.5"),
]


@pytest.mark.parametrize("model", MODELS, ids=["s_fc", "d_local", "3_fc"])
def test_resumed_equals_uninterrupted_and_alone_equals_packed(
    small: Dataset, tmp_path: Path, model: Model
) -> None:
    run, other = a_run(small, model), a_run(small, model, seed=2)
    (alone,) = train([run], small)
    packed, companion = train([run, other], small)
    assert same(alone, packed)
    assert not torch.equal(
        *(outcome.model.classifier.weight for outcome in (packed, companion))  # type: ignore[union-attr]
    )
    leaves = iter([False, True])
    (left,) = train([run], small, checkpoints=tmp_path, should_leave=lambda: next(leaves, False))
    assert not left.finished
    (resumed,) = train([run], small, checkpoints=tmp_path)
    assert len(resumed.sittings) == 2
    assert same(alone, resumed)
    assert alone.measurements == resumed.measurements


def test_non_zeros_are_counted_by_layer_and_over_epochs(small: Dataset) -> None:
    (outcome,) = train([a_run(small, MODELS[0])], small)
    sizes = outcome.measurements["weights by layer"]
    left = outcome.measurements["non-zero weights by layer"]
    assert sizes == [3 * 16**2 * 64, 64 * 24, 24 * 10]
    assert all(0 < some < size for some, size in zip(left[:2], sizes, strict=False))
    total = {"count": sum(sizes) - sum(left), "of": sum(sizes)}
    assert outcome.measurements["zero weights"] == total
    curves = [outcome.curves[f"non-zero weights of {n}"] for n in ("features.conv1", "classifier")]
    assert [[epoch for epoch, _ in curve] for curve in curves] == [[2, 4], [2, 4]]
    assert curves[0][-1][1] == left[0]
    # Of the network itself; biases and batch-norm have no zeros.
    assert (
        outcome.measurements["parameters"] - total["count"]
        == (outcome.measurements["non-zero parameters"])
    )


def test_counting_changes_nothing_else(small: Dataset) -> None:
    counted = a_run(small, MODELS[2])
    plain = counted.with_setting("objective", Objective())
    first, second = train([counted, plain], small)
    assert torch.equal(first.model.classifier.weight, second.model.classifier.weight)  # type: ignore[union-attr]


def test_permuted_pixels_are_the_same_ones_in_training_and_evaluation(
    small: Dataset,
) -> None:
    plain = a_run(small, MODELS[2])
    permuted = plain.with_setting("data.permute_pixels", True)
    assert permuted.hash != plain.hash
    assert "permute_pixels" not in plain.canonical()["data"]
    ours, theirs = (member_of(run, small, CPU).context for run in (permuted, plain))
    pixels = ours.test.pixels[:4]
    before, after = theirs.normalizer(pixels), ours.normalizer(pixels)
    assert not torch.equal(before, after)
    flat, moved = before.flatten(2), after.flatten(2)
    order = ours.normalizer.order
    assert torch.equal(flat[:, :, order], moved)
    assert sorted(order.tolist()) == list(range(16**2))
    other = member_of(a_run(small, MODELS[2], seed=2, **{"data.permute_pixels": True}), small, CPU)
    assert not torch.equal(other.context.normalizer.order, order)


def test_a_dense_network_does_not_notice_permuted_pixels(small: Dataset) -> None:
    """With its first layer's inputs permuted alike, and without augmentation, nothing changes."""
    run = a_run(small, ThreeFC(hidden=16)).with_setting("data.augmentation", {"kind": "none"})
    permuted = run.with_setting("data.permute_pixels", True)
    ours, theirs = (member_of(one, small, CPU) for one in (permuted, run))
    order = ours.context.normalizer.order
    with torch.no_grad():
        weight = theirs.model.features.fc1.weight.view(16, 3, -1)
        ours.model.features.fc1.weight.copy_(weight[:, :, order].flatten(1))
        images = [m.context.normalizer(small_pixels(m)) for m in (ours, theirs)]
        logits = [m.model.eval()(x) for m, x in zip((ours, theirs), images, strict=True)]
    torch.testing.assert_close(*logits)


def small_pixels(member: Any) -> torch.Tensor:
    return member.context.test.pixels


def test_the_policy_augments_alike_image_by_image_and_by_seed() -> None:
    random = np.random.default_rng(0)
    images = torch.from_numpy(random.integers(0, 256, (40, 16, 16, 3), dtype=np.uint8))
    order = random.permutation(40)
    drawn = {n: torch.from_numpy(rows) for n, rows in POLICY.draw(3, 2, order).items()}
    assert {len(rows) for rows in drawn.values()} == {40}
    pixels = images[order]
    whole = POLICY.apply(pixels.clone(), drawn)
    for index in range(40):
        one = slice(index, index + 1)
        alone = POLICY.apply(pixels[one].clone(), {n: rows[one] for n, rows in drawn.items()})
        assert torch.equal(alone, whole[one])
    # Row i belongs to image order[i], whatever the order.
    plain = {n: torch.from_numpy(rows) for n, rows in POLICY.draw(3, 2, np.arange(40)).items()}
    assert torch.equal(POLICY.apply(images.clone(), plain)[order], whole)
    other = {n: torch.from_numpy(rows) for n, rows in POLICY.draw(3, 3, order).items()}
    assert not torch.equal(POLICY.apply(pixels.clone(), other), whole)


def test_the_policy_reads_nothing_on_the_host() -> None:
    """Fake tensors, for which a host read raises, take a device's way."""
    mode = FakeTensorMode()
    drawn = {n: torch.from_numpy(rows) for n, rows in POLICY.draw(3, 2, np.arange(8)).items()}
    fake = {name: mode.from_tensor(rows) for name, rows in drawn.items()}
    with mode:
        assert POLICY.apply(torch.empty((8, 16, 16, 3), dtype=torch.uint8), fake).shape[0] == 8


def test_the_square_without_content() -> None:
    """Full inside, cut off at the border, as wide as it is high; filled with one colour."""
    black = torch.zeros((200, 16, 16, 3), dtype=torch.uint8)
    settings = FastAutoAugment(padding=1, cutout=4)
    drawn = {n: torch.from_numpy(v) for n, v in settings.draw(0, 0, np.arange(200)).items()}
    drawn["number"].zero_()
    filled = settings.apply(black, drawn)[..., 0] == 125
    heights, widths = filled.any(2).sum(1), filled.any(1).sum(1)
    assert (filled.sum((1, 2)) == heights * widths).all()
    assert heights.max() == widths.max() == 4
    assert heights.min() == widths.min() == 2
    assert torch.equal(settings.replace(cutout=0).apply(black, drawn), black)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"policy": "none"}, "policy: 'none' is none of"), ({"cutout": "-1"}, "cutout")],
)
def test_bad_settings_are_one_line(settings: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        FastAutoAugment(**settings)


# Training loss, the norm of all weights and the weights left in the first layer, after three
# updates. A changed value makes other runs under old names: see tests/benchmarks/test_loop.py.
GOLDEN_STEPS = [2.574159, 10.782631, 20894]


def test_three_updates_are_frozen(small: Dataset) -> None:
    run = a_run(small, MODELS[0]).with_setting("procedure.phases.train.epochs", 1)
    (outcome,) = train([run], small)
    assert outcome.model is not None
    norm = sum(p.square().sum() for p in outcome.model.parameters()).sqrt().item()  # type: ignore[union-attr]
    found = [
        outcome.measurements["training loss"],
        norm,
        outcome.measurements["non-zero weights by layer"][0],
    ]
    assert found == pytest.approx(GOLDEN_STEPS, rel=1e-4)


def test_golden_hashes() -> None:
    """Never edit one; see test_run.py."""
    run = make_run(seed=0)
    paths = {
        "policy": ("data.augmentation", FastAutoAugment()),
        "permuted": ("data.permute_pixels", True),
        "counted": ("objective", Objective(penalties=(NonZeros(),))),
    }
    found = {name: run.with_setting(*change).hash for name, change in paths.items()}
    assert found == {
        "policy": "8ea06be9ebdc24f9",
        "permuted": "552fcf38dd86b3a6",
        "counted": "85124bfcf2e59fd8",
    }
