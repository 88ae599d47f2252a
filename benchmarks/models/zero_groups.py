"""Tensors of a network in a file: of layers' weights the groups that are not zero alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from benchmarks.models.layers import WEIGHTED
from benchmarks.models.spatial_pyramid import SpatialPyramid


def group_sizes(model: nn.Module) -> dict[str, int]:
    """By name of a layer's weight, how many neighbouring weights are a group: a filter's slice, or
    a class's weights for the regions of a map."""
    pyramids = [module for module in model.modules() if isinstance(module, SpatialPyramid)]
    regions = pyramids[-1].regions if pyramids else 1
    found = {}
    for name, module in model.named_modules():
        if isinstance(module, WEIGHTED):
            weight: torch.Tensor = module.weight  # type: ignore[assignment]
            is_read = isinstance(module, nn.Linear) and module.in_features % regions == 0
            size = weight[0, 0].numel() if weight.dim() == 4 else regions if is_read else 1
            found[weight_of(name)] = size
    return found


def weight_of(path: str) -> str:
    """The name of a layer's weight; a network may be the layer itself."""
    return f"{path}.weight".lstrip(".")


def apart(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A network's tensors for a file: on the CPU, and none in another's memory, as those of a
    module that stands at two places are."""
    found: dict[str, torch.Tensor] = {}
    places = set()
    for name, value in state.items():
        held = value.detach().cpu().contiguous()
        found[name] = held.clone() if held.data_ptr() in places else held
        places.add(held.data_ptr())
    return found


def packed(model: nn.Module) -> tuple[dict[str, torch.Tensor], dict[str, list[int]]]:
    """A network's tensors, of each layer's weight ``groups``, those that are not zero in order, and
    ``bits``, one a group; and by name the shapes of these weights."""
    tensors: dict[str, torch.Tensor] = {}
    shapes: dict[str, list[int]] = {}
    sizes = group_sizes(model)
    for name, held in apart(model.state_dict()).items():
        if name not in sizes:
            tensors[name] = held
            continue
        groups = held.reshape(-1, sizes[name])
        is_there = groups.ne(0).any(1)
        tensors[f"{name}.groups"] = groups[is_there].contiguous()
        tensors[f"{name}.bits"] = _bytes(is_there)
        shapes[name] = list(held.shape)
    return tensors, shapes


def unpacked(
    found: Mapping[str, torch.Tensor], shapes: Mapping[str, list[int]]
) -> dict[str, torch.Tensor]:
    """The state of the network whose :func:`packed` tensors these are.

    Raises:
        KeyError, RuntimeError: where some are missing, or do not fit the shapes.
    """
    whole: dict[str, Any] = {n: v for n, v in found.items() if n.rpartition(".")[0] not in shapes}
    for name, shape in shapes.items():
        groups = found[f"{name}.groups"]
        size = groups.shape[1]
        value = groups.new_zeros(torch.Size(shape).numel() // size, size)
        value[_bits(found[f"{name}.bits"], len(value))] = groups
        whole[name] = value.view(shape)
    return whole


def _bytes(bits: torch.Tensor) -> torch.Tensor:
    padded = torch.nn.functional.pad(bits.to(torch.uint8), (0, -len(bits) % 8))
    powers = 2 ** torch.arange(8, dtype=torch.uint8)
    return (padded.view(-1, 8) * powers).sum(1, dtype=torch.uint8)


def _bits(packed: torch.Tensor, count: int) -> torch.Tensor:
    powers = 2 ** torch.arange(8, dtype=torch.uint8)
    return (packed[:, None] & powers).ne(0).flatten()[:count]
