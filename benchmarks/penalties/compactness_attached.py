"""Mixtures of squared norms and sums of groups' norms at work on a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from benchmarks.errors import UserError
from benchmarks.models.layers import WEIGHTED, check_convolutions
from benchmarks.models.locally_connected import LocallyConnected2d
from benchmarks.models.spatial_pyramid import SpatialPyramid
from benchmarks.penalties.group_norms import GroupNorms
from benchmarks.penalties.slice_norms import SliceNorms
from benchmarks.penalties.term import Attached

if TYPE_CHECKING:
    from benchmarks.penalties.compactness import Compactness, DictionarySparsity


@dataclass(frozen=True)
class Mixture:
    """A layer's c · ((1 − β)·½‖w‖² + β·Σ‖group‖).

    Attributes:
        path: of its weight.
        groups: as autograd sees them.
        fast: the same groups with their gradients in closed form; None where β is 0.
    """

    path: str
    constant: float
    beta: float
    groups: SliceNorms
    fast: GroupNorms | SliceNorms | None
    is_classifier: bool = False

    @property
    def weight(self) -> torch.Tensor:
        """The layer's."""
        return self.groups.weight

    @property
    def strength(self) -> float:
        """Of the norms, c·β."""
        return self.constant * self.beta

    def value(self) -> torch.Tensor:
        """The term, differentiable."""
        squares = 0.5 * (1 - self.beta) * self.weight.square().sum()
        return self.constant * (squares + self.beta * self.groups.groups(self.weight).sum())


class MixtureAttached(Attached):
    """The layers' terms; the squares are coefficients of the update."""

    def __init__(self, model: nn.Module, mixtures: Sequence[Mixture], solver: str) -> None:
        decays = {
            m.path: torch.tensor(m.constant * (1 - m.beta), dtype=torch.float64) for m in mixtures
        }
        super().__init__(model, decays)
        self.mixtures, self.solver = list(mixtures), solver
        grouped = [m for m in mixtures if m.strength]
        # On the device once: a step makes no tensor of a number of the host's.
        self._grouped = [
            (m.fast, torch.tensor(m.strength, dtype=m.weight.dtype, device=m.weight.device))
            for m in grouped
            if m.fast is not None
        ]
        self._strengths = [m.strength for m in grouped]

    def value(self) -> torch.Tensor:
        """Everything that is added to the loss, squares included: a scalar that autograd follows.

        For own code; in a run the update applies the squares and :meth:`add_gradients` the rest.
        """
        return torch.stack([mixture.value() for mixture in self.mixtures]).sum()

    @torch.no_grad()
    def add_gradients(self) -> None:
        if self.solver == "prox":
            return
        for layer, strength in self._grouped:
            layer.add_gradient(layer.sums(), strength)

    @torch.no_grad()
    def after_step(self, lr: float | torch.Tensor) -> None:
        if self.solver == "prox":
            for (layer, _), strength in zip(self._grouped, self._strengths, strict=True):
                layer.shrink(lr * strength)

    def measurements(self) -> dict[str, Any]:
        """See :meth:`Attached.measurements`."""
        found = {"classifier": 0.0, "dictionary": 0.0}
        for mixture in self.mixtures:
            name = "classifier" if mixture.is_classifier else "dictionary"
            with torch.no_grad():
                found[name] += float(mixture.groups.groups(mixture.weight).sum())
        return {f"{name} group norms": value for name, value in found.items()}


def by_channel(model: nn.Module, term: Compactness) -> list[Mixture]:
    """Slices of a channel of the layer below, and the classifier's regions of a channel."""
    layers, path, classifier = _layers(model)
    found: list[Mixture] = []
    for (name, layer), beta in zip(layers.items(), term.betas(len(layers)), strict=True):
        weight: nn.Parameter = layer.weight  # type: ignore[assignment]
        # A 1×1 slice is a single weight, whose norm needs no root.
        has_slices = isinstance(layer, nn.Conv2d) and weight[0, 0].numel() > 1
        groups = SliceNorms(weight, 2 if has_slices else weight.dim())
        found.append(Mixture(f"{name}.weight", float(term.c_theta), beta, groups, groups))
    regions = regions_of(model, classifier)
    last: nn.Parameter = classifier.weight  # type: ignore[assignment]
    groups = SliceNorms(last, 2, regions)
    alpha, constant = float(term.alpha), float(term.c_w)
    return [*found, Mixture(f"{path}.weight", constant, alpha, groups, groups, True)]


def by_filter(model: nn.Module, term: DictionarySparsity) -> list[Mixture]:
    """Whole filters and units; of the classifier the squares alone."""
    layers, path, classifier = _layers(model)
    found: list[Mixture] = []
    for (name, layer), beta in zip(layers.items(), term.betas(len(layers)), strict=True):
        weight: nn.Parameter = layer.weight  # type: ignore[assignment]
        # A locally connected layer has a filter at every place.
        groups = SliceNorms(weight, 2 if isinstance(layer, LocallyConnected2d) else 1)
        fast = GroupNorms(layer, "kernel") if isinstance(layer, nn.Conv2d) else groups
        found.append(Mixture(f"{name}.weight", float(term.c_theta), beta, groups, fast))
    last: nn.Parameter = classifier.weight  # type: ignore[assignment]
    groups = SliceNorms(last, 2, regions_of(model, classifier))
    return [*found, Mixture(f"{path}.weight", float(term.c_w), 0.0, groups, None, True)]


def _layers(model: nn.Module) -> tuple[dict[str, nn.Module], str, nn.Linear]:
    """The layers with weights below the classifier by path, and the classifier with its path.

    Raises:
        UserError: where no dense layer classifies, or a convolution is no ``Conv2d``.
    """
    check_convolutions(model)
    layers: dict[str, nn.Module] = {
        name: layer for name, layer in model.named_modules() if isinstance(layer, WEIGHTED)
    }
    dense = [name for name, layer in layers.items() if type(layer) is nn.Linear]
    if not dense:
        raise UserError("the network has no dense layer whose weights could be a classifier's")
    classifier = layers.pop(dense[-1])
    assert isinstance(classifier, nn.Linear)
    return layers, dense[-1], classifier


def regions_of(model: nn.Module, classifier: nn.Linear) -> int:
    """R, the regions of a channel that a classifier sees: of the network's spatial pyramid, or 1.

    Raises:
        UserError: where the classifier's inputs are not so many for each channel.
    """
    pyramids = [module for module in model.modules() if isinstance(module, SpatialPyramid)]
    regions = pyramids[-1].regions if pyramids else 1
    if classifier.in_features % regions:
        raise UserError(
            f"the classifier's {classifier.in_features} inputs are not {regions} regions a channel"
        )
    return regions
