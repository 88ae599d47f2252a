"""What every rendering of a table states beside its numbers: estimator, test, n and caveats."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.documents.blocks import STAR_LEGEND
from analysis.documents.results import LABELS, Reading, TableResult
from analysis.documents.wording import MARKS


@dataclass(frozen=True)
class Note:
    """A statement with the word that it is filed under."""

    topic: str
    text: str


def labels(result: TableResult) -> tuple[str, ...]:
    """What stands in capitals above the table: QUICK, INCOMPLETE, the variant."""
    found = []
    if label := LABELS.get(result.about.protocol):
        found.append(label)
    if not result.is_whole:
        found.append(f"INCOMPLETE: {result.runs_present} of {result.runs_planned} runs")
    if result.about.variant:
        found.append(f"VARIANT: {result.about.variant}")
    return tuple(found)


def notes(result: TableResult) -> tuple[Note, ...]:
    """The statements in reading order; those that do not apply are left out."""
    found = [
        Note("Estimator", _estimator(result)),
        Note("Test", _test(result)),
        Note("Runs", _runs(result)),
    ]
    if result.has_levels:
        found += [Note("Verdict", _VERDICT), Note("Margin", _margin(result))]
    if not result.is_quick:
        found += [Note("Effect", _EFFECT), Note("Stars", _STARS)]
        if seen := _detectable(result):
            found.append(Note("Power", seen))
    if result.claims:
        found.append(Note("Claims", _CLAIMS))
    if diverged := sum(cell.diverged for cell in result.cells):
        found.append(Note("Diverged", f"{_counted(diverged, 'run')}, ranked below all others."))
    if result.about.remark:
        found.append(Note("Remark", result.about.remark))
    found.append(Note("Machines", _machines(result)))
    return tuple(found)


def summary(result: TableResult) -> str:
    """Verdicts and agreements counted, in one line; empty for a quick table."""
    if result.is_quick:
        return ""
    every = (result, *result.others)
    cells: Counter[str] = Counter(c.level.verdict for r in every for c in r.cells if c.level)
    effects: Counter[str] = Counter(
        row.effect.verdict for r in every for row in r.comparisons if row.effect
    )
    named = (("cells", cells), ("effects", effects))
    parts = [f"{kind}: {_counts(counter)}" for kind, counter in named if counter]
    claims: Counter[str] = Counter(claim.verdict for claim in result.claims)
    if claims:
        parts.append(f"claims: {_counts(claims)}")
    agreements = [row.agreement for row in result.comparisons if row.agreement]
    if agreements:
        agreeing = sum(bool(agreement.agrees) for agreement in agreements)
        expected = math.fsum(agreement.expected_probability for agreement in agreements)
        parts.append(f"stars: {agreeing} of {len(agreements)} agree, {expected:.1f} expected")
    return "; ".join(parts)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{counter[verdict]} {verdict}" for verdict in MARKS if counter[verdict])


def machines(result: TableResult) -> dict[str, int]:
    """Machines of all runs, with their number of runs."""
    found: dict[str, int] = {}
    for cell in result.cells:
        for name, count in cell.machines:
            found[name] = found.get(name, 0) + count
    return dict(sorted(found.items()))


def reading_source(reading: Reading) -> str:
    """Where a reading's value comes from and which question it answers."""
    changed = f"; the default is {reading.default}" if reading.changed else ""
    return f"({reading.source}{changed}). {reading.question}"


def mixed(result: TableResult) -> str:
    """The cells that mix machines, in one sentence; empty where none does."""
    cells = result.mixed_cells
    if not cells:
        return ""
    parts = [
        f"{cell.name}: " + ", ".join(f"{count} on {name}" for name, count in cell.machines)
        for cell in cells
    ]
    return f"Cells mixing machines: {'; '.join(parts)}."


