"""How alike a layer's kernels are: a term that penalises nothing and measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.parts import Count
from benchmarks.penalties.term import Attached, Term

if TYPE_CHECKING:
    import torch
    from torch import nn


class KernelCorrelation(Term, tag="kernel_correlation", frozen=True):
    """Measures the mean |correlation| of the pairs of a layer's kernels, and changes nothing.

    A kernel's weights are the sample; one whose weights are all alike correlates with none. Layers
    are the network's convolutions without those of shortcuts, and count alike.

    Measurements: "kernel correlation", the mean over the layers, and "kernel correlation by layer".
    Curve: "kernel correlation".

    Attributes:
        every: epochs from one point of the curve to the next.
    """

    every: Count = 1

    def attach(self, model: nn.Module) -> Attached:
        return Correlations(model, self.every)


class Correlations(Attached):
    """See :class:`KernelCorrelation`."""

    def __init__(self, model: nn.Module, every: int) -> None:
        from benchmarks.models.convolutions import convolutions

        super().__init__(model)
        self.every = every
        self.layers = list(convolutions(model).values())

    def by_layer(self) -> list[float]:
        """The layers' means; waits for the device once."""
        import torch

        return torch.stack([mean_correlation(c.weight.detach()) for c in self.layers]).tolist()  # type: ignore[no-any-return]

    def points(self, epoch: int) -> dict[str, float]:
        """See :meth:`Attached.points`."""
        if epoch % self.every:
            return {}
        found = self.by_layer()
        return {"kernel correlation": sum(found) / len(found)}

    def measurements(self) -> dict[str, Any]:
        """See :meth:`Attached.measurements`."""
        found = self.by_layer()
        mean = sum(found) / len(found)
        return {"kernel correlation": mean, "kernel correlation by layer": found}


def mean_correlation(weight: torch.Tensor) -> torch.Tensor:
    """The mean |Pearson correlation| of all pairs of the kernels (kernels, …), float64 (); 0 of a
    single kernel."""
    kernels = weight.flatten(1).double()
    kernels = kernels - kernels.mean(1, keepdim=True)
    kernels = kernels / kernels.norm(dim=1, keepdim=True).clamp(min=1e-30)
    count = len(kernels)
    table = (kernels @ kernels.T).abs()
    return (table.sum() - table.diagonal().sum()) / max(1, count * (count - 1))
