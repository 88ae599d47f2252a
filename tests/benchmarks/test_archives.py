"""Official archives: the same bytes as from class folders, and nothing that they smuggle in."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import multiprocessing
import os
import pickle
import shutil
import signal
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torchvision.datasets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_sources import (
    ARCHIVE,
    Quiet,
    add_file,
    batch_files,
    gather,
    info_of,
    part_of,
    python2_dumps,
    web_server,
    write_archive,
    write_batches_folder,
    write_class_folders,
)

from benchmarks.data import DATASETS, DatasetInfo, Source, fetching, load
from benchmarks.data.dataset import Dataset, Split, build
from benchmarks.data.importing import download, import_from
from benchmarks.data.pickled_batches import read_batches_folder, read_tar
from benchmarks.data.pictures import Chunk
from benchmarks.data.store import verify
from benchmarks.errors import UserError

BATCHES = (*ARCHIVE.train, *ARCHIVE.test)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    whole = load("digits", Path("/nowhere"))
    return build("small", whole.classes, part_of(whole, 3))


@pytest.fixture(scope="module")
def info(dataset: Dataset) -> DatasetInfo:
    return info_of(dataset)


def digest(chunks: Iterable[Chunk], info: DatasetInfo) -> str:
    return build(info.name, info.classes, gather(chunks)).digest


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# The same images, whichever way they come


def test_all_ways_give_the_same_bytes(dataset: Dataset, info: DatasetInfo, tmp_path: Path) -> None:
    """Colour images too: noise in the red channel tells channels, rows and columns apart."""
    random = np.random.default_rng(5)
    splits = {}
    for name in ("train", "test"):
        split: Split = getattr(dataset, name)
        images = split.images.copy()
        images[..., 0] = random.integers(0, 256, images.shape[:3])
        splits[name] = Split(images, split.labels)
    colourful = build("small", dataset.classes, splits)
    info = info_of(colourful)
    folder = tmp_path / "torchvision" / ARCHIVE.folder
    sources = [
        write_class_folders(colourful, tmp_path / "png"),
        write_archive(colourful, tmp_path / "small-python.tar.gz", seed=1),
        write_archive(colourful, tmp_path / "unpacked.tar", seed=2),
        write_batches_folder(colourful, folder, seed=3),
        folder.parent,
    ]
    (tmp_path / "downloads").mkdir()
    shutil.copy(tmp_path / "small-python.tar.gz", tmp_path / "downloads")
    sources.append(tmp_path / "downloads")
    stores = []
    for number, source in enumerate(sources):
        path = import_from(info, source, tmp_path / f"data{number}")
        verify(info, path.parent)
        stores.append(content(path))
    assert all(store == stores[0] for store in stores[1:])
    assert len(stores[0]) == 5


def test_the_test_archive_is_of_python_2s_kind(dataset: Dataset) -> None:
    """As in the official files: byte strings, the old module, readable by the documented call."""
    text = python2_dumps(batch_files(dataset, 0)["data_batch_1"])
    assert text.startswith(b"\x80\x02}q\x00(U\x0bbatch_labelq\x01U\x15training batch 1 of 5")
    assert b"cnumpy.core.multiarray\n_reconstruct\n" in text
    fields = pickle.loads(text, encoding="bytes")
    assert set(fields) == {b"batch_label", b"labels", b"data", b"filenames"}
    assert fields[b"data"].shape == (6, 3_072)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_copies_made_by_python_3(
    protocol: int, dataset: Dataset, info: DatasetInfo, tmp_path: Path
) -> None:
    def dumps(fields: dict[bytes, Any]) -> bytes:
        return pickle.dumps({k.decode(): v for k, v in fields.items()}, protocol=protocol)

    path = write_archive(dataset, tmp_path / "small.tar", dumps=dumps)
    assert digest(read_tar({path.name: path}, info), info) == dataset.digest


def test_pixels_in_columns_first(dataset: Dataset, info: DatasetInfo, tmp_path: Path) -> None:
    def dumps(fields: dict[bytes, Any]) -> bytes:
        pixels = fields.get(b"data")
        turned = {} if pixels is None else {b"data": np.asfortranarray(pixels)}
        return python2_dumps({**fields, **turned})

    path = write_archive(dataset, tmp_path / "small.tar", dumps=dumps)
    assert digest(read_tar({path.name: path}, info), info) == dataset.digest


# Incomplete, garbled and hostile files


def test_an_incomplete_set_is_no_store(dataset: Dataset, tmp_path: Path) -> None:
    larger = load("digits", Path("/nowhere"))
    info = dataclasses.replace(info_of(larger), title="Digits")
    source = write_class_folders(dataset, tmp_path / "png")
    with pytest.raises(UserError) as caught:
        import_from(info, source, tmp_path / "data")
    assert str(caught.value) == (
        f"{source} is not the complete Digits (1,297 + 500 images expected, found 30 + 30; fewest "
        "in train/0 with 3 and test/0 with 3)"
    )
    assert list((tmp_path / "data").iterdir()) == []


def test_one_other_pixel(dataset: Dataset, info: DatasetInfo, tmp_path: Path) -> None:
    images = dataset.test.images.copy()
    images[7, 5, 5, 0] ^= 1
    other = {"train": dataset.train, "test": Split(images, dataset.test.labels)}
    path = write_archive(build("small", info.classes, other), tmp_path / "small.tar")
    with pytest.raises(UserError, match=r"wrong digest.*30 \+ 30 images as expected, but other"):
        import_from(info, path, tmp_path / "data")


@pytest.mark.parametrize("keep", [0, 1, 10, 500, 0.5, 0.9])
@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_a_download_that_was_cut_off(
    keep: float, suffix: str, dataset: Dataset, info: DatasetInfo, tmp_path: Path
) -> None:
    path = write_archive(dataset, tmp_path / f"small{suffix}")
    whole = path.read_bytes()
    end = int(keep * len(whole)) if 0 < keep < 1 else int(keep)
    path.write_bytes(whole[:end])
    with pytest.raises(UserError, match=r"is not a whole tar file|it is cut off") as caught:
        gather(read_tar({path.name: path}, info))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_web_page_in_place_of_the_archive(info: DatasetInfo, tmp_path: Path) -> None:
    path = tmp_path / "small-python.tar.gz"
    path.write_text("<html>Please log in</html>\n" * 100)
    with pytest.raises(UserError, match="not a whole tar file"):
        import_from(info, path, tmp_path / "data")


def test_paths_that_hold_nothing(info: DatasetInfo, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        UserError, match=r"empty holds no \{train,test\}/<class>/\*\.png or small-py"
    ):
        import_from(info, tmp_path / "empty", tmp_path / "data")
    with pytest.raises(UserError, match="gone does not exist"):
        import_from(info, tmp_path / "gone", tmp_path / "data")


def test_an_archive_without_a_batch(dataset: Dataset, info: DatasetInfo, tmp_path: Path) -> None:
    folder = write_batches_folder(dataset, tmp_path / "batches")
    (folder / "data_batch_3").unlink()
    (folder / "test_batch").unlink()
    with pytest.raises(UserError, match=r"lacks data_batch_3, test_batch.*https://example\.org"):
        gather(read_batches_folder(folder, info))


def test_an_archive_with_a_batch_twice(dataset: Dataset, info: DatasetInfo, tmp_path: Path) -> None:
    path = write_archive(dataset, tmp_path / "small.tar")
    batch = python2_dumps(batch_files(dataset, 7)["test_batch"])
    with tarfile.open(path, "a") as tar:
        add_file(tar, "again/test_batch", batch)
    with pytest.raises(UserError, match="holds test_batch twice"):
        gather(read_tar({path.name: path}, info))


def test_members_are_not_extracted(
    dataset: Dataset, info: DatasetInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where their paths point to, nor anywhere else; links are not followed."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    path = tmp_path / "small.tar"
    with tarfile.open(path, "w") as tar:
        for number, (name, fields) in enumerate(batch_files(dataset, 0).items()):
            place = ["../", f"{tmp_path}/abs/", "./a/../../"][number % 3]
            add_file(tar, place + name, python2_dumps(fields))
        link = tarfile.TarInfo("link/data_batch_1")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert digest(read_tar({path.name: path}, info), info) == dataset.digest
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["here", "small.tar"]


def test_a_member_too_large(dataset: Dataset, info: DatasetInfo, tmp_path: Path) -> None:
    path = tmp_path / "small.tar"
    with tarfile.open(path, "w") as tar:
        add_file(tar, "data_batch_1", bytes(4_000_000))
    with pytest.raises(UserError, match="too large for a batch"):
        gather(read_tar({path.name: path}, info))


class Payload:
    """Unpickled in the ordinary way, it makes a folder."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self.reduction = (call, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.reduction


