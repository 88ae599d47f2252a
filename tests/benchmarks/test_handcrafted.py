"""HoG and LBP as channels: scikit-image's numbers, and networks behind them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.errors import UserError
from benchmarks.models import VGG10, Handcrafted, ResNet18
from benchmarks.models.hog_lbp import CELL, ORIENTATIONS, HogLbp


def photographs(count: int) -> np.ndarray:
    """Parts of a photograph, uint8 (N, 32, 40, 3), as it is stored: channels change alike in
    places, and neighbours are equal."""
    data = pytest.importorskip("skimage.data")
    whole = data.astronaut()  # stands in the package
    return np.stack([whole[y : y + 32, 150 + y : 190 + y] for y in range(0, 40 * count, 40)])


# Of floats, since equal grey levels may differ by rounding: both are given the same ones.
@pytest.mark.filterwarnings("ignore:Applying .local_binary_pattern:UserWarning")
def test_it_equals_scikit_image() -> None:
    feature = pytest.importorskip("skimage.feature")
    color = pytest.importorskip("skimage.color")
    images = photographs(6)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    found = HogLbp()(pixels).permute(0, 2, 3, 1).numpy()
    assert found.shape == (6, 4, 5, 19)
    for image, ours in zip(images, found, strict=True):
        cells = {"pixels_per_cell": (CELL, CELL), "cells_per_block": (1, 1)}
        hog = feature.hog(image, **cells, feature_vector=False, channel_axis=-1)
        np.testing.assert_allclose(ours[..., :ORIENTATIONS], hog[:, :, 0, 0], atol=1e-6)
        grey = color.rgb2gray(image)
        numbers = feature.local_binary_pattern(grey, 8, 1, "uniform").astype(int)
        blocks = numbers.reshape(4, CELL, 5, CELL).transpose(0, 2, 1, 3).reshape(4, 5, -1)
        patterns = np.stack([(blocks == number).mean(-1) for number in range(10)], -1)
        np.testing.assert_allclose(ours[..., ORIENTATIONS:], patterns, atol=1e-6)


def test_a_flat_image_has_no_gradients_and_one_pattern() -> None:
    found = HogLbp()(torch.full((1, 3, 24, 24), 0.3))
    assert not found[:, :ORIENTATIONS].any()
    middle = found[0, ORIENTATIONS:, 1, 1]
    assert middle.tolist() == [0.0] * 8 + [1.0, 0.0]  # all eight are as bright as the centre


def test_a_network_behind_it_sees_an_eighth_of_the_side() -> None:
    model = Handcrafted(network_behind=ResNet18(width_multiplier="0.125"))
    network = model.build(7, 64, seed=0)
    first = next(m for m in network.modules() if isinstance(m, nn.Conv2d))
    assert first.in_channels == HogLbp.channels
    images = torch.rand(2, 3, 64, 64)
    shapes: list[torch.Size] = []
    first.register_forward_pre_hook(lambda _, inputs: shapes.append(inputs[0].shape))
    assert network(images).shape == (2, 7)
    assert shapes == [torch.Size([2, 19, 8, 8])]
    assert not any(name.startswith("front") for name in network.state_dict())
    with pytest.raises(UserError, match="no whole cells of 8×8"):
        model.network(7, 60)
    assert Handcrafted(network_behind=VGG10(initialization="he_normal")).initialization == (
        "he_normal"
    )
