"""Initial weights, drawn on the host from the run's seed alone.

The three schemes are readings: the paper names none. Drawing them from Philox streams rather than
from torch's generator makes a seed's initial network the same on every machine and torch version.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from benchmarks.models.branches import StripConv2d
from benchmarks.penalties.strip_factors import initial_scale
from benchmarks.randomness import normals, raw_stream, uniforms


def initialize(model: nn.Module, scheme: str, seed: int) -> None:
    """Fill every convolution and dense layer of ``model`` in place, by a scheme of
    :class:`benchmarks.models.Model`. Batch-norm starts at γ = 1, β = 0 as built."""
    layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        for index, layer in enumerate(layers):
            _fill(layer.weight, _draw(layer.weight, scheme, seed, f"weight/{index}"))
            if layer.bias is not None:
                _fill(layer.bias, _draw_bias(layer, scheme, seed, index))


def scale_strips(model: nn.Module) -> None:
    """Multiply the initial weights of the branches that stand in for strips (L-26)."""
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, StripConv2d):
                layer.weight.mul_(torch.from_numpy(initial_scale(layer.strip)))


def _fill(parameter: torch.Tensor, values: np.ndarray) -> None:
    parameter.copy_(torch.from_numpy(values.reshape(tuple(parameter.shape))))


def _fans(weight: torch.Tensor) -> tuple[int, int]:
    field = weight[0, 0].numel() if weight.dim() > 2 else 1
    return weight.shape[1] * field, weight.shape[0] * field


def _draw(weight: torch.Tensor, scheme: str, seed: int, purpose: str) -> np.ndarray:
    stream, size = raw_stream(seed, f"initialization/{purpose}"), weight.numel()
    fan_in, fan_out = _fans(weight)
    if scheme == "he_normal":
        return math.sqrt(2 / fan_in) * normals(stream, size)
    bound = math.sqrt(6 / (fan_in + fan_out) if scheme == "glorot_uniform" else 1 / fan_in)
    return bound * (2 * uniforms(stream, size) - 1)


def _draw_bias(layer: nn.Conv2d | nn.Linear, scheme: str, seed: int, index: int) -> np.ndarray:
    assert layer.bias is not None
    if scheme != "torch":
        return np.zeros(layer.bias.numel())
    bound = 1 / math.sqrt(_fans(layer.weight)[0])
    stream = raw_stream(seed, f"initialization/bias/{index}")
    return bound * (2 * uniforms(stream, layer.bias.numel()) - 1)
