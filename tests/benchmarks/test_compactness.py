"""Penalties of channels and filters, and what they are measured by: values on hand-made weights,
gradients against autograd, the measures' inequality."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from benchmarks.errors import UserError
from benchmarks.models import Model, PyramidNet, ResNet18, TorchvisionVGG
from benchmarks.models.spatial_pyramid import SpatialPyramid
from benchmarks.penalties import Compactness, DictionarySparsity, GroupSparsity, PlainL2
from benchmarks.penalties.compactness import MixedTerm
from benchmarks.penalties.measured_group_sparsity import (
    LayerSparsity,
    first_upper,
    sparsity_by_layer,
)

TERMS = [
    Compactness(c_w="0.7", c_theta="0.3", alpha="0.4", beta="0.2"),
    Compactness(alpha="1", beta="1", beta_schedule="linear"),
    DictionarySparsity(c_w="0.7", c_theta="0.3", beta="0.4"),
    DictionarySparsity(beta="0.9", beta_schedule="linear"),
]


def hand_made() -> nn.Sequential:
    """Two 3×3 convolutions, a pyramid of one level above the whole map, and a classifier."""
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, bias=False),
        nn.Conv2d(2, 2, 3, bias=False),
        SpatialPyramid(2),
        nn.Linear(10, 2, bias=False),
    ).double()
    for layer in (model[0], model[1], model[3]):
        layer.weight.data.zero_()  # type: ignore[operator, union-attr]
    model[0].weight.data[0, 0, 0, :2] = torch.tensor([3.0, 4.0])  # type: ignore[index, union-attr]
    model[1].weight.data[0, 0, 1, 1] = 2.0  # type: ignore[index, union-attr]
    model[1].weight.data[0, 1, 0, :2] = torch.tensor([6.0, 8.0])  # type: ignore[index, union-attr]
    model[3].weight.data[1, 3:7] = torch.tensor([1.0, 2.0, 5.0, 12.0])  # type: ignore[index, union-attr]
    return model


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        # Γ: squares 25 of the first layer alone; 2 + 10 of the second one's slices. Ω: the second
        # class has weights 1, 2 of the first channel's regions and 5, 12 of the second's.
        (
            Compactness(c_w="1", c_theta="1", alpha="1", beta="1"),
            12.5 + 12 + math.sqrt(5) + 13,
        ),
        (Compactness(c_w="2", c_theta="0", alpha="0", beta="1"), 5 + 169),
        (Compactness(c_w="0", c_theta="1", alpha="1", beta="0.25"), 12.5 + 0.375 * 104 + 3),
        # Ψ: whole filters of both layers, 5 and √104; the classifier's squares.
        (DictionarySparsity(c_w="1", c_theta="1", beta="1"), 5 + math.sqrt(104) + 87),
        (
            DictionarySparsity(c_w="0", c_theta="1", beta="1", beta_schedule="linear"),
            12.5 + math.sqrt(104),
        ),
    ],
)
def test_values_of_hand_made_weights(term: MixedTerm, expected: float) -> None:
    assert term.attach(hand_made()).value().item() == pytest.approx(expected)


def sparse_network(seed: int, model: Model | None = None) -> nn.Module:
    """With filters, slices and regions of zeros."""
    made = model or PyramidNet(depth=4, widths=(4, 5, 6), first_kernel=3, first_stride=1)
    network = made.build(3, 32, seed=seed).double().to(memory_format=torch.channels_last)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.weight[1] = 0
                layer.weight[0, -1] = 0
    return network


@pytest.mark.parametrize("term", TERMS, ids=str)
@pytest.mark.parametrize(
    "network", [None, TorchvisionVGG(width_multiplier="0.0625"), ResNet18(width_multiplier="0.1")]
)
def test_the_gradient_is_autograds(term: MixedTerm, network: Model | None) -> None:
    """With the decay that an update applies; 0 where a norm is 0; in whatever order weights lie."""
    model = sparse_network(1, network)
    if network is None:
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.weight = nn.Parameter(layer.weight.detach().mT.contiguous().mT)
    penalty = term.attach(model)
    named = dict(model.named_parameters())
    value = penalty.value()
    expected = torch.autograd.grad(value, list(named.values()), allow_unused=True)
    penalty.add_gradients()
    for (name, parameter), gradient in zip(named.items(), expected, strict=True):
        found = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        found = found + penalty.coefficients.get(name, 0) * parameter.detach()
        wanted = torch.zeros_like(parameter) if gradient is None else gradient
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-15)
        assert name.endswith("weight") or not wanted.any()


@pytest.mark.parametrize("term", TERMS, ids=str)
def test_the_proximal_step_minimises(term: MixedTerm) -> None:
    """½|w − w₀|² + step · Σ norms, against the closed form of each group."""
    model = sparse_network(2)
    penalty = term.replace(solver="prox").attach(model)
    step = 3.0
    before = {m.path: m.weight.detach().clone() for m in penalty.mixtures}
    penalty.add_gradients()
    assert all(p.grad is None for p in model.parameters())
    penalty.after_step(step)
    zeroed = 0
    for mixture in penalty.mixtures:
        old = mixture.groups.split(before[mixture.path])
        norms = (
            old.abs() if not mixture.groups.axes else mixture.groups.groups(before[mixture.path])
        )
        bound = step * mixture.strength
        left = torch.where(norms > bound, 1 - bound / norms, 0.0)
        torch.testing.assert_close(mixture.groups.split(mixture.weight.detach()), old * left)
        zeroed += int((left == 0).sum())
    assert zeroed


def test_without_groups_they_are_plain_decay() -> None:
    """SimpleNet: α = β = 0."""
    model = sparse_network(3)
    plain = PlainL2(weight_decay="0.0001", convention="half_sum_sq").attach(model)
    for term in (Compactness(alpha="0", beta="0"), DictionarySparsity(beta="0")):
        penalty = term.attach(model)
        assert {n: float(c) for n, c in penalty.coefficients.items()} == pytest.approx(
            {n: float(c) for n, c in plain.coefficients.items()}
        )
        penalty.add_gradients()
        assert all(p.grad is None for p in model.parameters())


def test_betas_grow_from_0_in_the_first_layer() -> None:
    linear = {"beta": "0.03", "beta_schedule": "linear"}
    for term in (Compactness(**linear), DictionarySparsity(**linear)):  # type: ignore[arg-type]
        assert term.betas(4) == pytest.approx([0, 0.01, 0.02, 0.03])
        assert term.betas(1) == [0]
    assert Compactness(beta="0.01").betas(3) == pytest.approx([0, 0.01, 0.01])
    assert DictionarySparsity(beta="0.1").betas(2) == pytest.approx([0.1, 0.1])


@pytest.mark.parametrize("wrong", [{"alpha": "1.01"}, {"beta": "2"}, {"beta": "-0.1"}])
def test_a_mixture_outside_of_0_and_1_is_told(wrong: dict[str, str]) -> None:
    with pytest.raises(UserError, match=r"must (lie in|not be negative)"):
        Compactness(**wrong)  # type: ignore[arg-type]


def test_a_network_without_a_classifier_is_told() -> None:
    with pytest.raises(UserError, match="no dense layer"):
        Compactness().attach(nn.Conv2d(3, 4, 3))


def test_measures_of_hand_made_weights() -> None:
    model = hand_made()
    model[1].weight.data[0, 1, 2, 2] = 5e-6  # type: ignore[index, union-attr]
    found = GroupSparsity().attach(model).measurements()
    assert found["effective parameters"] == 2 + 3 + 4
    assert found["overall sparsity"] == {"count": 74 - 9, "of": 74}
    assert found["dictionary sparsity"] == [0.5, 0.5, 0.5]
    # No zero group is left in the first filter of either layer, nor in the second class.
    assert found["average compactness"] == [0, 0, 0]
    assert found["layer sparsity"] == pytest.approx([16 / 18, 33 / 36, 16 / 20])
    assert found["zeroed in upper layers"] == {"count": 33 + 16, "of": 65}
    over_all = GroupSparsity(ac_over="all").attach(model).measurements()
    # The counter-example: 0.5 + 0.5 of a layer half of whose filters are dead.
    assert over_all["average compactness"] == [0.5, 0.5, 0.5]
    assert (
        over_all["dictionary sparsity"][2] + over_all["average compactness"][2]
        > (over_all["layer sparsity"][2])
    )


@given(seed=st.integers(0, 2**31), share=st.floats(0, 1), grouped=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_dictionary_sparsity_and_compactness_never_exceed_layer_sparsity(
    seed: int, share: float, grouped: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    model = PyramidNet(depth=3, widths=(3, 4), first_kernel=3, pyramid_depth=2).network(3, 32)
    with torch.no_grad():
        for parameter in model.parameters():
            kept = torch.rand(parameter.shape, generator=generator) > share
            if parameter.dim() > 1:
                groups = torch.rand(parameter.shape[:2], generator=generator) > grouped
                kept &= groups.view(*groups.shape, *[1] * (parameter.dim() - 2))
                kept &= (torch.rand(len(kept), generator=generator) > grouped).view(
                    -1, *[1] * (kept.dim() - 1)
                )
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * kept)
    for layer in sparsity_by_layer(model):
        assert isinstance(layer, LayerSparsity)
        assert layer.filters + layer.groups <= layer.share + 1e-12


@pytest.mark.parametrize(("layers", "below"), [(1, 0), (2, 1), (3, 1), (6, 3), (7, 3)])
def test_the_upper_layers_are_half_of_those_before_the_classifier(layers: int, below: int) -> None:
    assert first_upper(layers) == below
