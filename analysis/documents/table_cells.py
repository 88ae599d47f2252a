"""Cells of a table's grids: medians, differences, shifts, p-values, stars and verdicts, as they
read in the terminal, in LaTeX and in the figure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from analysis.documents.blocks import MISSING, Cell, Tone
from analysis.verdicts.wording import Verdict, marked

if TYPE_CHECKING:
    from analysis.tables.results import CellResult, ComparisonResult

MISSING_CELL: str = Verdict.MISSING

# Of verdicts, whose words and marks are in analysis.verdicts.wording.
TONES: Mapping[str, Tone] = {
    Verdict.REPRODUCED: "good",
    Verdict.NOT_REPRODUCED: "bad",
    Verdict.INCONCLUSIVE: "open",
    Verdict.CONFIRMED: "good",
    Verdict.CONTRADICTED: "bad",
    Verdict.UNDECIDED: "open",
    Verdict.MISSING: "dim",
    Verdict.NOT_DECIDABLE: "dim",
}


def verdict_cell(verdict: str | None, detail: str = "") -> Cell:
    """The marked verdict in its tone, a dash without one."""
    if verdict is None:
        return Cell(MISSING)
    return Cell(marked(verdict), verdict, detail=detail, tone=TONES[verdict])


def probability(value: float | None, decimals: int = 2) -> str:
    """Without the leading zero, ".73"; a dash where there is none."""
    if value is None or math.isnan(value):
        return MISSING
    text = f"{value:.{decimals}f}"
    return text[1:] if text.startswith("0.") else text


def p_value(value: float | None) -> str:
    """Four decimals without the leading zero, ".0213", or a bound."""
    return "<.0001" if value is not None and value < 0.0001 else probability(value, 4)


def p_cell(value: float | None, runs: tuple[str, ...] = ()) -> Cell:
    """A p-value, with the names of the runs that were tested."""
    return Cell(p_value(value), value, runs=runs)


def tested(pair: ComparisonResult) -> str:
    """Such as "p = .0213 *" or "p <.0001 ***"; empty without a test."""
    if pair.test is None:
        return ""
    text = p_value(pair.test.p_value)
    return f"p {'' if text.startswith('<') else '= '}{text} {pair.stars or ''}".rstrip()


def stars(text: str | None) -> str:
    """Stars, "n.s." for none, a dash where there is nothing to say."""
    return MISSING if text is None else text or "n.s."


def published_cell(pair: ComparisonResult, difference: float | None) -> Cell:
    """What the paper prints of a comparison, its p-value or stars, with the difference of its two
    numbers where it prints both."""
    mark = stars(pair.published_stars) if pair.published_p is None else f"p = {pair.published_p}"
    told = "" if difference is None else pair.measure.difference(difference)
    if mark == MISSING and told:
        return Cell(told, difference)
    return Cell(mark, pair.published_stars, detail=told)


def median_cell(cell: CellResult) -> Cell:
    """The median with its interval."""
    text = MISSING_CELL if cell.n == 0 else cell.measure.text(cell.median)
    ends = cell.measure.interval(cell.interval.low, cell.interval.high) if cell.interval else ""
    return Cell(text, cell.median, detail=ends, runs=cell.hashes)


def difference_cell(cell: CellResult) -> Cell:
    """Reproduced minus published median with its interval."""
    level = cell.level
    if level is None or cell.median is None:
        return Cell(MISSING, level.difference if level else None)
    is_open = math.isnan(level.low)
    ends = "" if is_open else cell.measure.difference_interval(level.low, level.high)
    text = cell.measure.difference(level.difference)
    return Cell(text, level.difference, detail=ends, runs=cell.hashes)


def level_cell(cell: CellResult) -> Cell:
    """The verdict with the smallest margin that would pass, rounded up, "(0.31)"."""
    if cell.level is None:
        return Cell(MISSING)
    smallest = cell.level.smallest_delta
    if math.isfinite(smallest):
        rounded = Decimal(repr(smallest)).quantize(Decimal("0.01"), ROUND_CEILING)
        return verdict_cell(cell.level.verdict, f"({rounded})")
    return verdict_cell(cell.level.verdict, "(∞)" if math.isinf(smallest) else "")


def shift_cell(pair: ComparisonResult, runs: tuple[str, ...]) -> Cell:
    """The Hodges–Lehmann shift with its interval, and the names of the runs behind it."""
    found, measure = pair.shift, pair.measure
    if found is None:
        return Cell(MISSING)
    ends = measure.difference_interval(found.low, found.high)
    return Cell(measure.difference(found.estimate), found.estimate, detail=ends, runs=runs)


def agreement_cell(pair: ComparisonResult) -> Cell:
    """Whether the stars are the published ones and how probable that was: "no (32%)"."""
    if pair.agreement is None or pair.agreement.agrees is None:
        return Cell(MISSING)
    expected = pair.agreement.expected_probability
    percent = MISSING if math.isnan(expected) else f"{100 * expected:.0f}%"
    return Cell("yes" if pair.agreement.agrees else "no", detail=f"({percent})")
