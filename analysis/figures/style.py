"""How every figure of the suite looks.

Readable in grey: looks differ in shape, filling and dashes as well as in colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.documents.panels import Sampled

DPI = 200  # of PNG files
RC: Any = {
    "axes.axisbelow": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 8,
    "font.family": "sans-serif",
    "font.size": 8,
    "grid.color": "0.9",
    "grid.linewidth": 0.6,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Look:
    """What tells one thing that is compared from another: points, lines and bars."""

    color: str
    marker: str
    dashes: Any = "solid"
    filled: bool = True
    hatch: str = ""

    @property
    def line(self) -> dict[str, Any]:
        """Of a line."""
        return {"color": self.color, "linestyle": self.dashes}

    @property
    def point(self) -> dict[str, Any]:
        """Of a point."""
        face = self.color if self.filled else "white"
        filling = {"markerfacecolor": face, "markeredgecolor": self.color}
        return {"marker": self.marker, "markeredgewidth": 0.8, **filling}

    @property
    def bar(self) -> dict[str, Any]:
        """Of a bar, hatched where points would differ by their shape or filling."""
        face = "white" if self.hatch or not self.filled else self.color
        return {"facecolor": face, "edgecolor": self.color, "hatch": self.hatch, "linewidth": 0.8}


LOOKS = (
    Look("#1f4e79", "o"),
    Look("#c55a11", "o", (0, (4, 1.6)), filled=False, hatch="////"),
    Look("#111111", "v", (0, (1.2, 1.2)), filled=False, hatch="...."),
    Look("#7fb38a", "s", (0, (4, 1.2, 1, 1.2))),
    Look("#6a4c93", "^", (0, (8, 2)), hatch="xxxx"),
    Look("#b8860b", "D", (0, (2, 1)), hatch="++++"),
    Look("#4fa3c7", "P", (0, (6, 1, 1, 1, 1, 1)), hatch="----"),
    Look("#8c8c8c", "v", (0, (1, 2.4)), filled=False, hatch="oooo"),
)
BORDER: Any = {"color": "0.6", "linewidth": 0.8, "linestyle": (0, (1, 2))}
TIED: Any = {"linestyle": (0, (1, 1.4)), "linewidth": 1.4}
PUBLISHED: Any = {"marker": "D", "markerfacecolor": "0.75", "markeredgecolor": "black"}


def look_of(number: int) -> Look:
    """The look at a place of :data:`LOOKS`, which begins again where it ends."""
    return LOOKS[number % len(LOOKS)]


def handle(sampled: Sampled) -> Artist:
    """A line of a legend."""
    look = look_of(sampled.look)
    if sampled.sample == "bars":
        return Patch(label=sampled.label, **look.bar)
    options: dict[str, dict[str, Any]] = {
        "points": {"linestyle": "", **look.point},
        "line": {"linewidth": 1.3, **look.line},
        "both": {"linewidth": 1.0, **look.line, **look.point},
        "level": {"linewidth": 2.2, **look.line},
        "median": {"color": "black", "linewidth": 1.4},
        "published": {"linestyle": "", **PUBLISHED},
        "diverged": {"linestyle": "", "marker": "x", "color": "black"},
        "border": BORDER,
        "tie": {"color": "0.3", **TIED},
    }
    return Line2D([], [], markersize=4.5, label=sampled.label, **options[sampled.sample])
