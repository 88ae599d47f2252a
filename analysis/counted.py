"""Numbers of things, in words."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Such as "1 run" and "1,200 runs"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def are(number: int) -> str:
    """The verb of so many things: "is" of 1, else "are"."""
    return "is" if number == 1 else "are"
