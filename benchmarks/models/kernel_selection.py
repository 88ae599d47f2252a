"""Chooses kernels, or rings of kernels, by their norms, and sets them to 0 in a network that keeps
its shape; :mod:`.kernel_removal` takes them out.

Source: "Optimal Convolutional Architectures Via Structured Sparsity Regularizers", eqs. 15, 20
and 23. What is selected is written as the size of every kernel by layer, 0 where it goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from benchmarks.errors import UserError
from benchmarks.models.convolutions import convolutions
from benchmarks.models.layers import in_order
from benchmarks.models.nested_norms import NestedNorms
from benchmarks.models.networks import ResidualBlock, SingleLayer
from benchmarks.models.pointwise import StridedPoint
from benchmarks.models.supports import Scheme, groups, rings, size_without

Sizes = dict[str, list[int]]
Mode = Literal["absolute", "relative"]


@dataclass(frozen=True)
class Plain:
    """A convolution without a shortcut around it, and its batch-norm, as paths."""

    conv: str
    norm: str | None = None


@dataclass(frozen=True)
class Pair:
    """The path of a residual block of two convolutions."""

    path: str

    @property
    def convolutions(self) -> tuple[str, str]:
        """Their paths."""
        return f"{self.path}.conv1", f"{self.path}.conv2"

    @property
    def norms(self) -> tuple[str, str]:
        """The paths of their batch-norms."""
        return f"{self.path}.norm1", f"{self.path}.norm2"


def parts(model: nn.Module) -> list[Plain | Pair]:
    """The network's layers in order, up to its dense layer.

    Raises:
        UserError: where it is neither a chain nor one of residual blocks, or was shrunk before.
    """
    found = list(_chain(model) if hasattr(model, "features") else _blocks(model))
    layers = [model.get_submodule(path) for part in found for path in _paths(part)]
    fits = isinstance(getattr(model, "classifier", None), nn.Linear) and None not in found
    if not found or not fits or not all(map(_is_plain, layers)):
        raise UserError(
            "kernels cannot be taken out of this network: only out of a chain (`features`) of "
            "ungrouped, undilated convolutions padded with zeros, or of the suite's residual "
            "blocks of two, with a dense layer (`classifier`), and only once"
        )
    return found  # type: ignore[return-value]


def _chain(model: nn.Module) -> Iterator[Plain | None]:
    conv = None
    seen: set[nn.Module] = set()
    for name, module in in_order(model.get_submodule("features")):
        path = f"features.{name}"
        if module in seen and next(module.parameters(), None) is not None:
            yield None  # what stands there twice has one set of kernels
            continue
        seen.add(module)
        if isinstance(module, nn.BatchNorm2d) and conv:
            yield Plain(conv, path)
            conv = None
            continue
        if next(module.parameters(), None) is not None:
            if conv:
                yield Plain(conv)
            conv = path
    if conv:
        yield Plain(conv)


def _blocks(model: nn.Module) -> Iterator[Plain | Pair | None]:
    if not all(hasattr(model, name) for name in ("stem", "norm", "blocks")):
        return
    yield Plain("stem", "norm")
    for name, block in model.blocks.named_children():  # type: ignore[operator, union-attr]
        path = f"blocks.{name}"
        if isinstance(block, ResidualBlock):
            yield Pair(path)
        else:
            is_single = isinstance(block, SingleLayer)
            yield Plain(f"{path}.conv", f"{path}.norm") if is_single else None


@torch.no_grad()
def _check_passing(model: nn.Module) -> None:
    """Raise UserError where a chain does more with a removed channel than to pass its zeros on.

    What stands between two convolutions is tried on one map with and without every other channel;
    what has weights has to be a part of the chain.
    """
    if not hasattr(model, "features"):
        return
    known = {*model.features.parameters(), *model.classifier.parameters()}  # type: ignore[operator, union-attr]
    if {*model.parameters()} - known:
        raise UserError(
            "kernels cannot be taken out of this network: it has weights beside its features and "
            "its classifier"
        )
    stretch: list[tuple[str, nn.Module]] = []
    layer: nn.Conv2d | None = None
    norms = {part.norm for part in parts(model) if isinstance(part, Plain)}
    for name, module in [*in_order(model.get_submodule("features")), ("", None)]:
        is_norm = f"features.{name}" in norms
        if not is_norm and not isinstance(module, (nn.Conv2d, type(None))):
            stretch.append((name, module))
            continue
        if layer is not None and stretch and not _passes(stretch, layer):
            names = ", ".join(f"features.{name} ({type(m).__name__})" for name, m in stretch)
            raise UserError(
                f"kernels cannot be taken out of this network: {names} does not keep a channel of "
                "zeros as it is, apart from the other channels"
            )
        stretch = []
        layer = module if isinstance(module, nn.Conv2d) else layer


def _passes(stretch: list[tuple[str, nn.Module]], layer: nn.Conv2d) -> bool:
    channels, weight = layer.out_channels, layer.weight
    maps = torch.linspace(-2, 2, channels * 32 * 32, device=weight.device, dtype=weight.dtype)
    maps = maps.reshape(32 * 32, channels).t().reshape(1, channels, 32, 32)
    live = (torch.arange(channels, device=weight.device) % 2 == 0)[:, None]
    if any(isinstance(module, nn.BatchNorm2d) for _, module in stretch):
        return False  # it keeps means of all the channels
    results = []
    for tried in (maps, maps * live[..., None]):
        for _, module in stretch:
            was_training = module.training
            tried = module.eval()(tried.clone())
            module.train(was_training)
        results.append(tried)
    if results[0].numel() % channels:
        return False
    whole, some = (found.reshape(channels, -1) for found in results)
    return torch.equal(some, whole * live)


def _paths(part: Plain | Pair | None) -> tuple[str, ...]:
    if isinstance(part, Pair):
        return part.convolutions
    return (part.conv,) if part else ()


def _is_plain(layer: nn.Module) -> bool:
    """Whether it is a convolution that may be made smaller, none of a kind of its own."""
    if not isinstance(layer, nn.Conv2d) or type(layer) not in (nn.Conv2d, StridedPoint):
        return False
    is_zero = layer.padding_mode == "zeros"  # as what stands in a removed position's place
    return layer.groups == 1 and layer.dilation == (1, 1) and is_zero


@torch.no_grad()
def select(
    model: nn.Module,
    threshold: float,
    scheme: Scheme = "kernel",
    mode: Mode = "absolute",
    *,
    allow_plain_removal: bool = False,
) -> Sizes:
    """The sizes of the kernels when each group of weights with |k(G)|₂ ≤ τ is removed.

    Of a residual block one of whose convolutions has no kernel left, nothing stays.

    Args:
        threshold: τ, "absolute", or "relative" to the largest kernel's norm in the layer.
        allow_plain_removal: whether a layer without a shortcut may go, so that its input takes its
            place; the network then no longer computes what the thresholded one does.

    Raises:
        UserError: where τ removes a layer that must stay, or the network is of another form.
    """
    found = sizes_at(model, threshold, scheme, mode)
    layers = convolutions(model, scheme)
    for part in parts(model):
        if isinstance(part, Plain) and not any(found[part.conv]):
            _check_removal(model, part, layers[part.conv], threshold, allow_plain_removal)
    if not any(map(any, found.values())):
        raise UserError(f"a threshold of {threshold:g} removes every kernel; give a smaller one")
    return found


@torch.no_grad()
def sizes_at(
    model: nn.Module, threshold: float, scheme: Scheme = "kernel", mode: Mode = "absolute"
) -> Sizes:
    """What :func:`select` finds, also where no network could be built of it.

    Raises:
        UserError: where the network is of another form.
    """
    order = parts(model)
    _check_passing(model)
    found: Sizes = {}
    layers = convolutions(model, scheme)
    for path in (path for part in order for path in _paths(part)):
        norms = NestedNorms(layers[path], scheme)
        values = norms.norms(norms.sums())
        bound = threshold * float(values.max()) if mode == "relative" else threshold
        removed = (values <= bound).sum(1).tolist()
        side = layers[path].kernel_size[0]
        found[path] = [size_without(side, scheme, count) for count in removed]
    for part in order:
        paths = _paths(part)
        if isinstance(part, Pair) and not all(any(found[path]) for path in paths):
            found |= {path: [0] * len(found[path]) for path in paths}
    return found


def _check_removal(
    model: nn.Module, part: Plain, layer: nn.Conv2d, threshold: float, allowed: bool
) -> None:
    """Raise UserError where a layer without a shortcut must not go."""
    start = f"a threshold of {threshold:g} removes all {layer.out_channels} kernels of {part.conv}"
    start += ", around which no shortcut leads"
    if layer.in_channels != layer.out_channels or layer.stride != (1, 1):
        raise UserError(f"{start}, and whose input cannot take its place: give a smaller one")
    if not allowed:
        raise UserError(f"{start}: give a smaller one, or allow_plain_removal")


@torch.no_grad()
def zero_kernels(model: nn.Module, sizes: Sizes, scheme: Scheme) -> None:
    """Set what is removed to 0, in place: rings, and of whole kernels batch-norm's entries, too, so
    that their channels are 0."""
    for part in parts(model):
        norms = part.norms if isinstance(part, Pair) else (part.norm,)
        for path, norm in zip(_paths(part), norms, strict=True):
            layer = model.get_submodule(path)
            assert isinstance(layer, nn.Conv2d)
            left = torch.tensor(sizes[path], device=layer.weight.device)
            layer.weight.mul_(_support(layer.kernel_size[0], scheme, left, layer.weight))
            gone = left == 0
            behind = model.get_submodule(norm) if norm else None
            entries = [layer.bias, *(getattr(behind, n, None) for n in NORM_ENTRIES[:3])]
            for entry in entries:
                if entry is not None:
                    entry.masked_fill_(gone, 0.0)


NORM_ENTRIES = ("weight", "bias", "running_mean", "running_var")


def _support(side: int, scheme: Scheme, left: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """1 where kernels of the sizes ``left`` keep their weights: (kernels, 1, height, width)."""
    if scheme == "kernel":
        return (left > 0).to(weight.dtype)[:, None, None, None]
    # The size that is left once a position's own group is gone: it stays in all larger kernels.
    of_ring = [size_without(side, scheme, n) for n in range(groups(side, scheme) + 1)]
    without = [[of_ring[ring] for ring in row] for row in rings(side, scheme)]
    below = torch.tensor(without, device=weight.device)
    return (below < left[:, None, None]).to(weight.dtype)[:, None]
