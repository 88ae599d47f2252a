"""Brings known weight files into ``<data>/weights/``: by download, or from a file that is here.

A file is checked under a scratch name and renamed only then, so that what lies there is whole.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO

from benchmarks.data.scratch import scratch_folder
from benchmarks.errors import UserError, first_line
from benchmarks.weights.catalogue import KnownWeights

OnProgress = Callable[[str, int, int], None]
"""Told the stage, how much of it is done, and of how much."""

FOLDER = "weights"
NETWORK_SECONDS = 30.0
CHUNK = 1 << 20


def path_of(entry: KnownWeights, root: Path) -> Path:
    """Where the file of ``entry`` lies in the data folder ``root``."""
    return root / FOLDER / f"{entry.name}{entry.suffix}"


def state(entry: KnownWeights, root: Path) -> tuple[str, str]:
    """ "present", "missing" or "damaged", and what is wrong, by a look at the name and size."""
    path = path_of(entry, root)
    if not os.path.lexists(path):
        return "missing", ""
    if not path.is_file():
        return "damaged", f"{path} is no file"
    try:
        size = path.stat().st_size
    except OSError as error:
        return "damaged", f"{path}: {first_line(error)}"
    return ("present", "") if size else ("damaged", f"{path} is empty")


def download(entry: KnownWeights, root: Path, on_progress: OnProgress = lambda *_: None) -> Path:
    """Fetch, check and store; nothing to do where the file is there.

    Raises:
        UserError: where the download fails (the message names the way without internet), is not
            the published file, or ``root`` cannot be written.
    """
    source = entry.sources[0]
    if _is_present(entry, root):
        return path_of(entry, root)
    with scratch_folder(root / FOLDER, _stem(entry)) as folder:
        scratch = folder / source.filename
        try:
            _fetch(source.url, scratch, on_progress)
        except (OSError, HTTPException, ValueError) as error:
            if _is_disk_error(error, folder):
                raise UserError(f"cannot write under {root}: {first_line(error)}") from error
            raise UserError(
                f"cannot download {entry.name} ({first_line(error)}): fetch {source.url} on "
                f"another machine and run `reproduce data import {entry.name} FILE`"
            ) from error
        _check(entry, scratch, source.url, on_progress)
        return _publish(scratch, entry, root)


def import_from(
    entry: KnownWeights, source: Path, root: Path, on_progress: OnProgress = lambda *_: None
) -> Path:
    """Check and store a copy of the file ``source``.

    Raises:
        UserError: where it is not one of the published files, or ``root`` cannot be written.
    """
    from benchmarks.weights.reading import check_readable

    check_readable(source)
    _check(entry, source, str(source), on_progress)
    if _is_present(entry, root):
        return path_of(entry, root)
    with scratch_folder(root / FOLDER, _stem(entry)) as folder:
        scratch = folder / path_of(entry, root).name
        try:
            with open(source, "rb") as given, open(scratch, "xb") as copy:
                _copy(given, copy, source.stat().st_size, "copying", on_progress)
        except OSError as error:
            raise UserError(f"cannot copy {source} to {root}: {first_line(error)}") from error
        _check(entry, scratch, str(source), on_progress)  # what was written, not what was read
        return _publish(scratch, entry, root)


def verify(entry: KnownWeights, root: Path, on_progress: OnProgress = lambda *_: None) -> str:
    """Read the stored file again; which published sum it has, or its SHA-256 where none is.

    Raises:
        UserError: where it is missing or another.
    """
    path = path_of(entry, root)
    where, detail = state(entry, root)
    if where == "missing":
        raise UserError(
            f"{path} does not exist: run `reproduce data get {entry.name}`, or fetch "
            f"{entry.sources[0].url} elsewhere and run `reproduce data import {entry.name} FILE`"
        )
    if where == "damaged":
        raise UserError(f"{detail}: remove it and run `reproduce data get {entry.name}`")
    try:
        return _check(entry, path, str(path), on_progress)
    except UserError as error:
        raise UserError(
            f"{error}; remove {path} and run `reproduce data get {entry.name}`"
        ) from error


def _is_present(entry: KnownWeights, root: Path) -> bool:
    where, _ = state(entry, root)
    if where != "missing":
        verify(entry, root)
    return where != "missing"


def _stem(entry: KnownWeights) -> str:
    """A name of letters and underscores, so that the sweep of scratch folders knows it."""
    return entry.name.replace("-", "_").replace(".", "_")


def _fetch(url: str, target: Path, on_progress: OnProgress) -> None:
    from urllib.request import Request, urlopen

    request = Request(url, headers={"User-Agent": "reproduce-structure"})
    with urlopen(request, timeout=NETWORK_SECONDS) as answer, open(target, "xb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        received = _copy(answer, file, total, "downloading", on_progress)
    if total and received != total:
        raise ValueError(f"{received:,} of {total:,} bytes came")


def _copy(source: Any, target: BinaryIO, total: int, stage: str, on_progress: OnProgress) -> int:
    done = 0
    for chunk in _chunks(source):
        target.write(chunk)
        done += len(chunk)
        on_progress(stage, done, total)
    target.flush()
    os.fsync(target.fileno())
    return done


def _chunks(source: Any) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk


def _check(entry: KnownWeights, path: Path, name: str, on_progress: OnProgress) -> str:
    """What shows that the file is the published one; its sum first, then its layers.

    Raises:
        UserError: where it is not.
    """
    on_progress("checking", 0, 1)
    published = [source.hash for source in entry.sources if source.hash]
    proof = _matching(path, published) if published else ""
    if published and not proof:
        raise UserError(
            f"{name} is not the published {entry.title}, or cut short: its sum is none of "
            f"{', '.join(published)}"
        )
    _check_structure(entry, path, name)
    return proof or f"no published sum, {_digest(path, 'sha256')}"


def _matching(path: Path, published: list[str]) -> str:
    """The published sum that the file has, empty where it has none of them."""
    found = {kind: _digest(path, kind) for kind in {sum.partition(":")[0] for sum in published}}
    matches = [sum for sum in published if found[sum.partition(":")[0]].startswith(sum)]
    return matches[0] if matches else ""


def _digest(path: Path, kind: str) -> str:
    """Such as "sha256:…"."""
    try:
        with open(path, "rb") as file:
            return f"{kind}:{hashlib.file_digest(file, kind).hexdigest()}"
    except OSError as error:
        raise UserError(f"cannot read {path}: {first_line(error)}") from error


def _check_structure(entry: KnownWeights, path: Path, name: str) -> None:
    from benchmarks.weights.reading import read_file

    layers = [layer for layer in read_file(path).layers if layer.size == (3, 3)]
    found = len(layers), sum(len(layer.filters) for layer in layers)
    if found != (entry.layers, entry.filters):
        raise UserError(
            f"{name} is not {entry.title}: {found[0]} 3×3 layers with {found[1]:,} spatial "
            f"filters, {entry.layers} with {entry.filters:,} expected"
        )


def _publish(scratch: Path, entry: KnownWeights, root: Path) -> Path:
    path = path_of(entry, root)
    try:
        os.replace(scratch, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {first_line(error)}") from error
    return path


def _is_disk_error(error: Exception, folder: Path) -> bool:
    """Whether the disk failed and not the network; both come as OSError."""
    from urllib.error import URLError

    from benchmarks.data.sources import DISK_ERRORS

    if isinstance(error, URLError) or not isinstance(error, OSError):
        return False
    return error.errno in DISK_ERRORS or not folder.is_dir()
