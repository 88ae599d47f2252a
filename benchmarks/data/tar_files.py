"""Data sets published as compressed tar files of images of many sizes, with lists of labels:
CUB-200-2011 and Stanford Cars. Members are read in memory and never extracted.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import SPLITS
from benchmarks.data.pictures import Chunk, decoded, read_picture
from benchmarks.errors import UserError, one_line

# Neither an image nor a list needs more, which keeps bombs out.
LARGEST = 2**26
LISTS = ("images.txt", "image_class_labels.txt", "train_test_split.txt", "classes.txt")
ANNOTATION = ("class", "fname")

# Split and label of each image, by its place in the tar file.
Listed = Mapping[str, tuple[str, int]]


def read_cub(files: dict[str, Path], info: DatasetInfo) -> Iterator[Chunk]:
    """Both splits of ``CUB_200_2011.tgz``, by its lists of images, labels and splits.

    Raises:
        UserError: where it is no tar file, is cut off, or its lists disagree with each other, with
            the register or with the images.
    """
    (path,) = files.values()
    root = info.archive.folder
    wanted = {f"{root}/{name}" for name in LISTS}
    texts = {PurePosixPath(name).name: text for name, text in _members(path, wanted)}
    if missing := [name for name in LISTS if name not in texts]:
        raise UserError(f"{path} lacks {missing[0]}: it is cut off, or not the official file")
    rows = {name: _rows(texts[name], f"{name} of {path}") for name in LISTS}
    names, labels, splits, classes = (rows[name] for name in LISTS)
    _check_classes(tuple(classes.values()), path, info)
    listed: dict[str, tuple[str, int]] = {}
    for number, name in names.items():
        label, is_train = labels.get(number), splits.get(number)
        if label is None or is_train not in ("0", "1"):
            raise UserError(f"{path}: image {number}, {name}, has no class or split in its lists")
        if classes.get(label) != PurePosixPath(name).parts[0]:
            raise UserError(f"{path}: {name} is of class {label} by image_class_labels.txt")
        split = "train" if is_train == "1" else "test"
        listed[f"{root}/images/{name}"] = split, info.classes.index(classes[label])
    if len(labels) != len(names) or len(splits) != len(names):
        raise UserError(f"{path}: its lists of labels and splits name images that images.txt lacks")
    yield from _images(path, listed, info)


def read_cars(files: dict[str, Path], info: DatasetInfo) -> Iterator[Chunk]:
    """Both splits of ``car_ims.tgz``, by ``cars_annos.mat``.

    Raises:
        UserError: where a file is damaged, or annotations, register and images disagree.
    """
    path = files["cars_annos.mat"]
    with open(path, "rb") as file:
        fields = _matlab(file.read(), str(path), info)
    _check_classes(_class_names(fields, str(path)), path, info)
    listed: dict[str, tuple[str, int]] = {}
    for row in _annotations(fields, ("relative_im_path", "class", "test"), str(path)):
        split = SPLITS[_whole(row["test"], str(path))]
        listed[str(row["relative_im_path"])] = split, _label(row["class"], str(path), info)
    yield from _images(files["car_ims.tgz"], listed, info)


def read_cars_devkit(files: dict[str, Path], info: DatasetInfo) -> Iterator[Chunk]:
    """Both splits of ``cars_train.tgz`` and ``cars_test.tgz``, by the devkit's annotations and the
    test labels that were published later.

    Raises:
        UserError: as :func:`read_cars`.
    """
    kit, later = files["car_devkit.tgz"], files["cars_test_annos_withlabels.mat"]
    wanted = {"devkit/cars_meta.mat", "devkit/cars_train_annos.mat"}
    found = {PurePosixPath(name).name: content for name, content in _members(kit, wanted)}
    if missing := sorted({PurePosixPath(name).name for name in wanted} - found.keys()):
        raise UserError(f"{kit} lacks {missing[0]}: it is cut off, or not the official file")
    where = f"cars_meta.mat of {kit}"
    _check_classes(_class_names(_matlab(found["cars_meta.mat"], where, info), where), kit, info)
    train = f"cars_train_annos.mat of {kit}", found["cars_train_annos.mat"]
    with open(later, "rb") as file:
        annotations = zip(SPLITS, (train, (str(later), file.read())), strict=True)
    for split, (where, content) in annotations:
        rows = _annotations(_matlab(content, where, info), ANNOTATION, where)
        listed = {
            f"cars_{split}/{row['fname']}": (split, _label(row["class"], where, info))
            for row in rows
        }
        yield from _images(files[f"cars_{split}.tgz"], listed, info)


def _members(path: Path, wanted: set[str] | Listed) -> Iterator[tuple[str, bytes]]:
    """Those files of a tar file, each once, in its order."""
    seen: set[str] = set()
    with (
        one_line(
            (tarfile.TarError, OSError, EOFError, ValueError),
            lambda why: f"{path} is not a whole tar file ({why})",
        ),
        tarfile.open(path, "r|*") as tar,
    ):
        for member in tar:
            name = member.name.removeprefix("./")
            if name not in wanted or not member.isreg():
                continue
            if member.size > LARGEST or name in seen:
                what = "has it twice" if name in seen else f"has {member.size:,} bytes of it"
                raise UserError(f"{name} of {path}: the official file {what} not")
            seen.add(name)
            content = tar.extractfile(member)
            assert content is not None
            yield name, content.read()


def _images(path: Path, listed: Listed, info: DatasetInfo) -> Iterator[Chunk]:
    """The listed images of a tar file, split by split, so that it is read once for each."""

    def decode(job: tuple[str, bytes]) -> np.ndarray:
        name, content = job
        return read_picture(io.BytesIO(content), f"{name} of {path}", info)

    for split in SPLITS:
        own = {name: label for name, (of, label) in listed.items() if of == split}
        left = set(own)

        def jobs(own: dict[str, int] = own, left: set[str] = left) -> Iterator[Any]:
            for name, content in _members(path, set(own)):
                left.discard(name)
                yield (name, content), own[name]

        if own:
            yield from decoded(split, jobs(), decode)
        if left:
            raise UserError(
                f"{path} lacks {min(left)}, which the annotations name: it is cut off, or the "
                "annotations are of other images"
            )


def _rows(content: bytes, where: str) -> dict[str, str]:
    """Number and value of each line."""
    with one_line(UnicodeDecodeError, lambda _: f"{where} is not text"):
        lines = [line.split() for line in content.decode().splitlines() if line.strip()]
    if wrong := [" ".join(line) for line in lines if len(line) != 2]:
        raise UserError(f"{where}: {wrong[0][:60]!r} is no number with a value")
    found = dict(line for line in lines if len(line) == 2)
    if len(found) < len(lines):
        raise UserError(f"{where} has a number twice")
    return found


def _matlab(content: bytes, where: str, info: DatasetInfo) -> dict[str, Any]:
    from scipy.io import loadmat

    # A garbled file may raise anything.
    with one_line(
        Exception, lambda why: f"{where} is not a file of {info.title} ({why})", with_type=True
    ):
        return dict(loadmat(io.BytesIO(content), squeeze_me=True))


def _class_names(fields: Mapping[str, Any], where: str) -> tuple[str, ...]:
    names = fields.get("class_names")
    if names is None:
        raise UserError(f"{where} has no class_names: it is not the official file")
    return tuple(map(str, np.atleast_1d(names)))


def _annotations(
    fields: Mapping[str, Any], names: tuple[str, ...], where: str
) -> list[dict[str, Any]]:
    """Each image's fields of those names."""
    found = np.atleast_1d(fields.get("annotations", np.empty(0)))
    if lacking := [name for name in names if name not in (found.dtype.names or ())]:
        raise UserError(f"{where}: no {lacking[0]} in its annotations: not the official file")
    return [{name: row[name] for name in names} for row in found]


def _whole(value: Any, where: str) -> int:
    with one_line((TypeError, ValueError), lambda _: f"{where}: {value!r} is no number"):
        number = int(value)
    if number not in (0, 1):
        raise UserError(f"{where}: test is {number}, not 0 or 1")
    return number


def _label(value: Any, where: str, info: DatasetInfo) -> int:
    """Of a class's number, which begins at 1."""
    with one_line((TypeError, ValueError), lambda _: f"{where}: class {value!r} is no number"):
        number = int(value)
    if not 1 <= number <= len(info.classes):
        raise UserError(f"{where} has the class {number}, beyond 1 to {len(info.classes)}")
    return number - 1


def _check_classes(names: tuple[str, ...], path: Path, info: DatasetInfo) -> None:
    if names != info.classes:
        pairs = zip(names, info.classes, strict=False)
        other = next((f"{a!r} for {b!r}" for a, b in pairs if a != b), f"{len(names)} of them")
        raise UserError(f"{path} has other classes than {info.title}: {other}")
