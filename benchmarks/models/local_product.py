"""The arithmetic of locally connected layers: positions of maps times filters of their own."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

Pair = tuple[int, int]
# Of fewer images, calls cost more than memory does.
LEAST_IMAGES = 32


def local_product(
    maps: torch.Tensor, weight: torch.Tensor, kernel: Pair, stride: Pair, padding: Pair
) -> torch.Tensor:
    """Maps (N, out, height, width) of maps (N, channels, ·, ·).

    On a CPU, batches of 32 and more in float32 or float64 are multiplied where they lie, image
    beside image, without a copy of every window: 512 images in a quarter to a half of the time
    (``python -m benchmarks.throughput.parts --only local``). All else, and what is differentiated
    twice, compiled, exported or mapped over by ``torch.func``, goes by windows.

    Args:
        weight: (height·width, out, kh·kw·channels), positions row by row, channels innermost.
    """
    if _lies_well(maps, weight):
        product: torch.Tensor = _ImageBesideImage.apply(maps, weight, kernel, stride, padding)
        return product
    return by_windows(maps, weight, kernel, stride, padding)


def by_windows(
    maps: torch.Tensor, weight: torch.Tensor, kernel: Pair, stride: Pair, padding: Pair
) -> torch.Tensor:
    """:func:`local_product` as one batched product of a copy of each position's windows."""
    (down, across), images = padding, maps.shape[0]
    rows = functional.pad(maps, (across, across, down, down)).permute(2, 3, 0, 1)
    windows = rows.unfold(0, kernel[0], stride[0]).unfold(1, kernel[1], stride[1])
    # (height, width, N, kh, kw, channels), so that channels stay together.
    windows = windows.permute(0, 1, 2, 4, 5, 3)
    patches = windows.reshape(weight.shape[0], images, weight.shape[2])
    products = torch.bmm(patches, weight.transpose(1, 2))
    return products.view(*windows.shape[:2], images, weight.shape[1]).permute(2, 3, 0, 1)


def _lies_well(maps: torch.Tensor, weight: torch.Tensor) -> bool:
    return (
        maps.device.type == "cpu"
        and len(maps) >= LEAST_IMAGES
        and maps.dtype == weight.dtype
        and maps.dtype in (torch.float32, torch.float64)
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and not torch._C._are_functorch_transforms_active()
    )


class _ImageBesideImage(torch.autograd.Function):
    """With the images innermost, what a row of filters sees of one row of pixels is a strided view
    for all its columns at once: (width, kw·channels, N)."""

    @staticmethod
    def forward(
        ctx: Any,
        maps: torch.Tensor,
        weight: torch.Tensor,
        kernel: Pair,
        stride: Pair,
        padding: Pair,
    ) -> torch.Tensor:
        pixels = _images_last(maps, padding)
        height, width = (
            (s - k) // d + 1 for s, k, d in zip(pixels.shape[:2], kernel, stride, strict=True)
        )
        filters = weight.view(height, width, weight.shape[1], kernel[0], -1)
        products = weight.new_empty(height, width, weight.shape[1], len(maps))
        for row in range(height):
            for line in range(kernel[0]):
                seen = _seen(pixels, row * stride[0] + line, width, kernel[1], stride[1])
                of_line = filters[row, :, :, line]
                if line:
                    products[row].baddbmm_(of_line, seen)
                else:
                    torch.bmm(of_line, seen, out=products[row])
        ctx.save_for_backward(maps, weight)
        ctx.settings = kernel, stride, padding
        return _images_first(products)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (maps, weight), settings = ctx.saved_tensors, ctx.settings
        wanted = ctx.needs_input_grad[:2]
        if torch.is_grad_enabled():  # somebody differentiates this again
            asked = [t for t, is_wanted in zip((maps, weight), wanted, strict=True) if is_wanted]
            found = torch.autograd.grad(
                by_windows(maps, weight, *settings), asked, gradients[0], create_graph=True
            )
            given = iter(found)
            return (*(next(given) if is_wanted else None for is_wanted in wanted), None, None, None)
        upper = _images_last(gradients[0])
        lower = _of_maps(upper, weight, maps.shape, *settings) if wanted[0] else None
        own = None
        if wanted[1]:
            own = _of_weight(upper, _images_last(maps, settings[2]), weight, *settings[:2])
        return lower, own, None, None, None


def _images_last(maps: torch.Tensor, padding: Pair = (0, 0)) -> torch.Tensor:
    """(height, width, channels, N), padded by zeros, of maps (N, channels, ·, ·)."""
    images, channels, height, width = maps.shape
    # Two dimensions of one piece each: torch transposes these fast.
    flat = maps.permute(0, 2, 3, 1).reshape(images, -1).t().contiguous()
    inner = flat.view(height, width, channels, images)
    down, across = padding
    return functional.pad(inner, (0, 0, 0, 0, across, across, down, down))


def _images_first(products: torch.Tensor) -> torch.Tensor:
    """(N, channels, height, width), in memory channels last, of (height, width, channels, N)."""
    height, width, channels, images = products.shape
    flat = products.reshape(-1, images).t().contiguous()
    return flat.view(images, height, width, channels).permute(0, 3, 1, 2)


def _seen(pixels: torch.Tensor, row: int, columns: int, kernel: int, stride: int) -> torch.Tensor:
    """What so many windows see of a row of pixels: (columns, kernel·channels, N), overlapping."""
    _, _, channels, images = pixels.shape
    line = pixels[row]
    shape = columns, kernel * channels, images
    return line.as_strided(shape, (stride * channels * images, images, 1), line.storage_offset())


def _of_weight(
    upper: torch.Tensor, pixels: torch.Tensor, weight: torch.Tensor, kernel: Pair, stride: Pair
) -> torch.Tensor:
    """The gradient of the weights."""
    height, width, out, _ = upper.shape
    found = torch.empty_like(weight).view(height, width, out, kernel[0], -1)
    for row in range(height):
        for line in range(kernel[0]):
            seen = _seen(pixels, row * stride[0] + line, width, kernel[1], stride[1])
            found[row, :, :, line] = torch.bmm(upper[row], seen.transpose(1, 2))
    return found.view_as(weight)


def _of_maps(
    upper: torch.Tensor,
    weight: torch.Tensor,
    shape: torch.Size,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
) -> torch.Tensor:
    """The gradient of the maps."""
    images, channels, *sides = shape
    (down, across), (height, width) = padding, upper.shape[:2]
    found = upper.new_zeros(sides[0] + 2 * down, sides[1] + 2 * across, channels, images)
    filters = weight.view(height, width, *weight.shape[1:])
    for row in range(height):
        top = row * stride[0]
        for column in range(width):
            left = column * stride[1]
            window = found[top : top + kernel[0], left : left + kernel[1]]
            window += (filters[row, column].t() @ upper[row, column]).view(window.shape)
    return _images_first(found[down : down + sides[0], across : across + sides[1]])
