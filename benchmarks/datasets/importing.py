"""Makes stores: by download, or from files that the user brings."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

import numpy as np

from benchmarks.datasets import DatasetInfo
from benchmarks.datasets.archives import read_batches_folder, read_tar
from benchmarks.datasets.folders import read_class_folders
from benchmarks.datasets.header import SPLITS, first_line, has_header
from benchmarks.datasets.scratch import scratch_folder
from benchmarks.datasets.store import Dataset, Split, build, check_is_store, open_known, publish
from benchmarks.errors import UserError

OnProgress = Callable[[str, int, int], None]
"""Told the stage, how much of it is done, and of how much."""

NETWORK_SECONDS = 30.0
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG)


def is_present(info: DatasetInfo, root: Path) -> bool:
    """Whether the store is there, after a cheap check of its files.

    Raises:
        UserError: where it is there but damaged, or something else has its place.
    """
    check_is_store(root, info.name)
    if not has_header(root, info.name):
        return False
    open_known(info, root)
    return True


def import_from(
    info: DatasetInfo, source: Path, root: Path, on_progress: OnProgress = lambda *_: None
) -> Path:
    """Make the store ``root/<name>`` from class folders, the official archive or its folder.

    The source is read and checked also where the store is there already.

    Raises:
        UserError: where the source cannot be read, is incomplete, or ``root`` cannot be written;
            also where a damaged store, or something else, is in the way.
    """
    _check_not_embedded(info)
    is_present(info, root)
    with scratch_folder(root, info.name) as folder:  # first, as reading takes its time
        splits = read_source(info, source, on_progress)
        return publish(_checked(info, splits, source, on_progress), folder, root)


def download(info: DatasetInfo, root: Path, on_progress: OnProgress = lambda *_: None) -> Path:
    """Make the store by torchvision's download and checksum; nothing to do where it is there.

    Raises:
        UserError: where the download fails; the message names the way without internet.
    """
    _check_not_embedded(info)
    if is_present(info, root):
        return root / info.name
    with scratch_folder(root, info.name) as folder, scratch_folder(root, info.name) as fetched:
        _fetch(info, fetched, root)
        assert info.archive is not None
        batches = fetched / info.archive.folder
        splits = read_batches_folder(batches, info, _stage("reading batches", on_progress))
        return publish(_checked(info, splits, batches, on_progress), folder, root)


def read_source(
    info: DatasetInfo, source: Path, on_progress: OnProgress = lambda *_: None
) -> dict[str, Split]:
    """Both splits from whatever ``source`` is, in its own order.

    Raises:
        UserError: where it is none of the known layouts.
    """
    try:
        return _read_layout(info, source, on_progress)
    except OSError as error:
        raise UserError(f"cannot read {source}: {first_line(error)}") from error


def _read_layout(info: DatasetInfo, source: Path, on_progress: OnProgress) -> dict[str, Split]:
    archive = info.archive
    batches = _stage("reading batches", on_progress)
    if source.is_file():
        return read_tar(source, info, batches)
    if not source.is_dir():
        raise UserError(f"{source} does not exist")
    if archive:
        for folder in (source, source / archive.folder):
            if any((folder / name).is_file() for name in archive.train + archive.test):
                return read_batches_folder(folder, info, batches)
        if (source / archive.filename).is_file():
            return read_tar(source / archive.filename, info, batches)
    if any((source / split).is_dir() for split in SPLITS):
        return read_class_folders(source, info, _stage("reading images", on_progress))
    official = f", {archive.filename} or {archive.folder}/" if archive else ""
    raise UserError(f"{source} holds no {{train,test}}/<class>/*.png{official}")


def _check_not_embedded(info: DatasetInfo) -> None:
    if info.embedded:
        raise UserError(f"{info.name} comes with an installed package: nothing to get or import")


def _checked(
    info: DatasetInfo, splits: dict[str, Split], source: Path, on_progress: OnProgress
) -> Dataset:
    on_progress("sorting and hashing", 0, 1)
    dataset = build(info.name, info.classes, splits)
    if dataset.digest != info.digest:
        raise UserError(
            f"wrong digest {dataset.digest[:12]}, not {info.digest[:12]}: {source} is not the "
            f"complete {info.title} ({_difference(info, splits)})"
        )
    on_progress("writing", 0, 1)
    return dataset


def _difference(info: DatasetInfo, splits: dict[str, Split]) -> str:
    """What an incomplete or altered copy lacks, as far as counting tells."""
    expected = " + ".join(f"{count:,}" for count in info.counts)
    found = " + ".join(f"{len(splits[split]):,}" for split in SPLITS)
    if found == expected:
        return f"{found} images as expected, but other pixels or labels"
    fewest = []
    for split in SPLITS:
        by_class = np.bincount(splits[split].labels, minlength=len(info.classes))
        label = int(by_class.argmin())
        fewest.append(f"{split}/{info.classes[label]} with {by_class[label]:,}")
    return f"{expected} images expected, found {found}; fewest in {' and '.join(fewest)}"


def _fetch(info: DatasetInfo, folder: Path, root: Path) -> None:
    import torchvision.datasets

    assert info.archive is not None
    with _network_timeout():
        try:
            getattr(torchvision.datasets, info.archive.downloader)(folder, download=True)
        except Exception as error:  # a proxy's or a server's oddities come as many types
            if _is_disk_error(error):
                raise UserError(f"cannot write under {root}: {first_line(error)}") from error
            raise UserError(
                f"cannot download {info.name} ({first_line(error)}): fetch {info.archive.url} on "
                f"another machine and run `reproduce data import {info.name} PATH`"
            ) from error


def _is_disk_error(error: Exception) -> bool:
    return (
        isinstance(error, OSError)
        and not isinstance(error, URLError)
        and error.errno in DISK_ERRORS
    )


@contextlib.contextmanager
def _network_timeout() -> Iterator[None]:
    """Give up on a silent network, as urllib by itself waits for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _stage(name: str, on_progress: OnProgress) -> Callable[[int, int], None]:
    return lambda done, total: on_progress(name, done, total)
