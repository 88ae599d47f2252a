"""A run's state between updates, on disk in one file that is replaced by a rename."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import re
from pathlib import Path
from typing import Any, BinaryIO

from benchmarks.errors import UserError

MAGIC = b"reproduce-checkpoint-2\n"  # of before the epoch was told
HEAD = re.compile(rb"reproduce-checkpoint-2\n|reproduce-checkpoint-3 epoch (\d+), (\d+) bytes\n")
DIGEST = hashlib.sha256().digest_size
CHUNK = 2**20
# What a run that is killed may lose, with a margin below the promised 60 s (or one epoch).
CHECKPOINT_SECONDS = 55.0
# A large network's checkpoints are fewer: 600 s apart from 2 GB on, in proportion below.
LONGEST_SECONDS, LONGEST_FROM = 600.0, 2e9
# An epoch may take this many times as long as the one before it, since some end in an evaluation.
EPOCH_MARGIN = 1.25
# Within an epoch that is longer than this, its state may be saved as well, so often at most.
SAVE_POINT_SECONDS = 20.0


def seconds_between_checkpoints(size: int) -> float:
    """How far apart checkpoints of so many bytes are at most, unless an epoch takes longer."""
    return min(max(CHECKPOINT_SECONDS, LONGEST_SECONDS * size / LONGEST_FROM), LONGEST_SECONDS)


def save(path: Path, state: dict[str, Any]) -> int:
    """Replace ``path`` by ``state``; whoever reads sees the old file or the new one, whole. Nothing
    is held in memory besides ``state``. Returns the bytes written.

    Raises:
        UserError: where the folder is full or cannot be written; the old file is as it was.
    """
    import torch

    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(scratch, "wb") as file:
            # Length and digest are known at the end, and have their places from the start.
            file.write(_head(state, 0) + bytes(DIGEST))
            body = _Hashed(file)
            try:
                torch.save(state, body)  # type: ignore[arg-type]
            except RuntimeError as error:
                # torch's writer hides what the file said.
                raise body.error or error from None
            file.seek(0)
            file.write(_head(state, body.size) + body.digest.digest())
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; what was there is kept") from error
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink()
    return body.size


def _head(state: dict[str, Any], size: int) -> bytes:
    return f"reproduce-checkpoint-3 epoch {state.get('epoch', 0)}, {size:015} bytes\n".encode()


class _Hashed:
    """A file that is written from front to back, and the digest of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest, self.size = file, hashlib.sha256(), 0
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        self.digest.update(data)
        self.size += memoryview(data).nbytes
        try:
            return self.file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self.file.flush()


class _Window(io.RawIOBase):
    """A file from an offset on, for a reader that begins at 0."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        self.file, self.offset = file, offset
        self.file.seek(offset)

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        first = self.offset if whence == os.SEEK_SET else 0
        return self.file.seek(place + first, whence) - self.offset

    def tell(self) -> int:
        return self.file.tell() - self.offset

    def readinto(self, buffer: Any) -> int:
        return self.file.readinto(buffer)  # type: ignore[attr-defined]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def remove(path: Path) -> None:
    """Delete a checkpoint and what killed writers left beside it; harmless where there is none."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    sweep(path)


def sweep(path: Path) -> None:
    """Delete what writers that were killed left beside ``path``; only its run's owner may."""
    for scratch in path.parent.glob(f".{path.name}.*"):
        with contextlib.suppress(FileNotFoundError):
            scratch.unlink()


def load(path: Path) -> dict[str, Any] | None:
    """The state, or None where there is none or where its bytes are not those that were written.

    A damaged file (its checksum fails, or this torch cannot read it) is set aside as
    ``*.damaged``, never deleted.
    """
    try:
        with open(path, "rb") as file:
            state = _state_in(file)
    except FileNotFoundError:
        return None
    if state is None:
        os.replace(path, path.with_name(path.name + ".damaged"))
    return state


def _state_in(file: BinaryIO) -> dict[str, Any] | None:
    """The state in a file; None where it is damaged."""
    import torch

    head = HEAD.match(file.read(80))
    start = head.end() if head else 0
    file.seek(start)
    digest, found = file.read(DIGEST), hashlib.sha256()
    while chunk := file.read(CHUNK):
        found.update(chunk)
    if found.digest() == digest:
        body = io.BufferedReader(_Window(file, start + DIGEST), CHUNK)
        with contextlib.suppress(RuntimeError, pickle.UnpicklingError):
            return torch.load(body, map_location="cpu", weights_only=True)
    return None


def epoch_of(path: Path) -> int:
    """Completed epochs in a checkpoint, for showing alone: loads neither torch nor the weights, and
    is 0 where there is none, where it was cut short, or where it is of before this was told."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        head = HEAD.match(file.read(80))
        if head and head[1] and path.stat().st_size == head.end() + DIGEST + int(head[2]):
            return int(head[1])
    return 0
