"""The energy and the norms of a network's convolutions and of its classifier, at work on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from benchmarks.errors import UserError
from benchmarks.models.hierarchical_linear import HierarchicalLinear, last_dense
from benchmarks.models.layers import check_convolutions
from benchmarks.penalties.group_norms import gradient_of
from benchmarks.penalties.hyperspherical.energies import energy
from benchmarks.penalties.hyperspherical.metrics import TINY
from benchmarks.penalties.term import Attached

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from benchmarks.penalties.hyperspherical.settings import HypersphericalEnergy, VectorNorms


def filters(layer: nn.Conv2d) -> torch.Tensor:
    """A convolution's filters as vectors (n, d): in the memory order of a network's, uncopied.

    Raises:
        UserError: for another layer, such as a dense one, whose ``weight`` has vectors as rows.
    """
    if not isinstance(layer, nn.Conv2d):
        raise UserError(f"filters are those of a Conv2d, not of a {type(layer).__name__}")
    return layer.weight.permute(0, 2, 3, 1).flatten(1)


def class_vectors(layer: nn.Linear) -> torch.Tensor:
    """What a classifier multiplies its inputs with, (classes, d)."""
    return layer.rows() if isinstance(layer, HierarchicalLinear) else layer.weight


def convolutions(model: nn.Module, leave_out: Collection[str] = ()) -> list[nn.Conv2d]:
    """The network's convolutions with at least two filters, in the order of its modules.

    Args:
        leave_out: words of a path whose convolutions are passed over.

    Raises:
        UserError: where one is no ``Conv2d``.
    """
    check_convolutions(model, leave_out)
    return [
        module
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d)
        and module.out_channels > 1
        and not set(name.split(".")) & set(leave_out)
    ]


def of_one_shape(layers: Sequence[nn.Conv2d]) -> list[list[nn.Conv2d]]:
    """The layers, those that may share a stack together."""
    found: dict[tuple[int, int], list[nn.Conv2d]] = {}
    for layer in layers:
        shape = (layer.out_channels, layer.weight[0].numel())
        found.setdefault(shape, []).append(layer)
    return list(found.values())


class EnergyAttached(Attached):
    """See :class:`benchmarks.penalties.HypersphericalEnergy`.

    Raises:
        UserError: where it is to spread a classifier's vectors, and there are not two, or filters
            of a convolution that is no ``Conv2d``.
    """

    def __init__(self, model: nn.Module, term: HypersphericalEnergy) -> None:
        super().__init__(model)
        self.term = term
        layers = convolutions(model, term.leave_out) if term.conv_weight else []
        self.stacks = of_one_shape(layers)
        share = 1 / max(1, len(layers)) if term.layer_reduce == "mean" else 1
        self.conv_weight, self.fc_weight = float(term.conv_weight) * share, float(term.fc_weight)
        self.classifier = last_dense(model)[1] if term.fc_weight else None
        if self.classifier is not None and self.classifier.out_features < 2:
            raise UserError(
                "the last dense layer has one output and no pair to spread: give fc_weight 0"
            )

    def loss(self, labels: torch.Tensor) -> torch.Tensor | None:
        """See :meth:`Attached.loss`."""
        term, parts = self.term, []
        for layers in self.stacks:
            stack = torch.stack([filters(layer) for layer in layers])
            found = energy(stack, term.conv, term, half_space=term.half_space)
            parts.append(self.conv_weight * found.sum())
        if self.classifier is not None:
            vectors = class_vectors(self.classifier)
            found = energy(vectors, term.fc, term, half_space=term.half_space)
            parts.append(self.fc_weight * found)
        return torch.stack(parts).sum() if parts else None

    def measurements(self) -> dict[str, Any]:
        """See :meth:`Attached.measurements`."""
        found = self.loss(torch.empty(0, dtype=torch.int64))
        return {"hyperspherical energy": 0.0 if found is None else found.item()}


class NormsAttached(Attached):
    """See :class:`benchmarks.penalties.VectorNorms`; the gradient has a closed form."""

    def __init__(self, model: nn.Module, term: VectorNorms) -> None:
        super().__init__(model)
        check_convolutions(model)
        kinds = (nn.Conv2d, nn.Linear)
        self.weights = [m.weight for m in model.modules() if isinstance(m, kinds)]
        self.factor = float(term.weight)

    @torch.no_grad()
    def add_gradients(self) -> None:
        """See :meth:`Attached.add_gradients`: λ_f·w/‖w‖, 0 for a vector of zeros."""
        for weight in (w for w in self.weights if w.requires_grad):
            dims = tuple(range(1, weight.dim()))
            norms = torch.linalg.vector_norm(weight, dim=dims, keepdim=True).clamp(min=TINY)
            gradient_of(weight).add_(weight / norms, alpha=self.factor)
