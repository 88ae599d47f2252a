"""scikit-learn's handwritten digits, enlarged: an experiment's stand-in that needs no file.

The 1,797 images are the test part of the UCI "Optical Recognition of Handwritten Digits" set, 8×8
with values 0 to 16; they come with scikit-learn.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from benchmarks.data.dataset import Dataset, Split, build, canonical_order, image_keys
from benchmarks.data.description import DatasetInfo
from benchmarks.errors import UserError

SIDE = 8
LEVELS = 16


def load(info: DatasetInfo) -> Dataset:
    """The data set in memory, in canonical order.

    Raises:
        UserError: where the installed scikit-learn has other images than the register knows.
    """
    images, labels = enlarge(*_read_package(), info.side)
    dataset = build(info.name, info.classes, split(images, labels, info.counts[1]))
    if dataset.digest != info.identity:
        raise UserError(
            f"wrong digest {dataset.digest[:12]} for {info.name}, not {info.identity[:12]}: "
            "the installed scikit-learn has other images; reinstall it (pip install scikit-learn)"
        )
    return dataset


def enlarge(grey: np.ndarray, labels: np.ndarray, side: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """(N, 64) values 0 to 16 as uint8 (N, side, side, 3): every pixel becomes a block, 4×4 for a
    side of 32, the values are stretched to 0 to 255 and rounded, and the three channels are
    equal."""
    times = side // SIDE
    levels = (grey.reshape(-1, SIDE, SIDE).astype(np.int64) * 255 + LEVELS // 2) // LEVELS
    blocks = levels.astype(np.uint8).repeat(times, axis=1).repeat(times, axis=2)
    return np.repeat(blocks[..., None], 3, axis=3), labels.astype(np.int64)


def split(images: np.ndarray, labels: np.ndarray, test_size: int) -> dict[str, Split]:
    """Train and test, the same whatever order the images come in.

    In the order of (label, SHA-256 of the pixels) every image whose share of ``test_size`` passes
    the next whole number is tested on, so that each class has its share to within one image.
    """
    order = canonical_order(labels, image_keys(images))
    share = np.arange(len(order) + 1) * test_size // len(order)
    tested = np.diff(share) == 1
    return {
        "train": Split(images[order[~tested]], labels[order[~tested]]),
        "test": Split(images[order[tested]], labels[order[tested]]),
    }


def _read_package() -> tuple[np.ndarray, np.ndarray]:
    """Values int64 (1797, 64) and labels int64 (1797,).

    The file is read without importing scikit-learn, which alone takes over a second; where a
    version keeps it elsewhere, its own function is asked.
    """
    package = importlib.util.find_spec("sklearn")
    if package and package.origin:
        path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
        if path.is_file():
            table = np.loadtxt(path, delimiter=",").astype(np.int64)
            return table[:, :-1], table[:, -1]
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    return values.astype(np.int64), labels.astype(np.int64)
