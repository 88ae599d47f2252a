"""The step against a scalar reference in float64, toy vectors, torch's machinery around it."""

from __future__ import annotations

import doctest
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from run_makers import make_run
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from benchmarks.errors import UserError
from benchmarks.models import Deep, ResNet18, Shallow
from benchmarks.optimizers import BetaLasso, BetaLassoSGD, lasso
from benchmarks.optimizers.lasso import lasso_step

NUMBERS = st.floats(-2, 2, allow_subnormal=False).map(lambda x: round(x, 3))
SETTINGS = st.fixed_dictionaries(
    {
        "lr": st.sampled_from([0.1, 1.0, 0.003]),
        "lam": st.sampled_from([0.0, 0.01, 0.2]),
        "beta": st.sampled_from([0.0, 1.0, 5.0]),
        "threshold": st.sampled_from(["hard", "soft"]),
        "scale_by_lr": st.booleans(),
        "momentum": st.sampled_from([0.0, 0.9]),
    }
)


def reference(weight: float, gradients: list[float], s: dict[str, Any]) -> float:
    """Algorithm 1 on one number."""
    velocity = 0.0
    cut = s["beta"] * s["lam"] * (s["lr"] if s["scale_by_lr"] else 1)
    for gradient in gradients:
        sign = (weight > 0) - (weight < 0)
        velocity = s["momentum"] * velocity + gradient + s["lam"] * sign
        weight -= s["lr"] * velocity
        if abs(weight) < cut:
            weight = 0.0
        elif s["threshold"] == "soft":
            weight -= math.copysign(cut, weight)
    return weight


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=30), SETTINGS)
def test_steps_equal_the_scalar_reference(rows: list[tuple[float, ...]], s: dict) -> None:
    weight = nn.Parameter(torch.tensor([row[0] for row in rows], dtype=torch.float64))
    optimizer = BetaLasso([weight], **s)
    for step in (1, 2):
        weight.grad = torch.tensor([row[step] for row in rows], dtype=torch.float64)
        optimizer.step()
    values = [reference(row[0], list(row[1:]), s) for row in rows]
    expected = torch.tensor(values, dtype=torch.float64)
    # A weight within rounding of the threshold may fall to either side of it.
    close = torch.isclose(weight.detach(), expected, rtol=1e-9, atol=1e-12)
    cut = s["beta"] * s["lam"] * (s["lr"] if s["scale_by_lr"] else 1)
    edge = (torch.maximum(weight.detach().abs(), expected.abs()) - cut).abs() < 1e-9
    assert (close | edge).all()


def step(weight: list[float], gradient: list[float], **settings: Any) -> list[float]:
    tensor = torch.tensor(weight, dtype=torch.float64)
    lasso_step([tensor], [torch.tensor(gradient, dtype=torch.float64)], **settings)
    return [round(value, 12) for value in tensor.tolist()]


def test_toy_vectors() -> None:
    weights, gradients = [0.5, -0.5, 0.1, 0.0, 0.0], [1.0, 1.0, 0.0, 0.4, -0.6]
    # sign(0) = 0; λ pulls towards 0; the threshold is βλ = 0.05 and does not follow η.
    plain = [0.399, -0.599, 0.099, -0.04, 0.06]
    assert step(weights, gradients, lr=0.1, lam=0.01, threshold=0.0) == plain
    hard = [0.399, -0.599, 0.099, 0.0, 0.06]
    assert step(weights, gradients, lr=0.1, lam=0.01, threshold=0.05) == hard
    soft = [0.349, -0.549, 0.049, 0.0, 0.01]
    assert step(weights, gradients, lr=0.1, lam=0.01, threshold=0.05, soft=True) == soft


def test_a_zero_comes_back_exactly_where_the_gradient_is_large_enough() -> None:
    """η|g| ≥ βλ; in binary fractions, so that equality is exact."""
    for gradient, expected in ((0.5, -0.25), (0.499, 0.0), (-0.5, 0.25), (0.25, 0.0)):
        assert step([0.0], [gradient], lr=0.5, lam=0.125, threshold=0.25) == [expected]


