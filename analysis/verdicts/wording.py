"""What verdicts are called, the sign of each, the clause on what decided, and the rules in words.

The rules themselves are in :mod:`analysis.verdicts.level`, :mod:`analysis.verdicts.effect` and
:mod:`analysis.tables`; a word that changes here changes in every report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from analysis.verdicts.measure import MISSING

Level = Literal["reproduced", "not reproduced", "inconclusive", "missing"]
Effect = Literal["confirmed", "contradicted", "undecided", "missing"]

# In the order in which they are counted. A verdict never stands on its colour alone.
MARKS: Mapping[str, str] = {
    "reproduced": "=",
    "not reproduced": "≠",
    "inconclusive": "?",
    "confirmed": "+",
    "contradicted": "×",
    "undecided": "?",
    "missing": MISSING,
    "not decidable": MISSING,
}

# What decided, in a clause.
NO_SEEDS = "no seeds"
WITHIN_MARGIN = "the interval lies within the margin"
OUTSIDE_MARGIN = "the interval lies outside the margin"
ACROSS_MARGIN = "the interval crosses the margin"
DIVERGED_MEDIAN = "the median falls on diverged runs"
SHIFT_EXCLUDES_0 = "the interval of the shift excludes 0"
SHIFT_INCLUDES_0 = "the interval of the shift includes 0"
NO_DIRECTION = "the paper prints no direction"

LEVEL_RULE = (
    "D is the reproduced minus the published median. √2 widens the interval of our "
    "median, since the published one varies too and lends itself our spread; half of its last "
    "printed digit is added. Reproduced: the interval lies within ±δ; not reproduced: wholly "
    "outside; inconclusive: neither, or fewer than six seeds. min δ: the smallest margin that "
    "would pass."
)
EFFECT_RULE = (
    "confirmed or contradicted where the interval of the shift excludes 0 on the published or on "
    "the other side, else undecided."
)
STARS_RULE = (
    "agreement with the paper's is shown with the probability to be expected of it were our runs "
    "the truth, and is not judged."
)
CONTESTS_RULE = (
    "a count's interval runs from the contests surely won to all but those surely lost, by "
    "one-sided exact rank-sum tests that share an error of 5 %; confirmed where it lies at or "
    "above the stated count, contradicted where it lies below, not decidable while runs are "
    "missing that could tell. By chance: what the best of several settings reaches were they all "
    "alike. The gain at the best λ is judged against its permutations, since picking the best "
    "gains by itself; its interval is a bootstrap over seeds."
)
CONTRASTS_RULE = (
    "a claim is a list of inequalities between cells. One surely holds, or fails, by Welch's "
    "one-sided t test of its two sides' means, for any number of cells, with an error of 5 % "
    "shared by the claim's list; two cells are alike where their difference's interval lies within "
    "the margin. The interval runs from those that surely hold to all but those that surely fail: "
    "confirmed where it lies at or above the stated count, contradicted where it lies below, not "
    "decidable while runs are missing that could tell."
)


def too_few_seeds(n: int, needed: int) -> str:
    """Such as "4 of at least 6 seeds"."""
    return f"{n} of at least {needed} seeds"


def some_diverged(diverged: int, n: int) -> str:
    """Behind another clause, such as "; 2 of 15 runs diverged"; empty where none did."""
    return f"; {diverged} of {n} runs diverged" if diverged else ""


def marked(verdict: str) -> str:
    """The verdict behind its mark."""
    return f"{MARKS[verdict]} {verdict}"
