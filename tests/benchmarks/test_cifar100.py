"""CIFAR-100: its archive, its class folders, its superclasses, and the real images."""

from __future__ import annotations

import dataclasses
import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import official_files as official
import pytest
from image_sources import python2_dumps, write_class_folders
from import_cases import make, refused
from official_files import Made

from benchmarks.data import DATASETS, store
from benchmarks.data.dataset import build
from benchmarks.data.header import SPLITS
from benchmarks.data.importing import import_from


def test_cifar100_as_extracted(tmp_path: Path) -> None:
    made = make("cifar100", tmp_path)
    shutil.unpack_archive(made.path, tmp_path / "extracted", filter="data")
    path = tmp_path / "extracted" / "cifar-100-python"
    for number, folder in enumerate((path.parent, path)):
        stored = import_from(made.info, folder, tmp_path / str(number))
        assert store.open_known(made.info, stored.parent).identity == made.info.identity
    (path / "test").write_bytes((path / "test").read_bytes() + b" ")
    said = refused(made, tmp_path, path)
    assert said.startswith(f"{path / 'test'} has MD5 ")
    assert said.endswith("not the official test; extract the archive again")
    (path / "test").unlink()
    assert f"{path} lacks test" in refused(made, tmp_path, path)


def test_cifar100_without_its_meta_file(tmp_path: Path) -> None:
    made = make("cifar100", tmp_path)
    shutil.unpack_archive(made.path, tmp_path / "extracted", filter="data")
    (tmp_path / "extracted" / "cifar-100-python" / "meta").unlink()
    assert "lacks meta" in refused(made, tmp_path, tmp_path / "extracted")


def test_other_class_names_than_registered(tmp_path: Path) -> None:
    made = make("cifar100", tmp_path)
    classes = ("apple", "trout", *made.info.classes[2:])
    said = refused(made._replace(info=dataclasses.replace(made.info, classes=classes)), tmp_path)
    assert "meta of" in said
    assert "'aquarium_fish' in place of 'trout'" in said


def unchecked_cifar100(tmp_path: Path) -> tuple[Made, Path]:
    """Its extracted folder and an entry without checksums, so that the reader itself has to judge;
    the pixels' digest is that of the official ones all the same."""
    made = make("cifar100", tmp_path)
    shutil.unpack_archive(made.path, tmp_path / "extracted", filter="data")
    archive = dataclasses.replace(made.info.archive, extracted=())
    entry = dataclasses.replace(made.info, archive=archive)
    return made._replace(info=entry), tmp_path / "extracted" / "cifar-100-python"


@pytest.mark.parametrize("fields", [{}, {b"fine_label_names": 7}, [1], {b"fine_label_names": []}])
def test_a_meta_file_that_names_nothing(fields: Any, tmp_path: Path) -> None:
    made, folder = unchecked_cifar100(tmp_path)
    (folder / "meta").write_bytes(python2_dumps(fields))
    assert "meta of" in refused(made, tmp_path, folder)


def test_cifar100_from_class_folders_is_told_by_its_digest(tmp_path: Path) -> None:
    """Folders give the archive's bytes, and none where two images have changed places."""
    made = make("cifar100", tmp_path)
    whole = build("any", made.info.classes, made.expected)
    folders = write_class_folders(whole, tmp_path / "png")
    ours = import_from(made.info, folders, tmp_path / "ours")
    theirs = import_from(made.info, made.path, tmp_path / "theirs")
    for path in theirs.iterdir():
        assert (ours / path.name).read_bytes() == path.read_bytes(), path.name
    one, other = (next((folders / "train" / name).iterdir()) for name in made.info.classes[:2])
    swapped = one.read_bytes(), other.read_bytes()
    other.write_bytes(swapped[0])
    one.write_bytes(swapped[1])
    said = refused(made, tmp_path, folders)
    assert said.startswith("wrong digest ")
    assert f"{folders} is not the official CIFAR-100" in said


def test_an_archive_of_the_right_images_needs_the_official_checksum(tmp_path: Path) -> None:
    """The checksum stays, though the digest would tell: what is not official may be hostile."""
    made = make("cifar100", tmp_path)
    made.path.write_bytes(gzip.compress(gzip.decompress(made.path.read_bytes()), 9))
    said = refused(made, tmp_path)
    assert f"{made.path} has MD5 " in said
    assert "not the official cifar-100-python.tar.gz" in said


# Superclasses


