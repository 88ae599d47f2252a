"""CUB-200-2011 and Stanford Cars: small archives of the true layout, superclasses, refusals."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_sources import add_file
from official_files import Made, decoded, jpeg
from scipy.io import savemat

from benchmarks.data import DATASETS, Source, fine_grained_names, store
from benchmarks.data.dataset import Split, build
from benchmarks.data.description import Archive, DatasetInfo
from benchmarks.data.header import SPLITS
from benchmarks.data.importing import import_from
from benchmarks.errors import UserError

Files = dict[str, bytes]
# By image: split and class. Classes have their official numbers among few.
IMAGES = [("train", 0), ("test", 1), ("train", 1), ("test", 0), ("train", 2), ("test", 2)]


def pictures() -> list[bytes]:
    """JPEG files of many sizes, one grey."""
    random = np.random.default_rng(4)
    sizes = [(300, 200), (90, 120), (256, 256), (64, 400), (257, 255), (33, 47)]
    pixels = [random.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
    return [jpeg(each[..., 0] if n == 1 else each) for n, each in enumerate(pixels)]


def expected() -> dict[str, Split]:
    found = {}
    for split in SPLITS:
        chosen = [n for n, (of, _) in enumerate(IMAGES) if of == split]
        images = np.stack([decoded(pictures()[n], 256) for n in chosen])
        found[split] = Split(images, np.array([IMAGES[n][1] for n in chosen]))
    return found


def write(path: Path, files: Files) -> None:
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, content in files.items():
            add_file(tar, name, content)


def sums(archive: Archive, folder: Path) -> Archive:
    sources = [
        Source(
            file.name, file.url, f"md5:{hashlib.md5((folder / file.name).read_bytes()).hexdigest()}"
        )
        for file in archive.sources
    ]
    return dataclasses.replace(archive, sources=tuple(sources))


def entry(name: str, folder: Path, archive: Archive | None = None) -> DatasetInfo:
    known = DATASETS[name]
    made = sums(archive or known.archive, folder)
    return dataclasses.replace(known, classes=known.classes[:3], counts=(3, 3), archive=made)


def cub_files(change: Callable[[Files], Any] = id) -> Files:
    classes = DATASETS["cub200"].classes[:3]
    names = [
        f"{classes[label]}/{classes[label][4:]}_{n:04}.jpg" for n, (_, label) in enumerate(IMAGES)
    ]
    lines = {
        "images.txt": names,
        "image_class_labels.txt": [str(label + 1) for _, label in IMAGES],
        "train_test_split.txt": [str(int(split == "train")) for split, _ in IMAGES],
        "classes.txt": list(classes),
    }
    files = {"attributes.txt": b"1 has_bill_shape::curved\n", "CUB_200_2011/README": b"birds\n"}
    for name, jpg in zip(names, pictures(), strict=True):
        files[f"CUB_200_2011/images/{name}"] = jpg
    for name, values in lines.items():
        text = "".join(f"{n} {value}\n" for n, value in enumerate(values, start=1))
        files[f"CUB_200_2011/{name}"] = text.encode()
    change(files)
    return files


def cub(folder: Path, change: Callable[[Files], Any] = id) -> Made:
    path = folder / "CUB_200_2011.tgz"
    write(path, cub_files(change))
    return Made(path, entry("cub200", folder), expected())


def matlab(**fields: Any) -> bytes:
    file = io.BytesIO()
    savemat(file, fields)
    return file.getvalue()


def rows(columns: dict[str, list[Any]]) -> np.ndarray:
    made = np.zeros((1, len(next(iter(columns.values())))), dtype=[(n, object) for n in columns])
    for name, values in columns.items():
        for place, value in enumerate(values):
            made[name][0, place] = value
    return made


def cars(folder: Path, columns: dict[str, list[Any]] | None = None) -> Made:
    names = [f"car_ims/{n:06}.jpg" for n in range(1, len(IMAGES) + 1)]
    write(folder / "car_ims.tgz", dict(zip(names, pictures(), strict=True)))
    annotations: dict[str, list[Any]] = {
        "relative_im_path": names,
        "bbox_x1": [1] * len(names),
        "class": [label + 1 for _, label in IMAGES],
        "test": [int(split == "test") for split, _ in IMAGES],
        **(columns or {}),
    }
    names_of = np.array(DATASETS["cars"].classes[:3], dtype=object)
    content = matlab(annotations=rows(annotations), class_names=names_of)
    (folder / "cars_annos.mat").write_bytes(content)
    info = entry("cars", folder)
    return Made(folder, info, expected())


def devkit(folder: Path) -> Made:
    names_of = np.array(DATASETS["cars"].classes[:3], dtype=object)
    kit = {"devkit/cars_meta.mat": matlab(class_names=names_of), "devkit/README.txt": b"cars"}
    for split in SPLITS:
        chosen = [n for n, (of, _) in enumerate(IMAGES) if of == split]
        names = [f"{place:05}.jpg" for place in range(1, len(chosen) + 1)]
        images = {
            f"cars_{split}/{name}": pictures()[n] for name, n in zip(names, chosen, strict=True)
        }
        write(folder / f"cars_{split}.tgz", images)
        content = matlab(
            annotations=rows({"class": [IMAGES[n][1] + 1 for n in chosen], "fname": names})
        )
        if split == "train":
            kit["devkit/cars_train_annos.mat"] = content
        else:
            (folder / "cars_test_annos_withlabels.mat").write_bytes(content)
    write(folder / "car_devkit.tgz", kit)
    known = DATASETS["cars"].archive
    other = sums(known.others[0], folder)
    archive = dataclasses.replace(known, others=(other,))
    info = dataclasses.replace(
        DATASETS["cars"], classes=DATASETS["cars"].classes[:3], counts=(3, 3), archive=archive
    )
    return Made(folder, info, expected())


@pytest.mark.parametrize("maker", [cub, cars, devkit])
def test_the_store_holds_every_image_resized(maker: Callable[[Path], Made], tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    made = maker(tmp_path / "source")
    import_from(made.info, made.path, tmp_path / "data")
    dataset = store.open_known(made.info, tmp_path / "data")
    assert dataset.digest == build(made.info.name, made.info.classes, made.expected).digest
    assert dataset.train.images.shape == (3, 256, 256, 3)


def test_both_forms_of_the_cars_have_one_name() -> None:
    cars = DATASETS["cars"]
    (other,) = cars.archive.others
    assert cars.is_named_by_sources
    assert dataclasses.replace(
        cars, archive=dataclasses.replace(cars.archive, others=())
    ).identity == (cars.identity)
    assert {file.name for file in other.sources}.isdisjoint(f.name for f in cars.archive.sources)


def replaced(name: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert old in files[f"CUB_200_2011/{name}"]
        files[f"CUB_200_2011/{name}"] = files[f"CUB_200_2011/{name}"].replace(old, new)

    return change


def without(name: str) -> Callable[[Files], None]:
    return lambda files: files.__delitem__(next(n for n in files if n.endswith(name)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("images.txt"), "lacks images.txt"),
        (without("_0002.jpg"), "_0002.jpg, which the annotations name"),
        (replaced("image_class_labels.txt", b"1 1\n", b"1 2\n"), "is of class 2 by image_class"),
        (replaced("image_class_labels.txt", b"1 1\n", b""), "image 1, .* has no class or split"),
        (replaced("train_test_split.txt", b"1 1\n", b"1 7\n"), "image 1, .* has no class or split"),
        (replaced("train_test_split.txt", b"1 1\n", b"1 1\n9 1\n"), "images that images.txt lacks"),
        (replaced("train_test_split.txt", b"1 1\n", b"1 0\n"), "not the complete CUB-200-2011"),
        (replaced("images.txt", b"1 ", b"one more "), "is no number with a value"),
        (replaced("classes.txt", b"Laysan", b"Lesan"), "other classes than CUB-200-2011"),
        (lambda f: f.update({n: b"no" for n in f if n.endswith("_0003.jpg")}), "not a readable"),
    ],
)
def test_lists_that_disagree(change: Callable[[Files], Any], message: str, tmp_path: Path) -> None:
    made = cub(tmp_path, change)
    with pytest.raises(UserError, match=message):
        import_from(made.info, made.path, tmp_path / "data")
    assert not (tmp_path / "data" / "cub200").exists()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"class": [1, 2, 2, 1, 3, 9]}, "the class 9, beyond 1 to 3"),
        ({"test": [0, 1, 0, 1, 0, 3]}, "test is 3, not 0 or 1"),
        ({"test": [0, 1, 0, 1, 0, 0]}, "not the complete Stanford Cars"),
        ({"relative_im_path": [f"car_ims/{n:06}.jpg" for n in range(3, 9)]}, "lacks car_ims/0000"),
    ],
)
def test_annotations_that_disagree(
    columns: dict[str, list[Any]], message: str, tmp_path: Path
) -> None:
    made = cars(tmp_path, columns)
    with pytest.raises(UserError, match=message):
        import_from(made.info, made.path, tmp_path / "data")


def test_archives_that_are_cut_off(tmp_path: Path) -> None:
    made = cub(tmp_path)
    made.path.write_bytes(made.path.read_bytes()[:-4000])
    with pytest.raises(UserError, match="cut off, or not the official"):
        import_from(made.info, made.path, tmp_path / "data")
    with pytest.raises(UserError, match="not a whole tar file"):
        import_from(entry("cub200", tmp_path), made.path, tmp_path / "data")


def test_superclasses_are_those_of_the_names() -> None:
    birds = Counter({g: len(m) for g, m in DATASETS["cub200"].superclasses})
    assert (len(birds), sum(n == 1 for n in birds.values()), birds["Warbler"]) == (70, 33, 25)
    by_word = Counter(fine_grained_names.car_type(n) for n in DATASETS["cars"].classes)
    assert set(by_word) == set(fine_grained_names.CAR_TYPES)
    by_hand = fine_grained_names.CAR_TYPES_BY_HAND
    assert set(by_hand) < set(DATASETS["cars"].classes)
    read = by_word - Counter(by_hand.values())
    assert read == Counter(
        Sedan=46, SUV=34, Convertible=26, Coupe=25, Cab=18, Hatchback=13, Van=7, Wagon=6, Minivan=6
    )
    assert len(by_hand) == 15
