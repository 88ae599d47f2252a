"""The networks beyond plain VGG-10: closed-form sizes, frozen initial weights, first updates."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from run_makers import build, decay_coefficients, make_run, network
from torch import nn

from benchmarks.data import dataset
from benchmarks.data.dataset import Dataset, Split
from benchmarks.errors import UserError
from benchmarks.models import (
    VGG10,
    CifarResNet,
    Deep,
    ExpandedVGG10,
    Handcrafted,
    Hierarchical,
    Model,
    PairedNet,
    PyramidNet,
    ResNet18,
    Shallow,
    ThreeFC,
    TorchvisionResNet,
    TorchvisionVGG,
)
from benchmarks.models.networks import ResidualBlock
from benchmarks.parts import kinds
from benchmarks.penalties.loco_reg import ring_factors
from benchmarks.training import loop

CPU = torch.device("cpu")
FIVE = (5, 5, 5, 5, 5, 3, 3, 3, 3)
SEVEN = (7, 7, 7, 5, 5, 3, 3, 3, 3)
# Settings, classes, side of the images, parameters.
SIZES: list[tuple[dict[str, Any], int, int, int]] = [
    ({"model": "vgg10"}, 10, 32, 4_710_058),
    ({"model": "vgg10"}, 100, 32, 4_756_228),
    ({"model": "vgg10", "kernel_sizes": FIVE}, 10, 32, 5_203_114),
    ({"model": "vgg10", "kernel_sizes": FIVE}, 100, 32, 5_249_284),
    ({"model": "vgg10", "kernel_sizes": SEVEN}, 10, 32, 5_352_874),
    ({"model": "vgg10", "kernel_sizes": SEVEN}, 100, 32, 5_399_044),
    ({"model": "vgg10-expanded"}, 200, 64, 4_816_808),
    ({"model": "vgg10-expanded", "head": "flatten"}, 200, 64, 4_816_808),
    ({"model": "vgg10-expanded"}, 9, 128, 4_718_825),
    ({"model": "vgg10-expanded", "head": "flatten"}, 9, 128, 4_732_649),
    ({"model": "mobilenet"}, 10, 32, 555_050),
    ({"model": "mobilenet"}, 100, 32, 601_220),
    ({"model": "resnet10"}, 10, 32, 4_903_242),
    ({"model": "resnet10"}, 100, 32, 4_949_412),
]
# SHA-256 of all initial weights of seed 3, scheme "torch", ten classes. They are uniforms from the
# host's streams and exact everywhere; a changed value makes other runs under old names.
INITIAL = {
    "vgg10": "7252f3eb621bd193",
    "vgg10-expanded": "cb8da2babf9343bf",
    "mobilenet": "2150a1badfa16f23",
    "resnet10": "d819da7e7f9740ac",
    "rcnet10": "ac2cdc5585072b40",
}
# The same of networks that were never named by a flat configuration, small.
INITIAL_SMALL: dict[str, tuple[Model, str]] = {
    "d_net": (Deep(connectivity="local", alpha=2), "867ad5104dc90625"),
    "s_net": (Shallow(connectivity="fc", alpha=1), "da97c4faba9ab522"),
    "3_fc": (ThreeFC(hidden=64), "84c82153905505be"),
    "resnet18": (ResNet18(width_multiplier="0.1"), "ab525bcee3db4790"),
    "hierarchical": (
        Hierarchical(
            model=ResNet18(width_multiplier="0.1"), parents=(0, 0, 1, 1, 1, 2, 2, 2, 2, 2)
        ),
        "4b17242ad597f19f",
    ),
    "handcrafted": (
        Handcrafted(network_behind=ResNet18(width_multiplier="0.1")),
        "05cf09cb31f338d4",
    ),
    "paired": (
        PairedNet(widths=(4, 4, 4, 8, 8), halve_at=(4,), shortcuts="project"),
        "f03687c1b7693472",
    ),
    "cifar_resnet": (
        CifarResNet(depth=8, width_multiplier="0.5", shortcuts="pad"),
        "73da4ce02035e26f",
    ),
    "torchvision_resnet": (TorchvisionResNet(), "a871d6820d6b446d"),
    "pyramid": (
        PyramidNet(depth=4, filters=4, first_stride=1, initialization="torch"),
        "ee1387e4ac40578b",
    ),
    "torchvision_vgg": (TorchvisionVGG(width_multiplier="0.05"), "515dff4ce87b14be"),
}


def convolutions(model: nn.Module) -> list[nn.Conv2d]:
    """All of them, in the modules' order."""
    return [m for m in model.modules() if isinstance(m, nn.Conv2d)]


