"""The paper's networks by its names, and how many weights their layers have when built."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from benchmarks.models import Deep, Model, Shallow

if TYPE_CHECKING:
    from analysis.papers.beta_lasso.counts import Size

KINDS = {"CONV": "conv", "LOCAL": "local", "FC": "fc"}
FAMILIES: dict[str, type[Deep | Shallow]] = {"D": Deep, "S": Shallow}
# Base channels for which the dense counterpart has about 256 million weights (B-04, B-05).
ALPHA = {"D": 15, "S": 150}


def network(name: str, alpha: int | None = None) -> Deep | Shallow:
    """Such as "D-LOCAL", with α as Table 1 has it by default."""
    family, _, kind = name.partition("-")
    made = FAMILIES[family](alpha=ALPHA[family] if alpha is None else alpha)
    return made.replace(connectivity=KINDS[kind])


def weights(settings: Model, classes: int, side: int) -> dict[str, int]:
    """The weights of a built network by the paper's names of its layers, without biases and
    batch-norm."""
    import torch

    from benchmarks.models.layers import WEIGHTED

    with torch.device("meta"):  # networks larger than memory too
        model = settings.network(classes, side)
    layers = {n: m.weight for n, m in model.named_modules() if isinstance(m, WEIGHTED)}
    names = [name.rpartition(".")[2] for name in layers]
    dense = sum(name.startswith("fc") for name in names)
    names = [f"fc{dense + 1}" if name == "classifier" else name for name in names]
    return {n: weight.numel() for n, weight in zip(names, layers.values(), strict=True)}  # type: ignore[operator, union-attr]


def built(names: Iterable[str], sizes: Iterable[Size]) -> dict[tuple[str, Size], dict[str, int]]:
    """The weights by layer of every network at every size."""
    sizes = list(sizes)
    return {
        (name, at): weights(network(name, at.alpha), at.classes, at.side)
        for name in names
        for at in sizes
    }
