"""Initial weights, drawn on the host from the run's seed alone.

The three schemes are readings: the paper names none. Drawing them from Philox streams rather than
from torch's generator makes a seed's initial network the same on every machine and torch version.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from benchmarks.randomness import normals, raw_stream, uniforms


@torch.no_grad()
def initialize(model: nn.Module, scheme: str, seed: int) -> None:
    """Fill every convolution and dense layer of ``model`` in place, by a scheme of
    :class:`benchmarks.models.Model`. Batch-norm starts at γ = 1, β = 0 as built."""
    layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    for index, layer in enumerate(layers):
        area = layer.weight[0, 0].numel() if layer.weight.dim() > 2 else 1
        fan_in, fan_out = layer.weight.shape[1] * area, layer.weight.shape[0] * area
        if scheme == "he_normal":
            stream = raw_stream(seed, f"initialization/weight/{index}")
            _fill(layer.weight, math.sqrt(2 / fan_in) * normals(stream, layer.weight.numel()))
        else:
            square = 6 / (fan_in + fan_out) if scheme == "glorot_uniform" else 1 / fan_in
            _fill_uniform(layer.weight, math.sqrt(square), seed, f"weight/{index}")
        if layer.bias is not None and scheme == "torch":
            _fill_uniform(layer.bias, 1 / math.sqrt(fan_in), seed, f"bias/{index}")
        elif layer.bias is not None:
            layer.bias.zero_()


def _fill_uniform(parameter: torch.Tensor, bound: float, seed: int, purpose: str) -> None:
    stream = raw_stream(seed, f"initialization/{purpose}")
    _fill(parameter, bound * (2 * uniforms(stream, parameter.numel()) - 1))


def _fill(parameter: torch.Tensor, values: np.ndarray) -> None:
    parameter.copy_(torch.from_numpy(values.reshape(tuple(parameter.shape))))
