"""What a compression saves: :func:`benchmarks.compression.worth`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save
from torch import nn

from benchmarks.errors import UserError
from benchmarks.models import zero_groups
from benchmarks.models.dead_filters import Conv2dOnConstants
from benchmarks.models.describe import multiply_adds
from benchmarks.models.layers import WEIGHTED, LocallyConnected2d
from benchmarks.penalties.measured_group_sparsity import ZERO_BELOW

if TYPE_CHECKING:
    from benchmarks.compression import Compression

TOLERANCE = float(ZERO_BELOW)
BATCHES = (1, 128)


@dataclass(frozen=True)
class Worth:
    """What a compression saves: of the dense network, and of the compressed one.

    Attributes:
        filters: of convolutions; as many in both where the network is no chain.
        weights: of layers, and the numbers that stand for dead filters in the layer above.
        effective: those of magnitudes from the tolerance on; of the compressed one, not 0.
        file_bytes: of all tensors as a safetensors file, of the compressed one without zero groups.
        multiply_adds: of one image; maps that stand for dead filters are made once for a size, so
            that they cost additions alone.
        block_multiply_adds: of those the ones with a group that is not zero, which an
            implementation by blocks would need; torch's convolutions compute all.
        images_per_second: in evaluation by batch size, on one thread where it is a CPU.
    """

    filters: tuple[int, int]
    weights: tuple[int, int]
    effective: tuple[int, int]
    file_bytes: tuple[int, int]
    multiply_adds: tuple[int, int]
    block_multiply_adds: tuple[int, int]
    images_per_second: Mapping[int, tuple[float, float]]

    def __str__(self) -> str:
        counts = ("filters", "weights", "effective", "file_bytes")
        products = ("multiply_adds", "block_multiply_adds")
        rows = [(name.replace("_", " "), *getattr(self, name)) for name in counts + products]
        rows += [(f"images/s, batch {b}", *pair) for b, pair in self.images_per_second.items()]
        lines = [f"{'':24}{'dense':>16}{'compressed':>16}{'ratio':>8}"]
        lines += [f"{n:24}{a:16,.0f}{b:16,.0f}{b / a if a else 1:8.3f}" for n, a, b in rows]
        return "\n".join(lines)


def worth(
    model: nn.Module,
    compression: Compression,
    side: int,
    *,
    tolerance: float = TOLERANCE,
    seconds: float = 1.0,
) -> Worth:
    """Measure both networks.

    Args:
        model: the one that was compressed.
        side: height and width of its images in pixels.
        tolerance: weights of a smaller magnitude count as 0.
        seconds: for each speed.

    Raises:
        UserError: for a negative tolerance.
    """
    from benchmarks.throughput.inference import images_per_second

    check_tolerance(tolerance)
    networks = (model, compression.network)
    # First what passes an image through them: from then on constant maps are there.
    counted = [_counts(network, side, tolerance) for network in networks]
    weights, effective, blocks = zip(*counted, strict=True)
    states = zero_groups.apart(model.state_dict())
    first, second = (
        sum(m.out_channels for m in network.modules() if isinstance(m, nn.Conv2d))
        for network in networks
    )
    return Worth(
        filters=(first, second),
        weights=weights,
        effective=effective,
        file_bytes=(len(save(states)), len(compression.encoded())),
        multiply_adds=(multiply_adds(model, side), multiply_adds(compression.network, side)),
        block_multiply_adds=blocks,
        images_per_second={
            batch: (whole, small)
            for batch in BATCHES
            for whole, small in [images_per_second(networks, side, batch, seconds)]
        },
    )


@torch.no_grad()
def _counts(model: nn.Module, side: int, tolerance: float) -> tuple[int, int, int]:
    """Weights, those that are not 0, and multiply-adds with groups that are not 0."""
    sizes = zero_groups.group_sizes(model)
    places: dict[str, int] = {}
    hooks = [
        module.register_forward_hook(
            lambda module, inputs, output, name=name: places.__setitem__(
                name, _places(module, output)
            )
        )
        for name, module in model.named_modules()
        if isinstance(module, WEIGHTED)
    ]
    was_training, device = model.training, next(model.parameters()).device
    model.eval()(torch.zeros(1, 3, side, side, device=device))
    model.train(was_training)
    for hook in hooks:
        hook.remove()
    constants = [m.constant for m in model.modules() if isinstance(m, Conv2dOnConstants)]
    total = sum(constant.numel() for constant in constants)
    effective = sum(int((constant.abs() >= tolerance).sum()) for constant in constants)
    products = 0
    for name, count in places.items():
        weight: torch.Tensor = model.get_submodule(name).weight  # type: ignore[assignment]
        there = weight.abs() >= tolerance
        size = sizes[zero_groups.weight_of(name)]
        total += weight.numel()
        effective += int(there.sum())
        products += int(there.reshape(-1, size).any(1).sum()) * size * count
    return total, effective, products


def _places(layer: nn.Module, output: torch.Tensor) -> int:
    """How often a weight takes part in an image; a locally connected layer has its own at each."""
    is_shared = output.ndim == 4 and not isinstance(layer, LocallyConnected2d)
    return output[0, 0].numel() if is_shared else 1


def check_tolerance(tolerance: float) -> None:
    """Raise UserError where it is none."""
    if not 0 <= tolerance < math.inf:
        raise UserError(f"tolerance is a number from 0 on, not {tolerance}")
