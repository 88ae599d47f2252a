"""RCNet-10 and its blocks: sizes, wiring, initial weights, and what does not fit together."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from run_makers import block, build, make_run, network
from torch import nn
from torch.nn import functional

from benchmarks.errors import UserError
from benchmarks.models.branches import STRIPS, BranchBlock, StripConv2d, scale_strips

KINDS = ("conv", "acb", "square")
ROOT3 = 3**0.5


def rcnet(kind: str = "conv", **settings: Any) -> nn.Module:
    """RCNet without meaningful weights."""
    return network(make_run(seed=0, model="rcnet10", block=kind, **settings), 10)


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("kind", "acb_bn", "count"),
    [
        ("conv", "per_branch", 78_042),
        ("acb", "per_branch", 128_442),
        ("acb", "shared", 128_442 - 4 * 240),
        ("square", "per_branch", 227_322),
        ("square", "shared", 227_322 - 4 * 240),
    ],
)
def test_sizes(kind: str, acb_bn: str, count: int) -> None:
    """L-23: 78,042 parameters, and 128,442 with ACNet's blocks in training. A shared batch-norm
    saves two pairs of vectors for each of the blocks' 240 channels."""
    assert parameters(rcnet(kind, acb_bn=acb_bn)) == count


def test_rcnet_10_has_ten_layers_with_its_projections() -> None:
    model = rcnet()
    weighted = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    assert len(weighted) == 1 + 6 + 2 + 1
    convolutions = [m for m in weighted if isinstance(m, nn.Conv2d)]
    assert [c.out_channels for c in convolutions] == [16, 16, 16, 32, 32, 32, 64, 64, 64]
    assert [c.kernel_size[0] for c in convolutions] == [3, 3, 3, 3, 3, 1, 3, 3, 1]
    assert [c.stride[0] for c in convolutions] == [1, 1, 1, 2, 1, 2, 2, 1, 2]
    assert all(c.bias is None for c in convolutions)


@pytest.mark.parametrize(("counts", "layers"), [((1, 1, 2), 10), ((2, 1, 1), 10), ((9, 9, 9), 56)])
def test_block_counts_make_other_readings(counts: tuple[int, ...], layers: int) -> None:
    """6n + 2 layers, as in He et al., projections not counted; 1-1-2 is another ten."""
    convolutions = [m for m in rcnet(block_counts=counts).modules() if isinstance(m, nn.Conv2d)]
    assert sum(c.kernel_size == (3, 3) for c in convolutions) + 1 == layers


@pytest.mark.parametrize("kind", ["acb", "square"])
def test_all_3x3_convolutions_and_no_projection_are_blocks(kind: str) -> None:
    sizes = [len(m.branches) for m in rcnet(kind).modules() if isinstance(m, BranchBlock)]
    assert sizes == [3, 3, 3, 3, 3, 1, 3, 3, 1]
    kernels = [
        [c.kernel_size for _, c in m.convolutions().items()]
        for m in rcnet(kind).modules()
        if isinstance(m, BranchBlock) and len(m.branches) == 3
    ]
    others = [(3, 1), (1, 3)] if kind == "acb" else [(3, 3), (3, 3)]
    assert kernels == [[(3, 3), *others]] * 7


def test_strips_know_their_side() -> None:
    strips = {
        name.rpartition(".")[2]: module.strip
        for name, module in rcnet("square").named_modules()
        if isinstance(module, StripConv2d)
    }
    assert strips == {"vertical": "column", "horizontal": "row"}
    assert not any(isinstance(m, StripConv2d) for m in rcnet("acb").modules())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("training", [False, True])
