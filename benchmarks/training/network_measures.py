"""What a trained network consists of."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def network_measures(model: nn.Module, side: int) -> dict[str, Any]:
    """Parameters, those that are not 0, multiply-adds of one image, and the layers' widths.

    Multiply-adds are the products of convolutions and matrix products, as torch counts them; those
    of zero weights count too. Widths are the output channels of convolutions and dense layers, in
    the order of the modules.
    """
    parameters = list(model.parameters())
    layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    return {
        "parameters": sum(p.numel() for p in parameters),
        "non-zero parameters": int(sum(torch.count_nonzero(p) for p in parameters)),
        "multiply-adds": multiply_adds(model, side),
        "layer widths": [layer.weight.shape[0] for layer in layers],
    }


def multiply_adds(model: nn.Module, side: int) -> int:
    """Products of one image's way through the network."""
    was_training = model.training
    device = next(model.parameters()).device
    image = torch.zeros(1, 3, side, side, device=device)
    counter = FlopCounterMode(display=False)
    try:
        with torch.no_grad(), counter:
            model.eval()(image)
    finally:
        model.train(was_training)
    return counter.get_total_flops() // 2
