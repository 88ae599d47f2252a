"""What training has made small, taken out of a network: for own code, and the phase ``Prune``."""

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
        by_layer = [Counter(sizes) for sizes in self.sizes.values()]
        found: dict[str, Any] = {"learned widths": list(self.widths.values())}
        for size in sorted({size for counts in by_layer for size in counts}):
            found[f"kernels of size {size}"] = [counts[size] for counts in by_layer]
        kept, gone = sum(self.widths.values()), len(self.removed_layers)
        found["layers left"] = {"count": len(by_layer) - gone, "of": len(by_layer)}
        found["identity-like kernels"] = {"count": len(self.identity_like), "of": kept}
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
            another form. The network is left as it is.
    """
    from benchmarks.models import compact, selecting

    tau = float(threshold)
    if not tau >= 0:
        raise UserError(f"threshold must not be negative, not {threshold}")
    if what not in SCHEMES:
        raise UserError(f"what: {what!r} is none of {', '.join(SCHEMES)}")
    scheme = SCHEMES[what]
    sizes = selecting.select(model, tau, scheme, tau_mode, allow_plain_removal=allow_plain_removal)
    smaller = model if in_place else copy.deepcopy(model)
    selecting.zero_kernels(smaller, sizes, scheme)
    passing = tuple(selecting.identity_like(smaller, sizes))
    compact.compact(smaller, sizes, scheme)
    return Shrunk(smaller, sizes, passing)


def rebuild(model: nn.Module, sizes: dict[str, list[int]], what: str) -> None:
    """Give a new network the shape that :func:`shrink` gave another one."""
    from benchmarks.models.compact import compact

    compact(model, sizes, SCHEMES[what])
