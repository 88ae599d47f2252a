"""The stars that stand for small p-values."""

from __future__ import annotations

STARS = ((0.001, "***"), (0.01, "**"), (0.1, "*"))
"""The usual legend: the stars of a p-value under each bound."""


def star_legend(of: str = "p ") -> str:
    """The bounds in a line: "*** p < .001, …"; without the p where the test is named before it."""
    return ", ".join(f"{mark} {of}< {str(bound)[1:]}" for bound, mark in STARS)


STAR_LEGEND = star_legend()


def stars(p_value: float) -> str:
    """ "***" under .001, "**" under .01, "*" under .1, else "" (also for a missing p-value)."""
    return next((mark for bound, mark in STARS if p_value < bound), "")