def replaced(dataset: Dataset, folder: Path, content: bytes) -> Path:
    folder = write_batches_folder(dataset, folder)
    (folder / "data_batch_2").write_bytes(content)
    return folder


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_batch_that_runs_code_does_not(
    protocol: int, dataset: Dataset, info: DatasetInfo, tmp_path: Path
) -> None:
    mark = str(tmp_path / "mark")
    for number, payload in enumerate(
        [
            Payload(os.mkdir, mark),
            Payload(eval, f"__import__('os').mkdir({mark!r})"),
            Payload(getattr, os.mkdir, "__call__"),
            Payload(np.zeros(1).__reduce__()[0], np.ndarray, (2**40,), b"b"),
        ]
    ):
        fields = {b"labels": payload, b"data": payload}
        hostile = pickle.dumps(fields, protocol=protocol)
        folder = replaced(dataset, tmp_path / str(number), hostile)
        with pytest.raises(UserError, match=r"data_batch_2 of .* is not a batch of"):
            gather(read_batches_folder(folder, info))
    pickle.loads(pickle.dumps(Payload(os.mkdir, mark)))
    assert Path(mark).exists(), "the payload itself works"


def test_no_attribute_of_ours_is_set(dataset: Dataset, info: DatasetInfo, tmp_path: Path) -> None:
    """BUILD on an admitted name would reach into this program."""
    hostile = b"\x80\x02c_codecs\nencode\n(NU\x0c__defaults__}tb."
    folder = replaced(dataset, tmp_path / "batches", hostile)
    with pytest.raises(UserError, match="it sets attributes"):
        gather(read_batches_folder(folder, info))


