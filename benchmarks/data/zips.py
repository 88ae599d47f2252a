"""Zip files of images: read in memory, never extracted."""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.data.chunks import in_threads
from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import CHANNELS, first_line
from benchmarks.data.pictures import read_picture
from benchmarks.errors import UserError

Job = tuple[str, bytes]


class Zip:
    """A zip file, every trouble with which is one line of ``UserError``."""

    def __init__(self, path: Path, limit: int) -> None:
        """``limit``: bytes that no member needs, which keeps zip bombs out."""
        self.path, self.limit = path, limit
        with self._told():
            self.file = zipfile.ZipFile(path)
        self.members = {m.filename: m for m in self.file.infolist() if not m.is_dir()}
        if len(self.members) < sum(not m.is_dir() for m in self.file.infolist()):
            raise UserError(f"{path} holds a file twice; fetch it again")

    def read(self, name: str) -> bytes:
        """The content of a member."""
        if name not in self.members:
            raise UserError(f"{self.path} lacks {name}: it is cut off, or not the official file")
        member = self.members[name]
        if member.file_size > self.limit:
            where = f"{name} of {self.path}"
            raise UserError(f"{where} has {member.file_size:,} bytes: too large for what it is")
        with self._told(), self.file.open(member) as content:
            return content.read(self.limit)

    def text(self, name: str) -> list[str]:
        """The lines of a member."""
        try:
            return self.read(name).decode().splitlines()
        except UnicodeDecodeError as error:
            raise UserError(f"{name} of {self.path} is not text") from error

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
            raise UserError(f"{self.path} is not a whole zip file ({first_line(error)})") from error
        except (NotImplementedError, RuntimeError) as error:  # other compression, encryption
            raise UserError(f"{self.path} cannot be read ({first_line(error)})") from error


def pictures(archive: Zip, names: Iterable[str], info: DatasetInfo) -> Iterator[np.ndarray]:
    """The images of those members in order, uint8 (up to 256, side, side, 3) each."""

    def decode(job: Job) -> np.ndarray:
        name, content = job
        return read_picture(io.BytesIO(content), f"{name} of {archive.path}", info)

    return in_threads(decode, ((name, archive.read(name)) for name in names))


def size_limit(info: DatasetInfo) -> int:
    """Bytes that neither an image file nor a list of all images needs."""
    return max(4 * CHANNELS * info.source_side**2, 200 * sum(info.counts)) + 100_000
