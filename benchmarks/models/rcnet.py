"""RCNet, the CIFAR ResNet of ACNet's code; "RCNet-10" of Table VII (L-23)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchmarks.models.model import NormedModel
from benchmarks.parts import Count, Part

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.models.branches import BranchBlock, Norm

WIDTHS = (16, 32, 64)


class Block(Part, frozen=True):
    """What stands where the network has a 3×3 convolution."""

    def branches(self, channels: int, width: int, stride: int) -> dict[str, nn.Conv2d]:
        """Convolutions of one input whose outputs are added; the largest first."""
        from torch import nn

        return {"square": nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)}

    def build(self, channels: int, width: int, stride: int, norm: Norm) -> BranchBlock:
        """The block, with batch-norms that ``norm`` makes."""
        from benchmarks.models.branches import BranchBlock

        return BranchBlock(self.branches(channels, width, stride), norm)


class PlainBlock(Block, tag="conv", frozen=True):
    """The 3×3 convolution alone."""


class BranchedBlock(Block, frozen=True):
    """Several convolutions.

    Attributes:
        norms: a batch-norm a branch (ACNet's "wBN") or one after the sum ("w/oBN", L-25).
    """

    norms: Literal["per_branch", "shared"] = "per_branch"

    def build(self, channels: int, width: int, stride: int, norm: Norm) -> BranchBlock:
        from benchmarks.models.branches import BranchBlock

        branches = self.branches(channels, width, stride)
        return BranchBlock(branches, norm, shared_norm=self.norms == "shared")


class AsymmetricBlock(BranchedBlock, tag="acb", frozen=True):
    """3×3, 3×1 and 1×3: ACNet's asymmetric block."""

    def branches(self, channels: int, width: int, stride: int) -> dict[str, nn.Conv2d]:
        from torch import nn

        def strip(kernel: tuple[int, int], padding: tuple[int, int]) -> nn.Conv2d:
            return nn.Conv2d(channels, width, kernel, stride, padding, bias=False)

        strips = {"vertical": strip((3, 1), (1, 0)), "horizontal": strip((1, 3), (0, 1))}
        return super().branches(channels, width, stride) | strips


class SquareBlock(BranchedBlock, tag="square", frozen=True):
    """Three 3×3 convolutions, two of which stand in for the strips: STRIP-Reg's.

    Attributes:
        initialization: "scaled" starts the branches that stand in for strips at twice the drawn
            weights on the strip's cells and at half of them elsewhere. 3·2 + 6/2 = 9 keeps the
            expected sum of magnitudes, while the mean variance grows by 13.5/9 (L-26, L-28).
    """

    initialization: Literal["default", "scaled"] = "default"

    def branches(self, channels: int, width: int, stride: int) -> dict[str, nn.Conv2d]:
        from benchmarks.models.branches import StripConv2d

        sides = {"vertical": "column", "horizontal": "row"}
        strips = {name: StripConv2d(channels, width, side, stride) for name, side in sides.items()}
        return super().branches(channels, width, stride) | strips


class RCNet10(NormedModel, tag="rcnet10", frozen=True):
    """RCNet: a 3×3 stem, three stages of residual blocks, a mean and a dense layer, see
    :class:`benchmarks.models.networks.Residual`.

    32×32 images end in (N, 64, 8, 8). All 3×3 convolutions, the stem's too, are blocks of one kind;
    the 1×1 projections, which ACNet leaves as they are, never are. With ``block_counts`` of 1-1-1
    it has 78,042 parameters, 128,442 with blocks of ACNet's and 227,322 with STRIP-Reg's.

    Attributes:
        block_counts: residual blocks of each of the three stages.
    """

    block: Block = PlainBlock()
    block_counts: tuple[Count, ...] = (1, 1, 1)

    def fault(self) -> str | None:
        if len(self.block_counts) != len(WIDTHS):
            return f"block_counts must be {len(WIDTHS)} numbers, not {self.block_counts}"
        return None

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from torch import nn

        from benchmarks.models import pointwise
        from benchmarks.models.branches import BranchBlock
        from benchmarks.models.networks import Residual

        def convolution(channels: int, width: int, stride: int) -> nn.Module:
            return self.block.build(channels, width, stride, self.norm)

        def projection(channels: int, width: int, stride: int) -> nn.Module:
            point = pointwise.convolution(channels, width, 1, stride, bias=False)
            return BranchBlock({"point": point}, self.norm)

        widths = [self.width(nominal) for nominal in WIDTHS]
        # Blocks have batch-norms of their own.
        return Residual(classes, widths, self.block_counts, convolution, projection, nn.Identity)

    def build(self, classes: int, side: int = 32, *, seed: int) -> nn.Module:
        from benchmarks.models.branches import scale_strips

        network = super().build(classes, side, seed=seed)
        if isinstance(self.block, SquareBlock) and self.block.initialization == "scaled":
            scale_strips(network)
        return network
