"""What training leaves of the weights: a term that penalises nothing and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.parts import Count
from benchmarks.penalties.term import Attached, Term

if TYPE_CHECKING:
    from torch import nn


class NonZeros(Term, tag="non_zeros", frozen=True):
    """Counts the weights that are not 0, layer by layer, and changes nothing.

    Measurements: "weights by layer" and "non-zero weights by layer", lists in the order of the
    layers; "zero weights", a count of all. Curves: "non-zero weights of <layer>".

    Attributes:
        every: epochs from one point of the curves to the next.
    """

    every: Count = 1

    def attach(self, model: nn.Module) -> Attached:
        return CountedWeights(model, self.every)


class CountedWeights(Attached):
    """See :class:`NonZeros`."""

    def __init__(self, model: nn.Module, every: int) -> None:
        from benchmarks.models.layers import WEIGHTED, check_convolutions

        super().__init__(model)
        check_convolutions(model)
        self.every = every
        self.layers = {n: m for n, m in model.named_modules() if isinstance(m, WEIGHTED)}

    def counts(self) -> list[int]:
        """The weights that are not 0, by layer; waits for the device once."""
        import torch

        weights = [layer.weight.detach() for layer in self.layers.values()]
        return torch.stack([torch.count_nonzero(w) for w in weights]).tolist()  # type: ignore[arg-type]

    def points(self, epoch: int) -> dict[str, float]:
        """See :meth:`Attached.points`."""
        if epoch % self.every:
            return {}
        names = [f"non-zero weights of {name}" for name in self.layers]
        return dict(zip(names, self.counts(), strict=True))

    def measurements(self) -> dict[str, Any]:
        """See :meth:`Attached.measurements`."""
        left = self.counts()
        sizes = [layer.weight.numel() for layer in self.layers.values()]  # type: ignore[operator, union-attr]
        return {
            "weights by layer": sizes,
            "non-zero weights by layer": left,
            "zero weights": {"count": sum(sizes) - sum(left), "of": sum(sizes)},
        }
