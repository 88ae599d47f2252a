"""What panels say in words: places and values, for tables and for what is under the pointer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.documents.panels import Bins, Curves, Dots, Series

COUNTED = 1000  # from which on a value is told without decimals
DIGITS = 5


def number(value: float) -> str:
    """Never in powers of ten where it is large, such as a count; infinite ones are "∞"."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.0f}" if abs(value) >= COUNTED else f"{value:.{DIGITS}g}"
    return text.replace("-", "−")


def within(low: float, high: float) -> str:
    """An interval, or the band of a curve."""
    return f"[{number(low)}, {number(high)}]"


def places(panel: Curves, series: Series) -> tuple[str, ...]:
    """The true places of a series: its own, or those of the ticks where all of them have one, or
    the numbers at which it is drawn."""
    if series.at:
        return series.at
    named = dict(panel.ticks)
    if all(x in named for x in series.x):
        return tuple(named[x] for x in series.x)
    return tuple(f"{x:g}" for x in series.x)


def values(series: Series) -> tuple[str, ...]:
    """Each with its interval where it has one that is wider than a point."""
    if not series.low:
        return tuple(map(number, series.y))
    ends = zip(series.y, series.low, series.high, strict=True)
    return tuple(
        f"{number(y)} {within(low, high)}" if low < high else number(y) for y, low, high in ends
    )


def bins(panel: Bins) -> tuple[str, ...]:
    """From where to where."""
    return tuple(
        f"{low:.2g} to {high:.2g}" for low, high in zip(panel.edges, panel.edges[1:], strict=False)
    )


def share(value: float) -> str:
    """In percent."""
    return f"{100 * value:.3g} %"


def cell_of(dots: Dots) -> str:
    """Whose values they are: the setting and its column, or the cell."""
    return told(dots.name, dots.at)


def told(*parts: str) -> str:
    """Those that are not empty, with commas."""
    return ", ".join(filter(None, parts))


def point(place: tuple[float, float]) -> str:
    """Of a plane."""
    return f"({place[0]:.3f}, {place[1]:.3f})".replace("-", "−")


def by_place(at: Sequence[str], shown: Sequence[str]) -> str:
    """Values behind their places."""
    return "; ".join(f"{place}: {text}" for place, text in zip(at, shown, strict=True))
