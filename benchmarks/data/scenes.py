"""Collections of photographs of scenes: 15 Scene Categories and MIT Indoor, as they are published.

Nobody publishes their checksums, so an archive and what it extracts to are taken alike, and told by
their classes, counts and, of MIT Indoor, the official lists (C-24). Images of all sizes are
squashed to the side of the store (C-14).
"""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np

from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import SPLITS
from benchmarks.data.pictures import SUFFIXES, Chunk, decoded, read_picture
from benchmarks.errors import UserError, one_line, reading
from benchmarks.randomness import permutation

# Of each class, for training.
TRAINING_IMAGES = 100
DAMAGE = (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, NotImplementedError)


class Files(Protocol):
    """An archive or a folder.

    Attributes:
        names: of its files, below its root.
    """

    path: Path
    names: list[str]

    def content(self, name: str) -> bytes:
        """A file's bytes; from any thread."""
        ...


class _Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.names = [str(p.relative_to(path).as_posix()) for p in path.rglob("*") if p.is_file()]

    def content(self, name: str) -> bytes:
        return (self.path / name).read_bytes()


class _Zip:
    def __init__(self, path: Path) -> None:
        self.path, self.archive, self.lock = path, zipfile.ZipFile(path), threading.Lock()
        self.names = [entry.filename for entry in self.archive.infolist() if not entry.is_dir()]

    def content(self, name: str) -> bytes:
        with self.lock:
            return self.archive.read(name)


class _Tar:
    def __init__(self, path: Path) -> None:
        self.path, self.lock = path, threading.Lock()
        self.archive = tarfile.open(path)  # noqa: SIM115, as long as its images are read
        self.members = {entry.name: entry for entry in self.archive if entry.isfile()}
        self.names = list(self.members)

    def content(self, name: str) -> bytes:
        with self.lock:
            file = self.archive.extractfile(self.members[name])
            assert file is not None
            return file.read()


def files_of(path: Path) -> Files:
    """What lies in a zip or tar file or a folder.

    Raises:
        UserError: where it is none of these, or cut off.
    """
    with one_line(DAMAGE, lambda why: f"{path} is no whole archive: {why}; fetch it again"):
        if path.is_dir():
            return _Folder(path)
        if zipfile.is_zipfile(path):
            return _Zip(path)
        if not tarfile.is_tarfile(path):
            # Opening it would say why in several lines, one for each way to read a tar file.
            raise tarfile.ReadError("neither a zip nor a tar file, or cut off")
        return _Tar(path)


def read_scenes15(files: dict[str, Path], info: DatasetInfo) -> Iterator[Chunk]:
    """A random split of the 4,485 images of ``<class>/image_0001.jpg``: 100 of each class to train
    on and the rest to test on. Fold k's split depends on k, the class and the files' order alone.

    Raises:
        UserError: where a class is missing or incomplete, or an image cannot be read.
    """
    (path,) = files.values()
    archive = files_of(path)
    found = _by_class(archive, info)
    jobs: dict[str, list[tuple[str, int]]] = {split: [] for split in SPLITS}
    for label, name in enumerate(info.classes):
        images = sorted(found[name])
        order = permutation(info.fold or 0, f"scenes15/{name}", 0, len(images))
        for split, places in zip(SPLITS, np.split(order, [TRAINING_IMAGES]), strict=True):
            jobs[split] += [(images[place], label) for place in places.tolist()]
    for split in SPLITS:
        yield from _images(archive, split, jobs[split], info)


def read_mit67(files: dict[str, Path], info: DatasetInfo) -> Iterator[Chunk]:
    """The images that ``TrainImages.txt`` and ``TestImages.txt`` list, 80 and 20 of each class, as
    ``<class>/<file>``; the others of the 15,620 are not used (C-24).

    Raises:
        UserError: where a list is another, or names an image that is not there.
    """
    lists = dict(zip(SPLITS, ("TrainImages.txt", "TestImages.txt"), strict=True))
    (path,) = (file for name, file in files.items() if name not in lists.values())
    listed = {split: _listed(files[name], info) for split, name in lists.items()}
    if twice := sorted({*listed["train"]} & {*listed["test"]}):
        raise UserError(f"{twice[0]} is in both lists beside {path}: fetch them again")
    archive = files_of(path)
    members = {"/".join(PurePosixPath(name).parts[-2:]): name for name in archive.names}
    labels = {name: label for label, name in enumerate(info.classes)}
    for split, names in listed.items():
        if missing := [name for name in names if name not in members]:
            images = "images" if len(missing) > 1 else "image"
            raise UserError(
                f"{files[lists[split]]} names {len(missing):,} {images} that {path} does not hold, "
                f"such as {missing[0]}: complete {path.name}, or fetch both again"
            )
        jobs = [(members[name], labels[name.split("/")[0]]) for name in names]
        yield from _images(archive, split, jobs, info)


def _by_class(archive: Files, info: DatasetInfo) -> dict[str, list[str]]:
    """Members by the class whose folder they lie in."""
    found: dict[str, list[str]] = {name: [] for name in info.classes}
    for name in archive.names:
        folder, file = PurePosixPath(name).parent.name, PurePosixPath(name)
        hidden = file.name.startswith(".") or "__MACOSX" in file.parts
        if folder in found and not hidden and file.suffix.lower() in SUFFIXES:
            found[folder].append(name)
    if missing := [name for name, images in found.items() if not images]:
        raise UserError(
            f"{archive.path} holds no images of {', '.join(missing[:3])}: expected a folder for "
            f"each of the {len(info.classes)} classes of {info.title}"
        )
    return found


def _listed(path: Path, info: DatasetInfo) -> list[str]:
    """The images of a list, such as "gameroom/bt_113294gameroom2.jpg"."""
    with reading(path):
        lines = path.read_text(encoding="utf-8").split("\n")
    names = [line.strip() for line in lines if line.strip()]
    for name in names:
        folder, _, file = name.partition("/")
        if folder not in info.classes or not file or "/" in file:
            raise UserError(f"{path} names {name!r}, which is no image of {info.title}")
    if len(set(names)) < len(names):
        raise UserError(f"{path} names an image twice: fetch it again")
    return names


def _images(
    archive: Files, split: str, jobs: list[tuple[str, int]], info: DatasetInfo
) -> Iterator[Chunk]:
    def read(name: str) -> np.ndarray:
        where = f"{name} of {archive.path}"
        with one_line((*DAMAGE, KeyError), lambda why: f"{where} cannot be read: {why}"):
            return read_picture(io.BytesIO(archive.content(name)), where, info)

    return decoded(split, jobs, read)
