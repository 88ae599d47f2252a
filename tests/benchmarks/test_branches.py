"""Merged networks compute what the trained ones do, with one convolution a block."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pytest
import torch
from run_makers import block, make_run, network, normalizer_of
from torch import nn

from benchmarks.data import digits, info
from benchmarks.models.branches import BranchBlock, merge, merged_convolution
from benchmarks.training import loop

CPU = torch.device("cpu")
KINDS = [(kind, acb_bn) for kind in ("acb", "square") for acb_bn in ("per_branch", "shared")]


def settle(model: nn.Module) -> None:
    """Statistics and affine parameters as far from their initial values as training takes them."""
    generator = torch.Generator().manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.running_var):
                assert tensor is not None
                tensor.uniform_(0.3, 3, generator=generator)
            for tensor in (module.bias.data, module.running_mean):
                assert tensor is not None
                tensor.normal_(generator=generator)


@cache
def trained(kind: str, acb_bn: str) -> tuple[nn.Module, torch.Tensor]:
    """RCNet-10 after 42 updates on real digits, and 200 normalised test images."""
    loop.prepare(CPU)
    run = make_run(
        seed=0,
        dataset="digits",
        data_digest=info("digits").identity,
        model="rcnet10",
        block=kind,
        acb_bn=acb_bn,
        strip_eta="8" if kind == "square" else "0",  # type: ignore[arg-type]
        normalization="half",
        augmentation="crop_flip",
        width_multiplier="0.5",  # type: ignore[arg-type]
        epochs=2,
        batch_size=64,
        learning_rate="0.05",  # type: ignore[arg-type]
        lr_milestones=(1,),
    )
    data = digits.load(info("digits"))
    (outcome,) = loop.train([run], data, CPU)
    assert outcome.model is not None, outcome.traceback
    pixels = torch.from_numpy(np.array(data.test.images[:200]))
    return outcome.model, normalizer_of(run, data, CPU)(pixels)


@pytest.mark.parametrize(("kind", "acb_bn"), KINDS)
def test_a_trained_network_merges_into_the_plain_one(kind: str, acb_bn: str) -> None:
    model, images = trained(kind, acb_bn)
    assert not torch.equal(
        next(m.running_mean for m in model.modules() if isinstance(m, nn.BatchNorm2d)),  # type: ignore[arg-type]
        torch.zeros(8),
    )
    model = copy.deepcopy(model).eval()
    with torch.no_grad():
        expected, found = model(images), merge(model)(images)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
        doubled = model.double()
        expected, found = doubled(images.double()), merge(doubled)(images.double())
        assert (found - expected).abs().max() < 1e-5
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("kind", "acb_bn"), KINDS)
@pytest.mark.parametrize("stride", [1, 2])
def test_a_block_merges(kind: str, acb_bn: str, stride: int) -> None:
    torch.manual_seed(0)
    module = block(kind, 5, 7, stride, nn.BatchNorm2d, shared_norm=acb_bn == "shared")
    settle(module)
    module = module.double().eval()
    maps = torch.randn(2, 5, 9, 9, dtype=torch.float64)
    merged = merged_convolution(module)
    assert merged.kernel_size == (3, 3)
    assert merged.weight.dtype == torch.float64
    torch.testing.assert_close(merged(maps), module(maps), rtol=1e-12, atol=1e-12)
    assert torch.equal(merge(module)(maps), merged(maps)), "a block is a network, too"


def test_the_corners_of_acnets_filter_come_from_its_3x3_branch_alone() -> None:
    module = block("acb", 2, 3, 1, nn.BatchNorm2d).eval()
    merged = merged_convolution(module).weight.detach()
    square = module.branches["square"].weight.detach() / (1 + 1e-5) ** 0.5  # type: ignore[operator]
    for i, j in ((0, 0), (0, 2), (2, 0), (2, 2)):
        torch.testing.assert_close(merged[..., i, j], square[..., i, j])
    for i, j in ((1, 1), (0, 1), (1, 0)):
        assert not torch.allclose(merged[..., i, j], square[..., i, j])


def test_merging_leaves_convolutions_and_a_dense_layer() -> None:
    model, images = trained("acb", "per_branch")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    was_training = model.training
    merged = merge(model)
    kinds = [type(m) for m in merged.modules()]
    assert BranchBlock not in kinds
    assert nn.BatchNorm2d not in kinds
    convolutions = [m for m in merged.modules() if isinstance(m, nn.Conv2d)]
    assert [c.kernel_size[0] for c in convolutions] == [3, 3, 3, 3, 3, 1, 3, 3, 1]
    assert not merged.training
    # The trained network is as it was.
    assert model.training == was_training
    after = model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert images.shape == (200, 3, 32, 32)


def test_plain_blocks_merge_their_batch_norm() -> None:
    model = network(make_run(seed=0, model="rcnet10"), 10)
    settle(model)
    model = model.double().eval()
    images = torch.randn(4, 3, 32, 32, dtype=torch.float64)
    merged = merge(model)
    torch.testing.assert_close(merged(images), model(images), rtol=1e-10, atol=1e-10)
    plain = sum(p.numel() for p in model.parameters())
    # A convolution's bias takes the place of a batch-norm's two vectors.
    assert sum(p.numel() for p in merged.parameters()) == plain - (16 * 3 + 32 * 3 + 64 * 3)


def test_a_network_without_blocks_is_copied() -> None:
    model = network(make_run(seed=0), 10)
    merged = merge(model)
    assert merged is not model
    for (name, value), (other, copied) in zip(
        model.state_dict().items(), merged.state_dict().items(), strict=True
    ):
        assert name == other
        assert torch.equal(value, copied)
