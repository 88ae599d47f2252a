"""Convolutions of one input whose outputs are added: ACNet's block, and STRIP-Reg's. After training
each becomes one convolution, with its batch-norms inside.

Source: Ding et al., "ACNet" (ICCV 2019), section 3; Schneider, "Locality-Promoting Representation
Learning", section III b.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

Norm = Callable[[int], nn.BatchNorm2d]
STRIPS = ("column", "row")


class StripConv2d(nn.Conv2d):
    """A 3×3 convolution that stands in for a strip: "column" (3×1) or "row" (1×3).

    It computes what any 3×3 convolution does; decay and initial weights depend on the strip.

    Attributes:
        cells: those that the strip covers, bool, shape (3, 3). The paper's printed index set leaves
            the grid (L-02).
    """

    def __init__(self, channels: int, width: int, strip: str, stride: int = 1) -> None:
        super().__init__(channels, width, 3, stride=stride, padding=1, bias=False)
        self.strip = strip
        self.cells = torch.zeros(3, 3, dtype=torch.bool, device="cpu")
        self.cells.select(1 - STRIPS.index(strip), 1).fill_(True)


class BranchBlock(nn.Module):
    """The sum of its branches, each with a batch-norm of its own, or with one after the sum.

    Input: (N, channels, s, s). Output: (N, width, s/stride, s/stride). Every branch is centred on
    the same pixel and has no bias (L-16).

    Args:
        branches: convolutions by name, of the same channels, width and stride, padded to keep the
            map; the first is the largest.
        norm: makes a batch-norm of a number of channels.
        shared_norm: one batch-norm after the sum (ACNet's "w/oBN"), not one a branch ("wBN", L-25).
    """

    def __init__(
        self, branches: dict[str, nn.Conv2d], norm: Norm, *, shared_norm: bool = False
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleDict(branches)
        normed = {"sum": next(iter(branches.values()))} if shared_norm else branches
        self.norms = nn.ModuleDict({name: norm(c.out_channels) for name, c in normed.items()})
        self.shares_norm = shared_norm

    def convolutions(self) -> dict[str, nn.Conv2d]:
        """The branches by name."""
        return dict(self.branches.items())  # type: ignore[arg-type]

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, width, s/stride, s/stride) of maps (N, channels, s, s)."""
        if self.shares_norm:
            # The sum of convolutions is the convolution by the sum: one pass instead of three.
            largest, *_ = convolutions = list(self.convolutions().values())
            weight = sum_of_kernels(convolution.weight for convolution in convolutions)
            summed = functional.conv2d(maps, weight, None, largest.stride, largest.padding)
            return self.norms["sum"](summed)
        total: torch.Tensor | None = None
        for name, branch in self.branches.items():
            normed = self.norms[name](branch(maps))
            total = normed if total is None else total.add_(normed)
        assert total is not None
        return total


def sum_of_kernels(weights: Iterable[torch.Tensor]) -> torch.Tensor:
    """Weights (out, in, kh, kw) added, centre on centre; the first is the largest."""
    total, *others = weights
    height, width = total.shape[2:]
    for weight in others:
        down, across = (height - weight.shape[2]) // 2, (width - weight.shape[3]) // 2
        total = total + functional.pad(weight, (across, across, down, down))
    return total


@torch.no_grad()
def scale_strips(model: nn.Module) -> None:
    """Multiply the weights of the branches that stand in for strips by 2 on the strip's cells and
    by 1/2 elsewhere (L-26)."""
    for layer in model.modules():
        if isinstance(layer, StripConv2d):
            layer.weight.mul_(torch.where(layer.cells, 2.0, 0.5))


def merge(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose blocks of branches are single convolutions with a bias.

    Its outputs are those of ``model`` in evaluation mode, up to rounding, and it has the layers of
    the network without branches. A network without blocks comes back as a plain copy; ``model``
    itself is left as it is.
    """
    merged = copy.deepcopy(model).eval()
    for name, module in list(merged.named_modules()):
        if isinstance(module, BranchBlock):
            if not name:
                return merged_convolution(module)
            merged.set_submodule(name, merged_convolution(module))
    return merged


@torch.no_grad()
def merged_convolution(block: BranchBlock) -> nn.Conv2d:
    """The one convolution, with bias, that a block computes in evaluation mode.

    A batch-norm multiplies by s = γ/√(variance + ε) and adds β − s·mean; both are linear, so a
    branch's kernel times s, added over the branches, is the kernel of the whole. Computed in
    float64, given in the block's own precision.
    """
    convolutions = block.convolutions()
    kernels = {name: convolution.weight.double() for name, convolution in convolutions.items()}
    if block.shares_norm:
        kernels = {"sum": sum_of_kernels(kernels.values())}
    weights, biases = [], []
    for name, kernel in kernels.items():
        norm: Any = block.norms[name]
        scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        weights.append(kernel * scale[:, None, None, None])
        biases.append(norm.bias.double() - norm.running_mean.double() * scale)
    merged = copy.deepcopy(next(iter(convolutions.values())))
    own = merged.weight.dtype
    merged.weight = nn.Parameter(sum_of_kernels(weights).to(own))
    merged.bias = nn.Parameter(torch.stack(biases).sum(0).to(own))
    return merged.eval()
