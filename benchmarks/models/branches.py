"""Convolutions of one input whose outputs are added: ACNet's block, and STRIP-Reg's.

Source: Ding et al., "ACNet" (ICCV 2019), section 3; Schneider, "Locality-Promoting Representation
Learning", section III b.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.nn import functional

Norm = Callable[[int], nn.BatchNorm2d]
Kernel = int | tuple[int, int]


class StripConv2d(nn.Conv2d):
    """A 3×3 convolution that stands in for a strip: "column" (3×1) or "row" (1×3).

    It computes what any 3×3 convolution does; decay and initial weights depend on the strip.
    """

    def __init__(self, channels: int, width: int, strip: str, stride: int = 1) -> None:
        super().__init__(channels, width, 3, stride=stride, padding=1, bias=False)
        self.strip = strip


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

    def convolutions(self) -> Iterable[tuple[str, nn.Conv2d]]:
        """The branches by name."""
        for name, branch in self.branches.items():
            assert isinstance(branch, nn.Conv2d)
            yield name, branch

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, width, s/stride, s/stride) of maps (N, channels, s, s)."""
        if self.shares_norm:
            # The sum of convolutions is the convolution by the sum: one pass instead of three.
            largest = next(convolution for _, convolution in self.convolutions())
            weight = sum_of_kernels(convolution.weight for _, convolution in self.convolutions())
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
    first, *others = weights
    height, width = first.shape[2:]
    total = first
    for weight in others:
        down, across = (height - weight.shape[2]) // 2, (width - weight.shape[3]) // 2
        total = total + functional.pad(weight, (across, across, down, down))
    return total


def block(
    kind: str, channels: int, width: int, stride: int, norm: Norm, *, shared_norm: bool = False
) -> BranchBlock:
    """A 3×3 convolution as one of the kinds that Table VII compares.

    Kinds: "conv" (the 3×3 convolution alone), "acb" (3×3, 3×1 and 1×3: ACNet's asymmetric block),
    "square" (three 3×3 convolutions, two of which stand in for the strips: STRIP-Reg's).

    Raises:
        ValueError: for any other kind.
    """

    def convolution(kernel: Kernel, padding: Kernel) -> nn.Conv2d:
        return nn.Conv2d(channels, width, kernel, stride=stride, padding=padding, bias=False)

    branches = {"square": convolution(3, 1)}
    if kind == "acb":
        branches |= {
            "vertical": convolution((3, 1), (1, 0)),
            "horizontal": convolution((1, 3), (0, 1)),
        }
    elif kind == "square":
        branches |= {
            "vertical": StripConv2d(channels, width, "column", stride),
            "horizontal": StripConv2d(channels, width, "row", stride),
        }
    elif kind != "conv":
        raise ValueError(f"a block is conv, acb or square, not {kind!r}")
    return BranchBlock(branches, norm, shared_norm=shared_norm and kind != "conv")


def projection(channels: int, width: int, stride: int, norm: Norm) -> BranchBlock:
    """A 1×1 convolution with batch-norm, which ACNet leaves as it is."""
    return BranchBlock({"point": nn.Conv2d(channels, width, 1, stride=stride, bias=False)}, norm)
