"""What users bring, and which reader understands it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.data.archives import read_batches_folder, read_tar
from benchmarks.data.assembly import OnProgress
from benchmarks.data.checksums import check
from benchmarks.data.chunks import Chunk, OnCount
from benchmarks.data.deepweeds import read_deepweeds
from benchmarks.data.description import Archive, DatasetInfo, Source
from benchmarks.data.folders import read_class_folders
from benchmarks.data.header import SPLITS, first_line
from benchmarks.data.idx import read_idx
from benchmarks.data.matlab import read_matlab
from benchmarks.data.tiny_imagenet import read_tiny_imagenet
from benchmarks.errors import UserError

Reader = Callable[[dict[str, Path], DatasetInfo, OnCount], Iterator[Chunk]]
"""Given the official files by name, checked already."""

DECODED = ("idx", "tiny-imagenet", "deepweeds")
"""Layouts whose pixels an image library decodes or resizes."""


def _one(files: dict[str, Path]) -> Path:
    (path,) = files.values()
    return path


def _folder(files: dict[str, Path]) -> Path:
    return next(iter(files.values())).parent


LAYOUTS: dict[str, Reader] = {
    "batches": lambda files, info, on_count: read_tar(_one(files), info, on_count),
    "idx": lambda files, info, on_count: read_idx(_folder(files), info, on_count),
    "matlab": lambda files, info, on_count: read_matlab(_folder(files), info, on_count),
    "tiny-imagenet": lambda files, info, on_count: read_tiny_imagenet(_one(files), info, on_count),
    "deepweeds": lambda files, info, on_count: read_deepweeds(
        files["images.zip"], files["labels.csv"].parent, info, on_count
    ),
}


def read_source(
    info: DatasetInfo, source: Path, on_progress: OnProgress = lambda *_: None
) -> Iterator[Chunk]:
    """Both splits from whatever ``source`` is, in its own order.

    Where the register names the data set by its official files, these are compared with their
    published checksums first, and nothing else is taken.

    Raises:
        UserError: where it is none of the known layouts, or other files than the official ones.
    """
    try:
        yield from _read(info, source, on_progress)
    except OSError as error:
        raise UserError(f"cannot read {source}: {first_line(error)}") from error


def _read(info: DatasetInfo, source: Path, on_progress: OnProgress) -> Iterator[Chunk]:
    if not source.exists():
        raise UserError(f"{source} does not exist")
    archive = info.archive
    if archive and (folder := _extracted(archive, source)):
        for file in archive.extracted:
            if (folder / file.name).is_file():  # the reader tells what is missing
                check(folder / file.name, file)
        return read_batches_folder(folder, info, _stage("reading batches", on_progress))
    if archive and (files := _official(archive, source)):
        for file in archive.sources:
            check(files[file.name], file, _stage("checking (MiB)", on_progress))
        what = "reading batches" if archive.layout == "batches" else "reading images"
        return LAYOUTS[archive.layout](files, info, _stage(what, on_progress))
    if any((source / split).is_dir() for split in SPLITS):
        if info.digest is None:
            raise UserError(f"class folders of {info.name} cannot be checked: {_wanted(info)}")
        return read_class_folders(source, info, _stage("reading images", on_progress))
    expected = ["{train,test}/<class>/*.png"] if info.digest else []
    if archive:
        expected += [file.name for file in archive.sources]
        expected += [f"{archive.folder}/"] if archive.layout == "batches" else []
    raise UserError(f"{source} holds no {' or '.join(expected)}: {_wanted(info)}")


def _extracted(archive: Archive, source: Path) -> Path | None:
    """Where extracted batches lie, if they do."""
    if archive.layout != "batches" or not source.is_dir():
        return None
    for folder in (source, source / archive.folder):
        if any((folder / name).is_file() for name in archive.train + archive.test):
            return folder
    return None


def _official(archive: Archive, source: Path) -> dict[str, Path]:
    """The official files by name; none where the first of them is not there.

    Raises:
        UserError: where the first is there and another is missing.
    """
    if source.is_file() and len(archive.sources) == 1:
        return {archive.filename: source}
    folder = source.parent if source.is_file() else source
    found = {file.name: _find(archive, file, folder) for file in archive.sources}
    present = {name: path for name, path in found.items() if path is not None}
    if not present:
        return {}
    for file in archive.sources:
        if file.name not in present:
            raise UserError(f"{folder} lacks {file.name}: {_fetch(file.name, file.url, archive)}")
    return present


def _find(archive: Archive, file: Source, folder: Path) -> Path | None:
    places = (".", archive.folder, Path(archive.folder).name, "labels", "images")
    paths = (folder / place / file.name for place in places)
    return next((path for path in paths if path.is_file()), None)


def _wanted(info: DatasetInfo) -> str:
    """The fix, in a few words."""
    archive = info.archive
    if archive is None:
        return "bring class folders"
    names = ", ".join(file.name for file in archive.sources)
    first, *others = (file.url.removesuffix(file.name) for file in archive.sources)
    url = first if set(others) == {first} else " and ".join(f.url for f in archive.sources)
    return _fetch(names, url, archive)


def _fetch(names: str, url: str, archive: Archive) -> str:
    why = "" if archive.layout == "batches" else " (extracted files cannot be checked)"
    return f"fetch {names} from {url}{why}"


def _stage(name: str, on_progress: OnProgress) -> OnCount:
    return lambda done, total: on_progress(name, done, total)
