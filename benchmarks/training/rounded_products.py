"""Products in bfloat16 on processors that have no instructions for it."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

# What the suite's networks multiply by; torch computes all of it in bfloat16 under autocast.
PRODUCTS = frozenset({torch.conv2d, functional.linear, torch.bmm})
OPERATOR = "_is_mkldnn_bf16_supported"  # oneDNN's own account


def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for products of bfloat16."""
    if platform.machine().lower() in ("x86_64", "amd64"):
        return torch.cpu._is_avx512_bf16_supported()
    # Builds without oneDNN have no such operator.
    return hasattr(torch.ops.mkldnn, OPERATOR) and getattr(torch.ops.mkldnn, OPERATOR)()


class RoundedProducts(TorchFunctionMode):
    """Under autocast to bfloat16 on the CPU, round factors to it, multiply in float32, round the
    result: what such instructions do, forwards and backwards, up to the order of the sums.

    Without them torch has loops over single numbers in their place. VGG-10 of a quarter of its
    width trains about seven times as fast this way, at nine tenths of float32's speed.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func not in PRODUCTS or not _is_lowered([*args, *kwargs.values()]):
            return func(*args, **kwargs)
        with torch.autocast("cpu", enabled=False):
            factors = [_rounded(value) for value in args]
            named = {name: _rounded(value) for name, value in kwargs.items()}
            return func(*factors, **named).to(torch.bfloat16)


def _is_lowered(values: Sequence[Any]) -> bool:
    """Whether autocast would compute with these values in bfloat16."""
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    return (
        torch.is_autocast_enabled("cpu")
        and torch.get_autocast_dtype("cpu") == torch.bfloat16
        and all(tensor.dtype in (torch.float32, torch.bfloat16) for tensor in tensors)
    )


def _rounded(value: Any) -> Any:
    """A tensor's nearest bfloat16 numbers, as float32, and the gradient's; else the value."""
    return value.to(torch.bfloat16).float() if isinstance(value, torch.Tensor) else value
