"""The same curves for the other base networks, as the structured-sparsity draft's list of missing
results asks: square ones for CIFAR-10 and MNIST, and ImageNet's of seven layers, residual and
plain, and of seventeen.

A square network of 5×5 kernels has room for mixed sizes. ImageNet's runs read a folder of the
user's, see `reproduce data import imagenet`.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.data.augmentation import NoAugmentation
from benchmarks.data.crop_flip import CropFlip
from benchmarks.models import BASES, PairedNet
from benchmarks.procedures import Train
from benchmarks.schedules import Steps
from reproduce.catalogue.tables import Cell, Table
from reproduce.structured_sparsity.protocol import (
    ALPHAS,
    EVERY,
    FULL,
    PAPER,
    SEEDS,
    TRAIN,
    Form,
    against_base,
)
from reproduce.structured_sparsity.trained_figures import AGAINST_COST, NAMES, renamed

NARROW = ("0.5", "0.25")
SQUARE = BASES["CIFAR-10, square"]
# Written digits are no longer themselves when mirrored.
MNIST = Form("mnist", SQUARE, ALPHAS, {}, NARROW, TRAIN, FULL.schedule,
             augmentation=NoAugmentation(), title="mnist-square")  # fmt: skip
CIFAR10 = Form("cifar10", SQUARE, ALPHAS, {}, NARROW, TRAIN, FULL.schedule, title="cifar10-square")


def _imagenet(title: str, base: PairedNet, narrow: tuple[str, ...] = NARROW) -> Form:
    """He et al.'s 90 epochs of windows of 224×224, batches of 256."""
    return Form(
        dataset="imagenet",
        base=base,
        alphas=ALPHAS,
        shallow={},
        narrow=narrow,
        train=Train(epochs=90, batch_size=256, evaluate_every=EVERY),
        schedule=Steps(milestones=(30, 60)),
        augmentation=CropFlip(padding=0, cut=32),
        window=224,
        title=title,
    )


SEVEN = BASES["ImageNet, 7 layers"]
IMAGENET = (
    _imagenet("imagenet-7", SEVEN),
    _imagenet("imagenet-17", BASES["ImageNet, 17 layers"]),
)
PLAIN = _imagenet("imagenet-7-plain", SEVEN.replace(shortcuts="none"), ())
QUICK = Form(
    dataset="digits",
    base=PairedNet(widths=(16,) * 5, kernel_sizes=(5,), halve_at=(1, 3)),
    alphas={"-3.8": "0.01"},
    shallow={},
    narrow=("0.5",),
    train=Train(epochs=8, batch_size=64, evaluate_every=2),
    schedule=Steps(milestones=(4, 6)),
    every=1,
    precision="float32",
    augmentation=NoAugmentation(),
    title="digits-square",
)


def _cells() -> Iterator[Cell]:
    for form in (CIFAR10, MNIST, *IMAGENET):
        yield from _of(form)
    yield from PLAIN.hand_made()
    yield from PLAIN.learned("omega1")


def _of(form: Form) -> Iterator[Cell]:
    yield from form.hand_made()
    yield from form.learned("omega1")
    yield from form.learned("omega2")


CELLS, QUICK_CELLS = tuple(_cells()), tuple(_of(QUICK))

TABLE = Table(
    paper=PAPER,
    name="bases",
    title="Other base networks",
    caption="Accuracy against multiply-adds for square networks and ImageNet's, by α and τ",
    cells=CELLS,
    comparisons=against_base(CELLS),
    seeds=SEEDS,
    remark=NAMES,
    **AGAINST_COST,
)
QUICK_TABLE = TABLE.in_form(
    "quick",
    "Accuracy against multiply-adds for a square network of five layers on digits",
    QUICK_CELLS,
    comparisons=against_base(QUICK_CELLS),
    seeds=2,
    remark=renamed(QUICK.alphas),
)
TABLE = TABLE.with_forms(QUICK_TABLE)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
