"""``store.json``: what a store says of itself. Reading it needs no NumPy."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal, TypedDict

from benchmarks.data.description import STORE_VERSION, DatasetInfo
from benchmarks.errors import UserError

SPLITS = ("train", "test")
HEADER = "store.json"
CHANNELS = 3

State = Literal["embedded", "present", "missing", "damaged"]


class Header(TypedDict):
    """What ``store.json`` holds; also ``made_with``, for people who compare two stores' digests.

    ``counts`` are images by split; the rest as in :class:`benchmarks.data.store.Dataset`.
    """

    store_version: int
    name: str
    classes: list[str]
    digest: str
    identity: str
    mean: list[float]
    std: list[float]
    counts: dict[str, int]


def has_header(root: Path, name: str) -> bool:
    """Whether there is a store, whole or not.

    Raises:
        UserError: where the system does not let us look.
    """
    path = root / name / HEADER
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise UserError(f"cannot read {path}: {first_line(error)}") from error
    return True


def read_header(root: Path, name: str) -> Header:
    """The header of the store ``root/name``.

    Raises:
        UserError: where it is missing (the message names the command) or unreadable.
    """
    path = root / name / HEADER
    if not has_header(root, name):
        raise UserError(
            f"no data set {name} under {root}: run `reproduce data get {arguments(name)}` "
            f"or `reproduce data import {arguments(name, ' PATH')}`"
        )
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, first_line(error)) from error
    try:
        return _parse(fields, name)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"bad or missing field, {first_line(error)}") from error


def _parse(fields: Any, name: str) -> Header:
    if fields["store_version"] != STORE_VERSION:
        raise ValueError(f"store_version {fields['store_version']!r}, not {STORE_VERSION}")
    if fields["name"] != name:
        raise ValueError(f"name {fields['name']!r}, not {name!r}")
    header = Header(
        store_version=STORE_VERSION,
        name=name,
        classes=[str(label) for label in fields["classes"]],
        digest=str(fields["digest"]),
        identity=str(fields.get("identity", fields["digest"])),
        mean=[float(value) for value in fields["mean"]],
        std=[float(value) for value in fields["std"]],
        counts={split: int(fields["counts"][split]) for split in SPLITS},
    )
    for values in (header["mean"], header["std"]):
        if len(values) != CHANNELS or not all(0 <= value <= 1 for value in values):
            raise ValueError(f"mean and std need {CHANNELS} numbers from 0 to 1")
    return header


def check_header(header: Header, info: DatasetInfo, root: Path) -> None:
    """Compare a header with the register.

    Raises:
        UserError: where identity, digest, classes or counts are not the register's.
    """
    counts = [header["counts"][split] for split in SPLITS]
    pairs = (
        ("digest", header["digest"][:12], (info.digest or header["digest"])[:12]),
        ("identity", header["identity"][:12], info.identity[:12]),
        ("classes", ", ".join(header["classes"]), ", ".join(info.classes)),
        ("counts", " + ".join(map(str, counts)), " + ".join(map(str, info.counts))),
    )
    for what, found, expected in pairs:
        if found != expected:
            reason = f"wrong {what} {found}, not {expected}"
            raise damaged(root / info.store / HEADER, reason)


def state(info: DatasetInfo, root: Path) -> tuple[State, str]:
    """Where a data set is, and what is wrong with it, without reading any image."""
    if info.embedded:
        return "embedded", ""
    try:
        if not has_header(root, info.store):
            return "missing", ""
        check_header(read_header(root, info.store), info, root)
        _check_sizes(info, root)
    except UserError as error:
        return "damaged", str(error)
    return "present", ""


def array_path(root: Path, name: str, split: str, part: str) -> Path:
    """The file of a split's ``images`` or ``labels``."""
    return root / name / f"{split}_{part}.npy"


def damaged(path: Path, reason: str) -> UserError:
    """The error for a store, or a file of one, that is not what it should be."""
    store = path if path.is_dir() else path.parent
    return UserError(
        f"{path} is damaged ({reason}): remove {store}, "
        f"then run `reproduce data get {arguments(store.name)}` or import it again"
    )


def arguments(store: str, path: str = "") -> str:
    """What names a store's data set after ``reproduce data get``; ``path`` goes after its name."""
    name, fold = re.fullmatch(r"(.*?)(?:-fold(\d+))?", store).groups()  # type: ignore[union-attr]
    return f"{name}{path}" + (f" --fold {fold}" if fold and fold != "0" else "")


def first_line(error: BaseException) -> str:
    """An error's message cut to one line, its type's name where it has none."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _check_sizes(info: DatasetInfo, root: Path) -> None:
    for split, count in zip(SPLITS, info.counts, strict=True):
        for part, bytes_each in (("images", info.side**2 * CHANNELS), ("labels", 8)):
            path = array_path(root, info.store, split, part)
            try:
                with open(path, "rb") as file:
                    preamble = file.read(10)
                size = path.stat().st_size
            except OSError as error:
                raise damaged(path, first_line(error)) from error
            # Ends with how many bytes of NumPy's own header come before the array's.
            expected = 10 + int.from_bytes(preamble[8:], "little") + count * bytes_each
            if size != expected:
                raise damaged(path, f"{size:,} bytes, not {expected:,}")