def on_meta(settings: dict[str, Any], classes: int, side: int) -> nn.Module:
    """The network without memory for its weights."""
    with torch.device("meta"):
        return network(make_run(seed=0, **settings), classes, side)


@pytest.mark.parametrize(("settings", "classes", "side", "parameters"), SIZES)
def test_sizes_are_the_closed_form_ones(
    settings: dict[str, Any], classes: int, side: int, parameters: int
) -> None:
    model = on_meta(settings, classes, side)
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert all(convolution.bias is None for convolution in convolutions(model))
    images = torch.zeros(2, 3, side, side, device="meta")
    assert model(images).shape == (2, classes)


def test_mobilenet_has_few_weights_that_locality_acts_on() -> None:
    found = convolutions(on_meta({"model": "mobilenet"}, 10, 32))
    assert len(found) == 20
    assert sum(c.weight.numel() for c in found) == 541_984
    assert sum(c.weight.numel() for c in found if c.kernel_size == (3, 3)) == 18_720
    assert sum(c.groups > 1 for c in found) == 10


def test_larger_kernels_stand_where_they_are_listed() -> None:
    model = on_meta({"kernel_sizes": SEVEN}, 10, 32)
    assert tuple(c.kernel_size[0] for c in convolutions(model)) == SEVEN


def test_the_expansion_is_one_convolution_and_one_pooling_after_the_first_pooling() -> None:
    names = list(on_meta({"model": "vgg10-expanded"}, 200, 64).features._modules)  # type: ignore[union-attr]
    assert names[:9] == [
        "conv1", "norm1", "relu1", "pool1", "conv2", "norm2", "relu2", "pool2", "conv3",
    ]  # fmt: skip
    assert ExpandedVGG10.stages[:2] == ((32,), (32,))


def test_the_state_of_vgg10_keeps_its_names() -> None:
    """Checkpoints of runs in progress are read by these names, in this order."""
    expected = []
    for index in range(1, 10):
        expected.append(f"features.conv{index}.weight")
        expected += [
            f"features.norm{index}.{entry}"
            for entry in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
        ]
    assert list(on_meta({}, 10, 32).state_dict()) == [
        *expected, "classifier.weight", "classifier.bias",
    ]  # fmt: skip


def test_heads_differ_on_larger_maps_alone() -> None:
    features = torch.randn(2, 3, 64, 64)
    for side, same in ((64, True), (128, False)):
        flat, mean = (ExpandedVGG10(head=head).network(9, side) for head in ("flatten", "gap"))
        assert (flat.classifier.in_features == mean.classifier.in_features) == same
    flat = ExpandedVGG10(head="flatten").network(9, 64).eval()
    mean = ExpandedVGG10(head="gap").network(9, 64).eval()
    mean.load_state_dict(flat.state_dict())
    assert torch.equal(flat(features), mean(features))


def test_the_mean_head_averages_the_last_map() -> None:
    model = VGG10(head="gap").network(9, 64).eval()
    images = torch.randn(2, 3, 64, 64)
    maps = model.features(images)
    assert maps.shape == (2, 512, 2, 2)
    expected = model.classifier(maps.flatten(2).mean(2))
    torch.testing.assert_close(model(images), expected)


