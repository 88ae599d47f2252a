"""Factors of eqs. 1 and 5 against the inventory's closed forms (section 1.5)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_makers import factors_for, make_run

from benchmarks.penalties.loco_reg import distance_factors, ring_factors

positive = st.floats(0.01, 50)

# gamma, eta, centre, neighbour, corner
PUBLISHED = [
    (1.6, 2.4, 0.529412, 0.847059, 1.270588),
    (2.4, 1.6, 0.529412, 1.270588, 0.847059),
    (1.6, 2.2, 0.555556, 0.888889, 1.222222),
    (1.6, 2.0, 0.584416, 0.935065, 1.168831),
    (1.6, 1.8, 0.616438, 0.986301, 1.109589),
    (0.6, 0.4, 1.800000, 1.080000, 0.720000),
    (0.6, 0.6, 1.551724, 0.931034, 0.931034),
    (0.8, 0.6, 1.363636, 1.090909, 0.818182),
    (0.8, 0.8, 1.216216, 0.972973, 0.972973),
    (1.4, 1.56, 0.700935, 0.981308, 1.093458),
    (1.8, 2.13, 0.538278, 0.968900, 1.146531),
]


@pytest.mark.parametrize(("gamma", "eta", "centre", "neighbour", "corner"), PUBLISHED)
def test_ring_factors_of_the_paper(
    gamma: float, eta: float, centre: float, neighbour: float, corner: float
) -> None:
    expected = [
        [corner, neighbour, corner],
        [neighbour, centre, neighbour],
        [corner, neighbour, corner],
    ]
    np.testing.assert_allclose(ring_factors(gamma, eta), expected, atol=5e-7)


@given(gamma=positive, eta=positive)
def test_ring_factors_sum_to_nine_and_keep_their_ratios(gamma: float, eta: float) -> None:
    factors = ring_factors(gamma, eta)
    assert factors.sum() == pytest.approx(9, rel=1e-12)
    assert factors[0, 1] / factors[1, 1] == pytest.approx(gamma, rel=1e-9)
    assert factors[0, 0] / factors[1, 1] == pytest.approx(eta, rel=1e-9)
    assert (factors == factors.T).all()
    assert (factors == factors[::-1]).all()


@given(gamma=positive, eta=positive)
def test_exchanging_gamma_and_eta_keeps_the_centre(gamma: float, eta: float) -> None:
    """The premise of Table III's upper part."""
    first, second = ring_factors(gamma, eta), ring_factors(eta, gamma)
    assert first[1, 1] == pytest.approx(second[1, 1], rel=1e-12)


def test_plain_l2_is_one_everywhere() -> None:
    assert (ring_factors(1, 1) == 1).all()


@given(kernel=st.sampled_from([1, 3, 5, 7, 9]), a0=positive, a1=st.floats(0, 5))
def test_distance_factors_sum_to_the_number_of_positions(kernel: int, a0: float, a1: float) -> None:
    factors = distance_factors(kernel, a0, a1)
    assert factors.shape == (kernel, kernel)
    assert factors.sum() == pytest.approx(kernel**2, rel=1e-12)
    assert factors.min() == pytest.approx(factors[kernel // 2, kernel // 2])


def test_distance_factors_of_the_inventory() -> None:
    factors = distance_factors(5, 1, 0.35)
    ring = [
        factors[2, 2],
        factors[2, 1],
        factors[1, 1],
        factors[2, 0],
        factors[1, 0],
        factors[0, 0],
    ]
    np.testing.assert_allclose(ring, [0.6039, 0.8152, 0.9027, 1.0266, 1.0764, 1.2016], atol=5e-5)


def test_eq5_gives_eq1_of_the_paper() -> None:
    """(1.4, 1.56) and (1.8, 2.13) are u(1) and u(√2) with a1 = 0.4 and 0.8 (L-01)."""
    for a1, gamma, eta in ((0.4, 1.4, 1 + 0.4 * 2**0.5), (0.8, 1.8, 1 + 0.8 * 2**0.5)):
        np.testing.assert_allclose(distance_factors(3, 1, a1), ring_factors(gamma, eta))


@pytest.mark.parametrize(
    ("kernel", "a1", "z"), [(5, 0.25, 1.46859), (5, 0.35, 1.65603), (7, 0.25, 1.66312)]
)
def test_normalization_of_larger_kernels(kernel: int, a1: float, z: float) -> None:
    assert 1 / distance_factors(kernel, 1, a1)[kernel // 2, kernel // 2] == pytest.approx(
        z, abs=5e-6
    )


@pytest.mark.parametrize("kernel", [0, 2, 4, -3])
def test_even_kernels_have_no_centre(kernel: int) -> None:
    with pytest.raises(ValueError, match="odd"):
        distance_factors(kernel, 1, 1)


def test_one_by_one_kernels_get_plain_lambda() -> None:
    assert factors_for(make_run(seed=0, gamma="1.6", eta="2.4"), (1, 1)) == 1
    assert factors_for(make_run(seed=0, a0="2", a1="1"), (1, 1)) == 1


def test_gamma_and_eta_do_not_reach_other_kernels() -> None:
    with pytest.raises(ValueError, match="a0, a1"):
        factors_for(make_run(seed=0, gamma="1.6", eta="2.4"), (5, 5))
    assert (factors_for(make_run(seed=0), (5, 5)) == 1).all()
