"""Networks without the weights or filters that training has made small."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.errors import UserError


@torch.no_grad()
def zero_small_weights(model: nn.Module, threshold: float) -> None:
    """Set each weight of a convolution or dense layer to 0 where |w| ≤ ``threshold``."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.weight.masked_fill_(module.weight.abs() <= threshold, 0.0)


def kept_filters(model: nn.Module, threshold: float) -> dict[str, list[int]]:
    """By convolution, the filters with a weight of magnitude above ``threshold``, in order; a layer
    keeps its largest one whatever its size, so that something passes through.

    Raises:
        UserError: where the network's layers form no chain.
    """
    kept = {}
    for name, convolution, _ in _chain(model):
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
    chain = _chain(model)
    following_layers: list[nn.Conv2d | nn.Linear] = [layer for _, layer, _ in chain[1:]]
    following_layers.append(_head(model))
    for (name, layer, norm), following in zip(chain, following_layers, strict=True):
        places = torch.tensor(kept[name], device=layer.weight.device)
        width = layer.out_channels
        _select(layer, "weight", 0, places)
        if layer.bias is not None:
            _select(layer, "bias", 0, places)
        layer.out_channels = len(places)
        if norm is not None:
            for field in ("weight", "bias", "running_mean", "running_var"):
                _select(norm, field, 0, places)
            norm.num_features = len(places)
        if isinstance(following, nn.Conv2d):
            _select(following, "weight", 1, places)
            following.in_channels = len(places)
        else:
            # A flattened map has so many inputs a channel.
            area = following.in_features // width
            spread = (places[:, None] * area + torch.arange(area, device=places.device)).flatten()
            _select(following, "weight", 1, spread)
            following.in_features = len(spread)


def _select(module: nn.Module, name: str, axis: int, places: torch.Tensor) -> None:
    old = getattr(module, name)
    new = old.detach().index_select(axis, places)
    if new.dim() == 4:
        new = new.contiguous(memory_format=torch.channels_last)
    setattr(module, name, nn.Parameter(new) if isinstance(old, nn.Parameter) else new)


Link = tuple[str, nn.Conv2d, nn.BatchNorm2d | None]


def _chain(model: nn.Module) -> list[Link]:
    """The convolutions in order, each with the batch-norm that follows it."""
    features = getattr(model, "features", None)
    if not isinstance(features, nn.Sequential):
        raise _no_chain(model)
    links: list[Link] = []
    for name, module in features.named_children():
        if isinstance(module, nn.Conv2d):
            if module.groups != 1:
                raise _no_chain(model)
            links.append((f"features.{name}", module, None))
        elif isinstance(module, nn.BatchNorm2d) and links:
            links[-1] = (*links[-1][:2], module)
        elif next(module.parameters(), None) is not None:
            raise _no_chain(model)
    return links


def _head(model: nn.Module) -> nn.Linear:
    head = getattr(model, "classifier", None)
    if not isinstance(head, nn.Linear):
        raise _no_chain(model)
    return head


def _no_chain(model: nn.Module) -> UserError:
    return UserError(
        f"filters cannot be taken out of {type(model).__name__}: only out of a chain of "
        "convolutions (features) that ends in a dense layer (classifier)"
    )
