"""What CONTRIBUTING asks of whatever takes part in a step, of every registered part.

On fake tensors there are no values, so that whatever reads one on the host raises.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from benchmarks.data.augmentation import Augmentation
from benchmarks.optimizers import Optimizer
from benchmarks.parts import kinds, made
from benchmarks.run import Run  # loads every room's parts

assert Run
AUGMENTATIONS, OPTIMIZERS = sorted(kinds(Augmentation)), sorted(kinds(Optimizer))


def drawn_rows(part: Augmentation, seed: int, epoch: int, size: int) -> dict[str, torch.Tensor]:
    order = np.random.default_rng(seed % 2**32).permutation(size)
    drawn = part.draw(seed, epoch, order)
    assert all(len(rows) == size for rows in drawn.values())
    return {name: torch.from_numpy(rows) for name, rows in drawn.items()}


@pytest.mark.parametrize("kind", AUGMENTATIONS)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**63 - 1), epoch=st.integers(0, 200))
def test_a_batch_is_augmented_as_its_images_are(kind: str, seed: int, epoch: int) -> None:
    part = made(Augmentation, kind)
    pixels = torch.from_numpy(
        np.random.default_rng(epoch).integers(0, 256, (7, 16, 16, 3), dtype=np.uint8)
    )
    drawn = drawn_rows(part, seed, epoch, 7)
    batch = part.apply(pixels.clone(), drawn)
    assert batch.dtype == torch.uint8
    assert batch.shape == pixels.shape
    for index in range(7):
        row = slice(index, index + 1)
        one = part.apply(pixels[row].clone(), {n: rows[row] for n, rows in drawn.items()})
        assert torch.equal(batch[row], one)


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_an_augmentation_reads_nothing_back(kind: str) -> None:
    part = made(Augmentation, kind)
    drawn = drawn_rows(part, 1, 0, 7)
    with FakeTensorMode(allow_non_fake_inputs=False) as mode:
        rows = {name: mode.from_tensor(values) for name, values in drawn.items()}
        pixels = torch.zeros(7, 16, 16, 3, dtype=torch.uint8)
        assert part.apply(pixels, rows).shape == pixels.shape


def optimizers() -> list[Optimizer]:
    """One of each kind, and the variants of SGD."""
    variants: list[dict[str, str]] = [
        {"kind": "sgd", "lr_placement": "inside", "bias_lr_factor": "2"},
        {"kind": "beta_lasso", "momentum": "0.9", "scale_by_lr": "true"},
    ]
    return [made(Optimizer, each) for each in (*OPTIMIZERS, *variants)]


@pytest.mark.parametrize("settings", optimizers(), ids=str)
def test_a_rate_may_be_a_number_or_a_tensor(settings: Optimizer) -> None:
    """With the same result to rounding, and parameters and state where they were."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 2))
    models = model, copy.deepcopy(model)
    decay = {"0.weight": torch.rand(1, 1, 3, 3, dtype=torch.float64)}
    updates = [settings.build(each, decay) for each in models]
    before = [parameter.data_ptr() for each in models for parameter in each.parameters()]
    images = torch.randn(8, 3, 4, 4)
    for rate in (0.1, 0.03, 0.03):
        for each, update, lr in zip(models, updates, (rate, torch.tensor(rate)), strict=True):
            each(images).square().sum().backward()
            update.step(lr)
    for first, second in zip(*(each.parameters() for each in models), strict=True):
        torch.testing.assert_close(first, second)
    assert before == [parameter.data_ptr() for each in models for parameter in each.parameters()]
