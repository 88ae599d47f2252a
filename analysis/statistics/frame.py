"""From the long-form frame, one row a run, to the values that the tests rank."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DIVERGED = -1.0
"""What a diverged run counts as: under any accuracy, so that it takes the lowest rank."""


def ranking_values(runs: pd.DataFrame) -> NDArray[np.float64]:
    """Accuracies in [0, 1] in the rows' order, with :data:`DIVERGED` for the runs that diverged.

    Needs the columns ``accuracy`` and ``diverged``; no row is left out.

    Raises:
        ValueError: where ``diverged`` is not true or false, or where the accuracy of a run that did
            not diverge is missing or outside [0, 1].
    """
    diverged = runs["diverged"]
    if not diverged.isin([True, False]).all():
        raise ValueError("column 'diverged' must hold true or false in every row")
    is_diverged = diverged.to_numpy(dtype=bool)
    accuracy = runs["accuracy"].to_numpy(dtype=np.float64)
    values = np.where(is_diverged, DIVERGED, accuracy)
    wrong = ~is_diverged & ~((accuracy >= 0) & (accuracy <= 1))
    if wrong.any():
        raise ValueError(f"accuracy {accuracy[wrong][0]} of a finished run is not in [0, 1]")
    return values
