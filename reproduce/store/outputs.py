"""Report files, each whole or as it was before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.errors import UserError
from reproduce.store import atomic


def write_files(folder: Path, name: str, contents: Mapping[str, bytes]) -> list[Path]:
    """Write ``<name>.<extension>`` for each of ``contents``, each at once or not at all.

    Raises:
        UserError: where the folder cannot be written.
    """
    paths = []
    for extension, data in contents.items():
        path = folder / f"{name}.{extension}"
        try:
            atomic.replace(path, data)
        except OSError as error:
            raise UserError(
                f"cannot write {path}: {error.strerror or error}; free the folder or give another"
                " --results DIR"
            ) from error
        paths.append(path)
    atomic.sweep(folder)
    return paths