def test_a_block_is_the_sum_of_its_branches(
    kind: str, shared: bool, stride: int, training: bool
) -> None:
    torch.manual_seed(0)
    module = block(kind, 4, 6, stride, nn.BatchNorm2d, shared_norm=shared).double()
    for norm in module.norms.values():
        nn.init.uniform_(norm.weight, 0.5, 2)
        nn.init.normal_(norm.bias)
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    module.train(training)
    maps = torch.randn(3, 4, 7, 7, dtype=torch.float64)

    def normed(norm: nn.BatchNorm2d, values: torch.Tensor) -> torch.Tensor:
        mean, var = norm.running_mean, norm.running_var
        if training:
            mean, var = values.mean((0, 2, 3)), values.var((0, 2, 3), correction=0)
        scaled = (values - mean[:, None, None]) / (var + norm.eps).sqrt()[:, None, None]
        return scaled * norm.weight[:, None, None] + norm.bias[:, None, None]

    outputs = {
        name: functional.conv2d(
            maps, c.weight, stride=stride, padding=tuple(side // 2 for side in c.kernel_size)
        )
        for name, c in module.convolutions().items()
    }
    if shared and kind != "conv":
        expected = normed(module.norms["sum"], sum(outputs.values()))  # type: ignore[arg-type]
    else:
        expected = sum(normed(module.norms[name], out) for name, out in outputs.items())  # type: ignore[arg-type, assignment]
    torch.testing.assert_close(module(maps), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shared", [False, True])
def test_gradients_of_a_block_are_right(kind: str, shared: bool) -> None:
    torch.manual_seed(0)
    module = block(kind, 2, 2, 1, nn.BatchNorm2d, shared_norm=shared).double()
    maps = torch.randn(2, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module, (maps,), atol=1e-6)


@given(st.sampled_from(["0.25", "0.5", "1", "2"]), st.sampled_from(KINDS))
def test_widths_are_multiplied(multiplier: str, kind: str) -> None:
    with torch.device("meta"):
        model = rcnet(kind, width_multiplier=multiplier)
    assert model.classifier.in_features == int(64 * float(multiplier))
    assert model(torch.zeros(2, 3, 32, 32, device="meta")).shape == (2, 10)


def test_kinds_share_the_draws_of_the_3x3_branch() -> None:
    """Initial weights derive from seed and place, so η and the kind of the others leave them."""
    runs = [make_run(seed=4, model="rcnet10", block=kind) for kind in ("acb", "square")]
    first, second = (dict(build(run, 10).named_parameters()) for run in runs)
    same = [name for name in first if ".square.weight" in name and first[name].dim() == 4]
    assert len(same) == 7
    for name in same:
        assert torch.equal(first[name], second[name])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"block": "acb"}, "e58eb68a47b91386"),
        ({"block": "square", "branch_init": "scaled"}, "b739feacaaf95e39"),
    ],
)
def test_initial_weights_are_frozen(settings: dict[str, str], expected: str) -> None:
    """Seed 3; a changed value makes other runs under old names."""
    digest = hashlib.sha256()
    for parameter in build(make_run(seed=3, model="rcnet10", **settings), 10).parameters():  # type: ignore[arg-type]
        digest.update(parameter.detach().numpy().tobytes())
    assert digest.hexdigest()[:16] == expected


def test_a_strips_fan_in_is_its_own() -> None:
    model = build(make_run(seed=0, model="rcnet10", block="acb"), 10)
    conv2 = model.blocks[2].conv2.branches  # type: ignore[index, union-attr]
    for name, field in (("square", 9), ("vertical", 3), ("horizontal", 3)):
        weight = conv2[name].weight.detach()  # type: ignore[index]
        bound = 1 / (64 * field) ** 0.5
        assert weight.abs().max() <= bound * (1 + 1e-6)
        assert weight.std().item() == pytest.approx(bound / ROOT3, rel=0.02)


@pytest.mark.parametrize("scheme", ["torch", "he_normal", "glorot_uniform"])
def test_the_scaled_initialisation_scales_the_strips_draws_alone(scheme: str) -> None:
    runs = [
        make_run(seed=2, model="rcnet10", block="square", initialization=scheme, branch_init=init)
        for init in ("default", "scaled")
    ]
    default, scaled = (build(run, 10) for run in runs)
    found = 0
    for module, other in zip(default.modules(), scaled.modules(), strict=True):
        if isinstance(module, nn.Conv2d):
            factor = torch.ones(module.kernel_size)
            if isinstance(module, StripConv2d):
                factor = 2.0 * module.cells + 0.5 * ~module.cells
                found += 1
            assert torch.equal(other.weight, module.weight * factor)
    assert found == 14


def test_the_scaled_initialisation_in_numbers() -> None:
    """L-26: over a wide branch the magnitudes' sum stays and the variance grows by half."""
    runs = [
        make_run(seed=3, model="rcnet10", block="square", branch_init=init, width_multiplier="4")
        for init in ("default", "scaled")
    ]
    default, scaled = (
        build(run, 10).blocks[2].conv2.branches["vertical"].weight.detach()  # type: ignore[index, union-attr]
        for run in runs
    )
    assert (scaled.abs().sum() / default.abs().sum()).item() == pytest.approx(1, rel=0.01)
    assert (scaled.square().sum() / default.square().sum()).item() == pytest.approx(1.5, rel=0.01)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"block": "round"}, "'round' is none of"),
        ({"block": "acb", "acb_bn": "none"}, "per_branch, shared"),
        ({"block_counts": (1, 1)}, "3 numbers"),
    ],
)
def test_what_no_network_has_is_the_users_error(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        network(make_run(seed=0, **{"model": "rcnet10", **settings}), 10)


@pytest.mark.parametrize("strip", STRIPS)
def test_the_scaled_initialisation_keeps_the_sum_of_magnitudes(strip: str) -> None:
    """L-26, L-28: E[Σ a|w|] = 9σ with σ = E|w|; the mean variance grows by 13.5/9."""
    layer = StripConv2d(1, 1, strip)
    nn.init.ones_(layer.weight)
    scale_strips(layer)
    scale = layer.weight.detach()[0, 0]
    assert scale.sum() == 9
    assert scale.square().sum() / 9 == 1.5
    assert set(scale[layer.cells].tolist()) == {2.0}
    assert set(scale[~layer.cells].tolist()) == {0.5}
