"""Narrow residual networks and torchvision's: sizes against those that the DH2L paper prints."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from benchmarks.errors import UserError
from benchmarks.models import CifarResNet, Model, TorchvisionResNet

# Settings, classes, parameters, those printed in millions, and whether they agree.
SIZES: list[tuple[Model, int, int, str, bool]] = [
    (CifarResNet(shortcuts="pad"), 100, 275_472, "0.29", False),
    (CifarResNet(), 100, 278_224, "0.29", False),
    (CifarResNet(depth=110, shortcuts="pad"), 100, 1_733_712, "1.73", True),
    (CifarResNet(depth=110), 100, 1_736_464, "1.73", False),
    (CifarResNet(depth=110, shortcuts="pad", widths=(16, 30, 64)), 100, 1_693_068, "1.73", False),
    (CifarResNet(depth=110, widths=(16, 30, 64)), 100, 1_695_656, "1.73", False),
    (TorchvisionResNet(), 200, 11_278_912, "11.28", True),
    (TorchvisionResNet(), 196, 11_276_864, "11.28", True),
    (TorchvisionResNet(depth=50), 200, 23_917_632, "23.91", False),
    (TorchvisionResNet(depth=50), 196, 23_909_440, "23.91", True),
]
# Vectors of the classifier's inputs that a hierarchy adds, and what is printed then.
WITH_VECTORS: list[tuple[Model, int, int, str, bool]] = [
    (CifarResNet(), 2 * 100 + 20, 285_904, "0.29", True),
    (CifarResNet(depth=110), 2 * 100 + 20, 1_744_144, "1.73", False),
    (TorchvisionResNet(), 2 * 200 + 70, 11_417_152, "11.42", True),
    (TorchvisionResNet(), 2 * 196 + 9, 11_381_824, "11.31", False),
]


def parameters(settings: Model, classes: int) -> int:
    with torch.device("meta"):
        model = settings.network(classes)
    assert model(torch.zeros(2, 3, 32, 32, device="meta")).shape == (2, classes)
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(("settings", "classes", "expected", "printed", "agrees"), SIZES)
def test_sizes_are_the_closed_form_ones(
    settings: Model, classes: int, expected: int, printed: str, agrees: bool
) -> None:
    assert parameters(settings, classes) == expected
    assert (f"{expected / 1e6:.2f}" == printed) == agrees


@pytest.mark.parametrize(("settings", "vectors", "expected", "printed", "agrees"), WITH_VECTORS)
def test_printed_sizes_store_class_surface_and_centre_vectors(
    settings: Model, vectors: int, expected: int, printed: str, agrees: bool
) -> None:
    """A dense layer without bias of so many outputs; two of the four printed sizes are not met."""
    assert parameters(settings, vectors) == expected
    assert (f"{expected / 1e6:.2f}" == printed) == agrees


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depth": 21}, "depth must be 8, 14, 20"),
        ({"widths": (16, 32)}, "three stages have a width each"),
        ({"widths": (32, 16, 64), "shortcuts": "pad"}, "cannot be narrower"),
    ],
)
def test_narrow_networks_that_cannot_be(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        CifarResNet(**settings)


def test_torchvision_has_few_depths() -> None:
    with pytest.raises(UserError, match="none of 18, 34, 50"):
        TorchvisionResNet(depth=20)
