"""Against torch.optim.SGD, and against autograd of the whole loss in float64."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from run_makers import build, decay_coefficients, make_run, penalty

from benchmarks.optimizers import SGD

RATES = [0.1, 0.1, 0.03, 0.03, 0.03, 0.009, 0.009, 0.009, 0.009, 0.009]


def _batch(dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(8, 3, 32, 32, generator=generator, dtype=dtype)
    return images, torch.randint(0, 10, (8,), generator=generator)


def _assert_same(model: torch.nn.Module, other: torch.nn.Module, **tolerance: float) -> None:
    for (name, first), second in zip(model.named_parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(first, second, msg=lambda m, n=name: f"{n}: {m}", **tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ten_plain_steps_equal_torch_sgd(dtype: torch.dtype) -> None:
    run = make_run(seed=0, l2_convention="half_sum_sq", width_multiplier="0.25")
    model = build(run, 10).to(dtype)
    reference = copy.deepcopy(model)
    decayed = set(decay_coefficients(model, run))
    groups = [
        {
            "params": [p for n, p in reference.named_parameters() if (n in decayed) == decay],
            "weight_decay": 0.0005 if decay else 0.0,
        }
        for decay in (True, False)
    ]
    torch_sgd = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    ours = SGD().build(model, decay_coefficients(model, run))
    images, labels = _batch(dtype)
    for rate in RATES:
        for group in torch_sgd.param_groups:
            group["lr"] = rate
        torch_sgd.zero_grad()
        F.cross_entropy(reference(images), labels).backward()
        torch_sgd.step()
        F.cross_entropy(model(images), labels).backward()
        ours.step(rate)
    tolerance = {torch.float32: 1e-4, torch.float64: 1e-10}[dtype]
    _assert_same(model, reference, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("convention", ["sum_sq", "half_sum_sq"])
@pytest.mark.parametrize("placement", ["outside", "inside"])
def test_steps_equal_autograd_of_eq1(convention: str, placement: str) -> None:
    run = make_run(
        seed=0, gamma="1.6", eta="2.4", l2_convention=convention, width_multiplier="0.25"
    )
    model = build(run, 10).double()
    reference = copy.deepcopy(model)
    ours = SGD(lr_placement=placement).build(model, decay_coefficients(model, run))
    velocities = [torch.zeros_like(p) for p in reference.parameters()]
    images, labels = _batch(torch.float64)
    for rate in RATES[1:5]:
        loss = F.cross_entropy(reference(images), labels) + penalty(reference, run)
        gradients = torch.autograd.grad(loss, list(reference.parameters()))
        with torch.no_grad():
            for p, v, g in zip(reference.parameters(), velocities, gradients, strict=True):
                if placement == "inside":
                    v.mul_(0.9).add_(rate * g)
                    p.sub_(v)
                else:
                    v.mul_(0.9).add_(g)
                    p.sub_(rate * v)
        F.cross_entropy(model(images), labels).backward()
        ours.step(rate)
    _assert_same(model, reference, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("others", ["0", "0.0001"])
def test_acnets_recipe_equals_torch_sgd_in_groups(others: str) -> None:
    """Biases at twice the rate, decay on kernels, and on the rest where it is asked for."""
    run = make_run(
        seed=0,
        model="rcnet10",
        block="acb",
        l2_convention="half_sum_sq",
        weight_decay="0.0001",
        dense_weight_decay="0.0001",
        bias_lr_factor="2",
        norm_bias_weight_decay=others,
    )
    model = build(run, 10).double()
    reference = copy.deepcopy(model)
    norms = {
        name
        for name, parameter in reference.named_parameters()
        if parameter.dim() == 1 and name != "classifier.bias"
    }
    torch_sgd = torch.optim.SGD(
        [
            {
                "params": [parameter],
                "lr": 2.0 if "bias" in name else 1.0,
                "weight_decay": float(others) if "bias" in name or name in norms else 1e-4,
            }
            for name, parameter in reference.named_parameters()
        ],
        lr=0.1,
        momentum=0.9,
    )
    factors = [group["lr"] for group in torch_sgd.param_groups]
    assert factors.count(2.0) == 7 * 3 + 2 + 1
    ours = run.optimizer.build(model, decay_coefficients(model, run))
    images, labels = _batch(torch.float64)
    for rate in RATES[:5]:
        for group, factor in zip(torch_sgd.param_groups, factors, strict=True):
            group["lr"] = rate * factor
        torch_sgd.zero_grad()
        F.cross_entropy(reference(images), labels).backward()
        torch_sgd.step()
        F.cross_entropy(model(images), labels).backward()
        ours.step(rate)
    _assert_same(model, reference, rtol=1e-10, atol=1e-10)


def test_a_rate_inside_the_velocity_is_the_biases_own() -> None:
    layer = torch.nn.Linear(1, 1)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    update = SGD(momentum="0.5", lr_placement="inside", bias_lr_factor="3").build(layer, {})  # type: ignore[arg-type]
    for rate in (0.1, 0.01):
        layer(torch.ones(1, 1)).sum().backward()
        update.step(rate)
    assert layer.weight.item() == pytest.approx(-(0.1 + (0.05 + 0.01)))
    assert layer.bias.item() == pytest.approx(-3 * (0.1 + (0.05 + 0.01)))


def test_gradients_are_consumed() -> None:
    run = make_run(seed=0)
    model = build(run, 10)
    images, labels = _batch(torch.float32)
    F.cross_entropy(model(images), labels).backward()
    SGD().build(model, decay_coefficients(model, run)).step(0.1)
    assert all(p.grad is None for p in model.parameters())


def test_a_part_of_the_network_learns_faster() -> None:
    """As torch.optim.SGD with two groups; its biases by both factors."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Linear(3, 2)).double()
    reference = copy.deepcopy(model)
    groups = [
        {"params": [parameter], "factor": (10 if name.startswith("1.") else 1)}
        for name, parameter in reference.named_parameters()
    ]
    for group, name in zip(groups, dict(model.named_parameters()), strict=True):
        group["factor"] *= 2 if name.endswith("bias") else 1
    torch_sgd = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    ours = SGD(fast="1.", fast_lr_factor="10", bias_lr_factor="2").build(model, {})
    images = torch.randn(5, 4, dtype=torch.float64)
    for rate in (0.01, 0.01, 0.003):
        for group in torch_sgd.param_groups:
            group["lr"] = rate * group["factor"]
        for network in (model, reference):
            network(images).square().sum().backward()
        torch_sgd.step()
        torch_sgd.zero_grad()
        ours.step(rate)
    _assert_same(model, reference, rtol=1e-10, atol=1e-12)
