"""Official batches of pickles (CIFAR): the tar file as downloaded, or its extracted folder.

A pickle may run any code when it is loaded, and users are told to bring a file from elsewhere. So
nothing here unpickles in the ordinary way: :class:`_BatchReader` admits the handful of names that
the official batches contain, and puts inert stand-ins in their places. Members of a tar file are
read in memory and never extracted.
"""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np

from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import CHANNELS
from benchmarks.data.pictures import Chunk
from benchmarks.errors import UserError, one_line, reading


def read_tar(files: dict[str, Path], info: DatasetInfo) -> Iterator[Chunk]:
    """Both splits of an official tar file, compressed or not.

    Raises:
        UserError: where it is no tar file, is cut off, or lacks or garbles a batch.
    """
    (path,) = files.values()
    return _chunks(_tar_members(path, info), path, info)


def read_batches_folder(folder: Path, info: DatasetInfo) -> Iterator[Chunk]:
    """Both splits of the extracted folder, such as ``cifar-10-batches-py``; as :func:`read_tar`."""
    return _chunks(_files(folder, info), folder, info)


def _tar_members(path: Path, info: DatasetInfo) -> Iterator[tuple[str, bytes]]:
    # A garbled file may raise anything.
    with (
        one_line(Exception, lambda why: f"{path} is not a whole tar file ({why})"),
        tarfile.open(path, "r|*") as tar,
    ):
        for member in tar:
            name = PurePosixPath(member.name).name
            is_wanted = name in info.archive.members and member.isreg()
            if content := tar.extractfile(member) if is_wanted else None:
                _check_size(f"{name} in {path}", member.size, info)
                yield name, content.read()


def _files(folder: Path, info: DatasetInfo) -> Iterator[tuple[str, bytes]]:
    for path in (folder / name for name in info.archive.members):
        if path.is_file():
            with reading(path):
                _check_size(str(path), path.stat().st_size, info)
                content = path.read_bytes()
            yield path.name, content


def _check_size(where: str, size: int, info: DatasetInfo) -> None:
    """No batch needs twice the pixels of the whole data set."""
    if size > 2 * sum(info.counts) * CHANNELS * info.side**2 + 1_000_000:
        raise UserError(f"{where} has {size:,} bytes: too large for a batch")


def _chunks(files: Iterator[tuple[str, bytes]], source: Path, info: DatasetInfo) -> Iterator[Chunk]:
    archive, seen = info.archive, set()
    for name, content in files:
        if name in seen:
            raise UserError(f"{source} holds {name} twice")
        seen.add(name)
        where = f"{name} of {source}"
        if name in archive.meta:
            _check_class_names(content, where, info)
        else:
            split = "train" if name in archive.train else "test"
            yield Chunk(split, *_read_batch(content, where, info))
    if missing := [name for name in archive.members if name not in seen]:
        raise UserError(
            f"{source} lacks {', '.join(missing)}: it is cut off, or not {archive.filename} "
            f"from {archive.url}"
        )


def _read_batch(content: bytes, where: str, info: DatasetInfo) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (N, side, side, 3) and labels int64 (N,) of one batch file."""
    message = f"{where} is not a batch of {info.title}"
    with one_line(Exception, lambda why: f"{message} ({why})", with_type=True):
        fields = _fields(content)
        pixels = fields["data"].pixels()
        labels = fields["fine_labels" if info.superclasses else "labels"]
        if pixels.shape != (len(labels), CHANNELS * info.side**2):
            raise ValueError(f"pixels of shape {pixels.shape} for {len(labels)} labels")
        if not all(type(label) is int and 0 <= label < len(info.classes) for label in labels):
            raise ValueError(f"labels beyond 0 to {len(info.classes) - 1}")
    if info.superclasses and (coarse := fields.get("coarse_labels")) is not None:
        _check_coarse_labels(labels, coarse, where, info)
    images = pixels.reshape(-1, CHANNELS, info.side, info.side).transpose(0, 2, 3, 1)
    return images, np.array(labels, dtype=np.int64)


def _check_coarse_labels(
    labels: Sequence[int], coarse: object, where: str, info: DatasetInfo
) -> None:
    """Whether a batch's coarse labels, whatever the file holds, are those that its labels imply."""
    by_class = info.coarse_labels
    expected = [by_class[label] for label in labels]
    if coarse == expected:
        return
    found = coarse if isinstance(coarse, list) else []
    pairs = zip(found, expected, strict=False)
    place = next((n for n, (one, other) in enumerate(pairs) if one != other), None)
    if place is None:
        reason = f"{len(found):,} of them for {len(labels):,} images"
    else:
        name = info.classes[labels[place]]
        reason = f"{found[place]!r} and not {expected[place]} for image {place}, of class {name}"
    raise UserError(
        f"{where} has coarse labels that are not {info.title}'s superclasses ({reason}); "
        f"{_again(info)}"
    )


def _check_class_names(content: bytes, where: str, info: DatasetInfo) -> None:
    """Whether the labels, and any of superclasses, mean what the register says."""
    with one_line(Exception, lambda why: f"{where} does not name classes ({why})", with_type=True):
        fields = _fields(content)
        names = _texts(fields["fine_label_names"])
        coarse = _texts(fields.get("coarse_label_names", ()))
    _check_same(names, list(info.classes), f"{where} names other classes", info)
    if coarse:
        parents = [name for name, _ in info.superclasses]
        _check_same(coarse, parents, f"{where} names other superclasses", info)


def _check_same(names: list[str], expected: list[str], message: str, info: DatasetInfo) -> None:
    if names != expected:
        pairs = zip(names, expected, strict=False)
        other = next((pair for pair in pairs if len({*pair}) > 1), None)
        found = f"{other[0]!r} in place of {other[1]!r}" if other else f"{len(names)} of them"
        raise UserError(f"{message} than {info.title} ({found}); {_again(info)}")


def _again(info: DatasetInfo) -> str:
    return f"fetch {info.archive.filename} from {info.archive.url} again"


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
