"""How numbers and verdicts read, once for the terminal, LaTeX and the figure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from analysis.verdicts.measure import MISSING, Measure

if TYPE_CHECKING:
    from analysis.documents.results import CellResult, ComparisonResult

MISSING_CELL = "missing"

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


def interval(low: float, high: float, measure: Measure) -> str:
    """Of values, such as "[.8795, .8821]"."""
    return f"[{measure.text(low)}, {measure.text(high)}]"


def difference_interval(low: float, high: float, measure: Measure) -> str:
    """Such as "[−0.31, +0.28]"."""
    return f"[{measure.difference(low)}, {measure.difference(high)}]"


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
    text = MISSING_CELL if cell.n == 0 else cell.measure.text(cell.median)
    if cell.interval is None:
        return text
    return f"{text}{join}{interval(cell.interval.low, cell.interval.high, cell.measure)}"


def difference(cell: CellResult, join: str = " ") -> str:
    """Reproduced minus published median and, behind ``join``, its interval."""
    if cell.level is None or cell.median is None:
        return MISSING
    text = cell.measure.difference(cell.level.difference)
    if math.isnan(cell.level.low):
        return text
    return f"{text}{join}{difference_interval(cell.level.low, cell.level.high, cell.measure)}"


def smallest_delta(cell: CellResult) -> str:
    """The smallest margin that would pass, rounded up, "0.31"; a dash without one."""
    if cell.level is None or math.isnan(cell.level.smallest_delta):
        return MISSING
    if math.isinf(cell.level.smallest_delta):
        return "∞"
    return str(Decimal(repr(cell.level.smallest_delta)).quantize(Decimal("0.01"), ROUND_CEILING))


def shift(comparison: ComparisonResult, join: str = " ") -> str:
    """The Hodges–Lehmann shift and, behind ``join``, its interval."""
    if comparison.shift is None:
        return MISSING
    measure, found = comparison.measure, comparison.shift
    spread = difference_interval(found.low, found.high, measure)
    return f"{measure.difference(found.estimate)}{join}{spread}"


def agreement(comparison: ComparisonResult, join: str = " ") -> str:
    """Whether the stars are the published ones and how probable that was: "no (32%)"."""
    if comparison.agreement is None or comparison.agreement.agrees is None:
        return MISSING
    found = "yes" if comparison.agreement.agrees else "no"
    return f"{found}{join}({percent(comparison.agreement.expected_probability)})"
