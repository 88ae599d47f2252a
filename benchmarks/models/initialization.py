"""Initial weights, drawn on the host from the run's seed alone.

The three schemes are readings: the paper names none. Drawing them from Philox streams rather than
from torch's generator makes a seed's initial network the same on every machine and torch version.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from benchmarks.models.layers import WEIGHTED, fans
from benchmarks.randomness import normals, raw_stream, uniforms

# Uniform numbers are drawn so many at a time: a large layer would need several times its size.
DRAWN_AT_ONCE = 2**22


@torch.no_grad()
def initialize(model: nn.Module, scheme: str, seed: int) -> None:
    """Fill every layer with weights of ``model`` in place, by a scheme of
    :class:`benchmarks.models.Model`. Batch-norm starts at γ = 1, β = 0 as built."""
    layers = [m for m in model.modules() if isinstance(m, WEIGHTED)]
    for index, layer in enumerate(layers):
        fan_in, fan_out = fans(layer)
        if scheme == "he_normal":
            stream = raw_stream(seed, f"initialization/weight/{index}")
            values = math.sqrt(2 / fan_in) * normals(stream, layer.weight.numel())
            layer.weight.copy_(torch.from_numpy(values.reshape(tuple(layer.weight.shape))))
        else:
            square = 6 / (fan_in + fan_out) if scheme == "glorot_uniform" else 1 / fan_in
            _fill_uniform(layer.weight, math.sqrt(square), seed, f"weight/{index}")
        if layer.bias is not None and scheme == "torch":
            _fill_uniform(layer.bias, 1 / math.sqrt(fan_in), seed, f"bias/{index}")
        elif layer.bias is not None:
            layer.bias.zero_()


def _fill_uniform(parameter: torch.Tensor, bound: float, seed: int, purpose: str) -> None:
    stream = raw_stream(seed, f"initialization/{purpose}")
    for part in parameter.view(-1).split(DRAWN_AT_ONCE):
        part.copy_(torch.from_numpy(bound * (2 * uniforms(stream, part.numel()) - 1)))
