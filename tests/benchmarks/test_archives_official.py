"""The official files of the other data sets: what a store of them holds, and what is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import official_files as official
import pytest
import torchvision.datasets
from image_sources import die_before, web_server, write_class_folders
from import_cases import make, refused
from official_files import MAKERS, Made

from benchmarks.data import DATASETS, DatasetInfo, fetching, header, info, store
from benchmarks.data.dataset import Split, build
from benchmarks.data.header import SPLITS
from benchmarks.data.importing import assemble, download, import_from
from benchmarks.data.pictures import Chunk, read_grey
from benchmarks.errors import UserError


@pytest.fixture(params=MAKERS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    (tmp_path / "source").mkdir()
    return MAKERS[request.param](tmp_path / "source")


BY_SOURCES = [name for name in MAKERS if DATASETS[name].is_named_by_sources]


@pytest.fixture(params=BY_SOURCES)
def named_by_sources(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    """Those that runs name by the checksums of their official files."""
    return make(request.param, tmp_path)


def as_set(split: Split) -> list[tuple[int, bytes]]:
    pairs = zip(split.labels.tolist(), split.images, strict=True)
    return sorted((label, image.tobytes()) for label, image in pairs)


def rechecked(made: Made) -> Made:
    """With the checksums of what now lies there, so that the readers themselves have to judge."""
    folder = made.path if made.path.is_dir() else made.path.parent
    return made._replace(info=official.registered(made.info, folder))


# What is stored


def test_the_images_and_labels_are_those_of_the_files(made: Made, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    path = import_from(made.info, made.path, tmp_path / "data", lambda *step: seen.append(step))
    assert path == tmp_path / "data" / made.info.store
    dataset = store.open_known(made.info, tmp_path / "data")
    for split in SPLITS:
        assert as_set(getattr(dataset, split)) == as_set(made.expected[split])
    assert [p.name for p in (tmp_path / "data").iterdir()] == [made.info.store]
    assert len(list(path.iterdir())) == 5
    read = [step for step in seen if step[0] == "reading images"]
    assert read == sorted(read)
    assert read[-1][1] == read[-1][2] == sum(made.info.counts)


def test_it_is_the_store_that_memory_alone_would_give(made: Made, tmp_path: Path) -> None:
    """The canonical order and its digest do not depend on how a store is built."""
    import_from(made.info, made.path, tmp_path)
    dataset = store.open_known(made.info, tmp_path)
    again = build(made.info.store, made.info.classes, made.expected)
    assert dataset.digest == again.digest == store.verify(made.info, tmp_path)
    for part in ("mean", "std"):
        assert np.array_equal(getattr(dataset, part), getattr(again, part))
    other = store.write(again, tmp_path / "memory")
    for name in (f"{split}_{part}.npy" for split in SPLITS for part in ("images", "labels")):
        stored = tmp_path / made.info.store / name
        assert stored.read_bytes() == (other / name).read_bytes()


def test_the_store_has_a_content_digest_and_the_name_that_runs_use(
    made: Made, tmp_path: Path
) -> None:
    import_from(made.info, made.path, tmp_path)
    head = json.loads((tmp_path / made.info.store / header.HEADER).read_text())
    if made.info.is_named_by_sources:
        assert head["identity"] == made.info.identity != head["digest"]
    else:
        assert head["digest"] == made.info.identity == made.info.digest
    decodes = made.info.name in ("mnist", "fashion-mnist", "tiny-imagenet", "deepweeds")
    assert ("Pillow" in head.get("made_with", "")) == decodes
    dataset = store.read(tmp_path, made.info.store)
    assert (dataset.identity, dataset.digest) == (made.info.identity, head["digest"])


def test_a_changed_byte_of_the_store_is_found(made: Made, tmp_path: Path) -> None:
    import_from(made.info, made.path, tmp_path)
    path = tmp_path / made.info.store / "train_images.npy"
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(UserError, match=r"digest .*remove .*reproduce data get " + made.info.name):
        store.verify(made.info, tmp_path)


def test_a_store_of_other_files_is_not_taken_for_it(named_by_sources: Made, tmp_path: Path) -> None:
    """As a store of version 0.1 of the files would be, or one whose header was edited."""
    made = named_by_sources
    import_from(made.info, made.path, tmp_path)
    first, *rest = made.info.archive.sources
    later = dataclasses.replace(first, checksum="md5:" + "0" * 32)
    archive = dataclasses.replace(made.info.archive, sources=(later, *rest))
    with pytest.raises(UserError, match="wrong identity"):
        store.open_known(dataclasses.replace(made.info, archive=archive), tmp_path)


def test_a_digest_that_becomes_known_is_compared_and_renames_nothing(
    named_by_sources: Made, tmp_path: Path
) -> None:
    made = named_by_sources
    import_from(made.info, made.path, tmp_path)
    known = store.open_known(made.info, tmp_path).digest
    later = dataclasses.replace(made.info, digest=known)
    assert later.identity == made.info.identity
    assert store.verify(later, tmp_path) == known
    with pytest.raises(UserError, match="wrong digest"):
        store.open_known(dataclasses.replace(made.info, digest="0" * 64), tmp_path)
    wrong = dataclasses.replace(made.info, digest="0" * 64)
    with pytest.raises(UserError, match=r"wrong digest .* as expected, but other pixels"):
        import_from(wrong, made.path, tmp_path / "other")


def test_a_store_is_built_on_disk(tmp_path: Path) -> None:
    """Memory holds a few blocks and never the images."""
    count, side = 2_048, 128
    entry = DatasetInfo("big", "", ("a", "b"), (count, 4), side, "")

    def chunks() -> Iterator[Chunk]:
        for start in range(0, count, 256):
            labels = np.arange(start, start + 256) % 2
            yield Chunk("train", official.noise(256, side, start), labels)
        yield Chunk("test", official.noise(4, side, 1), np.arange(4) % 2)

    tracemalloc.start()
    try:
        dataset = assemble(entry, chunks(), tmp_path, tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert dataset.train.images.nbytes == 2**20 * 96
    assert peak < dataset.train.images.nbytes * 0.7, f"{peak / 2**20:.0f} MiB"


# Resizing (L-46)


def test_growing_is_the_textbook_bilinear_filter() -> None:
    grey = official.noise(1, 28, 9)[0, ..., 0]
    entry = DATASETS["fashion-mnist"]
    ours = read_grey(grey, entry)
    places = np.clip((np.arange(32) + 0.5) * 28 / 32 - 0.5, 0, 27)
    low = np.minimum(places.astype(int), 26)
    share = places - low
    rows = grey[low] * (1 - share)[:, None] + grey[low + 1] * share[:, None]
    exact = rows[:, low] * (1 - share) + rows[:, low + 1] * share
    assert np.abs(ours - exact[..., None]).max() <= 1
    assert np.array_equal(ours[..., 0], ours[..., 2])


def test_resized_pixels_are_frozen() -> None:
    """Another filter, or another order of resizing and converting, makes other runs."""
    ramp = (np.add.outer(np.arange(28) * 7, np.arange(28) * 5) % 256).astype(np.uint8)
    digest = hashlib.sha256(read_grey(ramp, DATASETS["fashion-mnist"]).tobytes()).hexdigest()
    assert digest[:16] == "ad0134b2e1838f88"


# Names


IDENTITIES = {
    ("cifar10", 0): "41a5a5c9d28ac87d857dc83edef2ea070fba11c1f0193cddcb8ed6d06627632a",
    ("cifar100", 0): "a68390a51bafbb153d023c20d7a9d04d06760f2087237c86254531cd5e4f301b",
    ("mnist", 0): "09b3260e27ff5ba58bbb697755506dd808e4f7ed75be431c14a85c5721b87e3d",
    ("fashion-mnist", 0): "179a413b362b0ba9f33f81493de749a85f16cb93557dc9e64ee35255b22458e3",
    ("svhn", 0): "fa6953db6919201e147a0f98775f11972cc39206812a0d8a36fd11be81e3df63",
    ("tiny-imagenet", 0): "f3e911b0c946d8b96c636ec0a1fdb4a3175e8244fad8e00ba20e7ae4ed1dee63",
    ("deepweeds", 0): "38ac7b998d10081389b662ebbde52b8c6e6620004fb36142b27d1119841a12bc",
    ("deepweeds", 1): "49621f291f60fe33d7ea22c8abb4e2690f6c084c13490e54d71f3fe0a86c16ec",
    ("deepweeds", 2): "9157590e52ff4c914d22c081e1f2542a91671818e7f153fd01a484c54d976b18",
    ("deepweeds", 3): "ff521fb8884f29bc69b529c948f6fe4dc1bec4f3b08d01d055ab1fbc9913704c",
    ("deepweeds", 4): "20e7b686f6beeb65b7bffac2b5f42e232e63904b445aa0be8d6aaa2ec4fd88f4",
    ("cub200", 0): "b950d119c6ec44eecd31ed5b197b707530cbd2e085c3537f7759a0b7edc94e4c",
    ("cars", 0): "c718b4581e68d0d7c93986abb83c94733018ef760866a35cfd30bd203e48e5bc",
    ("imagenet", 0): "7ea2774dbb235d3340e38726c64052e74d269909e73c9ce73117e1c511119a8f",
    ("scenes15", 0): "0f1db0105c87fc78cc9f2d8353186d349df7600da786c84d119671ce8094a02a",
    ("scenes15", 1): "a9cc0e81bfd8dd1735253c93b47853a1832e9bd6135c475e996684a242a2869b",
    ("scenes15", 2): "519fda93256dc21bffa800223f1e50caef678d450c62814e6e671388b4f9ea76",
    ("scenes15", 3): "b8d5eb8fe8fdb25041f8bd4c210ddbe70bec90d161c71162a0ccd1c3940c724b",
    ("scenes15", 4): "fc55038fe916c8319622451201a1db7f121dbeb5f8b7d14e060dc5868ba41763",
    ("mit67", 0): "32f0531eb2f2e50dcfa523d766eec074df8676c632c95b5578557853775985ef",
    ("digits", 0): "385e52d790092af5157cd4f7d6c59666f5b45c5a8835c06d392f8f6d06cb618e",
    ("digits64", 0): "f0b05ffe98986b3a98fab741d3e7db6d697796567c56e485621b36e20172c3cb",
}


@pytest.mark.parametrize(("name", "fold"), IDENTITIES)
def test_what_runs_name_the_data_sets_by_never_changes(name: str, fold: int) -> None:
    assert info(name, fold).identity == IDENTITIES[name, fold]


def test_every_data_set_has_its_own_name() -> None:
    entries = [fold for entry in DATASETS.values() for fold in entry.folds or (entry,)]
    assert {(e.name, e.fold or 0) for e in entries} == set(IDENTITIES)
    assert len({entry.identity for entry in entries}) == len(entries) == 22
    assert len({entry.store for entry in entries}) == len(entries)


@pytest.mark.parametrize("change", [{"side": 96}, {"resampling": "bicubic"}, {"fold": 9}])
def test_what_makes_the_pixels_is_in_the_name(change: dict[str, Any]) -> None:
    entry = DATASETS["deepweeds"]
    assert dataclasses.replace(entry, **change).identity != entry.identity
    assert dataclasses.replace(entry, title="weeds").identity == entry.identity


def test_the_register_agrees_with_torchvision() -> None:
    known = torchvision.datasets
    archives = {name: entry.archive for name, entry in DATASETS.items()}
    cifar, svhn = (archives[name] for name in ("cifar100", "svhn"))
    source = cifar.sources[0]
    assert (source.url, source.name) == (known.CIFAR100.url, known.CIFAR100.filename)
    assert source.checksum == f"md5:{known.CIFAR100.tgz_md5}"
    inside = {file.name: file.checksum.removeprefix("md5:") for file in cifar.extracted}
    meta = [known.CIFAR100.meta["filename"], known.CIFAR100.meta["md5"]]
    assert inside == dict([*known.CIFAR100.train_list, *known.CIFAR100.test_list, meta])
    assert cifar.folder == known.CIFAR100.base_folder
    assert cifar.meta == (known.CIFAR100.meta["filename"],)
    for name, theirs in (("mnist", known.MNIST), ("fashion-mnist", known.FashionMNIST)):
        pairs = [(f.name, f.checksum.removeprefix("md5:")) for f in archives[name].sources]
        assert pairs == theirs.resources
        assert all(f.url == theirs.mirrors[0] + f.name for f in archives[name].sources)
    assert DATASETS["fashion-mnist"].classes == tuple(known.FashionMNIST.classes)
    for file, split in zip(svhn.sources, SPLITS, strict=True):
        url, name, checksum = known.SVHN.split_list[split]
        assert (file.url, file.name, file.checksum) == (url, name, f"md5:{checksum}")


def test_classes_and_counts_fit_each_other() -> None:
    sizes = {name: len(set(entry.classes)) for name, entry in DATASETS.items()}
    assert sizes["cifar100"] == 100
    assert sizes["tiny-imagenet"] == 200
    assert sizes["deepweeds"] == 9
    for entry in DATASETS.values():
        assert sizes[entry.name] == len(entry.classes)
        if entry.balanced:
            assert not any(count % len(entry.classes) for count in entry.counts)
    # Each of the 17,509 images is a test image of exactly one fold.
    assert sum(fold.counts[1] for fold in DATASETS["deepweeds"].folds) == 17_509
    assert DATASETS["cifar100"].classes == tuple(sorted(DATASETS["cifar100"].classes))


# Files that are not the official ones


def main_file(made: Made) -> Path:
    """The first official file."""
    return made.path if made.path.is_file() else made.path / made.info.archive.filename


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "longer"])
def test_a_file_with_another_checksum(made: Made, tmp_path: Path, damage: str) -> None:
    path = main_file(made)
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    changed = {"cut": content[: len(content) // 2], "empty": b"", "longer": content + b"x"}
    path.write_bytes(bytes(changed.get(damage, content)))
    said = refused(made, tmp_path)
    assert said.startswith(f"{path} has ")
    assert "it is cut off, or not the official" in said
    assert said.endswith(f"fetch it again from {official.URL}/{path.name}")


@pytest.mark.parametrize("damage", ["cut", "empty", "text"])
def test_the_readers_too_notice_a_file_that_is_cut_off(
    made: Made, tmp_path: Path, damage: str
) -> None:
    path = main_file(made)
    content = path.read_bytes()
    path.write_bytes({"cut": content[: len(content) * 2 // 3], "empty": b""}.get(damage, b"<html>"))
    assert str(path) in refused(rechecked(made), tmp_path)


@pytest.mark.parametrize("other", ["cifar100", "tiny-imagenet"])
def test_the_archive_of_another_data_set(made: Made, tmp_path: Path, other: str) -> None:
    if made.info.name == other:
        other = "svhn"
    (tmp_path / "other").mkdir()
    stranger = MAKERS[other](tmp_path / "other")
    said = refused(made, tmp_path, stranger.path)
    assert made.info.archive.filename in said
    assert official.URL in said


def test_a_path_that_holds_nothing(made: Made, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    said = refused(made, tmp_path, tmp_path / "empty")
    assert said.startswith(f"{tmp_path / 'empty'} holds no ")
    assert f"fetch {main_file(made).name}" in said
    assert "does not exist" in refused(made, tmp_path, tmp_path / "gone")


def test_class_folders_cannot_be_checked(named_by_sources: Made, tmp_path: Path) -> None:
    made = named_by_sources
    whole = build("any", made.info.classes, made.expected)
    if made.info.name == "fashion-mnist":  # a class of it has a slash in its name
        (tmp_path / "png" / "train").mkdir(parents=True)
    else:
        write_class_folders(whole, tmp_path / "png")
    said = refused(made, tmp_path, tmp_path / "png")
    assert f"class folders of {made.info.name} cannot be checked: fetch " in said


@pytest.mark.parametrize("name", ["tiny-imagenet", "deepweeds"])
def test_an_extracted_archive_cannot_be_checked(name: str, tmp_path: Path) -> None:
    made = make(name, tmp_path)
    path = made.path if name == "tiny-imagenet" else made.path / "images.zip"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "source" / ("images" if name == "deepweeds" else "."))
    path.unlink()
    said = refused(made, tmp_path, tmp_path / "source")
    assert f"fetch {path.name} from {official.URL}/{path.name} (extracted files cannot be" in said


def test_one_of_several_files_is_missing(tmp_path: Path) -> None:
    for name, gone in (("fashion-mnist", "t10k-labels-idx1-ubyte.gz"), ("svhn", "test_32x32.mat")):
        (tmp_path / name).mkdir()
        made = make(name, tmp_path / name)
        (made.path / gone).unlink()
        said = refused(made, tmp_path / name)
        assert f"lacks {gone}: fetch {gone} from {official.URL}/{gone}" in said


# The files of the other two state how many images they hold, which is tested below.
@pytest.mark.parametrize("name", ["cifar100", "svhn", "tiny-imagenet"])
def test_fewer_images_than_registered(name: str, tmp_path: Path) -> None:
    made = make(name, tmp_path)
    train, test = made.info.counts
    larger = dataclasses.replace(made.info, counts=(train + 5, test))
    said = refused(made._replace(info=larger), tmp_path)
    assert f"{train + 5} + {test} images expected, found {train} + {test}; fewest in train/" in said
    smaller = dataclasses.replace(made.info, counts=(train, test - 5))
    said = refused(made._replace(info=smaller), tmp_path)
    assert f"{train} + {test - 5} images expected, found {train} + {test}; fewest in" in said


# Fashion-MNIST


@pytest.mark.parametrize(
    ("name", "values", "named"),
    [
        ("train-images-idx3-ubyte.gz", np.zeros((40, 28, 27), np.uint8), "40×28×28"),
        ("train-images-idx3-ubyte.gz", np.zeros((39, 28, 28), np.uint8), "found 39×28×28"),
        ("train-images-idx3-ubyte.gz", np.zeros(40, np.uint8), "no IDX file"),
        ("t10k-labels-idx1-ubyte.gz", np.zeros(21, np.uint8), "no IDX file of 20 bytes (found 21)"),
        ("t10k-labels-idx1-ubyte.gz", np.full(20, 10, np.uint8), "labels beyond 0 to 9"),
        ("t10k-labels-idx1-ubyte.gz", np.zeros(20, np.uint8), "fewest in"),
    ],
)
def test_idx_files_of_other_content(
    name: str, values: np.ndarray, named: str, tmp_path: Path
) -> None:
    made = make("fashion-mnist", tmp_path)
    official.write_idx(made.path / name, values)
    said = refused(rechecked(made), tmp_path)
    assert named in said


def test_an_idx_file_that_promises_more_than_it_has(tmp_path: Path) -> None:
    import gzip

    made = make("fashion-mnist", tmp_path)
    path = made.path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-100]))
    assert f"{path} ends too early" in refused(rechecked(made), tmp_path)


# SVHN


@pytest.mark.parametrize(
    ("images", "labels", "named"),
    [
        (np.zeros((30, 32, 32, 3), np.uint8), np.full(30, 11), "labels beyond 1 to 10"),
        (np.zeros((30, 32, 32, 3), np.uint8), np.zeros(30), "labels beyond 1 to 10"),
        (np.zeros((30, 32, 31, 3), np.uint8), np.ones(30), "(32, 31, 3, 30)"),
        (np.zeros((30, 32, 32, 3), np.uint8), np.ones(29), "29 labels"),
        (np.zeros((30, 32, 32, 3), np.int16), np.ones(30), "X is int16"),
    ],
)
def test_matlab_files_of_other_content(
    images: np.ndarray, labels: np.ndarray, named: str, tmp_path: Path
) -> None:
    made = make("svhn", tmp_path)
    official.write_mat(made.path / "train_32x32.mat", images, labels)
    assert named in refused(rechecked(made), tmp_path)


# Tiny ImageNet


def _without_a_class(files: dict[str, bytes]) -> str:
    wnids = files["tiny-imagenet-200/wnids.txt"].split(b"\n")
    files["tiny-imagenet-200/wnids.txt"] = b"\n".join(wnids[1:])
    return f"lists 3 classes, not the 4 of .*missing: {wnids[0].decode()}"


def _an_image_gone(files: dict[str, bytes]) -> str:
    name = next(n for n in files if "/train/" in n and n.endswith(".JPEG"))
    del files[name]
    return r"20 \+ 12 images expected, found 19 \+ 12; fewest in train/" + name.split("/")[2]


def _a_class_short_of_another(files: dict[str, bytes]) -> str:
    """The number of images is right, that of each class is not."""
    names = [n for n in files if "/train/" in n and n.endswith(".JPEG")]
    files[names[0].replace("_0.", "_9.")] = files.pop(names[-1])
    return r"20 \+ 12 images expected, found 20 \+ 12; fewest in train/\w+ with 4 and"


def _a_validation_image_gone(files: dict[str, bytes]) -> str:
    del files["tiny-imagenet-200/val/images/val_3.JPEG"]
    return r"lacks tiny-imagenet-200/val/images/val_3\.JPEG"


def _no_annotations(files: dict[str, bytes]) -> str:
    del files["tiny-imagenet-200/val/val_annotations.txt"]
    return r"lacks tiny-imagenet-200/val/val_annotations\.txt"


def _garbled_annotations(files: dict[str, bytes]) -> str:
    files["tiny-imagenet-200/val/val_annotations.txt"] += b"nothing\n"
    return r"val_annotations\.txt of .*line 13"


def _an_image_annotated_twice(files: dict[str, bytes]) -> str:
    name = "tiny-imagenet-200/val/val_annotations.txt"
    files[name] += files[name].splitlines(keepends=True)[0]
    return "names an image twice"


def _an_unknown_class(files: dict[str, bytes]) -> str:
    name = "tiny-imagenet-200/val/val_annotations.txt"
    lines = files[name].splitlines(keepends=True)
    fields = lines[2].split(b"\t")
    files[name] = b"".join([*lines[:2], b"\t".join([fields[0], b"n00000001", *fields[2:]])])
    return "images of 'n00000001', which is no class"


def _another_size(files: dict[str, bytes]) -> str:
    name = next(n for n in files if "/train/" in n and n.endswith(".JPEG"))
    files[name] = official.jpeg(official.noise(1, 32, 0)[0])
    return f"{name} of .* is 32×32, not 64×64"


def _no_image(files: dict[str, bytes]) -> str:
    files["tiny-imagenet-200/val/images/val_5.JPEG"] = b"no image at all"
    return r"val_5\.JPEG of .* is not a readable image"


def _an_image_cut_off(files: dict[str, bytes]) -> str:
    name = "tiny-imagenet-200/val/images/val_5.JPEG"
    files[name] = files[name][:400]
    return r"val_5\.JPEG of .* is not a readable image"


def _a_bomb(files: dict[str, bytes]) -> str:
    files["tiny-imagenet-200/val/images/val_5.JPEG"] = bytes(50_000_000)
    return r"val_5\.JPEG of .* has 50,000,000 bytes: too large"


def _outside(files: dict[str, bytes]) -> str:
    """Members that point out of the archive are never written, and no images of it."""
    name = next(n for n in files if "/train/" in n and n.endswith(".JPEG"))
    files["../../" + name] = files["/" + name] = files[name]
    del files[name]
    return r"found 19 \+ 12"


@pytest.mark.parametrize(
    "change",
    [
        _without_a_class,
        _an_image_gone,
        _a_class_short_of_another,
        _a_validation_image_gone,
        _no_annotations,
        _garbled_annotations,
        _an_image_annotated_twice,
        _an_unknown_class,
        _another_size,
        _no_image,
        _an_image_cut_off,
        _a_bomb,
        _outside,
    ],
)
def test_tiny_imagenet_of_other_content(
    change: Callable[[dict[str, bytes]], str], tmp_path: Path
) -> None:
    named: list[str] = []
    made = make("tiny-imagenet", tmp_path, change=lambda files: named.append(change(files)))
    with pytest.raises(UserError, match=named[0]) as caught:
        import_from(made.info, made.path, tmp_path / "data")
    assert "\n" not in str(caught.value)
    assert str(made.path) in str(caught.value)
    assert list((tmp_path / "data").iterdir()) == []
    assert {p.name for p in tmp_path.rglob("*")} == {"source", "data", made.path.name}


def test_a_garbled_zip_file_gives_one_line(tmp_path: Path) -> None:
    made = make("tiny-imagenet", tmp_path)
    whole = made.path.read_bytes()
    for place in range(10, len(whole), len(whole) // 40):
        garbled = bytearray(whole)
        garbled[place] ^= 0xFF
        made.path.write_bytes(bytes(garbled))
        try:
            import_from(rechecked(made).info, made.path, tmp_path / "data")
        except UserError as error:
            assert "\n" not in str(error)  # noqa: PT017 - some damage is to nothing that is read
        shutil.rmtree(tmp_path / "data")


# DeepWeeds


def test_each_fold_has_its_own_store(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    made = official.deepweeds(tmp_path / "source")
    assert made.info.folds[0].identity == made.info.identity
    paths = [import_from(entry, made.path, tmp_path / "data") for entry in made.info.folds]
    assert [path.name for path in paths] == ["deepweeds-fold0", "deepweeds-fold1"]
    digests = {store.verify(entry, tmp_path / "data") for entry in made.info.folds}
    assert len(digests) == 2
    shutil.rmtree(paths[1])
    shutil.copytree(paths[0], paths[1])
    assert header.state(made.info.folds[1], tmp_path / "data")[0] == "damaged"


def test_the_other_fold_is_the_other_split(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    made = official.deepweeds(tmp_path / "source", fold=1)
    import_from(made.info, made.path, tmp_path)
    dataset = store.open_known(made.info, tmp_path)
    for split in SPLITS:
        assert as_set(getattr(dataset, split)) == as_set(made.expected[split])


def test_the_labels_may_lie_beside_the_images_and_have_line_ends_of_windows(
    tmp_path: Path,
) -> None:
    made = make("deepweeds", tmp_path)
    flat = tmp_path / "flat"
    flat.mkdir()
    shutil.copy(made.path / "images.zip", flat)
    for path in (made.path / "labels").iterdir():
        (flat / path.name).write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    first = store.open_known(made.info, import_from(made.info, made.path, tmp_path / "a").parent)
    second = store.open_known(made.info, import_from(made.info, flat, tmp_path / "b").parent)
    third = import_from(made.info, flat / "images.zip", tmp_path / "c")
    assert first.digest == second.digest == store.verify(made.info, third.parent)


def test_validation_images_are_not_needed(tmp_path: Path) -> None:
    made = make("deepweeds", tmp_path)
    for path in (made.path / "labels").glob("val_subset*.csv"):
        path.unlink()
    import_from(made.info, made.path, tmp_path / "data")


@pytest.mark.parametrize("name", ["train_subset0.csv", "test_subset0.csv", "labels.csv"])
def test_a_missing_list(name: str, tmp_path: Path) -> None:
    made = make("deepweeds", tmp_path)
    (made.path / "labels" / name).unlink()
    said = refused(made, tmp_path)
    assert name in said
    assert f"from {official.URL}/labels" in said


def test_the_list_of_another_fold_under_this_ones_name(tmp_path: Path) -> None:
    made = make("deepweeds", tmp_path)
    labels = made.path / "labels"
    shutil.copy(labels / "test_subset1.csv", labels / "test_subset0.csv")
    said = refused(made, tmp_path)
    assert f"{labels / 'test_subset0.csv'} lists 3 images up to " in said
    assert "not the official 3 up to " in said
    assert f"fetch it again from {official.URL}/labels" in said


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("x.jpg,0", "the fold lists x.jpg, which"),
        (None, "name an image twice"),
        ("only", "lacks the columns"),
    ],
)
def test_lists_of_other_content(row: str | None, named: str, tmp_path: Path) -> None:
    made = make("deepweeds", tmp_path)
    path = made.path / "labels" / "train_subset0.csv"
    lines = path.read_text().splitlines()
    lines[1] = lines[2] if row is None else row
    path.write_text("\n".join(lines) + "\n")
    assert named in refused(made, tmp_path)


def test_an_image_that_the_zip_file_lacks(tmp_path: Path) -> None:
    made = make("deepweeds", tmp_path)
    gone = official.weed_name(official.weed_fold(0)["test"][0])
    with zipfile.ZipFile(made.path / "images.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name != gone}
    official.write_zip(made.path / "images.zip", files)
    assert f"lacks {gone}" in refused(rechecked(made), tmp_path)


def test_a_fold_that_there_is_not() -> None:
    with pytest.raises(UserError, match="deepweeds has the folds 0 to 4, not 5"):
        info("deepweeds", 5)
    with pytest.raises(UserError, match="svhn has no folds: leave the fold at 0, not 1"):
        info("svhn", 1)


# Kills


def test_what_a_killed_import_left_behind_goes_away(tmp_path: Path) -> None:
    """Also of a data set with a hyphen in its name."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    leftover = tmp_path / f".deepweeds-fold1-{fetching._machine()}-{dead.pid}-0123abcd.partial"
    leftover.mkdir()
    (leftover / "incoming_train").write_bytes(b"x")
    with fetching.scratch_folder(tmp_path, "fashion-mnist") as folder:
        assert not leftover.exists()
        fetching.sweep(tmp_path)
        assert folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_an_import_killed_anywhere_leaves_nothing_that_passes_for_a_store(tmp_path: Path) -> None:
    made = make("deepweeds", tmp_path)
    root, killed = tmp_path / "data", 0
    for step in range(100):

        def run(step: int = step) -> None:
            die_before(step, root)
            import_from(made.info, made.path, root)

        process = multiprocessing.get_context("fork").Process(target=run)
        process.start()
        process.join()
        if process.exitcode == 0:
            break
        killed += 1
        if header.state(made.info, root)[0] != "present":
            assert not (root / made.info.store).exists()
        shutil.rmtree(root, ignore_errors=True)
    assert killed >= 15
    assert store.verify(made.info, root)


