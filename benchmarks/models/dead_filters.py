"""Takes filters without weights or without readers out of a chain, whose outputs stay, unlike with
:mod:`.filter_removal`, which takes small ones.

What such a filter gives is the same everywhere: batch-norm makes a constant of its zeros. So its
map leaves the network, and the layer above is given what it made of it: a number an output where
nothing is padded, and beside a padded border less of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import conv2d

from benchmarks.errors import UserError
from benchmarks.models import filter_removal
from benchmarks.models.dropout import CountedDropout
from benchmarks.models.layers import WEIGHTED
from benchmarks.models.spatial_pyramid import SpatialPyramid

# Between layers: what leaves a constant map constant.
POOLS = (nn.MaxPool2d, nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d, SpatialPyramid)
KEEPING = (*POOLS, nn.Flatten, nn.Dropout, CountedDropout, nn.Identity)


@dataclass(frozen=True)
class Remains:
    """What is left of a network.

    Attributes:
        kept: by convolution, the filters that stay, in order; by hidden dense layer, the units.
            Empty where the network is no chain and all stay.
        constants: the layers that have to be told of constant maps.
    """

    kept: dict[str, list[int]]
    constants: list[str] = field(default_factory=list)


class Conv2dOnConstants(nn.Module):
    """A convolution, some of whose inputs were constant maps and are no longer there.

    What these come to is a map that no image changes: where no gradients are asked for it is made
    once for a size, and again where the numbers behind it have changed.

    Args:
        convolution: of the other inputs.
        constant: what the constants' weights add up to, (K, 1, k, k).
    """

    def __init__(self, convolution: nn.Conv2d, constant: torch.Tensor) -> None:
        super().__init__()
        self.convolution, self.constant = convolution, nn.Parameter(constant)
        self._known: tuple[object, torch.Tensor] | None = None

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, K, s, s) of maps (N, channels, s, s)."""
        return self.convolution(maps) + self._of_constants(maps)

    def _of_constants(self, maps: torch.Tensor) -> torch.Tensor:
        """The map (1, K, s, s) beside such maps."""
        held, kind = self.constant, maps.device.type.replace("meta", "cpu")
        # What is traced has no memory to be told by, what inference mode made no version.
        is_untold = torch.compiler.is_compiling() or held.is_inference()
        if self.training or torch.is_grad_enabled() or is_untold:
            return self._computed(maps)
        lower = torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind)
        key = maps.shape[2:], maps.dtype, maps.device, lower, held.data_ptr(), held._version
        if self._known is None or self._known[0] != key:
            self._known = key, self._computed(maps)
        return self._known[1]

    def _computed(self, maps: torch.Tensor) -> torch.Tensor:
        layer, ones = self.convolution, maps.new_ones(1, 1, *maps.shape[2:])
        how = layer.stride, layer.padding, layer.dilation
        return conv2d(ones, self.constant, None, *how)  # type: ignore[arg-type]


@torch.no_grad()
def zero_below(model: nn.Module, tolerance: float) -> None:
    """Set weights of layers with |w| < ``tolerance`` to 0, in place."""
    for module in model.modules():
        if isinstance(module, WEIGHTED):
            module.weight.masked_fill_(module.weight.abs() < tolerance, 0.0)


@torch.no_grad()
def remove(model: nn.Module) -> Remains:
    """Take the filters out, in place, that have no weight or whose map no filter that stays has a
    weight for, and hidden units of that kind; each layer keeps one. Outputs in evaluation stay as
    they are where the network does no more than pass an image through ``features`` and flattened
    or averaged maps through ``classifier``, which nothing here can see.

    Raises:
        NoChainError: where the network's layers form no chain.
        UserError: where a layer stands in it twice, or something lies between them that is neither
            batch-norm, ReLU nor a pool.
    """
    links = filter_removal.chain(model)
    given = _given(model, links)
    kept = _kept(links, given)
    sums = _sums(links, given, kept)
    filter_removal.shrink(model, kept)
    _add(model, sums)
    return Remains(kept, list(sums))


@torch.no_grad()
def reshape(model: nn.Module, remains: Remains) -> None:
    """Give a network as it was built the form that :func:`remove` has left; weights are not set.

    Raises:
        UserError: where it is another network.
    """
    links = filter_removal.chain(model)
    filters = {name: len(layer.weight) for name, layer, _ in links[:-1]}
    if list(filters) != list(remains.kept):
        raise UserError("this network has other layers than the file's")
    for name, kept in remains.kept.items():
        if max(kept) >= filters[name]:
            raise UserError(
                f"{name} has {filters[name]} filters in this network, and more in the file's"
            )
    filter_removal.shrink(model, remains.kept)
    layers = {name: model.get_submodule(name) for name in remains.constants}
    _add(model, {name: _empty(layer) for name, layer in layers.items()})


