"""STRIP-Reg's coefficients, and what they and ACNet's block amount to for the sum of the branches.

The closed forms are those of the inventory's §1.5, for one batch-norm after the sum.
"""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from run_makers import decay_coefficients, make_run, network, penalty

from benchmarks.models.branches import STRIPS, BranchBlock, StripConv2d
from benchmarks.penalties import StripReg
from benchmarks.run import Run

# Method, factors of centre, arm and corner relative to λ, equivalent γ and η.
EQUIVALENTS = [
    ("acb", None, (1 / 3, 1 / 2, 1), (1.5, 3)),
    ("square", "0", (1 / 3, 1 / 3, 1 / 3), (1, 1)),
    ("square", "2", (1 / 3, 3 / 7, 3 / 5), (9 / 7, 9 / 5)),
    ("square", "8", (1 / 3, 9 / 19, 9 / 11), (27 / 19, 27 / 11)),
]


def branches_of(kind: str, eta: str | None) -> list[np.ndarray]:
    """Factors of the three branches as 3×3 filters: a cell that a branch lacks costs ∞."""
    off = math.inf if eta is None else 1 + float(eta)
    column = np.array([[off, 1, off]] * 3)
    return [np.ones((3, 3)), column, column.T]


def effective_factors(branches: list[np.ndarray]) -> np.ndarray:
    """A weight w = Σ wᵢ whose parts cost Σ aᵢ wᵢ² is cheapest in parts proportional to 1/aᵢ and
    then costs w²/Σ(1/aᵢ). With equal factors each part is w/3 (L-27)."""
    return 1.0 / np.sum([1.0 / factors for factors in branches], axis=0)


def test_strips_lie_on_the_centre_column_and_row() -> None:
    """L-02: the 3×1 filter has height 3 and width 1."""
    column, row = (StripConv2d(1, 1, strip).cells.numpy() for strip in STRIPS)
    assert {(int(i), int(j)) for i, j in np.argwhere(column)} == {(0, 1), (1, 1), (2, 1)}
    assert {(int(i), int(j)) for i, j in np.argwhere(row)} == {(1, 0), (1, 1), (1, 2)}


@pytest.mark.parametrize("strip", STRIPS)
@given(eta=st.decimals(0, 10**6, places=3))
def test_cells_off_the_strip_cost_one_plus_eta(strip: str, eta: Decimal) -> None:
    layer = StripConv2d(1, 1, strip)
    factors = StripReg(eta=eta).factors_of(layer)
    assert (factors[layer.cells.numpy()] == 1).all()
    assert (factors[~layer.cells.numpy()] == 1 + float(eta)).all()


@pytest.mark.parametrize(("kind", "eta", "cells", "equivalent"), EQUIVALENTS)
def test_effective_factors_are_the_closed_forms(
    kind: str, eta: str | None, cells: tuple[float, ...], equivalent: tuple[float, float]
) -> None:
    factors = effective_factors(branches_of(kind, eta))
    centre, arm, corner = cells
    expected = [[corner, arm, corner], [arm, centre, arm], [corner, arm, corner]]
    np.testing.assert_allclose(factors, expected, rtol=1e-15)
    assert (arm / centre, corner / centre) == pytest.approx(equivalent, rel=1e-15)


def run_of(kind: str, eta: str | None, **settings: str) -> Run:
    """A run of RCNet-10 under torch's convention, with a different λ for dense weights."""
    return make_run(
        seed=0,
        model="rcnet10",
        block=kind,
        strip_eta=eta or "0",  # type: ignore[arg-type]
        l2_convention="half_sum_sq",
        weight_decay="0.0001",  # type: ignore[arg-type]
        dense_weight_decay="0.003",  # type: ignore[arg-type]
        **settings,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("kind", "eta", "cells", "equivalent"), EQUIVALENTS)
def test_the_updates_coefficients_come_to_the_closed_forms(
    kind: str, eta: str | None, cells: tuple[float, ...], equivalent: tuple[float, float]
) -> None:
    run = run_of(kind, eta)
    model = network(run, 10)
    coefficients = decay_coefficients(model, run)
    found = 0
    for name, module in model.named_modules():
        if isinstance(module, BranchBlock) and len(module.branches) == 3:
            branches = []
            for branch, convolution in module.convolutions().items():
                factors = coefficients[f"{name}.branches.{branch}.weight"][0, 0].numpy() / 1e-4
                height, width = (3 - side for side in convolution.kernel_size)
                pads = ((height // 2,) * 2, (width // 2,) * 2)
                branches.append(np.pad(factors, pads, constant_values=np.inf))
            centre, arm, corner = cells
            expected = [[corner, arm, corner], [arm, centre, arm], [corner, arm, corner]]
            np.testing.assert_allclose(effective_factors(branches), expected, rtol=1e-12)
            found += 1
    assert found == 7


@pytest.mark.parametrize("eta", ["0", "2", "8"])
@pytest.mark.parametrize("others", ["0", "0.0002"])
def test_coefficients_are_the_autograd_of_the_papers_penalty(eta: str, others: str) -> None:
    run = run_of("square", eta, norm_bias_weight_decay=others)
    model = network(run, 10).double()
    explicit = torch.zeros((), dtype=torch.float64)
    for name, parameter in model.named_parameters():
        if parameter.dim() == 4:
            strengths = torch.full(parameter.shape[2:], 1e-4, dtype=torch.float64)
            if ".vertical." in name:
                strengths[:, 0] *= 1 + float(eta)
                strengths[:, 2] *= 1 + float(eta)
            if ".horizontal." in name:
                strengths[0] *= 1 + float(eta)
                strengths[2] *= 1 + float(eta)
        else:
            strengths = torch.tensor(3e-3 if name == "classifier.weight" else float(others))
        explicit = explicit + 0.5 * (strengths * parameter.square()).sum()
    torch.testing.assert_close(penalty(model, run), explicit, rtol=1e-7, atol=0)
    explicit.backward()
    coefficients = decay_coefficients(model, run)
    for name, parameter in model.named_parameters():
        update = coefficients.get(name, torch.zeros(())) * parameter.detach()
        torch.testing.assert_close(parameter.grad, update, rtol=1e-6, atol=1e-15, msg=name)


def test_without_eta_every_branch_is_decayed_plainly() -> None:
    run = run_of("square", "0")
    model = network(run, 10)
    coefficients = decay_coefficients(model, run)
    strips = [name for name, module in model.named_modules() if isinstance(module, StripConv2d)]
    assert len(strips) == 14
    for name in strips:
        plain = coefficients[name.rpartition(".")[0] + ".square.weight"]
        assert torch.equal(coefficients[f"{name}.weight"], plain)
        assert (plain == 1e-4).all()
