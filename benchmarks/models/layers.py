"""Which layers have weights, and which of them stand where a convolution does."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from torch import nn
from torch.nn.modules.conv import _ConvNd

from benchmarks.errors import UserError
from benchmarks.models.locally_connected import LocallyConnected2d

# Layers whose ``weight`` is initialised, decayed, pruned and counted as a network's weights.
WEIGHTED = (nn.Conv2d, nn.Linear, LocallyConnected2d)


class DenseMaps(nn.Linear):
    """A dense layer in a convolution's place: from every pixel and channel of a flattened map to
    every one of the next. It is told from other dense layers by its class alone."""


# Layers between maps; all other layers with weights are plainly dense.
SPATIAL = (nn.Conv2d, DenseMaps, LocallyConnected2d)


def in_order(parent: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Name and module of a network's own parts; what stands there twice, such as one ReLU, comes
    twice, where ``named_children`` leaves out what it has met before."""
    for name, module in parent._modules.items():
        if module is not None:
            yield name, module


def check_convolutions(model: nn.Module, leave_out: Collection[str] = ()) -> None:
    """What acts on a network's convolutions acts on ``Conv2d`` alone; say so where there are others
    instead of passing them over.

    Args:
        leave_out: words of a path whose layers do not matter.

    Raises:
        UserError: where there is a convolution of another kind: of one or three dimensions, or a
            transposed one.
    """
    for name, module in model.named_modules():
        is_other = isinstance(module, _ConvNd) and not isinstance(module, nn.Conv2d)
        if is_other and not set(name.split(".")) & set(leave_out):
            named = f"{name} is a {type(module).__name__}" if name else "the network is no Conv2d"
            raise UserError(
                f"{named}: of convolutions Conv2d alone is supported; give a part of the network "
                "without it, or write it as a Conv2d"
            )


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
