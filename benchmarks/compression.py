"""What sparse training is worth: a smaller network with the same outputs, a file that holds no
group of zeros, and what both save.

.. code-block:: python

    from benchmarks.compression import compress, load, worth

    small = compress(model)             # a copy, without dead filters where model is a chain
    small.save("small.safetensors")
    network = load("small.safetensors", fresh)   # fresh: built as model was
    print(worth(model, small, side=224))

Groups whose weights are all zero (:class:`benchmarks.penalties.Compactness`) are not stored, of any
network. Out of a chain, dead filters go with their inputs of the layer above.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from benchmarks.compression_worth import TOLERANCE, Worth, check_tolerance, worth
from benchmarks.errors import UserError, one_line
from benchmarks.models import dead_filters, filter_removal, same_outputs, zero_groups
from benchmarks.models.dead_filters import Remains
from benchmarks.models.hog_lbp import HogLbp
from benchmarks.models.layers import WEIGHTED, check_convolutions

__all__ = ["TOLERANCE", "Compression", "Worth", "compress", "load", "worth"]

FORMAT = "reproduce-blocks 1"


@dataclass(frozen=True)
class Compression:
    """A network without what training has left unused.

    Attributes:
        network: in evaluation mode; its outputs are those of the network whose weights below the
            tolerance are 0.
        remains: which filters it still has; nothing where the network is no chain and has all.
    """

    network: nn.Module
    remains: Remains

    def encoded(self) -> bytes:
        """A safetensors file: of each layer's weight the groups that are not zero, in order, and a
        bit a group; everything else as it is."""
        tensors, shapes = zero_groups.packed(self.network)
        about = {"kept": self.remains.kept, "constants": self.remains.constants, "shapes": shapes}
        return save(tensors, metadata={"format": FORMAT, "about": json.dumps(about)})

    def save(self, path: Path | str) -> None:
        """Write :meth:`encoded`.

        Raises:
            UserError: where that fails.
        """
        with one_line(OSError, lambda why: f"cannot write {path}: {why}"):
            Path(path).write_bytes(self.encoded())


def compress(
    model: nn.Module,
    tolerance: float = TOLERANCE,
    *,
    filters: bool = True,
    images: torch.Tensor | None = None,
) -> Compression:
    """A copy of a trained network without dead filters, and without those that nothing reads.

    Filters leave a chain: convolutions without groups, batch-norms, ReLUs and pools in a
    ``Sequential`` named ``features``, whose maps, flattened or averaged, are all that
    ``classifier`` sees, a dense layer or a ``Sequential`` of such with ReLU and dropout between;
    hidden units go likewise. That its ``forward`` does no more is tried on a few images. Every
    other network, such as a residual one, keeps its filters, and its file alone is smaller.

    Args:
        model: in any mode; it is not changed.
        tolerance: weights of a smaller magnitude count as 0.
        filters: whether filters may go; without it every network keeps them.
        images: a few (N, C, H, W) to compare outputs on; by default random ones of the first usual
            side that a chain takes.

    Raises:
        UserError: for a negative tolerance, numbers that are not finite, weights that are computed
            from other parameters, convolutions that are not ``Conv2d``, a chain with something
            between its layers across which no filter can go, and one whose outputs on the images
            differ by more than 1e-5 of their size, or that takes none.
    """
    _check(model, tolerance)
    whole = copy.deepcopy(model).eval()
    dead_filters.zero_below(whole, tolerance)
    if not filters:
        return Compression(whole, Remains({}))
    small = copy.deepcopy(whole)
    try:
        remains = dead_filters.remove(_learning(small))
    except filter_removal.NoChainError:
        return Compression(whole, Remains({}))
    except UserError as error:
        raise UserError(f"{error}; or give filters=False, which keeps them") from error
    _check_outputs(whole, small, images)
    return Compression(small, remains)


def _check(model: nn.Module, tolerance: float) -> None:
    """Raise UserError for what cannot be compressed, whatever the network's form."""
    check_tolerance(tolerance)
    check_convolutions(model)
    for name, module in model.named_modules():
        if isinstance(module, WEIGHTED) and "weight" not in module._parameters:
            raise UserError(
                f"{zero_groups.weight_of(name)} is computed from other parameters: make it one "
                "first, by torch.nn.utils.parametrize.remove_parametrizations, or prune.remove"
            )
    for name, value in (*model.named_parameters(), *model.named_buffers()):
        if value.is_floating_point() and not value.isfinite().all():
            raise UserError(
                f"{name} has entries that are not finite: give the weights of a training that has "
                "not diverged"
            )


def _check_outputs(whole: nn.Module, small: nn.Module, images: torch.Tensor | None) -> None:
    """Raise UserError where a network without filters does not compute what it did with them."""
    if images is None:
        images = same_outputs.trial_images(whole, _channels(whole))
    expected = same_outputs.outputs(whole, images)
    try:
        apart = same_outputs.distance(whole, small, expected, images)
    except UserError as error:
        why = f"without them {error}"
    else:
        why = f"without them outputs differ by {apart:.1g} of their size"
        if apart <= same_outputs.RELATIVE:
            return
    cause = "which does more with the maps of its features than to pass them to its classifier"
    if torch.finfo(next(whole.parameters()).dtype).eps > same_outputs.RELATIVE:
        cause = "whose weights are too coarse for constants in dead filters' place: give float32"
    raise UserError(
        f"filters cannot be taken out of this network, {cause}: {why}; or give filters=False, "
        "which keeps them"
    )


def _channels(model: nn.Module) -> tuple[int, ...]:
    """How many an image may have."""
    first = next((m for m in model.modules() if isinstance(m, nn.Conv2d)), None)
    is_behind = _learning(model) is not model
    return (3,) if is_behind else (3, 1) if first is None else (first.in_channels,)


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
        if about["kept"]:  # of a network that is no chain all filters are there
            dead_filters.reshape(_learning(model), Remains(about["kept"], about["constants"]))
        whole = zero_groups.unpacked(found, about["shapes"])
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
