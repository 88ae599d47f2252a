"""What follows from the printed numbers, as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
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
from analysis.documents.printed import Statement, compare, facts, tally
from analysis.papers.compactnets.ratios import Implied, Row, implied, quantities

HOW = (
    "Computed from the printed tables in exact fractions; a printed number holds where the "
    "computed one rounds to its digits. The exit code is 1 where a statement does not hold that is "
    "no known slip, or a known slip holds."
)


def document(
    id: str,
    stated: Sequence[Row],
    tables: Mapping[str, Sequence[Row]],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """Every sentence with a number beside what the tables give, and Table 4's implied units.

    Args:
        stated: of the published file, see :mod:`analysis.documents.printed`.
        tables: rows of "table1", "table3" and "table4", see :func:`.ratios.quantities`.
        context: readings and deviations, JSON-ready.

    Raises:
        ValueError: where a row is damaged.
    """
    try:
        computed = quantities(tables["table1"], tables["table3"], tables["table4"])
    except KeyError as error:
        raise ValueError(f"no row or column {error}") from None
    found = compare(stated, computed)
    units = [implied(one) for one in tables["table4"]]
    tidy = tuple(
        (s.about, s.quantity, s.relation, s.published, s.computed, _decimal(s),
         "yes" if s.agrees else "no", s.slip)
        for s in found
    )  # fmt: skip
    names = ("about", "quantity", "relation", "published", "computed", "decimal", "agrees", "slip")
    counted = tuple((u.method, u.units, u.concepts, u.s_hat, u.least, u.most) for u in units)
    return Document(
        id=id,
        title="Ratios",
        caption="Sentences with numbers, beside what the printed tables give",
        blocks=(
            _statements(found),
            _units(units),
            Notes((Note(f"{tally(found)}. {HOW}"), *context_notes(context))),
            Data(names, tidy),
            Data(("method", "units", "concepts", "s_hat", "least", "most"), counted, "units"),
        ),
        facts={"statements": facts(found), "units": units, **context},
        holds=all(s.agrees != bool(s.slip) for s in found),
    )


def _decimal(found: Statement) -> str:
    """A computed number with a digit more than the printed one has, or fewer where these are all
    that it has; a word as it is."""
    try:
        exact, printed = Fraction(found.computed), Decimal(found.published)
    except (ValueError, InvalidOperation):
        return found.computed
    digits = 1 + max(0, -int(printed.as_tuple().exponent))
    text = f"{float(exact):.{digits}f}"
    return text.rstrip("0").rstrip(".") if Fraction(text) == exact else text


def _statements(found: Sequence[Statement]) -> Grid:
    rows = [row(s.quantity, s.printed, _decimal(s), s.cell(), group=f"{s.about}") for s in found]
    titles = columns("what", "paper", "computed", "holds", right=("paper", "computed", "holds"))
    caption = "What the text says in numbers, and what the tables give."
    return Grid("statements", titles, tuple(rows), "What the text says", caption, headed=True)


def _units(found: Sequence[Implied]) -> Grid:
    rows = [
        row(
            one.method,
            str(one.units),
            str(one.concepts),
            one.s_hat,
            Cell(str(one.nearest), one.nearest),
            f"{one.least} to {one.most}",
            Cell("yes" if one.is_possible else "NO", one.is_possible,
                 tone="good" if one.is_possible else "bad"),
        )
        for one in found
    ]  # fmt: skip
    heads = ("units", "concepts", "ŝ", "interpretable", "by rounding", "possible")
    caption = (
        "Interpretable units that Table 4's ŝ = concepts / interpretable units stands for (C-22), "
        "and whether the layer has so many."
    )
    titles = columns("network", *heads, right=heads)
    return Grid("units", titles, tuple(rows), "Table 4's interpretable units", caption)
