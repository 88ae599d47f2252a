"""The update's coefficients are the gradient of eq. 1 over the whole network."""

from __future__ import annotations

import pytest
import torch
from run_makers import build, decay_coefficients, make_run, penalty

from benchmarks.penalties import DenseL2, LocoReg
from benchmarks.penalties.loco_reg import ring_factors
from benchmarks.run import Run

# Two different λ, so that neither can stand in for the other.
LOCO = make_run(seed=0, gamma="1.6", eta="2.4", weight_decay="0.0005", dense_weight_decay="0.002")


def _explicit_loss(model: torch.nn.Module, run: Run) -> torch.Tensor:
    """λ Σ r w² as the paper writes it, from the factors alone."""
    spatial, dense = run.objective.penalties
    assert isinstance(spatial, LocoReg)
    assert isinstance(dense, DenseL2)
    r = torch.from_numpy(ring_factors(float(spatial.gamma), float(spatial.eta)))
    loss = torch.zeros((), dtype=torch.float64)
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            loss = loss + float(spatial.weight_decay) * (r * module.weight.square()).sum()
        elif isinstance(module, torch.nn.Linear):
            loss = loss + float(dense.weight_decay) * module.weight.square().sum()
    return loss


def test_coefficients_are_the_autograd_of_eq1() -> None:
    model = build(LOCO, 10).double()
    _explicit_loss(model, LOCO).backward()
    coefficients = decay_coefficients(model, LOCO)
    for name, parameter in model.named_parameters():
        if name in coefficients:
            expected = coefficients[name] * parameter.detach()
            torch.testing.assert_close(parameter.grad, expected, rtol=1e-12, atol=0)
        else:
            assert parameter.grad is None, name


def test_batch_norm_and_biases_are_not_decayed() -> None:
    names = set(decay_coefficients(build(LOCO, 10), LOCO))
    assert names == {f"features.conv{i}.weight" for i in range(1, 10)} | {"classifier.weight"}


@pytest.mark.parametrize("convention", ["sum_sq", "half_sum_sq"])
@pytest.mark.parametrize("dense", ["same", "sum_sq", "half_sum_sq"])
def test_conventions(convention: str, dense: str) -> None:
    run = LOCO.with_setting("objective.penalties.*.convention", convention)
    if dense != "same":
        run = run.with_setting("objective.penalties.dense_l2.convention", dense)
    model = build(run, 10)
    coefficients = decay_coefficients(model, run)
    factor = {"sum_sq": 2.0, "half_sum_sq": 1.0}
    assert coefficients["features.conv1.weight"].mean() == pytest.approx(5e-4 * factor[convention])
    dense_factor = factor[convention if dense == "same" else dense]
    assert coefficients["classifier.weight"].item() == pytest.approx(2e-3 * dense_factor)


def test_penalty_is_the_loss_whose_gradient_the_update_applies() -> None:
    model = build(LOCO, 10).double()
    torch.testing.assert_close(penalty(model, LOCO), _explicit_loss(model, LOCO))
