"""Weight files of every kind: what is read, in which order, and what is refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
import weight_files as made
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from benchmarks.errors import UserError
from benchmarks.weights import Order, read, read_file
from benchmarks.weights.catalogue import WEIGHTS
from benchmarks.weights.safetensors_file import natural
from benchmarks.weights.torch_file import layers_of

# Layers, filters, and the lower half's share of them (the first floor(n/2) layers by depth).
FACTS = {
    "VGG16": (13, 1_634_496, "0.0778"),
    "ResNet50": (16, 1_257_472, "0.1140"),
    "InceptionV3": (17, 632_928, "0.0778"),
    "Xception": (36, 25_192, "0.4360"),
    "MobileNet": (14, 5_056, "0.1899"),
}


@pytest.mark.parametrize("arch", made.NETWORKS)
def test_the_layers_of_table1_are_as_many_as_the_networks_have(arch: str) -> None:
    filters = [conv.filters for conv in made.convs(arch)]
    lower = sum(filters[: len(filters) // 2]) / sum(filters)
    assert (len(filters), sum(filters), f"{lower:.4f}") == FACTS[arch]
    for entry in WEIGHTS.values():
        if entry.network == arch:
            assert (entry.layers, entry.filters) == FACTS[arch][:2]


@pytest.mark.parametrize("arch", made.NETWORKS)
def test_a_keras_file_gives_its_3x3_layers_by_depth(arch: str, tmp_path: Path) -> None:
    written = {}

    def make(conv: made.Conv) -> np.ndarray:
        written[conv.name] = made.noise(len(written))(conv)
        return written[conv.name]

    found = read_file(made.write_network(tmp_path / "net.h5", arch, make, narrow=16))
    layers = [layer for layer in found.layers if layer.size == (3, 3)]
    assert found.order is Order.KERAS_LAYERS
    assert [layer.name for layer in layers] == list(written)
    assert [layer.kind for layer in layers] == [conv.kind for conv in made.convs(arch)]
    for layer in layers:
        assert layer.filters.dtype == np.float32
        np.testing.assert_array_equal(layer.filters, written[layer.name])
    fives = [layer for layer in found.layers if layer.size == (5, 5)]
    assert len(fives) == (17 if arch == "InceptionV3" else 0)


@pytest.mark.parametrize("arch", ["Xception", "MobileNet"])
def test_whole_networks_have_the_published_number_of_filters(arch: str, tmp_path: Path) -> None:
    layers = read(made.write_network(tmp_path / "net.hdf5", arch))
    assert (len(layers), sum(len(layer.filters) for layer in layers)) == FACTS[arch][:2]


def test_a_filter_lies_as_keras_applies_it(tmp_path: Path) -> None:
    kernel = np.arange(3 * 3 * 2 * 4, dtype=np.float64).reshape(3, 3, 2, 4)
    layers = [("conv", [("conv/kernel:0", kernel)])]
    (layer,) = read(made.write_keras(tmp_path / "net.h5", layers))
    for output in range(4):
        for input_ in range(2):
            found = layer.filters[output * 2 + input_]
            np.testing.assert_array_equal(found, kernel[:, :, input_, output])
    (turned,) = read(made.write_keras(tmp_path / "old.h5", layers, backend="theano"))
    np.testing.assert_array_equal(turned.filters, layer.filters[:, ::-1, ::-1])


@pytest.mark.parametrize("options", [{"chunks": 3}, {"inside": "model_weights"}])
def test_long_lists_and_whole_models(options: dict, tmp_path: Path) -> None:
    layers = made.keras_layers("Xception", made.noise(), narrow=8)
    plain = read(made.write_keras(tmp_path / "plain.h5", layers))
    other = read(made.write_keras(tmp_path / "other.h5", layers, **options))
    assert [layer.name for layer in other] == [layer.name for layer in plain]
    assert len(other) == 36


def test_a_model_within_a_model(tmp_path: Path) -> None:
    kernels = [(f"block{n}/kernel:0", np.full((3, 3, 2, 2), n, np.float32)) for n in (9, 10)]
    layers = [("vgg16", kernels), ("dense", [("dense/kernel:0", np.ones((2, 2)))])]
    found = read(made.write_keras(tmp_path / "net.h5", layers))
    assert [layer.name for layer in found] == ["block9/kernel", "block10/kernel"]


def keras3(path: Path, kernels: dict[str, tuple[int, ...]]) -> Path:
    with h5py.File(path, "w") as file:
        for name, shape in kernels.items():
            file.create_dataset(f"layers/{name}/vars/0", data=np.ones(shape, np.float32))
            file.create_dataset(f"layers/{name}/vars/1", data=np.ones(shape[-1], np.float32))
    return path


def test_keras_3_counts_its_layers(tmp_path: Path) -> None:
    kernels = {"conv2d": (3, 3, 1, 2), "dense": (4, 4)}
    kernels |= {f"conv2d_{n}": (3, 3, 2, n) for n in range(1, 12)}
    found = read_file(keras3(tmp_path / "net.weights.h5", kernels))
    assert found.order is Order.KERAS_NUMBERS
    names = ["conv2d", *(f"conv2d_{n}" for n in range(1, 12))]
    assert [layer.name for layer in found.layers] == names


def test_keras_3_with_layers_of_two_classes_has_no_order(tmp_path: Path) -> None:
    path = keras3(
        tmp_path / "net.weights.h5", {"conv2d": (3, 3, 1, 2), "depthwise_conv2d": (3, 3, 2, 1)}
    )
    with pytest.raises(UserError, match=r"which of its layers comes first.*model\.save"):
        read(path)


class Small(nn.Module):
    """Twelve blocks, so that names sorted as text are out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3)
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(4, 4, 3, groups=4 if n % 2 else 1), nn.BatchNorm2d(4))
                for n in range(12)
            )
        )
        self.wide = nn.Conv2d(4, 3, 5)
        self.flat = nn.Conv2d(3, 2, (1, 7))
        self.point = nn.Conv2d(2, 2, 1)


