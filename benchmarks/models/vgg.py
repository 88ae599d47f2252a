"""Settings of VGG-10 of the locality paper: Table II, its larger kernels (E3), its expansion (E4).

The network itself: :mod:`benchmarks.models.vgg_network`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from benchmarks.models.model import NormedModel
from benchmarks.parts import Count

if TYPE_CHECKING:
    from torch import nn

# Output channels of the convolutions, stage by stage; every stage ends in a 2×2 max-pool.
STAGES = ((32,), (64, 64), (128, 128), (256, 256), (512, 512))
# E4, larger images: one more convolution and pooling of 32 filters after the first pooling (L-18).
EXPANDED_STAGES = ((32,), *STAGES)


class VGG10(NormedModel, tag="vgg10", frozen=True):
    """VGG-10 of Table II.

    Attributes:
        kernel_sizes: the odd k of each convolution from the first on; empty: 3 throughout.
        head: what leads a last map larger than 1×1 to the dense layer: its mean ("gap") or all of
            it ("flatten").
    """

    stages: ClassVar[tuple[tuple[int, ...], ...]] = STAGES

    kernel_sizes: tuple[Count, ...] = ()
    head: Literal["gap", "flatten"] = "gap"

    def fault(self) -> str | None:
        if any(size % 2 == 0 for size in self.kernel_sizes):
            return f"kernel_sizes must be odd, not {self.kernel_sizes}"
        if self.kernel_sizes and set(self.kernel_sizes) == {3}:
            # One experiment, one name.
            return "kernel_sizes: 3 throughout is the default; leave it empty"
        return None

    def network(self, classes: int, side: int = 32) -> nn.Module:
        """See :meth:`Model.network`."""
        from benchmarks.models.vgg_network import VGG

        return VGG(
            classes,
            stages=self.stages,
            kernel_sizes=self.kernel_sizes,
            side=side,
            head=self.head,
            **self.widths_and_norms,
        )


class ExpandedVGG10(VGG10, tag="vgg10_expanded", frozen=True):
    """VGG-10 with one more convolution and pooling, for larger images (L-18)."""

    stages: ClassVar[tuple[tuple[int, ...], ...]] = EXPANDED_STAGES
