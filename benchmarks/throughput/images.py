"""The same images for every contender: our store, and files as torchvision's CIFAR10 reads them."""

from __future__ import annotations

import pickle
from pathlib import Path

from benchmarks.data import info, store

TORCHVISION_FOLDER = "cifar-10-batches-py"


def write_noise(root: Path, count: int) -> None:
    """A ``cifar10`` store of ``count`` random training images, and a fifth as many for testing.

    Training takes as long on noise as on photographs; the table says which it was.
    """
    import numpy as np

    random = np.random.default_rng(0)
    splits = {}
    for name, size in (("train", count), ("test", -(-count // 5))):
        pixels = random.integers(0, 256, (size, 32, 32, 3), dtype=np.uint8)
        splits[name] = store.Split(pixels, random.integers(0, 10, size))
    store.write(store.build("cifar10", info("cifar10").classes, splits), root)


def write_torchvision(data: Path, root: Path) -> None:
    """The store's training images as the five pickles that torchvision's CIFAR10 unpacks."""
    import numpy as np

    dataset = store.read(data, "cifar10")
    folder = root / TORCHVISION_FOLDER
    folder.mkdir(parents=True)
    for number, part in enumerate(np.array_split(np.arange(len(dataset.train)), 5), start=1):
        pixels = np.array(dataset.train.images[part]).transpose(0, 3, 1, 2).reshape(len(part), -1)
        labels = [int(label) for label in dataset.train.labels[part]]
        entry = {"data": np.ascontiguousarray(pixels), "labels": labels}
        (folder / f"data_batch_{number}").write_bytes(pickle.dumps(entry))
    meta = {"label_names": list(dataset.classes)}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta))
