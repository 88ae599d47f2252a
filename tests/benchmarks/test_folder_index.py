"""Folders of images: indexed, checked, never copied; what is wrong with them is one line."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_streaming import CLASSES, INFO, TEST, TRAIN, write_images
from torchvision.datasets import ImageFolder

from benchmarks import data as datasets
from benchmarks.data import folder_index, header, store
from benchmarks.data.folder_listing import listed
from benchmarks.data.images import FolderImages, Images
from benchmarks.errors import UserError

OFFICIAL = replace(
    INFO,
    name="official",
    classes=tuple(f"class{label}" for label in range(CLASSES)),
    counts=(CLASSES * TRAIN, CLASSES * TEST),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_images(tmp_path / "images")


def spoil(folder: Path, split: str, label: int, number: int) -> Path:
    """A file that is cut short."""
    path = folder / split / f"class{label}" / f"{number}.JPEG"
    path.write_bytes(path.read_bytes()[:-200])
    return path


def refused(folder: Path, root: Path, **options: int) -> str:
    with pytest.raises(UserError) as caught:
        folder_index.make_index(OFFICIAL, folder, root, **options)
    assert "\n" not in str(caught.value)
    assert not (root / "official").exists()
    return str(caught.value)


def test_an_index_lists_every_file_and_copies_none(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    folder_index.make_index(INFO, folder, root)
    found = store.read(root, INFO.store)
    assert (found.name, found.classes) == ("folder-tiny", ("class0", "class1", "class2"))
    assert found.train.images.shape == (CLASSES * TRAIN, 40, 40, 3)
    assert np.bincount(found.train.labels).tolist() == [TRAIN] * CLASSES
    assert np.bincount(found.test.labels).tolist() == [TEST] * CLASSES
    pixels = np.array(found.train.images)
    for label in range(CLASSES):  # each class is bright in its own channel
        mean = pixels[found.train.labels == label].mean((0, 1, 2))
        assert mean.argmax() == label
    np.testing.assert_allclose(found.mean, pixels.mean((0, 1, 2)) / 255, atol=6e-5)
    np.testing.assert_allclose(found.std, pixels.std((0, 1, 2)) / 255, atol=6e-5)
    assert sum(path.stat().st_size for path in root.rglob("*")) < 30_000
    assert store.verify(INFO, root) == found.digest
    data = FolderImages.imported("folder:tiny", root)
    assert data.identity == found.digest
    assert data.shape == (CLASSES, 256, CLASSES * TRAIN, CLASSES * TEST, True)
    with pytest.raises(UserError, match=r"use FolderImages\.imported"):
        Images(name="folder:tiny")


def test_images_at_any_depth_are_those_of_torchvision(folder: Path, tmp_path: Path) -> None:
    """In its order, of all of its suffixes; what is passed over is counted."""
    first, second = folder / "train" / "class0", folder / "train" / "class1"
    (first / "a" / "sub").mkdir(parents=True)
    for name, to in (("0", "a/sub/0.JPEG"), ("1", "a/z.jpeg"), ("2", "B.jpg")):
        (first / f"{name}.JPEG").rename(first / to)
    for suffix in (".ppm", ".pgm", ".tif", ".tiff", ".bmp", ".webp", ".png"):
        Image.open(second / "0.JPEG").convert("L").save(second / f"more{suffix}")
    expected = ImageFolder(folder / "train").samples
    (first / "a" / ".hidden.png").write_bytes(b"")
    (second / "0.gif").write_bytes(b"")
    (folder / "train" / ".strewn").mkdir()
    (folder / "train" / ".strewn" / "0.JPEG").write_bytes(b"")
    (folder / "train" / "notes.txt").write_text("")
    found, passed_over = listed(folder / "train", ("class0", "class1", "class2"))
    assert [(file.whole, file.label) for file in found] == expected
    assert len(passed_over) == 4
    notes: list[str] = []
    folder_index.make_index(INFO, folder, tmp_path / "data", on_note=notes.append)
    assert header.read_header(tmp_path / "data", INFO.store).counts.train == len(expected)
    (note,) = notes
    strewn = folder / "train" / ".strewn" / "0.JPEG"
    assert note.startswith(f"4 files are no images that are read, such as '{strewn}': those end in")
    (folder / "val" / "class0" / "1.JPEG").unlink()
    for path in passed_over:
        Path(path).unlink()
    data = tmp_path / "other"
    folder_index.make_index(INFO, folder, data, on_note=notes.append)
    assert notes == [note]


def test_the_index_of_a_flat_folder_stays_as_it_was(folder: Path, tmp_path: Path) -> None:
    """Its images are the files of the classes by name, and what runs name it by their content."""
    folder_index.make_index(INFO, folder, tmp_path / "data")
    found = store.read(tmp_path / "data", INFO.store)
    source = found.train.source  # type: ignore[attr-defined]
    by_hand = sorted(
        (label, hashlib.sha256(path.read_bytes()).digest(), f"class{label}/{path.name}")
        for label in range(CLASSES)
        for path in (folder / "train" / f"class{label}").iterdir()
    )
    assert source.files["path"].tolist() == [path.encode() for _, _, path in by_hand]
    digest = hashlib.sha256(b'[1, "files", ["class0", "class1", "class2"], 40]')
    for split, name in ((found.train, "train"), (found.test, "test")):
        files = split.source.files  # type: ignore[attr-defined]
        digest.update(f'["{name}", {len(files)}]'.encode())
        digest.update(files["label"].tobytes() + files["sha256"].tobytes())
    assert found.digest == digest.hexdigest()


def test_links_are_followed_but_not_in_circles(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (folder / "train" / "class0").rename(elsewhere)
    (folder / "train" / "class0").mkdir()
    (folder / "train" / "class0" / "link").symlink_to(elsewhere)
    folder_index.make_index(OFFICIAL, folder, tmp_path / "data")
    (elsewhere / "back").symlink_to(folder / "train" / "class0")
    with pytest.raises(UserError, match="class0/link/back is a link to a folder that it lies in"):
        folder_index.make_index(OFFICIAL, folder, tmp_path / "data")


def test_names_and_places_of_files_do_not_matter(folder: Path, tmp_path: Path) -> None:
    """A moved folder is imported again; other images need another name."""
    root, moved = tmp_path / "data", tmp_path / "moved"
    folder_index.make_index(INFO, folder, root)
    before = store.read(root, INFO.store)
    pixels = np.array(before.train.images)
    folder.rename(moved)
    (moved / "val").rename(moved / "test")
    (moved / "train" / "class0" / "0.JPEG").rename(moved / "train" / "class0" / "other.jpeg")
    with pytest.raises(UserError, match=r"is no longer there: run `reproduce data import folder:t"):
        store.read(root, INFO.store)
    assert header.state(INFO, root)[0] == "damaged"
    folder_index.make_index(INFO, moved, root)
    after = store.read(root, INFO.store)
    assert after.digest == before.digest
    assert np.array_equal(np.array(after.train.images), pixels)
    (moved / "train" / "class0" / "other.jpeg").unlink()
    with pytest.raises(UserError, match="already holds other images"):
        folder_index.make_index(INFO, moved, root)
    assert store.read(root, INFO.store).digest == before.digest
    assert [path.name for path in root.iterdir() if path.name.endswith("partial")] == []


def test_what_cannot_be_read_is_named_counted_and_left_out_on_request(
    folder: Path, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    first, second = spoil(folder, "train", 1, 3), spoil(folder, "val", 2, 0)
    said = refused(folder, root)
    assert said.startswith(f"2 of 33 images cannot be read: {first} is not a readable image: ")
    assert str(second) in said
    assert said.endswith("leave them out with --skip-corrupt 2")
    whole = second.read_bytes()
    second.write_bytes(b"no image")
    assert f"{second} is not a readable image: its format is unknown;" in refused(folder, root)
    second.write_bytes(whole)
    refused(folder, root, skip_corrupt=1)
    folder_index.make_index(OFFICIAL, folder, root, skip_corrupt=2)
    found = header.read_header(root, "official")
    assert (found.counts, found.skipped) == (header.Counts(26, 5), header.Counts(1, 1))
    assert found.identity == OFFICIAL.identity != found.digest
    header.check_header(found, OFFICIAL, root)


def test_an_import_that_was_stopped_reads_nothing_twice(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "data"
    monkeypatch.setattr(folder_index, "TOGETHER", 10)

    def stop(stage: str, done: int, total: int) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder_index.make_index(INFO, folder, root, stop)
    opened: list[str] = []
    real = folder_index.opened
    monkeypatch.setattr(
        folder_index, "opened", lambda f, name: opened.append(name) or real(f, name)
    )
    folder_index.make_index(INFO, folder, root)
    assert len(opened) == CLASSES * (TRAIN + TEST) - 20
    assert [path.name for path in root.iterdir()] == ["folder-tiny"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda f: shutil.rmtree(f / "train" / "class1"),
            "train lacks the class class1: 2 of 3 cl",
        ),
        (
            lambda f: (f / "val" / "more").mkdir(),
            "val has folders that are no class of official: m",
        ),
        (lambda f: shutil.rmtree(f / "val"), "val is missing: expected "),
        (lambda f: (f / "train" / "class1" / "3.JPEG").unlink(), "26 + 6 images, not 27 + 6; comp"),
        (
            lambda f: [p.unlink() for p in (f / "val" / "class0").iterdir()],
            "class0 holds no images (.png, .jpg",
        ),
        (
            lambda f: (
                [p.rename(f / "val" / p.name) for p in (f / "val" / "class0").iterdir()]
                + [shutil.rmtree(f / "val" / f"class{n}") for n in range(CLASSES)]
            ),
            "val holds no class folders: sort the images into ",
        ),
    ],
)
def test_incomplete_folders_are_refused(
    folder: Path, tmp_path: Path, change: Callable[[Path], object], said: str
) -> None:
    change(folder)
    assert said in refused(folder, tmp_path / "data")


def test_a_file_that_has_changed_is_found_by_verify(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    folder_index.make_index(INFO, folder, root)
    spoil(folder, "val", 0, 1)
    with pytest.raises(UserError, match=r"class0/1.JPEG is not the file that was imported"):
        store.verify(INFO, root)


def test_the_register_knows_the_official_classes() -> None:
    known = datasets.info("imagenet")
    assert len(set(known.classes)) == 1_000
    assert known.classes == tuple(sorted(known.classes))
    assert (known.classes[0], known.classes[-1]) == ("n01440764", "n15075141")
    assert set(datasets.info("tiny-imagenet").classes) <= set(known.classes)
    assert known.counts == (1_281_167, 50_000)
    assert known.identity == Images(name="imagenet").identity
    assert known.identity[:16] == "7ea2774dbb235d33"  # runs are named by it: never edit


def test_a_single_class_is_refused(folder: Path, tmp_path: Path) -> None:
    for split in ("train", "val"):
        shutil.rmtree(folder / split / "class1")
        shutil.rmtree(folder / split / "class2")
    with pytest.raises(UserError, match="images has a single class, class0: a network tells at l"):
        folder_index.make_index(INFO, folder, tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["folder:", "folder:a/b", "folder:../x", "folder:.a"])
def test_names_of_folders_are_names_of_stores(name: str) -> None:
    with pytest.raises(UserError, match="name a folder by letters"):
        datasets.info(name)