def test_cifar100_has_twenty_superclasses_of_five() -> None:
    entry = DATASETS["cifar100"]
    assert len(entry.superclasses) == 20
    assert [len(members) for _, members in entry.superclasses] == [5] * 20
    assert sorted(name for _, each in entry.superclasses for name in each) == list(entry.classes)
    assert entry.coarse_labels == tuple(official.COARSE)
    names = [name for name, _ in entry.superclasses]
    assert names == sorted(names)
    of = dict(zip(entry.classes, entry.parents, strict=True))
    assert (of["beaver"], of["worm"]) == ("aquatic_mammals", "non-insect_invertebrates")
    assert not DATASETS["cifar10"].parents
    assert not DATASETS["cifar10"].coarse_labels


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda labels: [4, 1, 14, 0, *labels[4:]], "0 and not 8 for image 3, of class bear"),
        (lambda labels: labels[:-1], "19 of them for 20 images"),
        (lambda labels: [*labels, 0], "21 of them for 20 images"),
        (lambda labels: 7, "0 of them for 20 images"),
        (lambda labels: ["x\n", *labels[1:]], "'x\\n' and not 4 for image 0, of class apple"),
    ],
)
def test_coarse_labels_of_another_table(
    change: Callable[[list[int]], Any], named: str, tmp_path: Path
) -> None:
    made, folder = unchecked_cifar100(tmp_path)
    batch = official.cifar100_batch(made.expected["train"])
    batch[b"coarse_labels"] = change(batch[b"coarse_labels"])
    (folder / "train").write_bytes(python2_dumps(batch))
    said = refused(made, tmp_path, folder)
    assert said.startswith(f"train of {folder} has coarse labels that are not ")
    assert named in said
    assert said.endswith(
        f"fetch cifar-100-python.tar.gz from {official.URL}/{made.path.name} again"
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda names: [b"fishes", *names[1:]], "'fishes' in place of 'aquatic_mammals'"),
        (lambda names: names[:-1], "(19 of them)"),
        (lambda names: 7, "does not name classes"),
    ],
)
def test_other_superclasses_than_registered(
    change: Callable[[list[bytes]], Any], named: str, tmp_path: Path
) -> None:
    made, folder = unchecked_cifar100(tmp_path)
    fine = [name.encode() for name in made.info.classes]
    coarse = change([name.encode() for name, _ in made.info.superclasses])
    meta = {b"fine_label_names": fine, b"coarse_label_names": coarse}
    (folder / "meta").write_bytes(python2_dumps(meta))
    said = refused(made, tmp_path, folder)
    assert said.startswith(f"meta of {folder} ")
    assert named in said


def test_a_copy_without_superclasses_is_as_good(tmp_path: Path) -> None:
    made, folder = unchecked_cifar100(tmp_path)
    for split, part in made.expected.items():
        batch = official.cifar100_batch(part)
        del batch[b"coarse_labels"]
        (folder / split).write_bytes(python2_dumps(batch))
    fine = [name.encode() for name in made.info.classes]
    (folder / "meta").write_bytes(python2_dumps({b"fine_label_names": fine}))
    path = import_from(made.info, folder, tmp_path / "data")
    assert store.verify(made.info, path.parent) == made.info.digest


# The real images


@pytest.mark.cifar100
def test_cifar100_has_the_known_statistics_and_digest(cifar100_root: Path) -> None:
    entry = DATASETS["cifar100"]
    assert store.verify(entry, cifar100_root) == entry.identity
    dataset = store.open_known(entry, cifar100_root)
    np.testing.assert_allclose(dataset.mean, (0.50707516, 0.48654887, 0.44091784), atol=5e-9)
    np.testing.assert_allclose(dataset.std, (0.26733429, 0.25643846, 0.27615047), atol=5e-9)
    for part, each in ((dataset.train, 500), (dataset.test, 100)):
        assert np.bincount(part.labels).tolist() == [each] * 100
        coarse = np.array(entry.coarse_labels)[part.labels]
        assert np.bincount(coarse).tolist() == [5 * each] * 20


@pytest.mark.cifar100
def test_real_superclasses_group_classes_that_look_alike(cifar100_root: Path) -> None:
    """By the classes' mean images: a label, or a line of the table, that means something else
    brings the classes of a superclass no nearer to each other than to others."""
    entry = DATASETS["cifar100"]
    train = store.open_known(entry, cifar100_root).train
    means = train.images.reshape(100, 500, -1).mean(axis=1)  # the canonical order is by label
    assert (train.labels.reshape(100, 500) == np.arange(100)[:, None]).all()
    distance = np.linalg.norm(means[:, None] - means[None], axis=-1)
    coarse, other = np.array(entry.coarse_labels), ~np.eye(100, dtype=bool)
    random = np.random.default_rng(0)

    def within(groups: np.ndarray) -> float:
        return float(distance[(groups[:, None] == groups) & other].mean())

    shuffled = [within(random.permutation(coarse)) for _ in range(999)]
    assert within(coarse) < min(shuffled)


@pytest.mark.cifar100
@pytest.mark.slow
def test_cifar100_from_its_archive(cifar100_root: Path, tmp_path: Path) -> None:
    """The real images, exported in another order, come back as the store they are from, and the
    archive's coarse labels are read and agree."""
    entry = DATASETS["cifar100"]
    dataset = store.open_known(entry, cifar100_root)
    archive, copy = official.write_cifar100(dataset, tmp_path / "archive", seed=11)
    path = import_from(copy, archive, tmp_path)
    for name in (f"{split}_{part}.npy" for split in SPLITS for part in ("images", "labels")):
        assert (path / name).read_bytes() == (cifar100_root / "cifar100" / name).read_bytes()
    assert store.open_known(entry, path.parent).identity == entry.identity
    shutil.rmtree(tmp_path)
