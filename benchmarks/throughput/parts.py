"""Single parts beside what one would use instead, measured in turn.

    python -m benchmarks.throughput.parts                    # on a CPU: some five minutes
    python -m benchmarks.throughput.parts --device cuda --alpha 150

One process and, on a CPU, one thread a contender, except where the table says so. Rounds follow one
another (A B C A B C …), as drift hits all alike; ratios to a group's first contender are taken
within a round, and medians shown.

- **update, VGG-10**: SGD over its weights with plain L2 and with LOCO-Reg, beside torch's own.
- **update, S-FC(α)**: β-LASSO's step over all weights beside torch's fused SGD over the same.
- **training S-FC**: whole steps of S-FC(α), β-LASSO beside SGD.
- **local layers**: forward and backward passes of a locally connected layer beside a loop over its
  positions and beside one convolution with a group a position.
- **augmentation**: Fast AutoAugment of resident batches beside torchvision's transforms (its own
  searched policy for CIFAR-10, window, flip, erasing) in a loader with two workers.
- **training S-CONV**: whole steps of S-CONV(8) with each augmentation.
- **group penalties**: what penalties of groups add to a step of a network of twelve layers and a
  spatial pyramid, by sub-gradient and by proximal step, beside the whole step.
- **kernel penalties**: the same in CIFAR-10's base network of nineteen layers.
- **energies of vectors**: what energies of filters add to a step of resnet-20 and resnet-110,
  forward and backward; **hierarchy of classes**: the same of CIFAR-100's superclasses.
- **branches**: whole steps of RCNet-10 with three branches a convolution, and with STRIP-Reg.
- **bf16**: see :mod:`benchmarks.throughput.lower_precision`.
- **smaller networks**: see :mod:`benchmarks.throughput.smaller_networks`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from benchmarks.data.augmentation import Augmentation, NoAugmentation
from benchmarks.data.crop_flip import CropFlip
from benchmarks.data.fast_autoaugment import FastAutoAugment
from benchmarks.errors import BAD_INPUT, UserError
from benchmarks.models import LocallyConnected2d, Shallow
from benchmarks.optimizers import SGD, BetaLassoSGD, Optimizer
from benchmarks.throughput import (
    lower_precision,
    penalty_costs,
    smaller_networks,
    update_costs,
)
from benchmarks.throughput.rivals import BATCH, SIDE, by_groups, by_position, torchvision_loader
from benchmarks.training.loop import prepare

SMALL = 128  # images of a batch, where a step takes longer
AUGMENTED = 8  # batches of images that are only augmented
# What does the work of that many images, or of one update.
Work = Callable[[], Any]
Group = dict[str, Work]


def training_group(alpha: int, device: torch.device) -> Group:
    """Whole steps of S-FC(α)."""
    images = torch.randn(BATCH, 3, SIDE, SIDE, device=device)
    labels = torch.arange(BATCH, device=device) % 10
    settings = Shallow(connectivity="fc", alpha=alpha)

    def step_of(optimizer: Optimizer) -> Work:
        model = settings.network(10).to(device)
        update = optimizer.build(model, {})
        rate = 1e-3 if device.type == "cpu" else torch.tensor(1e-3, device=device)

        def step() -> None:
            functional.cross_entropy(model(images), labels).backward()
            update.step(rate)

        return step

    return {
        "SGD with momentum": step_of(SGD()),
        "SGD": step_of(SGD(momentum="0")),  # type: ignore[arg-type]
        "β-LASSO": step_of(BetaLassoSGD()),
    }


def local_group(width: int, channels: int, kernel: int, stride: int, device: torch.device) -> Group:
    """Forward and backward passes of one locally connected layer of SIDE×SIDE maps."""
    padding = kernel // 2
    layer = LocallyConnected2d(
        channels, width, kernel, SIDE, stride=stride, padding=padding, bias=False
    ).to(device)
    maps = torch.randn(BATCH, channels, SIDE, SIDE, device=device)
    # Nobody asks for the gradient of images.
    maps = maps.to(memory_format=torch.channels_last).requires_grad_(channels > 3)

    def both_ways(forward: Callable[[torch.Tensor], torch.Tensor]) -> Work:
        return lambda: forward(maps).square().mean().backward()

    return {
        "ours": both_ways(layer),
        "loop over positions": both_ways(lambda maps: by_position(layer, maps)),
        "grouped convolution": both_ways(lambda maps: by_groups(layer, maps)),
    }


def batches_of(augmentation: Augmentation, device: torch.device) -> Iterator[torch.Tensor]:
    """Augmented batches of noise, float32 (BATCH, 3, SIDE, SIDE), without end."""
    import numpy as np

    generator = torch.Generator().manual_seed(0)
    shape = (16 * BATCH, SIDE, SIDE, 3)
    pixels = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8).to(device)
    epoch = 0
    while True:
        rows = augmentation.draw(0, epoch, np.arange(len(pixels)))
        drawn = {name: torch.from_numpy(values).to(device) for name, values in rows.items()}
        for first in range(0, len(pixels), BATCH):
            window = slice(first, first + BATCH)
            own = {name: values[window] for name, values in drawn.items()}
            augmented = augmentation.apply(pixels[window].clone(), own)
            yield augmented.permute(0, 3, 1, 2).float().mul_(1 / 255)
        epoch += 1


def augmentation_group(device: torch.device) -> Group:
    """Batches of augmented images, nothing else; so many that none is left from the round before,
    whose time a loader's workers would have had for nothing."""
    ours, theirs = batches_of(FastAutoAugment(), device), torchvision_loader(AUGMENTED)
    return {
        "ours, Fast AutoAugment": lambda: deque(islice(ours, AUGMENTED), 0),
        "torchvision's AutoAugment, two workers": lambda: deque(theirs, 0),
    }