@pytest.mark.parametrize("scale_by_lr", [False, True])
def test_a_step_reads_nothing_on_the_host(scale_by_lr: bool) -> None:
    """With the rate as a tensor, as on CUDA, where the step becomes a part of a graph."""
    part = BetaLassoSGD(momentum="0.9", scale_by_lr=scale_by_lr)
    with FakeTensorMode():
        network = Shallow(connectivity="fc", alpha=1).network(10, 8)
        for parameter in network.parameters():
            parameter.grad = torch.empty_like(parameter)
        part.build(network, {}).step(torch.empty(()))
        assert all(parameter.grad is None for parameter in network.parameters())


def test_without_beta_nothing_is_cut() -> None:
    tensor = torch.full((1000,), 1e-30)
    lasso_step([tensor], [torch.zeros(1000)], lr=0.1, lam=1e-5, threshold=0.0)
    assert tensor.count_nonzero() == 1000


def test_what_is_not_finite_stays_so() -> None:
    tensor = torch.tensor([math.nan, math.inf, 1e-9])
    lasso_step([tensor], [torch.zeros(3)], lr=0.1, lam=1e-5, threshold=1e-3)
    assert math.isnan(tensor[0])
    assert tensor[1:].tolist() == [math.inf, 0.0]


@pytest.mark.parametrize("soft", [False, True])
def test_the_rule_that_is_compiled_rounds_as_the_one_that_is_not(soft: bool) -> None:
    """Bit for bit, so that a machine without a compiler has the same numbers; uncompiled here."""
    generator = torch.Generator().manual_seed(0)
    start, *rest = (torch.randn(10_000, generator=generator) * 0.01 for _ in range(3))
    start[::7] = 0.0
    ours, theirs = start.clone(), start.clone()
    velocities = [rest[1].clone(), rest[1].clone()]
    settings = {"lr": 0.1, "lam": 2e-4, "threshold": 2e-3, "momentum": 0.9}
    lasso_step([ours], [rest[0]], [velocities[0]], soft=soft, **settings)
    numbers = [torch.tensor(value) for value in settings.values()]
    lasso._moved((theirs, rest[0], velocities[1]), *numbers, soft)
    assert torch.equal(ours, theirs)
    assert torch.equal(*velocities)
    assert 0 < ours.count_nonzero() < 10_000


@pytest.mark.parametrize("momentum", ["0", "0.9"])
def test_the_part_takes_the_optimisers_steps(momentum: str) -> None:
    """λ of the layer in a convolution's place is apart; batch-norm and biases have none."""
    settings = Shallow(connectivity="fc", alpha=1)
    ours, theirs = (settings.build(10, 8, seed=1) for _ in range(2))
    part = BetaLassoSGD(lam_conv="0.002", lam_fc="0.001", beta=20, momentum=momentum)
    update = part.build(ours, {})
    first = [theirs.features.conv1.weight]
    dense = [theirs.features.fc1.weight, theirs.classifier.weight]
    others = [p for p in theirs.parameters() if all(p is not q for q in first + dense)]
    groups = [
        {"params": first, "lam": 0.002},
        {"params": dense, "lam": 0.001},
        {"params": others, "lam": 0.0},
    ]
    optimizer = BetaLasso(groups, lr=0.1, beta=20, momentum=float(momentum))
    images = torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for rate in (0.1, 0.05):
        for network in (ours, theirs):
            network(images).square().sum().backward()
        update.step(rate)
        for group in optimizer.param_groups:
            group["lr"] = torch.tensor(rate) if rate == 0.05 else rate
        optimizer.step()
        optimizer.zero_grad()
        assert all(p.grad is None for p in ours.parameters())
    for name, weight in ours.state_dict().items():
        torch.testing.assert_close(weight, theirs.state_dict()[name], rtol=1e-5, atol=1e-7)
    zeros = [int((layer == 0).sum()) for layer in (*first, *dense)]
    assert zeros[0] > 0
    assert not any((p == 0).all() for p in others)