@pytest.mark.parametrize(
    "changes",
    [
        {b"labels": [0] * 5},
        {b"labels": [0, 1, 2, 3, 4, 10]},
        {b"labels": [0, 1, 2, 3, 4, -1]},
        {b"labels": [0, 1, 2, 3, 4, 5.0]},
        {b"labels": [0, 1, 2, 3, 4, True]},
        {b"labels": None},
        {b"data": None},
        {b"data": np.zeros((6, 3_073), np.uint8)},
        {b"data": np.zeros((6, 3_072), np.int16)},
        {b"data": np.zeros((6, 3_072), object)},
        {b"data": np.zeros(6 * 3_072, np.uint8)},
    ],
)
def test_batches_of_other_content(
    changes: dict[bytes, Any], dataset: Dataset, info: DatasetInfo, tmp_path: Path
) -> None:
    fields = {**batch_files(dataset, 0)["data_batch_2"], **changes}
    folder = replaced(dataset, tmp_path / "batches", python2_dumps(fields))
    with pytest.raises(UserError, match=r"data_batch_2 of .* is not a batch of") as caught:
        gather(read_batches_folder(folder, info))
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def plain_tar(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_archive(dataset, tmp_path_factory.mktemp("tar") / "small.tar").read_bytes()


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_garbled_archive_gives_one_line_or_other_images(
    data: st.DataObject, plain_tar: bytes, info: DatasetInfo, tmp_path: Path
) -> None:
    """Damage around the structures: the heads of members and pickles, where it can do most."""
    garbled = bytearray(plain_tar)
    starts = [place for place in range(0, len(garbled), 512) if b"ustar" in garbled[place:][:512]]
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(starts)) + data.draw(st.integers(0, 1_500))
        garbled[min(place, len(garbled) - 1)] = data.draw(st.integers(0, 255))
    path = tmp_path / "garbled.tar"
    path.write_bytes(bytes(garbled))
    try:
        splits = gather(read_tar({path.name: path}, info))
    except UserError as error:
        message = str(error)
        if "\n" in message:
            pytest.fail(message)
    else:
        assert set(splits) == {"train", "test"}


