"""A run's state between epochs, on disk in one file that is replaced by a rename."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import re
from pathlib import Path
from typing import Any

from benchmarks.errors import UserError

MAGIC = b"reproduce-checkpoint-2\n"  # of before the epoch was told
HEAD = re.compile(rb"reproduce-checkpoint-2\n|reproduce-checkpoint-3 epoch (\d+), (\d+) bytes\n")


def save(path: Path, state: dict[str, Any]) -> None:
    """Replace ``path`` by ``state``; whoever reads sees the old file or the new one, whole.

    Raises:
        UserError: where the folder is full or cannot be written; the old file is as it was.
    """
    import torch

    buffer = io.BytesIO()
    torch.save(state, buffer)
    body, epoch = buffer.getvalue(), state.get("epoch", 0)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(scratch, "wb") as file:
            file.write(f"reproduce-checkpoint-3 epoch {epoch}, {len(body)} bytes\n".encode())
            file.write(hashlib.sha256(body).digest() + body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; what was there is kept") from error
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink()


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
    import torch

    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    head = HEAD.match(raw)
    digest, body = (raw[head.end() :][:32], raw[head.end() + 32 :]) if head else (b"", b"")
    if hashlib.sha256(body).digest() == digest:
        with contextlib.suppress(RuntimeError, pickle.UnpicklingError):
            return torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    os.replace(path, path.with_name(path.name + ".damaged"))
    return None


def epoch_of(path: Path) -> int:
    """Completed epochs in a checkpoint, for showing alone: loads neither torch nor the weights, and
    is 0 where there is none, where it was cut short, or where it is of before this was told."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        head = HEAD.match(file.read(80))
        if head and head[1] and path.stat().st_size == head.end() + 32 + int(head[2]):
            return int(head[1])
    return 0
