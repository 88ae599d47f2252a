"""What a paper's text says of a table: ``claims.csv``, and inequalities of cells in
``contrasts.csv``.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from reproduce.catalogue.published import made_of, read_rows

if TYPE_CHECKING:
    from analysis.documents.results import ClaimResult, TableResult
    from reproduce.catalogue.tables import Table


def with_claims(result: TableResult, table: Table) -> TableResult:
    """The table with what the paper's text says of it; a shorter one with what is said of the cells
    that it has, by contrasts alone, which may be of cells that the full one lacks.

    Raises:
        UserError: where the paper's claims or contrasts are damaged.
    """
    from analysis.verdicts.claims import judge
    from analysis.verdicts.contrasts import judge as contrast

    def rows(file: str) -> list[dict[str, str]]:
        found = read_rows(table.paper, file, optional=True)
        return [row for row in found if row["table"] == table.name]

    def claims(_: object) -> tuple[ClaimResult, ...]:
        others = {cell.name for form in table.forms.values() for cell in form.cells}
        partial = table.form != "full"
        found = contrast(result, stated, contrasts, partial=partial, elsewhere=others)
        rest = [row for row in stated if row["claim"] not in {c["claim"] for c in contrasts}]
        return (*found, *(judge(result, rest) if rest and not partial else ()))

    stated, contrasts = rows("claims.csv"), rows("contrasts.csv")
    if table.is_quick or not stated:
        return result
    return dataclasses.replace(result, claims=made_of(table.paper, "claims.csv", claims))
