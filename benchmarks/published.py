"""torchvision's networks with its published weights, evaluated as torchvision does: the shorter
side resized, the middle cut out, one view of every image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from benchmarks.data.fetching import has_checksum
from benchmarks.data.folders import FileSplit, ImageFiles
from benchmarks.errors import UserError
from benchmarks.training.placed_splits import placed
from benchmarks.weights.torch_file import read_state

BATCH = 64


class Size(NamedTuple):
    """To what the shorter side is resized, and the side of the square that the network sees."""

    resized: int
    window: int


class Errors(NamedTuple):
    """Images, and those whose class is not the first, or not among the first five."""

    images: int
    top1: int
    top5: int


def network_of(name: str, path: Path) -> tuple[nn.Module, Size]:
    """A network of torchvision's with the weights of a file, in evaluation mode.

    Args:
        name: torchvision's, such as "vgg11".
        path: of a file that torchvision publishes, by its own name, which ends in its SHA-256's
            first digits.

    Raises:
        UserError: where the file is another one, damaged, or of another network.
    """
    from torchvision.models import get_model, get_model_weights

    if not has_checksum(path, f"sha256:{path.stem.rpartition('-')[2]}"):
        raise UserError(f"{path} has not the checksum that its name ends in: fetch it again")
    chosen = get_model_weights(name)["IMAGENET1K_V1"]
    how = chosen.transforms()
    extra = {"transform_input": True} if name == "inception_v3" else {}
    network = get_model(name, weights=None, **extra)
    state = read_state(path)
    try:
        missing, unexpected = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise UserError(f"{path} is of another network than {name}") from error
    # Older files lack the counters of batch-norm, which nothing computes with.
    if unexpected or any(not key.endswith("num_batches_tracked") for key in missing):
        raise UserError(f"{path} is of another network than {name}")
    return network.eval(), Size(how.resize_size[0], how.crop_size[0])


@torch.no_grad()
def errors_of(
    network: nn.Module,
    files: ImageFiles,
    size: Size,
    on_images: Callable[[int], None] = lambda seen: None,
) -> Errors:
    """What the network gets wrong of all of the files, in float32 on the GPU where there is one.

    Args:
        on_images: told how many images have been seen.

    Raises:
        UserError: where a file cannot be read.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network.to(device)
    # torchvision's mean and deviation of every network's.
    mean = torch.tensor([0.485, 0.456, 0.406], device=device)[:, None, None]
    std = torch.tensor([0.229, 0.224, 0.225], device=device)[:, None, None]
    split = FileSplit.of(replace(files, side=size.resized, resizing="shorter side"))
    start = round((size.resized - size.window) / 2)
    part = slice(start, start + size.window)
    seen = first = five = 0
    for pixels, labels in placed(split, device).windows(BATCH):
        images = pixels[:, part, part].permute(0, 3, 1, 2).float() / 255
        answers = network((images - mean) / std)
        best = answers.topk(min(5, answers.shape[1]), dim=1).indices == labels[:, None]
        first += int(best[:, 0].sum())
        five += int(best.any(1).sum())
        seen += len(labels)
        on_images(seen)
    return Errors(seen, seen - first, seen - five)
