"""Takes kernels, rings and layers out of a chain or residual network as :mod:`.kernel_selection`
has chosen them; it judges nothing, and the outputs are those with them at 0."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import nn
from torch.nn.functional import pad, relu

from benchmarks.models import pointwise
from benchmarks.models.kernel_selection import NORM_ENTRIES, Pair, Plain, Sizes, parts
from benchmarks.models.networks import PaddedShortcut, ResidualBlock
from benchmarks.models.supports import Scheme, offset


class MixedConv2d(nn.Module):
    """Convolutions of several sizes of one input, their outputs behind each other.

    Input: (N, channels, s, s). Output: (N, kernels, s/stride, s/stride).
    """

    def __init__(self, sizes: dict[int, nn.Module]) -> None:
        super().__init__()
        self.sizes = nn.ModuleDict({str(size): layer for size, layer in sizes.items()})

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, kernels, s/stride, s/stride) of maps (N, channels, s, s)."""
        return torch.cat([layer(maps) for layer in self.sizes.values()], 1)


class Spread(nn.Module):
    """Channels at other places, zeros between them, of every ``stride``-th row and column."""

    def __init__(self, inputs: Sequence[int], outputs: Sequence[int], stride: int = 1) -> None:
        super().__init__()
        place = {channel: index for index, channel in enumerate(inputs)}
        self.stride = stride
        self.places: torch.Tensor
        found = [place.get(channel, len(inputs)) for channel in outputs]
        self.register_buffer("places", torch.tensor(found), persistent=False)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, outputs, s/stride, s/stride) of maps (N, inputs, s, s)."""
        maps = maps[:, :, :: self.stride, :: self.stride]
        return pad(maps, (0, 0, 0, 0, 0, 1)).index_select(1, self.places)


class CompactBlock(nn.Module):
    """A residual block whose convolutions have fewer channels than what they are added to; without
    ``branch`` its shortcut alone."""

    def __init__(
        self, shortcut: nn.Module, branch: ResidualBlock | None, spread: nn.Module
    ) -> None:
        super().__init__()
        self.has_branch = branch is not None
        if branch is not None:
            self.conv1, self.norm1 = branch.conv1, branch.norm1
            self.conv2, self.norm2 = branch.conv2, branch.norm2
        self.spread, self.shortcut = spread, shortcut

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, width, s/stride, s/stride) of maps (N, channels, s, s)."""
        if not self.has_branch:
            return relu(self.shortcut(maps))
        inner = relu(self.norm1(self.conv1(maps)))
        return relu(self.spread(self.norm2(self.conv2(inner))) + self.shortcut(maps))


@torch.no_grad()
def compact(model: nn.Module, sizes: Sizes, scheme: Scheme) -> None:
    """Take out of the network, in place, what has the size 0, and cut kernels to their sizes.

    A layer of several sizes becomes one convolution a size. Channels that are 0 wherever they are
    added leave the residual stream, too. A block without kernels leaves its shortcut.

    Args:
        sizes: as :func:`benchmarks.models.kernel_selection.select` returns them; outputs are those
            of the network after :func:`benchmarks.models.kernel_selection.zero_kernels`.
    """
    order = parts(model)
    first = model.get_submodule(order[0].conv if isinstance(order[0], Plain) else "stem")
    live = list(range(first.weight.shape[1]))  # type: ignore[index, union-attr, arg-type]
    width = len(live)
    for part in order:
        if isinstance(part, Pair):
            block = model.get_submodule(part.path)
            assert isinstance(block, ResidualBlock)
            width = block.conv2.weight.shape[0]  # type: ignore[index, union-attr, assignment]
            new, live = _block(block, [sizes[path] for path in part.convolutions], scheme, live)
            model.set_submodule(part.path, new)
            continue
        conv = model.get_submodule(part.conv)
        assert isinstance(conv, nn.Conv2d)
        width, kept = conv.out_channels, ordered(sizes[part.conv])
        if kept:
            cut = _cut(conv, sizes[part.conv], scheme, live, kept)
            live = kept
            if part.norm:
                _cut_norm(model.get_submodule(part.norm), kept)
        else:  # allowed on request alone: the input takes its place
            cut = nn.Identity()
            if part.norm:
                model.set_submodule(part.norm, nn.Identity())
        model.set_submodule(part.conv, cut)
    _cut_classifier(model.classifier, width, live)  # type: ignore[arg-type]


def ordered(sizes: Sequence[int]) -> list[int]:
    """The kernels that stay, the largest first, so that a layer's sizes lie together."""
    return sorted((k for k, size in enumerate(sizes) if size), key=lambda k: (-sizes[k], k))


