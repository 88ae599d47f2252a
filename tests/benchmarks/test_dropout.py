"""Masks follow from key and count alone."""

from __future__ import annotations

import torch

from benchmarks.models import Shallow
from benchmarks.models.dropout import CountedDropout, keep_mask, mix

MASK = 2**64 - 1


def scalar_mix(word: int) -> int:
    """SplitMix64's finalizer on a Python integer, with its published constants."""
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & MASK
    return word ^ (word >> 31)


def test_words_are_splitmix64s() -> None:
    """Its first outputs from the state 0, and a scalar reference on any words."""
    gamma = 0x9E3779B97F4A7C15
    first = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [scalar_mix(gamma * index & MASK) for index in (1, 2, 3)] == first
    words = torch.randint(-(2**62), 2**62, (1000,), generator=torch.Generator().manual_seed(0)) * 2
    found = [int(word) & MASK for word in mix(words)]
    assert found == [scalar_mix(int(word) & MASK) for word in words]


def test_the_share_and_the_independence_of_masks() -> None:
    size = 200_000
    for share in (0.5, 0.8):
        masks = torch.stack(
            [keep_mask(7, torch.tensor(call), size, share) for call in range(4)]
            + [keep_mask(8, torch.tensor(0), size, share)]
        ).double()
        # Five standard errors of a share, and of a correlation.
        assert (masks.mean(1) - share).abs().max() < 5 * (share * (1 - share) / size) ** 0.5
        correlations = torch.corrcoef(masks) - torch.eye(5)
        assert correlations.abs().max() < 5 / size**0.5
        for shift in (1, 2, 3, 4, 3600):
            pair = torch.stack([masks[0, shift:], masks[0, :-shift]])
            assert torch.corrcoef(pair)[0, 1].abs() < 5 / size**0.5


def test_training_and_evaluation() -> None:
    layer = CountedDropout(0.25)
    layer.key = 3
    ones = torch.ones(64, 1000, requires_grad=True)
    values = layer(ones)
    assert set(values.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    (gradient,) = torch.autograd.grad(values.sum(), ones)
    assert torch.equal(gradient, values)
    assert not torch.equal(layer(ones), values)
    assert layer.calls.item() == 2
    layer.eval()
    assert layer(ones) is ones
    assert layer.calls.item() == 2


def test_a_restored_network_goes_on_with_the_next_mask() -> None:
    settings = Shallow(connectivity="fc", alpha=1, dropout="0.5")
    images = torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    network = settings.build(10, 8, seed=5)
    network(images)
    saved = {name: value.clone() for name, value in network.state_dict().items()}
    expected = network(images)
    other = settings.build(10, 8, seed=5)
    other.load_state_dict(saved)
    assert torch.equal(other(images), expected)
    strange = settings.build(10, 8, seed=6)
    strange.load_state_dict(saved)
    assert not torch.equal(strange(images), expected)
