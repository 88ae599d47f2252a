"""Brings known weight files into ``<data>/weights/``: by download, or from a file that is here.

A file is checked under a scratch name and renamed only then, so that what lies there is whole.
"""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.data import fetching
from benchmarks.data.fetching import OnProgress, copy, fetch, scratch_folder, silent
from benchmarks.errors import UserError, one_line
from benchmarks.weights.catalogue import KnownWeights

FOLDER = "weights"


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
    return ("present", "") if path.stat().st_size else ("damaged", f"{path} is empty")


def download(entry: KnownWeights, root: Path, on_progress: OnProgress = silent) -> Path:
    """Fetch, check and store; nothing to do where the file is there.

    Raises:
        UserError: where the download fails (the message names the way without internet), is not
            the published file, or ``root`` cannot be written.
    """
    if _is_present(entry, root):
        return path_of(entry, root)
    source = entry.sources[0]
    with scratch_folder(root / FOLDER, entry.name, download=True) as folder:
        fetch((source,), folder, entry.name, "FILE", on_progress)
        return _publish(folder / source.name, entry, root, source.url, on_progress)


def import_from(
    entry: KnownWeights, source: Path, root: Path, on_progress: OnProgress = silent
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
    with scratch_folder(root / FOLDER, entry.name) as folder:
        scratch = folder / path_of(entry, root).name
        with (
            one_line(OSError, lambda why: f"cannot copy {source} to {root}: {why}"),
            open(source, "rb") as given,
            open(scratch, "xb") as target,
        ):
            copy(given, target, "copying", source.stat().st_size, on_progress)
        return _publish(scratch, entry, root, str(source), on_progress)


def verify(entry: KnownWeights, root: Path, on_progress: OnProgress = silent) -> str:
    """Read the stored file again; which published sum it has, or its SHA-256 where none is.

    Raises:
        UserError: where it is missing or another.
    """
    path, mend = path_of(entry, root), f"run `reproduce data get {entry.name}`"
    where, detail = state(entry, root)
    if where == "missing":
        raise UserError(
            f"{path} does not exist: {mend}, or fetch {entry.sources[0].url} elsewhere and run "
            f"`reproduce data import {entry.name} FILE`"
        )
    if where == "damaged":
        raise UserError(f"{detail}: remove it and {mend}")
    try:
        return _check(entry, path, str(path), on_progress)
    except UserError as error:
        raise UserError(f"{error}; remove {path} and {mend}") from error


def _is_present(entry: KnownWeights, root: Path) -> bool:
    where, _ = state(entry, root)
    if where != "missing":
        verify(entry, root)
    return where != "missing"


def _check(entry: KnownWeights, path: Path, name: str, on_progress: OnProgress) -> str:
    """What shows that the file is the published one; its sum first, then its layers."""
    from benchmarks.weights.reading import read_file

    on_progress("checking", 0, 1)
    published = [source.checksum for source in entry.sources if source.checksum]
    proof = next((checksum for checksum in published if fetching.has_checksum(path, checksum)), "")
    if published and not proof:
        raise UserError(
            f"{name} is not the published {entry.title}, or cut short: its sum is none of "
            f"{', '.join(published)}"
        )
    layers = [layer for layer in read_file(path).layers if layer.size == (3, 3)]
    found = len(layers), sum(len(layer.filters) for layer in layers)
    if found != (entry.layers, entry.filters):
        raise UserError(
            f"{name} is not {entry.title}: {found[0]} 3×3 layers with {found[1]:,} spatial "
            f"filters, {entry.layers} with {entry.filters:,} expected"
        )
    return proof or f"no published sum, sha256:{fetching.digest(path, 'sha256')}"


def _publish(
    scratch: Path, entry: KnownWeights, root: Path, name: str, on_progress: OnProgress
) -> Path:
    """Check what was written, and give it its place."""
    _check(entry, scratch, name, on_progress)
    path = path_of(entry, root)
    with one_line(OSError, lambda why: f"cannot write {path}: {why}"):
        os.replace(scratch, path)
    return path
