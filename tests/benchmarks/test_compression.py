"""Networks without dead filters: the same outputs, smaller files, closed-form counts."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from benchmarks.compression import compress, load, worth
from benchmarks.errors import UserError
from benchmarks.models import VGG10, Handcrafted, Model, PyramidNet
from benchmarks.models.dead_filters import Conv2dOnConstants, zero_below
from benchmarks.models.layers import WEIGHTED
from benchmarks.penalties.measured_group_sparsity import sparsity_by_layer

PYRAMID = PyramidNet(depth=4, widths=(6, 8, 12), first_kernel=3, first_stride=1)
SIDE = 32


def sparse(model: Model, seed: int, dead: float = 0.4, empty: float = 0.5) -> nn.Module:
    """A network as sparse training leaves it, whose dead filters' maps are not 0, and with biases
    where it has any."""
    random = torch.Generator().manual_seed(seed)
    network = model.network(5, SIDE)

    def marks(share: float, *shape: int) -> torch.Tensor:
        return torch.rand(shape, generator=random) < share

    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, WEIGHTED):
                weight = module.weight
                weight.copy_(torch.randn(weight.shape, generator=random) / weight[0].numel() ** 0.5)
                weight[marks(empty, *weight.shape[:2])] = 0
                weight[marks(0.1, *weight.shape)] = 1e-7
                if weight.dim() == 4:
                    weight[marks(dead, len(weight))] = 3e-6
            elif isinstance(module, nn.BatchNorm2d):
                for values in (module.weight, module.bias, module.running_mean):
                    values.copy_(torch.randn(values.shape, generator=random))
                module.running_var.uniform_(0.5, 2, generator=random)
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                module.bias.copy_(torch.randn(module.bias.shape, generator=random))
    return network.eval()


def of(network: nn.Module) -> torch.Tensor:
    images = torch.randn(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(7))
    with torch.no_grad():
        return network(images)


@pytest.mark.parametrize("model", [PYRAMID, VGG10(width_multiplier="0.125")])
@given(seed=st.integers(0, 10**6), dead=st.sampled_from((0.0, 0.4, 0.8, 1.0)))
@settings(max_examples=8, deadline=None)
def test_outputs_stay(model: Model, seed: int, dead: float) -> None:
    """Though batch-norm gives dead filters constant maps, which borders cut."""
    network = sparse(model, seed, dead)
    small = compress(network)
    expected = copy.deepcopy(network)
    zero_below(expected, 1e-5)
    scale = float(of(expected).abs().max()) + 1
    torch.testing.assert_close(of(small.network), of(expected), rtol=0, atol=1e-5 * scale)


def test_networks_on_constants_are_exported_and_run_where_no_gradients_are_asked_for() -> None:
    images = torch.randn(2, 3, 8, 8)
    with torch.inference_mode():
        layer = Conv2dOnConstants(nn.Conv2d(3, 4, 3, padding=1), torch.randn(4, 1, 3, 3)).eval()
        expected = layer(images)
    layer = copy.deepcopy(layer)
    with torch.no_grad():
        exported = torch.export.export(layer, (images,)).module()
        assert torch.allclose(exported(images), expected, atol=1e-6)


def test_maps_of_constants_follow_the_numbers_behind_them() -> None:
    layer = Conv2dOnConstants(nn.Conv2d(2, 3, 3, padding=1), torch.rand(3, 1, 3, 3)).eval()
    for side in (8, 8, 6):
        maps = torch.rand(1, 2, side, side)
        for change in (1, 2):
            layer.load_state_dict(
                {**layer.state_dict(), "constant": change * torch.ones(3, 1, 3, 3)}
            )
            with torch.no_grad():
                kept = layer(maps)
            torch.testing.assert_close(kept, layer(maps))  # with gradients it is computed anew
    assert layer.double()(maps.double()).dtype == torch.float64
    assert set(layer.state_dict()) == {"constant", "convolution.weight", "convolution.bias"}


def test_what_is_behind_handcrafted_features_is_compressed(tmp_path: Path) -> None:
    model = Handcrafted(network_behind=PYRAMID)
    network = sparse(model, 2)
    small = compress(network)
    small.save(tmp_path / "small.safetensors")
    again = load(tmp_path / "small.safetensors", model.network(5, SIDE))
    assert torch.equal(of(again), of(small.network))
    zero_below(network, 1e-5)
    torch.testing.assert_close(of(again), of(network), rtol=0, atol=1e-4)


def test_dead_and_unread_filters_go_with_their_inputs() -> None:
    network = sparse(PYRAMID, 3, dead=0, empty=0)
    with torch.no_grad():
        network.features.conv1.weight[[0, 2]] = 0  # dead
        network.features.conv2.weight[:, 4] = 0  # nobody reads conv1's 4
        network.classifier.weight.view(5, 12, 21)[:, 7] = 0  # nor conv3's 7
        network.features.conv3.weight[[1, 3]] = 0
    small = compress(network)
    assert small.remains.kept == {
        "features.conv1": [1, 3, 5],
        "features.conv2": [*range(8)],
        "features.conv3": [0, 2, 4, 5, 6, 8, 9, 10, 11],
    }
    assert small.network.classifier.in_features == 9 * 21
    torch.testing.assert_close(of(small.network), of(network), rtol=0, atol=1e-4)
    assert [len(m.weight) for m in network.modules() if isinstance(m, nn.Conv2d)] == [6, 8, 12]


def test_files_hold_no_group_of_zeros(tmp_path: Path) -> None:
    network = sparse(PYRAMID, 5, dead=0.3, empty=0.7)
    small = compress(network)
    small.save(tmp_path / "small.safetensors")
    again = load(tmp_path / "small.safetensors", PYRAMID.network(5, SIDE))
    assert torch.equal(of(again), of(small.network))
    found = worth(network, small, SIDE, seconds=0.01)
    assert found.file_bytes[1] == (tmp_path / "small.safetensors").stat().st_size
    assert found.file_bytes[1] < 0.6 * found.file_bytes[0]
    layers = sparsity_by_layer(network)
    assert found.effective[0] == sum(e.weights - e.zeros for e in layers)
    assert found.weights[0] == sum(e.weights for e in layers)
    assert found.effective[1] < found.weights[1] < found.weights[0]
    numbers = [p for name, p in small.network.named_parameters() if name.endswith("constant")]
    held = [m.weight for m in small.network.modules() if isinstance(m, WEIGHTED)]
    assert numbers
    assert found.weights[1] == sum(p.numel() for p in (*held, *numbers))
    # No width doubles, so that every map has the image's side; the classifier sees 21 regions.
    products = SIDE**2 * 9 * (6 * 3 + 8 * 6 + 12 * 8) + 5 * 12 * 21
    assert found.multiply_adds[0] == products
    assert found.multiply_adds[1] < found.multiply_adds[0]
    assert found.block_multiply_adds[1] <= found.block_multiply_adds[0]
    assert all(speed > 0 for pair in found.images_per_second.values() for speed in pair)
    assert "images/s, batch 128" in str(found)


def test_what_cannot_be_compressed_or_read(tmp_path: Path) -> None:
    small = compress(sparse(PYRAMID, 1))
    path = tmp_path / "a.safetensors"
    small.save(path)
    with pytest.raises(UserError, match="has other layers than the file's"):
        load(path, PyramidNet(depth=3, widths=(6, 8), first_kernel=3).network(5, SIDE))
    with pytest.raises(UserError, match="has 2 filters in this network, and more in the file's"):
        load(path, PyramidNet(depth=4, widths=(2, 8, 12), first_kernel=3).network(5, SIDE))
    with pytest.raises(
        UserError, match=r"of another network: classifier.bias is \(5,\) in it, and \(7,\)"
    ):
        load(path, PYRAMID.network(7, SIDE))
    mirrored = PYRAMID.network(5, SIDE)
    mirrored.features.conv2.padding_mode = "reflect"
    with pytest.raises(UserError, match=r"pads by reflect.*filters=False, which keeps them"):
        compress(mirrored)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match=r"cannot read .*a.safetensors as a compressed network"):
        load(path, PYRAMID.network(5, SIDE))
    with pytest.raises(UserError, match="cannot write"):
        small.save(tmp_path / "none" / "b.safetensors")
