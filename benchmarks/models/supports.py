"""Nested supports of square kernels: which positions vanish together, from the border inwards.

Source: "Optimal Convolutional Architectures Via Structured Sparsity Regularizers", section 3.3 and
Figure 2. Group n holds the first n rings, so that a kernel without its first groups is smaller.
"""

from __future__ import annotations

from typing import Literal

from benchmarks.errors import UserError

Scheme = Literal["kernel", "half_ring", "ring"]


def rings(side: int, scheme: Scheme) -> list[list[int]]:
    """The ring of every position, counted from 1, outermost first; group n is rings 1 to n.

    "kernel" has one ring, all positions. "half_ring" takes the first row and column, then the last
    ones, and so on: ``side`` rings. "ring" takes both at once: (side + 1)/2 rings.

    Raises:
        UserError: where half-rings or rings are asked of an even side.
    """
    if scheme == "kernel":
        return [[1] * side for _ in range(side)]
    check_odd(side)
    place = range(side)
    # How many rows or columns lie before the position, and how many behind it.
    before = [[min(p, q) for q in place] for p in place]
    behind = [[side - 1 - max(p, q) for q in place] for p in place]
    if scheme == "ring":
        return [[min(before[p][q], behind[p][q]) + 1 for q in place] for p in place]
    return [[min(2 * before[p][q] + 1, 2 * behind[p][q] + 2) for q in place] for p in place]


def check_odd(side: int, where: str = "") -> None:
    """Raise UserError for a side whose rings would have no centre."""
    if side % 2 == 0:
        raise UserError(
            f"half-rings and rings are defined for kernels of an odd size, not {side}×{side}"
            + (f" ({where}): name it in leave_out" if where else "")
        )


def groups(side: int, scheme: Scheme) -> int:
    """How many there are."""
    return {"kernel": 1, "half_ring": side, "ring": (side + 1) // 2}[scheme]


def group_sizes(side: int, scheme: Scheme) -> list[int]:
    """Positions of each group; of half-rings side² − (side − n)²."""
    every = [ring for row in rings(side, scheme) for ring in row]
    return [sum(ring <= n for ring in every) for n in range(1, groups(side, scheme) + 1)]


def size_without(side: int, scheme: Scheme, removed: int) -> int:
    """The side of what is left of a kernel without its first ``removed`` groups; 0 without all."""
    if scheme == "kernel":
        return 0 if removed else side
    return max(0, side - removed * (1 if scheme == "half_ring" else 2))


def offset(side: int, scheme: Scheme, size: int) -> int:
    """Where in a kernel of ``side`` the one of ``size`` that is left begins: an even one lies half
    a position behind the centre."""
    return 0 if scheme == "kernel" else (side - size + 1) // 2
