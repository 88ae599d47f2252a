"""Which layers have weights, and which of them stand where a convolution does."""

from __future__ import annotations

from torch import nn

from benchmarks.models.locally_connected import LocallyConnected2d

# Layers whose ``weight`` is initialised, decayed, pruned and counted as a network's weights.
WEIGHTED = (nn.Conv2d, nn.Linear, LocallyConnected2d)


class DenseMaps(nn.Linear):
    """A dense layer in a convolution's place: from every pixel and channel of a flattened map to
    every one of the next. It is told from other dense layers by its class alone."""


# Layers between maps; all other layers with weights are plainly dense.
SPATIAL = (nn.Conv2d, DenseMaps, LocallyConnected2d)


def fans(layer: nn.Module) -> tuple[int, int]:
    """Inputs of one output of a layer with weights, and outputs that one input reaches."""
    weight: nn.Parameter = layer.weight  # type: ignore[assignment]
    if isinstance(layer, LocallyConnected2d):
        _, outputs, inputs = weight.shape
        return inputs, outputs * inputs // layer.in_channels
    area = weight[0, 0].numel() if weight.dim() > 2 else 1
    return weight.shape[1] * area, weight.shape[0] * area


def width_of(layer: nn.Module) -> int:
    """Output channels, or units, of a layer with weights."""
    return layer.weight.shape[1 if isinstance(layer, LocallyConnected2d) else 0]  # type: ignore[union-attr, index, return-value]
