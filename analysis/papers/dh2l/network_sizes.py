"""The sizes of networks that the paper prints, beside those of the networks that may be meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from analysis.documents.blocks import Cell, Grid, columns, row

CAPTION = "Parameters in millions, of the networks that a printed size may be of"


def rounds_to(parameters: int, printed: Decimal) -> bool:
    """Whether so many are the printed millions, to its digits."""
    return (Decimal(parameters) / 10**6).quantize(printed, ROUND_HALF_UP) == printed


def sizes(
    published: Sequence[Mapping[str, str]], built: Mapping[str, Mapping[str, int]]
) -> tuple[Grid, tuple[str, ...]]:
    """A line a network that is built, and the printed sizes that none of them has.

    Args:
        published: a ``network``, what is ``published`` of it in millions, and ``where``.
        built: parameters by network, and by what it is built with.

    Raises:
        ValueError: for a network that is not built.
    """
    lines, missed = [], []
    for printed in published:
        name, size = printed["network"], Decimal(printed["published"])
        if name not in built:
            raise ValueError(f"unknown network {name!r}")
        found = {how: rounds_to(number, size) for how, number in built[name].items()}
        if not any(found.values()):
            missed.append(f"{name}: {size} million")
        for how, number in built[name].items():
            agrees = found[how]
            verdict = Cell("yes" if agrees else "no", agrees, tone="good" if agrees else "bad")
            counted = Cell(f"{number / 1e6:.4f}", number)
            lines.append(row(how, f"{size}", counted, verdict, group=name))
    numbers = ("printed", "as built", "agrees")
    titles = columns("built with", *numbers, right=numbers[:2])
    return Grid("sizes", titles, tuple(lines), CAPTION, CAPTION, headed=True), tuple(missed)
