"""Figures 4 and 5: accuracy against multiply-adds for every α and τ, beside hand-made networks."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

from analysis.documents.blocks import (
    MISSING,
    Block,
    Cell,
    Data,
    Grid,
    columns,
    row,
)
from analysis.documents.panels import Curves, FigureBlock, Sampled, Series
from analysis.documents.table_notes import labels
from analysis.papers.structured_sparsity import frontier
from analysis.papers.structured_sparsity.frontier import ERROR, HandMade, Line, Point
from analysis.papers.structured_sparsity.measurement_names import RELATIVE, TAU
from analysis.tables.results import TableResult
from analysis.verdicts.level import SEEDS_NEEDED
from analysis.verdicts.measure import ACCURACY
from analysis.verdicts.wording import Verdict

MILLION = 10**6
RELATIVE_END = " of the largest"
Families = Mapping[str, Mapping[str, Line]]  # by base network
SIDES = ("τ absolute", "τ of the layer's largest norm")
# Looks: four thresholds a panel, the hand-made families, the envelope.
FAMILIES = {"narrow": ("fewer kernels", 4), "shallow": ("fewer layers", 5)}
ENVELOPE, BASE = 7, 6
COLUMNS = ("cell", "tau", "runs", "built", "multiply_adds", "accuracy", "kernels_left",
           "compared_runs", "by_hand", "difference", "low", "high", "compared_with",
           "why_not")  # fmt: skip


def blocks(
    result: TableResult,
    points: Sequence[Point],
    hand_made: Sequence[HandMade],
    references: Sequence[tuple[str, float, str]],
) -> list[Block]:
    """The comparison at equal cost, the figure and all points for programs.

    Args:
        points: every cell at every τ, in the table's order.
        hand_made: the base network and its versions.
        references: Table 1's networks: name, multiply-adds, and printed top-1 error; none in other
            forms.
    """
    families = _families(points, hand_made)
    known = [p for p in points if p.runs]
    made: list[Block] = [_grid(known, families, {c.name: c.hashes for c in result.cells})]
    if references:
        made.append(_references(references))
    made += [_figure(result, known, hand_made, families), _data(known, families)]
    return made


def _families(points: Sequence[Point], hand_made: Sequence[HandMade]) -> Families:
    bases = dict.fromkeys([*(p.base for p in points), *(n.base for n in hand_made)])
    return {base: frontier.lines([n for n in hand_made if n.base == base]) for base in bases}


def judged(
    points: Sequence[Point], hand_made: Sequence[HandMade], learned: int, tau: str
) -> dict[str, str]:
    """Whether what one τ leaves lies above what is made by hand: what becomes of the sentence, see
    :class:`analysis.tables.results.ClaimResult`. Undecided while a cell has few runs.

    Networks as large as the base network do not count, nor those of which more than half of the
    runs are cheaper than all that were made by hand.

    Args:
        learned: how many cells have a penalty, with runs or without.
    """
    families = _families(points, hand_made)
    at = [p for p in points if p.runs and p.tau == tau]
    compared = [p for p in at if not frontier.why_not(p, families[p.base])]
    found = [frontier.excess(p, families[p.base]) for p in compared]
    count = len(found)
    low = sum(e.above <= ERROR / count for e in found)
    high = count - sum(e.below <= ERROR / count for e in found)
    seen = max((e.detectable(ERROR / count) for e in found), default=0.0)
    has_all = count and len({p.cell for p in at}) == learned
    verdict = Verdict.UNDECIDED if has_all else Verdict.NOT_DECIDABLE
    runs = [p.runs for p in at] + [len(n.accuracies) for n in hand_made]
    is_enough = min(runs, default=0) >= SEEDS_NEEDED
    if not is_enough:
        low, high = 0, count
    if is_enough and (high < count or (verdict == Verdict.UNDECIDED and low == count)):
        verdict = Verdict.CONFIRMED if low == count else Verdict.CONTRADICTED
    return {
        "printed": MISSING,
        "ours": f"{sum(e.mean > 0 for e in found)} of {count}" if count else "",
        "interval": f"[{low}, {high}]" if count else "",
        "chance": MISSING,
        "verdict": verdict,
        "detectable": ACCURACY.difference(seen) if seen else "",
    }


def _grid(
    points: Sequence[Point], families: Families, hashes: Mapping[str, tuple[str, ...]]
) -> Grid:
    """Each α at both thresholds of the claim.

    Args:
        hashes: by cell, the names of its runs.
    """
    rows = []
    for point in points:
        if point.tau not in (TAU, RELATIVE):
            continue
        reason, runs = frontier.why_not(point, families[point.base]), hashes[point.cell]
        shown = [Cell(MISSING), Cell(reason)]
        if not reason:
            found = frontier.excess(point, families[point.base])
            interval = ACCURACY.difference_interval(found.low, found.high)
            text = ACCURACY.difference(found.mean)
            difference = Cell(text, found.mean, detail=interval, runs=runs)
            family = FAMILIES.get(found.family, (found.family, 0))[0]
            if found.runs < len(point.costs):
                family += f", {found.runs} of {len(point.costs)} runs"
            shown = [difference, Cell(family)]
        rows.append(
            row(
                point.alpha,
                Cell(_spelled(point.tau), point.tau),
                Cell(_millions(point.cost), _number(point.cost), runs=runs),
                Cell(_percent(point.accuracy), _number(point.accuracy), runs=runs),
                *shown,
                group=point.label,
            )
        )
    heads = ("mult.-adds, M", "accuracy, %", "points above")
    titles = columns("network", "τ", *heads, "compared with", right=heads)
    caption = (
        "Thresholded networks, medians over seeds, without training after the threshold, with "
        "batch-norm statistics as S-31 has them (hand-made networks have those of training), and "
        "millions of multiply-adds; and how much more accurate they are than networks with fewer "
        "kernels or fewer layers made by hand, at equal cost, with a 95 % interval. The hand-made "
        "line at a network's own cost is interpolated between mean accuracies over the logarithm "
        "of multiply-adds, and the better family counts. Runs that are cheaper than all made by "
        "hand are left out."
    )
    name = "thresholded networks beside hand-made ones"
    return Grid("equal-cost", titles, tuple(rows), name, caption, headed=True, captioned=True)


def _references(references: Sequence[tuple[str, float, str]]) -> Grid:
    rows = [row(n, Cell(f"{m / 1e9:.2f}", m), top1) for n, m, top1 in references]
    cost = "billion multiply-adds"
    titles = columns("network", cost, "printed top-1 error", right=(cost,))
    caption = (
        "Table 1's networks, for ImageNet's images of 224×224 or 227×227: marks on another axis "
        "than that of CIFAR-10's networks, so they are not drawn among these."
    )
    return Grid("references", titles, tuple(rows), "networks of Table 1", caption, captioned=True)


def _figure(
    result: TableResult,
    points: Sequence[Point],
    hand_made: Sequence[HandMade],
    families: Families,
) -> FigureBlock:
    """A panel a penalty, with absolute thresholds and with relative ones."""
    taus = list(dict.fromkeys(p.tau for p in points))
    absolute = [t for t in taus if not t.endswith(RELATIVE_END)]
    sides = [absolute, [t for t in taus if t not in absolute]]
    panels = []
    for group in result.groups():
        own = [p for p in points if p.label == group]
        learned = [c for c in result.groups()[group] if c.kind not in ("base", *FAMILIES)]
        for name, side in zip(SIDES, sides, strict=True) if learned else ():
            base = learned[0].name.partition(" ")[0]
            made = [n for n in hand_made if n.base == base]
            panels.append(_panel(f"{group}: {name}", own, side, made, families.get(base, {})))
    legend = [
        Sampled("both", f"{_place(place)} τ", place)
        for place in range(max(map(len, sides), default=0))
    ]
    legend += [Sampled("both", f"{title} by hand", look) for title, look in FAMILIES.values()]
    legend.append(Sampled("points", "base network", BASE))
    legend.append(Sampled("line", "envelope of α and τ", ENVELOPE))
    told = f"{result.about.title}: accuracy against multiply-adds, medians over seeds, a line from "
    told += "the smallest α to the largest; τ from small to large: "
    told += "; ".join(", ".join(_spelled(t) for t in side) for side in sides)
    mark = "" if result.has_levels else result.about.protocol.upper()
    title = (told, *labels(result))
    share = "xy" if len(families) < 2 else ""  # other base networks cost something else
    if share:
        ticks = _ticks([x for panel in panels for series in panel.series for x in series.x])
        panels = [dataclasses.replace(panel, ticks=ticks) for panel in panels]
    return FigureBlock(
        tuple(panels), tuple(legend), "frontier", 2, (3.6, 2.6), title, share, watermark=mark
    )


def _place(place: int) -> str:
    return ("smallest", "second", "third", "largest")[place] if place < 4 else f"{place + 1}th"


def _panel(
    title: str,
    points: Sequence[Point],
    taus: Sequence[str],
    hand_made: Sequence[HandMade],
    families: Mapping[str, Line],
) -> Curves:
    made = []
    shown = [p for p in points if p.tau in taus and p.costs and p.cost > 0]
    for place, tau in enumerate(taus):
        line = [p for p in shown if p.tau == tau]
        pairs = [(p.cost, 100 * p.accuracy) for p in line]
        made.append(_series(pairs, place, f"τ = {_spelled(tau)}", by_cost=False))
    for name, line_ in families.items():
        family, look = FAMILIES.get(name, (name, BASE))
        pairs = [(n.cost, 100 * _median(n)) for n in line_]
        made.append(_series(pairs, look, f"{family} by hand"))
    base = [(n.cost, 100 * _median(n)) for n in hand_made if n.kind == "base"]
    made.append(_series(base, BASE, "base network"))
    hull = frontier.envelope(shown)
    pairs = [(p.cost, 100 * p.accuracy) for p in hull]
    made.append(_series(pairs, ENVELOPE, "envelope of α and τ", points=False))
    series = [s for s in made if s.x]
    places = [x for s in series for x in s.x]
    return Curves(
        tuple(series),
        title,
        "million multiply-adds",
        "test accuracy, %",
        ticks=_ticks(places),
        whole=False,
    )


def _series(
    pairs: Sequence[tuple[float, float]],
    look: int,
    name: str,
    *,
    points: bool = True,
    by_cost: bool = True,
) -> Series:
    """On a logarithmic axis of millions of multiply-adds."""
    ordered = sorted(pairs) if by_cost else pairs
    places = tuple(math.log2(cost / MILLION) for cost, _ in ordered)
    at = tuple(f"{cost / MILLION:.4g}" for cost, _ in ordered)
    return Series(places, tuple(y for _, y in ordered), look, points=points, name=name, at=at)


def _median(network: HandMade) -> float:
    ordered = sorted(network.accuracies)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[~middle]) / 2


def _ticks(places: Sequence[float]) -> tuple[tuple[float, str], ...]:
    if not places:
        return ()
    span = range(math.floor(min(places)), math.ceil(max(places)) + 1)
    return tuple((float(n), f"{2.0**n:.2g}") for n in list(span)[:: max(1, len(span) // 5)])


def _data(points: Sequence[Point], families: Families) -> Data:
    rows = []
    for p in points:
        reason = frontier.why_not(p, families[p.base])
        compared: tuple[object, ...] = ("", "", "", "", "", "")
        if not reason:
            found = frontier.excess(p, families[p.base])
            numbers = (p.accuracy - found.mean, found.mean, found.low, found.high)
            compared = (found.runs, *numbers, found.family)
        known = tuple("" if math.isnan(x) else x for x in (p.cost, p.accuracy, p.kernels))
        rows.append((p.cell, p.tau, p.runs, len(p.costs), *known, *compared, reason))
    return Data(COLUMNS, tuple(rows), "points")


def _spelled(tau: str) -> str:
    share, relative, _ = tau.partition(RELATIVE_END)
    return f"{100 * float(share):g} %" if relative else tau


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _millions(value: float) -> str:
    return MISSING if math.isnan(value) else f"{value / MILLION:.3f}"


def _percent(value: float) -> str:
    return MISSING if math.isnan(value) else f"{100 * value:.2f}"
