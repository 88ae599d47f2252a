"""The correction for multiple comparisons: Holm's."""

from __future__ import annotations

import math
from collections.abc import Mapping


def holm(p_values: Mapping[str, float], declared: int) -> dict[str, float]:
    """Holm's step-down adjusted p-values (Holm 1979), for ``declared`` comparisons.

    The i-th smallest p-value is multiplied by declared − i + 1, as if those that were not run were
    1. Running them can therefore only lower an adjusted value, and the family's error rate holds
    whichever subset is run. A missing p-value (NaN) stays missing.

    Raises:
        ValueError: where more p-values than declared are given, or one is outside [0, 1].
    """
    if len(p_values) > declared:
        raise ValueError(f"{len(p_values)} p-values for {declared} declared comparisons")
    adjusted, smallest = dict.fromkeys(p_values, math.nan), 0.0
    known = {name: p for name, p in p_values.items() if not math.isnan(p)}
    for position, name in enumerate(sorted(known, key=known.__getitem__)):
        if not 0 <= known[name] <= 1:
            raise ValueError(f"p-value {known[name]} of {name!r} is not in [0, 1]")
        smallest = max(smallest, (declared - position) * known[name])
        adjusted[name] = min(smallest, 1.0)
    return adjusted
