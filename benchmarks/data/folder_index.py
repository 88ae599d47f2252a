"""Makes an index of image files: every file is read and decoded once, and none is copied.

What has been checked is kept in a file beside the store to be, so that an import of hours goes on
where it was interrupted.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.data.array_files import save_array
from benchmarks.data.dataset import channel_statistics
from benchmarks.data.description import DatasetInfo
from benchmarks.data.fetching import OnProgress, scratch_folder, silent, writing
from benchmarks.data.folder_listing import (
    NAMED,
    ListedFile,
    about_passed_over,
    classes_of,
    listed,
)
from benchmarks.data.folders import (
    THREADS,
    FileDataset,
    FileSplit,
    ImageFiles,
    content_digest,
    file_kind,
    folder_of,
)
from benchmarks.data.header import CHANNELS, SPLITS, Counts, has_header, read_header
from benchmarks.data.pictures import CHUNK, library, opened
from benchmarks.data.store import check_is_store, publish
from benchmarks.errors import UserError, reading

TOGETHER = 1_000
# Training images from which mean and deviation are taken, evenly spaced in the index's order.
SAMPLE = 10_000


class _Found(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was checked: without ``sha256`` it cannot be read, for the reason."""

    path: str
    bytes: int
    changed: int
    sha256: str
    reason: str = ""


def make_index(
    info: DatasetInfo,
    source: Path,
    root: Path,
    on_progress: OnProgress = silent,
    *,
    skip_corrupt: int = 0,
    on_note: Callable[[str], None] = lambda note: None,
) -> Path:
    """Index ``source/train/<class>/**`` and ``source/val/<class>/**`` as the store of ``info``.

    Args:
        skip_corrupt: how many files that cannot be read may be left out.
        on_note: told in a line which files are passed over, if any.

    Raises:
        UserError: where a class is missing, alone or without images, there are not as many images
            as there should be, or more cannot be read than ``skip_corrupt``.
    """
    source = source.resolve()
    classes = classes_of(source, info)
    files, passed_over = {}, []
    for split in SPLITS:
        files[split], others = listed(source / folder_of(source, split), classes)
        passed_over += others
    if passed_over:
        on_note(about_passed_over(passed_over))
    journal = root / f".{info.store}.checked"
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        found = _checked([*files["train"], *files["test"]], journal, on_progress)
    _refuse_corrupt(found, skip_corrupt)
    kept = {s: [f for f in files[s] if not found[f.whole].reason] for s in SPLITS}
    _refuse_counts(info, files, kept, source)
    with scratch_folder(root, info.store) as folder, writing(root):
        splits = {}
        for split in SPLITS:
            table = _table(kept[split], found)
            save_array(folder / f"{split}_files.npy", table, [table])
            below = source / folder_of(source, split)
            splits[split] = ImageFiles(below, table, info.side)
        dataset = _described(info, classes, splits, on_progress)
        skipped = Counts(*(len(files[s]) - len(kept[s]) for s in SPLITS))
        _make_way(dataset, folder, root)
        about = {"folder": str(source), "side": info.side, "skipped": skipped}
        path = publish(dataset, folder, root, library(), about)
    with contextlib.suppress(OSError):
        journal.unlink()
    return path


def _make_way(dataset: FileDataset, folder: Path, root: Path) -> None:
    """An index of the same images where they lay before gives way to the one of where they are."""
    check_is_store(root, dataset.name)
    if not has_header(root, dataset.name):
        return
    present = read_header(root, dataset.name)
    if present.digest == dataset.digest:
        aside = folder.with_name(f"{folder.name.removesuffix('.partial')}-old.partial")
        os.rename(root / dataset.name, aside)
        shutil.rmtree(aside, ignore_errors=True)


def _described(
    info: DatasetInfo,
    classes: tuple[str, ...],
    splits: dict[str, ImageFiles],
    on_progress: OnProgress,
) -> FileDataset:
    digest = content_digest(classes, info.side, splits)
    mean, std = info.statistics or _statistics(splits["train"], on_progress)
    return FileDataset(
        name=info.store,
        classes=classes,
        train=FileSplit.of(splits["train"]),
        test=FileSplit.of(splits["test"]),
        mean=np.array(mean),
        std=np.array(std),
        digest=digest,
        sources_identity=info.identity if info.has_own_identity else "",
    )


