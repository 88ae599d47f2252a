"""Makes stores: by download, or from files that the user brings."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError

from benchmarks.data.assembly import OnProgress, assemble
from benchmarks.data.description import Archive, DatasetInfo
from benchmarks.data.header import first_line, has_header
from benchmarks.data.layouts import DECODED, read_source
from benchmarks.data.pictures import library
from benchmarks.data.scratch import scratch_folder
from benchmarks.data.store import Dataset, cannot_write, check_is_store, open_known, publish
from benchmarks.errors import UserError

NETWORK_SECONDS = 30.0
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG)


def is_present(info: DatasetInfo, root: Path) -> bool:
    """Whether the store is there, after a cheap check of its files.

    Raises:
        UserError: where it is there but damaged, or something else has its place.
    """
    check_is_store(root, info.store)
    if not has_header(root, info.store):
        return False
    open_known(info, root)
    return True


def import_from(
    info: DatasetInfo, source: Path, root: Path, on_progress: OnProgress = lambda *_: None
) -> Path:
    """Make the store of ``info`` from class folders, the official files or an extracted folder.

    The source is read and checked also where the store is there already.

    Raises:
        UserError: where the source cannot be read, is incomplete, or ``root`` cannot be written;
            also where a damaged store, or something else, is in the way.
    """
    _check_not_embedded(info)
    is_present(info, root)
    with scratch_folder(root, info.store) as folder:  # first, as reading takes its time
        return _make(info, source, folder, root, on_progress)


def download(info: DatasetInfo, root: Path, on_progress: OnProgress = lambda *_: None) -> Path:
    """Make the store by torchvision's download and checksum; nothing to do where it is there.

    Raises:
        UserError: where the download fails; the message names the way without internet. Also where
            only a person can fetch the files; the message says from where, and what to do then.
    """
    _check_not_embedded(info)
    if is_present(info, root):
        return root / info.store
    assert info.archive is not None
    if info.archive.by_hand:
        raise UserError(_by_hand(info, info.archive))
    with scratch_folder(root, info.store) as folder, scratch_folder(root, info.store) as fetched:
        _fetch(info, info.archive, fetched, root)
        return _make(info, fetched, folder, root, on_progress)


def _make(
    info: DatasetInfo, source: Path, folder: Path, root: Path, on_progress: OnProgress
) -> Path:
    chunks = read_source(info, source, on_progress)
    try:
        dataset = assemble(info, chunks, folder, source, on_progress)
    except OSError as error:
        raise cannot_write(root, error) from error
    _check_digest(info, dataset, source)
    on_progress("publishing", 0, 1)
    decoded = info.archive is not None and info.archive.layout in DECODED
    return publish(dataset, folder, root, library() if decoded else "")


def _check_not_embedded(info: DatasetInfo) -> None:
    if info.embedded:
        raise UserError(f"{info.name} comes with an installed package: nothing to get or import")


def _check_digest(info: DatasetInfo, dataset: Dataset, source: Path) -> None:
    if info.digest is not None and dataset.digest != info.digest:
        expected = " + ".join(f"{count:,}" for count in info.counts)
        raise UserError(
            f"wrong digest {dataset.digest[:12]}, not {info.digest[:12]}: {source} is not the "
            f"official {info.title} ({expected} images as expected, but other pixels or labels)"
        )


def _by_hand(info: DatasetInfo, archive: Archive) -> str:
    """One line that says where from, where to, and what to type then."""
    lists = [*(f.name for f in archive.sources[1:]), *(e.name for e in archive.endings)]
    names, url = " and ".join(lists), archive.sources[-1].url
    return (
        f"{info.name} has to be fetched by hand: put {archive.filename} from {archive.url} into a "
        f"folder, beside it {names} from {url}, and run "
        f"`reproduce data import {info.name} FOLDER{_fold_option(info)}`"
    )


def _fold_option(info: DatasetInfo) -> str:
    return f" --fold {info.fold}" if info.fold else ""


def _fetch(info: DatasetInfo, archive: Archive, folder: Path, root: Path) -> None:
    with _network_timeout():
        try:
            if archive.downloader == "address":
                _fetch_from_address(archive, folder)
            else:
                _fetch_by_torchvision(archive, folder)
        except Exception as error:  # a proxy's or a server's oddities come as many types
            if _is_disk_error(error):
                raise UserError(f"cannot write under {root}: {first_line(error)}") from error
            urls = " and ".join(file.url for file in archive.sources)
            path = "PATH" if len(archive.sources) == 1 else "FOLDER"
            raise UserError(
                f"cannot download {info.name} ({first_line(error)}): fetch {urls} on "
                f"another machine and run `reproduce data import {info.name} {path}`"
            ) from error


def _fetch_by_torchvision(archive: Archive, folder: Path) -> None:
    import torchvision.datasets

    splits: dict[str, list[dict[str, Any]]] = {"SVHN": [{"split": "train"}, {"split": "test"}]}
    for options in splits.get(archive.downloader, [{}]):
        getattr(torchvision.datasets, archive.downloader)(folder, download=True, **options)


def _fetch_from_address(archive: Archive, folder: Path) -> None:
    from torchvision.datasets.utils import download_url

    for file in archive.sources:
        kind, _, checksum = file.checksum.partition(":")
        download_url(file.url, folder, file.name, checksum if kind == "md5" else None)


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
