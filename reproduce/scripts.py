"""Runs a table's script by its module: ``python -m reproduce.locality.table3 --quick``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from reproduce.__main__ import main

if TYPE_CHECKING:
    from reproduce.tables import Table


def run_table(table: Table) -> NoReturn:
    """The same as ``reproduce <paper>/<table>`` with this process's arguments."""
    main([table.id, *sys.argv[1:]])
