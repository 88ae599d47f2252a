"""Scenes: the official archives' layouts on small ones, and what is wrong with them in one line."""

from __future__ import annotations

import io
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.data import importing, info, scenes, store
from benchmarks.data.dataset import Split
from benchmarks.errors import UserError

CLASSES = ("bedroom", "CALsuburb", "store")
SCENES = replace(info("scenes15"), classes=CLASSES, counts=(6, 9), side=16, folds=())
INDOOR = replace(info("mit67"), classes=("bakery", "gym"), counts=(4, 2), side=16)


def jpeg(red: int, height: int, width: int) -> bytes:
    """A grey-green picture whose red value names it."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (red, 90, 90)).save(file, "PNG")
    return file.getvalue()


def scene_files() -> dict[str, bytes]:
    """Five pictures a class, as the archive names them."""
    return {
        f"scene_categories/{name}/image_{number:04}.jpg": jpeg(60 * label + 10 * number, 20, 30)
        for label, name in enumerate(CLASSES)
        for number in range(1, 6)
    }


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


@pytest.fixture(autouse=True)
def _two_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "TRAINING_IMAGES", 2)


def reds(split: Split) -> set[int]:
    return set(np.array(split.images)[:, 0, 0, 0].tolist())


def test_random_splits_of_15_scenes(tmp_path: Path) -> None:
    """Of an archive and of what it extracts to; five different ones that cover every image."""
    files = scene_files()
    archive = write_zip(tmp_path / "scene_categories.zip", files)
    folder = write_folder(tmp_path / "extracted", files)
    splits = []
    for fold in range(5):
        data = replace(SCENES, fold=fold)
        importing.import_from(data, archive, tmp_path / "a")
        importing.import_from(data, folder, tmp_path / "b")
        one, other = (store.open_known(data, tmp_path / root) for root in "ab")
        assert one.digest == other.digest
        assert np.bincount(one.train.labels).tolist() == [2, 2, 2]
        assert one.train.images.shape == (6, 16, 16, 3)
        assert len(reds(one.train) | reds(one.test)) == 15
        splits.append(frozenset(reds(one.train)))
    assert len(set(splits)) == 5
    assert len({replace(SCENES, fold=fold).identity for fold in range(5)}) == 5


def test_what_is_wrong_with_an_archive_of_scenes(tmp_path: Path) -> None:
    files = scene_files()
    lacking = {name: c for name, c in files.items() if "CALsuburb" not in name}
    short = {name: c for name, c in files.items() if not name.endswith("5.jpg")}
    broken = {**files, "scene_categories/store/image_0002.jpg": b"no picture"}
    for number, (content, said) in enumerate(
        [
            (lacking, "no images of CALsuburb"),
            (short, "is not the complete"),
            (broken, "image_0002"),
        ]
    ):
        archive = write_zip(tmp_path / f"{number}.zip", content)
        with pytest.raises(UserError, match=said) as caught:
            importing.import_from(SCENES, archive, tmp_path / "data")
        assert "\n" not in str(caught.value)
    (tmp_path / "3.zip").write_bytes(archive.read_bytes()[:-40])
    (tmp_path / "some.py").write_text("print()\n" * 200)
    for name in ("3.zip", "some.py"):
        with pytest.raises(
            UserError,
            match=rf"{name} is no whole archive: neither a zip nor a tar file, or cut off; fetch",
        ):
            importing.import_from(SCENES, tmp_path / name, tmp_path / "data")
    assert not (tmp_path / "data" / SCENES.store).exists()
    with pytest.raises(
        UserError, match=r"put scene_categories.zip from http\S+ into a folder, and"
    ):
        importing.download(SCENES, tmp_path / "data")


def indoor(folder: Path, test: str = "gym/g2.jpg\nbakery/b2.jpg") -> Path:
    """The archive with an image too many, and the official lists."""
    folder.mkdir()
    with tarfile.open(folder / "indoorCVPR_09.tar", "w") as archive:
        for label, name in enumerate(("bakery", "gym")):
            for number in range(4):
                content = jpeg(100 * label + 10 * number, 24, 18)
                entry = tarfile.TarInfo(f"Images/{name}/{name[0]}{number}.jpg")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    (folder / "TrainImages.txt").write_text(
        "gym/g0.jpg\nbakery/b3.jpg\ngym/g1.jpg\nbakery/b0.jpg\n"
    )
    (folder / "TestImages.txt").write_text(test)
    return folder


def test_the_official_lists_of_mit_indoor(tmp_path: Path) -> None:
    folder = indoor(tmp_path / "official")
    importing.import_from(INDOOR, folder, tmp_path / "a")
    found = store.open_known(INDOOR, tmp_path / "a")
    assert (reds(found.train), reds(found.test)) == ({0, 30, 100, 110}, {20, 120})
    assert found.identity == INDOOR.identity
    with tarfile.open(folder / "indoorCVPR_09.tar") as archive:
        archive.extractall(folder, filter="data")
    (folder / "indoorCVPR_09.tar").unlink()
    importing.import_from(INDOOR, folder, tmp_path / "b")
    assert store.open_known(INDOOR, tmp_path / "b").digest == found.digest


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (
            "gym/g2.jpg\nbakery/none.jpg",
            r"names 1 image that .* does not hold, such as bakery/none",
        ),
        ("gym/g2.jpg\nbakery/b3.jpg", "bakery/b3.jpg is in both lists"),
        ("gym/g2.jpg\ngym/g2.jpg", "TestImages.txt names an image twice"),
        ("gym/g2.jpg\ncasino/c.jpg", "names 'casino/c.jpg', which is no image of"),
        ("gym/g2.jpg", r"4 \+ 1"),
    ],
)
def test_wrong_lists_are_refused(tmp_path: Path, test: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        importing.import_from(INDOOR, indoor(tmp_path / "official", test), tmp_path / "data")
    assert "\n" not in str(caught.value)


def test_the_registered_counts_are_the_protocols() -> None:
    assert (len(info("scenes15").classes), len(info("mit67").classes)) == (15, 67)
    assert info("scenes15").counts == (15 * 100, 4_485 - 15 * 100)
    assert info("mit67").counts == (67 * 80, 67 * 20)
    assert len(info("scenes15").folds) == 5
