"""What sparse training is worth: a smaller network with the same outputs, a file that holds no
group of zeros, and what both save.

.. code-block:: python

    from benchmarks.compression import compress, load, worth

    small = compress(model)             # a copy; model may be any chain of convolutions
    small.save("small.safetensors")
    network = load("small.safetensors", fresh)   # fresh: built as model was
    print(worth(model, small, side=224))

Filters that are dead go, with their inputs of the layer above; and groups whose weights are all
zero (:class:`benchmarks.penalties.Compactness`) are not stored.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from benchmarks.errors import UserError, one_line
from benchmarks.models import dead_filters
from benchmarks.models.dead_filters import Conv2dOnConstants, Remains
from benchmarks.models.describe import multiply_adds
from benchmarks.models.hog_lbp import HogLbp
from benchmarks.models.layers import WEIGHTED
from benchmarks.models.spatial_pyramid import SpatialPyramid
from benchmarks.penalties.measured_group_sparsity import ZERO_BELOW

TOLERANCE = float(ZERO_BELOW)
FORMAT = "reproduce-blocks 1"
BATCHES = (1, 128)


@dataclass(frozen=True)
class Compression:
    """A network without what training has left unused.

    Attributes:
        network: in evaluation mode; its outputs are those of the network whose weights below the
            tolerance are 0.
        remains: which filters it still has.
    """

    network: nn.Module
    remains: Remains

    def encoded(self) -> bytes:
        """A safetensors file: of each layer's weight the groups that are not zero, in order, and a
        bit a group; everything else as it is."""
        tensors: dict[str, torch.Tensor] = {}
        shapes: dict[str, list[int]] = {}
        weights = _group_sizes(self.network)
        for name, value in self.network.state_dict().items():
            held = value.detach().cpu().contiguous()
            if name not in weights:
                tensors[name] = held
                continue
            groups = held.reshape(-1, weights[name])
            is_there = groups.ne(0).any(1)
            tensors[f"{name}.groups"] = groups[is_there].contiguous()
            tensors[f"{name}.bits"] = _packed(is_there)
            shapes[name] = list(held.shape)
        about = {"kept": self.remains.kept, "constants": self.remains.constants, "shapes": shapes}
        return save(tensors, metadata={"format": FORMAT, "about": json.dumps(about)})

    def save(self, path: Path | str) -> None:
        """Write :meth:`encoded`.

        Raises:
            UserError: where that fails.
        """
        with one_line(OSError, lambda why: f"cannot write {path}: {why}"):
            Path(path).write_bytes(self.encoded())


def compress(model: nn.Module, tolerance: float = TOLERANCE) -> Compression:
    """A copy of a trained network without dead filters, and without those that nothing reads.

    Args:
        model: a chain of convolutions, batch-norms, ReLUs and pools (``features``) that ends in a
            dense layer (``classifier``).
        tolerance: weights of a smaller magnitude count as 0.

    Raises:
        UserError: for a network of another form.
    """
    network = copy.deepcopy(model).eval()
    dead_filters.zero_below(network, tolerance)
    return Compression(network, dead_filters.remove(_learning(network)))


def _learning(model: nn.Module) -> nn.Module:
    """The network behind handcrafted features, which are no layers of it; or the model itself."""
    is_behind = isinstance(getattr(model, "front", None), HogLbp)
    return model.get_submodule("network") if is_behind else model


def load(path: Path | str, model: nn.Module) -> nn.Module:
    """The network of a file that :meth:`Compression.save` wrote.

    Args:
        model: built with the settings of the one that was compressed; it is changed in place, and
            its weights do not matter.

    Raises:
        UserError: where the file is none, or of another network.
    """
    with one_line(
        (OSError, SafetensorError, ValueError, KeyError, RuntimeError),
        lambda why: f"cannot read {path} as a compressed network: {why}",
    ):
        with safe_open(str(path), framework="pt") as file:
            told = file.metadata() or {}
            if told.get("format") != FORMAT:
                raise UserError(f"{path} is no compressed network")
            about = json.loads(told["about"])
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        dead_filters.reshape(_learning(model), Remains(about["kept"], about["constants"]))
        whole = _whole(found, about["shapes"])
        _check_shapes(path, whole, model.state_dict())
        model.load_state_dict(whole)
    return model.eval()


def _check_shapes(
    path: Path | str, whole: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor]
) -> None:
    """Raise UserError where a file's tensors are not a network's."""
    for name in sorted(whole.keys() ^ own.keys()):
        where = "the file alone" if name in whole else "the network alone"
        raise UserError(f"{path} is of another network: {where} has {name}")
    for name, value in whole.items():
        if value.shape != own[name].shape:
            raise UserError(
                f"{path} is of another network: {name} is {tuple(value.shape)} in it, and "
                f"{tuple(own[name].shape)} in the network"
            )


def _whole(found: Mapping[str, torch.Tensor], shapes: Mapping[str, list[int]]) -> dict[str, Any]:
    whole: dict[str, Any] = {n: v for n, v in found.items() if n.rpartition(".")[0] not in shapes}
    for name, shape in shapes.items():
        groups = found[f"{name}.groups"]
        size = groups.shape[1]
        value = groups.new_zeros(torch.Size(shape).numel() // size, size)
        value[_unpacked(found[f"{name}.bits"], len(value))] = groups
        whole[name] = value.view(shape)
    return whole


def _group_sizes(model: nn.Module) -> dict[str, int]:
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
            found[f"{name}.weight"] = size
    return found


def _packed(bits: torch.Tensor) -> torch.Tensor:
    padded = torch.nn.functional.pad(bits.to(torch.uint8), (0, -len(bits) % 8))
    powers = 2 ** torch.arange(8, dtype=torch.uint8)
    return (padded.view(-1, 8) * powers).sum(1, dtype=torch.uint8)


def _unpacked(packed: torch.Tensor, count: int) -> torch.Tensor:
    powers = 2 ** torch.arange(8, dtype=torch.uint8)
    return (packed[:, None] & powers).ne(0).flatten()[:count]


@dataclass(frozen=True)
class Worth:
    """What a compression saves: of the dense network, and of the compressed one.

    Attributes:
        weights: of layers, and the numbers that stand for dead filters in the layer above.
        effective: those of magnitudes from the tolerance on; of the compressed one, not 0.
        file_bytes: of all tensors as a safetensors file, of the compressed one without zero groups.
        multiply_adds: of one image; maps that stand for dead filters are made once for a size, so
            that they cost additions alone.
        block_multiply_adds: of those the ones with a group that is not zero, which an
            implementation by blocks would need; torch's convolutions compute all.
        images_per_second: in evaluation by batch size, on one thread where it is a CPU.
    """

    weights: tuple[int, int]
    effective: tuple[int, int]
    file_bytes: tuple[int, int]
    multiply_adds: tuple[int, int]
    block_multiply_adds: tuple[int, int]
    images_per_second: Mapping[int, tuple[float, float]]

    def __str__(self) -> str:
        names = ("weights", "effective", "file_bytes", "multiply_adds", "block_multiply_adds")
        rows = [(name.replace("_", " "), *getattr(self, name)) for name in names]
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
        seconds: for each speed.
    """
    from benchmarks.throughput.inference import images_per_second

    networks = (model, compression.network)
    # First what passes an image through them: from then on constant maps are there.
    counted = [_counts(network, side, tolerance) for network in networks]
    weights, effective, blocks = zip(*counted, strict=True)
    states = {name: v.detach().cpu().contiguous() for name, v in model.state_dict().items()}
    return Worth(
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
    sizes = _group_sizes(model)
    places: dict[str, int] = {}
    hooks = [
        module.register_forward_hook(
            lambda _, inputs, output, name=name: places.__setitem__(
                name, output[0, 0].numel() if output.ndim == 4 else 1
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
        size = sizes[f"{name}.weight"]
        total += weight.numel()
        effective += int(there.sum())
        products += int(there.reshape(-1, size).any(1).sum()) * size * count
    return total, effective, products
