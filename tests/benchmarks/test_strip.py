"""STRIP-Reg's coefficients, and what they and ACNet's block amount to for the sum of the branches.

The closed forms are those of the inventory's §1.5, for one batch-norm after the sum.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from run_makers import decay_coefficients, make_run, network, penalty

from benchmarks.models.branches import BranchBlock, StripConv2d
from benchmarks.penalties.strip_factors import (
    STRIPS,
    acnet_branches,
    effective_factors,
    equivalent_gamma_eta,
    initial_scale,
    strip_branches,
    strip_factors,
    strip_mask,
)
from benchmarks.run import Run

# Method, factors of centre, arm and corner relative to λ, equivalent γ and η.
EQUIVALENTS = [
    ("acb", None, (1 / 3, 1 / 2, 1), (1.5, 3)),
    ("square", "0", (1 / 3, 1 / 3, 1 / 3), (1, 1)),
    ("square", "2", (1 / 3, 3 / 7, 3 / 5), (9 / 7, 9 / 5)),
    ("square", "8", (1 / 3, 9 / 19, 9 / 11), (27 / 19, 27 / 11)),
]
ETAS = st.floats(0, 1e6)


def branches_of(kind: str, eta: str | None) -> list[np.ndarray]:
    """Factors of the three branches."""
    return acnet_branches() if eta is None else strip_branches(float(eta))


def test_strips_lie_on_the_centre_column_and_row() -> None:
    """L-02: the 3×1 filter has height 3 and width 1."""
    column = {(int(i), int(j)) for i, j in np.argwhere(strip_mask("column"))}
    row = {(int(i), int(j)) for i, j in np.argwhere(strip_mask("row"))}
    assert column == {(0, 1), (1, 1), (2, 1)}
    assert row == {(1, 0), (1, 1), (1, 2)}
    with pytest.raises(ValueError, match="column, row"):
        strip_mask("diagonal")


@pytest.mark.parametrize("strip", STRIPS)
@given(eta=ETAS)
def test_cells_off_the_strip_cost_one_plus_eta(strip: str, eta: float) -> None:
    factors = strip_factors(strip, eta)
    assert (factors[strip_mask(strip)] == 1).all()
    assert (factors[~strip_mask(strip)] == 1 + eta).all()


@pytest.mark.parametrize(("kind", "eta", "cells", "equivalent"), EQUIVALENTS)
def test_effective_factors_are_the_closed_forms(
    kind: str, eta: str | None, cells: tuple[float, ...], equivalent: tuple[float, float]
) -> None:
    factors = effective_factors(branches_of(kind, eta))
    centre, arm, corner = cells
    expected = [[corner, arm, corner], [arm, centre, arm], [corner, arm, corner]]
    np.testing.assert_allclose(factors, expected, rtol=1e-15)
    assert equivalent_gamma_eta(factors) == pytest.approx(equivalent, rel=1e-15)


def test_an_infinite_eta_is_acnet() -> None:
    limit = effective_factors(strip_branches(math.inf))
    np.testing.assert_array_equal(limit, effective_factors(acnet_branches()))
    near = effective_factors(strip_branches(1e12))
    np.testing.assert_allclose(near, limit, rtol=1e-11)


@given(eta=ETAS, more=st.floats(1e-3, 1e6))
def test_a_larger_eta_promotes_locality_more(eta: float, more: float) -> None:
    gamma, corner = equivalent_gamma_eta(effective_factors(strip_branches(eta)))
    larger = equivalent_gamma_eta(effective_factors(strip_branches(eta + more)))
    assert 1 <= gamma <= larger[0] <= 1.5
    assert 1 <= corner <= larger[1] <= 3


@given(
    costs=st.lists(st.floats(0.01, 100), min_size=1, max_size=5),
    weight=st.floats(-10, 10),
    data=st.data(),
)
def test_no_split_of_a_weight_is_cheaper(
    costs: list[float], weight: float, data: st.DataObject
) -> None:
    factor = effective_factors([np.full((3, 3), cost) for cost in costs])[0, 0]
    best = np.array([weight * factor / cost for cost in costs])
    assert best.sum() == pytest.approx(weight, rel=1e-9, abs=1e-12)
    cheapest = float((np.array(costs) * best**2).sum())
    assert cheapest == pytest.approx(factor * weight**2, rel=1e-9, abs=1e-12)
    moves = st.floats(-10, 10)
    other = [data.draw(moves) for _ in costs[1:]]
    other = [weight - sum(other), *other]
    assert (np.array(costs) * np.square(other)).sum() >= cheapest * (1 - 1e-9) - 1e-9


def test_equal_branches_share_a_weight_equally() -> None:
    """L-27: each of three is w/3, not the other way round."""
    factor = effective_factors(strip_branches(0))[1, 1]
    assert 0.9 * factor / 1 == pytest.approx(0.9 / 3)


@pytest.mark.parametrize("strip", STRIPS)
def test_the_scaled_initialisation_keeps_the_sum_of_magnitudes(strip: str) -> None:
    """L-26, L-28: E[Σ a|w|] = 9σ with σ = E|w|; the mean variance grows by 13.5/9."""
    scale = initial_scale(strip)
    assert scale.sum() == 9
    assert (scale**2).sum() / 9 == 1.5
    assert set(scale[strip_mask(strip)]) == {2.0}
    assert set(scale[~strip_mask(strip)]) == {0.5}


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
            for branch, convolution in module.convolutions():
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
