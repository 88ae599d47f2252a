"""Official archives of pickled batches: the tar file as downloaded, or its extracted folder.

A pickle may run any code when it is loaded, and users are told to bring a file from elsewhere. So
nothing here unpickles in the ordinary way: :class:`_BatchReader` admits the handful of names that
the official batches contain, and puts inert stand-ins in their places. Members of a tar file are
read in memory and never extracted.
"""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np

from benchmarks.datasets import Archive, DatasetInfo
from benchmarks.datasets.header import CHANNELS, first_line
from benchmarks.datasets.store import Split
from benchmarks.errors import UserError

Batch = tuple[np.ndarray, np.ndarray]


def read_tar(
    path: Path, info: DatasetInfo, on_batch: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Split]:
    """Both splits of an official tar file, compressed or not.

    Args:
        on_batch: told how many batch files are read, and of how many.

    Raises:
        UserError: where it is no tar file, is cut off, or lacks or garbles a batch.
    """
    archive = _archive(info)
    members = _tar_members(path, set(archive.train + archive.test), _size_limit(info))
    return _splits(members, path, info, on_batch)


def read_batches_folder(
    folder: Path, info: DatasetInfo, on_batch: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Split]:
    """Both splits of the extracted folder, such as ``cifar-10-batches-py``; as :func:`read_tar`."""
    archive = _archive(info)
    present = (folder / name for name in archive.train + archive.test)
    files = _files((path for path in present if path.is_file()), _size_limit(info))
    return _splits(files, folder, info, on_batch)


def _archive(info: DatasetInfo) -> Archive:
    if info.archive is None:
        raise UserError(f"{info.name} has no official archive: import it from class folders")
    return info.archive


def _size_limit(info: DatasetInfo) -> int:
    """Bytes that no batch needs: twice the pixels of the whole data set."""
    return 2 * sum(info.counts) * CHANNELS * info.side**2 + 1_000_000


def _tar_members(path: Path, wanted: set[str], limit: int) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path, "r|*") as tar:
            for member in tar:
                name = PurePosixPath(member.name).name
                content = tar.extractfile(member) if name in wanted and member.isreg() else None
                if content is not None:
                    _check_size(f"{name} in {path}", member.size, limit)
                    yield name, content.read()
    except UserError:
        raise
    except Exception as error:  # a garbled file may raise anything
        raise UserError(f"{path} is not a whole tar file ({first_line(error)})") from error


def _files(paths: Iterable[Path], limit: int) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        try:
            _check_size(str(path), path.stat().st_size, limit)
            yield path.name, path.read_bytes()
        except OSError as error:
            raise UserError(f"cannot read {path}: {first_line(error)}") from error


def _check_size(where: str, size: int, limit: int) -> None:
    if size > limit:
        raise UserError(f"{where} has {size:,} bytes: too large for a batch")


def _splits(
    files: Iterator[tuple[str, bytes]],
    source: Path,
    info: DatasetInfo,
    on_batch: Callable[[int, int], None],
) -> dict[str, Split]:
    archive = _archive(info)
    batches: dict[str, Batch] = {}
    for name, content in files:
        if name in batches:
            raise UserError(f"{source} holds {name} twice")
        batches[name] = _read_batch(content, f"{name} of {source}", info)
        on_batch(len(batches), len(archive.train + archive.test))
    if missing := [name for name in archive.train + archive.test if name not in batches]:
        raise UserError(
            f"{source} lacks {', '.join(missing)}: it is cut off, or not {archive.filename} "
            f"from {archive.url}"
        )
    return {
        "train": _join([batches[name] for name in archive.train]),
        "test": _join([batches[name] for name in archive.test]),
    }


def _join(batches: list[Batch]) -> Split:
    return Split(
        np.concatenate([images for images, _ in batches]),
        np.concatenate([labels for _, labels in batches]),
    )


def _read_batch(content: bytes, where: str, info: DatasetInfo) -> Batch:
    """Images uint8 (N, side, side, 3) and labels int64 (N,) of one batch file."""
    try:
        fields = _BatchReader(io.BytesIO(content), encoding="bytes").load()
        # Python 2 wrote the official files, whose keys are bytes; copies made by Python 3 have str.
        fields = {key.decode() if isinstance(key, bytes) else key: fields[key] for key in fields}
        pixels = fields["data"].pixels()
        labels = fields[_archive(info).label_key]
        if pixels.shape != (len(labels), CHANNELS * info.side**2):
            raise ValueError(f"pixels of shape {pixels.shape} for {len(labels)} labels")
        if not all(type(label) is int and 0 <= label < len(info.classes) for label in labels):
            raise ValueError(f"labels beyond 0 to {len(info.classes) - 1}")
    except Exception as error:  # a garbled or hostile pickle may raise anything
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise UserError(f"{where} is not a batch of {info.title} ({reason})") from error
    images = pixels.reshape(-1, CHANNELS, info.side, info.side).transpose(0, 2, 3, 1)
    return images, np.array(labels, dtype=np.int64)


class _Array:
    """Stands in for an array while a pickle is read: a list of fields, checked before use."""

    def __init__(self, *how: object) -> None:
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def pixels(self) -> np.ndarray:
        """uint8 of the pickled shape."""
        _, shape, kind, fortran, content = self.state
        if not isinstance(kind, _Kind) or kind.name.lstrip("|") not in ("u1", "uint8"):
            raise ValueError("pixels are not uint8")
        flat = np.frombuffer(content, dtype=np.uint8)
        return flat.reshape(shape, order="F" if fortran else "C")


class _Kind:
    """Stands in for an array's type."""

    def __init__(self, name: bytes | str, *flags: object) -> None:
        self.name = name.decode() if isinstance(name, bytes) else name

    def __setstate__(self, state: object) -> None:
        """Byte order and alignment, which single bytes do not have."""


def _encode(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes into the pickles of Python 2."""
    if encoding != "latin1":
        raise ValueError(f"encoding {encoding!r}")
    return text.encode("latin1")


_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Kind,
    ("_codecs", "encode"): _encode,
}


_PythonUnpickler: Any = pickle._Unpickler
"""The unpickler in Python, as the one in C allocates whatever size a damaged file names."""


class _BatchReader(_PythonUnpickler):
    """Reads data and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it refers to {module}.{name}") from None

    def load_build(self) -> None:
        if not isinstance(self.stack[-2], _Array | _Kind):
            raise pickle.UnpicklingError("it sets attributes")
        super().load_build()

    dispatch: ClassVar = {**_PythonUnpickler.dispatch, pickle.BUILD[0]: load_build}
