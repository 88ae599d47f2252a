"""Penalties of the number and the size of convolutional kernels, which choose an architecture.

Source: "Optimal Convolutional Architectures Via Structured Sparsity Regularizers", sections 3.3 to
3.5. A term is α times the sum; layers are the network's convolutions.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from benchmarks.parts import Count, NotNegative
from benchmarks.penalties.term import Attached, Term

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.models.supports import Scheme

SMOOTH = ("l2", "rms", "scaled")


class KernelTerm(Term, frozen=True):
    """What penalties of kernels share.

    Attributes:
        alpha: the weight α of eq. 7.
        norm: of a group of weights, see :class:`benchmarks.penalties.group_norms.GroupNorms`.
        group_weight: by what power of its number of weights a group counts, w of eq. 1.
        solver: "subgrad" adds the gradient, 0 at the kink; "prox" takes the proximal step after
            the update instead, which makes exact zeros; of kernels apart from batch-norm.
        batch_norm: "apart", or "folded": kernels count as batch-norm scales them, times |a|/σ of
            eqs. 30 and 31, where one is registered right behind the convolution.
        leave_out: convolutions with one of these words in their module's path are not penalised.
    """

    alpha: NotNegative = Decimal("0.0001")
    norm: Literal["l2", "rms", "scaled", "literal", "literal_scaled", "linf"] = "l2"
    group_weight: Literal["1", "sqrt", "1/sqrt"] = "1"
    solver: Literal["subgrad", "prox"] = "subgrad"
    batch_norm: Literal["apart", "folded"] = "apart"
    leave_out: tuple[str, ...] = ("shortcut", "downsample")

    def fault(self) -> str | None:
        if self.solver == "prox" and self.batch_norm == "folded":
            return (
                "solver=prox moves kernels alone, which is no proximal step where batch-norm's "
                "weights count too; use solver=subgrad or batch_norm=apart"
            )
        if self.solver == "prox" and not self.is_proximal:
            return (
                "solver=prox is exact for sums of the norms l2, rms and scaled alone; "
                "use solver=subgrad"
            )
        return None

    @property
    def is_proximal(self) -> bool:
        """Whether the term is a plain sum of norms that have a proximal step."""
        return self.norm in SMOOTH and self.batch_norm == "apart"

    @property
    def scheme(self) -> Scheme:
        """Which weights are zeroed together."""
        raise NotImplementedError

    def layers(self, model: nn.Module) -> dict[str, nn.Conv2d]:
        """The convolutions that are penalised, by path.

        Raises:
            UserError: where there is none, or one has no such groups or is no ``Conv2d``.
        """
        from benchmarks.models.convolutions import convolutions

        return convolutions(model, self.scheme, self.leave_out)


class KernelNumber(KernelTerm, tag="kernel_number", frozen=True):
    """Ω₁ of eqs. 12 and 13, the sum of all kernels' norms; ``squared`` is eq. 32, which sums the
    squares of the layers' sums.

    Measurement: "kernel number penalty", without α.
    """

    squared: bool = False

    @property
    def scheme(self) -> Scheme:
        return "kernel"

    @property
    def is_proximal(self) -> bool:
        return super().is_proximal and not self.squared

    def attach(self, model: nn.Module) -> Attached:
        from benchmarks.penalties.kernel_number_size_attached import NumberAttached

        return NumberAttached(model, self)


class KernelSize(KernelTerm, tag="kernel_size", frozen=True):
    """Ω₂ of eqs. 21 and 22, the sum of the norms of nested groups of every kernel; ``squared`` is
    eq. 33, which sums the squares of the kernels' sums.

    Measurement: "kernel size penalty", without α.

    Attributes:
        groups: "half_ring" leaves kernels of any size, "ring" of odd ones.
    """

    groups: Literal["half_ring", "ring"] = "half_ring"
    squared: bool = False

    @property
    def scheme(self) -> Scheme:
        return self.groups

    @property
    def is_proximal(self) -> bool:
        return super().is_proximal and not self.squared

    def attach(self, model: nn.Module) -> Attached:
        from benchmarks.penalties.kernel_number_size_attached import SizeAttached

        return SizeAttached(model, self)


class KernelComplexity(KernelTerm, tag="kernel_complexity", frozen=True):
    """Ω₃ of eq. 34: r·c·d′·s′² summed over kernels, with a layer's map r×c, the sum d′ of eq. 12 of
    the layer before, and s′ of eq. 21. Not convex, whatever d′ and s′ are.

    The layer before is the convolution with as many outputs that ran last; in front of the first
    one d′ is the number of the image's channels.

    Measurement: "kernel complexity penalty", without α.

    Attributes:
        side: of the images, in pixels.
    """

    groups: Literal["half_ring", "ring"] = "half_ring"
    side: Count = 32

    @property
    def scheme(self) -> Scheme:
        return self.groups

    @property
    def is_proximal(self) -> bool:
        return False

    def attach(self, model: nn.Module) -> Attached:
        from benchmarks.penalties.kernel_number_size_attached import ComplexityAttached

        return ComplexityAttached(model, self)
