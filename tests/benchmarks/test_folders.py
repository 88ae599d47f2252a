"""Class folders of images as users bring them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from image_sources import gather, info_of, part_of, write_class_folders
from PIL import Image

from benchmarks.data import DatasetInfo, load
from benchmarks.data.dataset import Dataset, build
from benchmarks.data.pictures import read_class_folders
from benchmarks.errors import UserError


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    whole = load("digits", Path("/nowhere"))
    return build("small", whole.classes, part_of(whole, 4))


@pytest.fixture
def folders(dataset: Dataset, tmp_path: Path) -> Path:
    return write_class_folders(dataset, tmp_path / "png")


@pytest.fixture
def info(dataset: Dataset) -> DatasetInfo:
    return info_of(dataset)


def test_all_digits_as_files_are_the_embedded_ones(tmp_path: Path) -> None:
    whole = load("digits", Path("/nowhere"))
    splits = gather(
        read_class_folders(write_class_folders(whole, tmp_path / "png"), info_of(whole))
    )
    assert build("digits", whole.classes, splits).digest == whole.digest


def test_names_and_order_of_files_do_not_matter(
    folders: Path, info: DatasetInfo, dataset: Dataset
) -> None:
    for number, path in enumerate(sorted(folders.glob("*/*/*.png"))):
        path.rename(path.with_name(f"{(number * 37) % 101:03}-{number}.PNG"))
    splits = gather(read_class_folders(folders, info))
    assert build("small", info.classes, splits).digest == dataset.digest


def test_labels_follow_the_order_of_the_classes(folders: Path, dataset: Dataset) -> None:
    backwards = DatasetInfo("small", "", dataset.classes[::-1], (40, 40), 32, "")
    splits = gather(read_class_folders(folders, backwards))
    for split, expected in (("train", dataset.train), ("test", dataset.test)):
        by_pixels = dict(
            zip([i.tobytes() for i in expected.images], expected.labels.tolist(), strict=True)
        )
        for image, label in zip(splits[split].images, splits[split].labels, strict=True):
            assert by_pixels[image.tobytes()] == 9 - label


def test_what_systems_strew_about_is_left_out(
    folders: Path, info: DatasetInfo, dataset: Dataset
) -> None:
    (folders / "train" / "3" / "._00001.png").write_bytes(b"\0\5\26\7")
    (folders / "train" / "3" / "Thumbs.db").write_bytes(b"x")
    (folders / "test" / ".ipynb_checkpoints").mkdir()
    (folders / "test" / "notes.txt").write_text("x")
    splits = gather(read_class_folders(folders, info))
    assert build("small", info.classes, splits).digest == dataset.digest


def _remove_split(root: Path) -> Path:
    shutil.rmtree(root / "test")
    return root / "test"


def _remove_class(root: Path) -> str:
    shutil.rmtree(root / "train" / "7")
    return "class folders missing: 7"


def _add_class(root: Path) -> str:
    (root / "train" / "seven").mkdir()
    return "not expected: seven"


def _empty_class(root: Path) -> str:
    for path in (root / "test" / "2").iterdir():
        path.unlink()
    return "2 holds no images"


def _garble(root: Path) -> Path:
    path = sorted((root / "train" / "5").iterdir())[2]
    path.write_bytes(b"no image at all")
    return path


def _cut_off(root: Path) -> Path:
    path = sorted((root / "test" / "5").iterdir())[1]
    path.write_bytes(path.read_bytes()[:60])
    return path


def _empty_file(root: Path) -> Path:
    path = sorted((root / "test" / "0").iterdir())[0]
    path.write_bytes(b"")
    return path


def _dangling_link(root: Path) -> Path:
    path = root / "train" / "1" / "gone.png"
    path.symlink_to(root / "nowhere.png")
    return path


def _resize(root: Path) -> str:
    path = sorted((root / "train" / "9").iterdir())[0]
    Image.fromarray(np.zeros((30, 28, 3), np.uint8)).save(path)
    return f"{path} is 28×30, not 32×32"


@pytest.mark.parametrize(
    "damage",
    [
        _remove_split,
        _remove_class,
        _add_class,
        _empty_class,
        _garble,
        _cut_off,
        _empty_file,
        _dangling_link,
        _resize,
    ],
)
def test_one_line_names_what_is_wrong(damage, folders: Path, info: DatasetInfo) -> None:  # type: ignore[no-untyped-def]
    named = str(damage(folders))
    with pytest.raises(UserError) as caught:
        gather(read_class_folders(folders, info))
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)
