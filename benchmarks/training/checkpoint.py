"""A run's state between epochs, on disk in one file that is replaced by a rename."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from pathlib import Path
from typing import Any

import torch

MAGIC = b"reproduce-checkpoint-1\n"


def save(path: Path, state: dict[str, Any]) -> None:
    """Replace ``path`` by ``state``; whoever reads sees the old file or the new one, whole."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    body = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(scratch, "wb") as file:
            file.write(MAGIC + hashlib.sha256(body).digest() + body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            scratch.unlink()


def load(path: Path) -> dict[str, Any] | None:
    """The state, or None where there is none or where its bytes are not those that were written.

    A damaged file (its checksum fails) is set aside as ``*.damaged``, never deleted.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    digest, body = raw[len(MAGIC) : len(MAGIC) + 32], raw[len(MAGIC) + 32 :]
    if not raw.startswith(MAGIC) or hashlib.sha256(body).digest() != digest:
        os.replace(path, path.with_name(path.name + ".damaged"))
        return None
    return torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
