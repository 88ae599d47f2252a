"""1×1 convolutions of few inputs and a stride, which torch alone computes wrongly on some CPUs."""

from __future__ import annotations

from decimal import Decimal

import pytest
import torch
from torch import nn
from torch.nn import functional

from benchmarks.models import CifarResNet, Model, PairedNet, RCNet10, ResNet18
from benchmarks.models.pointwise import VECTOR, StridedPoint


@pytest.mark.parametrize("channels", [3, 4, 7, 8])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_it_is_the_convolution_and_so_are_its_gradients(
    channels: int, layout: torch.memory_format
) -> None:
    """Against float64 in rows, which is computed rightly, many times over."""
    generator = torch.Generator().manual_seed(0)
    layer = StridedPoint(channels, 8, 1, stride=2).to(memory_format=layout)
    for side in (32, 15):
        maps = torch.randn(64, channels, side, side, generator=generator)
        ours = maps.contiguous(memory_format=layout).requires_grad_()
        exact = maps.detach().double().requires_grad_()
        weight = layer.weight.detach().double().requires_grad_()
        expected = functional.conv2d(exact, weight, layer.bias.double(), 2)
        expected.square().sum().backward()
        for _ in range(5):
            layer.zero_grad()
            ours.grad = None
            layer(ours).square().sum().backward()
            torch.testing.assert_close(ours.grad.double(), exact.grad, rtol=1e-4, atol=1e-4)
            torch.testing.assert_close(
                layer.weight.grad.double(), weight.grad, rtol=1e-4, atol=1e-2
            )


@pytest.mark.parametrize(
    "settings",
    [
        ResNet18(width_multiplier=Decimal("0.0625")),
        CifarResNet(depth=8, width_multiplier=Decimal("0.25"), shortcuts="project"),
        PairedNet(width_multiplier=Decimal("0.25"), shortcuts="project"),
        RCNet10(width_multiplier=Decimal("0.25")),
    ],
    ids=lambda settings: type(settings).__name__,
)
def test_narrow_networks_have_no_other_of_the_kind(settings: Model) -> None:
    found = [
        layer
        for layer in settings.build(10, 32, seed=0).modules()
        if isinstance(layer, nn.Conv2d)
        and layer.kernel_size == (1, 1)
        and layer.stride != (1, 1)
        and layer.in_channels < VECTOR
    ]
    assert found
    assert all(isinstance(layer, StridedPoint) for layer in found)
