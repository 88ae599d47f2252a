"""``store.json``: what a store says of itself. Reading it needs no NumPy."""

from __future__ import annotations

import os
import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from benchmarks.data.description import FOLDER_NAME, FOLDER_STORE, DatasetInfo
from benchmarks.errors import UserError, one_line, reading

SPLITS = ("train", "test")
HEADER = "store.json"
CHANNELS = 3

State = Literal["embedded", "present", "missing", "damaged"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Counts(msgspec.Struct, frozen=True):
    """Images by split."""

    train: int
    test: int


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What ``store.json`` holds, in this order; see :class:`benchmarks.data.dataset.Dataset`.

    Attributes:
        made_with: for people who compare two stores' digests.
        folder: where the images lie that an index is of; empty for a store that holds its images.
        side: to which those are squashed when they are read.
        skipped: images of theirs that could not be read and are left out, by split.
    """

    store_version: Literal[1]
    name: str
    classes: tuple[str, ...]
    digest: str
    sources_identity: str = msgspec.field(default="", name="identity")
    mean: tuple[Share, Share, Share]
    std: tuple[Share, Share, Share]
    counts: Counts
    made_with: str = ""
    folder: str = ""
    side: int = 0
    skipped: Counts = Counts(0, 0)

    @property
    def source_counts(self) -> tuple[int, int]:
        """Training and test images with those that were left out."""
        return self.counts.train + self.skipped.train, self.counts.test + self.skipped.test

    @property
    def identity(self) -> str:
        """What runs name the data set by."""
        return self.sources_identity or self.digest


def has_header(root: Path, name: str) -> bool:
    """Whether there is a store, whole or not.

    Raises:
        UserError: where the system does not let us look.
    """
    path = root / name / HEADER
    with reading(path):
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


def _is_served(name: str) -> bool:
    """Whether anybody serves the store's files: folders of images are brought."""
    from benchmarks.data.catalogue import DATASETS

    return not name.startswith(FOLDER_STORE) and not (name in DATASETS and DATASETS[name].indexed)


def read_header(root: Path, name: str) -> Header:
    """The header of the store ``root/name``.

    Raises:
        UserError: where it is missing (the message names the command) or unreadable.
    """
    path = root / name / HEADER
    if not has_header(root, name):
        get = f"`reproduce data get {arguments(name)}` or " if _is_served(name) else ""
        raise UserError(
            f"no data set {arguments(name)} under {root}: run {get}"
            f"`reproduce data import {arguments(name, ' PATH')}`"
        )
    with looking_at(path, OSError, ValueError, RecursionError):
        header = msgspec.json.decode(path.read_bytes(), type=Header)
        if header.name != name:
            raise ValueError(f"name {header.name!r}, not {name!r}")
    return header


def check_header(header: Header, info: DatasetInfo, root: Path) -> None:
    """Compare a header with the register.

    Raises:
        UserError: where identity, digest, classes or counts are not the register's.
    """
    if info.is_open:
        return
    counts = header.source_counts
    pairs = (
        ("digest", header.digest[:12], (info.digest or header.digest)[:12]),
        ("identity", header.identity[:12], info.identity[:12]),
        ("classes", _listed(header.classes), _listed(info.classes)),
        ("counts", " + ".join(map(str, counts)), " + ".join(map(str, info.counts))),
    )
    for what, found, expected in pairs:
        if found != expected:
            reason = f"wrong {what} {found}, not {expected}"
            raise damaged(root / info.store / HEADER, reason)


def _listed(classes: tuple[str, ...]) -> str:
    return ", ".join(classes[:10]) + (f" and {len(classes) - 10} more" if classes[10:] else "")


def state(info: DatasetInfo, root: Path) -> tuple[State, str]:
    """Where a data set is, and what is wrong with it, without reading any image."""
    if info.embedded:
        return "embedded", ""
    try:
        if not has_header(root, info.store):
            return "missing", ""
        found = read_header(root, info.store)
        check_header(found, info, root)
        if found.folder:
            _check_index(found, info, root)
        else:
            _check_sizes(info, root)
    except UserError as error:
        return "damaged", str(error)
    return "present", ""


def array_path(root: Path, name: str, split: str, part: str) -> Path:
    """The file of a split's ``images`` or ``labels``."""
    return root / name / f"{split}_{part}.npy"


def looking_at(path: Path, *kinds: type[Exception]) -> AbstractContextManager[None]:
    """For a block in which such errors mean that a store, or a file of one, is damaged."""
    return one_line(kinds, lambda why: str(damaged(path, why)))


def damaged(path: Path, reason: str) -> UserError:
    """The error for a store, or a file of one, that is not what it should be."""
    store = path if path.is_dir() else path.parent
    return UserError(
        f"{path} is damaged ({reason}): remove {store}, "
        f"then run `reproduce data get {arguments(store.name)}` or import it again"
    )


def arguments(store: str, path: str = "") -> str:
    """What names a store's data set after ``reproduce data get``; ``path`` goes after its name."""
    if store.startswith(FOLDER_STORE):
        return f"{FOLDER_NAME}{store.removeprefix(FOLDER_STORE)}{path}"
    name, fold = re.fullmatch(r"(.*?)(?:-fold(\d+))?", store).groups()  # type: ignore[union-attr]
    return f"{name}{path}" + (f" --fold {fold}" if fold and fold != "0" else "")


def index_path(root: Path, name: str, split: str) -> Path:
    """The file that lists a split's images, where these lie elsewhere."""
    return root / name / f"{split}_files.npy"


def _check_index(found: Header, info: DatasetInfo, root: Path) -> None:
    for split in SPLITS:
        path = index_path(root, info.store, split)
        with looking_at(path, OSError):
            path.stat()
    if not Path(found.folder).is_dir():
        raise gone(found.folder, info.store)


def gone(folder: str, store: str) -> UserError:
    """The error for a folder of images that is not where it was."""
    return UserError(
        f"{folder} is no longer there: run `reproduce data import {arguments(store)} PATH` with "
        "the place of the images now"
    )


def _check_sizes(info: DatasetInfo, root: Path) -> None:
    for split, count in zip(SPLITS, info.counts, strict=True):
        for part, bytes_each in (("images", info.side**2 * CHANNELS), ("labels", 8)):
            path = array_path(root, info.store, split, part)
            with looking_at(path, OSError, ValueError), open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                # Ends with how many bytes of NumPy's own header come before the array's.
                preamble = file.read(10)
                expected = 10 + int.from_bytes(preamble[8:], "little") + count * bytes_each
                if size != expected:
                    raise ValueError(f"{size:,} bytes, not {expected:,}")
