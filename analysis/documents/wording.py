"""How numbers and verdicts read, once for the terminal, LaTeX and the figure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.documents.results import CellResult, ComparisonResult

MISSING = "–"
MISSING_CELL = "missing"
MINUS = "−"
DIVERGED = "diverged"

# A verdict never stands on its colour alone.
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


def probability(value: float | None) -> str:
    """Two decimals without the leading zero, ".73"."""
    if value is None or math.isnan(value):
        return MISSING
    text = f"{value:.2f}"
    return text[1:] if text.startswith("0.") else text


def accuracy(value: float | None, percent: bool = False) -> str:
    """A share as the papers print it, ".8812", or "88.12" where they print percent; "diverged"
    below 0, a dash without a value."""
    if value is None:
        return MISSING
    if value < 0:
        return DIVERGED
    if percent:
        return f"{100 * value:.2f}"
    text = f"{value:.4f}"
    return text[1:] if text.startswith("0.") else text


def points(value: float | None) -> str:
    """A difference of shares in accuracy points with its sign, "+0.12".

    A difference of 100 points or more has a diverged run at one end and is unbounded.
    """
    if value is None or math.isnan(value):
        return MISSING
    if abs(value) >= 1:
        return "+∞" if value > 0 else f"{MINUS}∞"
    text = f"{100 * value:+.2f}"
    return "0.00" if float(text) == 0 else text.replace("-", MINUS)


def accuracy_interval(low: float, high: float, percent: bool = False) -> str:
    """Such as "[.8795, .8821]"."""
    return f"[{accuracy(low, percent)}, {accuracy(high, percent)}]"


def points_interval(low: float, high: float) -> str:
    """Such as "[−0.31, +0.28]"."""
    return f"[{points(low)}, {points(high)}]"


def p_value(value: float | None) -> str:
    """Four decimals without the leading zero, ".0213", or a bound."""
    if value is None or math.isnan(value):
        return MISSING
    if value < 0.0001:
        return "<.0001"
    text = f"{value:.4f}"
    return text[1:] if text.startswith("0.") else text


def p_equals(comparison: ComparisonResult) -> str:
    """Such as "p = .0213" or "p <.0001"; empty without a test."""
    if comparison.test is None:
        return ""
    text = p_value(comparison.test.p_value)
    return f"p {'' if text.startswith('<') else '= '}{text}"


def percent(value: float | None) -> str:
    """A probability as a whole percentage, "41%"."""
    return MISSING if value is None or math.isnan(value) else f"{100 * value:.0f}%"


def stars(text: str | None) -> str:
    """Stars, "n.s." for none, a dash where there is nothing to say."""
    return MISSING if text is None else text or "n.s."


def published_mark(comparison: ComparisonResult) -> str:
    """What the paper prints of a comparison: its p-value, or stars."""
    if comparison.published_p is None:
        return stars(comparison.published_stars)
    return f"p = {comparison.published_p}"


def marked(verdict: str) -> str:
    """The verdict behind its mark."""
    return f"{MARKS[verdict]} {verdict}"


def count(cell: CellResult) -> str:
    """Finished of planned runs, "12/15"."""
    return f"{cell.n}/{cell.planned}"


def median(cell: CellResult, join: str = " ") -> str:
    """The median and, behind ``join``, its interval."""
    text = MISSING_CELL if cell.n == 0 else accuracy(cell.median, cell.percent)
    if cell.interval is None:
        return text
    interval = accuracy_interval(cell.interval.low, cell.interval.high, cell.percent)
    return f"{text}{join}{interval}"


def difference(cell: CellResult, join: str = " ") -> str:
    """Reproduced minus published median in points and, behind ``join``, its interval."""
    if cell.level is None or cell.median is None:
        return MISSING
    text = points(cell.level.difference) if cell.median >= 0 else f"{MINUS}∞"
    if math.isnan(cell.level.low):
        return text
    return f"{text}{join}{points_interval(cell.level.low, cell.level.high)}"


def smallest_delta(cell: CellResult) -> str:
    """The smallest margin in points that would pass, rounded up, "0.31"; a dash without one."""
    if cell.level is None or math.isnan(cell.level.smallest_delta):
        return MISSING
    if cell.level.smallest_delta >= 100:
        return "∞"
    return str(Decimal(repr(cell.level.smallest_delta)).quantize(Decimal("0.01"), ROUND_CEILING))


def shift(comparison: ComparisonResult, join: str = " ") -> str:
    """The Hodges–Lehmann shift in points and, behind ``join``, its interval."""
    if comparison.shift is None:
        return MISSING
    interval = points_interval(comparison.shift.low, comparison.shift.high)
    return f"{points(comparison.shift.estimate)}{join}{interval}"


def agreement(comparison: ComparisonResult, join: str = " ") -> str:
    """Whether the stars are the published ones and how probable that was: "no (32%)"."""
    if comparison.agreement is None or comparison.agreement.agrees is None:
        return MISSING
    found = "yes" if comparison.agreement.agrees else "no"
    return f"{found}{join}({percent(comparison.agreement.expected_probability)})"
