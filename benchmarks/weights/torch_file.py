"""torch state dicts, loaded with ``weights_only``: no code in the file can run."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.errors import UserError
from benchmarks.weights.reading import Kind, Order, SpatialLayer, WeightFile, is_spatial

WRAPPERS = ("state_dict", "model_state_dict", "model")


def read_layers(path: Path) -> WeightFile:
    """Convolutions of a state dict in its own order, which is that of construction.

    Raises:
        UserError: where the file is damaged, or holds something else than tensors by name.
    """
    state = _state_dict(_load(path), path)
    return WeightFile(tuple(layers_of(state.items(), path)), Order.STATE_DICT)


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """All tensors of a state dict by name.

    Raises:
        UserError: as :func:`read_layers`; also where one is sparse or without values.
    """
    state = _state_dict(_load(path), path)
    for name, tensor in state.items():
        _check_dense(name, tensor, path)
    return state


def _load(path: Path) -> Any:
    import pickle

    advice = "save `model.state_dict()` with torch.save"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path} is no plain state dict (it is damaged, or holds objects whose loading would "
            f"run code): {advice}"
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # damage shows as RuntimeError, EOFError, ValueError, …
        what = "a TorchScript program" if "TorchScript" in str(error) else "damaged or cut short"
        raise UserError(f"{path} is {what}: {advice}, or fetch it again") from error


def _state_dict(loaded: Any, path: Path) -> dict[str, torch.Tensor]:
    """The tensors by name in what a file held, at the top or below one of :data:`WRAPPERS`."""
    outer = loaded if isinstance(loaded, Mapping) else {}
    for candidate in (loaded, *(outer[key] for key in WRAPPERS if key in outer)):
        inner = candidate if isinstance(candidate, Mapping) else {}
        named = ((name, value) for name, value in inner.items() if isinstance(name, str))
        if found := {name: value for name, value in named if isinstance(value, torch.Tensor)}:
            return found
    raise UserError(
        f"{path} holds no state dict, at the top or under {', '.join(WRAPPERS)}: save "
        "`model.state_dict()` with torch.save"
    )


def layers_of(tensors: Iterable[tuple[str, torch.Tensor]], path: Path) -> Iterator[SpatialLayer]:
    """Spatial filters of the weights (outputs, inputs / groups, kh, kw) among named tensors.

    One input a filter means a depthwise convolution, except in the network's first one, whose
    image may be grey.

    Raises:
        UserError: where such a weight is sparse, without values, or of no floating-point type.
    """
    is_first = True
    for name, tensor in tensors:
        if tensor.ndim != 4 or "weight" not in name:
            continue
        _check_dense(name, tensor, path)
        outputs, inputs, height, width = tensor.shape
        depthwise = inputs == 1 and outputs > 1 and not is_first
        is_first = False
        if is_spatial(height, width) and tensor.numel():
            kind: Kind = "dwconv" if depthwise else "conv"
            values = _floats(name, tensor, path).reshape(-1, height, width)
            yield SpatialLayer(
                name.removesuffix(".weight"), kind, values.contiguous().cpu().numpy()
            )


def _check_dense(name: str, tensor: torch.Tensor, path: Path) -> None:
    if tensor.is_meta:
        raise UserError(
            f"{path}: {name} is a tensor on the device meta, which has no values: save the weights "
            "of a model that is in memory"
        )
    if tensor.is_nested or tensor.layout is not torch.strided:
        layout = "nested" if tensor.is_nested else str(tensor.layout).removeprefix("torch.")
        raise UserError(
            f"{path}: {name} is a {layout} tensor: save it dense, with `tensor.to_dense()`"
        )


def _floats(name: str, tensor: torch.Tensor, path: Path) -> torch.Tensor:
    try:
        if tensor.is_floating_point():
            return tensor.detach().to(torch.float32)
    except (RuntimeError, NotImplementedError):  # packed types, such as four-bit floats
        pass
    kind = str(tensor.dtype).removeprefix("torch.")
    raise UserError(
        f"{path}: {name} is of type {kind}, and only floating-point kernels are compared: save the "
        "model with float32 weights"
    )