@pytest.mark.parametrize(("channels", "stride"), [(8, 1), (8, 2), (4, 1)])
def test_a_residual_block_is_its_branch_plus_its_shortcut(channels: int, stride: int) -> None:
    torch.manual_seed(0)

    def convolution(channels: int, width: int, stride: int) -> nn.Module:
        return nn.Conv2d(channels, width, 3, stride, 1)

    def projection(channels: int, width: int, stride: int) -> nn.Module:
        return nn.Conv2d(channels, width, 1, stride)

    block = ResidualBlock(channels, 8, stride, convolution, projection, nn.BatchNorm2d).eval()
    maps = torch.randn(2, channels, 6, 6)
    branch = block.norm2(block.conv2(block.norm1(block.conv1(maps)).relu()))
    projected = stride != 1 or channels != 8
    assert isinstance(block.shortcut, nn.Identity) != projected
    torch.testing.assert_close(block(maps), (branch + block.shortcut(maps)).relu())
    # A block whose branch is silent passes on what comes in.
    nn.init.zeros_(block.norm2.weight)
    torch.testing.assert_close(block(maps), block.shortcut(maps).relu())


def test_two_blocks_a_stage_are_resnet_18() -> None:
    """Its CIFAR form has 11,173,962 parameters."""
    with torch.device("meta"):
        model = ResNet18().network(10)
    assert sum(p.numel() for p in model.parameters()) == 11_173_962


@pytest.mark.parametrize("model", INITIAL)
@given(multiplier=st.sampled_from(["0.01", "0.125", "0.25", "0.5", "1", "1.5"]))
def test_widths_are_multiplied(model: str, multiplier: str) -> None:
    whole = on_meta({"model": model}, 10, 64)
    scaled = on_meta({"model": model, "width_multiplier": multiplier}, 10, 64)
    for before, after in zip(convolutions(whole), convolutions(scaled), strict=True):
        assert after.out_channels == max(1, int(before.out_channels * float(multiplier) + 0.5))
    assert scaled(torch.zeros(1, 3, 64, 64, device="meta")).shape == (1, 10)