def _empty(layer: nn.Module) -> torch.Tensor:
    weight: torch.Tensor = layer.weight  # type: ignore[assignment]
    shape = (len(weight), 1, *weight.shape[2:]) if weight.dim() == 4 else (len(weight),)
    return weight.new_ones(shape)


def _given(model: nn.Module, links: list[filter_removal.Link]) -> dict[str, torch.Tensor]:
    """What each filter's map, or unit, is, where it is a constant, behind batch-norm, ReLU and
    pools; else NaN: float32 (filters,) by layer."""
    found: dict[str, torch.Tensor] = {}
    layers = {layer: name for name, layer, _ in links}
    values: torch.Tensor | None = None
    for _, module in filter_removal.steps(model):
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            _check_padding(module)
            dead = _dead(module.weight, values)
            values = torch.where(dead, 0.0, float("nan")).to(module.weight)
            if module.bias is not None:
                values = values + module.bias
            name = layers[module]
        elif isinstance(module, nn.BatchNorm2d) and values is not None:
            if module.running_mean is None:
                raise UserError(
                    "filters cannot be taken out before batch-norm without running statistics: "
                    "it makes no constant of a dead filter's map"
                )
            values = module.eval()(values[None, :, None, None]).flatten()
        elif isinstance(module, nn.ReLU):
            values = None if values is None else values.relu()  # of NaN it is NaN
        elif not isinstance(module, KEEPING):
            raise UserError(
                f"filters cannot be taken out before a {type(module).__name__}: only before "
                "batch-norm, ReLU and pools"
            )
        if values is not None:
            found[name] = values
    return found


def _check_padding(layer: nn.Conv2d | nn.Linear) -> None:
    if isinstance(layer, nn.Conv2d) and layer.padding_mode != "zeros":
        raise UserError(
            f"filters cannot be taken out below a convolution that pads by "
            f"{layer.padding_mode}: only below those that pad with zeros"
        )


def _dead(weight: torch.Tensor, inputs: torch.Tensor | None) -> torch.Tensor:
    """Filters without a weight for a map that is not all 0, bool (K,)."""
    maps = weight.shape[1] if inputs is None else len(inputs)
    used = weight.detach().reshape(len(weight), maps, -1).ne(0).any(2)
    return ~(used if inputs is None else used & (inputs != 0)).any(1)


def _kept(links: list[filter_removal.Link], given: dict[str, torch.Tensor]) -> dict[str, list[int]]:
    """From the classifier down: filters that are no constants, and for which a filter that stays,
    or a class, has a weight."""
    kept: dict[str, list[int]] = {}
    rows: list[int] | None = None
    for (name, layer, _), (_, above, _) in reversed(list(pairwise(links))):
        weight = above.weight.detach() if rows is None else above.weight.detach()[rows]
        read = weight.reshape(len(weight), len(layer.weight), -1).ne(0).any(2).any(0)
        stays = read & given[name].isnan()
        rows = torch.nonzero(stays).flatten().tolist() or [int(read.byte().argmax())]
        kept[name] = rows
    return dict(reversed(kept.items()))


def _sums(
    links: list[filter_removal.Link], given: dict[str, torch.Tensor], kept: dict[str, list[int]]
) -> dict[str, torch.Tensor]:
    """What constant maps that go come to in the layers above, by layer, where that is not 0."""
    found = {}
    for (name, layer, _), (upper, above, _) in pairwise(links):
        gone = given[name].nan_to_num(0.0)
        gone[kept[name]] = 0.0
        weight = above.weight.detach()
        weight = weight[kept[upper]] if upper in kept else weight
        by_map = weight.reshape(len(weight), len(layer.weight), *(weight.shape[2:] or (-1,)))
        total = torch.einsum("kt...,t->k...", by_map.double(), gone.double()).to(weight)
        total = total[:, None] if isinstance(above, nn.Conv2d) else total.sum(1)
        if total.any():
            found[upper] = total
    return found


def _add(model: nn.Module, sums: dict[str, torch.Tensor]) -> None:
    for path, total in sums.items():
        layer = model.get_submodule(path)
        if isinstance(layer, nn.Conv2d):
            model.set_submodule(path, Conv2dOnConstants(layer, total))
        elif isinstance(layer, nn.Linear):
            layer.bias = nn.Parameter(total if layer.bias is None else layer.bias + total)
