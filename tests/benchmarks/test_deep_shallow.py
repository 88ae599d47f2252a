"""D-, S- and 3-FC networks and ResNet-18: closed-form counts, forms, bad input."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from run_makers import make_run
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.errors import UserError
from benchmarks.models import Deep, Model, ResNet18, Shallow, ThreeFC
from benchmarks.models.describe import describe
from benchmarks.models.initialization import initialize
from benchmarks.run import Run

# Weights without biases and batch-norm, for 32×32 images (INVENTORY 5.5).
COUNTS: list[tuple[Model, int, int]] = [
    (Shallow(connectivity="conv", alpha=150), 10, 138_312_450),
    (Shallow(connectivity="local", alpha=150), 10, 147_607_200),
    (Shallow(connectivity="fc", alpha=150), 10, 256_240_800),
    (Shallow(connectivity="fc", alpha=150), 100, 256_564_800),
    (Deep(connectivity="conv", alpha=15), 10, 1_445_955),
    (Deep(connectivity="conv", alpha=15), 100, 1_532_355),
    (Deep(connectivity="local", alpha=15), 10, 11_713_920),
    (Deep(connectivity="fc", alpha=15), 10, 282_203_520),
    (Deep(connectivity="fc", alpha=14), 10, 248_767_232),
    (ThreeFC(hidden=14_536), 10, 256_095_248),
    # The network of Figure 3 (B-06).
    (Shallow(connectivity="fc", alpha=230, dense_width=25), 10, 180_879_360 + 338_560_000 + 57_500),
]


def on_meta(model: Model, classes: int, side: int = 32) -> nn.Module:
    with torch.device("meta"):
        return model.network(classes, side)


@pytest.mark.parametrize(("model", "classes", "weights"), COUNTS)
def test_published_and_closed_form_counts(model: Model, classes: int, weights: int) -> None:
    """Nothing is allocated."""
    layers = describe(partial(model.network, classes))
    assert sum(layer.weights for layer in layers) == weights
    *hidden, last = layers
    assert all(layer.followed_by == ["bn", "relu"] for layer in hidden)
    assert last.followed_by == []
    assert last.parameters == last.weights + classes


@pytest.mark.parametrize("kind", ["conv", "local", "fc"])
@pytest.mark.parametrize("settings", [Deep, Shallow])
def test_layer_by_layer_counts_of_tables_3_and_4(settings: Any, kind: str) -> None:
    s, a, c = 32, 2, 10
    first = {
        Deep: {"conv": 27 * a, "local": 27 * s**2 * a, "fc": 3 * s**4 * a},
        Shallow: {"conv": 243 * a, "local": 243 * s**2 * a // 4, "fc": 3 * s**4 * a // 4},
    }[settings][kind]
    inner = {
        "conv": [9 * 2**power * a**2 for power in range(1, 8)],
        "local": [9 * s**2 * a**2 // (2, 1)[odd % 2] for odd in range(7)],
        "fc": [s**4 * a**2 // 2**power for power in range(1, 8)],
    }[kind]
    dense = [4 * s**2 * a**2, 64 * c * a] if settings is Deep else [6 * s**2 * a**2, 24 * c * a]
    expected = [first, *(inner if settings is Deep else []), *dense]
    layers = describe(partial(settings(connectivity=kind, alpha=a).network, c))
    assert [layer.weights for layer in layers] == expected


def test_counterparts_have_the_maps_of_the_convolution() -> None:
    images = torch.zeros(2, 3, 32, 32, device="meta")
    for settings, units in ((Deep, 16 * 2 * 4), (Shallow, 2 * 256)):
        for kind in ("conv", "local", "fc"):
            model = on_meta(settings(connectivity=kind, alpha=2), 10)
            assert model(images).shape == (2, 10)
            assert model.features.fc1.in_features == units


@pytest.mark.parametrize("connectivity", ["conv", "local", "fc"])
def test_multiply_adds_agree_with_torchs_own_counter(connectivity: str) -> None:
    for settings in (Deep, Shallow):
        make = partial(settings(connectivity=connectivity, alpha=2).network, 10)
        with torch.device("meta"):
            model, image = make().eval(), torch.zeros(1, 3, 32, 32)
        with FlopCounterMode(display=False) as counter:
            model(image)
        products = sum(layer.multiply_adds for layer in describe(make))
        assert counter.get_total_flops() == 2 * products
        if connectivity != "conv":
            assert products == sum(layer.weights for layer in describe(make))


def test_without_padding_maps_are_those_of_the_re_implementations() -> None:
    """12×12 positions of S-CONV instead of 16×16 (B-08)."""
    for connectivity in ("conv", "local", "fc"):
        model = Shallow(connectivity=connectivity, alpha=2, padding="valid")
        network = on_meta(model, 10)
        assert network(torch.zeros(2, 3, 32, 32, device="meta")).shape == (2, 10)
        assert network.features.fc1.in_features == 2 * 12**2
    assert "padding" not in Shallow().canonical()
    assert Shallow(padding="valid").canonical()["padding"] == "valid"


@pytest.mark.parametrize("kernel", range(3, 17, 2))
def test_resnet18_of_every_kernel(kernel: int) -> None:
    """He et al.'s 11,173,962 parameters; of other kernels the 3×3 layers' share grows."""
    model = on_meta(ResNet18(kernel_size=kernel), 10)
    total = sum(p.numel() for p in model.parameters())
    squares = 3 * 64 + 4 * 64**2 + 64 * 128 + 3 * 128**2 + 128 * 256 + 3 * 256**2 + 256 * 512
    squares += 3 * 512**2
    assert total == 11_173_962 + (kernel**2 - 9) * squares
    maps = model.blocks(torch.zeros(1, 64, 32, 32, device="meta"))
    assert maps.shape == (1, 512, 4, 4)


def test_dropout_stands_before_the_last_two_dense_layers() -> None:
    expected = {
        Shallow(connectivity="conv", alpha=1, dropout="0.5"): ["fc1", "classifier"],
        Deep(connectivity="fc", alpha=1, dropout="0.5"): ["fc1", "classifier"],
        ThreeFC(hidden=4, dropout="0.5"): ["fc2", "classifier"],
    }
    for model, dense in expected.items():
        network = on_meta(model, 10)
        names = [n for n, _ in network.named_modules() if n not in ("", "features")]
        names = [name.rpartition(".")[2] for name in names]
        after = [names[names.index(f"dropout{i}") + 1] for i in (1, 2)]
        assert after == dense


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Shallow(alpha="2.5"), "alpha: '2.5' is not a whole number"),
        (lambda: Shallow(alpha=0), "alpha must be at least 1"),
        (lambda: Shallow(dropout="1"), "dropout must be below 1"),
        (lambda: Shallow(dropout="-0.1"), "dropout must not be negative"),
        (lambda: ResNet18(kernel_size=4), "kernel_size must be odd"),
        (lambda: Shallow().network(10, 15), "multiple of 2"),
        (lambda: Deep().network(10, 24), "multiple of 16"),
        (lambda: Deep(padding="valid").network(10, 32), "leaves nothing"),
        (lambda: a_run(ResNet18()).with_setting("model.dropout", "0.5"), "no setting model.drop"),
    ],
)
def test_bad_input_is_one_line(make: Any, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_initial_weights_are_those_of_the_layer() -> None:
    """Locally connected layers are initialised as the convolution, place by place."""
    network = Shallow(connectivity="local", alpha=4).build(10, seed=1)
    weight = network.features.conv1.weight
    bound = 1 / 243**0.5
    assert weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
    initialize(network, "he_normal", 1)
    assert weight.std().item() == pytest.approx((2 / 243) ** 0.5, rel=0.01)


def a_run(model: Model, seed: int = 0) -> Run:
    return make_run(seed=seed).with_setting("model", model)


def test_golden_hashes() -> None:
    """Never edit one; see test_run.py."""
    found = {
        "d_conv": a_run(Deep()).hash,
        "s_fc": a_run(Shallow(connectivity="fc", dropout="0.5")).hash,
        "3_fc": a_run(ThreeFC()).hash,
        "resnet18": a_run(ResNet18(kernel_size=7)).hash,
    }
    assert found == {
        "d_conv": "f7c6c256c813bc93",
        "s_fc": "f3b93f12efbc3720",
        "3_fc": "1acd5aedd8cefe9b",
        "resnet18": "c0cf0904dd2255a1",
    }
