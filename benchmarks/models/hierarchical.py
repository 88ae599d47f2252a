"""A dense layer whose classes' weights are differences of surface vectors and parents' centres."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional


class HierarchicalLinear(nn.Linear):
    """Logits x·w of w = w_s − w_c (DH2L, eqs. 1 and 2), without a bias.

    Input: (N, inputs). Output: (N, classes).

    Attributes:
        weight: the surface vectors w_s, (classes, inputs).
        centres: the centre vectors w_c, (parents, inputs).
        own: rows that are added to the differences, (classes, inputs), or None (H-21).
        parents: of each class, int64 (classes,).
        further: names of the weights besides ``weight``, which are initialised and decay alike.
    """

    centres: nn.Parameter
    own: nn.Parameter | None
    parents: torch.Tensor

    def __init__(self, inputs: int, parents: Sequence[int], *, own_rows: bool = False) -> None:
        super().__init__(inputs, len(parents), bias=False)
        self.centres = nn.Parameter(torch.zeros(max(parents) + 1, inputs))
        own = nn.Parameter(torch.zeros_like(self.weight)) if own_rows else None
        self.register_parameter("own", own)
        # No part of the state: it follows from the settings. In memory also while the network is
        # built without values.
        places = torch.tensor(parents, dtype=torch.int64)
        self.register_buffer("parents", places, persistent=False)
        self.further = ("centres", "own") if own_rows else ("centres",)

    def projections(self) -> torch.Tensor:
        """w = w_s − w_c of every class, (classes, inputs)."""
        return self.weight - self.centres.index_select(0, self.parents)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of features (N, inputs)."""
        rows = self.projections()
        if self.own is not None:
            rows = rows + self.own
        return functional.linear(input, rows)
