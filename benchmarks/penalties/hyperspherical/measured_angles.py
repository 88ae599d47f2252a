"""How a network's vectors lie to each other, before and after training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from benchmarks.models.hierarchical_linear import last_dense
from benchmarks.penalties.hyperspherical.energy_attached import class_vectors, convolutions, filters
from benchmarks.penalties.hyperspherical.metrics import cosines
from benchmarks.penalties.term import Attached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.penalties.hyperspherical.settings import PairwiseAngles

FLAT = 180.0  # degrees
MEASURES = ("smallest angles", "mean squared cosines", "N-euclidean2 energies")
COUNTS = "angles"
DRAWN = ("first convolution", "last convolution", "classifier")


def pair_cosines(vectors: torch.Tensor) -> torch.Tensor:
    """The cosines of a matrix's unordered pairs, float64 (pairs,)."""
    n = vectors.shape[0]
    first, second = torch.triu_indices(n, n, 1, device=vectors.device)
    return cosines(vectors.double())[first, second].clamp(-1, 1)


def angle_measures(cosine: torch.Tensor) -> torch.Tensor:
    """:data:`MEASURES` of pairs by their cosines, float64 (3,); angles in degrees."""
    energy = 1 / (2 - 2 * cosine).clamp(min=1e-12)
    return torch.stack([cosine.max().arccos().rad2deg(), cosine.square().mean(), energy.mean()])


class MeasuredAngles(Attached):
    """See :class:`benchmarks.penalties.PairwiseAngles`.

    Attributes:
        before: the measures by layer (layers, 3), and the histograms, as the phase began.
    """

    def __init__(self, model: nn.Module, term: PairwiseAngles) -> None:
        super().__init__(model)
        self.bins = term.bins
        self.layers = convolutions(model)
        self.classifier = last_dense(model)[1]
        self.before = self.now()

    def vectors(self) -> list[torch.Tensor]:
        """Of each layer, (n, d), the classifier's last."""
        rows = class_vectors(self.classifier)
        found = [filters(layer) for layer in self.layers] + [rows] * (len(rows) > 1)
        return [vectors.detach() for vectors in found]

    @torch.no_grad()
    def now(self) -> dict[str, torch.Tensor]:
        """What is measured, as tensors: nothing is read back."""
        found = [pair_cosines(vectors) for vectors in self.vectors()]
        drawn = [found[index] for index in chosen(found).values()]
        counts = [
            torch.histc(cosine.arccos().rad2deg().float(), self.bins, 0, FLAT) for cosine in drawn
        ]
        measures = [angle_measures(cosine) for cosine in found]
        return {"measures": torch.stack(measures), "counts": torch.stack(counts)}

    def measurements(self) -> dict[str, Any]:
        """See :meth:`Attached.measurements`."""
        shapes = [vectors.shape for vectors in self.vectors()]
        made: dict[str, Any] = {
            "vectors by layer": [shape[0] for shape in shapes],
            "dimensions by layer": [shape[1] for shape in shapes],
        }
        titles = list(chosen(shapes))
        for when, found in (("before", self.before), ("after", self.now())):
            columns = found["measures"].T.tolist()
            made |= {f"{n} {when}": column for n, column in zip(MEASURES, columns, strict=True)}
            for title, row in zip(titles, found["counts"].tolist(), strict=True):
                made[f"{COUNTS} {when}, {title}"] = [int(count) for count in row]
        return made

    def state(self) -> dict[str, Any]:
        """See :meth:`Attached.state`."""
        return {"before": self.before}

    def restore(self, state: dict[str, Any]) -> None:
        for name, tensor in self.before.items():
            tensor.copy_(state["before"][name])


def chosen(layers: Sequence[Any]) -> dict[str, int]:
    """Places of the layers with a histogram: the first, the last but one and the last."""
    titles = {1: DRAWN[-1:], 2: (DRAWN[0], DRAWN[-1])}.get(len(layers), DRAWN)
    places = sorted({0, max(0, len(layers) - 2), len(layers) - 1})
    return dict(zip(titles, places, strict=True))
