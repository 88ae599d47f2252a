"""Published files, of data sets and of networks' weights: how they come here and are compared, and
the folders in which stores are made.

Such a folder has a name that no data set has, so that it never passes for a store. What a killed
process left of one goes away, but for a download, which another one carries on.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError

from benchmarks.data.description import Source
from benchmarks.errors import UserError, first_line, one_line, reading

OnProgress = Callable[[str, int, int], None]
"""Told the stage, how much of it is done, and of how much (0 where that is not known)."""

NETWORK_SECONDS = 30.0
MIB = 2**20
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG)
STALE_SECONDS = 24 * 3600
UNKNOWN = "0" * 8  # where the system does not tell; then only age counts
NAME = re.compile(r"\.(?P<stem>[\w.-]+)-(?P<machine>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{8}\.partial")
DOWNLOAD = ".download"
PART = ".part"  # of a file that has not come as a whole yet


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
    """Carries on where a killed process stopped, if a checksum tells whether that was right."""
    from urllib.request import Request, urlopen

    if target.exists():
        return
    part = target.with_name(target.name + PART)
    start = part.stat().st_size if part.exists() and source.checksum else 0
    request = Request(source.url, headers={"User-Agent": "reproduce-structure"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        with (
            urlopen(request, timeout=NETWORK_SECONDS) as answer,
            open(part, "ab" if start and answer.status == 206 else "wb") as file,
        ):
            length = int(answer.headers.get("Content-Length") or 0)
            total = file.tell() + length if length else 0
            received = copy(answer, file, "downloading", total, on_progress)
        if total and received != total:
            raise ValueError(f"{received:,} of {total:,} bytes came")
    except HTTPError as error:
        if error.code != 416 or not start:  # nothing is left to fetch
            raise
    if not has_checksum(part, source.checksum):
        part.unlink()
        raise ValueError(f"{source.name} came with another checksum than the published one")
    part.rename(target)


def copy(
    source: BinaryIO, target: BinaryIO, stage: str, total: int, on_progress: OnProgress
) -> int:
    """Copy what is left of ``source`` to the disk; how many bytes ``target`` has then."""
    done = target.tell()
    while part := source.read(MIB):
        target.write(part)
        done += len(part)
        on_progress(stage, done, total)
    target.flush()
    os.fsync(target.fileno())
    return done


@contextlib.contextmanager
def scratch_folder(root: Path, stem: str, *, download: bool = False) -> Iterator[Path]:
    """A new folder under ``root``, on the same file system as what it will be renamed to.

    It is removed at the end, unless it has been renamed or a ``download`` into it was cut short.
    Those of dead processes go first, but what they have downloaded is taken over.

    Raises:
        UserError: where ``root`` cannot be written.
    """
    stem += DOWNLOAD if download else ""
    folder = root / f".{stem}-{_machine()}-{os.getpid()}-{secrets.token_hex(4)}.partial"
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        left = [p for p, m in _leftovers(root) if m["stem"] == stem and _owner_is_dead(m)]
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            if download and left:
                left[0].rename(folder)
        folder.mkdir(exist_ok=True)
    try:
        sweep(root)
        yield folder
    finally:
        if not any(folder.glob(f"*{PART}")):
            shutil.rmtree(folder, ignore_errors=True)


def sweep(root: Path) -> None:
    """Remove folders whose process on this machine is dead, unless it downloaded, and those that
    nobody touched for a day."""
    for folder, match in _leftovers(root):
        is_left = _owner_is_dead(match) and not match["stem"].endswith(DOWNLOAD)
        if is_left or _age(folder) > STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _leftovers(root: Path) -> list[tuple[Path, re.Match[str]]]:
    found = ((path, NAME.fullmatch(path.name)) for path in root.glob(".*.partial"))
    return [(path, match) for path, match in found if match]


def _machine() -> str:
    """Names a set of processes that share their numbers: a boot of a machine, or a container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        return UNKNOWN
    return hashlib.sha256(f"{boot}{space}".encode()).hexdigest()[:8]


def _owner_is_dead(match: re.Match[str]) -> bool:
    if match["machine"] == _machine() != UNKNOWN:
        try:
            os.kill(int(match["pid"]), 0)
        except ProcessLookupError:
            return True
        except (PermissionError, OverflowError):
            pass
    return False


def _age(folder: Path) -> float:
    """Seconds since anything in it changed; 0 where it is going away under our hands."""
    try:
        newest = max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
    except OSError:
        return 0.0
    return time.time() - newest


def writing(root: Path) -> contextlib.AbstractContextManager[None]:
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
