"""What every trained table of the paper shows of its runs' vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.catalogue.tables import Table
    from reproduce.store.schema import Record


def angle_blocks(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """Angles between a layer's vectors, whether spread and accuracy go together, and whether runs
    of ternary and of binary signs are the same."""
    from analysis.papers.dh2l import lost_labels, spread

    measured = {
        name: [r["result"]["measurements"] for r in found] for name, found in records.items()
    }
    return [*spread.blocks(result, measured), *lost_labels.same_runs(result)]
