"""Convolutions that are not two-dimensional are penalised, or refused by name: none is passed over
without a word."""

from __future__ import annotations

import pytest
from torch import nn

from benchmarks.errors import UserError
from benchmarks.models.convolutions import convolutions
from benchmarks.optimizers import BetaLassoSGD
from benchmarks.penalties import (
    Compactness,
    DictionarySparsity,
    GroupSparsity,
    KernelComplexity,
    KernelNumber,
    KernelSize,
    LocoLine,
    LocoReg,
    PlainL2,
    StripReg,
    Term,
)
from benchmarks.penalties.hyperspherical import HypersphericalEnergy, PairwiseAngles, VectorNorms
from benchmarks.penalties.measured_filter_locality import FilterLocality
from benchmarks.penalties.measured_kernel_correlation import KernelCorrelation
from benchmarks.penalties.measured_non_zeros import NonZeros

KINDS = [nn.Conv1d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d]
TERMS = [
    *(Compactness(), DictionarySparsity(), GroupSparsity()),
    *(KernelNumber(), KernelSize(), KernelComplexity(), KernelCorrelation()),
    *(HypersphericalEnergy(), PairwiseAngles(), VectorNorms()),
    *(LocoReg(), LocoLine(), StripReg(), FilterLocality(), NonZeros()),
]


def with_both(kind: type[nn.Module]) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), kind(4, 4, 3), nn.Flatten(), nn.Linear(8, 4))  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
def test_others_are_refused_by_name(term: Term, kind: type[nn.Module]) -> None:
    with pytest.raises(UserError, match=f"^1 is a {kind.__name__}: of convolutions Conv2d alone"):
        term.attach(with_both(kind))


def test_beta_lasso_refuses_them_too() -> None:
    with pytest.raises(UserError, match="1 is a Conv1d"):
        BetaLassoSGD().lam_of(with_both(nn.Conv1d))


@pytest.mark.parametrize("kind", KINDS)
def test_plain_l2_takes_every_convolution(kind: type[nn.Module]) -> None:
    assert PlainL2().attach(with_both(kind)).coefficients.keys() == {
        *("0.weight", "1.weight", "3.weight")
    }


def test_what_is_left_out_may_be_of_any_kind() -> None:
    network = with_both(nn.Conv1d)
    assert list(convolutions(network, leave_out=("1",))) == ["0"]
    settings = HypersphericalEnergy(leave_out=("1",))
    assert settings.attach(network).measurements()["hyperspherical energy"] > 0
    assert KernelNumber(leave_out=("1",)).attach(network).measurements()
