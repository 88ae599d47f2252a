"""What a user's source is (official files, an extracted folder, class folders), and its images.

Official files are compared with their published checksums before anything is read of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.data.archives import read_deepweeds, read_idx, read_matlab, read_tiny_imagenet
from benchmarks.data.description import Archive, DatasetInfo
from benchmarks.data.fetching import OnProgress, check, silent
from benchmarks.data.header import SPLITS
from benchmarks.data.pickled_batches import read_batches_folder, read_tar
from benchmarks.data.pictures import Chunk, read_class_folders
from benchmarks.data.scenes import read_mit67, read_scenes15
from benchmarks.data.tar_files import read_cars, read_cars_devkit, read_cub
from benchmarks.errors import UserError, reading

Reader = Callable[[dict[str, Path], DatasetInfo], Iterator[Chunk]]
"""Given the official files by name, checked already."""


LAYOUTS: dict[str, Reader] = {
    "batches": read_tar,
    "idx": read_idx,
    "matlab": read_matlab,
    "tiny-imagenet": read_tiny_imagenet,
    "deepweeds": read_deepweeds,
    "cub": read_cub,
    "cars": read_cars,
    "cars-devkit": read_cars_devkit,
    "scenes15": read_scenes15,
    "mit67": read_mit67,
}


DECODED = ("idx", "tiny-imagenet", "deepweeds", "cub", "cars", "scenes15", "mit67")
"""Layouts whose pixels an image library decodes or resizes."""


EXTRACTED = ("scenes15", "mit67")
"""Layouts whose first file may be extracted, since nobody publishes its checksum."""


def read_source(
    info: DatasetInfo, source: Path, on_progress: OnProgress = silent
) -> Iterator[Chunk]:
    """Both splits from whatever ``source`` is, in its own order.

    Where the register names the data set by its official files, these are compared with their
    published checksums first, and nothing else is taken.

    Raises:
        UserError: where it is none of the known layouts, or other files than the official ones.
    """
    done = 0
    with reading(source):
        for chunk in _read(info, source, on_progress):
            yield chunk
            done += len(chunk.labels)
            on_progress("reading images", done, sum(info.counts))


def _read(info: DatasetInfo, source: Path, on_progress: OnProgress) -> Iterator[Chunk]:
    if not source.exists():
        raise UserError(f"{source} does not exist")
    archive = info.archive
    if folder := _extracted(archive, source):
        for file in archive.extracted:
            if (folder / file.name).is_file():  # the reader tells what is missing
                check(folder / file.name, file)
        return read_batches_folder(folder, info)
    for form in (archive, *archive.others):
        if files := _official(form, source):
            for file in form.sources:
                check(files[file.name], file, on_progress)
            return LAYOUTS[form.layout](files, info)
    if any((source / split).is_dir() for split in SPLITS):
        if info.digest is None:
            raise UserError(f"class folders of {info.name} cannot be checked: {_wanted(info)}")
        return read_class_folders(source, info)
    expected = ["{train,test}/<class>/*.png"] if info.digest else []
    forms = (archive, *archive.others)
    expected += [" and ".join(file.name for file in form.sources) for form in forms if form.sources]
    expected += [f"{archive.folder}/"] if archive.folder and archive.layout == "batches" else []
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
    """The official files by name; none where none of them is there."""
    if source.is_file() and len(archive.sources) == 1:
        return {archive.filename: source}
    folder = source.parent if source.is_file() else source
    found: dict[str, Path] = {}
    if archive.layout in EXTRACTED and folder.is_dir() and not (folder / archive.filename).exists():
        found[archive.filename] = folder
    for name in (file.name for file in archive.sources):
        for place in (".", archive.folder, Path(archive.folder).name, "labels", "images"):
            if (path := folder / place / name).is_file():
                found.setdefault(name, path)
    for file in archive.sources if found else ():
        if file.name not in found:
            raise UserError(f"{folder} lacks {file.name}: {_fetch(file.name, file.url, archive)}")
    return found


def _wanted(info: DatasetInfo) -> str:
    """The fix, in a few words."""
    archive = info.archive
    if not archive.sources:
        return "bring class folders"
    names = ", ".join(file.name for file in archive.sources)
    first, *others = (file.url.removesuffix(file.name) for file in archive.sources)
    url = first if set(others) == {first} else " and ".join(f.url for f in archive.sources)
    return _fetch(names, url, archive)


def _fetch(names: str, url: str, archive: Archive) -> str:
    is_whole = archive.layout == "batches" or archive.layout in EXTRACTED
    return f"fetch {names} from {url}{'' if is_whole else ' (extracted files cannot be checked)'}"
