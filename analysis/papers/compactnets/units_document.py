"""Table 4: what the printed ŝ stand for, and networks that were dissected here, as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.documents.blocks import (
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
from analysis.papers.compactnets.ratios import Row, implied

SHORT = 8  # digits of a hash, which tell runs apart and which `--run` takes
HOW = (
    "ŝ is unique concepts over interpretable units, and the paper prints no count of these (C-22): "
    "the column is every count that rounds to the printed ŝ. The exit code is 1 where a layer has "
    "not so many units."
)
DISSECTED = (
    "Dissected here by Bau et al.'s thresholds (C-23): a unit is active above its 0.995 quantile "
    "of all places, and detects the concept that it overlaps most, by more than 0.04. Networks of "
    "ILSVRC12 alone are comparable with the paper's."
)
UNTOUCHED = (
    "No network was dissected: `--broden FOLDER --run RUN` does, of Broden 1.1 and a run that kept "
    "its weights."
)


@dataclass(frozen=True)
class Detector:
    """A unit, from 0, that detects a concept: with which intersection over union."""

    unit: int
    concept: str
    category: str
    iou: float


@dataclass(frozen=True)
class Dissected:
    """A run's last feature layer.

    Attributes:
        name: what the run is, by its cell.
        run: its hash.
        units, interpretable, concepts: of the layer; those that detect a concept, and how many
            concepts these are.
        s_hat: the latter over the former.
        by_category: concepts of each category.
        detectors: the interpretable units.
    """

    name: str
    run: str
    layer: str
    units: int
    interpretable: int
    concepts: int
    s_hat: float
    by_category: Mapping[str, int]
    detectors: Sequence[Detector]


def document(
    id: str,
    printed: Sequence[Row],
    dissected: Sequence[Dissected],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The table.

    Args:
        printed: rows of the published file, see :func:`.ratios.implied`.
        dissected: what was found here.
        context: readings and deviations, JSON-ready.

    Raises:
        ValueError, KeyError: where a printed row is damaged.
    """
    units = [implied(one) for one in printed]
    heads = columns(
        *("network", "units", "concepts", "ŝ", "interpretable units", "possible"),
        right=("units", "concepts", "ŝ", "interpretable units"),
    )
    lines = tuple(
        row(
            one.method,
            Cell(f"{one.units:,}", one.units),
            Cell(str(one.concepts), one.concepts),
            one.s_hat,
            Cell(f"{one.least:,} – {one.most:,}", one.nearest),
            Cell("yes" if one.is_possible else "NO", one.is_possible),
        )
        for one in units
    )
    names = ("method", "units", "concepts", "s_hat", "least", "most")
    counted = tuple((u.method, u.units, u.concepts, u.s_hat, u.least, u.most) for u in units)
    notes = (Note(HOW), Note(DISSECTED if dissected else UNTOUCHED), *context_notes(context))
    return Document(
        id=id,
        title="Table 4",
        caption="Units of the last feature layer that detect concepts, and how special they are",
        blocks=(
            Grid("printed", heads, lines, "As printed, and the units that ŝ stands for"),
            *([_dissected(dissected)] if dissected else ()),
            Notes(notes),
            Data(names, counted),
        ),
        facts={"printed": units, "dissected": list(dissected), **context},
        holds=all(one.is_possible for one in units),
    )


def _dissected(found: Sequence[Dissected]) -> Grid:
    titles = ("units", "interpretable", "concepts", "ŝ")
    lines = tuple(
        row(
            one.name,
            Cell(one.run[:SHORT], one.run),
            one.layer,
            *(Cell(f"{n:,}", n) for n in (one.units, one.interpretable, one.concepts)),
            Cell(f"{one.s_hat:.2f}", one.s_hat),
            ", ".join(f"{name} {count}" for name, count in one.by_category.items()) or "none",
        )
        for one in found
    )
    heads = columns("network", "run", "layer", *titles, "concepts by category", right=titles)
    return Grid("dissected", heads, lines, "Dissected here")
