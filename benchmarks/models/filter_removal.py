"""Zeroes weights, and takes filters out of a chain, by magnitude, whatever becomes of the outputs,
which :mod:`.dead_filters` keeps; by norms, of residual networks too: :mod:`.kernel_removal`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import nn

from benchmarks.errors import UserError
from benchmarks.models.layers import WEIGHTED, in_order


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
        if not isinstance(convolution, nn.Conv2d):
            continue  # a hidden dense layer
        largest = convolution.weight.detach().abs().flatten(1).amax(1)
        above = torch.nonzero(largest > threshold).flatten().tolist()
        kept[name] = above or [int(largest.argmax())]
    return kept


@torch.no_grad()
def shrink(model: nn.Module, kept: dict[str, list[int]]) -> None:
    """Take every other filter out, in place, with its batch-norm and the weights it leads to.

    Args:
        kept: by convolution, the filters that stay, as :func:`kept_filters` returns them; by hidden
            dense layer, the units. What is not named keeps all.

    Raises:
        UserError: where the network's layers form no chain.
    """
    for (name, layer, norm), (_, following, _) in pairwise(chain(model)):
        if name not in kept:
            continue
        places = torch.tensor(kept[name], device=layer.weight.device)
        # A flattened map has so many inputs a channel.
        area = following.weight.shape[1] // layer.weight.shape[0]
        inputs = (places[:, None] * area + torch.arange(area, device=places.device)).flatten()
        width = "out_channels" if isinstance(layer, nn.Conv2d) else "out_features"
        for module, count in ((layer, width), (norm, "num_features")):
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


class NoChainError(UserError):
    """A network whose layers do not simply follow each other."""


def steps(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Path and module of everything in ``features``, then in ``classifier``, in order; what stands
    there twice comes twice."""
    for part in ("features", "classifier"):
        found: nn.Module = getattr(model, part)
        if not isinstance(found, nn.Sequential):
            yield part, found
            continue
        for name, module in in_order(found):
            yield f"{part}.{name}", module


def chain(model: nn.Module) -> list[Link]:
    """The convolutions in order, each with the batch-norm that follows it, then the dense layers.

    Raises:
        NoChainError: where they form no chain.
        UserError: where a layer with weights stands in it twice.
    """
    if not isinstance(getattr(model, "features", None), nn.Sequential):
        raise _no_chain()
    if not isinstance(getattr(model, "classifier", None), (nn.Linear, nn.Sequential)):
        raise _no_chain()
    links: list[Link] = []
    paths: dict[nn.Module, str] = {}
    for path, module in steps(model):
        is_norm = isinstance(module, nn.BatchNorm2d)
        if not is_norm and next(module.parameters(), None) is None:
            continue
        if module in paths:
            raise UserError(
                f"filters cannot be taken out of this network: {paths[module]} and {path} are one "
                "layer; give each place a layer of its own"
            )
        paths[module] = path
        if isinstance(module, nn.BatchNorm2d) and links and links[-1][2] is None:
            links[-1] = (*links[-1][:2], module)
        else:
            links.append((path, _layer(path, module), None))
    _check_fit(links)
    return links


def _layer(path: str, module: nn.Module) -> nn.Conv2d | nn.Linear:
    """The module, which has to be a layer that may stand at such a path."""
    if path.startswith("features"):
        if isinstance(module, nn.Conv2d) and module.groups == 1:
            return module
    elif type(module) is nn.Linear:  # others compute more than their weight's product
        return module
    raise _no_chain()


def _check_fit(links: list[Link]) -> None:
    """Raise where a layer reads something else than the maps, or units, of the one before it."""
    if not links or not isinstance(links[-1][1], nn.Linear):
        raise _no_chain()
    for (_, layer, norm), (_, following, _) in pairwise(links):
        width, inputs = layer.weight.shape[0], following.weight.shape[1]
        is_flattened = isinstance(layer, nn.Conv2d) and isinstance(following, nn.Linear)
        fits = inputs % width == 0 if is_flattened else inputs == width
        if not fits or (isinstance(layer, nn.Linear) and norm is not None):
            raise _no_chain()


def _no_chain() -> NoChainError:
    return NoChainError(
        "filters cannot be taken out of this network: only out of a chain of ungrouped "
        "convolutions (features) that ends in dense layers (classifier)"
    )
