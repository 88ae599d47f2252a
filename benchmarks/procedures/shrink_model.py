"""No phase but a function, ``shrink``, that makes a network smaller by its kernels' norms: for own
code, and what the phases :mod:`.prune` and :mod:`.thresholds` are made of."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.errors import UserError

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.models.supports import Scheme

Kernels = Literal["kernels", "half_rings", "rings"]
SCHEMES: dict[str, Scheme] = {"kernels": "kernel", "half_rings": "half_ring", "rings": "ring"}


@dataclass(frozen=True)
class Shrunk:
    """A smaller network, and what became of the larger one's kernels.

    Attributes:
        model: has the outputs that the given one has with everything removed at 0.
        sizes: by convolution, each kernel's size, 0 where it went.
        identity_like: kernels that stay and pass one channel through: layer, kernel, channel and
            weight.
    """

    model: nn.Module
    sizes: dict[str, list[int]]
    identity_like: tuple[tuple[str, int, int, float], ...]

    @property
    def removed_layers(self) -> tuple[str, ...]:
        """Convolutions without a kernel."""
        return tuple(path for path, sizes in self.sizes.items() if not any(sizes))

    @property
    def widths(self) -> dict[str, int]:
        """Kernels that stay, by convolution."""
        return {path: sum(map(bool, sizes)) for path, sizes in self.sizes.items()}

    def measurements(self) -> dict[str, Any]:
        """Learned widths, kernels of each size (lists by layer), layers, identity-like kernels."""
        kept = sum(self.widths.values())
        left = {"identity-like kernels": {"count": len(self.identity_like), "of": kept}}
        return {**of_layers(self.sizes), **left}


def of_layers(sizes: dict[str, list[int]]) -> dict[str, Any]:
    """What kernels of these sizes, by convolution, are by layer: "learned widths" and "kernels of
    size …", lists; and "layers left", those with a kernel."""
    by_layer = [Counter(found) for found in sizes.values()]
    widths = [sum(map(bool, found)) for found in sizes.values()]
    found: dict[str, Any] = {"learned widths": widths}
    for size in sorted({size for counts in by_layer for size in counts}):
        found[f"kernels of size {size}"] = [counts[size] for counts in by_layer]
    found["layers left"] = {"count": sum(map(bool, widths)), "of": len(widths)}
    return found


def shrink(
    model: nn.Module,
    threshold: Decimal | float | str,
    what: Kernels = "kernels",
    *,
    tau_mode: Literal["absolute", "relative"] = "absolute",
    allow_plain_removal: bool = False,
    in_place: bool = False,
) -> Shrunk:
    """A really smaller network without the groups of weights whose ℓ2 norm is at most τ.

    The network is a chain or consists of residual blocks of two convolutions, as
    :class:`benchmarks.models.VGG10`, :class:`benchmarks.models.ResNet18` and
    :class:`benchmarks.models.PairedNet` are; ``model`` stays as it is unless ``in_place``. With
    kernels go their channels, batch-norm's entries and the next layer's weights; kernels without
    rings become smaller ones; residual blocks without kernels leave their shortcut.

    Args:
        threshold: τ, at least 0.
        what: whole "kernels", or the "half_rings" or "rings" of each from the border inwards.
        tau_mode: "relative" is times the largest kernel's norm in the layer.
        allow_plain_removal: whether a layer without a shortcut may go, its input in its place.

    Raises:
        UserError: where τ is negative or removes a layer that must stay, or the network is of
            another form, such as a chain with a Sigmoid, which makes 0.5 of a removed channel. The
            network is left as it is.
    """
    from benchmarks.models import kernel_selection

    try:
        tau = float(threshold)
    except (TypeError, ValueError):
        raise UserError(f"threshold must be a number, not {threshold!r}") from None
    if not tau >= 0:
        raise UserError(f"threshold must not be negative, not {threshold}")
    if tau_mode not in ("absolute", "relative"):
        raise UserError(f"tau_mode: {tau_mode!r} is none of absolute, relative")
    if what not in SCHEMES:
        raise UserError(f"what: {what!r} is none of {', '.join(SCHEMES)}")
    sizes = kernel_selection.select(
        model, tau, SCHEMES[what], tau_mode, allow_plain_removal=allow_plain_removal
    )
    return without(model if in_place else copy.deepcopy(model), sizes, what)


def without(model: nn.Module, sizes: dict[str, list[int]], what: str) -> Shrunk:
    """The network, changed in place, with kernels of these sizes."""
    from benchmarks.models import identity_kernels, kernel_removal, kernel_selection

    kernel_selection.zero_kernels(model, sizes, SCHEMES[what])
    identity_kernels.zero_dead_inputs(model, sizes)
    passing = tuple(identity_kernels.identity_like(model, sizes))
    kernel_removal.compact(model, sizes, SCHEMES[what])
    return Shrunk(model, sizes, passing)


def rebuild(model: nn.Module, sizes: dict[str, list[int]], what: str) -> None:
    """Give a new network the shape that :func:`shrink` gave another one."""
    from benchmarks.models.kernel_removal import compact

    compact(model, sizes, SCHEMES[what])
