"""Numbers of things, in words."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Such as "1 run" and "1,200 runs"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
