"""Pillow's operations on batches of uint8 images, each image with one of its own.

Everything is a gather, a table or a blend of the whole batch with the constants of each image's
operation, so that shapes never depend on what was drawn. The numbers are Pillow's own: nearest
neighbours in its fixed-point arithmetic, its integer and float32 roundings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from benchmarks.data.searched_policies import GEOMETRIC, NAMES

# Pillow's affine transforms count in 1/65536 of a pixel; spots in 1/65536 of the side.
ONE = 1 << 16
# What a square is filled with: the mean of CIFAR-10's pixels, as in the policies' own code.
FILL = (125, 123, 114)
NUMBER = {name: number for number, name in enumerate(NAMES)}


@dataclass(frozen=True)
class Drawn:
    """The operation of each image; see :func:`benchmarks.data.searched_policies.constants`.

    Attributes:
        number: int32 (B, 1).
        strength: float32 (B, 1).
        affine: float64 (B, 6).
        spot: the middle of a square, int32 (B, 2).
    """

    number: torch.Tensor
    strength: torch.Tensor
    affine: torch.Tensor
    spot: torch.Tensor

    def take(self, places: torch.Tensor) -> Drawn:
        """Those of some images, int64 (b,)."""
        fields = (self.number, self.strength, self.affine, self.spot)
        return Drawn(*(field.index_select(0, places) for field in fields))

    def is_a(self, *names: str) -> torch.Tensor:
        """Whether an image's operation is one of these, bool (B, 1)."""
        found = self.number == NUMBER[names[0]]
        for name in names[1:]:
            found = found | (self.number == NUMBER[name])
        return found


