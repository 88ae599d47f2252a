"""Widths and image sides that a network can have."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from benchmarks.errors import UserError


def scaled(width: int, multiplier: Decimal) -> int:
    """``width`` channels times the width multiplier, rounded half up, at least one."""
    return max(1, int((width * multiplier).to_integral_value(ROUND_HALF_UP)))


def pooled_side(side: int, poolings: int) -> int:
    """Side of the map that 2×2 poolings leave of an image of ``side`` pixels.

    Raises:
        UserError: where nothing is left.
    """
    if side < 2**poolings:
        raise UserError(
            f"{poolings} poolings leave nothing of images of {side}×{side}: "
            f"give images of at least {2**poolings}×{2**poolings}"
        )
    return side // 2**poolings
