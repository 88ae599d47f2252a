"""When a run counts as diverged: it is evaluated once more, and ends there."""

from __future__ import annotations

import math


def has_diverged(loss: float) -> bool:
    """Whether the mean training loss of an epoch is infinite or no number."""
    return not math.isfinite(loss)
