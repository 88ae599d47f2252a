"""Runs a table's script by its module: ``python -m reproduce.locality.table3 --quick``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from reproduce.__main__ import main

if TYPE_CHECKING:
    from reproduce.catalogue.tables import Table


def run_table(table: Table) -> NoReturn:
    """The same as ``reproduce <paper>/<table>`` with this process's arguments."""
    run_entry(table.id)


def run_entry(entry_id: str) -> NoReturn:
    """The same for any entry of the register, such as "locality/theorem1"."""
    main([entry_id, *sys.argv[1:]])
