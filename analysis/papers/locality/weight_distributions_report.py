"""Figure 1 as a report: medians for the terminal and LaTeX, bins and quantiles as CSV and JSON."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.documents.latex_text import PREAMBLE, escape, floating_table
from analysis.papers.locality.weight_distributions import POSITIONS, QUANTILES, Distributions, Panel

TITLE = "Figure 1 (locality/figure1)"
CAPTION = "Absolute weights of 3×3 filters at the centre, the left middle and the upper left"
HOW = (
    "Medians are over a layer's spatial filters, one for each pair of an input and an output "
    "channel, zeros included. The figure shows the first three and the last three 3×3 layers; the "
    "paper prints no numbers with it."
)
NOTABLE = 0.02  # a share of filters off the axis that is worth a line; the CSV has all
HEADINGS = ("layer", "filters", "centre", "edge", "corner", "centre/edge", "edge/corner")


@dataclass(frozen=True)
class Source:
    """Which network the weights are of.

    Attributes:
        title: in a few words, such as "plain 1 1 of Table III, seed 0".
        details: more lines on it, such as its accuracy.
        label: what marks it as a quick run, else empty.
        facts: the same for machines, JSON-ready.
    """

    title: str
    details: tuple[str, ...] = ()
    label: str = ""
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def heading(self) -> str:
        """What stands above the figure, in a line or two."""
        return f"{self.label}\n{self.title}" if self.label else self.title


@dataclass(frozen=True)
class DistributionReport:
    """Everything that the report shows; ``context`` holds readings and deviations, JSON-ready."""

    found: Distributions
    source: Source
    context: Mapping[str, Sequence[Mapping[str, Any]]]


def render(report: DistributionReport) -> RenderableType:
    """The report for a terminal of 80 columns or more."""
    heading = Text(TITLE, style="bold")
    heading.append(f"\n{CAPTION}", style="not bold")
    if report.source.label:
        heading.append(f"\n{report.source.label}", style="not bold reverse")
    heading.append(f"\n{report.source.title}", style="not bold")
    for line in report.source.details:
        heading.append(f"\n{line}", style="not bold")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for index, title in enumerate(HEADINGS):
        table.add_column(title, justify="right" if index else "left", overflow="fold")
    for row in rows(report.found):
        table.add_row(*row)
    lines = [*statements(report.found), *unseen(report.found)]
    return Group(
        heading,
        "",
        Text("median |w|", style="bold"),
        table,
        "",
        *map(Text, lines),
        "",
        *map(Text, notes(report)),
    )


def rows(found: Distributions) -> list[list[str]]:
    """For each layer: its place, filters, three medians and the ratios of neighbouring ones."""
    return [
        [
            f"{panel.number} of {found.layers}",
            f"{panel.filters:,}",
            *(number(series.median) for series in panel.series),
            *(_ratio(first.median, second.median) for first, second in _neighbours(panel)),
        ]
        for panel in found.panels
    ]


def statements(found: Distributions) -> list[str]:
    """In how many of the layers the medians fall from the centre to the corner, in two lines."""
    lines = []
    for index, (first, second) in enumerate((("centre", "edge"), ("edge", "corner"))):
        pairs = [_neighbours(panel)[index] for panel in found.panels]
        above = sum(inner.median > outer.median for inner, outer in pairs)
        lines.append(
            f"The {first}'s median is above the {second}'s in {above} of {len(pairs)} layers."
        )
    return lines


def unseen(found: Distributions) -> list[str]:
    """A line for each layer with weights of exactly 0, or with more than a few below the axis."""
    lines = []
    for panel in found.panels:
        parts = []
        if any(series.zeros for series in panel.series):
            whole = f"; {panel.dead:,} filters are 0 throughout" if panel.dead else ""
            parts.append(f"exactly 0: {_counts(panel, 'zeros')}{whole}")
        if any(panel.share(series.below) > NOTABLE for series in panel.series):
            parts.append(f"below {number(found.edges[0])}: {_counts(panel, 'below')}")
        if parts:
            lines.append(f"Layer {panel.number}, centre/edge/corner, {'; '.join(parts)}.")
    return lines


def notes(report: DistributionReport) -> list[str]:
    """How to read the numbers, then readings and deviations, a line each."""
    lines = [HOW]
    for kind, text in (("readings", "value"), ("deviations", "text")):
        lines += [f"{e['id']} {e['name']}: {e[text]}" for e in report.context.get(kind, ())]
    return lines


def number(value: float) -> str:
    """Three significant digits, such as "0.0123", or two with an exponent, "1.2e-09"."""
    return f"{value:.3g}" if value == 0 or value >= 1e-4 else f"{value:.1e}"


def _ratio(first: float, second: float) -> str:
    return f"{first / second:.3f}" if second else "–"


def _neighbours(panel: Panel) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    centre, edge, corner = (panel.series_at(name) for name, _ in POSITIONS)
    return (centre, edge), (edge, corner)


def _counts(panel: Panel, attribute: str) -> str:
    return "/".join(f"{getattr(series, attribute):,}" for series in panel.series)


def csv_text(report: DistributionReport) -> str:
    """One row a number: bins, what lies outside of them, and quantiles, by layer and position.

    ``quantity`` is "bin" (filters with low ≤ |w| < high), "below" (0 < |w| < high), "zero",
    or "quantile 0.5" and the like, whose value is a magnitude.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("layer", "name", "filters", "position", "quantity", "low", "high", "value"))
    edges = report.found.edges
    for panel in report.found.panels:
        for series in panel.series:
            place = (panel.number, panel.name, panel.filters, series.position)
            writer.writerow((*place, "zero", 0, 0, series.zeros))
            writer.writerow((*place, "below", 0, f"{edges[0]:.9g}", series.below))
            for low, high, count in zip(edges[:-1], edges[1:], series.counts, strict=True):
                writer.writerow((*place, "bin", f"{low:.9g}", f"{high:.9g}", count))
            for share, value in zip(QUANTILES, series.quantiles, strict=True):
                writer.writerow((*place, f"quantile {share}", "", "", f"{value:.9g}"))
    return stream.getvalue()


