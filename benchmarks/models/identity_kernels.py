"""Kernels that pass a channel through, in a network whose small kernels were set to 0.

Source: "Optimal Convolutional Architectures Via Structured Sparsity Regularizers", eq. 24.
"""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.models.kernel_selection import Pair, Sizes, parts


@torch.no_grad()
def zero_dead_inputs(model: nn.Module, sizes: Sizes) -> None:
    """Set to 0, in place, the weights on channels that
    :func:`benchmarks.models.kernel_selection.zero_kernels` has left without a kernel wherever they
    are added; outputs stay as they are."""
    live: set[int] | None = None  # None: all of them
    for part in parts(model):
        if isinstance(part, Pair):
            first, second = part.convolutions
            _keep_inputs(model, first, live)
            _keep_inputs(model, second, _kept(sizes[first]))
            is_projected = isinstance(model.get_submodule(f"{part.path}.shortcut"), nn.Sequential)
            live = None if is_projected or live is None else live | _kept(sizes[second])
            continue
        _keep_inputs(model, part.conv, live)
        # A layer that was allowed to go without a kernel has its input in its place.
        live = _kept(sizes[part.conv]) or live


def _kept(sizes: list[int]) -> set[int]:
    return {kernel for kernel, size in enumerate(sizes) if size}


def _keep_inputs(model: nn.Module, path: str, live: set[int] | None) -> None:
    weight = model.get_submodule(path).weight
    assert isinstance(weight, torch.Tensor)
    if live is not None:
        weight[:, [c for c in range(weight.shape[1]) if c not in live]] = 0


@torch.no_grad()
def identity_like(
    model: nn.Module, sizes: Sizes, tolerance: float = 0.1
) -> list[tuple[str, int, int, float]]:
    """Kernels that stay and pass a channel through, eq. 24: layer, kernel, channel and weight.

    A kernel does where the positive weight at its centre, of one channel, is at least 1 −
    ``tolerance`` of the kernel's norm.
    """
    found = []
    for path, left in sizes.items():
        weight = model.get_submodule(path).weight  # type: ignore[union-attr]
        assert isinstance(weight, torch.Tensor)
        centre = weight[:, :, weight.shape[2] // 2, weight.shape[3] // 2]
        largest, channel = centre.max(1)
        passes = largest >= (1 - tolerance) * weight.flatten(1).norm(dim=1)
        for kernel, size in enumerate(left):
            if size and bool(passes[kernel]) and float(largest[kernel]) > 0:
                found.append((path, kernel, int(channel[kernel]), float(largest[kernel])))
    return found
