"""What Table 2 has besides what is trained: other papers' rows, and its headline's two versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.documents.blocks import MISSING, Block, Cell, Grid, columns, row
from analysis.verdicts.measure import Measure

ACCURACY = Measure("test accuracy", "test accuracy", percent=True)


def blocks(
    others: Sequence[Mapping[str, str]],
    versions: Sequence[Mapping[str, str]],
    ours: Mapping[str, float | None],
) -> list[Block]:
    """Two grids.

    Args:
        others: quoted rows: ``source``, ``method``, ``dataset`` and ``value``.
        versions: the headline: ``version``, ``dataset``, ``value`` and ``where``.
        ours: the median of the headline's cell, by data set.
    """
    datasets = tuple(ours)
    quoted: dict[tuple[str, str], dict[str, str]] = {}
    for line in others:
        values = quoted.setdefault((line["source"], line["method"]), {})
        values[line["dataset"]] = line["value"]
    rows = [
        row(source, method, *(values.get(name, MISSING) for name in datasets))
        for (source, method), values in quoted.items()
    ]
    titles = columns("quoted from", "training", *datasets, right=datasets)
    caption = "Rows that the paper quotes from others; they are not trained here."
    grids: list[Block] = [Grid("quoted", titles, tuple(rows), caption, caption)]
    printed: dict[str, dict[str, str]] = {}
    for line in versions:
        printed.setdefault(line["version"], {})[line["dataset"]] = line["value"]
    rows = [row(version, *(v.get(d, MISSING) for d in datasets)) for version, v in printed.items()]
    rows.append(row("ours", *(Cell(ACCURACY.text(ours[d]), ours[d]) for d in datasets)))
    titles = columns("S-FC, β = 50", *datasets, right=datasets)
    caption = "The headline as two versions of the paper print it; the first is judged."
    return [*grids, Grid("versions", titles, tuple(rows), caption, caption)]
