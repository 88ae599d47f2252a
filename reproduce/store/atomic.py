"""Files that are whole or absent, whatever is killed when, and however many write at once."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.errors import UserError

LEFTOVER_SECONDS = 86_400.0
ELSEWHERE = "; mend that or give another folder with --results, and run again"
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def create_once(path: Path, data: bytes) -> bool:
    """Create ``path`` with ``data``, or leave the file that is there; True where it is ours.

    The name appears with all of its bytes on the disk, and of several callers exactly one wins: a
    scratch file beside it is written, flushed and then hard-linked, which fails where the name is
    taken. On file systems without hard links a lock guards a rename.

    Raises:
        OSError: where the folder cannot be written or the disk is full.
    """
    if path.exists():
        return False
    with _scratch(path, data) as scratch:
        return _link(scratch, path)


def replace(path: Path, data: bytes, *, flush: bool = True) -> None:
    """Put ``data`` in the place of ``path``; whoever reads sees the old bytes or the new ones.

    ``flush=False`` skips waiting for the disk: right for caches that check themselves.

    Raises:
        OSError: where the folder cannot be written or the disk is full.
    """
    with _scratch(path, data, flush=flush) as scratch:
        os.replace(scratch, path)


def write_files(folder: Path, name: str, contents: Mapping[str, bytes]) -> list[Path]:
    """Write ``<name>.<extension>`` for each of ``contents``, each whole or as it was before.

    Raises:
        UserError: where the folder cannot be written.
    """
    paths = {folder / f"{name}.{extension}": data for extension, data in contents.items()}
    for path, data in paths.items():
        with telling(f"write {path}", "; free the folder or give another --results DIR"):
            replace(path, data)
    sweep(folder)
    return list(paths)


@contextlib.contextmanager
def telling(what: str, remedy: str = "") -> Iterator[None]:
    """Within it, an OSError becomes a UserError such as "cannot read a.csv: Permission denied"."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot {what}: {error.strerror or error}{remedy}") from error


@contextlib.contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Within it, no other process is in here for the same ``path``: for reading a file, changing
    what was read and replacing it. The system ends the lock of a process that was killed.

    Raises:
        OSError: where the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.writer.lock")
    handle = _locked(lock)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(handle)


def _locked(lock: Path) -> int:
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(handle)
                raise
            return handle  # such a file system lets nobody exclude others
        os.utime(handle)  # a leftover that is in use again is none for `sweep`
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), lock.stat()):
                return handle
        os.close(handle)  # who had the lock before has removed this file


def sweep(folder: Path) -> None:
    """Remove what killed writers left in ``folder`` over a day ago; failing at it is no matter."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name[0] == "." and entry.name.endswith((".tmp", ".lock", ".stale")):
                _remove_if_old(entry)


def _remove_if_old(entry: os.DirEntry[str]) -> None:
    with contextlib.suppress(OSError):
        if time.time() - entry.stat(follow_symlinks=False).st_mtime > LEFTOVER_SECONDS:
            (os.rmdir if entry.is_dir(follow_symlinks=False) else os.unlink)(entry.path)


@contextlib.contextmanager
def _scratch(path: Path, data: bytes, *, flush: bool = True) -> Iterator[Path]:
    """Within it, there is a file beside ``path`` that holds ``data``; what becomes of the folder
    then is on the disk afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with open(scratch, "xb") as file:
            file.write(data)
            file.flush()
            if flush:
                os.fsync(file.fileno())
        yield scratch
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink()
    if flush:
        _flush_folder(path.parent)


def _link(scratch: Path, path: Path) -> bool:
    try:
        os.link(scratch, path)
    except FileExistsError:
        # A network file system may repeat a request whose answer was lost: the link is then ours.
        return os.path.samestat(scratch.stat(), path.stat())
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        with sole_writer(path):
            if path.exists():
                return False
            os.replace(scratch, path)
    return True


def _flush_folder(folder: Path) -> None:
    # Not every file system can; the file's own bytes are on the disk already.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
