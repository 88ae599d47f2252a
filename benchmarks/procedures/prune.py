"""The phase that removes what training has made small."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.parts import NotNegative
from benchmarks.procedures.phase import AtOnce

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.training.member import Member


class Prune(AtOnce, tag="prune", frozen=True):
    """Remove weights, or whole filters, that are small.

    Attributes:
        what: "weights" sets each weight of a convolution or dense layer to 0 whose magnitude is at
            most the threshold; "filters" takes a convolution's filter out of the network, with its
            batch-norm and all that it leads to, where all its weights are.
    """

    threshold: NotNegative = Decimal(0)
    what: Literal["weights", "filters"] = "weights"

    def apply(self, member: Member) -> None:
        """See :meth:`AtOnce.apply`.

        Raises:
            UserError: where filters are to leave a network whose layers form no chain.
        """
        from benchmarks.models import shrinking

        threshold = float(self.threshold)
        if self.what == "weights":
            shrinking.zero_small_weights(member.model, threshold)
            return
        kept = shrinking.kept_filters(member.model, threshold)
        shrinking.shrink(member.model, kept)
        member.remains[str(member.phase)] = kept

    def rebuild(self, model: nn.Module, remains: Any) -> None:
        from benchmarks.models.shrinking import shrink

        shrink(model, remains)
