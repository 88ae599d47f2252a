"""A dense classifier whose classes stand around centres, those of their parents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import nn
from torch.nn import functional

from benchmarks.data.parents import listed_parents
from benchmarks.errors import UserError
from benchmarks.randomness import normals, raw_stream, uniforms

Projection = Literal["difference", "surface", "added"]


class HierarchicalLinear(nn.Linear):
    """A dense layer whose rows are seen from their parents' centres: w = w_s − w_c.

    Source: "Deep Hierarchical-Hyperspherical Learning", eqs. 1 and 2 with two levels (H-21).

    Input: (N, in_features). Output: (N, classes).

    Attributes:
        weight: the surface vectors w_s, (classes, in_features).
        centres: w_c of each parent, (parents, in_features).
        own: with "added" alone, a vector of each class besides, (classes, in_features).
        parents: of each class, int64 (classes,).
        projection: what inputs are multiplied with: "difference" w_s − w_c, "surface" w_s, with
            centres that only penalties see, "added" own + w_s − w_c.

    Args:
        parents: of each class, numbers from 0 on.

    Raises:
        UserError: where there is not one for each class, or a number is left out; for another
            projection.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        parents: Sequence[int] | torch.Tensor,
        projection: Projection = "difference",
        bias: bool = False,
    ) -> None:
        if projection not in get_args(Projection):
            known = ", ".join(get_args(Projection))
            raise UserError(f"projection {projection!r} is none of {known}")
        parents = listed_parents(parents)
        if len(parents) != out_features:
            raise UserError(
                f"parents are given for {len(parents)} classes, and the classifier has "
                f"{out_features}: they are another data set's"
            )
        super().__init__(in_features, out_features, bias=bias)
        self.projection, self.given = projection, parents
        self.centres = nn.Parameter(torch.empty(max(parents) + 1, in_features))
        self.own = nn.Parameter(torch.empty_like(self.weight)) if projection == "added" else None
        self.parents: torch.Tensor
        self.register_buffer("parents", torch.tensor(parents), persistent=False)
        bound = in_features**-0.5
        for extra in self.extras():
            nn.init.uniform_(extra, -bound, bound)

    def extras(self) -> list[nn.Parameter]:
        """What there is besides weight and bias."""
        return [self.centres, *([] if self.own is None else [self.own])]

    def differences(self) -> torch.Tensor:
        """w_s − w_c of each class, (classes, in_features)."""
        return self.weight - self.centres.index_select(0, self.parents)

    def rows(self) -> torch.Tensor:
        """What inputs are multiplied with, (classes, in_features)."""
        if self.projection == "surface":
            return self.weight
        return self.differences() if self.own is None else self.own + self.differences()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of inputs (N, in_features)."""
        return functional.linear(inputs, self.rows(), self.bias)


def with_centres(
    model: nn.Module, parents: Sequence[int] | torch.Tensor, projection: Projection = "difference"
) -> nn.Module:
    """The model with its last dense layer replaced, in place; its weights become surface vectors.
    A model that is a dense layer gives a new one.

    Raises:
        UserError: where there is no dense layer, it has centres already, or there is not a parent
            for each of its outputs.
    """
    name, plain = last_dense(model)
    if isinstance(plain, HierarchicalLinear):
        raise UserError("the last dense layer has centres already")
    found = HierarchicalLinear(
        plain.in_features, plain.out_features, parents, projection, plain.bias is not None
    )
    found.to(plain.weight.device, plain.weight.dtype)
    found.weight, found.bias = plain.weight, plain.bias
    if not name:
        return found
    owner, _, own = name.rpartition(".")
    setattr(model.get_submodule(owner), own, found)
    return model


def last_dense(model: nn.Module) -> tuple[str, nn.Linear]:
    """The network's last dense layer and its path.

    Raises:
        UserError: where there is none.
    """
    dense = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Linear)]
    if not dense:
        raise UserError("the network has no dense layer that could be its classifier")
    return dense[-1]


@torch.no_grad()
def initialize_centres(model: nn.Module, scheme: str, seed: int) -> None:
    """Fill what a :class:`HierarchicalLinear` has besides its surface vectors, by a scheme of
    :class:`benchmarks.models.Model`, as a dense layer of that shape would be."""
    for place, layer in enumerate(m for m in model.modules() if isinstance(m, HierarchicalLinear)):
        for name, extra in zip(("centres", "own"), layer.extras(), strict=False):
            rows, inputs = extra.shape
            stream = raw_stream(seed, f"initialization/{name}/{place}")
            if scheme == "he_normal":
                values = math.sqrt(2 / inputs) * normals(stream, extra.numel())
            else:
                square = 6 / (inputs + rows) if scheme == "glorot_uniform" else 1 / inputs
                values = math.sqrt(square) * (2 * uniforms(stream, extra.numel()) - 1)
            extra.copy_(torch.from_numpy(values.reshape(rows, inputs)))
