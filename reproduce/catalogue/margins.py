"""The margins of a paper's tables: ``margins.toml`` among its published numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from benchmarks.errors import UserError
from reproduce.catalogue.paper_files import decode

if TYPE_CHECKING:
    from reproduce.catalogue.tables import Table


class Margin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table's equivalence margin, or those of its data sets; and of its further measures."""

    delta: Decimal | dict[str, Decimal] | None = None
    reason: str = ""
    measures: dict[str, Decimal | dict[str, Decimal]] = {}

    def __post_init__(self) -> None:
        for given in (self.delta, *self.measures.values()):
            for delta in given.values() if isinstance(given, dict) else [given]:
                if delta is not None and not (delta.is_finite() and delta > 0):
                    raise ValueError(f"a margin must be positive, not {delta}")


def margin_of(table: Table) -> Margin:
    """The margin that a table is judged by.

    Raises:
        UserError: where there is none for the table or one of its data sets.
    """
    found = _declared(table)
    data = {cell.template.data.name for cell in table.cells}
    for delta in (found.delta, *found.measures.values()):
        if isinstance(delta, dict) and (lacking := sorted(data - delta.keys())):
            raise UserError(
                f"margins.toml of {table.paper}: {table.name} has none for {lacking[0]}"
            )
    return found


def alike_within(table: Table) -> Decimal | dict[str, Decimal] | None:
    """Within what two cells of a table, in whatever form, are alike where the text says so; None
    without a margin, or one of the form's data sets.

    Raises:
        UserError: where there is no margin for the table.
    """
    delta = _declared(table).delta
    if not isinstance(delta, dict):
        return delta
    data = {cell.template.data.name for cell in table.cells}
    return {name: margin for name, margin in delta.items() if name in data} or None


def _declared(table: Table) -> Margin:
    try:
        return decode(table.paper, "margins.toml", dict[str, Margin])[table.name]
    except KeyError:
        raise UserError(f"margins.toml of {table.paper} has no margin for {table.name}") from None