def to_json(report: DistributionReport) -> dict[str, Any]:
    """Everything that the report shows, and the bins."""
    found = report.found
    return {
        "id": "locality/figure1",
        "label": report.source.label,
        "source": {"title": report.source.title, **report.source.facts},
        "layers": found.layers,
        "edges": [float(f"{edge:.9g}") for edge in found.edges],
        "panels": [
            {
                "layer": panel.number,
                "name": panel.name,
                "filters": panel.filters,
                "dead": panel.dead,
                "positions": {
                    series.position: {
                        "counts": list(series.counts),
                        "below": series.below,
                        "zeros": series.zeros,
                        "quantiles": {
                            str(share): float(f"{value:.9g}")
                            for share, value in zip(QUANTILES, series.quantiles, strict=True)
                        },
                    }
                    for series in panel.series
                },
            }
            for panel in found.panels
        ],
        "statements": statements(found),
        **{kind: [dict(entry) for entry in entries] for kind, entries in report.context.items()},
    }


def json_text(report: DistributionReport) -> str:
    """:func:`to_json` as text."""
    return json.dumps(to_json(report), indent=1, ensure_ascii=False) + "\n"


def latex(report: DistributionReport) -> str:
    """A complete LaTeX document: the medians by layer and position, then what they rest on."""
    frame = pd.DataFrame(rows(report.found), columns=list(HEADINGS))
    source = report.source
    items = [
        *source.details,
        *statements(report.found),
        *unseen(report.found),
        *notes(report),
    ]
    return (
        f"{PREAMBLE}\\section*{{{escape(TITLE)}}}\n"
        + floating_table(frame, f"{CAPTION}: medians of |w|. {source.label} {source.title}.")
        + "{\\footnotesize\\raggedright\n"
        + "\n\n".join(map(escape, items))
        + "\n\\par}\n"
        "\\end{document}\n"
    )