_VERDICT = (
    "D is the reproduced minus the published median. √2 widens the interval of our "
    "median, since the published one varies too and lends itself our spread; half of its last "
    "printed digit is added. Reproduced: the interval lies within ±δ; not reproduced: wholly "
    "outside; inconclusive: neither, or fewer than six seeds. min δ: the smallest margin that "
    "would pass."
)
_EFFECT = (
    "confirmed or contradicted where the interval of the shift excludes 0 on the published or on "
    "the other side, else undecided."
)
_CLAIMS = (
    "a count's interval runs from the contests surely won to all but those surely lost, by "
    "one-sided exact rank-sum tests that share an error of 5 %; confirmed where it lies at or "
    "above the stated count, contradicted where it lies below, not decidable while runs are "
    "missing that could tell. By chance: what the best of several settings reaches were they all "
    "alike. The gain at the best λ is judged against its permutations, since picking the best "
    "gains by itself; its interval is a bootstrap over seeds."
)
_STARS = (
    "agreement with the paper's is shown with the probability to be expected of it were our runs "
    "the truth, and is not judged."
)


def _estimator(result: TableResult) -> str:
    text = f"median over seeds of: {result.about.measure.title}"
    intervals = [cell.interval for cell in result.cells if cell.interval is not None]
    if not intervals:
        return f"{text}; its interval needs six seeds."
    spans = sorted({(i.rank_low, i.rank_high, i.coverage) for i in intervals}, reverse=True)
    ranks = ", ".join(f"ranks {low} to {high} ({100 * c:.1f} %)" for low, high, c in spans)
    return f"{text}; in brackets its distribution-free interval: {ranks}."


def _test(result: TableResult) -> str:
    others = dict.fromkeys(row.against for row in result.comparisons if row.against != row.second)
    against = f" The first cell of a pair is tested against {', '.join(others)}." if others else ""
    distribution = {"exact": "exact, with midranks", "normal": "normal approximation"}
    return (
        f"{result.alternative} Wilcoxon rank-sum test, {distribution[result.method]}; "
        f"{STAR_LEGEND}. Holm: over the table's {_counted(result.declared, 'comparison')}. Shift: "
        f"Hodges–Lehmann, first minus second{_in_points(result)}, with the "
        f"{100 * result.confidence:.0f} % interval that inverts the exact two-sided test.{against}"
    )


def _detectable(result: TableResult) -> str:
    """What the runs could have seen; empty without runs on both sides of any comparison."""
    found = [p for p in result.comparisons if p.detectable and not math.isnan(p.detectable)]
    if not found:
        return ""
    measure = result.about.measure
    sizes = [pair.detectable or 0.0 for pair in found]
    low, high = (measure.difference(end).lstrip("+") for end in (min(sizes), max(sizes)))
    span = low if low == high else f"{low} to {high}"
    unit = "points" if measure.is_share else measure.unit
    return (
        f"with the spread of these runs a true shift of {span} {unit}".rstrip()
        + " is seen at p < .05 in four tables of five; smaller ones mostly stay undecided."
    )


def _runs(result: TableResult) -> str:
    return (
        f"n = {result.seeds} seeds planned for each cell; {result.runs_present} of "
        f"{result.runs_planned} runs are in; precision {result.about.precision}."
    )


def margins(result: TableResult) -> str:
    """The margin, "0.5 points", or those of the data sets that the cells use."""
    unit = result.about.measure.margin_unit
    if not isinstance(result.delta, Mapping):
        return f"{result.delta} {unit}"
    used = {cell.margin for cell in result.cells}
    named = {name: delta for name, delta in result.delta.items() if name in used}
    return ", ".join(f"{delta} {unit} on {name}" for name, delta in named.items())


def _in_points(result: TableResult) -> str:
    return ", in points" if result.about.measure.is_share else ""


def _margin(result: TableResult) -> str:
    text = f"δ = {margins(result)}, set before any run. {result.about.margin_reason}"
    return text.rstrip()


def _machines(result: TableResult) -> str:
    found = machines(result)
    if not found:
        return "no run yet."
    text = "; ".join(f"{name} ({_counted(count, 'run')})" for name, count in found.items()) + "."
    return f"{text} {mixed(result)}".rstrip()


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