def apply_policy(pixels: torch.Tensor, drawn: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The images after all their operations, uint8 (B, H, W, 3), of what
    :func:`benchmarks.data.searched_policies.draw_policy` drew."""
    for place in range(drawn["number"].shape[1]):
        one = {name: drawn[name][:, place] for name in ("number", "strength", "affine", "spot")}
        number, strength = one["number"][:, None], one["strength"][:, None]
        pixels = operate(pixels, Drawn(number, strength, one["affine"], one["spot"]))
    return pixels


def operate(pixels: torch.Tensor, own: Drawn) -> torch.Tensor:
    """Each image after its operation, uint8 (B, H, W, 3)."""
    if pixels.device.type == "cpu" and type(pixels) is torch.Tensor:
        return _operate_on_some(pixels, own)
    for _, stage in DEVICE_STAGES:
        pixels = stage(pixels, own)
    return pixels


def _operate_on_some(pixels: torch.Tensor, own: Drawn) -> torch.Tensor:
    """The same where it costs nothing to look at what was drawn: each stage on the images that it
    concerns, a tenth of them or so, since it leaves the others as they are."""
    result = pixels.clone()
    for names, stage in HOST_STAGES:
        places = own.is_a(*names).squeeze(1).nonzero().squeeze(1)
        if len(places):
            some = stage(pixels.index_select(0, places), own.take(places))
            result.index_copy_(0, places, some)
    return result


def warp(pixels: torch.Tensor, own: Drawn) -> torch.Tensor:
    """Nearest neighbours at the affine coordinates, black where these lie outside."""
    count, height, width, channels = pixels.shape
    device = pixels.device
    down = torch.arange(height, dtype=torch.int32, device=device)[:, None]
    across = torch.arange(width, dtype=torch.int32, device=device)
    a, b, c, d, e, f = (column[:, None, None] for column in fixed_points(own, height, width))
    # All that lies outside lies on a black border of one pixel.
    left = (a * across + (b * down + c)).bitwise_right_shift_(16).clamp_(-1, width)
    top = (d * across + (e * down + f)).bitwise_right_shift_(16).clamp_(-1, height)
    source = functional.pad(pixels, (0, 0, 1, 1, 1, 1)).view(-1, channels)
    rows, columns = height + 2, width + 2
    image = torch.arange(count, dtype=torch.int32, device=device)[:, None, None]
    places = top.mul_(columns).add_(left).add_((image * rows + 1) * columns + 1)
    return source.index_select(0, places.view(-1)).view(pixels.shape)


def fixed_points(own: Drawn, height: int, width: int) -> list[torch.Tensor]:
    """Pillow's coefficients of pixels' centres in fixed point, six of int32 (B,)."""
    a, b, d, e, c, f = own.affine.unbind(1)
    turns = own.is_a("Rotate").squeeze(1)
    c = torch.where(turns, a * (-width / 2) + b * (-height / 2) + width / 2, c * width)
    f = torch.where(turns, d * (-width / 2) + e * (-height / 2) + height / 2, f * height)
    c, f = c + a * 0.5 + b * 0.5, f + d * 0.5 + e * 0.5
    points = [torch.floor(value * ONE + 0.5) for value in (a, b, c, d, e, f)]
    # Pillow shifts in floats, by whole pixels.
    shifts = (b == 0) & (d == 0)
    points[2] = torch.where(shifts, torch.floor(c) * ONE, points[2])
    points[5] = torch.where(shifts, torch.floor(f) * ONE, points[5])
    return [value.to(torch.int32) for value in points]


def relevel(pixels: torch.Tensor, own: Drawn) -> torch.Tensor:
    """Each grey level replaced as the operation alone says."""
    index = level_places(pixels)
    levels = plain_levels(own)[:, None].expand(-1, pixels.shape[3], -1)
    return levels.reshape(-1).index_select(0, index).view(pixels.shape)


def measured_relevel(pixels: torch.Tensor, own: Drawn) -> torch.Tensor:
    """Each grey level replaced by channel, also as the image's mean and histogram say."""
    count, height, width, channels = pixels.shape
    index = level_places(pixels)
    counts = torch.zeros(count * channels * 256, dtype=torch.int32, device=pixels.device)
    one = torch.ones((), dtype=torch.int32, device=pixels.device)
    counts.index_add_(0, index, one.expand(index.shape))
    counts = counts.view(count, channels, 256)
    levels, size = plain_levels(own)[:, None], height * width
    contrast = contrast_levels(mean_of(grey(pixels), size), own.strength)[:, None]
    levels = torch.where(own.is_a("Contrast")[:, None], contrast, levels)
    levels = torch.where(own.is_a("AutoContrast")[:, None], stretched_levels(counts), levels)
    levels = torch.where(own.is_a("Equalize")[:, None], equal_levels(counts, size), levels)
    return levels.reshape(-1).index_select(0, index).view(pixels.shape)


def level_places(pixels: torch.Tensor) -> torch.Tensor:
    """Where each value's grey level is in tables of (B, C, 256), int32, flat."""
    count, height, width, channels = pixels.shape
    device = pixels.device
    channel = torch.arange(channels, dtype=torch.int32, device=device).mul_(256)
    image = torch.arange(count, dtype=torch.int32, device=device)[:, None] * (256 * channels)
    index = pixels.reshape(count, -1).int().add_(channel.repeat(height * width))
    return index.add_(image).view(-1)


def plain_levels(own: Drawn) -> torch.Tensor:
    """What becomes of each grey level whatever the image, uint8 (B, 256)."""
    levels = torch.arange(256, dtype=torch.int32, device=own.number.device)
    inverts = own.is_a("Invert") | (own.is_a("Solarize") & (levels >= own.strength))
    cut = own.strength.int().clamp(0, 8)
    bright = (levels.float() * own.strength).clamp_(0, 255).int()
    result = torch.where(inverts, 255 - levels, levels)
    result = torch.where(own.is_a("Posterize"), (levels >> cut) << cut, result)
    return torch.where(own.is_a("Brightness"), bright, result).to(torch.uint8)


def grey(pixels: torch.Tensor) -> torch.Tensor:
    """Pillow's mode "L" of RGB pixels (B, H, W, 3), int32 (B, H, W)."""
    red, green, blue = pixels.int().unbind(3)
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16


def mean_of(greys: torch.Tensor, size: int) -> torch.Tensor:
    """The mean grey level, rounded half up, int32 (B, 1)."""
    total = greys.flatten(1).sum(1, dtype=torch.int64)
    return ((2 * total + size) // (2 * size))[:, None].int()


def contrast_levels(mean: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """Blends of the mean grey with each level, uint8 (B, 256)."""
    levels = torch.arange(256, dtype=torch.float32, device=mean.device)
    return blend(mean.float(), levels, factor)


def blend(degraded: torch.Tensor, whole: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """degraded + factor·(whole − degraded) in float32, cut to [0, 255] and truncated, uint8."""
    return (whole - degraded).mul_(factor).add_(degraded).clamp_(0, 255).to(torch.uint8)


def stretched_levels(counts: torch.Tensor) -> torch.Tensor:
    """From the darkest and lightest level of each channel to 0 and 255, uint8 (B, C, 256)."""
    levels = torch.arange(256, dtype=torch.int32, device=counts.device)
    low, high = darkest(counts, levels), lightest(counts, levels)
    span = (high - low).clamp(min=1).double()
    # 255.0 / span would be a product with the reciprocal, and off by one level.
    scale = torch.full_like(span, 255.0).div_(span)
    stretched = (levels.double() * scale).add_(-low.double() * scale).clamp_(0, 255)
    return torch.where(high > low, stretched, levels.double()).to(torch.uint8)


def darkest(counts: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """The lowest level that occurs in each channel, (B, C, 1)."""
    return 255 - ((counts > 0) * (255 - levels)).amax(2, keepdim=True)


def lightest(counts: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """The highest level that occurs in each channel, (B, C, 1)."""
    return ((counts > 0) * levels).amax(2, keepdim=True)


def equal_levels(counts: torch.Tensor, size: int) -> torch.Tensor:
    """The levels that make each channel's histogram flat, uint8 (B, C, 256)."""
    levels = torch.arange(256, dtype=torch.int32, device=counts.device)
    last = counts.gather(2, lightest(counts, levels).long())
    step = (size - last) // 255
    before = counts.cumsum(2, dtype=torch.int32).sub_(counts)
    flat = (before + step // 2) // step.clamp(min=1)
    return torch.where(step > 0, flat.clamp_(max=255), levels).to(torch.uint8)


def blended(pixels: torch.Tensor, own: Drawn) -> torch.Tensor:
    """Blends with the grey or the smoothed image, where that is the image's operation."""
    count, height, width, channels = pixels.shape
    whole = pixels.reshape(count, height, width * channels).float()
    greys = grey(pixels).float()[..., None].expand(pixels.shape).reshape(whole.shape)
    sharpens = own.is_a("Sharpness")
    degraded = torch.where(sharpens[:, None], smoothed(whole, channels), greys)
    factor = torch.where(sharpens | own.is_a("Color"), own.strength, 1.0)
    return blend(degraded, whole, factor[:, None]).view(pixels.shape)


def smoothed(rows: torch.Tensor, channels: int) -> torch.Tensor:
    """Pillow's SMOOTH of rows (B, H, W·C), whole numbers in float32: weights 1, in the middle 5, of
    13; the border is left as it is."""
    inner = (slice(None), slice(1, -1), slice(channels, -channels))
    down = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    box = down[..., : -2 * channels] + down[..., channels:-channels] + down[..., 2 * channels :]
    result = rows.clone()
    # No multiple of 1/13 is within 1/26 of where rounding changes.
    result[inner] = box.add_(rows[inner], alpha=4).mul_(1 / 13).add_(0.5).floor_()
    return result


def fill_square(pixels: torch.Tensor, own: Drawn) -> torch.Tensor:
    """A square around the spot, its side a share of the image's, as Pillow draws it."""
    side = torch.where(own.is_a("Cutout"), own.strength * pixels.shape[2], 0.0)
    bounds = []
    for spot, size in zip(own.spot.unbind(1), pixels.shape[1:3], strict=True):
        first = (spot[:, None].float() * (size / ONE) - side / 2).clamp_(min=0).floor_()
        last = (first + side).clamp_(max=size).floor_()
        bounds.append((first, torch.where(side > 0, last, -1.0)))
    return filled(pixels, *bounds)


Bounds = tuple[torch.Tensor, torch.Tensor]


def hole(pixels: torch.Tensor, spots: torch.Tensor, side: int) -> torch.Tensor:
    """A square of ``side`` pixels around spots, int32 (B, 2), cut off at the image's border."""
    bounds = []
    for spot, size in zip(spots.unbind(1), pixels.shape[1:3], strict=True):
        middle = (spot[:, None] * size) >> 16
        bounds.append((middle - side // 2, middle + side // 2 - 1))
    return filled(pixels, *bounds)


def filled(pixels: torch.Tensor, rows: Bounds, columns: Bounds) -> torch.Tensor:
    """The images with a rectangle of :data:`FILL`; the bounds are (B, 1) and count as inside."""
    count, height, width, channels = pixels.shape
    device = pixels.device
    down, across = torch.arange(height, device=device), torch.arange(width, device=device)
    in_rows = (down >= rows[0]) & (down <= rows[1])
    in_columns = ((across >= columns[0]) & (across <= columns[1])).repeat_interleave(channels, 1)
    inside = in_rows[:, :, None] & in_columns[:, None]
    # By filling alone: a copy from the host has no place in a graph.
    colours = [torch.full((), c, dtype=torch.uint8, device=device) for c in FILL]
    row = torch.stack(colours).repeat(width)
    return torch.where(inside, row, pixels.reshape(count, height, -1)).view(pixels.shape)


Stage = Callable[[torch.Tensor, Drawn], torch.Tensor]
LEVELS = ("Invert", "Solarize", "Posterize", "Brightness")
MEASURED = ("Contrast", "AutoContrast", "Equalize")
# What each stage is for; it leaves the images of other operations as they are.
HOST_STAGES: tuple[tuple[Sequence[str], Stage], ...] = (
    (GEOMETRIC, warp),
    (LEVELS, relevel),
    (MEASURED, measured_relevel),
    (("Color", "Sharpness"), blended),
    (("Cutout",), fill_square),
)
# On a whole batch the measured levels include the others.
DEVICE_STAGES = tuple((names, stage) for names, stage in HOST_STAGES if stage is not relevel)