def _statistics(
    files: ImageFiles, on_progress: OnProgress
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Of a sample, to four decimals, which hide what decoders differ in."""
    chosen = np.unique(np.linspace(0, len(files) - 1, min(SAMPLE, len(files))).astype(np.int64))
    sums, squares = np.zeros(CHANNELS), np.zeros(CHANNELS)
    with ThreadPoolExecutor(max_workers=THREADS) as executor:
        for start in range(0, len(chosen), CHUNK):
            on_progress("measuring mean and deviation", start, len(chosen))
            places = chosen[start : start + CHUNK].tolist()
            mean, std = channel_statistics(np.stack([*executor.map(files.read, places)]))
            sums += len(places) * mean
            squares += len(places) * (std**2 + mean**2)
    mean = sums / len(chosen)
    std = np.sqrt(np.maximum(squares / len(chosen) - mean**2, 0))
    return tuple(mean.round(4).tolist()), tuple(std.round(4).tolist())


def _checked(
    files: Sequence[ListedFile], journal: Path, on_progress: OnProgress
) -> dict[str, _Found]:
    """What became of every file, by its path; those that were checked before and are as they were
    are not read again."""
    known = _remembered(journal)
    found: dict[str, _Found] = {}
    with open(journal, "ab") as log, ThreadPoolExecutor(max_workers=THREADS) as executor:
        remaining = iter(files)
        while chosen := list(islice(remaining, TOGETHER)):
            on_progress("reading images", len(found), len(files))
            fresh = [*executor.map(lambda file: _check(file, known), chosen)]
            found |= {one.path: one for one in fresh}
            lines = [msgspec.json.encode(one) for one in fresh if known.get(one.path) != one]
            log.write(b"".join(line + b"\n" for line in lines))
            log.flush()
    return found


def _remembered(journal: Path) -> dict[str, _Found]:
    known = {}
    with contextlib.suppress(OSError), open(journal, "rb") as log:
        for line in log:
            # The last line may have been cut short.
            with contextlib.suppress(msgspec.MsgspecError):
                one = msgspec.json.decode(line, type=_Found)
                known[one.path] = one
    return known


def _check(file: ListedFile, known: dict[str, _Found]) -> _Found:
    path = file.whole
    with reading(path):
        status = os.stat(path)
        before = known.get(path)
        if before and (before.bytes, before.changed) == (status.st_size, status.st_mtime_ns):
            return before
        content = Path(path).read_bytes()
    digest, reason = hashlib.sha256(content).hexdigest(), ""
    try:
        with opened(io.BytesIO(content), path) as picture:
            # Of a JPEG every byte is decoded also where it is scaled down at once.
            picture.draft("RGB", (32, 32))
            picture.load()
    except UserError as error:
        digest, reason = "", str(error)
    return _Found(path, status.st_size, status.st_mtime_ns, digest, reason)


def _refuse_corrupt(found: dict[str, _Found], allowed: int) -> None:
    corrupt = sorted(one.reason for one in found.values() if one.reason)
    if len(corrupt) > allowed:
        them = "them" if len(corrupt) > 1 else "it"
        raise UserError(
            f"{len(corrupt):,} of {len(found):,} images cannot be read: "
            f"{'; '.join(corrupt[:NAMED])}{' and more' * (len(corrupt) > NAMED)}; replace "
            f"{them}, or leave {them} out with --skip-corrupt {len(corrupt)}"
        )


def _refuse_counts(
    info: DatasetInfo,
    files: dict[str, list[ListedFile]],
    kept: dict[str, list[ListedFile]],
    source: Path,
) -> None:
    found = tuple(len(files[split]) for split in SPLITS)
    if not info.is_open and found != info.counts:
        raise UserError(
            f"{source} is not the complete {info.title}: {found[0]:,} + {found[1]:,} images, not "
            f"{info.counts[0]:,} + {info.counts[1]:,}; complete it, or import a part of it as "
            "folder:NAME"
        )
    for split in SPLITS:
        lost = {file.label for file in files[split]} - {file.label for file in kept[split]}
        if lost:
            name = next(f.path.split("/")[0] for f in files[split] if f.label in lost)
            raise UserError(f"no image of the class {name} in {split} can be read: replace them")


def _table(files: Sequence[ListedFile], found: dict[str, _Found]) -> np.ndarray:
    """The index of a split, in the order of (label, SHA-256, path)."""
    longest = max(len(os.fsencode(file.path)) for file in files)
    rows = sorted((f.label, found[f.whole].sha256, os.fsencode(f.path), f.whole) for f in files)
    table = np.empty(len(rows), dtype=file_kind(longest))
    for place, (label, sha256, path, whole) in enumerate(rows):
        table[place] = (path, label, found[whole].bytes, bytes.fromhex(sha256))
    return table
