"""Known weight files: fetched from an address, checked, stored; nothing half, nothing lost."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import weight_files as made

from benchmarks.data import Source
from benchmarks.errors import UserError
from benchmarks.weights import fetching
from benchmarks.weights.catalogue import WEIGHTS, KnownWeights, source


def digest(path: Path, kind: str = "md5") -> str:
    return f"{kind}:{hashlib.new(kind, path.read_bytes()).hexdigest()}"


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A file with MobileNet's layers at an address."""
    return made.write_network(tmp_path / "served" / "mobile_no_top.h5", "MobileNet")


def entry(path: Path, sum: str, *more: Source) -> KnownWeights:
    first = source(path.as_uri(), sum)
    return KnownWeights("keras-tiny-v0.2", "a network", (first, *more), "MobileNet", 14, 5056)


@pytest.mark.parametrize("kind", ["md5", "sha256", "sha256 start", "none"])
def test_a_download_is_checked_and_stored(kind: str, served: Path, tmp_path: Path) -> None:
    sums = {
        "md5": digest(served),
        "sha256": digest(served, "sha256"),
        "sha256 start": digest(served, "sha256")[: len("sha256:") + 8],
        "none": "",
    }
    known, root, stages = entry(served, sums[kind]), tmp_path / "data", []
    assert fetching.state(known, root) == ("missing", "")
    path = fetching.download(known, root, lambda *stage: stages.append(stage))
    assert path == root / "weights" / "keras-tiny-v0.2.h5"
    assert path.read_bytes() == served.read_bytes()
    assert [p.name for p in path.parent.iterdir()] == [path.name], "no scratch is left"
    size = served.stat().st_size
    assert ("downloading", size, size) in stages
    expected = sums[kind] or f"no published sum, {digest(served, 'sha256')}"
    assert fetching.verify(known, root) == expected


def test_what_is_there_is_neither_fetched_nor_replaced(served: Path, tmp_path: Path) -> None:
    known = entry(served, digest(served))
    path = fetching.download(known, tmp_path)
    before = path.stat()
    served.unlink()
    assert fetching.download(known, tmp_path) == path
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def _other_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100_000])


@pytest.mark.parametrize("damage", [_other_bytes, _cut])
def test_other_bytes_than_published_are_refused(
    damage: Callable[[Path], None], served: Path, tmp_path: Path
) -> None:
    known = entry(served, digest(served))
    damage(served)
    with pytest.raises(UserError, match=r"mobile_no_top\.h5 came with another checksum than the"):
        fetching.download(known, tmp_path / "data")
    with pytest.raises(UserError, match=r"is not the published a network, or cut short.*md5:"):
        fetching.import_from(known, served, tmp_path / "data")
    assert not any((tmp_path / "data").rglob("*.h5"))


def test_without_a_published_sum_the_layers_decide(served: Path, tmp_path: Path) -> None:
    made.write_network(served, "Xception", narrow=2)
    known = entry(served, "")
    with pytest.raises(UserError, match=r"36 3×3 layers with 12,\d+ spatial.*14 with 5,056"):
        fetching.download(known, tmp_path / "data")
    _cut(served)
    with pytest.raises(UserError, match="damaged or cut short"):
        fetching.download(known, tmp_path / "data")


def test_an_import_takes_any_of_the_published_files(served: Path, tmp_path: Path) -> None:
    top = made.write_network(tmp_path / "top.h5", "MobileNet", made.noise(7))
    known = entry(served, digest(served), source("https://nowhere/top.h5", digest(top)))
    path = fetching.import_from(known, top, tmp_path / "data")
    assert path.read_bytes() == top.read_bytes()
    assert fetching.verify(known, tmp_path / "data") == digest(top)
    fetching.import_from(known, served, tmp_path / "data")
    assert path.read_bytes() == top.read_bytes(), "nothing is overwritten"


def test_a_stored_file_that_changed_is_found_and_kept(served: Path, tmp_path: Path) -> None:
    known = entry(served, digest(served))
    path = fetching.download(known, tmp_path)
    _other_bytes(path)
    changed = path.read_bytes()
    for act in (fetching.verify, fetching.download):
        with pytest.raises(UserError, match=rf"remove {path} and run `reproduce data get"):
            act(known, tmp_path)
    assert path.read_bytes() == changed
    path.write_bytes(b"")
    assert fetching.state(known, tmp_path) == ("damaged", f"{path} is empty")
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match="is no file: remove it and run"):
        fetching.verify(known, tmp_path)


def test_without_the_network_the_other_way_is_named(served: Path, tmp_path: Path) -> None:
    known = entry(served, digest(served))
    served.unlink()
    with pytest.raises(UserError) as caught:
        fetching.download(known, tmp_path / "data")
    assert f"fetch {served.as_uri()} on another machine" in str(caught.value)
    assert "`reproduce data import keras-tiny-v0.2 FILE`" in str(caught.value)
    assert not any((tmp_path / "data" / "weights").iterdir())


def test_a_folder_that_cannot_be_written(served: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("kept")
    for act in (fetching.download, lambda k, root: fetching.import_from(k, served, root)):
        with pytest.raises(UserError, match="--data"):
            act(entry(served, digest(served)), tmp_path / "data")
    assert (tmp_path / "data").read_text() == "kept"


def test_torch_files_keep_their_suffix(tmp_path: Path) -> None:
    state = {
        f"{n}.weight": torch.rand(conv.outputs, conv.inputs, 3, 3)
        for n, conv in enumerate(made.convs("VGG16", narrow=32))
    }
    path = tmp_path / "vgg-0000.pth"
    torch.save(state, path)
    filters = sum(weight.shape[0] * weight.shape[1] for weight in state.values())
    file = source(path.as_uri(), digest(path, "sha256")[:15])
    known = KnownWeights("torch-vgg", "VGG", (file,), "", 13, filters)
    assert fetching.download(known, tmp_path).name == "torch-vgg.pth"


def test_the_register_is_complete() -> None:
    networks = {entry.network for entry in WEIGHTS.values()} - {""}
    assert networks == set(made.NETWORKS)
    for name, known in WEIGHTS.items():
        assert name == known.name
        for file in known.sources:
            assert file.url.startswith("https://")
            kind, _, value = file.checksum.partition(":")
            if name == "keras-mobilenet":
                assert not file.checksum
            else:
                assert (kind, len(value)) in {("md5", 32), ("sha256", 8)}
            if kind == "sha256":
                assert file.name.endswith(f"-{value}.pth")


def test_torchvisions_addresses_are_its_own() -> None:
    from torchvision.models import Inception_V3_Weights, ResNet50_Weights, VGG16_Weights

    for name, weights in (
        ("torchvision-vgg16", VGG16_Weights.IMAGENET1K_V1),
        ("torchvision-resnet50", ResNet50_Weights.IMAGENET1K_V1),
        ("torchvision-inception-v3", Inception_V3_Weights.IMAGENET1K_V1),
    ):
        assert WEIGHTS[name].sources[0].url == weights.url


def test_an_import_does_not_wait_for_a_pipe(served: Path, tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe.h5")
    with pytest.raises(UserError, match="is a pipe or device"):
        fetching.import_from(entry(served, digest(served)), pipe, tmp_path / "data")
