"""STRIP-Reg: three full 3×3 branches in place of ACNet's 3×3, 3×1 and 1×3, and weaker decay on the
cells that the strips had.

Source: Schneider, "Locality-Promoting Representation Learning", section III b; the blocks are those
of Ding et al., "ACNet" (ICCV 2019). The closed forms at the end are for one batch-norm after the
sum, the case that the paper analyses (L-25).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

STRIPS = ("column", "row")


def strip_mask(strip: str) -> np.ndarray:
    """The cells of a 3×3 filter that a strip covers, bool, shape (3, 3).

    "column" is the centre column, where a filter of height 3 and width 1 lies; "row" the centre
    row. The paper's printed index set leaves the grid (L-02).

    Raises:
        ValueError: for any other strip.
    """
    if strip not in STRIPS:
        raise ValueError(f"a strip is one of {', '.join(STRIPS)}, not {strip!r}")
    mask = np.zeros((3, 3), dtype=bool)
    if strip == "column":
        mask[:, 1] = True
    else:
        mask[1, :] = True
    return mask


def strip_factors(strip: str, eta: float) -> np.ndarray:
    """Factors on λ of a branch that replaces a strip, float64, shape (3, 3): 1 on the strip's cells
    and 1 + η elsewhere. They are not normalised; η = 0 is plain decay."""
    return np.where(strip_mask(strip), 1.0, 1.0 + eta)


def initial_scale(strip: str) -> np.ndarray:
    """What the scaled initialisation multiplies drawn weights by, float64, shape (3, 3).

    2 on the strip's cells, 1/2 elsewhere: 3·2 + 6/2 = 9 keeps the expected sum of magnitudes, while
    the mean variance grows by 13.5/9 (L-26, L-28).
    """
    return np.where(strip_mask(strip), 2.0, 0.5)


def strip_branches(eta: float) -> list[np.ndarray]:
    """Factors of STRIP-Reg's three branches: the plain one, the column's and the row's."""
    return [np.ones((3, 3)), *(strip_factors(strip, eta) for strip in STRIPS)]


def acnet_branches() -> list[np.ndarray]:
    """Factors of ACNet's three branches as 3×3 filters: a cell that a branch lacks costs ∞."""
    return [np.ones((3, 3)), *(np.where(strip_mask(s), 1.0, np.inf) for s in STRIPS)]


def effective_factors(branches: Sequence[np.ndarray]) -> np.ndarray:
    """Factors on λ that the sum of the branches' filters has in effect, float64, shape (3, 3).

    A weight w = Σ wᵢ whose parts cost Σ aᵢ wᵢ² is cheapest in parts proportional to 1/aᵢ and then
    costs w²/Σ(1/aᵢ). With equal factors each part is w/3 (L-27).

    Args:
        branches: factors aᵢ of each branch, shape (3, 3), ∞ where it has no weight.
    """
    return 1.0 / np.sum([1.0 / factors for factors in branches], axis=0)


def equivalent_gamma_eta(factors: np.ndarray) -> tuple[float, float]:
    """γ and η of eq. 1 that weigh arms and corners against the centre as ``factors`` do."""
    centre = factors[1, 1]
    return float(factors[1, 0] / centre), float(factors[0, 0] / centre)
