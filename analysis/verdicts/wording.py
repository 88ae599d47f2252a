"""What verdicts are called, the sign of each, the clause on what decided, and the rules in words.

The rules themselves are in :mod:`analysis.verdicts.level`, :mod:`analysis.verdicts.effect` and
:mod:`analysis.tables`; a word that changes here changes in every report.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from analysis.verdicts.measure import MISSING


class Verdict(StrEnum):
    """All words, as reports, JSON and CSV hold them; in the order in which they are counted."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    INCONCLUSIVE = "inconclusive"
    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"
    MISSING = "missing"
    NOT_DECIDABLE = "not decidable"


Level = Literal[Verdict.REPRODUCED, Verdict.NOT_REPRODUCED, Verdict.INCONCLUSIVE, Verdict.MISSING]
Effect = Literal[Verdict.CONFIRMED, Verdict.CONTRADICTED, Verdict.UNDECIDED, Verdict.MISSING]

# In the order of the words. A verdict never stands on its colour alone.
MARKS: Mapping[str, str] = {
    Verdict.REPRODUCED: "=",
    Verdict.NOT_REPRODUCED: "≠",
    Verdict.INCONCLUSIVE: "?",
    Verdict.CONFIRMED: "+",
    Verdict.CONTRADICTED: "×",
    Verdict.UNDECIDED: "?",
    Verdict.MISSING: MISSING,
    Verdict.NOT_DECIDABLE: MISSING,
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
    f"printed digit is added. {Verdict.REPRODUCED.capitalize()}: the interval lies within ±δ; "
    f"{Verdict.NOT_REPRODUCED}: wholly outside; {Verdict.INCONCLUSIVE}: neither, or fewer than six "
    "seeds. min δ: the smallest margin that would pass."
)
EFFECT_RULE = (
    f"{Verdict.CONFIRMED} or {Verdict.CONTRADICTED} where the interval of the shift excludes 0 on "
    f"the published or on the other side, else {Verdict.UNDECIDED}."
)
STARS_RULE = (
    "agreement with the paper's is shown with the probability to be expected of it were our runs "
    "the truth, and is not judged."
)
SEVERAL = "A cell of several comparisons has the stars of the largest p of those with runs."
_COUNTED = (
    f"{Verdict.CONFIRMED} where it lies at or above the stated count, {Verdict.CONTRADICTED} where "
    f"it lies below, {Verdict.NOT_DECIDABLE} while runs are missing that could tell"
)
CONTESTS_RULE = (
    "a count's interval runs from the contests surely won to all but those surely lost, by "
    f"one-sided exact rank-sum tests that share an error of 5 %; {_COUNTED}. By "
    "chance: what the best of several settings reaches were they all alike. The gain at the best "
    "λ is judged against its permutations, since picking the best gains by itself; its interval "
    "is a bootstrap over seeds."
)
CONTRASTS_RULE = (
    "a claim is a list of inequalities between cells. One surely holds, or fails, by Welch's "
    "one-sided t test of its two sides' means, for any number of cells, with an error of 5 % "
    "shared by the claim's list; two cells are alike where their difference's interval lies within "
    "the margin. The interval runs from those that surely hold to all but those that surely fail: "
    f"{_COUNTED}."
)
FALLS_RULE = (
    "a claim that three cells or more fall one after another is one inequality, judged by "
    "Jonckheere and Terpstra's one-sided trend test over all of their seeds, in shorter forms of "
    "as many of the cells as there are. Single steps may go the other way where the others "
    "outweigh them."
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
