"""What a table says of itself, apart from its numbers: title, layout, readings, deviations."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.verdicts.measure import ACCURACY, Measure

QUICK_LABEL = "QUICK: not comparable with the published numbers"
REDUCED_LABEL = (
    "REDUCED: trained less than the paper; its comparisons are judged, its levels are not"
)
LABELS = {"quick": QUICK_LABEL, "reduced": REDUCED_LABEL}


@dataclass(frozen=True)
class Reading:
    """One choice that the paper leaves open; ``changed`` where it is not the default."""

    id: str
    name: str
    value: str
    default: str
    source: str
    question: str
    changed: bool


@dataclass(frozen=True)
class Deviation:
    """Where this suite departs from the paper on purpose, by a short name and in full."""

    id: str
    name: str
    text: str


@dataclass(frozen=True)
class About:
    """What a table says of itself, apart from its numbers."""

    id: str  # such as "locality/table3"
    title: str
    caption: str
    # "full", "reduced" or "quick"; a quick table has no published side and no verdicts, a reduced
    # one none on levels
    protocol: str = "full"
    precision: str = "float32"
    variant: str = ""  # name of the alternative settings, empty for the defaults
    # how the cells are arranged: "pairs" (two cells a comparison), "rows" (groups of cells, each
    # tested against its group's baseline) or "grid" (groups of settings against columns)
    layout: str = "pairs"
    row_title: str = ""  # what the cells' labels are, such as "(γ, η)"
    column_title: str = ""  # what their columns are, such as "λ"
    measure: Measure = ACCURACY  # what the table shows
    remark: str = ""  # what a reader of this table alone has to know
    margin_reason: str = ""  # why the equivalence margin is what it is
    readings: tuple[Reading, ...] = ()
    deviations: tuple[Deviation, ...] = ()
