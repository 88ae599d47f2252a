"""Zeroes weights, and takes filters out of a chain, by magnitude, whatever becomes of the outputs,
which :mod:`.dead_filters` keeps; by norms, of residual networks too: :mod:`.kernel_removal`."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import nn

from benchmarks.errors import UserError
from benchmarks.models.layers import WEIGHTED


@torch.no_grad()
def zero_small_weights(model: nn.Module, threshold: float) -> None:
    """Set each weight of a layer to 0 where |w| ≤ ``threshold``."""
    for module in model.modules():
        if isinstance(module, WEIGHTED):
            module.weight.masked_fill_(module.weight.abs() <= threshold, 0.0)


def kept_filters(model: nn.Module, threshold: float) -> dict[str, list[int]]:
    """By convolution, the filters with a weight of magnitude above ``threshold``, in order; a layer
    keeps its largest one whatever its size, so that something passes through.

    Raises:
        UserError: where the network's layers form no chain.
    """
    kept = {}
    for name, convolution, _ in chain(model)[:-1]:
        largest = convolution.weight.detach().abs().flatten(1).amax(1)
        above = torch.nonzero(largest > threshold).flatten().tolist()
        kept[name] = above or [int(largest.argmax())]
    return kept


@torch.no_grad()
def shrink(model: nn.Module, kept: dict[str, list[int]]) -> None:
    """Take every other filter out, in place, with its batch-norm and the weights it leads to.

    Args:
        kept: by convolution, the filters that stay, as :func:`kept_filters` returns them.

    Raises:
        UserError: where the network's layers form no chain.
    """
    for (name, layer, norm), (_, following, _) in pairwise(chain(model)):
        places = torch.tensor(kept[name], device=layer.weight.device)
        # A flattened map has so many inputs a channel.
        area = following.weight.shape[1] // layer.weight.shape[0]
        inputs = (places[:, None] * area + torch.arange(area, device=places.device)).flatten()
        for module, count in ((layer, "out_channels"), (norm, "num_features")):
            for field in ("weight", "bias", "running_mean", "running_var"):
                if getattr(module, field, None) is not None:
                    _select(module, field, 0, places)
            if module is not None:
                setattr(module, count, len(places))
        _select(following, "weight", 1, inputs)
        count = "in_channels" if isinstance(following, nn.Conv2d) else "in_features"
        setattr(following, count, len(inputs))


def _select(module: nn.Module | None, name: str, axis: int, places: torch.Tensor) -> None:
    old = getattr(module, name)
    new = old.detach().index_select(axis, places)
    if new.dim() == 4:
        new = new.contiguous(memory_format=torch.channels_last)
    setattr(module, name, nn.Parameter(new) if isinstance(old, nn.Parameter) else new)


Link = tuple[str, nn.Conv2d | nn.Linear, nn.BatchNorm2d | None]


def chain(model: nn.Module) -> list[Link]:
    """The convolutions in order, each with the batch-norm that follows it, and the dense layer."""
    features: Any = getattr(model, "features", None)
    head: Any = getattr(model, "classifier", None)
    links: list[Link] = []
    is_chain = isinstance(features, nn.Sequential) and isinstance(head, nn.Linear)
    for name, module in features.named_children() if is_chain else ():
        if isinstance(module, nn.Conv2d):
            is_chain &= module.groups == 1
            links.append((f"features.{name}", module, None))
        elif isinstance(module, nn.BatchNorm2d) and links:
            links[-1] = (*links[-1][:2], module)
        else:
            is_chain &= next(module.parameters(), None) is None
    if not is_chain:
        raise UserError(
            "filters cannot be taken out of this network: only out of a chain of ungrouped "
            "convolutions (features) that ends in a dense layer (classifier)"
        )
    return [*links, ("classifier", head, None)]