SMALL = ["stem", *(f"blocks.{n}.0" for n in range(12)), "wide"]


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model", "model_state_dict"])
@pytest.mark.parametrize("legacy", [False, True])
def test_a_state_dict_gives_its_layers(wrapper: str | None, legacy: bool, tmp_path: Path) -> None:
    state = Small().state_dict()
    content = {wrapper: state, "epoch": 3, "optimizer": {}} if wrapper else state
    torch.save(content, tmp_path / "net.pt", _use_new_zipfile_serialization=not legacy)
    found = read_file(tmp_path / "net.pt")
    assert found.order is Order.STATE_DICT
    assert [layer.name for layer in found.layers] == SMALL
    kinds = ["conv", *(["conv", "dwconv"] * 6), "conv"]
    assert [layer.kind for layer in found.layers] == kinds, "a grey image is not depthwise"
    np.testing.assert_array_equal(
        found.layers[1].filters.reshape(4, 4, 3, 3), state["blocks.0.0.weight"].numpy()
    )
    assert found.layers[-1].size == (5, 5)


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([1, 2, 3, 5]),
    st.sampled_from([1, 2, 3, 5]),
    st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.int8]),
)
def test_what_counts_as_a_spatial_filter(
    outputs: int, inputs: int, height: int, width: int, dtype: torch.dtype
) -> None:
    tensor = torch.arange(outputs * inputs * height * width).to(dtype)
    tensor = tensor.reshape(outputs, inputs, height, width)
    named = [("a.weight", tensor), ("a.bias", tensor), ("n", torch.ones(3))]
    if height == width and height in (3, 5) and dtype == torch.int8:
        with pytest.raises(UserError, match=r"net\.pt: a\.weight is of type int8"):
            list(layers_of(named, Path("net.pt")))
        return
    found = list(layers_of(named, Path("net.pt")))
    if height != width or height not in (3, 5):
        assert found == []
        return
    (layer,) = found
    assert (layer.name, layer.filters.dtype) == ("a", np.float32)
    assert layer.filters.shape == (outputs * inputs, height, width)
    np.testing.assert_array_equal(layer.filters.ravel(), tensor.float().ravel().numpy())


def test_safetensors_are_ordered_by_metadata_or_by_their_names(tmp_path: Path) -> None:
    state = Small().state_dict()
    save_file(state, tmp_path / "plain.safetensors")
    found = read_file(tmp_path / "plain.safetensors")
    assert found.order is Order.NAMES
    assert [layer.name for layer in found.layers] == [*SMALL[1:13], "stem", "wide"]
    import json

    save_file(state, tmp_path / "told.safetensors", {"order": json.dumps(list(state))})
    found = read_file(tmp_path / "told.safetensors")
    assert found.order is Order.METADATA
    assert [layer.name for layer in found.layers] == SMALL


