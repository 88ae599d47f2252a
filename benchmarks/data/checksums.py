"""Whether files are the official ones, by their published checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.data.description import Ending, Source
from benchmarks.data.header import first_line
from benchmarks.errors import UserError

MIB = 2**20


def check(
    path: Path, source: Source, on_mib: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Compare a file with its published checksum; nothing to do where there is none.

    Args:
        on_mib: told how many MiB are read, and of how many.

    Raises:
        UserError: where it is another file, is cut off or cannot be read.
    """
    if not source.checksum:
        return
    kind, _, expected = source.checksum.partition(":")
    digest = hashlib.new(kind.removeprefix("text-"), usedforsecurity=False)
    for part in _parts(path, on_mib):
        digest.update(part.replace(b"\r\n", b"\n") if kind.startswith("text-") else part)
    if digest.hexdigest() != expected:
        name = digest.name.replace("sha", "sha-")
        again = f"fetch it again from {source.url}" if source.url else "extract the archive again"
        raise UserError(
            f"{path} has {name.upper()} {digest.hexdigest()[:12]}, not {expected[:12]}: it is cut "
            f"off, or not the official {source.name}; {again}"
        )


def check_ending(path: Path, names: list[str], ending: Ending) -> None:
    """Whether a list of images has the official one's length and last entries.

    Raises:
        UserError: where it has not.
    """
    if (len(names), tuple(names[-len(ending.last) :])) != (ending.rows, ending.last):
        raise UserError(
            f"{path} lists {len(names):,} images up to {names[-1] if names else 'none'}, not the "
            f"official {ending.rows:,} up to {ending.last[-1]}; fetch it again from {ending.url}"
        )


def _parts(path: Path, on_mib: Callable[[int, int], None]) -> Iterator[bytes]:
    try:
        total, done = path.stat().st_size, 0
        with open(path, "rb") as file:
            # A carriage return at the end takes the line feed that may follow it along.
            while part := file.read(MIB):
                if part.endswith(b"\r"):
                    part += file.read(1)
                done += len(part)
                yield part
                on_mib(done // MIB, -(-total // MIB))
    except OSError as error:
        raise UserError(f"cannot read {path}: {first_line(error)}") from error
