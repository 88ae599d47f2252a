"""Networks that no model of the suite is: the same outputs, or one line that refuses them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from benchmarks.compression import compress, load, worth
from benchmarks.errors import UserError
from benchmarks.models import ResNet18, TorchvisionResNet, TorchvisionVGG
from benchmarks.models.dead_filters import zero_below
from benchmarks.models.filter_removal import kept_filters
from benchmarks.models.layers import WEIGHTED

Changed = Callable[[nn.Module, torch.Tensor], torch.Tensor]


class Own(nn.Module):
    """A chain of three convolutions that share one activation, as own code writes it."""

    def __init__(self, passes: Changed | None = None) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        activation = nn.ReLU()
        for channels, width in ((3, 8), (8, 8), (8, 6)):
            convolution = nn.Conv2d(channels, width, 3, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(width), activation]
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier, self.passes = nn.Linear(6, 4), passes

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, 4) of images (N, 3, s, s)."""
        if self.passes is not None:
            return self.passes(self, images)
        return self.classifier(self.features(images))


def sparse(network: nn.Module, seed: int = 0, dead: float = 0.4) -> nn.Module:
    """As sparse training leaves it: whole filters and units, slices and weights near 0."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, WEIGHTED):
                weight = module.weight
                weight.copy_(torch.randn(weight.shape, generator=random))
                weight.div_(weight[0].numel() ** 0.5)
                weight[torch.rand(weight.shape[:2], generator=random) < 0.3] = 0
                if module.weight.shape[0] not in (4, 5):  # the classes
                    weight[torch.rand(len(weight), generator=random) < dead] = 3e-6
            elif isinstance(module, nn.BatchNorm2d):
                for values in (module.weight, module.bias, module.running_mean):
                    values.copy_(torch.randn(values.shape, generator=random))
            if isinstance(getattr(module, "bias", None), nn.Parameter):
                module.bias.copy_(torch.randn(module.bias.shape, generator=random))
    return network


def agree(network: nn.Module, smaller: nn.Module, side: int = 32) -> None:
    """That outputs are those of the network whose weights below the tolerance are 0."""
    expected = copy.deepcopy(network).eval()
    zero_below(expected, 1e-5)
    images = torch.randn(4, 3, side, side, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        first, second = expected(images), smaller(images)
    scale = float(first.abs().max())
    torch.testing.assert_close(second, first, rtol=0, atol=1e-5 * scale)


@given(seed=st.integers(0, 10**6), dead=st.sampled_from((0.0, 0.4, 0.8, 1.0)))
@settings(max_examples=15, deadline=None)
def test_activations_may_be_shared(seed: int, dead: float) -> None:
    network = sparse(Own(), seed, dead)
    small = compress(network)
    agree(network, small.network)
    if dead == 1.0:
        assert [len(kept) for kept in small.remains.kept.values()] == [1, 1, 1]


def with_a_convolution_twice() -> nn.Module:
    network = Own()
    network.features[6], network.features[7] = network.features[3], nn.BatchNorm2d(8)
    network.classifier = nn.Linear(8, 4)
    return network


def with_a_norm_twice() -> nn.Module:
    network = Own()
    network.features[4] = network.features[1]
    return network


@pytest.mark.parametrize("make", [with_a_convolution_twice, with_a_norm_twice])
def test_layers_that_stand_twice_are_refused(make: Callable[[], nn.Module], tmp_path: Path) -> None:
    network = sparse(make())
    with pytest.raises(UserError, match="are one layer; give each place a layer of its own"):
        compress(network)
    kept = compress(network, filters=False)
    kept.save(tmp_path / "twice.safetensors")
    agree(network, load(tmp_path / "twice.safetensors", make()))
    assert worth(network, kept, 32, seconds=0.01).filters[0] > 0


def squashed(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    return network.classifier(network.features(images).sigmoid()).exp()


def skipping(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    maps = network.features[:3](images)
    maps = maps + network.features[3:6](maps)
    return network.classifier(network.features[6:](maps))


def beside(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    return network.classifier(network.features(images) + images.mean((2, 3)).repeat(1, 2))


@pytest.mark.parametrize("passes", [squashed, skipping, beside])
@pytest.mark.parametrize("seed", range(4))
def test_what_forward_adds_is_kept_or_refused(passes: Changed, seed: int) -> None:
    network = sparse(Own(passes), seed)
    with pytest.raises(UserError, match=r"does more with the maps .*or give filters=False"):
        compress(network)
    agree(network, compress(network, filters=False).network)


def test_maps_may_be_flattened_in_another_order() -> None:
    """Or not: inputs of the dense layer are then no longer those of one filter side by side."""
    network = Own(lambda own, x: own.classifier(own.features(x).permute(0, 2, 3, 1).flatten(1)))
    network.features = network.features[:-2].append(nn.AdaptiveAvgPool2d(2))
    network.classifier = nn.Linear(24, 4)
    with pytest.raises(UserError, match="does more with the maps"):
        compress(sparse(network))


@pytest.mark.slow
@pytest.mark.parametrize("batch_norm", [False, True])
@given(seed=st.integers(0, 10**6), dead=st.sampled_from((0.0, 0.4, 1.0)))
@settings(max_examples=4, deadline=None)
def test_chains_may_end_in_several_dense_layers(
    batch_norm: bool, seed: int, dead: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = TorchvisionVGG(width_multiplier="0.03125", batch_norm=batch_norm)
    network = sparse(model.build(5, 64, seed=0), seed, dead)
    small = compress(network)
    agree(network, small.network, 64)
    path = tmp_path_factory.mktemp("vgg") / "small.safetensors"
    small.save(path)
    again = load(path, model.build(5, 64, seed=1))
    agree(network, again, 64)
    hidden = [m.out_features for m in again.modules() if isinstance(m, nn.Linear)]
    if dead:
        found = worth(network, small, 64, seconds=0.01)
        assert found.filters[1] < found.filters[0] == 86
        assert found.multiply_adds[1] < found.multiply_adds[0]
        assert max(hidden[:2]) < 128
    assert kept_filters(network, 0.0).keys() == {n for n in small.remains.kept if "features" in n}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "again"),
    [
        (TorchvisionResNet().build(5, 32, seed=0), TorchvisionResNet().build(5, 32, seed=1)),
        (
            ResNet18(width_multiplier="0.125").network(5),
            ResNet18(width_multiplier="0.125").network(5),
        ),
    ],
)
def test_residual_networks_keep_filters_and_store_no_zeros(
    network: nn.Module, again: nn.Module, tmp_path: Path
) -> None:
    small = compress(sparse(network))
    assert small.remains.kept == {}
    small.save(tmp_path / "small.safetensors")
    agree(network, small.network)
    loaded = load(tmp_path / "small.safetensors", again)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(loaded(images), small.network(images))
    found = worth(network, small, 32, seconds=0.01)
    assert found.filters[0] == found.filters[1] > 0
    assert found.file_bytes[1] < 0.6 * found.file_bytes[0]
    assert found.block_multiply_adds[1] < 0.8 * found.multiply_adds[1]
    assert "filters" in str(found)


def test_nothing_else_changes() -> None:
    network = sparse(Own()).train()
    state = copy.deepcopy(network.state_dict())
    drawn = torch.get_rng_state()
    small = compress(network, images=torch.randn(2, 3, 9, 9, generator=torch.Generator()))
    assert network.training
    assert not small.network.training
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


def test_chains_of_no_usual_size_are_checked_on_images_of_ones_own() -> None:
    network = Own()
    network.features = network.features[:-2].append(nn.Flatten())
    network.classifier = nn.Linear(6 * 11 * 7, 4)
    sparse(network)
    with pytest.raises(UserError, match=r"cannot be compared .*; give `images`"):
        compress(network)
    with pytest.raises(UserError, match="it does not take images of 2×3×8×8"):
        compress(network, images=torch.zeros(2, 3, 8, 8))
    small = compress(network, images=torch.randn(2, 3, 11, 7))
    images = torch.randn(4, 3, 11, 7)
    zero_below(network.eval(), 1e-5)
    torch.testing.assert_close(small.network(images), network(images), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_no_tolerance(tolerance: float) -> None:
    with pytest.raises(UserError, match="tolerance is a number from 0 on"):
        compress(Own(), tolerance)


def test_weights_that_are_no_weights() -> None:
    network = Own()
    with torch.no_grad():
        network.features[3].weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(UserError, match=r"features\.3\.weight has entries that are not finite"):
        compress(network)
    with pytest.raises(UserError, match=r"too coarse for constants .*: give float32"):
        compress(sparse(Own()).half())
    masked = Own()
    nn.utils.parametrizations.weight_norm(masked.features[0])
    with pytest.raises(UserError, match=r"features\.0\.weight is computed from other parameters"):
        compress(masked)
    with pytest.raises(UserError, match="is a Conv1d: of convolutions Conv2d alone"):
        compress(nn.Sequential(nn.Conv1d(3, 4, 3), nn.Flatten(), nn.Linear(8, 4)))
    statistics = Own()
    statistics.features[1] = nn.BatchNorm2d(8, track_running_stats=False)
    with pytest.raises(UserError, match="without running statistics"):
        compress(statistics)
