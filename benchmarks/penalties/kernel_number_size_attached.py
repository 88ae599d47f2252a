"""Penalties of kernels at work on a network: closed-form gradients, without autograd's graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from benchmarks.models.convolutions import norms_behind, output_sides
from benchmarks.penalties.group_norms import GroupNorms
from benchmarks.penalties.term import Attached

if TYPE_CHECKING:
    from benchmarks.penalties.kernel_number_size import (
        KernelComplexity,
        KernelNumber,
        KernelSize,
        KernelTerm,
    )


class KernelAttached(Attached):
    """A sum of norms of groups, or a function of them layer by layer."""

    name: str

    def __init__(self, model: nn.Module, term: KernelTerm) -> None:
        super().__init__(model)
        self.alpha, self.solver = float(term.alpha), term.solver
        self.convolutions = term.layers(model)
        behind = norms_behind(model) if term.batch_norm == "folded" else {}
        self.layers = [
            GroupNorms(layer, term.scheme, term.norm, term.group_weight, behind.get(layer))
            for layer in self.convolutions.values()
        ]

    def value(self) -> torch.Tensor:
        """Ω, without α."""
        raise NotImplementedError

    def derivative(self, norms: torch.Tensor) -> torch.Tensor | float:
        """∂Ω/∂η of a layer's norms (kernels, groups)."""
        raise NotImplementedError

    @torch.no_grad()
    def add_gradients(self) -> None:
        if self.solver == "prox":
            return
        for layer in self.layers:
            sums = layer.sums()
            outer = self.alpha * self.derivative(layer.norms(sums))
            layer.add_gradient(sums, torch.as_tensor(outer, dtype=sums.dtype, device=sums.device))

    @torch.no_grad()
    def after_step(self, lr: float | torch.Tensor) -> None:
        if self.solver == "prox":
            for layer in self.layers:
                layer.shrink(lr * self.alpha)

    def measurements(self) -> dict[str, Any]:
        """See :meth:`Attached.measurements`."""
        with torch.no_grad():
            return {f"kernel {self.name} penalty": float(self.value())}

    def norms(self) -> list[torch.Tensor]:
        """η of every layer."""
        return [layer.norms(layer.sums()) for layer in self.layers]


class NumberAttached(KernelAttached):
    """See :class:`benchmarks.penalties.KernelNumber`."""

    name = "number"

    def __init__(self, model: nn.Module, term: KernelNumber) -> None:
        super().__init__(model, term)
        self.squared = term.squared

    def value(self) -> torch.Tensor:
        widths = torch.stack([norms.sum() for norms in self.norms()])
        return (widths.square() if self.squared else widths).sum()

    def derivative(self, norms: torch.Tensor) -> torch.Tensor | float:
        return 2 * norms.sum() if self.squared else 1.0


class SizeAttached(KernelAttached):
    """See :class:`benchmarks.penalties.KernelSize`."""

    name = "size"

    def __init__(self, model: nn.Module, term: KernelSize) -> None:
        super().__init__(model, term)
        self.squared = term.squared

    def value(self) -> torch.Tensor:
        sizes = torch.cat([norms.sum(1) for norms in self.norms()])
        return (sizes.square() if self.squared else sizes).sum()

    def derivative(self, norms: torch.Tensor) -> torch.Tensor | float:
        return 2 * norms.sum(1, keepdim=True) if self.squared else 1.0


class ComplexityAttached(KernelAttached):
    """See :class:`benchmarks.penalties.KernelComplexity`."""

    name = "complexity"

    def __init__(self, model: nn.Module, term: KernelComplexity) -> None:
        super().__init__(model, term)
        behind = norms_behind(model) if term.batch_norm == "folded" else {}
        self.whole = [
            GroupNorms(layer, "kernel", term.norm, term.group_weight, behind.get(layer))
            for layer in self.convolutions.values()
        ]
        sides = output_sides(model, term.side)
        places = {layer: place for place, layer in enumerate(self.convolutions.values())}
        ran = [layer for layer in sides if layer in places]
        self.areas = [float(sides[layer][0] * sides[layer][1]) for layer in places]
        self.before: list[int | None] = [None] * len(places)
        self.groups = [layer.groups for layer in places]  # a kernel sees a part of the channels
        for order, layer in enumerate(ran):
            earlier = [e for e in reversed(ran[:order]) if e.out_channels == layer.in_channels]
            self.before[places[layer]] = places[earlier[0]] if earlier else None

    def _parts(self) -> tuple[list[torch.Tensor], list[torch.Tensor], list[torch.Tensor]]:
        """By layer: the norms' sums; s′ of its kernels; d′ of the layer before."""
        sums = [layer.sums() for layer in self.layers]
        sizes = [n.norms(s).sum(1, keepdim=True) for n, s in zip(self.layers, sums, strict=True)]
        widths = [whole.norms(whole.sums()).sum() for whole in self.whole]
        inputs = [
            torch.ones_like(width) * layer.weight.shape[1]
            if before is None
            else widths[before] / groups
            for before, groups, width, layer in zip(
                self.before, self.groups, widths, self.layers, strict=True
            )
        ]
        return sums, sizes, inputs

    def value(self) -> torch.Tensor:
        _, sizes, inputs = self._parts()
        parts = zip(self.areas, inputs, sizes, strict=True)
        return torch.stack(
            [area * width * size.square().sum() for area, width, size in parts]
        ).sum()

    @torch.no_grad()
    def add_gradients(self) -> None:
        sums, sizes, inputs = self._parts()
        for place, layer in enumerate(self.layers):
            cost = self.alpha * self.areas[place]
            layer.add_gradient(sums[place], 2 * cost * inputs[place] * sizes[place])
            if (before := self.before[place]) is not None:
                whole = self.whole[before]
                part = cost / self.groups[place]
                whole.add_gradient(whole.sums(), part * sizes[place].square().sum())