def test_which_lambda_a_layer_has() -> None:
    part = BetaLassoSGD(lam_conv="0.5", lam_fc="0.25")

    def lams(model: Any) -> dict[str, float]:
        with torch.device("meta"):
            return part.lam_of(model.network(10))

    for kind in ("conv", "local", "fc"):
        found = lams(Shallow(connectivity=kind, alpha=1))
        assert found["features.conv1.weight"] == 0.5
        assert found["features.fc1.weight"] == found["classifier.weight"] == 0.25
        assert sum(map(bool, found.values())) == 3
    assert sum(value == 0.5 for value in lams(Deep(connectivity="fc", alpha=1)).values()) == 8
    residual = lams(ResNet18())
    assert sum(value == 0.5 for value in residual.values()) == 20
    assert residual["classifier.weight"] == 0.25
    with torch.device("meta"):
        network = Shallow(alpha=1).network(10)
    everything = part.replace(lasso_params="all").lam_of(network)
    assert set(everything) == {name for name, _ in network.named_parameters()}
    assert set(everything.values()) == {0.5, 0.25}


def test_schedulers_state_and_closures() -> None:
    torch.manual_seed(0)
    layers = [nn.Linear(20, 4) for _ in range(2)]
    layers[1].load_state_dict(layers[0].state_dict())
    inputs = torch.randn(32, 20)

    def make(layer: nn.Linear) -> tuple[BetaLasso, Any]:
        groups = [{"params": [layer.weight], "lam": 1e-3}, {"params": [layer.bias], "lam": 0.0}]
        optimizer = BetaLasso(groups, lr=0.1, momentum=0.9)
        return optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 6)

    def advance(layer: nn.Linear, optimizer: BetaLasso, scheduler: Any, steps: int) -> None:
        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = layer(inputs).square().mean()
            loss.backward()
            return loss

        for _ in range(steps):
            assert optimizer.step(closure) > 0
            scheduler.step()

    first, schedule = make(layers[0])
    advance(layers[0], first, schedule, 6)
    assert first.param_groups[0]["lr"] < 1e-9
    second, other = make(layers[1])
    advance(layers[1], second, other, 3)
    third, last = make(layers[1])
    third.load_state_dict(second.state_dict())
    last.load_state_dict(other.state_dict())
    advance(layers[1], third, last, 3)
    assert torch.equal(layers[0].weight, layers[1].weight)


def test_grad_scaler_skips_an_infinite_step_and_unscales_the_others() -> None:
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    weight = nn.Parameter(torch.tensor([1.0, 0.001]))
    optimizer = BetaLasso([weight], lr=0.5, lam=0.01, beta=10)
    scaler.scale((weight * torch.tensor([math.inf, 1.0])).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert weight.tolist() == pytest.approx([1.0, 0.001])
    optimizer.zero_grad()
    scaler.scale((weight * torch.tensor([1.0, 0.0])).sum()).backward()
    scaler.step(optimizer)
    assert weight.tolist() == pytest.approx([1 - 0.5 * 1.01, 0.0])


def test_the_example_of_the_docstring() -> None:
    failed, tried = doctest.testmod(lasso)
    assert tried > 5
    assert not failed


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lam_conv": "-1"}, "lam_conv must not be negative"),
        ({"lam_fc": "-1"}, "lam_fc must not be negative"),
        ({"beta": "-1"}, "beta must not be negative"),
        ({"threshold": "none"}, "threshold: 'none' is none of hard, soft"),
    ],
)
def test_bad_settings_are_one_line(settings: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        BetaLassoSGD(**settings)
    values = {"lam" if n.startswith("lam") else n: v for n, v in settings.items()}
    values = {n: float(v) if n != "threshold" else v for n, v in values.items()}
    with pytest.raises(ValueError, match="must"):
        BetaLasso([nn.Parameter(torch.zeros(2))], **values)


def test_golden_hashes() -> None:
    """Never edit one; see test_run.py."""
    run = make_run(seed=0).with_setting("optimizer", BetaLassoSGD())
    assert run.hash == "49854a595b7ecc84"
    assert run.with_setting("optimizer.threshold", "soft").hash == "353623d941dc85f2"