def _block(
    block: ResidualBlock, sizes: list[list[int]], scheme: Scheme, live: list[int]
) -> tuple[nn.Module, list[int]]:
    """What a block becomes, and the channels that leave it."""
    conv1, conv2, shortcut = block.conv1, block.conv2, block.shortcut
    assert isinstance(conv1, nn.Conv2d)
    assert isinstance(conv2, nn.Conv2d)
    stride, through = 1, live
    if isinstance(shortcut, PaddedShortcut):
        stride = shortcut.stride
    elif isinstance(shortcut, nn.Sequential):
        point = shortcut[0]
        assert isinstance(point, nn.Conv2d)
        through = list(range(point.out_channels))
        side = [point.kernel_size[0]] * len(through)
        shortcut[0] = _cut(point, side, "kernel", live, through)
    inner, kept = map(ordered, sizes)
    out = [*through, *sorted(set(kept) - set(through))] if kept else through
    if not isinstance(shortcut, nn.Sequential):
        device = conv1.weight.device
        same = out == live and stride == 1
        shortcut = nn.Identity() if same else Spread(live, out, stride).to(device)
    if not kept:
        # What enters has been through a ReLU: a shortcut without weights needs none behind it.
        is_weighted = isinstance(shortcut, nn.Sequential)
        return (CompactBlock(shortcut, None, nn.Identity()) if is_weighted else shortcut), out
    block.conv1, block.conv2 = (  # type: ignore[assignment]
        _cut(conv1, sizes[0], scheme, live, inner),
        _cut(conv2, sizes[1], scheme, inner, kept),
    )
    _cut_norm(block.norm1, inner)
    _cut_norm(block.norm2, kept)
    spread = nn.Identity() if kept == out else Spread(kept, out).to(conv1.weight.device)
    return CompactBlock(shortcut, block, spread), out


def _cut(
    layer: nn.Conv2d,
    sizes: Sequence[int],
    scheme: Scheme,
    inputs: list[int],
    kept: list[int],
) -> nn.Module:
    """The layer with some inputs and kernels, these cut to their sizes."""
    by_size = {
        size: _piece(layer, size, scheme, inputs, list(kernels))
        for size, kernels in groupby(kept, key=sizes.__getitem__)
    }
    return next(iter(by_size.values())) if len(by_size) == 1 else MixedConv2d(by_size)


def _piece(
    layer: nn.Conv2d, size: int, scheme: Scheme, inputs: list[int], kernels: list[int]
) -> nn.Module:
    """One convolution of kernels of one size, behind a padding where that is uneven."""
    weight = layer.weight.detach()[kernels][:, inputs]
    padding: tuple[int, ...] = layer.padding  # type: ignore[assignment]
    uneven: tuple[int, int] | None = None
    if scheme != "kernel":
        side = layer.kernel_size[0]
        start = offset(side, scheme, size)
        weight = weight[:, :, start : start + size, start : start + size]
        before, behind = padding[0] - start, padding[0] - (side - size - start)
        is_even = before == behind >= 0
        uneven = None if is_even else (before, behind)
        padding = (before, before) if is_even else (0, 0)
    options = {"device": weight.device, "dtype": weight.dtype}
    cut = pointwise.convolution(
        len(inputs),
        len(kernels),
        tuple(weight.shape[2:]),  # type: ignore[arg-type]
        layer.stride,  # type: ignore[arg-type]
        padding=padding,
        bias=layer.bias is not None,
        **options,  # type: ignore[arg-type]
    )
    cut.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last))
    if layer.bias is not None:
        cut.bias = nn.Parameter(layer.bias.detach()[kernels].clone())
    cut.train(layer.training)
    return nn.Sequential(nn.ZeroPad2d(uneven * 2), cut) if uneven else cut


def _cut_norm(norm: nn.Module, kept: list[int]) -> None:
    if not isinstance(norm, nn.BatchNorm2d):
        return
    for name in NORM_ENTRIES:
        old = getattr(norm, name)
        if old is not None:
            new = old.detach()[kept].clone()
            setattr(norm, name, nn.Parameter(new) if isinstance(old, nn.Parameter) else new)
    norm.num_features = len(kept)


def _cut_classifier(dense: nn.Linear, width: int, live: list[int]) -> None:
    """A flattened map has several inputs a channel."""
    area = dense.in_features // width
    inputs = [channel * area + place for channel in live for place in range(area)]
    dense.weight = nn.Parameter(dense.weight.detach()[:, inputs].clone())
    dense.in_features = len(inputs)
