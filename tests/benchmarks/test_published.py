"""torchvision's networks with published weights, on a folder of images."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from test_streaming import CLASSES, INFO, TEST, write_images
from torch import nn
from torchvision.models import squeezenet1_0

from benchmarks.data import store
from benchmarks.data.folder_index import make_index
from benchmarks.errors import UserError
from benchmarks.published import Size, errors_of, network_of


def saved(state: dict[str, torch.Tensor], folder: Path) -> Path:
    """Under a name that ends in its checksum, as torchvision publishes them."""
    path = folder / "state.pth"
    torch.save(state, path)
    sum = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return path.rename(folder / f"squeezenet1_0-{sum}.pth")


def test_errors_are_counted_over_all_images(tmp_path: Path) -> None:
    """By a network that answers with the brightest channel, and by one that is a class off."""
    write_images(tmp_path / "images")
    make_index(INFO, tmp_path / "images", tmp_path / "data")
    files = store.read(tmp_path / "data", INFO.store).test.source  # type: ignore[attr-defined]
    seen: list[torch.Size] = []

    class Brightest(nn.Module):
        def __init__(self, shift: int) -> None:
            super().__init__()
            self.shift = shift

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            seen.append(images.shape)
            # Classes 3 to 6 are nobody's; they come last.
            means = images.mean((2, 3)).roll(self.shift, 1)
            return torch.cat([means, means.new_full((len(means), 4), -9.0)], 1)

    size = Size(48, 40)
    assert errors_of(Brightest(0), files, size) == (CLASSES * TEST, 0, 0)
    assert errors_of(Brightest(1), files, size) == (CLASSES * TEST, CLASSES * TEST, 0)
    assert {shape[1:] for shape in seen} == {(3, 40, 40)}


def test_files_are_checked_before_they_are_loaded(tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = squeezenet1_0(weights=None).state_dict()
    path = saved(state, tmp_path)
    network, size = network_of("squeezenet1_0", path)
    assert size == (256, 224)
    assert not network.training
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    with pytest.raises(UserError, match="is of another network than alexnet"):
        network_of("alexnet", path)
    for wrong in (
        {**state, "classifier.1.bias": torch.zeros(3)},
        {name: value for name, value in state.items() if name != "classifier.1.bias"},
    ):
        with pytest.raises(UserError, match="is of another network than squeezenet1_0"):
            network_of("squeezenet1_0", saved(wrong, tmp_path))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="has not the checksum that its name ends in"):
        network_of("squeezenet1_0", path)
