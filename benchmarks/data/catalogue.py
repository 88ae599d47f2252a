"""The data sets that there are, by name. What is known of each, with the addresses and checksums of
its files: :mod:`.catalogue_small_images` and :mod:`.catalogue_photographs`.
"""

from __future__ import annotations

from benchmarks.data.catalogue_photographs import (
    CARS,
    CUB200,
    DEEPWEEDS,
    IMAGENET,
    MIT67,
    SCENES15,
)
from benchmarks.data.catalogue_small_images import (
    CIFAR10,
    CIFAR100,
    DIGITS,
    DIGITS64,
    FASHION_MNIST,
    MNIST,
    SVHN,
    TINY_IMAGENET,
)
from benchmarks.data.description import DatasetInfo


def folder(name: str) -> DatasetInfo:
    """What is known of a user's own folder of images, named "folder:NAME", before it is read."""
    return DatasetInfo(
        name=name,
        title="a folder of images, train/ and val/ by class, squashed to 256×256",
        classes=(),
        counts=(0, 0),
        side=256,
        has_sizes=True,
        resampling="bilinear",
        indexed=True,
    )


_ALL = (
    *(CIFAR10, CIFAR100, MNIST, FASHION_MNIST, SVHN, TINY_IMAGENET, DEEPWEEDS),
    *(CUB200, CARS, IMAGENET, SCENES15, MIT67),
    *(DIGITS, DIGITS64),
)
DATASETS: dict[str, DatasetInfo] = {entry.name: entry for entry in _ALL}
