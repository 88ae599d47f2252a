"""Stores: one content, one set of bytes; damage, kills and contenders."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_sources import die_before, info_of, part_of, shuffled, write_class_folders

from benchmarks.data import DATASETS, DatasetInfo, fetching, header, load, store
from benchmarks.data.dataset import Dataset, Split, build, channel_statistics, content_digest
from benchmarks.data.header import SPLITS
from benchmarks.data.importing import import_from
from benchmarks.data.store import read, verify, write
from benchmarks.errors import UserError

FORK = multiprocessing.get_context("fork")
FILES = [f"{split}_{part}.npy" for split in SPLITS for part in ("images", "labels")]
same_folders = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def whole() -> Dataset:
    return load("digits", Path("/nowhere"))


def small_splits() -> dict[str, Split]:
    return part_of(whole(), 3)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return build("small", DATASETS["digits"].classes, small_splits())


@pytest.fixture(scope="module")
def info(dataset: Dataset) -> DatasetInfo:
    return info_of(dataset)


@pytest.fixture
def root(dataset: Dataset, tmp_path: Path) -> Path:
    write(dataset, tmp_path)
    return tmp_path


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def files(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return content(write(dataset, tmp_path_factory.mktemp("pristine")))


# Content and order


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=25)
def test_bytes_do_not_depend_on_the_order_of_the_images(
    seed: int, dataset: Dataset, files: dict[str, bytes]
) -> None:
    splits = {name: shuffled(split, seed) for name, split in small_splits().items()}
    with tempfile.TemporaryDirectory() as folder:
        path = write(build("small", dataset.classes, splits), Path(folder))
        assert content(path) == files


@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_every_pixel_label_and_name_counts(data: st.DataObject, dataset: Dataset) -> None:
    splits, classes = small_splits(), list(dataset.classes)
    split = splits[data.draw(st.sampled_from(SPLITS))]
    what = data.draw(st.sampled_from(["pixel", "label", "class"]))
    row = data.draw(st.integers(0, len(split) - 1))
    if what == "pixel":
        place = tuple(data.draw(st.integers(0, size - 1)) for size in split.images.shape[1:])
        split.images[(row, *place)] ^= data.draw(st.integers(1, 255))
    elif what == "label":
        split.labels[row] = (split.labels[row] + data.draw(st.integers(1, 9))) % 10
    else:
        classes[row % 10] += "x"
    assert build("small", tuple(classes), splits).digest != dataset.digest


@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)),
    seed=st.integers(0, 999),
)
def test_channel_statistics(shape: tuple[int, int, int], seed: int) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)
    mean, std = channel_statistics(images)
    scaled = images.reshape(-1, 3) / 255
    np.testing.assert_allclose(mean, scaled.mean(axis=0), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(std, scaled.std(axis=0), rtol=1e-9, atol=1e-12)


def test_what_is_written_is_read(dataset: Dataset, root: Path) -> None:
    again = read(root, "small")
    for part in ("name", "classes", "digest"):
        assert getattr(again, part) == getattr(dataset, part)
    assert np.array_equal(again.mean, dataset.mean)
    assert np.array_equal(again.std, dataset.std)
    for split in SPLITS:
        ours, theirs = getattr(again, split), getattr(dataset, split)
        assert isinstance(ours.images, np.memmap)
        assert np.array_equal(ours.images, theirs.images)
        assert np.array_equal(ours.labels, theirs.labels)


def test_training_cannot_write(root: Path) -> None:
    dataset = read(root, "small")
    for array in (dataset.train.images, dataset.test.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_others_of_the_group_may_read(root: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    assert (root / "small").stat().st_mode & 0o777 == 0o777 & ~mask


# Damage


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_a_cut_off_file_is_noticed_when_it_is_opened(
    name: str, keep: int, root: Path, info: DatasetInfo
) -> None:
    path = root / "small" / name
    path.write_bytes(path.read_bytes()[:keep])
    for look in (lambda: read(root, "small"), lambda: verify(info, root)):
        with pytest.raises(UserError, match="damaged") as caught:
            look()
        assert str(path) in str(caught.value)
        assert "reproduce data get small" in str(caught.value)
        assert "\n" not in str(caught.value)
    assert header.state(info, root)[0] == "damaged"


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_or_too_long(name: str, root: Path, info: DatasetInfo) -> None:
    path = root / "small" / name
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(UserError, match="too many"):
        read(root, "small")
    path.unlink()
    with pytest.raises(UserError, match="No such file"):
        read(root, "small")
    assert header.state(info, root)[0] == "damaged"


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("train_images.npy", np.zeros((29, 32, 32, 3), np.uint8)),
        ("train_images.npy", np.zeros((30, 32, 32, 3), np.int8)),
        ("test_images.npy", np.zeros((30, 32, 32), np.uint8)),
        ("test_images.npy", np.zeros((30, 32, 32, 4), np.uint8)),
        ("test_labels.npy", np.zeros(30, np.int32)),
        ("test_labels.npy", np.full(30, 10)),
        ("train_labels.npy", np.full(30, -1)),
        ("train_labels.npy", np.zeros((30, 1), np.int64)),
        ("train_labels.npy", np.array([None] * 30)),
    ],
)
def test_other_shapes_types_and_labels(name: str, array: np.ndarray, root: Path) -> None:
    np.save(root / "small" / name, array)
    with pytest.raises(UserError, match=name):
        read(root, "small")


def test_images_of_another_size_than_registered(root: Path, info: DatasetInfo) -> None:
    with pytest.raises(UserError, match="32×32, not 28×28"):
        store.open_known(dataclasses.replace(info, side=28), root)


def complaint(look: Callable[[], object]) -> str | None:
    """What it says, which is one line."""
    try:
        look()
    except UserError as error:
        text = str(error)
        return text if "\n" not in text else pytest.fail(text)
    return None


@given(data=st.data())
@same_folders
def test_any_changed_byte_is_found(
    data: st.DataObject, root: Path, info: DatasetInfo, files: dict[str, bytes]
) -> None:
    """In the arrays' content always; in NumPy's preamble and in store.json, where it matters."""
    name = data.draw(st.sampled_from(sorted(files)))
    place = data.draw(st.integers(0, len(files[name]) - 1))
    garbled = bytearray(files[name])
    garbled[place] ^= data.draw(st.integers(1, 255))
    (root / "small" / name).write_bytes(bytes(garbled))
    found = complaint(lambda: verify(info, root))
    if found is None:
        again = read(root, "small")
        assert content_digest(again.classes, vars(again)) == info.digest
        assert np.array_equal((again.mean, again.std), channel_statistics(again.train.images))
    (root / "small" / name).write_bytes(files[name])
    if name == header.HEADER or place < 128:
        assert found is None or name in found
    else:
        assert found
        assert "digest" in found or name in found


def edit_header(root: Path, **changes: Any) -> None:
    path = root / "small" / header.HEADER
    fields = json.loads(path.read_text())
    path.write_text(json.dumps({**fields, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"store_version": 2},
        {"name": "other"},
        {"mean": [0.5, 0.5]},
        {"mean": [0.5, 0.5, float("nan")]},
        {"std": "wide"},
        {"counts": {"train": 30}},
        {"counts": 30},
        {"classes": None},
        {"digest": "0" * 64},
        {"classes": list("9876543210")},
        {"counts": {"train": 30, "test": 29}},
        {"mean": [0.3, 0.3, 0.3]},
        {"std": [0.3, 0.3, 0.3]},
    ],
)
def test_an_edited_header(changes: dict[str, Any], root: Path, info: DatasetInfo) -> None:
    edit_header(root, **changes)
    with pytest.raises(UserError, match=r"store\.json is damaged"):
        verify(info, root)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, "\udcff"])
def test_a_header_that_is_none(text: str, root: Path, info: DatasetInfo) -> None:
    (root / "small" / header.HEADER).write_text(text, errors="surrogateescape")
    with pytest.raises(UserError, match=r"store\.json is damaged"):
        read(root, "small")
    assert header.state(info, root)[0] == "damaged"


def test_headers_of_the_first_stores_are_read(root: Path, info: DatasetInfo) -> None:
    edit_header(root, source="class folders")
    verify(info, root)


def test_a_missing_store_names_the_commands(tmp_path: Path, info: DatasetInfo) -> None:
    for look in (lambda: read(tmp_path, "small"), lambda: verify(info, tmp_path)):
        with pytest.raises(UserError, match=r"reproduce data get small.*import small PATH"):
            look()
    assert header.state(info, tmp_path) == ("missing", "")


def test_unknown_names() -> None:
    with pytest.raises(UserError, match="no data set 'cifar11'; known: cifar10, cifar100, "):
        load("cifar11", Path("/nowhere"))


# Contenders, kills and folders that cannot be written


def test_a_second_writer_of_the_same_is_harmless(
    dataset: Dataset, root: Path, files: dict[str, bytes]
) -> None:
    before = (root / "small" / "train_images.npy").stat().st_ino
    assert write(dataset, root) == root / "small"
    assert content(root / "small") == files
    assert (root / "small" / "train_images.npy").stat().st_ino == before
    assert [path.name for path in root.iterdir()] == ["small"]


def test_other_content_is_not_overwritten(root: Path, files: dict[str, bytes]) -> None:
    other = part_of(whole(), 2)
    with pytest.raises(UserError, match="already holds other images"):
        write(build("small", DATASETS["digits"].classes, other), root)
    assert content(root / "small") == files


def test_nothing_of_the_users_is_overwritten(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "small").write_text("mine")
    (tmp_path / "b" / "small").mkdir(parents=True)
    (tmp_path / "b" / "small" / "note").write_text("mine")
    for name in "ab":
        with pytest.raises(UserError, match="is in the way"):
            write(dataset, tmp_path / name)
    assert (tmp_path / "a" / "small").read_text() == "mine"
    assert (tmp_path / "b" / "small" / "note").read_text() == "mine"


def test_an_empty_folder_is_not_in_the_way(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    write(dataset, tmp_path)
    assert read(tmp_path, "small").digest == dataset.digest


def test_imports_at_once(info: DatasetInfo, dataset: Dataset, tmp_path: Path) -> None:
    source, root = write_class_folders(dataset, tmp_path / "png"), tmp_path / "data"
    barrier = FORK.Barrier(4)

    def contend() -> None:
        barrier.wait()
        import_from(info, source, root)

    processes = [FORK.Process(target=contend) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    verify(info, root)
    assert [path.name for path in root.iterdir()] == ["small"]


def test_a_kill_at_any_step_leaves_no_half_store(
    info: DatasetInfo, dataset: Dataset, tmp_path: Path, files: dict[str, bytes]
) -> None:
    source = write_class_folders(dataset, tmp_path / "png")
    killed, published = 0, 0
    for step in range(100):
        root = tmp_path / str(step)

        def run(root: Path = root, step: int = step) -> None:
            die_before(step, root)
            import_from(info, source, root)

        process = FORK.Process(target=run)
        process.start()
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        killed += 1
        if header.state(info, root)[0] == "present":
            published += 1
            verify(info, root)
        else:
            assert not (root / "small").exists()
        import_from(info, source, root)
        assert content(root / "small") == files
        assert [path.name for path in root.iterdir()] == ["small"], "leftovers of the dead stay"
        shutil.rmtree(root)
    assert killed >= 15
    assert 1 <= published < killed


def _leftover(root: Path, machine: str, pid: int, age: float = 0) -> Path:
    folder = root / f".small-{machine}-{pid}-0123abcd.partial"
    (folder / "deep").mkdir(parents=True)
    for path in (folder / "deep" / "file", folder / "deep", folder):
        path.touch()
        os.utime(path, (time.time() - age,) * 2)
    return folder


def test_only_stale_leftovers_are_swept(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    here, day = fetching._machine(), 25 * 3600.0
    swept = [_leftover(tmp_path, here, dead.pid), _leftover(tmp_path, "89abcdef", 1, day)]
    kept = [
        _leftover(tmp_path, here, os.getpid()),
        _leftover(tmp_path, "89abcdef", dead.pid),
        tmp_path / ".small-mine.partial",
        tmp_path / "small",
    ]
    for folder in kept[2:]:
        folder.mkdir()
        os.utime(folder, (0, 0))
    with fetching.scratch_folder(tmp_path, "small") as ours:
        assert ours.is_dir()
    assert not any(folder.exists() for folder in [*swept, ours])
    assert all(folder.exists() for folder in kept)


def test_an_old_folder_in_which_something_happens_is_not_stale(tmp_path: Path) -> None:
    folder = _leftover(tmp_path, "89abcdef", 1, age=1e6)
    os.utime(folder / "deep" / "file")
    fetching.sweep(tmp_path)
    assert folder.exists()


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Without root's right to write and read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user reaches, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_read_only_folder(info: DatasetInfo, dataset: Dataset, open_folder: Path) -> None:
    source = write_class_folders(dataset, open_folder / "png")
    root = open_folder / "data"
    root.mkdir(mode=0o555)
    with nobody(), pytest.raises(UserError, match=r"cannot write under .*Permission denied"):
        import_from(info, source, root)
    assert list(root.iterdir()) == []


def test_a_read_only_store_is_read(info: DatasetInfo, dataset: Dataset, open_folder: Path) -> None:
    write(dataset, open_folder)
    for path in (*(open_folder / "small").iterdir(), open_folder / "small"):
        path.chmod(0o555)
    with nobody():
        verify(info, open_folder)
        assert header.state(info, open_folder) == ("present", "")


def test_a_folder_that_cannot_be_looked_into(
    info: DatasetInfo, dataset: Dataset, open_folder: Path
) -> None:
    write(dataset, open_folder / "data")
    source = write_class_folders(dataset, open_folder / "png")
    (open_folder / "data").chmod(0)
    (open_folder / "png" / "train" / "4").chmod(0)
    with nobody():
        for look in (
            lambda: verify(info, open_folder / "data"),
            lambda: import_from(info, source, open_folder / "data"),
            lambda: import_from(info, open_folder / "data" / "x", open_folder / "other"),
        ):
            with pytest.raises(UserError, match="Permission denied"):
                look()
        assert header.state(info, open_folder / "data")[0] == "damaged"
    (open_folder / "data").chmod(0o755)
    with nobody(), pytest.raises(UserError, match="train/4: Permission denied"):
        import_from(info, source, Path(tempfile.mkdtemp(dir="/tmp")))


def test_a_file_in_place_of_the_folder(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    with pytest.raises(UserError, match=r"cannot write under .*data"):
        write(dataset, tmp_path / "data")
    with pytest.raises(UserError, match="no data set small"):
        read(tmp_path / "data", "small")


def test_a_full_disk(dataset: Dataset, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk's end: writing fails in the middle."""
    said = FORK.Queue()

    def run() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            write(dataset, tmp_path)
        except UserError as error:
            said.put(str(error))

    process = FORK.Process(target=run)
    process.start()
    message = said.get(timeout=60)
    process.join()
    assert message.startswith(f"cannot write under {tmp_path} ({os.strerror(errno.EFBIG)})")
    assert list(tmp_path.iterdir()) == []


# CIFAR-10


@pytest.mark.cifar10
def test_cifar10_has_the_known_statistics_and_digest(cifar10_root: Path) -> None:
    verify(DATASETS["cifar10"], cifar10_root)
    dataset = load("cifar10", cifar10_root)
    np.testing.assert_allclose(dataset.mean, (0.49139968, 0.48215841, 0.44653091), atol=5e-9)
    np.testing.assert_allclose(dataset.std, (0.24703223, 0.24348513, 0.26158784), atol=5e-9)
    assert np.bincount(dataset.train.labels).tolist() == [5_000] * 10
    assert np.bincount(dataset.test.labels).tolist() == [1_000] * 10
