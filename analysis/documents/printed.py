"""What a paper prints of things that can be computed: each statement beside the value found here.

A paper's file of statements has a row each, with what it is about, a quantity of that, a relation,
the printed value, its place in the paper and the reading that knows it to be a slip, if any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from analysis.documents.blocks import Cell, Data, Grid, columns, row

COLUMNS = ("quantity", "relation", "value", "where", "slip")
RELATIONS = {"=": "{}", "begins": "{}…", "rounds": "≈ {}", "at least": "≥ {}"}


@dataclass(frozen=True)
class Statement:
    """A printed number or word beside the computed one.

    Attributes:
        relation: "=" where the printed value is the computed one, "begins" where the computed one's
            expansion begins with the printed digits, "rounds" where it is within half of the last
            of them, "at least" where it is no smaller.
        published: with its printed digits.
        where: its place in the paper.
        slip: the reading that knows the printed value to be a slip, else empty.
        computed: a word, or a number that a fraction can be made of.
    """

    about: str
    quantity: str
    relation: str
    published: str
    where: str = ""
    slip: str = ""
    computed: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the computed value bears the printed one out; words do where they are equal."""
        if self.relation == "=" and self.published == self.computed:
            return True
        try:
            printed, exact = Fraction(self.published), Fraction(self.computed)
        except ValueError:
            return False
        step = Fraction(10) ** int(Decimal(self.published).as_tuple().exponent)
        return {
            "=": printed == exact,
            "begins": printed <= exact < printed + step,
            "rounds": abs(exact - printed) <= step / 2,
            "at least": exact >= printed,
        }[self.relation]

    @property
    def is_expected(self) -> bool:
        """Whether it agrees, or is known to be a slip of the paper."""
        return self.agrees or bool(self.slip)

    @property
    def printed(self) -> str:
        """The printed value with its relation: "0.675", "0.725…", "≥ 0.675"."""
        return RELATIONS[self.relation].format(self.published)

    @property
    def difference(self) -> str:
        """Both values in words, such as "stride 2, in the paper 1"."""
        values = f"{self.computed or 'none'}, in the paper {self.published or 'none'}"
        return f"{self.quantity} {values}"

    def cell(self) -> Cell:
        """ "yes", "NO", or "no" with the reading that knows of a slip."""
        if self.agrees:
            return Cell("yes", True)
        if self.slip:
            return Cell(f"no, {self.slip}", False, tone="open")
        return Cell("NO", False, tone="bad")


def fields(row: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Some columns of a published row; ValueError where one is missing."""
    try:
        return [row[name] for name in names]
    except KeyError as error:
        raise ValueError(f"no column {error}") from None


def compare(
    rows: Iterable[Mapping[str, str]], computed: Mapping[tuple[str, str], str], about: str = "about"
) -> tuple[Statement, ...]:
    """A paper's statements beside the computed values.

    Args:
        rows: of the paper's file, with the columns ``about`` and :data:`COLUMNS`.
        computed: by what it is about and by quantity.

    Raises:
        ValueError: for an unknown relation or quantity, or a missing column.
    """
    found = []
    for printed in rows:
        of, quantity, relation, value, where, slip = fields(printed, (about, *COLUMNS))
        if relation not in RELATIONS:
            raise ValueError(f"relation {relation!r} is none of {', '.join(RELATIONS)}")
        if (of, quantity) not in computed:
            raise ValueError(f"unknown quantity {quantity!r} of {of!r}")
        exact = computed[of, quantity]
        found.append(Statement(of, quantity, relation, value, where, slip, exact))
    return tuple(found)


def tally(statements: Sequence[Statement]) -> str:
    """Such as "22 of 24 printed statements agree, 2 are known slips"."""
    good = sum(found.agrees for found in statements)
    known = sum(found.is_expected for found in statements) - good
    slips = "is a known slip" if known == 1 else "are known slips"
    return f"{good} of {len(statements)} printed statements agree, {known} {slips}"


def decimal(value: Fraction | float, digits: int = 5) -> str:
    """A number with five decimals, such as "0.72581"."""
    return f"{float(value):.{digits}f}"


def tabled(
    statements: Sequence[Statement], name: str, title: str, caption: str, about: str = "about"
) -> tuple[Grid, Data]:
    """A line a statement, for readers and for programs; numbers as decimals, too, for these."""
    shown, tidy = [], []
    for found in statements:
        try:
            number = decimal(Fraction(found.computed), 9)
        except ValueError:
            number = ""
        of = (found.about, found.quantity, found.relation, found.published, found.computed)
        tidy.append((*of, number, "yes" if found.agrees else "no", found.slip))
        cells = (found.quantity, found.printed, found.computed, found.cell())
        shown.append(row(*cells, group=found.about))
    titles = columns("statement", "paper", "exact", "agrees", right=("paper", "exact", "agrees"))
    names = ("quantity", "relation", "published", "computed", "decimal", "agrees", "slip")
    grid = Grid(name, titles, tuple(shown), title, caption, headed=True)
    return grid, Data((about, *names), tuple(tidy))


def facts(statements: Iterable[Statement], about: str = "about") -> list[dict[str, Any]]:
    """The same for a report's JSON."""
    names = ("quantity", "relation", "published", "where", "slip")
    return [
        {
            "claim": {about: found.about, **{name: getattr(found, name) for name in names}},
            **{name: getattr(found, name) for name in ("computed", "agrees", "is_expected")},
        }
        for found in statements
    ]
