"""What every rendering of a table states beside its numbers: estimator, test, n, caveats, what the
text claims, readings and deviations."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from analysis.counted import counted
from analysis.documents.blocks import MISSING, Block, Claim, Claims, Note, Notes
from analysis.documents.table_cells import TONES
from analysis.statistics.stars import STAR_LEGEND
from analysis.tables.about import LABELS, Reading
from analysis.tables.results import ClaimResult, TableResult
from analysis.verdicts import wording

MOST_MOVES = 3  # of a reading, that a table's note tells


def labels(result: TableResult) -> tuple[str, ...]:
    """What stands in capitals above the table: QUICK, INCOMPLETE, the variant."""
    found = [LABELS.get(result.about.protocol, "")]
    if not result.is_whole:
        found.append(f"INCOMPLETE: {result.runs_present} of {result.runs_planned} runs")
    if result.about.variant:
        found.append(f"VARIANT: {result.about.variant}")
    return tuple(filter(None, found))


def summary(result: TableResult) -> str:
    """Verdicts and agreements counted, in one line; empty for a quick table."""
    if result.is_quick:
        return ""
    every = (result, *result.others)
    found: dict[str, Counter[str]] = {
        "cells": Counter(c.level.verdict for r in every for c in r.cells if c.level),
        "effects": Counter(p.effect.verdict for r in every for p in r.comparisons if p.effect),
        "claims": Counter(claim.verdict for claim in result.claims),
    }
    parts = []
    for kind, counter in found.items():
        counts = ", ".join(f"{counter[v]} {v}" for v in wording.MARKS if counter[v])
        parts += [f"{kind}: {counts}"] if counts else []
    agreements = [row.agreement for row in result.comparisons if row.agreement]
    if agreements:
        agreeing = sum(bool(agreement.agrees) for agreement in agreements)
        expected = math.fsum(agreement.expected_probability for agreement in agreements)
        parts.append(f"stars: {agreeing} of {len(agreements)} agree, {expected:.1f} expected")
    return "; ".join(parts)


def machines(result: TableResult) -> dict[str, int]:
    """Machines of all runs, with their number of runs."""
    found: Counter[str] = Counter()
    for cell in result.cells:
        found.update(dict(cell.machines))
    return dict(sorted(found.items()))


def claims(found: Sequence[ClaimResult]) -> list[Block]:
    """What the paper's text says of the table, each sentence with what bears on it."""
    if not found:
        return []
    items = tuple(
        Claim(
            f"{claim.text} ({claim.where})",
            wording.marked(claim.verdict),
            (
                ("stated", claim.stated),
                ("its table", claim.printed),
                ("ours", f"{claim.ours} {claim.interval}".rstrip() or MISSING),
                ("by chance", claim.chance),
            ),
            TONES[claim.verdict],
        )
        for claim in found
    )
    caption = "What the text says of the table, in words of ours; see the note on claims."
    return [Claims(items, "what the text says of the table", caption)]


def statements(result: TableResult) -> Iterator[Notes]:
    """Statements, deviations and readings; these in short for the terminal, in full in LaTeX."""
    about = result.about
    stated = tuple(Note(text, topic) for topic, text in _stated(result).items() if text)
    short = list(stated)
    if about.deviations:
        names = "; ".join(f"{d.id} {d.name}" for d in about.deviations)
        short.append(Note(f"{names}; in full in the LaTeX file.", "Deviations"))
    if about.readings:
        short.append(Note(_readings(about.readings), "Readings"))
    yield Notes(tuple(short), shown="terminal")
    yield Notes(stated, "Notes", shown="latex")
    if about.deviations:
        items = tuple(Note(d.text, f"{d.id} {d.name}") for d in about.deviations)
        yield Notes(items, "Deviations from the paper", shown="latex")
    if about.readings:
        items = tuple(
            Note(_source(r), f"{r.id} {r.name} = {r.value}", light=not r.changed)
            for r in about.readings
        )
        yield Notes(items, "Readings: what the paper leaves open", numbered=True, shown="latex")


def _stated(result: TableResult) -> dict[str, str]:
    """The statements by topic in reading order; those that do not apply are empty."""
    about, has_levels, is_judged = result.about, result.has_levels, not result.is_quick
    chances = [claim.chance for claim in result.claims]
    diverged = sum(cell.diverged for cell in result.cells)
    stars = wording.STARS_RULE + (f" {wording.SEVERAL}" if result.has_chosen_stars else "")
    return {
        "Estimator": _estimator(result),
        "Test": _test(result) if result.declared else "",
        "Runs": f"n = {result.seeds} seeds planned for each cell; {result.runs_present} of "
        f"{result.runs_planned} runs are in; precision {about.precision}.",
        "Verdict": wording.LEVEL_RULE if has_levels else "",
        "Margin": _margin(result) if has_levels else "",
        "Effect": wording.EFFECT_RULE if is_judged else "",
        "Stars": stars if is_judged else "",
        "Power": _detectable(result) if is_judged else "",
        "Claims": wording.CONTESTS_RULE if any(c != MISSING for c in chances) else "",
        "Contrasts": wording.CONTRASTS_RULE if MISSING in chances else "",
        "Falls": wording.FALLS_RULE if result.has_falls else "",
        "Alike": _alike(result),
        "Diverged": f"{counted(diverged, 'run')}, ranked below all others." if diverged else "",
        "Sensitive": _sensitive(result),
        "Remark": about.remark,
        "Machines": _machines(result),
        "Laboratories": _laboratories(result),
    }


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
    in_points = ", in points" if result.about.measure.is_share else ""
    return (
        f"{result.sides} Wilcoxon rank-sum test, {distribution[result.method]}; "
        f"{STAR_LEGEND}. Holm: over the table's {counted(result.declared, 'comparison')}. Shift: "
        f"Hodges–Lehmann, first minus second{in_points}, with the "
        f"{100 * result.confidence:.0f} % interval that inverts the exact two-sided test.{against}"
    )


