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
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np

from benchmarks.data.chunks import Chunk, OnCount, nobody
from benchmarks.data.description import Archive, DatasetInfo
from benchmarks.data.header import CHANNELS, first_line
from benchmarks.data.superclasses import check_coarse_labels, check_superclass_names
from benchmarks.errors import UserError


def read_tar(path: Path, info: DatasetInfo, on_batch: OnCount = nobody) -> Iterator[Chunk]:
    """Both splits of an official tar file, compressed or not.

    Args:
        on_batch: told how many batch files are read, and of how many.

    Raises:
        UserError: where it is no tar file, is cut off, or lacks or garbles a batch.
    """
    members = _tar_members(path, set(_names(_archive(info))), _size_limit(info))
    return _chunks(members, path, info, on_batch)


def read_batches_folder(
    folder: Path, info: DatasetInfo, on_batch: OnCount = nobody
) -> Iterator[Chunk]:
    """Both splits of the extracted folder, such as ``cifar-10-batches-py``; as :func:`read_tar`."""
    present = (folder / name for name in _names(_archive(info)))
    files = _files((path for path in present if path.is_file()), _size_limit(info))
    return _chunks(files, folder, info, on_batch)


def _archive(info: DatasetInfo) -> Archive:
    if info.archive is None:
        raise UserError(f"{info.name} has no official archive: import it from class folders")
    return info.archive


def _names(archive: Archive) -> tuple[str, ...]:
    return (*archive.train, *archive.test, *(archive.meta or ())[:1])


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
            content = path.read_bytes()
        except OSError as error:
            raise UserError(f"cannot read {path}: {first_line(error)}") from error
        yield path.name, content


def _check_size(where: str, size: int, limit: int) -> None:
    if size > limit:
        raise UserError(f"{where} has {size:,} bytes: too large for a batch")


def _chunks(
    files: Iterator[tuple[str, bytes]], source: Path, info: DatasetInfo, on_batch: OnCount
) -> Iterator[Chunk]:
    archive = _archive(info)
    names, seen = _names(archive), set()
    for name, content in files:
        if name in seen:
            raise UserError(f"{source} holds {name} twice")
        seen.add(name)
        where = f"{name} of {source}"
        if archive.meta and name == archive.meta[0]:
            _check_class_names(content, where, info)
        else:
            split = "train" if name in archive.train else "test"
            yield Chunk(split, *_read_batch(content, where, info))
        on_batch(len(seen), len(names))
    if missing := [name for name in names if name not in seen]:
        raise UserError(
            f"{source} lacks {', '.join(missing)}: it is cut off, or not {archive.filename} "
            f"from {archive.url}"
        )


def _read_batch(content: bytes, where: str, info: DatasetInfo) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (N, side, side, 3) and labels int64 (N,) of one batch file."""
    try:
        fields = _fields(content)
        pixels = fields["data"].pixels()
        labels = fields[_archive(info).label_key]
        if pixels.shape != (len(labels), CHANNELS * info.side**2):
            raise ValueError(f"pixels of shape {pixels.shape} for {len(labels)} labels")
        if not all(type(label) is int and 0 <= label < len(info.classes) for label in labels):
            raise ValueError(f"labels beyond 0 to {len(info.classes) - 1}")
    except Exception as error:  # a garbled or hostile pickle may raise anything
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise UserError(f"{where} is not a batch of {info.title} ({reason})") from error
    if (coarse := fields.get(_archive(info).coarse_key)) is not None:
        check_coarse_labels(labels, coarse, where, info)
    images = pixels.reshape(-1, CHANNELS, info.side, info.side).transpose(0, 2, 3, 1)
    return images, np.array(labels, dtype=np.int64)


def _check_class_names(content: bytes, where: str, info: DatasetInfo) -> None:
    """Whether the labels, and any of superclasses, mean what the register says."""
    archive = _archive(info)
    _, key = archive.meta or ("", "")
    try:
        fields = _fields(content)
        names, coarse = _texts(fields[key]), _texts(fields.get(archive.coarse_meta_key, ()))
    except Exception as error:  # a garbled or hostile pickle may raise anything
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise UserError(f"{where} does not name classes ({reason})") from error
    if tuple(names) != info.classes:
        other = next(
            (pair for pair in zip(names, info.classes, strict=False) if len({*pair}) > 1), None
        )
        found = f"{other[0]!r} in place of {other[1]!r}" if other else f"{len(names)} of them"
        raise UserError(f"{where} names other classes than {info.title} ({found})")
    if coarse:
        check_superclass_names(coarse, where, info)


def _texts(names: Iterable[object]) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def _fields(content: bytes) -> dict[str, Any]:
    fields = _BatchReader(io.BytesIO(content), encoding="bytes").load()
    # Python 2 wrote the official files, whose keys are bytes; copies made by Python 3 have str.
    return {key.decode() if isinstance(key, bytes) else key: fields[key] for key in fields}


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
