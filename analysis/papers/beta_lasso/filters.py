"""Figures 4 and 7 to 9: first-layer filters as images, and how local they are over the seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    context_notes,
    row,
)
from analysis.documents.panels import FigureBlock, Images
from analysis.statistics.median import median_interval
from analysis.statistics.rank_sum import rank_sum_test
from analysis.statistics.shift import hodges_lehmann
from analysis.tables.about import LABELS
from analysis.verdicts.level import SEEDS_NEEDED

KEY = 7  # of the stream that filters are drawn from
ACROSS = 8
HOW = (
    "Score: the share of a filter's ℓ1 mass in its best 9×9 window, the mean over a network's "
    "filters with at least 20 weights that are not 0, and 0 where none has so many; it is 1 where "
    "filters are 9×9, and 0.079 for equal weights on 32×32 pixels. The paper has no such number. "
    "p: two-sided exact rank-sum test against S-FC under SGD on the same data; seeds are the units."
)
Filters = NDArray[np.float32]  # (N, 3, height, width)


@dataclass(frozen=True)
class Row:
    """A cell of the figure.

    Attributes:
        scores: by seed.
        baseline: the cell that it is tested against, None for the baseline itself.
        filters: of one network, None where none is kept.
        seed: of that network.
    """

    name: str
    group: str
    label: str
    planned: int
    scores: Mapping[int, float]
    baseline: str | None
    filters: Filters | None = None
    seed: int = 0


def draw(filters: Filters, count: int, least: int) -> NDArray[np.int64]:
    """Indices of ``count`` filters, drawn at random among those with at least ``least`` weights
    that are not 0; of all of these where there are fewer."""
    enough = np.flatnonzero(np.count_nonzero(filters.reshape(len(filters), -1), axis=1) >= least)
    generator = np.random.Generator(np.random.Philox(key=KEY))
    chosen = generator.permutation(enough)[:count]
    return np.sort(chosen)


def placed(filters: Filters, positions: Sequence[tuple[int, int]], side: int) -> Filters:
    """Small filters where they look at the image: (N, 3, side, side), zeros elsewhere.

    Args:
        positions: row and column of each filter's first pixel, which may lie outside.
    """
    size, margin = filters.shape[-1], filters.shape[-1]
    page = np.zeros((len(filters), 3, side + 2 * margin, side + 2 * margin), np.float32)
    for image, small, (top, left) in zip(page, filters, positions, strict=True):
        image[:, top + margin : top + margin + size, left + margin : left + margin + size] = small
    return page[:, :, margin : margin + side, margin : margin + side]


def document(
    rows: Sequence[Row],
    *,
    count: int,
    least: int,
    form: str,
    variant: str,
    missing: str,
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The scores with their tests, and the filters.

    Args:
        count: filters of a network.
        least: weights that a filter needs to be shown.
        missing: the command that trains and keeps what has no filters, or "".
    """
    shown = [found for found in rows if found.filters is not None]
    notes = [Note(HOW)]
    if missing:
        notes.append(Note(f"No weights are kept of some cells: {missing}", "Missing"))
    label = tuple(filter(None, (LABELS.get(form, ""), f"VARIANT: {variant}" if variant else "")))
    tidy = [(r.name, seed, score) for r in rows for seed, score in sorted(r.scores.items())]
    return Document(
        id="beta-lasso/figure4",
        title="Figures 4 and 7 to 9",
        caption="First-layer filters of S-FC and S-LOCAL, and how local they are",
        labels=label,
        blocks=(
            _scores(rows),
            Notes((*notes, *context_notes(context))),
            *([_figure(shown, count, least, label, form)] if shown else []),
            Data(("cell", "seed", "filter_locality"), tuple(tidy)),
        ),
        facts={"form": form, "least": least, "missing": missing, **context},
    )


def _scores(rows: Sequence[Row]) -> Grid:
    scores = {found.name: [found.scores[seed] for seed in sorted(found.scores)] for found in rows}
    lines = []
    for found in rows:
        own = scores[found.name]
        text = Cell(MISSING)
        if own:
            detail = ""
            if len(own) >= SEEDS_NEEDED:
                ends = median_interval(own)
                detail = f"[{ends.low:.3f}, {ends.high:.3f}]"
            middle = float(np.median(own))
            text = Cell(f"{middle:.3f}", middle, detail=detail)
        other = scores.get(found.baseline or "", [])
        p = shift = Cell(MISSING)
        if own and other:
            value = rank_sum_test(own, other).p_value
            p = Cell(f"{value:.4f}" if value >= 0.0001 else "<.0001", value)
            move = hodges_lehmann(own, other).estimate
            shift = Cell(f"{move:+.3f}".replace("-", "−"), move)
        n = Cell(f"{len(own)}/{found.planned}", len(own))
        lines.append(row(found.label, text, n, shift, p, group=found.group))
    titles = columns("network", "score", "n", "shift", "p", right=("n", "shift", "p"))
    caption = "Median score over the seeds with its 95 % interval, beside S-FC under SGD."
    return Grid("scores", titles, tuple(lines), caption=caption, headed=True)


def _figure(
    rows: Sequence[Row], count: int, least: int, label: tuple[str, ...], form: str
) -> FigureBlock:
    panels = []
    for found in rows:
        assert found.filters is not None
        chosen = draw(found.filters, count, least)
        # (N, height, width, 3): colours as the network sees them.
        tiles = tuple(found.filters[index].transpose(1, 2, 0) for index in chosen)
        title = f"{found.group}: {found.label}, seed {found.seed}"
        if not tiles:
            tiles, title = (np.zeros((9, 9, 3)),), f"{title}: no filter with {least} weights"
        panels.append(Images(tiles, ACROSS, title, apart=True))
    told = f"First-layer filters, drawn at random among those with at least {least} weights"
    across = max(1, sum(found.group == rows[0].group for found in rows))
    height = 0.35 + 3.4 * -(-count // ACROSS) / ACROSS
    mark = "" if form == "full" else form.upper()
    return FigureBlock(
        tuple(panels), (), "filters", across, (3.4, height), (told, *label), watermark=mark
    )