# Downloads


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    with web_server(tmp_path / "www") as folder_and_address:
        yield folder_and_address


def served_by(
    made: Made, address: str, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> DatasetInfo:
    """The entry with the server's addresses."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    archive = made.info.archive
    sources = tuple(dataclasses.replace(f, url=f"{address}/{f.name}") for f in archive.sources)
    for file in sources:
        shutil.copy(made.path if made.path.is_file() else made.path / file.name, folder)
    archive = dataclasses.replace(archive, sources=sources)
    return dataclasses.replace(made.info, archive=archive)


FETCHED = ["cifar100", "fashion-mnist", "svhn", "tiny-imagenet"]


@pytest.mark.parametrize("name", FETCHED)
def test_a_download_gives_the_store_of_an_import(
    name: str, tmp_path: Path, served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(name, tmp_path)
    entry = served_by(made, served[1], monkeypatch, served[0])
    got = download(entry, tmp_path / "got")
    imported = import_from(made.info, made.path, tmp_path / "imported")
    assert store.verify(entry, got.parent) == store.verify(made.info, imported.parent)
    assert [path.name for path in got.parent.iterdir()] == [name], "downloads do not stay"
    shutil.rmtree(served[0])
    assert download(entry, tmp_path / "got") == got, "what is there is not fetched again"


@pytest.mark.parametrize("damage", ["gone", "other"])
@pytest.mark.parametrize("name", FETCHED)
def test_a_download_that_fails_is_one_line(
    name: str,
    damage: str,
    tmp_path: Path,
    served: tuple[Path, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = make(name, tmp_path)
    entry = served_by(made, served[1], monkeypatch, served[0])
    last = served[0] / entry.archive.sources[-1].name
    if damage == "gone":
        last.unlink()
    else:
        last.write_bytes(last.read_bytes() + b"x")
    with pytest.raises(UserError) as caught:
        download(entry, tmp_path / "data")
    said = str(caught.value)
    assert "\n" not in said
    assert entry.archive.sources[-1].url in said
    assert f"reproduce data import {name} " in said
    assert list((tmp_path / "data").iterdir()) == []


def test_what_a_person_has_to_fetch(tmp_path: Path) -> None:
    entry = info("deepweeds", 3)
    with pytest.raises(UserError) as caught:
        download(entry, tmp_path)
    said = str(caught.value)
    assert "\n" not in said
    for part in (
        "has to be fetched by hand: put images.zip from https://drive.google.com/uc?export",
        "labels.csv and train_subset3.csv and test_subset3.csv from https://github.com/AlexOlsen/",
        "`reproduce data import deepweeds FOLDER --fold 3`",
    ):
        assert part in said
    made = make("deepweeds", tmp_path)
    import_from(made.info, made.path, tmp_path / "data")
    assert download(made.info, tmp_path / "data").name == "deepweeds-fold0"
