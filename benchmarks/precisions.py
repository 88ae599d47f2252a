"""Which devices train in which precision."""

from __future__ import annotations

from typing import Literal

Precision = Literal["float32", "tf32", "bf16", "float16"]

# What CPUs lack, or compute a thousand times slower, as torch's float16 convolutions; and what to
# use there.
CUDA_ALONE = {"tf32": "float32", "float16": "bf16"}


def precision_fault(precision: str, device: str) -> str | None:
    """Why a "cpu" or "cuda" does not train in a precision, in one line; None where it does."""
    if device == "cuda" or precision not in CUDA_ALONE:
        return None
    instead = CUDA_ALONE[precision]
    return f"precision {precision} is computed on CUDA devices alone: use {instead}"