def test_a_safetensors_file_of_another_writer_keeps_its_own_order(tmp_path: Path) -> None:
    import json

    header, data = {}, b""
    for name in ("stem.weight", "body.weight"):
        start = len(data)
        data += np.ones((1, 1, 3, 3), np.float32).tobytes()
        offsets = [start, len(data)]
        header[name] = {"dtype": "F32", "shape": [1, 1, 3, 3], "data_offsets": offsets}
    text = json.dumps(header).encode()
    path = tmp_path / "net.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    found = read_file(path)
    assert found.order is Order.FILE
    assert [layer.name for layer in found.layers] == ["stem", "body"]


@pytest.mark.parametrize(
    "order", ["no JSON", '"stem.weight"', '["stem.weight"]', "[[1], 2]", "[" * 100_000]
)
def test_metadata_that_name_other_tensors(order: str, tmp_path: Path) -> None:
    save_file(Small().state_dict(), tmp_path / "net.safetensors", {"order": order})
    with pytest.raises(UserError, match="metadata entry 'order'"):
        read(tmp_path / "net.safetensors")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 200)), min_size=1))
def test_numbers_in_names_compare_as_numbers(parts: list[tuple[str, int]]) -> None:
    names = [f"{stem}.{number}" for stem, number in parts]
    expected = [f"{stem}.{number}" for stem, number in sorted(parts)]
    assert sorted(names, key=natural) == expected


class Evil:
    """A pickle that would write a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable, tuple]:
        return Path.touch, (self.path,)


def test_no_code_in_a_file_runs(tmp_path: Path) -> None:
    torch.save({"state_dict": Evil(tmp_path / "ran")}, tmp_path / "evil.pt")
    (tmp_path / "bare.pth").write_bytes(pickle.dumps(Evil(tmp_path / "ran")))
    for name in ("evil.pt", "bare.pth"):
        with pytest.raises(UserError, match=r"state_dict\(\)` with torch.save"):
            read(tmp_path / name)
    assert not (tmp_path / "ran").exists()


def _kept(tmp_path: Path, suffix: str) -> bytes:
    path = tmp_path / f"whole{suffix}"
    if suffix == ".h5":
        made.write_network(path, "MobileNet", narrow=4)
    elif suffix == ".pt":
        torch.save(Small().state_dict(), path)
    else:
        save_file(Small().state_dict(), path)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", [".h5", ".pt", ".safetensors"])
@pytest.mark.parametrize("part", [0.001, 0.3, 0.97])
def test_a_file_cut_short_is_one_line(suffix: str, part: float, tmp_path: Path) -> None:
    whole = _kept(tmp_path, suffix)
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole[: int(len(whole) * part) + 1])
    with pytest.raises(UserError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".h5", ".pt", ".pth", ".safetensors", ".hdf5"])
@pytest.mark.parametrize("content", [b"", b"layer_names: conv1\n" * 40, b"PK\x03\x04garbage"])
def test_files_of_another_kind(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"is empty|no HDF5|no safetensors|damaged|no plain"):
        read(path)


def _foreign_h5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["images"] = np.ones((3, 3, 2, 2))


def _lacking_h5(path: Path) -> None:
    made.write_network(path, "MobileNet", narrow=8)
    with h5py.File(path, "a") as file:
        del file["conv_dw_3"]


def _no_spatial(path: Path) -> None:
    made.write_keras(path, [("a", [("a/kernel:0", np.ones((1, 1, 2, 2)))]), ("b", [])])


def _not_a_number(path: Path) -> None:
    kernel = np.full((3, 3, 2, 2), np.nan)
    made.write_keras(path, [("conv7", [("conv7/kernel:0", kernel)])])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_foreign_h5, "lists no layers"),
        (_lacking_h5, "damaged"),
        (_no_spatial, "no spatial filters"),
        (_not_a_number, "layer conv7 holds weights that are infinite or no numbers"),
        (lambda path: None, "does not exist"),
        (Path.mkdir, "is a folder"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    make: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    make(path := tmp_path / "net.h5")
    with pytest.raises(UserError, match=words) as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, {}, torch.ones(3), {"model": {"lr": 1}}])
def test_a_torch_file_without_tensors_by_name(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "net.pt")
    with pytest.raises(UserError, match="no state dict"):
        read(tmp_path / "net.pt")


@pytest.mark.parametrize("name", ["net.onnx", "net", "net.npz"])
def test_other_suffixes(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UserError, match=r"\.h5, .*\.safetensors was expected"):
        read(tmp_path / name)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    path = tmp_path / "net.h5"
    path.write_bytes(b"x")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(builtins, "open", refuse)  # root may read everything
    with pytest.raises(UserError, match="Permission denied"):
        read(path)
