"""How many epochs a checkpoint holds, told without loading torch or the weights."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import IO, Any


class SavedEpochs:
    """Completed epochs in the checkpoints of one folder; a file is read again once it changed.

    For showing alone: whoever continues a run reads its checkpoint whole, with its checksum.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[tuple[int, int], int]] = {}

    def of(self, run_hash: str) -> int:
        """0 where there is no checkpoint, or none that can be read."""
        path = self._folder / f"{run_hash}.ckpt"
        try:
            stat = path.stat()
            version = (stat.st_ino, stat.st_mtime_ns)
            if self._known.get(run_hash, (None,))[0] != version:
                self._known[run_hash] = (version, _epoch(path))
        except OSError:
            return 0
        return self._known[run_hash][1]


def _epoch(path: Path) -> int:
    """``state["epoch"]`` of what torch saved: a zip archive, found from its end, whose small
    ``data.pkl`` holds everything but the tensors' numbers."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(n for n in archive.namelist() if n.endswith("/data.pkl"))
            with archive.open(name) as file:
                epoch = _Skeleton(file).load()["epoch"]
    except OSError:
        raise
    except Exception:  # whatever a damaged pickle comes to
        return 0
    return epoch if isinstance(epoch, int) else 0


class _Blank(dict):  # type: ignore[type-arg]
    """Stands for anything that is no plain value, and for what would make it."""

    def __new__(cls, *_: Any, **__: Any) -> _Blank:
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __setstate__(self, state: object) -> None:
        pass


class _Skeleton(pickle.Unpickler):
    """Reads plain containers, numbers and text; imports and calls nothing that the file names."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)

    def find_class(self, module: str, name: str) -> type:
        return _Blank

    def persistent_load(self, pid: object) -> None:
        return None
