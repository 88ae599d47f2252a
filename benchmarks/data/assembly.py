"""A store's arrays out of a stream of images, on disk and never as a whole in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import CHANNELS, SPLITS
from benchmarks.data.pictures import Chunk
from benchmarks.data.sources import OnProgress, silent
from benchmarks.data.store import (
    BLOCK_BYTES,
    Dataset,
    Split,
    canonical_order,
    channel_statistics,
    content_digest,
    image_keys,
    read_array,
    save,
)
from benchmarks.errors import UserError


class _Incoming:
    """A split as it comes: pixels into a file, labels and keys into memory (some 100 bytes each).

    More images than there should be are counted and not kept.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.path, self.limit = path, limit
        self.file = open(path, "wb", buffering=0)  # noqa: SIM115 - closed with the others
        self.keys: list[bytes] = []
        self.labels: list[np.ndarray] = []

    def add(self, chunk: Chunk) -> None:
        self.labels.append(chunk.labels)
        images = np.ascontiguousarray(chunk.images[: max(0, self.limit - len(self.keys))])
        remaining = images.reshape(-1).data
        while len(remaining):
            remaining = remaining[self.file.write(remaining) :]
        self.keys += image_keys(images)

    def all_labels(self) -> np.ndarray:
        return np.concatenate([np.empty(0, dtype=np.int64), *self.labels])


def assemble(
    info: DatasetInfo,
    chunks: Iterable[Chunk],
    folder: Path,
    source: Path,
    on_progress: OnProgress = silent,
) -> Dataset:
    """Write the arrays of a store into ``folder``, in canonical order, and open them.

    Needs disk for twice the images while it works.

    Raises:
        UserError: where ``source`` has not the number of images that the register says.
        OSError: where ``folder`` cannot be written.
    """
    with ExitStack() as files:
        incoming = {}
        for split, count in zip(SPLITS, info.counts, strict=True):
            incoming[split] = _Incoming(folder / f"incoming_{split}", count)
            files.callback(incoming[split].file.close)
        for chunk in chunks:
            incoming[chunk.split].add(chunk)
    labels = {split: incoming[split].all_labels() for split in SPLITS}
    _check_counts(info, labels, source)
    splits = {}
    for number, split in enumerate(SPLITS):
        on_progress("sorting and writing", number, len(SPLITS))
        splits[split] = _sort(info, incoming[split], labels[split], folder, split)
    on_progress("hashing", 0, 1)
    digest = content_digest(info.classes, splits)
    mean, std = channel_statistics(splits["train"].images)
    identity = info.identity if info.is_named_by_sources else ""
    train, test = splits["train"], splits["test"]
    return Dataset(info.store, info.classes, train, test, mean, std, digest, identity)


def _sort(
    info: DatasetInfo, incoming: _Incoming, labels: np.ndarray, folder: Path, split: str
) -> Split:
    shape = (len(labels), info.side, info.side, CHANNELS)
    raw = np.memmap(incoming.path, dtype=np.uint8, mode="r", shape=shape)
    order = canonical_order(labels, incoming.keys)
    paths = {part: folder / f"{split}_{part}.npy" for part in ("images", "labels")}
    save(paths["images"], raw, _gathered(raw, order))
    sorted_labels = labels[order].astype(np.int64)
    save(paths["labels"], sorted_labels, [sorted_labels])
    del raw
    incoming.path.unlink()
    return Split(read_array(paths["images"]), read_array(paths["labels"]))


def _gathered(raw: np.ndarray, order: np.ndarray) -> Iterator[np.ndarray]:
    size = max(1, BLOCK_BYTES // raw[:1].nbytes)
    return (raw[order[start : start + size]] for start in range(0, len(order), size))


def _check_counts(info: DatasetInfo, labels: dict[str, np.ndarray], source: Path) -> None:
    by_class = {s: np.bincount(labels[s], minlength=len(info.classes)) for s in SPLITS}
    pairs = list(zip(SPLITS, info.counts, strict=True))
    complete = all(len(labels[split]) == count for split, count in pairs)
    uneven = info.balanced and any(len(set(by_class[split].tolist())) > 1 for split in SPLITS)
    if complete and not uneven:
        return
    expected = " + ".join(f"{count:,}" for count in info.counts)
    found = " + ".join(f"{len(labels[split]):,}" for split in SPLITS)
    fewest = []
    for split in SPLITS:
        label = int(by_class[split].argmin())
        fewest.append(f"{split}/{info.classes[label]} with {by_class[split][label]:,}")
    raise UserError(
        f"{source} is not the complete {info.title} ({expected} images expected, found {found}; "
        f"fewest in {' and '.join(fewest)})"
    )
