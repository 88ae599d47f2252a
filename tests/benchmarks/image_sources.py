"""Writes data sets in the layouts that users bring: class folders and official archives."""

from __future__ import annotations

import contextlib
import functools
import http.server
import io
import os
import pickle
import signal
import struct
import sys
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from benchmarks.data import Archive, DatasetInfo, Source
from benchmarks.data.dataset import Dataset, Split
from benchmarks.data.header import SPLITS
from benchmarks.data.pictures import Chunk

ARCHIVE = Archive(
    sources=(Source("small-python.tar.gz", "https://example.org/small-python.tar.gz"),),
    folder="cifar-10-batches-py",
    train=tuple(f"data_batch_{number}" for number in range(1, 6)),
    test=("test_batch",),
)


def info_of(dataset: Dataset) -> DatasetInfo:
    """A register entry for ``dataset``."""
    return DatasetInfo(
        name=dataset.name,
        title=f"the {dataset.name} images",
        classes=dataset.classes,
        counts=(len(dataset.train), len(dataset.test)),
        side=dataset.train.images.shape[1],
        digest=dataset.digest,
        archive=ARCHIVE,
    )


def gather(chunks: Iterable[Chunk]) -> dict[str, Split]:
    """All that a reader reads, in its order."""
    found = list(chunks)
    parts = {s: [chunk for chunk in found if chunk.split == s] for s in SPLITS}
    return {
        split: Split(
            np.concatenate([chunk.images for chunk in of_split]),
            np.concatenate([chunk.labels for chunk in of_split]),
        )
        for split, of_split in parts.items()
    }


def part_of(dataset: Dataset, per_class: int) -> dict[str, Split]:
    """The first images of each class."""
    splits = {}
    for split in SPLITS:
        whole: Split = getattr(dataset, split)
        labels = range(len(dataset.classes))
        rows = np.concatenate([np.flatnonzero(whole.labels == n)[:per_class] for n in labels])
        splits[split] = Split(whole.images[rows], whole.labels[rows])
    return splits


def shuffled(split: Split, seed: int) -> Split:
    order = np.random.default_rng(seed).permutation(len(split))
    return Split(split.images[order], split.labels[order])


def write_class_folders(dataset: Dataset, root: Path) -> Path:
    """``root/{train,test}/<class>/<number>.png``."""
    for name in SPLITS:
        split: Split = getattr(dataset, name)
        for label in dataset.classes:
            (root / name / label).mkdir(parents=True)
        for number, (image, label) in enumerate(zip(split.images, split.labels, strict=True)):
            path = root / name / dataset.classes[int(label)] / f"{number:05}.png"
            Image.fromarray(np.asarray(image)).save(path, compress_level=1)
    return root


def batch_files(dataset: Dataset, seed: int) -> dict[str, dict[bytes, Any]]:
    """The content of the official batch files, images in a random order."""
    train, test = shuffled(dataset.train, seed), shuffled(dataset.test, seed + 1)
    rows = np.array_split(np.arange(len(train)), len(ARCHIVE.train))
    files = {}
    for number, (name, chosen) in enumerate(zip(ARCHIVE.train, rows, strict=True), start=1):
        part = Split(train.images[chosen], train.labels[chosen])
        files[name] = _batch(part, f"training batch {number} of {len(rows)}")
    files["test_batch"] = _batch(test, "testing batch 1 of 1")
    files["batches.meta"] = {
        b"num_cases_per_batch": len(rows[0]),
        b"label_names": [label.encode() for label in dataset.classes],
        b"num_vis": int(np.prod(train.images.shape[1:])),
    }
    return files


def _batch(split: Split, title: str) -> dict[bytes, Any]:
    pixels = split.images.transpose(0, 3, 1, 2).reshape(len(split), -1)
    return {
        b"batch_label": title.encode(),
        b"labels": split.labels.tolist(),
        b"data": np.ascontiguousarray(pixels),
        b"filenames": [f"image_s_{number:06}.png".encode() for number in range(len(split))],
    }


def write_archive(
    dataset: Dataset, path: Path, seed: int = 0, dumps: Callable[[Any], bytes] | None = None
) -> Path:
    """A tar file of official layout, compressed by its name's suffix."""
    mode: Any = "w:gz" if path.suffix == ".gz" else "w"
    with tarfile.open(path, mode, **({"compresslevel": 1} if path.suffix == ".gz" else {})) as tar:
        add_file(tar, f"{ARCHIVE.folder}/readme.html", b"<html></html>")
        for name, fields in batch_files(dataset, seed).items():
            add_file(tar, f"{ARCHIVE.folder}/{name}", (dumps or python2_dumps)(fields))
    return path


def write_batches_folder(dataset: Dataset, folder: Path, seed: int = 0) -> Path:
    """The archive as extracted."""
    folder.mkdir(parents=True)
    for name, fields in batch_files(dataset, seed).items():
        (folder / name).write_bytes(python2_dumps(fields))
    return folder


def add_file(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def python2_dumps(fields: object) -> bytes:
    """A pickle as Python 2 wrote it: protocol 2, byte strings, NumPy's old module names."""
    file = io.BytesIO()
    _Python2Pickler(file, protocol=2).dump(fields)
    return file.getvalue()


_PythonPickler: Any = pickle._Pickler


class _Python2Pickler(_PythonPickler):
    def save_string(self, value: bytes | str) -> None:
        content = value if isinstance(value, bytes) else value.encode("latin1")
        if len(content) < 256:
            self.write(pickle.SHORT_BINSTRING + struct.pack("<B", len(content)) + content)
        else:
            self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(value)

    def save_global(self, value: Any, name: str | None = None) -> None:
        module = value.__module__.replace("numpy._core", "numpy.core")
        self.write(pickle.GLOBAL + f"{module}\n{name or value.__qualname__}\n".encode())
        self.memoize(value)

    dispatch: ClassVar = {**_PythonPickler.dispatch, bytes: save_string, str: save_string}


STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.copyfile"}


def die_before(step: int, root: Path) -> None:
    """Kill this process, as kill -9 does, before its ``step``-th step under ``root``."""
    left = [step]

    def count() -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event in STEPS and str(arguments[0]).startswith(str(root)):
            count()

    def counted_fsync(descriptor: int, fsync: Callable[[int], None] = os.fsync) -> None:
        count()
        fsync(descriptor)

    os.fsync = counted_fsync
    sys.addaudithook(audit)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Remembers which ranges were asked for, and sends them."""

    asked: ClassVar[list[str]] = []
    sends_ranges = True

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("Range", ""))
        start = int(self.asked[-1][len("bytes=") : -1] or 0) if self.sends_ranges else 0
        content = Path(self.translate_path(self.path))
        if not start or not content.exists():
            return super().do_GET()
        rest = content.read_bytes()[start:]
        self.send_response(206 if rest else 416)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest)
        return None


@contextlib.contextmanager
def web_server(folder: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which a web server on this machine offers it."""
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
