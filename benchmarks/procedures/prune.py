"""The phase that removes what training has made small from the run's own network; outside of runs
that is :mod:`.shrink_model`, and :mod:`.thresholds` measures copies and removes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from benchmarks.parts import NotNegative
from benchmarks.procedures.phase import AtOnce
from benchmarks.procedures.shrink_model import SCHEMES, rebuild, shrink

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.training.member import Member


class Prune(AtOnce, tag="prune", frozen=True):
    """Remove weights, filters, or rings of filters, that are small.

    Attributes:
        what: "weights" sets each weight of a convolution or dense layer to 0 whose magnitude is at
            most the threshold; "filters" takes a convolution's filter out of the network, with its
            batch-norm and all that it leads to, where all its weights are. "kernels", "half_rings"
            and "rings" judge the ℓ2 norms of such groups of weights, also in residual networks, see
            :func:`benchmarks.procedures.shrink`, whose measurements they note.
        tau_mode: of these three, "relative" has the threshold times the largest kernel's norm in
            the layer.
        allow_plain_removal: of these three, whether a layer without a shortcut may go.
    """

    introduced: ClassVar[Mapping[str, Any]] = {
        "tau_mode": "absolute",
        "allow_plain_removal": False,
    }

    threshold: NotNegative = Decimal(0)
    what: Literal["weights", "filters", "kernels", "half_rings", "rings"] = "weights"
    tau_mode: Literal["absolute", "relative"] = "absolute"
    allow_plain_removal: bool = False

    def fault(self) -> str | None:
        if self.what not in SCHEMES and (self.tau_mode == "relative" or self.allow_plain_removal):
            return (
                f"tau_mode and allow_plain_removal are of what={', '.join(SCHEMES)}, "
                f"not of {self.what}"
            )
        return None

    def apply(self, member: Member) -> None:
        """See :meth:`AtOnce.apply`.

        Raises:
            UserError: where filters are to leave a network whose layers form no chain, or kernels
                one of another form, or one in which nothing would be left of a layer.
        """
        from benchmarks.models import filter_removal

        threshold = float(self.threshold)
        if self.what == "weights":
            filter_removal.zero_small_weights(member.model, threshold)
        elif self.what == "filters":
            kept = filter_removal.kept_filters(member.model, threshold)
            filter_removal.shrink(member.model, kept)
            member.remains[str(member.phase)] = kept
        else:
            found = shrink(
                member.model,
                threshold,
                self.what,
                tau_mode=self.tau_mode,
                allow_plain_removal=self.allow_plain_removal,
                in_place=True,
            )
            member.measurements |= found.measurements()
            member.remains[str(member.phase)] = found.sizes

    def rebuild(self, model: nn.Module, remains: Any) -> None:
        from benchmarks.models import filter_removal

        if self.what in SCHEMES:
            rebuild(model, remains, self.what)
        else:
            filter_removal.shrink(model, remains)
