"""Published files, of data sets and of networks' weights: how they come here and are compared."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.error import URLError

from benchmarks.data.description import Source
from benchmarks.errors import UserError, first_line, one_line, reading

OnProgress = Callable[[str, int, int], None]
"""Told the stage, how much of it is done, and of how much (0 where that is not known)."""

NETWORK_SECONDS = 30.0
MIB = 2**20
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG)


class Readable(Protocol):
    """What :func:`copy` reads from: an open file or a server's answer."""

    def read(self, size: int, /) -> bytes: ...


def silent(stage: str, done: int, total: int) -> None:
    """Where nobody wants to know."""


def fetch(
    sources: Iterable[Source], folder: Path, entry: str, path: str, on_progress: OnProgress = silent
) -> None:
    """Download the files into ``folder``, by their names, and compare their checksums.

    Args:
        entry: what names them after ``reproduce data import``; ``path`` is what goes behind that.

    Raises:
        UserError: where that fails; the message names the way without internet.
    """
    sources = tuple(sources)
    try:
        for source in sources:
            _fetch(source, folder / source.name, on_progress)
    except Exception as error:  # a proxy's or a server's oddities come as many types
        code = None if isinstance(error, URLError) else getattr(error, "errno", None)
        if code in DISK_ERRORS or not folder.is_dir():  # the disk fails with OSError as well
            raise UserError(_cannot_write(folder.parent, first_line(error))) from error
        urls = " and ".join(source.url for source in sources)
        raise UserError(
            f"cannot download {entry} ({first_line(error)}): fetch {urls} on another machine and "
            f"run `reproduce data import {entry} {path}`"
        ) from error


def _fetch(source: Source, target: Path, on_progress: OnProgress) -> None:
    from urllib.request import Request, urlopen

    request = Request(source.url, headers={"User-Agent": "reproduce-structure"})
    with urlopen(request, timeout=NETWORK_SECONDS) as answer, open(target, "xb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        received = copy(answer, file, "downloading", total, on_progress)
    if total and received != total:
        raise ValueError(f"{received:,} of {total:,} bytes came")
    if not has_checksum(target, source.checksum):
        raise ValueError(f"{source.name} came with another checksum than the published one")


def copy(
    source: Readable, target: BinaryIO, stage: str, total: int, on_progress: OnProgress
) -> int:
    """Copy what is left of ``source`` to the disk; how many bytes that were."""
    done = 0
    while part := source.read(MIB):
        target.write(part)
        done += len(part)
        on_progress(stage, done, total)
    target.flush()
    os.fsync(target.fileno())
    return done


def writing(root: Path) -> AbstractContextManager[None]:
    """For a block in which files are written into the data folder ``root``."""
    return one_line(OSError, lambda why: _cannot_write(root, why))


def _cannot_write(root: Path, why: str) -> str:
    return f"cannot write under {root} ({why}): choose a folder with --data"


def digest(path: Path, kind: str, on_progress: OnProgress = silent) -> str:
    """Hexadecimal digest of a file, such as its "sha256"; its "text-sha256" is that of its text
    with the line ends of Unix.

    Raises:
        UserError: where it cannot be read.
    """
    found = hashlib.new(kind.removeprefix("text-"), usedforsecurity=False)
    with reading(path), open(path, "rb") as file:
        total, done = os.fstat(file.fileno()).st_size, 0
        while part := file.read(MIB):
            # A carriage return at the end takes the line feed that may follow it along.
            part += file.read(1) if part.endswith(b"\r") else b""
            done += len(part)
            found.update(part.replace(b"\r\n", b"\n") if kind.startswith("text-") else part)
            on_progress("checking (MiB)", done // MIB, -(-total // MIB))
    return found.hexdigest()


def has_checksum(path: Path, checksum: str) -> bool:
    """Whether a file has a published checksum, which may be cut short; true where there is none."""
    kind, _, expected = checksum.partition(":")
    return not checksum or digest(path, kind).startswith(expected)


def check(path: Path, source: Source, on_progress: OnProgress = silent) -> None:
    """Compare a file that a user has brought with its published checksum.

    Raises:
        UserError: where it is another file, is cut off or cannot be read.
    """
    if not source.checksum or not source.required:
        return
    kind, _, expected = source.checksum.partition(":")
    found = digest(path, kind, on_progress)
    if not found.startswith(expected):
        name = kind.removeprefix("text-").replace("sha", "sha-").upper()
        again = f"fetch it again from {source.url}" if source.url else "extract the archive again"
        raise UserError(
            f"{path} has {name} {found[:12]}, not {expected[:12]}: it is cut off, or not the "
            f"official {source.name}; {again}"
        )
