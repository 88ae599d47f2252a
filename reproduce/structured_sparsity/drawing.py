"""From the records of the shared experiment to what its figures show besides their tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.models import PairedNet
from reproduce.catalogue.tables import Cell, Table
from reproduce.structured_sparsity.protocol import PAPER, base_of

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.papers.structured_sparsity.frontier import HandMade, Point
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record

Records = Mapping[str, Sequence["Record"]]
HAND_MADE = ("base", "narrow", "shallow")
PRINTED = "table1_printed.csv"


def frontier(table: Table, result: TableResult, records: Records) -> list[Block]:
    """Accuracy against multiply-adds; see :mod:`analysis.papers.structured_sparsity.frontier`."""
    from analysis.papers.structured_sparsity import frontier_document

    references = _references() if result.has_levels else []
    return frontier_document.blocks(result, *_networks(table, records), references)


def above_hand_made(tau: str, table: Table, _: TableResult, records: Records) -> dict[str, str]:
    """Whether what a threshold leaves of learned networks is more accurate than hand-made networks
    of equal cost."""
    from analysis.papers.structured_sparsity import frontier_document

    learned = sum(cell.kind not in HAND_MADE for cell in table.cells)
    return frontier_document.judged(*_networks(table, records), learned, tau)


def _networks(table: Table, records: Records) -> tuple[list[Point], list[HandMade]]:
    """The learned ones at every τ, and the hand-made ones."""
    found = _found(records)
    points = [p for c in table.cells if c.kind not in HAND_MADE for p in _points(c, found)]
    return points, [h for c in table.cells if c.kind in HAND_MADE for h in _by_hand(c, found)]


def widths(table: Table, result: TableResult, records: Records) -> list[Block]:
    """Learned widths by layer, and how the kernels' correlation went."""
    from analysis.papers.structured_sparsity import learned_document

    found = _found(records)
    return [
        *learned_document.widths(result, found, _envelopes(table)),
        *learned_document.correlation(result, _correlations(records)),
    ]


def sizes(table: Table, result: TableResult, records: Records) -> list[Block]:
    """Kernels of each size by layer, and how the kernels' correlation went."""
    from analysis.papers.structured_sparsity import learned_document

    sides = {cell.name: max(_model(cell).kernels) for cell in table.cells}
    return [
        *learned_document.sizes(result, _found(records), _envelopes(table), sides),
        *learned_document.correlation(result, _correlations(records)),
    ]


def _model(cell: Cell) -> PairedNet:
    model = cell.template.model
    assert isinstance(model, PairedNet)
    return model


def _envelopes(table: Table) -> dict[str, list[int]]:
    return {c.name: [_model(c).width(w) for w in _model(c).widths] for c in table.cells}


def _found(records: Records) -> dict[str, list[dict[str, Any]]]:
    """The measurements of the runs that have not diverged, by cell."""
    return {
        cell: [r["result"]["measurements"] for r in found if not r["result"]["diverged"]]
        for cell, found in records.items()
    }


def _correlations(records: Records) -> dict[str, list[list[list[Any]]]]:
    return {
        cell: [r["result"]["curves"].get("kernel correlation", []) for r in found]
        for cell, found in records.items()
    }


def _points(cell: Cell, found: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Point]:
    from statistics import median

    from analysis.papers.structured_sparsity.frontier import Point
    from analysis.papers.structured_sparsity.measurement_names import measured, thresholds

    runs = found.get(cell.name, ())
    made = []
    for tau in thresholds(runs[0]) if runs else []:
        costs = [run[measured("multiply-adds", tau)] for run in runs]
        counts = [run[measured("test accuracy", tau)] for run in runs]
        built = [cost is not None for cost in costs]
        kept = [_share(run[measured("kernels left", tau)]) for run in runs]
        made.append(
            Point(
                cell.name,
                cell.kind,
                cell.group,
                tau,
                tuple(float(c) for c in costs if c is not None),
                tuple(_share(c) for c, ok in zip(counts, built, strict=True) if ok),
                len(runs),
                base_of(cell),
                cell.label,
                median(kept) if kept else math.nan,
            )
        )
    return made


def _share(tally: Mapping[str, int]) -> float:
    return tally["count"] / tally["of"]


def _by_hand(cell: Cell, found: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[HandMade]:
    """The network as it was trained, without its threshold."""
    from analysis.papers.structured_sparsity.frontier import HandMade

    runs = found.get(cell.name, ())
    if not runs:
        return []
    accuracies = tuple(_share(run["test accuracy"]) for run in runs)
    cost = float(runs[0]["multiply-adds"])
    return [HandMade(cell.name, cell.kind, cost, accuracies, base_of(cell))]


def _references() -> list[tuple[str, float, str]]:
    """Table 1's networks as they were published."""
    from reproduce.catalogue.paper_files import read_rows
    from reproduce.structured_sparsity.counting import count
    from reproduce.structured_sparsity.references import REFERENCES

    printed = {line["network"]: line["top1"] for line in read_rows(PAPER, PRINTED)}
    made = []
    for network, versions in REFERENCES.items():
        make, side = next(iter(versions.values()))
        made.append((network, float(count(make, side).multiply_adds), printed[network]))
    return made
