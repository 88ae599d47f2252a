"""Networks of Table II, and their seeded initial weights."""

from __future__ import annotations

import math

import pytest
import torch
from run_makers import build, make_run
from torch import nn

from benchmarks.errors import UserError
from benchmarks.models import VGG10


@pytest.mark.parametrize(("classes", "parameters"), [(10, 4_710_058), (100, 4_756_228)])
def test_vgg10_has_the_published_size(classes: int, parameters: int) -> None:
    model = VGG10().network(classes)
    assert sum(p.numel() for p in model.parameters()) == parameters
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert sum(m.weight.numel() for m in convolutions) == 4_701_024
    assert all(m.bias is None for m in convolutions)


def test_vgg10_follows_table_2() -> None:
    model = VGG10().network(10)
    sizes: list[tuple[int, int, int]] = []

    def note(module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        sizes.append((inputs[0].shape[1], output.shape[1], inputs[0].shape[-1]))

    for module in model.features:
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(note)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert sizes == [
        (3, 32, 32), (32, 64, 16), (64, 64, 16), (64, 128, 8), (128, 128, 8),
        (128, 256, 4), (256, 256, 4), (256, 512, 2), (512, 512, 2),
    ]  # fmt: skip


def test_every_convolution_is_followed_by_batch_norm_and_relu() -> None:
    model = VGG10().network(10).eval()
    stages = [1, 2, 2, 2, 2]
    block = [nn.Conv2d, nn.BatchNorm2d, nn.ReLU]
    expected = [kind for depth in stages for kind in [*block * depth, nn.MaxPool2d]]
    assert [type(module) for module in model.features] == expected
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    maps, lowest = images, []
    with torch.no_grad():
        for module in model.features:
            # A clone: ReLU works in place.
            maps, before = module(maps.clone()), maps
            if isinstance(module, nn.ReLU):
                lowest.append(before.min().item())
                torch.testing.assert_close(maps, before.clamp(min=0))
    assert len(lowest) == 9
    assert max(lowest) < 0, "there was something to cut off at every one"


def test_batch_norm_settings_reach_the_network() -> None:
    run = make_run(seed=0, batch_norm_momentum="0.01", batch_norm_eps="0.001")
    norms = [m for m in build(run, 10).modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 9
    assert {(m.momentum, m.eps) for m in norms} == {(0.01, 0.001)}


def test_unknown_network() -> None:
    with pytest.raises(UserError, match="vgg10"):
        build(make_run(seed=0, model="vgg11"), 10)


@pytest.mark.parametrize(
    ("scheme", "deviation", "largest"),
    [
        ("torch", 1 / math.sqrt(3 * 2304), 1 / math.sqrt(2304)),
        ("he_normal", math.sqrt(2 / 2304), 6 * math.sqrt(2 / 2304)),
        ("glorot_uniform", math.sqrt(2 / (2304 + 4608)), math.sqrt(6 / (2304 + 4608))),
    ],
)
def test_initial_distributions(scheme: str, deviation: float, largest: float) -> None:
    """conv8: 256 → 512 channels, fan-in 2304, fan-out 4608."""
    model = build(make_run(seed=0, initialization=scheme), 10)
    weight = model.features.conv8.weight.detach()
    assert weight.std().item() == pytest.approx(deviation, rel=0.01)
    assert weight.mean().item() == pytest.approx(0, abs=5 * deviation / weight.numel() ** 0.5)
    assert weight.abs().max().item() <= largest * (1 + 1e-6)
    assert (model.classifier.bias.abs().sum() > 0) == (scheme == "torch")


def test_initial_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = build(make_run(seed=5), 10).state_dict()
    torch.manual_seed(2)
    second = build(make_run(seed=5, gamma="1.6", eta="2.4"), 10).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = build(make_run(seed=6), 10).state_dict()
    assert not torch.equal(first["features.conv1.weight"], other["features.conv1.weight"])
