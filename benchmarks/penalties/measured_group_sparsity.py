"""How sparse training leaves a network, and in which groups: a term that penalises nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.parts import NotNegative
from benchmarks.penalties.term import Attached, Term

if TYPE_CHECKING:
    from torch import nn


# A weight of a smaller magnitude counts as zero.
ZERO_BELOW = Decimal("0.00001")


class GroupSparsity(Term, tag="group_sparsity", frozen=True):
    """Measures, by Lobel, Vidal and Soto, "CompactNets", section 5.2, and changes nothing.

    A weight below the tolerance counts as zero, and a group where all of its weights do. Groups are
    those of :class:`benchmarks.penalties.Compactness`; filters of the classifier are its classes.

    Measurements: "effective parameters", the weights of layers that are not zero; "overall
    sparsity", a count of those that are; lists in the order of the layers, the classifier last:
    "weights by layer", "effective weights by layer", "layer sparsity" (zero weights), "dictionary
    sparsity" (filters of zeros) and "average compactness" (zero groups in the other filters, of all
    groups), whose sum never exceeds layer sparsity; and "zeroed in upper layers", a count of the
    zero weights that lie in the upper half of the layers and the classifier.

    Attributes:
        tolerance: weights of a smaller magnitude are zero (C-12).
        ac_over: whether average compactness counts the zero groups of the "surviving" filters or of
            "all", whose sum with dictionary sparsity may exceed layer sparsity (C-10).
    """

    tolerance: NotNegative = ZERO_BELOW
    ac_over: Literal["surviving", "all"] = "surviving"

    def attach(self, model: nn.Module) -> Attached:
        return MeasuredSparsity(model, self)


@dataclass(frozen=True)
class LayerSparsity:
    """Shares of a layer's weights, filters and groups that are zero, and its weights."""

    weights: int
    zeros: int
    filters: float
    groups: float

    @property
    def share(self) -> float:
        """Layer sparsity."""
        return self.zeros / self.weights


class MeasuredSparsity(Attached):
    """See :class:`GroupSparsity`."""

    def __init__(self, model: nn.Module, settings: GroupSparsity) -> None:
        from benchmarks.models.layers import check_convolutions

        super().__init__(model)
        check_convolutions(model)  # now, not when training is over
        self.settings = settings

    def measurements(self) -> dict[str, Any]:
        """See :meth:`Attached.measurements`."""
        layers = sparsity_by_layer(
            self.model, float(self.settings.tolerance), over_all=self.settings.ac_over == "all"
        )
        weights, zeros = sum(e.weights for e in layers), sum(e.zeros for e in layers)
        upper = layers[first_upper(len(layers)) :]
        filters, groups = ([getattr(e, n) for e in layers] for n in ("filters", "groups"))
        return {
            "effective parameters": weights - zeros,
            "overall sparsity": {"count": zeros, "of": weights},
            "weights by layer": [e.weights for e in layers],
            "effective weights by layer": [e.weights - e.zeros for e in layers],
            "layer sparsity": [e.share for e in layers],
            "dictionary sparsity": filters,
            "average compactness": groups,
            "zeroed in upper layers": {"count": sum(e.zeros for e in upper), "of": max(1, zeros)},
        }


def sparsity_by_layer(
    model: nn.Module, tolerance: float = float(ZERO_BELOW), *, over_all: bool = False
) -> list[LayerSparsity]:
    """Every layer with weights, in order, the classifier last; waits for the device once.

    Args:
        tolerance: weights of a smaller magnitude count as zero.
        over_all: see :attr:`GroupSparsity.ac_over`.

    Raises:
        UserError: where the network has no dense layer, or a convolution that is no ``Conv2d``.
    """
    import torch

    from benchmarks.penalties.compactness import Compactness
    from benchmarks.penalties.compactness_attached import by_channel

    counts, sizes = [], []
    for mixture in by_channel(model, Compactness()):
        zero = mixture.weight.detach().abs() < tolerance
        groups = mixture.groups.all_of(zero)
        dead = zero.flatten(1).all(1)
        counted = groups if over_all else groups & ~dead.view(-1, *[1] * (groups.dim() - 1))
        counts.append(torch.stack([zero.sum(), dead.sum(), counted.sum()]))
        sizes.append((zero.numel(), len(dead), groups.numel()))
    found = torch.stack(counts).tolist()
    return [
        LayerSparsity(weights, zeros, dead / filters, empty / groups)
        for (zeros, dead, empty), (weights, filters, groups) in zip(found, sizes, strict=True)
    ]


def first_upper(layers: int) -> int:
    """How many of so many layers, the classifier among them, come before the upper half of the
    others; of an odd number of these the middle one counts below."""
    return -(-(layers - 1) // 2)
