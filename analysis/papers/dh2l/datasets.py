"""Table 7: what the data sets are counted to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from analysis.documents.blocks import Document, Note, Notes, context_notes
from analysis.documents.printed import compare, facts, tabled, tally


@dataclass(frozen=True)
class Counted:
    """Of a data set: ``counts`` are training and test images; ``side`` is what networks see of
    them."""

    parents: int
    classes: int
    counts: tuple[int, int]
    side: int
    source: str  # what was counted

    @property
    def quantities(self) -> dict[str, str]:
        """By the names of the published file, exact."""
        train, test = self.counts
        return {
            "superclasses": str(self.parents),
            "classes": str(self.classes),
            "training images": str(train),
            "test images": str(test),
            "side": str(self.side),
            "training images a class": str(Fraction(train, self.classes)),
            "superclasses a class": str(Fraction(self.parents, self.classes)),
        }


def document(
    id: str,
    rows: Sequence[Mapping[str, str]],
    counted: Mapping[str, Counted],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The report.

    Raises:
        ValueError: where a printed row is of another data set or quantity.
    """
    found = {(name, q): v for name, c in counted.items() for q, v in c.quantities.items()}
    statements = compare(rows, found, "dataset")
    caption = "Statistics of the data sets as printed, beside what is counted"
    grid, data = tabled(statements, "counts", "", caption, "dataset")
    sources = Notes(
        tuple(Note(f"counted in {c.source}", name) for name, c in counted.items()), "Sources"
    )
    return Document(
        id,
        "Table 7",
        "statistics of the data sets, recounted",
        (grid, data, sources, Notes(context_notes(context), "Readings")),
        lines=(tally(statements),),
        facts={"statements": facts(statements, "dataset")},
        holds=all(statement.is_expected for statement in statements),
    )