@pytest.mark.parametrize(
    ("settings", "side", "words"),
    [
        ({"model": "vgg16"}, 32, "resnet10"),
        ({"kernel_sizes": (5, 5)}, 32, "9 convolutions"),
        ({"model": "vgg10-expanded", "kernel_sizes": FIVE}, 64, "10 convolutions"),
        ({}, 16, "at least 32×32"),
        ({"model": "vgg10-expanded"}, 32, "at least 64×64"),
    ],
)
def test_what_no_network_has_is_the_users_error(
    settings: dict[str, Any], side: int, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        build(make_run(seed=0, **settings), 10, side)


def test_every_networks_initial_weights_are_frozen() -> None:
    assert set(kinds(Model)) == {model.replace("-", "_") for model in INITIAL} | set(INITIAL_SMALL)


@pytest.mark.parametrize("model", INITIAL)
def test_initial_weights_are_frozen(model: str) -> None:
    assert digest_of(build(make_run(seed=3, model=model), 10, 64)) == INITIAL[model]


def test_initial_weights_of_small_networks_are_frozen() -> None:
    found = {kind: digest_of(m.build(10, 16, seed=3)) for kind, (m, _) in INITIAL_SMALL.items()}
    assert found == {kind: digest for kind, (_, digest) in INITIAL_SMALL.items()}


def digest_of(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for parameter in model.parameters():
        digest.update(parameter.detach().numpy().tobytes())
    return digest.hexdigest()[:16]


@pytest.mark.parametrize(
    ("scheme", "deviation"),
    [
        ("torch", (1 / 9 / 3) ** 0.5),
        ("he_normal", (2 / 9) ** 0.5),
        ("glorot_uniform", (2 / (9 + 9 * 512)) ** 0.5),
    ],
)
def test_depthwise_filters_start_from_a_fan_in_of_nine(scheme: str, deviation: float) -> None:
    model = build(make_run(seed=0, model="mobilenet", initialization=scheme), 10)
    weight = model.features.conv20.weight.detach()  # type: ignore[union-attr]
    assert weight.shape == (512, 1, 3, 3)
    assert weight.std().item() == pytest.approx(deviation, rel=0.03)


def test_depthwise_filters_get_locality_and_pointwise_ones_plain_decay() -> None:
    run = make_run(seed=0, model="mobilenet", gamma="1.8", eta="2.13", weight_decay="0.001")
    model = network(run, 10)
    coefficients = decay_coefficients(model, run)
    r = torch.from_numpy(ring_factors(1.8, 2.13))
    for index, convolution in enumerate(convolutions(model), start=1):
        coefficient = coefficients.pop(f"features.conv{index}.weight")
        spatial = convolution.kernel_size == (3, 3)
        expected = 2 * 0.001 * (r if spatial else torch.ones(1, 1, dtype=torch.float64))
        torch.testing.assert_close(coefficient[0, 0], expected, rtol=1e-12, atol=0)
        assert torch.broadcast_shapes(coefficient.shape, convolution.weight.shape) == (
            convolution.weight.shape
        )
    assert set(coefficients) == {"classifier.weight"}


def test_shortcuts_of_resnet_get_plain_decay() -> None:
    run = make_run(seed=0, model="resnet10", gamma="1.8", eta="2.13")
    coefficients = decay_coefficients(network(run, 10), run)
    assert len(coefficients) == 1 + 8 + 3 + 1
    plain = [name for name, c in coefficients.items() if c.shape == (1, 1, 1, 1)]
    assert plain == [f"blocks.{index}.shortcut.0.weight" for index in (1, 2, 3)]
    assert all(coefficients[name].item() == 2 * 0.0005 for name in plain)


def noise_of(side: int) -> Dataset:
    """32 training and 8 test images of noise in ten classes."""
    random = np.random.default_rng(side)
    splits = {
        name: Split(
            random.integers(0, 256, (count, side, side, 3), dtype=np.uint8),
            random.integers(0, 10, count),
        )
        for name, count in (("train", 32), ("test", 8))
    }
    return dataset.build(f"noise{side}", tuple("abcdefghij"), splits)


@pytest.mark.parametrize(
    ("settings", "side"),
    [
        ({"model": "mobilenet", "gamma": "1.4", "eta": "1.56"}, 32),
        ({"model": "resnet10", "gamma": "1.4", "eta": "1.56"}, 32),
        ({"kernel_sizes": SEVEN, "a0": "1", "a1": "0.35"}, 32),
        ({"model": "vgg10-expanded", "gamma": "1.8", "eta": "2.13"}, 64),
        ({"model": "vgg10-expanded", "head": "flatten", "width_multiplier": "0.25"}, 128),
    ],
    ids=["mobilenet", "resnet10", "vgg10 7×7", "expanded", "expanded flatten"],
)
def test_two_updates_move_every_parameter(settings: dict[str, Any], side: int) -> None:
    loop.prepare(CPU)
    data = noise_of(side)
    run = make_run(
        seed=1,
        dataset=data.name,
        data_digest=data.digest,
        epochs=1,
        batch_size=16,
        learning_rate="0.01",
        lr_milestones=(),
        **settings,
    )
    (outcome,) = loop.train([run], data, CPU)
    assert outcome.error is None, outcome.traceback
    assert outcome.finished
    assert not outcome.diverged
    assert outcome.measurements["test accuracy"]["of"] == 8
    assert outcome.model is not None
    before = dict(build(run, 10, side).named_parameters())
    for name, parameter in outcome.model.named_parameters():
        assert parameter.isfinite().all(), name
        assert not torch.equal(parameter, before[name]), name