def small_group(device: torch.device) -> Group:
    """Whole steps of S-CONV(8), each with batches of its own."""
    labels = torch.arange(BATCH, device=device) % 10

    def step_of(augmentation: Augmentation) -> Work:
        model = Shallow(alpha=8).network(10).to(device).to(memory_format=torch.channels_last)
        update, batches = SGD().build(model, {}), batches_of(augmentation, device)
        rate = 1e-3 if device.type == "cpu" else torch.tensor(1e-3, device=device)

        def step() -> None:
            functional.cross_entropy(model(next(batches)), labels).backward()
            update.step(rate)

        return step

    augmentations: dict[str, Augmentation] = {
        "without augmentation": NoAugmentation(),
        "window and flip": CropFlip(),
        "Fast AutoAugment": FastAutoAugment(),
    }
    return {name: step_of(augmentation) for name, augmentation in augmentations.items()}


def groups(alpha: int, device: torch.device) -> dict[str, Callable[[], Group]]:
    """All groups by name; each is built when it is its turn."""
    return {
        "update, VGG-10": partial(update_costs.decayed_updates, device),
        f"update, S-FC({alpha})": partial(update_costs.lasso_updates, alpha, device),
        f"training S-FC({alpha}), batch {BATCH}": lambda: training_group(alpha, device),
        "local layer 9×9/2, 3 → 8": lambda: local_group(8, 3, 9, 2, device),
        "local layer 3×3/2, 15 → 30": lambda: local_group(30, 15, 3, 2, device),
        f"augmentation, {AUGMENTED} batches of {BATCH}": lambda: augmentation_group(device),
        f"training S-CONV(8), batch {BATCH}": lambda: small_group(device),
        f"group penalties, depth 12, batch {BATCH}": lambda: penalty_costs.group_penalties(
            BATCH, device
        ),
        f"kernel penalties, depth 19, batch {SMALL}": lambda: penalty_costs.kernel_penalties(
            SMALL, device
        ),
        **{
            f"energies of vectors, resnet-{depth}, batch {SMALL}": partial(
                penalty_costs.energies, depth, SMALL, device
            )
            for depth in (20, 110)
        },
        f"hierarchy of classes, resnet-20, batch {SMALL}": partial(
            penalty_costs.hierarchies, SMALL, device
        ),
        f"branches, RCNet-10, batch {SMALL}": partial(penalty_costs.branches, SMALL, device),
        f"bf16, VGG-10 of a quarter, batch {SMALL}": lambda: lower_precision.training_group(
            SMALL, device
        ),
        "smaller networks, batch 1": lambda: smaller_networks.inference_group(1, device),
        "smaller networks, batch 128": lambda: smaller_networks.inference_group(128, device),
    }


def measure(group: Group, rounds: int, device: torch.device) -> dict[str, list[float]]:
    """Milliseconds of each contender in each round, after one that does not count."""
    found: dict[str, list[float]] = {name: [] for name in group}
    for number in range(rounds + 1):
        for name, work in group.items():
            _synchronize(device)
            began = time.perf_counter()
            work()
            _synchronize(device)
            if number:
                found[name].append(1000 * (time.perf_counter() - began))
    return found


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def table(found: dict[str, dict[str, list[float]]]) -> str:
    """Medians of milliseconds, and of ratios to a group's first contender within a round."""
    lines = []
    for title, contenders in found.items():
        lines.append(title)
        first = next(iter(contenders.values()))
        for name, took in contenders.items():
            ratio = statistics.median(t / f for t, f in zip(took, first, strict=True))
            lines.append(f"  {name:40} {statistics.median(took):10.3f} ms {ratio:8.3f} ×")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput.parts",
        description="Single parts beside what one would use instead.",
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--alpha", type=int, default=32, help="of S-FC; the paper's is 150")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--only", metavar="WORD", default="", help="groups with this in their name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times there")
    given = parser.parse_args(argv)
    try:
        print(table(_measure_all(given)))
    except UserError as error:
        print(f"benchmarks.throughput.parts: {error}", file=sys.stderr)
        return BAD_INPUT
    return 0


def _measure_all(given: argparse.Namespace) -> dict[str, dict[str, list[float]]]:
    for name in ("rounds", "alpha"):
        if getattr(given, name) < 1:
            raise UserError(f"--{name} must be at least 1, not {getattr(given, name)}")
    if given.device == "cuda" and not torch.cuda.is_available():
        raise UserError("torch sees no CUDA device here: use --device cpu")
    if given.json and given.json.exists():
        raise UserError(f"{given.json} is there already: name another file or remove it")
    device = torch.device(given.device)
    prepare(device)
    chosen = {n: g for n, g in groups(given.alpha, device).items() if given.only in n}
    if not chosen:
        raise UserError(f"--only {given.only}: no group has that in its name")
    found = {title: measure(build(), given.rounds, device) for title, build in chosen.items()}
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    return found


if __name__ == "__main__":
    sys.exit(main())
