"""The convolutions of any network: which have nested groups, what follows them, their maps."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import torch
from torch import nn

from benchmarks.errors import UserError, first_line
from benchmarks.models.layers import check_convolutions, in_order
from benchmarks.models.supports import Scheme, check_odd

SHORTCUTS = ("shortcut", "downsample")  # names of projections, here and in torchvision


def convolutions(
    model: nn.Module, scheme: Scheme = "kernel", leave_out: Collection[str] = SHORTCUTS
) -> dict[str, nn.Conv2d]:
    """The network's convolutions by path, in the order of its modules.

    Args:
        scheme: of the groups that they have to have.
        leave_out: words of a path whose convolutions are passed over.

    Raises:
        UserError: where there is none, or one has no such groups or is no ``Conv2d``.
    """
    check_convolutions(model, leave_out)
    found = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d) and not set(name.split(".")) & set(leave_out)
    }
    if not found:
        raise UserError("the network has no convolutions whose kernels could be selected")
    for name, layer in found.items() if scheme != "kernel" else ():
        height, width = layer.kernel_size
        if height != width:
            raise UserError(
                f"half-rings and rings are defined for square kernels, not {height}×{width} "
                f"({name}): name it in leave_out"
            )
        check_odd(height, name)
    return found


def norms_behind(model: nn.Module) -> dict[nn.Conv2d, nn.BatchNorm2d]:
    """By convolution, the batch-norm with weights that is registered right behind it."""
    found = {}
    for parent in model.modules():
        for (_, layer), (_, norm) in pairwise(in_order(parent)):
            if not isinstance(layer, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
                continue
            is_whole = norm.affine and norm.track_running_stats
            if is_whole and norm.num_features == layer.out_channels:
                found[layer] = norm
    return found


def output_sides(model: nn.Module, side: int) -> dict[nn.Conv2d, tuple[int, int]]:
    """Height and width of every convolution's outgoing map, in the order of execution, while an
    image of zeros (1, channels, side, side) passes through the network.

    Raises:
        UserError: where such images do not fit the network.
    """
    layers = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    found: dict[nn.Conv2d, tuple[int, int]] = {}

    def note(module: nn.Module, _inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        found[module] = tuple(output.shape[2:])  # type: ignore[index, assignment]

    hooks = [layer.register_forward_hook(note) for layer in layers]
    was_training, first = model.training, layers[0].weight
    try:
        with torch.no_grad():
            model.eval()(first.new_zeros(1, first.shape[1], side, side))
    except RuntimeError as error:
        message = f"images of {side}×{side} do not fit the network: {first_line(error)}"
        raise UserError(message) from error
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    return found
