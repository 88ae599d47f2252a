"""The share of a filter's mass in its best window, against closed forms."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.models import Shallow, ThreeFC
from benchmarks.penalties import FilterLocality
from benchmarks.penalties.measured_filter_locality import first_filters, window_share


def test_a_filter_of_equal_weights_has_the_windows_area() -> None:
    share = window_share(torch.full((2, 3, 32, 32), -0.5), 9)
    assert share.tolist() == pytest.approx([81 / 1024] * 2)
    assert window_share(torch.zeros(1, 3, 32, 32), 9).item() == 0


def test_a_share_is_at_most_1() -> None:
    filters = torch.rand(2000, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    assert window_share(filters, 9).max() <= 1


@settings(max_examples=25)
@given(
    top=st.integers(0, 23), left=st.integers(0, 23), scale=st.floats(0.01, 10),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_mass_within_a_window_counts_wherever_it_lies(
    top: int, left: int, scale: float, seed: int
) -> None:
    filters = torch.zeros(1, 3, 32, 32)
    draw = torch.Generator().manual_seed(seed)
    filters[0, :, top : top + 9, left : left + 9] = scale * torch.randn(3, 9, 9, generator=draw)
    assert window_share(filters, 9).item() == pytest.approx(1, abs=1e-5)
    inside = filters.abs().sum().item()
    filters[0, 1, (top + 17) % 32, (left + 17) % 32] = -inside  # as much again, far away
    assert window_share(filters, 9).item() == pytest.approx(0.5, abs=1e-5)


def test_what_the_networks_measure() -> None:
    def of(settings: Shallow | ThreeFC) -> dict[str, object]:
        model = settings.build(10, 32, seed=0)
        return FilterLocality().attach(model).measurements()

    for kind in ("conv", "local"):
        assert of(Shallow(alpha=1, connectivity=kind))["filter locality"] == pytest.approx(1)
    dense = of(Shallow(alpha=1, connectivity="fc"))
    assert 81 / 1024 < dense["filter locality"] < 0.12
    assert dense["filters counted"] == {"count": 256, "of": 256}
    assert of(ThreeFC(hidden=8))["filters counted"] == {"count": 8, "of": 8}


def test_sparse_filters_are_left_out() -> None:
    model = Shallow(alpha=1, connectivity="fc").build(10, 32, seed=0)
    attached = FilterLocality().attach(model)
    with torch.no_grad():
        model.features.conv1.weight[1:] = 0
        model.features.conv1.weight[1, :19] = 1
    assert attached.measurements()["filters counted"] == {"count": 1, "of": 256}
    with torch.no_grad():
        model.features.conv1.weight.zero_()
    assert attached.measurements()["filter locality"] == 0


def test_filters_of_a_locally_connected_layer_are_a_convolutions() -> None:
    from torch import nn

    from benchmarks.models import LocallyConnected2d

    conv = nn.Conv2d(3, 2, 3, padding=1)
    local = LocallyConnected2d.from_convolution(conv, 4)
    found = first_filters(local.weight.detach(), 3).view(16, 2, 3, 3, 3)
    assert torch.equal(found, conv.weight.detach().expand(16, -1, -1, -1, -1))
