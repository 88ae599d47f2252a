"""What a paper's text says of a table: ``claims.csv``, and inequalities of cells in
``contrasts.csv``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reproduce.catalogue.margins import alike_within
from reproduce.catalogue.paper_files import made_of, read_rows

if TYPE_CHECKING:
    from analysis.tables.results import TableResult
    from reproduce.catalogue.tables import Table
    from reproduce.store.schema import Record


def with_claims(
    result: TableResult, table: Table, records: Mapping[str, Sequence[Record]]
) -> TableResult:
    """The table with what the paper's text says of it; a shorter one with what is said of the cells
    that it has, by contrasts, which may be of cells that the full one lacks, and by what judges of
    records.

    Args:
        records: of each cell that has any.

    Raises:
        UserError: where the paper's claims or contrasts are damaged.
    """
    from analysis.tables.claims_by_contests import judge
    from analysis.tables.claims_by_contrasts import judge as contrast
    from analysis.tables.contrasts import parse
    from analysis.tables.results import ClaimResult

    def rows(file: str) -> list[dict[str, str]]:
        found = read_rows(table.paper, file, optional=True)
        return [row for row in found if row["table"] == table.name]

    def claims(_: object) -> tuple[ClaimResult, ...]:
        forms = {cell.name for form in table.forms.values() for cell in form.cells}
        partial = table.form != "full"
        found = contrast(result, stated, contrasts, partial=partial, elsewhere=forms)
        known = {c["claim"] for c in contrasts} | table.judges.keys()
        others = [row for row in stated if row["claim"] not in known]
        own = (
            ClaimResult(
                **{name: row[name] for name in ("claim", "text", "where", "stated")}
                | dict(table.judges[row["claim"]](table, result, records)),
            )
            for row in stated
            if row["claim"] in table.judges
        )
        return (*found, *(judge(result, others) if others and not partial else ()), *own)

    stated, contrasts = rows("claims.csv"), rows("contrasts.csv")
    if table.is_quick or not stated:
        return result
    parsed = [parse(row["contrast"]) for row in contrasts]
    names = {cell.name for cell in table.cells}
    if any(one.is_equality and names.issuperset(one.cells) for one in parsed):
        result = dataclasses.replace(result, alike_within=alike_within(table))
    judged = made_of(table.paper, "claims.csv", claims)
    falls = any(one.is_fall for one in parsed)
    return dataclasses.replace(result, claims=judged, has_falls=falls)
