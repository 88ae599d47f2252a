"""What browsers show under the pointer over an SVG: whose value a point is, where, and how much.

Drawn points carry their texts as ids, of which :func:`titled` makes titles; lines and histograms
get unseen circles at their places, which no other file has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from analysis.documents import panel_texts
from analysis.documents.panels import Bins, Curves, Panel

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RADIUS = 3  # points
POINTS = 72  # an inch, of SVG
EACH, ALL, THROUGH = "values", "value", "through"
SEVERAL = re.compile(rf'<g id="{EACH}\|([^"]*)">(.*?)</g>', re.DOTALL)
ONE = re.compile(rf'<g id="{ALL}\|([^"]*)">')
USE = re.compile(r"<use([^>]*)/>")
STYLE = re.compile(r' style="([^"]*)"')
Place = tuple[float, float, str]


def tell(artist: Artist, *texts: str) -> None:
    """The text of each of an artist's points, or one of the whole."""
    kind = EACH if len(texts) > 1 else ALL
    artist.set_gid("|".join([kind, *(text.replace("|", "¦") for text in texts)]))


def see_through(artist: Artist) -> None:
    """The pointer reaches the points that an artist covers."""
    artist.set_gid(THROUGH)


def titled(svg: str) -> str:
    """The SVG with titles in place of the ids that :func:`tell` gave."""
    svg = svg.replace(f'<g id="{THROUGH}">', '<g pointer-events="none">')
    return ONE.sub(r"<g><title>\1</title>", SEVERAL.sub(_each, svg))


def _each(group: re.Match[str]) -> str:
    """Each point with its title; what all of them look like is said once."""
    texts = iter(group[1].split("|"))
    looks = {look for use in USE.findall(group[2]) for look in STYLE.findall(use)}
    common = looks.pop() if len(looks) == 1 else ""

    def point(use: re.Match[str]) -> str:
        own = STYLE.sub("", use[1]).rstrip() if common else use[1]
        return f"<use{own}><title>{next(texts, '')}</title></use>"

    style = f' style="{common}"' if common else ""
    return f"<g{style}>{USE.sub(point, group[2])}</g>"


def unseen(figure: Figure, panels: Sequence[Panel]) -> str:
    """Circles over what has no points of its own, after the figure was drawn."""
    scale, height = POINTS / figure.dpi, POINTS * figure.get_figheight()
    circles = [
        f'<circle cx="{scale * x:.1f}" cy="{height - scale * y:.1f}" r="{RADIUS}">'
        f"<title>{escape(text, quote=False)}</title></circle>"
        for axis, panel in zip(figure.axes, panels, strict=False)
        for x, y, text in _within(axis, _places(panel))
    ]
    return f'<g fill-opacity="0">{"".join(circles)}</g>' if circles else ""


def _within(axis: Axes, places: Iterator[Place]) -> Iterator[Place]:
    """In pixels, and as far as the axes reach."""
    for x, y, text in places:
        if np.isfinite((x, y)).all() and (y > 0 or axis.get_yscale() != "log"):
            px, py = axis.transData.transform((x, y)).tolist()
            if axis.bbox.padded(1).contains(px, py):
                yield px, py, text


def _places(panel: Panel) -> Iterator[Place]:
    if isinstance(panel, Curves):
        for series in panel.series:
            at, shown = panel_texts.places(panel, series), panel_texts.values(series)
            for x, y, place, text in zip(series.x, series.y, at, shown, strict=True):
                if not series.bars:
                    yield x, y, f"{panel_texts.told(series.name, place)}: {text}"
    elif isinstance(panel, Bins):
        middles = np.sqrt(np.multiply(panel.edges[:-1], panel.edges[1:])).tolist()
        names = panel_texts.bins(panel)
        for sizes in panel.series:
            for x, y, name in zip(middles, sizes.shares, names, strict=True):
                yield x, y, f"{panel_texts.told(sizes.name, name)}: {panel_texts.share(y)}"
