"""Figure 3: weights that are not 0, by layer over epochs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analysis.documents.blocks import MISSING, Block, Cell, Grid, columns, row
from analysis.documents.panels import Curves, FigureBlock, Sampled, Series, over_seeds
from analysis.documents.table_notes import labels
from analysis.tables.results import TableResult
from analysis.verdicts.wording import Verdict

LASSO, SGD, PUBLISHED, CONV, LOCAL = range(5)  # looks; as in the other figures
NAMES = {
    LASSO: "β = 50",
    SGD: "SGD",
    PUBLISHED: "published, β = 50",
    CONV: "all of S-CONV",
    LOCAL: "all of S-LOCAL",
}
CONVOLUTION, DENSE, LAST = range(3)  # layers
ERROR = 0.05
LONG = 2000  # epochs from which on they are counted in thousands


def blocks(
    results: Sequence[TableResult],
    curves: Mapping[str, Mapping[str, Sequence[Sequence[Sequence[Any]]]]],
    others: Mapping[tuple[str, str], Sequence[int]],
    printed: Sequence[Mapping[str, str]],
) -> list[Block]:
    """The figure and the last counts.

    Args:
        results: the same cells by the count of each layer.
        curves: by cell and layer the runs' [epoch, count] pairs.
        others: by data set and network ("S-CONV", "S-LOCAL") the weights of each layer.
        printed: the published curves: ``dataset``, ``layer``, ``epoch`` and ``non_zeros``.
    """
    datasets = list(results[0].groups())
    panels = []
    for dataset in datasets:
        for number, result in enumerate(results, start=1):
            layer = result.about.measure.name.removeprefix("non-zero weights of ")
            series = [
                over_seeds(
                    curves.get(cell.name, {}).get(layer, ()),
                    _look(cell.kind),
                    name=NAMES[_look(cell.kind)],
                )
                for cell in result.groups()[dataset]
            ]
            line = [r for r in printed if (r["dataset"], r["layer"]) == (dataset, str(number))]
            if line:
                epochs, counts = ([float(r[name]) for r in line] for name in ("epoch", "non_zeros"))
                series.append(_line(epochs, counts, PUBLISHED))
            ends = [x for found in series for x in (found.x[:1] + found.x[-1:])] or [0.0, 1.0]
            for look, name in ((CONV, "S-CONV"), (LOCAL, "S-LOCAL")):
                count = float(others[dataset, name][number - 1])
                series.append(_line((min(ends), max(ends)), (count, count), look))
            heading = f"{dataset}, layer {number}"
            ticks = tuple((1000.0 * n, f"{n}k") for n in range(5)) if max(ends) > LONG else ()
            panels.append(Curves(tuple(series), heading, "epoch", "weights", ticks=ticks, log=True))
    drawn = (LASSO, SGD, CONV, LOCAL, *([PUBLISHED] if printed else []))
    legend = [Sampled("line", NAMES[look], look) for look in drawn]
    first = results[0]
    told = f"{first.about.title}: weights that are not 0; median and quartiles of seeds"
    title, mark = (told, *labels(first)), "" if first.has_levels else first.about.protocol.upper()
    figure = FigureBlock(
        tuple(panels), tuple(legend), "layers", len(results), (2.9, 2.3), title, watermark=mark
    )
    return [_ratios(results, others), figure]


def _line(epochs: Sequence[float], counts: Sequence[float], look: int) -> Series:
    at = tuple(f"{epoch:g}" for epoch in epochs)
    return Series(tuple(epochs), tuple(counts), look, points=False, name=NAMES[look], at=at)


def judged(
    claim: str, results: Sequence[TableResult], others: Mapping[tuple[str, str], Sequence[int]]
) -> dict[str, str]:
    """What becomes of a sentence about the weights that are left, data set by data set: see
    :class:`analysis.tables.results.ClaimResult`.

    Of runs it surely holds, or fails, where more than half of all seeds' runs would bear it out, or
    would not, by a sign test with the error of 5 % shared among the data sets.

    Args:
        claim: a name of :data:`SENTENCES`.
        results, others: as of :func:`blocks`.
    """
    holds = SENTENCES[claim]
    printed, seen, sure, wrong, total = [], 0, 0, 0, len(results[0].groups())
    known = 0
    for dataset in results[0].groups():
        layers = [
            next(c for c in result.groups()[dataset] if c.kind == "lasso") for result in results
        ]
        conv, local = others[dataset, "S-CONV"], others[dataset, "S-LOCAL"]
        if all(cell.published_share is not None for cell in layers):
            printed.append(holds([cell.published_share or 0.0 for cell in layers], conv, local))
        runs = [*zip(*(cell.runs for cell in layers), strict=True)]
        if len(runs) < 2:
            continue
        known += 1
        borne = [
            not any(run.diverged for run in of_one)
            and holds([run.value for run in of_one], conv, local)
            for of_one in runs
        ]
        count, n = sum(borne), len(borne)
        seen += 2 * count > n
        sure += _at_least(count, n) <= ERROR / total
        wrong += _at_least(n - count, n) <= ERROR / total
    verdict = Verdict.UNDECIDED if known == total else Verdict.NOT_DECIDABLE
    if wrong or sure == total:
        verdict = Verdict.CONTRADICTED if wrong else Verdict.CONFIRMED
    return {
        "stated": f"{total} of {total}",
        "printed": f"{sum(printed)} of {len(printed)}" if printed else MISSING,
        "ours": f"{seen} of {known}" if known else "",
        "interval": f"[{sure}, {total - wrong}]" if known else "",
        "chance": MISSING,
        "verdict": verdict,
    }


def _at_least(count: int, n: int) -> float:
    """The probability of so many heads or more of n fair coins."""
    return sum(math.comb(n, k) for k in range(count, n + 1)) / 2**n


# Of the weights left in each layer, and all of S-CONV's and S-LOCAL's; S-FC's second and third
# layer have as many as S-CONV's. Twice as many count as the same, as in the figure's margin.
SENTENCES: Mapping[str, Callable[[Sequence[float], Sequence[int], Sequence[int]], bool]] = {
    "few": lambda left, conv, local: left[CONVOLUTION] < local[CONVOLUTION],
    "slightly more": lambda left, conv, local: left[CONVOLUTION] <= 2 * conv[CONVOLUTION],
    "sparse": lambda left, conv, local: left[DENSE] / conv[DENSE] < left[LAST] / conv[LAST],
    "dense last": lambda left, conv, local: left[LAST] >= conv[LAST] / 2,
}


def _look(kind: str) -> int:
    return LASSO if kind == "lasso" else SGD


def _ratios(
    results: Sequence[TableResult], others: Mapping[tuple[str, str], Sequence[int]]
) -> Grid:
    """How many times S-CONV's and S-LOCAL's weights are left (B-20)."""
    rows = []
    for dataset in results[0].groups():
        for place, result in enumerate(results):
            cell = next(c for c in result.groups()[dataset] if c.kind == "lasso")
            shown = []
            for value, runs in ((cell.published_share, ()), (cell.median, cell.hashes)):
                for name in ("S-CONV", "S-LOCAL"):
                    ratio = None if value is None else value / others[dataset, name][place]
                    text = MISSING if ratio is None else f"{ratio:.3g}"
                    shown.append(Cell(text, ratio, runs=runs))
            rows.append(row(f"layer {place + 1}", *shown, group=dataset))
    heads = ("/ S-CONV, published", "/ S-LOCAL, published", "/ S-CONV, ours", "/ S-LOCAL, ours")
    caption = (
        "Weights of S-FC under β-LASSO that are not 0, in multiples of what the same layer of the "
        "other networks has."
    )
    return Grid(
        "ratios", columns("", *heads, right=heads), tuple(rows), "left, beside other networks",
        caption, headed=True, captioned=True,
    )  # fmt: skip
