"""``.safetensors`` files.

Their usual writer sorts tensors by name, so that ``features.10`` stands before ``features.2``; the
order of depth is therefore taken, in this turn, from the metadata entry :data:`ORDER_KEY` (a JSON
list of tensor names, which files of this suite have), from the file where it is not sorted by
name, or from the names with their numbers compared as numbers.

Some networks train several branches a block; what a trained one computes is the merged filter. So
files of this suite are read as the one convolution that each block is: taken branch by branch,
strips, which are not square, would be left out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from benchmarks.errors import UserError, one_line
from benchmarks.weights.reading import Order, WeightFile
from benchmarks.weights.torch_file import layers_of

ORDER_KEY = "order"
CONFIGURATION_KEY = "configuration"
BRANCH = ".branches."


def read_layers(path: Path) -> WeightFile:
    """Convolutions of a safetensors file in order of depth.

    Raises:
        UserError: where the file is damaged or its metadata name tensors that it lacks.
    """
    message = f"{path} is damaged, cut short or no safetensors file"
    with (
        one_line(
            (SafetensorError, OSError, ValueError),
            lambda why: f"{message} ({why}): fetch or save it again",
        ),
        safe_open(path, framework="pt") as file,
    ):
        metadata = file.metadata() or {}
        if _has_branches(list(file.keys()), metadata):
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            tensors = _merged(state, metadata, path).items()
            return WeightFile(tuple(layers_of(tensors, path)), Order.MERGED)
        stored = [n for n in file.offset_keys() if len(file.get_slice(n).get_shape()) == 4]
        names, order = _depth_order(stored, metadata, path)
        found = ((name, file.get_tensor(name)) for name in names)
        return WeightFile(tuple(layers_of(found, path)), order)


def _depth_order(
    stored: list[str], metadata: Mapping[str, str], path: Path
) -> tuple[list[str], Order]:
    """The names of the tensors with four axes, given by position in the file, by depth."""
    if ORDER_KEY in metadata:
        return _stated(metadata[ORDER_KEY], stored, path), Order.METADATA
    if stored == sorted(stored):
        return sorted(stored, key=natural), Order.NAMES
    return stored, Order.FILE


def _stated(text: str, stored: list[str], path: Path) -> list[str]:
    try:
        names: Any = json.loads(text)
    except (ValueError, RecursionError):
        names = None
    known = [name for name in names if name in stored] if isinstance(names, list) else []
    if sorted(known) != sorted(stored):
        raise UserError(
            f"{path}: its metadata entry {ORDER_KEY!r} is no list of its tensors: save it again"
        )
    return known


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key by which numbers in names compare as numbers: "layer2.0" before "layer10.0"."""
    parts = re.split(r"(\d+)", name)
    return [(1, int(p), "") if p.isdigit() else (0, 0, p) for p in parts]


def _has_branches(names: list[str], metadata: Mapping[str, str]) -> bool:
    """Whether a file of these tensors is a network of this suite with several branches a block."""
    blocks = Counter(name.partition(BRANCH)[0] for name in names if BRANCH in name)
    return CONFIGURATION_KEY in metadata and any(count > 1 for count in blocks.values())


def _merged(
    state: Mapping[str, torch.Tensor], metadata: Mapping[str, str], path: Path
) -> dict[str, torch.Tensor]:
    """The weights of the merged network's convolutions, by name in the order of construction.

    Args:
        state: the whole state of the network as it was trained.
        metadata: with the run's configuration, from whose model the network is built again.
    """
    from benchmarks.models.branches import merge
    from benchmarks.models.model import Model
    from benchmarks.parts import made

    try:
        settings = json.loads(metadata[CONFIGURATION_KEY])["model"]
        model = made(Model, settings).network(classes=state["classifier.weight"].shape[0])
        model.load_state_dict(dict(state))
    except (ValueError, TypeError, KeyError, RecursionError, RuntimeError, UserError) as error:
        reason = " ".join(str(error).split())[:120]
        raise UserError(
            f"{path}: its branches cannot be merged, since its weights do not fit the configuration"
            f" that it states ({reason}): save them again"
        ) from error
    return {
        f"{name}.weight": module.weight.detach()
        for name, module in merge(model).named_modules()
        if isinstance(module, torch.nn.Conv2d)
    }
