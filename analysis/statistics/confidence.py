"""How sure intervals and tests are, unless a caller asks otherwise."""

from __future__ import annotations

from fractions import Fraction

CONFIDENCE = 0.95
"""Of every interval of a median and of a shift, and so of the verdicts that read them."""
TAILS = (0.025, 0.975)
"""Quantiles between which as much lies: of Student's t, of bootstraps and permutations."""
ALPHA = 0.05
"""The error that the tests of a claim share."""


def significance(confidence: float) -> Fraction:
    """1 − confidence as it is written: exactly 1/20 for 0.95.

    Raises:
        ValueError: where the confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    return 1 - Fraction(str(float(confidence)))
