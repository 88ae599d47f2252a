"""Whether a network that was made smaller still computes what it did, tried on a few images."""

from __future__ import annotations

import copy

import torch
from torch import nn

from benchmarks.errors import UserError, first_line

# Of networks for usual data sets, the cheapest and most usual first.
SIDES = (32, 64, 28, 224, 128, 96, 48, 56, 84, 112, 160, 192, 256, 299, 384, 448, 512, 16, 8)
IMAGES = 3
RELATIVE = 1e-5  # of the outputs' size


def trial_images(model: nn.Module, channels: tuple[int, ...]) -> torch.Tensor:
    """Random images (3, C, side, side) that a network in evaluation mode takes: of the first side
    in :data:`SIDES`, in its precision and on its device.

    Args:
        channels: the C to try.

    Raises:
        UserError: where it takes none.
    """
    weight = next(model.parameters())
    random = torch.Generator().manual_seed(0)
    why = ""
    for side in SIDES:
        for count in channels:
            images = torch.randn(IMAGES, count, side, side, generator=random).to(weight)
            try:
                outputs(model, images)
            except UserError as error:
                why = why or str(error)
            else:
                return images
    raise UserError(
        "the outputs of the network without its dead filters cannot be compared with its own: "
        f"{why}; give `images`, a few (N, C, H, W) that it takes"
    )


@torch.no_grad()
def outputs(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What a network in evaluation mode makes of images (N, C, H, W); whatever it draws, the
    process's generators stay as they are.

    Raises:
        UserError: where it fails, or returns something else than a tensor.
    """
    devices = [images.device] if images.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        try:
            # A copy, since a network may change its input in place.
            found = model(images.clone())
        except Exception as error:  # a forward pass may raise anything
            shape = "×".join(map(str, images.shape))
            reason = first_line(error)
            raise UserError(f"it does not take images of {shape} ({reason})") from error
    if not isinstance(found, torch.Tensor):
        raise UserError(f"it returns a {type(found).__name__}, no tensor")
    return found


def distance(
    model: nn.Module, smaller: nn.Module, expected: torch.Tensor, images: torch.Tensor
) -> float:
    """The largest difference of both networks' outputs, of the largest output; infinite where the
    shapes differ, or an output is not finite.

    Rounding alone is told from a difference in double precision, where both networks know that.

    Args:
        expected: what ``model`` makes of the images.

    Raises:
        UserError: where the smaller network fails.
    """
    found = _apart(expected, outputs(smaller, images))
    if found <= RELATIVE:
        return found
    return min(found, _in_double(model, smaller, images))


def _in_double(model: nn.Module, smaller: nn.Module, images: torch.Tensor) -> float:
    try:
        first, second = (
            outputs(copy.deepcopy(network).double(), images.double())
            for network in (model, smaller)
        )
    except (UserError, TypeError, RuntimeError):  # such as on a device without float64
        return float("inf")
    return _apart(first, second)


def _apart(expected: torch.Tensor, found: torch.Tensor) -> float:
    if expected.shape != found.shape:
        return float("inf")
    expected, found = expected.cpu().double(), found.cpu().double()
    largest = float((found - expected).abs().max()) if found.numel() else 0.0
    size = float(expected.abs().max()) if found.numel() else 0.0
    if not largest < float("inf"):  # NaN, too
        return float("inf")
    return largest / size if size else largest
