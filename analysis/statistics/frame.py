"""From the long-form frame, one row a run, to the values that the tests rank."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def ranking_values(runs: pd.DataFrame, worst: float, *, share: bool = True) -> NDArray[np.float64]:
    """The column ``value`` in the rows' order, with ``worst`` for the runs that ``diverged``, so
    that these take the worst rank; no row is left out.

    Raises:
        ValueError: where ``diverged`` is not true or false, or where the value of a run that did
            not diverge is missing or, of a ``share``, outside [0, 1].
    """
    diverged = runs["diverged"]
    if not diverged.isin([True, False]).all():
        raise ValueError("column 'diverged' must hold true or false in every row")
    is_diverged = diverged.to_numpy(dtype=bool)
    given = runs["value"].to_numpy(dtype=np.float64)
    wrong = ~is_diverged & (~np.isfinite(given) | (share & ((given < 0) | (given > 1))))
    if wrong.any():
        raise ValueError(f"value {given[wrong][0]} of a finished run is not in [0, 1]")
    return np.where(is_diverged, worst, given)
