"""Makes stores: by download, or from files that the user brings."""

from __future__ import annotations

from pathlib import Path

from benchmarks.data.assembly import assemble
from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import has_header
from benchmarks.data.layouts import DECODED, read_source
from benchmarks.data.pictures import library
from benchmarks.data.scratch import scratch_folder
from benchmarks.data.sources import OnProgress, cannot_write, fetch, silent
from benchmarks.data.store import check_is_store, open_known, publish
from benchmarks.errors import UserError


def import_from(
    info: DatasetInfo, source: Path, root: Path, on_progress: OnProgress = silent
) -> Path:
    """Make the store of ``info`` from class folders, the official files or an extracted folder.

    The source is read and checked also where the store is there already.

    Raises:
        UserError: where the source cannot be read, is incomplete, or ``root`` cannot be written;
            also where a damaged store, or something else, is in the way.
    """
    _is_present(info, root)
    with scratch_folder(root, info.store) as folder:  # first, as reading takes its time
        return _make(info, source, folder, root, on_progress)


def download(info: DatasetInfo, root: Path, on_progress: OnProgress = silent) -> Path:
    """Make the store from the official files, fetched; nothing to do where it is there.

    Raises:
        UserError: where the download fails; the message names the way without internet. Also where
            only a person can fetch the files; the message says from where, and what to do then.
    """
    if _is_present(info, root):
        return root / info.store
    sources = info.archive.sources
    if info.archive.by_hand:
        raise UserError(_by_hand(info))
    with scratch_folder(root, info.store) as folder, scratch_folder(root, info.store) as fetched:
        path = "PATH" if len(sources) == 1 else "FOLDER"
        fetch(sources, fetched, info.name, path, on_progress)
        return _make(info, fetched, folder, root, on_progress)


def _is_present(info: DatasetInfo, root: Path) -> bool:
    """Whether the store is there, after a cheap check of its files.

    Raises:
        UserError: where it is there but damaged, something else has its place, or it needs none.
    """
    if info.embedded:
        raise UserError(f"{info.name} comes with an installed package: nothing to get or import")
    check_is_store(root, info.store)
    if not has_header(root, info.store):
        return False
    open_known(info, root)
    return True


def _make(
    info: DatasetInfo, source: Path, folder: Path, root: Path, on_progress: OnProgress
) -> Path:
    chunks = read_source(info, source, on_progress)
    try:
        dataset = assemble(info, chunks, folder, source, on_progress)
    except OSError as error:
        raise cannot_write(root, error) from error
    if info.digest is not None and dataset.digest != info.digest:
        expected = " + ".join(f"{count:,}" for count in info.counts)
        raise UserError(
            f"wrong digest {dataset.digest[:12]}, not {info.digest[:12]}: {source} is not the "
            f"official {info.title} ({expected} images as expected, but other pixels or labels)"
        )
    on_progress("publishing", 0, 1)
    return publish(dataset, folder, root, library() if info.archive.layout in DECODED else "")


def _by_hand(info: DatasetInfo) -> str:
    """One line that says where from, where to, and what to type then."""
    archive = info.archive
    lists = (*(file.name for file in archive.sources[1:]), *archive.train, *archive.test)
    fold = f" --fold {info.fold}" if info.fold else ""
    return (
        f"{info.name} has to be fetched by hand: put {archive.filename} from {archive.url} into a "
        f"folder, beside it {' and '.join(lists)} from {archive.sources[-1].url}, and run "
        f"`reproduce data import {info.name} FOLDER{fold}`"
    )
