"""Theorem 1's report as files: CSV, JSON and a LaTeX document that compiles as it is."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from typing import Any

import pandas as pd

from analysis.documents.latex_text import PREAMBLE, escape, floating_table
from analysis.papers.locality import theorem
from analysis.papers.locality.theorem_report import (
    CAPTION,
    TITLE,
    Checked,
    TheoremResult,
    claim_rows,
    decimal,
    limit_rows,
    notes,
    summary,
)


def csv_text(result: TheoremResult) -> str:
    """Every printed statement beside its exact value, one row each."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ("inequality", "quantity", "relation", "published", "computed", "decimal", "agrees", "slip")
    )
    for row in result.comparisons:
        claim = row.claim
        writer.writerow(
            (
                *(claim.inequality, claim.quantity, claim.relation, claim.published),
                *(row.computed, _decimal_or_empty(row.computed), "yes" if row.agrees else "no"),
                claim.slip,
            )
        )
    return stream.getvalue()


def _decimal_or_empty(text: str) -> str:
    try:
        return decimal(Fraction(text), 9)
    except ValueError:
        return ""


def to_json(result: TheoremResult) -> dict[str, Any]:
    """Everything, fractions as text; floating-point checks to nine digits."""
    return {
        "id": "locality/theorem1",
        "epsilon": str(min(c.limit.epsilon for c in result.limits)),
        "limits": [_limit_json(checked) for checked in result.limits],
        "claims": [
            {
                "inequality": row.claim.inequality,
                "quantity": row.claim.quantity,
                "relation": row.claim.relation,
                "published": row.claim.published,
                "where": row.claim.where,
                "computed": row.computed,
                "agrees": row.agrees,
                "slip": row.claim.slip,
            }
            for row in result.comparisons
        ],
        **{kind: [dict(entry) for entry in entries] for kind, entries in result.context.items()},
    }


def json_text(result: TheoremResult) -> str:
    """:func:`to_json` as text."""
    return json.dumps(to_json(result), indent=1, ensure_ascii=False) + "\n"


def _limit_json(checked: Checked) -> dict[str, Any]:
    found = checked.limit
    masses = [str(m) for m in found.worst_masses]
    return {
        "inequality": found.inequality.name,
        "first": list(found.inequality.first),
        "second": list(found.inequality.second),
        "epsilon": str(found.epsilon),
        "decimal": round(float(found.epsilon), 9),
        "holds_at_limit": found.holds_at_limit,
        "worst_masses": [masses[row : row + 3] for row in (0, 3, 6)],
        "worst_is_unique": found.is_unique,
        "rates": {
            side: {"constant": str(line.constant), "slope": str(line.slope)}
            for side, line in (("first", found.first), ("second", found.second))
        },
        "linear_program": round(checked.linear_program, 9),
        "search": {
            "epsilon": round(checked.search, 9),
            "seed": theorem.SEED,
            "draws": theorem.SEARCH_ROUNDS * theorem.SEARCH_DRAWS,
        },
    }


def latex(result: TheoremResult) -> str:
    """A complete LaTeX document with three tables."""
    limits = pd.DataFrame(
        limit_rows(result),
        columns=["largest ε", "paper", "exact", "decimal", "linprog", "search", "agrees"],
    )
    masses = pd.DataFrame(
        [
            [checked.limit.inequality.name, *map(str, checked.limit.worst_masses)]
            for checked in result.limits
        ],
        columns=["inequality", *(f"({r},{c})" for r, c in theorem.POSITIONS)],
    )
    claims = pd.DataFrame(
        claim_rows(result), columns=["inequality", "quantity", "paper", "exact", "agrees"]
    )
    items = "\n\n".join(escape(line) for line in (summary(result), *notes(result)))
    return (
        PREAMBLE
        + rf"\section*{{{escape(TITLE)}}}"
        + "\n"
        + floating_table(limits, f"{CAPTION}.")
        + floating_table(masses, "Worst masses at the limit, in units of m', by (row, column).")
        + floating_table(
            claims, "What the theorem and its proof print, beside the exact values.", texts=2
        )
        + "{\\footnotesize\\raggedright\n"
        + items
        + "\n\\par}\n\\end{document}\n"
    )
