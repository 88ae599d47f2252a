"""Table I as a figure: each layer's shares by depth, with the printed halves behind them.

A network whose weights are not at hand shows the printed halves alone.
"""

from __future__ import annotations

from analysis.documents.panels import Curves, FigureBlock, Sampled, Series
from analysis.papers.locality.share_results import Network, SharesResult
from analysis.papers.locality.shares import COMPARISONS, split, wilson

APART = 0.13  # of the two comparisons' points, to both sides of their layer


def figure(result: SharesResult) -> FigureBlock:
    """One panel a network, printed ones first."""
    panels = []
    printed = dict.fromkeys(row.arch for row in result.printed)
    for arch in printed:
        files = [network for network in result.networks if network.arch == arch]
        if not files:
            count = len(result.structures[arch].filters)
            panels.append(_panel(result, f"{arch} (printed only)", arch, count, None))
        panels += [_panel(result, f"{arch}: {f.name}", arch, len(f.signed), f) for f in files]
    others = [network for network in result.networks if network.arch not in printed]
    panels += [_panel(result, n.name, "", len(n.signed), n) for n in others]
    size = (3.6, 1.9)
    legend = tuple(_legend(measured=bool(result.networks)))
    return FigureBlock(tuple(panels), legend, "shares", across=2, size=size, share="y")


def _panel(
    result: SharesResult, title: str, arch: str, layers: int, network: Network | None
) -> Curves:
    border = split(layers) + 0.5
    spans = {"lower": (0.5, border), "upper": (border, layers + 0.5)}
    series = [
        Series(
            spans[row.part],
            (float(row.value),) * 2,
            COMPARISONS.index(row.comparison),
            points=False,
        )
        for row in result.printed
        if row.arch == arch and row.part != "all"
    ]
    if network is not None:
        series += [_points(network, look, name) for look, name in enumerate(COMPARISONS)]
    return Curves(
        tuple(series),
        title if len(title) <= 48 else f"{title[:22]}…{title[-25:]}",
        x_title="3×3 layer by depth",
        y_title="share of filters",
        borders=(border,),
        reference=0.5,
        limits=(0.4, layers + 0.6),
    )


def _points(network: Network, look: int, comparison: str) -> Series:
    """A point a layer with its Wilson interval."""
    counts = [(layer.larger[comparison], layer.filters) for layer in network.signed]
    ends = [wilson(k, n) for k, n in counts]
    return Series(
        tuple(depth + (2 * look - 1) * APART for depth in range(1, len(counts) + 1)),
        tuple(k / n for k, n in counts),
        look,
        low=tuple(end.low for end in ends),
        high=tuple(end.high for end in ends),
        line=False,
    )


def _legend(*, measured: bool) -> list[Sampled]:
    lines = []
    for look, comparison in enumerate(COMPARISONS):
        lines.append(Sampled("line", f"{comparison}, printed for each half", look))
        if measured:
            lines.append(Sampled("points", f"{comparison}, measured (Wilson, 95 %)", look))
    return [*lines, Sampled("border", "between lower and upper half")]
