"""Makes stores, by download or from files that the user brings: on disk, never in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import FileIO
from pathlib import Path

import numpy as np

from benchmarks.data import store
from benchmarks.data.dataset import Dataset, blocks, canonical_order, described, image_keys
from benchmarks.data.description import DatasetInfo
from benchmarks.data.fetching import OnProgress, fetch, scratch_folder, silent, writing
from benchmarks.data.header import CHANNELS, SPLITS, has_header
from benchmarks.data.pictures import Chunk, library
from benchmarks.data.source_layouts import DECODED, read_source
from benchmarks.errors import UserError


def import_from(
    info: DatasetInfo,
    source: Path,
    root: Path,
    on_progress: OnProgress = silent,
    *,
    skip_corrupt: int = 0,
    on_note: Callable[[str], None] = lambda note: None,
) -> Path:
    """Make the store of ``info`` from class folders, the official files or an extracted folder.

    The source is read and checked also where the store is there already.

    Args:
        skip_corrupt: how many unreadable images may be left out of an index.
        on_note: told in a line of files of a folder of images that are passed over, if any.

    Raises:
        UserError: where the source cannot be read, is incomplete, or ``root`` cannot be written;
            also where a damaged store, or something else, is in the way.
    """
    if info.indexed:
        from benchmarks.data.folder_index import make_index

        return make_index(
            info, source, root, on_progress, skip_corrupt=skip_corrupt, on_note=on_note
        )
    if skip_corrupt:
        raise UserError(f"--skip-corrupt is of folders of images, which {info.name} is not")
    _is_present(info, root)
    with scratch_folder(root, info.store) as folder:  # first, as reading takes its time
        return _make(info, source, folder, root, on_progress)


def download(info: DatasetInfo, root: Path, on_progress: OnProgress = silent) -> Path:
    """Make the store from the official files, fetched; nothing to do where it is there.

    Raises:
        UserError: where the download fails; the message names the way without internet. Also where
            only a person can fetch the files; the message says from where, and what to do then.
    """
    if info.indexed:
        raise UserError(
            f"{info.name} is a folder of images that has to be brought: run `reproduce data import "
            f"{info.name} PATH`, with PATH/train/<class>/ and PATH/val/<class>/"
        )
    if _is_present(info, root):
        return root / info.store
    sources = info.archive.sources
    if info.archive.by_hand:
        raise UserError(_by_hand(info))
    with (
        scratch_folder(root, info.store) as folder,
        scratch_folder(root, info.store, download=True) as fetched,
    ):
        path = "PATH" if len(sources) == 1 else "FOLDER"
        fetch(sources, fetched, info.name, path, on_progress)
        return _make(info, fetched, folder, root, on_progress)


def _is_present(info: DatasetInfo, root: Path) -> bool:
    """Whether the store is there, after a cheap check of its files."""
    if info.embedded:
        raise UserError(f"{info.name} comes with an installed package: nothing to get or import")
    store.check_is_store(root, info.store)
    if not has_header(root, info.store):
        return False
    store.open_known(info, root)
    return True


def _make(
    info: DatasetInfo, source: Path, folder: Path, root: Path, on_progress: OnProgress
) -> Path:
    chunks = read_source(info, source, on_progress)
    with writing(root):
        dataset = assemble(info, chunks, folder, source, on_progress)
    if info.digest is not None and dataset.digest != info.digest:
        raise UserError(
            f"wrong digest {dataset.digest[:12]}, not {info.digest[:12]}: {source} is not the "
            f"official {info.title} ({_sum(info.counts)} images as expected, but other pixels or "
            "labels)"
        )
    on_progress("publishing", 0, 1)
    return store.publish(dataset, folder, root, library() if info.archive.layout in DECODED else "")


def _by_hand(info: DatasetInfo) -> str:
    """One line that says where from, where to, and what to type then."""
    archive = info.archive
    lists = (*(file.name for file in archive.sources[1:]), *archive.train, *archive.test)
    fold = f" --fold {info.fold}" if info.fold else ""
    beside = f", beside it {' and '.join(lists)} from {archive.sources[-1].url}" if lists else ""
    put = f"put {archive.filename} from {archive.url} into a folder{beside}"
    if archive.copies:
        files = " and ".join(file.name for file in archive.sources)
        also = (", ".join(file.name for file in other.sources) for other in archive.others)
        put = (
            f"its address no longer answers, and {archive.copies} names copies; put "
            f"{'; or '.join((files, *also))} into a folder"
        )
    return (
        f"{info.name} has to be fetched by hand: {put}, and run "
        f"`reproduce data import {info.name} FOLDER{fold}`"
    )


class _Incoming:
    """A split as it comes: pixels into a file, labels and keys into memory (some 100 bytes each).

    More images than there should be are counted and not kept.
    """

    def __init__(self, file: FileIO, limit: int) -> None:
        self.file, self.limit = file, limit
        self.keys: list[bytes] = []
        self.labels = [np.empty(0, dtype=np.int64)]

    def add(self, chunk: Chunk) -> None:
        self.labels.append(chunk.labels)
        images = np.ascontiguousarray(chunk.images[: max(0, self.limit - len(self.keys))])
        remaining = images.reshape(-1).data
        while len(remaining):
            remaining = remaining[self.file.write(remaining) :]
        self.keys += image_keys(images)


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
    paths = {split: folder / f"incoming_{split}" for split in SPLITS}
    with FileIO(paths["train"], "w") as train, FileIO(paths["test"], "w") as test:
        pairs = zip((train, test), info.counts, strict=True)
        incoming = dict(zip(SPLITS, (_Incoming(*pair) for pair in pairs), strict=True))
        for chunk in chunks:
            incoming[chunk.split].add(chunk)
    labels = {split: np.concatenate(incoming[split].labels) for split in SPLITS}
    _check_counts(info, labels, source)
    splits = {}
    for number, split in enumerate(SPLITS):
        on_progress("sorting and writing", number, len(SPLITS))
        shape = (len(labels[split]), info.side, info.side, CHANNELS)
        raw = np.memmap(paths[split], dtype=np.uint8, mode="r", shape=shape)
        order = canonical_order(labels[split], incoming[split].keys)
        gathered = (raw[places] for places in blocks(order, raw[:1].nbytes))
        splits[split] = store.save_split(folder, split, raw, gathered, labels[split][order])
        del raw, gathered
        paths[split].unlink()
    on_progress("hashing", 0, 1)
    identity = info.identity if info.has_own_identity else ""
    return described(info.store, info.classes, splits, identity)


def _check_counts(info: DatasetInfo, labels: dict[str, np.ndarray], source: Path) -> None:
    by_class = {s: np.bincount(labels[s], minlength=len(info.classes)) for s in SPLITS}
    found = tuple(len(labels[split]) for split in SPLITS)
    uneven = info.balanced and any(np.ptp(counts) for counts in by_class.values())
    if found == info.counts and not uneven:
        return
    fewest = " and ".join(
        f"{split}/{info.classes[counts.argmin()]} with {counts.min():,}"
        for split, counts in by_class.items()
    )
    raise UserError(
        f"{source} is not the complete {info.title} ({_sum(info.counts)} images expected, found "
        f"{_sum(found)}; fewest in {fewest})"
    )


def _sum(counts: Iterable[int]) -> str:
    return " + ".join(f"{count:,}" for count in counts)