def test_garbled_compression(plain_tar: bytes, info: DatasetInfo, tmp_path: Path) -> None:
    squeezed = bytearray(gzip.compress(plain_tar, 1))
    for place in range(20, len(squeezed), len(squeezed) // 40):
        garbled = squeezed.copy()
        garbled[place] ^= 0xFF
        path = tmp_path / "small.tar.gz"
        path.write_bytes(bytes(garbled))
        with pytest.raises(UserError) as caught:
            import_from(info, path, tmp_path / "data")
        assert "\n" not in str(caught.value)


# Download


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    with web_server(tmp_path / "www") as folder_and_address:
        yield folder_and_address


@pytest.fixture
def offered(
    dataset: Dataset, served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, DatasetInfo]:
    """The small archive as a web server offers it, and an entry with its address and checksum."""
    folder, address = served
    path = write_archive(dataset, folder / ARCHIVE.filename, seed=4)
    checksum = f"md5:{hashlib.md5(path.read_bytes()).hexdigest()}"
    source = Source(path.name, f"{address}/{path.name}", checksum, required=False)
    archive = dataclasses.replace(ARCHIVE, sources=(source,))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return path, dataclasses.replace(info_of(dataset), archive=archive, named_by_content=True)


def test_a_download_gives_the_same_bytes(
    offered: tuple[Path, DatasetInfo], dataset: Dataset, tmp_path: Path
) -> None:
    path, info = offered
    seen: list[tuple[str, int, int]] = []
    got = download(info, tmp_path / "got", lambda *step: seen.append(step))
    size = path.stat().st_size
    assert ("downloading", size, size) in seen
    source = write_class_folders(dataset, tmp_path / "png")
    assert content(got) == content(import_from(info, source, tmp_path / "imported"))
    assert [path.name for path in (tmp_path / "got").iterdir()] == ["small"]
    path.unlink()
    assert download(info, tmp_path / "got") == got, "what is there is not fetched again"


@pytest.mark.parametrize("damage", ["checksum", "gone", "no server"])
def test_a_download_that_fails_names_the_other_way(
    damage: str, offered: tuple[Path, DatasetInfo], tmp_path: Path
) -> None:
    path, info = offered
    if damage == "checksum":
        path.write_bytes(path.read_bytes() + b"x")
    elif damage == "gone":
        path.unlink()
    else:
        archive = dataclasses.replace(ARCHIVE, sources=(Source("x", "http://127.0.0.1:9/x"),))
        info = dataclasses.replace(info, archive=archive)
    with pytest.raises(UserError) as caught:
        download(info, tmp_path / "data")
    assert "cannot download small (" in str(caught.value)
    assert info.archive.url in str(caught.value)
    assert "`reproduce data import small PATH`" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("sends_ranges", [True, False])
@pytest.mark.parametrize("killed_when", ["downloading", "reading images"])
def test_a_killed_download_carries_on(
    killed_when: str,
    sends_ranges: bool,
    offered: tuple[Path, DatasetInfo],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, info = offered
    monkeypatch.setattr(fetching, "MIB", 8200)  # more than is buffered
    monkeypatch.setattr(Quiet, "sends_ranges", sends_ranges)
    monkeypatch.setattr(Quiet, "asked", [])
    root = tmp_path / "data"

    def die(stage: str, done: int, total: int) -> None:
        if stage == killed_when:
            os.kill(os.getpid(), signal.SIGKILL)

    process = multiprocessing.get_context("fork").Process(target=download, args=(info, root, die))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with fetching.scratch_folder(root, "other"):
        assert [p.name.partition("-")[0] for p in root.glob("*.partial")].count(".small.download")
    (part,) = root.glob("*.download-*/*")
    start = part.stat().st_size
    got = download(info, root)
    assert verify(info, root) == info.digest
    assert [p.name for p in root.iterdir()] == [got.name]
    if killed_when == "downloading":
        assert 0 < start < path.stat().st_size
        assert Quiet.asked == ["", f"bytes={start}-"]
    else:
        assert Quiet.asked == [""], "what has come is not fetched again"


def test_another_copy_than_published_may_be_imported(
    offered: tuple[Path, DatasetInfo], dataset: Dataset, tmp_path: Path
) -> None:
    """Where runs name the data set by its content, that decides."""
    _, info = offered
    copy = write_archive(dataset, tmp_path / "small-python.tar.gz", seed=5)
    path = import_from(info, copy, tmp_path / "data")
    assert verify(info, path.parent) == dataset.digest


def test_the_register_agrees_with_torchvision() -> None:
    official, archive = torchvision.datasets.CIFAR10, DATASETS["cifar10"].archive
    assert archive.url == official.url
    assert archive.filename == official.filename
    assert archive.sources[0].checksum == f"md5:{official.tgz_md5}"
    assert archive.folder == official.base_folder
    assert list(archive.train) == [name for name, _ in official.train_list]
    assert list(archive.test) == [name for name, _ in official.test_list]


# CIFAR-10 itself


@pytest.mark.cifar10
def test_cifar10_from_its_archive(cifar10_root: Path, tmp_path: Path) -> None:
    """The real images, exported in another order, come back as the store they are from."""
    info, dataset = DATASETS["cifar10"], load("cifar10", cifar10_root)
    path = import_from(info, write_archive(dataset, tmp_path / "a.tar.gz", seed=11), tmp_path)
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        ours = (path / f"{name}.npy").read_bytes()
        assert ours == (cifar10_root / "cifar10" / f"{name}.npy").read_bytes()
    verify(info, path.parent)
    shutil.rmtree(tmp_path)
