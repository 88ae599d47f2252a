"""Dropout whose masks follow from a key and from how often it was called.

torch's own draws from a generator that all networks of a process share: it is not resumable, and
a network's masks depend on what trains beside it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from benchmarks.randomness import raw_stream

# The increment and the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), as int64.
GOLDEN = -0x61C8864680B583EB
FIRST, SECOND = -0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15
# Bits that decide on one number; a probability is kept to 2⁻¹⁶.
BITS = 16


class CountedDropout(nn.Module):
    """Zero each number with probability ``p`` in training, and divide the others by 1 − p.

    Attributes:
        key: what the masks follow from, besides the count; see :func:`seed_dropouts`.
        calls: how often it was called in training, int64 (): part of the network's state, so that
            a resumed training goes on with the next mask.
    """

    calls: torch.Tensor

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p must lie in [0, 1), not {p}")
        self.p, self.key = p, 0
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Values of any shape; in evaluation as they are."""
        if not self.training or not self.p:
            return values
        kept = keep_mask(self.key, self.calls, values.numel(), self.share).view(values.shape)
        self.calls.add_(1)
        return torch.where(kept, values * (1 / self.share), 0)

    @property
    def share(self) -> float:
        """The share that is kept, to 2⁻¹⁶."""
        return round((1 - self.p) * 2**BITS) / 2**BITS

    def extra_repr(self) -> str:
        """The settings, as torch's layers show theirs."""
        return f"p={self.p}"


def keep_mask(key: int, call: torch.Tensor, size: int, share: float) -> torch.Tensor:
    """Which of ``size`` numbers are kept in a call, bool, shape (size,).

    Each 64-bit word of a counter-based stream decides on four of them, 16 bits each. Only sums,
    shifts and products of int64 on ``call``'s device: the same everywhere, without a generator.
    """
    counters = torch.arange(-(-size * BITS // 64), device=call.device)
    start = mix(call * GOLDEN + key)
    words = mix(counters * GOLDEN + start)
    return (words.view(torch.int16) < round(share * 2**BITS) - 2 ** (BITS - 1))[:size]


def mix(words: torch.Tensor) -> torch.Tensor:
    """SplitMix64's finalizer of int64 words, which wrap around."""
    words = (words ^ shifted(words, 30)) * FIRST
    words = (words ^ shifted(words, 27)) * SECOND
    return words ^ shifted(words, 31)


def shifted(words: torch.Tensor, places: int) -> torch.Tensor:
    """int64 words shifted right, with zeros from the left."""
    return (words >> places) & ((1 << (64 - places)) - 1)


def seed_dropouts(model: nn.Module, seed: int) -> None:
    """Give every dropout of a network a key of its own, from the run's seed."""
    layers = [module for module in model.modules() if isinstance(module, CountedDropout)]
    for index, layer in enumerate(layers):
        word = raw_stream(seed, f"dropout/{index}").random_raw()
        layer.key = int(np.uint64(word).astype(np.int64))
