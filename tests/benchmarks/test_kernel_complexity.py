"""The penalty of complexity in networks with groups of channels, against autograd."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.models import supports
from benchmarks.penalties import KernelComplexity


def test_a_kernel_of_a_group_sees_a_share_of_the_layer_before() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 6, 3, groups=2)).double()
    widths = net[0].weight.flatten(1).norm(dim=1).sum()
    sides = [torch.tensor(supports.rings(3, "half_ring")) <= n for n in (1, 2, 3)]
    sizes = [sum(c.weight[:, :, s].flatten(1).norm(dim=1) for s in sides) for c in net]
    expected = 36 * 3 * sizes[0].square().sum() + 16 * widths / 2 * sizes[1].square().sum()
    weights = [layer.weight for layer in net]
    wanted = torch.autograd.grad(0.3 * expected, weights)
    attached = KernelComplexity(alpha="0.3", side=6).attach(net)
    attached.add_gradients()
    assert attached.measurements()["kernel complexity penalty"] == pytest.approx(
        float(expected.detach())
    )
    for weight, gradient in zip(weights, wanted, strict=True):
        torch.testing.assert_close(weight.grad, gradient)
