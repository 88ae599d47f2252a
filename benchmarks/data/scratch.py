"""Folders in the making, and how those that a killed process left behind go away.

Such a folder has a name that no data set has, so that it never passes for a store.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.data.sources import writing

STALE_SECONDS = 24 * 3600
UNKNOWN = "0" * 8  # where the system does not tell; then only age counts
NAME = re.compile(r"\.(?P<stem>[\w.-]+)-(?P<machine>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{8}\.partial")


@contextlib.contextmanager
def scratch_folder(root: Path, stem: str) -> Iterator[Path]:
    """A new folder under ``root``, on the same file system as what it will be renamed to.

    It is removed at the end, unless it has been renamed. Those of dead processes go first.

    Raises:
        UserError: where ``root`` cannot be written.
    """
    folder = root / f".{stem}-{_machine()}-{os.getpid()}-{secrets.token_hex(4)}.partial"
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    try:
        sweep(root)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(root: Path) -> None:
    """Remove folders whose process on this machine is dead, or that nobody touched for a day."""
    for folder in root.glob(".*.partial"):
        match = NAME.fullmatch(folder.name)
        if match and (_owner_is_dead(match) or _age(folder) > STALE_SECONDS):
            shutil.rmtree(folder, ignore_errors=True)


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
