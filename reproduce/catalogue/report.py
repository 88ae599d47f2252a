"""What the report of a table of runs shows."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from reproduce.catalogue.sensitivity import moved_verdicts
from reproduce.catalogue.table_result import build

if TYPE_CHECKING:
    from analysis.tables.results import TableResult
    from reproduce.catalogue.selection import Selection


def reported(selection: Selection) -> TableResult:
    """The analysed table, with the readings that move a verdict.

    Raises:
        UserError: as of :func:`reproduce.catalogue.table_result.build`.
    """
    return dataclasses.replace(build(selection), moved=moved_verdicts(selection))