def _detectable(result: TableResult) -> str:
    """What the runs could have seen; empty without runs on both sides of any comparison."""
    known = [p.detectable for p in result.comparisons if p.detectable]
    sizes = [size for size in known if not math.isnan(size)]
    if not sizes:
        return ""
    measure = result.about.measure
    low, high = (measure.difference(end).lstrip("+") for end in (min(sizes), max(sizes)))
    span = low if low == high else f"{low} to {high}"
    unit = "points" if measure.is_share else measure.unit
    return (
        f"with the spread of these runs a true shift of {span} {unit}".rstrip()
        + " is seen at p < .05 in four tables of five; smaller ones mostly stay "
        f"{wording.Verdict.UNDECIDED}."
    )


def _margin(result: TableResult) -> str:
    """The margin of levels, and why it is that."""
    within = _within(result, result.delta)
    return f"{within}, set before any run. {result.about.margin_reason}".rstrip()


def _alike(result: TableResult) -> str:
    """The margin of claims that cells are alike, where it is no margin of levels, told above."""
    if result.has_levels or result.alike_within is None:
        return ""
    within = _within(result, result.alike_within)
    return f"within {within}, the margin of the full table, set before any run."


def _within(result: TableResult, delta: Decimal | Mapping[str, Decimal] | None) -> str:
    """A margin, "δ = 0.5 points", or those of the data sets that the cells use."""
    unit = result.about.measure.margin_unit
    text = f"{delta} {unit.removesuffix('s') if delta == 1 else unit}"
    if isinstance(delta, Mapping):
        used = {cell.margin for cell in result.cells}
        text = ", ".join(f"{d} {unit} on {name}" for name, d in delta.items() if name in used)
    return f"δ = {text}"


def _sensitive(result: TableResult) -> str:
    """The readings on whose value a verdict hangs; empty without any."""
    told = []
    for reading in result.moved:
        shown = "; ".join(reading.moves[:MOST_MOVES])
        more = len(reading.moves) - MOST_MOVES
        shown += f"; and {more} more" if more > 0 else ""
        told.append(
            f"{reading.id} {reading.name} = {reading.value} instead of {reading.default} moves, by "
            f"{counted(reading.seeds, 'seed')}, {shown}."
        )
    return " ".join([*told, "See `reproduce sensitivity`."] if told else [])


def _machines(result: TableResult) -> str:
    """All machines, and the cells that mix them."""
    found = machines(result)
    if not found:
        return "no run yet."
    text = "; ".join(f"{name} ({counted(count, 'run')})" for name, count in found.items()) + "."
    mixed = [
        f"{cell.name}: " + ", ".join(f"{count} on {name}" for name, count in cell.machines)
        for cell in result.mixed_cells
    ]
    return f"{text} Cells mixing machines: {'; '.join(mixed)}." if mixed else text


def _laboratories(result: TableResult) -> str:
    """Which laboratory gave which seeds of which cells; empty where all runs are our own."""
    filled = sum(cell.n > 0 for cell in result.cells)
    told = []
    for name, count in result.laboratories.items():
        cells: dict[tuple[int, ...], list[str]] = {}
        for cell in result.cells:
            if seeds := cell.seeds_by_laboratory.get(name):
                cells.setdefault(seeds, []).append(cell.name)
        parts = [
            f"{_seeds(seeds)} of {'every cell' if len(of) == filled > 1 else ', '.join(of)}"
            for seeds, of in cells.items()
        ]
        told.append(f"{name} ({counted(count, 'run')}): {'; '.join(parts)}")
    return f"{'. '.join(told)}." if told else ""


def _seeds(seeds: Sequence[int]) -> str:
    """Such as "seed 3" or "seeds 0 to 4, 7"."""
    spans: list[list[int]] = []
    for seed in seeds:
        if spans and seed == spans[-1][1] + 1:
            spans[-1][1] = seed
        else:
            spans.append([seed, seed])
    texts = [f"{low}" if low == high else f"{low} to {high}" for low, high in spans]
    return f"seed{'' if len(seeds) == 1 else 's'} {', '.join(texts)}"


def _source(reading: Reading) -> str:
    """Where a reading's value comes from and which question it answers."""
    changed = f"; the default is {reading.default}" if reading.changed else ""
    return f"({reading.source}{changed}). {reading.question}"


def _readings(readings: Sequence[Reading]) -> str:
    """The readings by id: what was assumed, what was changed; the rest is `reproduce readings`'."""
    text = f"{counted(len(readings), 'choice')} behind these numbers"
    if assumed := [r.id for r in readings if r.source == "assumption"]:
        text += f"; assumptions: {', '.join(assumed)}"
    for r in readings:
        if r.changed:
            text += f"; changed: {r.id} {r.name} = {r.value} (default {r.default})"
    return f"{text}; see `reproduce readings`."
