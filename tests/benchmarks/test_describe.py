"""Observing a network tells what its forward pass really does."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from run_makers import make_run, network
from torch import nn

from benchmarks.models.describe import describe


def test_layers_come_in_the_order_of_execution() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(4, 2)
            self.pool = nn.MaxPool2d(3, stride=2)
            self.deep = nn.Conv2d(6, 4, 1)
            self.norm = nn.BatchNorm2d(6)
            self.act = nn.ReLU()
            self.first = nn.Conv2d(3, 6, (5, 5), stride=2, groups=3, bias=False)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = self.act(self.norm(self.first(images)))
            return self.last(self.deep(self.pool(maps)).mean((2, 3)))

    layers = describe(Backwards, side=15)
    assert [layer.name for layer in layers] == ["first", "pool", "deep", "last"]
    assert [layer.kind for layer in layers] == ["dwconv", "maxpool", "pwconv", "fc"]
    assert [(layer.kernel, layer.stride) for layer in layers] == [(5, 2), (3, 2), (1, 1), (0, 1)]
    assert [(layer.side, layer.out_side) for layer in layers] == [(15, 6), (6, 2), (2, 2), (1, 1)]
    assert [layer.followed_by for layer in layers] == [["bn", "relu"], [], [], []]
    # 6 filters of 1×5×5 on 6×6 places, none, 4 filters of 6 on 2×2 places, 4×2.
    assert [layer.multiply_adds for layer in layers] == [150 * 36, 0, 24 * 4, 8]
    assert [layer.parameters for layer in layers] == [150 + 12, 0, 24 + 4, 8 + 2]


def test_multiply_adds_agree_with_torchs_own_counter() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    for name in ("vgg10", "mobilenet", "resnet10"):
        make = partial(network, make_run(seed=0, model=name), 10)
        with torch.device("meta"):
            model, image = make().eval(), torch.zeros(1, 3, 32, 32)
        with FlopCounterMode(display=False) as counter:
            model(image)
        ours = sum(layer.multiply_adds for layer in describe(make))
        assert counter.get_total_flops() == 2 * ours, name


def test_parameters_that_no_layer_accounts_for_are_not_passed_over() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = nn.Conv2d(3, 2, 3)
            self.scale = nn.Parameter(torch.ones(2))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.convolution(images) * self.scale[:, None, None]

    with pytest.raises(ValueError, match="outside of the layers"):
        describe(Scaled)
