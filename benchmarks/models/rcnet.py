"""Settings of RCNet, the CIFAR ResNet of ACNet's code; "RCNet-10" of Table VII (L-23)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchmarks.models.model import NormedModel
from benchmarks.parts import Count, Part

if TYPE_CHECKING:
    from torch import nn

STAGES = 3


class Block(Part, frozen=True):
    """What stands where the network has a 3×3 convolution."""

    @property
    def shared_norm(self) -> bool:
        """Whether one batch-norm follows the sum of the branches."""
        return False


class PlainBlock(Block, tag="conv", frozen=True):
    """The 3×3 convolution alone."""


class BranchedBlock(Block, frozen=True):
    """Convolutions of one input whose outputs are added.

    Attributes:
        norms: a batch-norm a branch (ACNet's "wBN") or one after the sum ("w/oBN", L-25).
    """

    norms: Literal["per_branch", "shared"] = "per_branch"

    @property
    def shared_norm(self) -> bool:
        """See :attr:`Block.shared_norm`."""
        return self.norms == "shared"


class AsymmetricBlock(BranchedBlock, tag="acb", frozen=True):
    """3×3, 3×1 and 1×3: ACNet's asymmetric block."""


class SquareBlock(BranchedBlock, tag="square", frozen=True):
    """Three 3×3 convolutions, two of which stand in for the strips: STRIP-Reg's.

    Attributes:
        initialization: "scaled" starts the branches that stand in for strips at multiples of the
            same draws (L-26).
    """

    initialization: Literal["default", "scaled"] = "default"


class RCNet10(NormedModel, tag="rcnet10", frozen=True):
    """RCNet.

    Attributes:
        block_counts: residual blocks of each of the three stages.
    """

    block: Block = PlainBlock()
    block_counts: tuple[Count, ...] = (1, 1, 1)

    def fault(self) -> str | None:
        if len(self.block_counts) != STAGES:
            return f"block_counts must be {STAGES} numbers, not {self.block_counts}"
        return None

    def network(self, classes: int, side: int = 32) -> nn.Module:
        """See :meth:`Model.network`."""
        from benchmarks.models.rcnet_network import RCNet
        from benchmarks.parts import kind_of

        return RCNet(
            classes,
            kind=kind_of(type(self.block)),
            block_counts=self.block_counts,
            shared_norm=self.block.shared_norm,
            **self.widths_and_norms,
        )

    def build(self, classes: int, side: int = 32, *, seed: int) -> nn.Module:
        """See :meth:`Model.build`."""
        from benchmarks.models.initialization import scale_strips

        network = super().build(classes, side, seed=seed)
        if isinstance(self.block, SquareBlock) and self.block.initialization == "scaled":
            scale_strips(network)
        return network
