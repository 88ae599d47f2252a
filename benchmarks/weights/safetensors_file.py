"""``.safetensors`` files.

Their usual writer sorts tensors by name, so that ``features.10`` stands before ``features.2``; the
order of depth is therefore taken, in this turn, from the metadata entry :data:`ORDER_KEY` (a JSON
list of tensor names, which files of this suite have), from the file where it is not sorted by
name, or from the names with their numbers compared as numbers. Networks of this suite whose blocks
have several branches are read merged, see :mod:`benchmarks.weights.branched`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from benchmarks.errors import UserError
from benchmarks.weights import branched
from benchmarks.weights.layers import Order, WeightFile
from benchmarks.weights.torch_file import layers_of

ORDER_KEY = "order"


def read_layers(path: Path) -> WeightFile:
    """Convolutions of a safetensors file in order of depth.

    Raises:
        UserError: where the file is damaged or its metadata name tensors that it lacks.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if branched.has_branches(list(file.keys()), metadata):
                state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                tensors = branched.merged(state, metadata, path).items()
                return WeightFile(tuple(layers_of(tensors, path)), Order.MERGED)
            stored = [n for n in file.offset_keys() if len(file.get_slice(n).get_shape()) == 4]
            names, order = depth_order(stored, metadata, path)
            found = ((name, file.get_tensor(name)) for name in names)
            return WeightFile(tuple(layers_of(found, path)), order)
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(
            f"{path} is damaged, cut short or no safetensors file ({error}): fetch or save it again"
        ) from error


def depth_order(
    stored: list[str], metadata: Mapping[str, str], path: Path
) -> tuple[list[str], Order]:
    """The weights' names in order of depth, and how that is known.

    Args:
        stored: the names of the tensors with four axes by position in the file.

    Raises:
        UserError: where the metadata's order is no list of names with all of these.
    """
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
