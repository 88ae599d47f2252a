"""Where a table's own networks have their large weights: terminal, CSV, JSON and LaTeX."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.documents.latex_text import PREAMBLE, escape, floating_table
from analysis.documents.notes import STAR_LEGEND
from analysis.documents.results import QUICK_LABEL
from analysis.documents.wording import MINUS, MISSING, MISSING_CELL
from analysis.papers.locality.magnitudes import (
    COLUMNS,
    DECIDING,
    MEASURES,
    CellMagnitudes,
    Difference,
    Magnitudes,
    Measure,
    Summary,
)
from analysis.statistics.rank_sum import stars

QUESTION = "Does LOCO-Reg change where weights are large?"
HEADINGS = {
    "share": "How often a weight is larger: share of the 3×3 filters, in %",
    "ratio": "How much larger: ratio of magnitudes, geometric mean over layers",
}
AGAINST = {
    "share": "Shares minus the plain cell's, in points",
    "ratio": "Ratios minus the plain cell's",
}
ROWS_A_PAGE = 50
LEGEND = (
    "c, n, co: centre, neighbour, corner. Shares compare Table I's positions, the centre, the left "
    "neighbour and the corner above that, w as it is or |w|, over all filters of a network. Ratios "
    "divide mean |w|, or the root mean square, over the centre, its four neighbours and the "
    "four corners."
)
TEST = (
    "Medians over seeds with a distribution-free 95 % interval, which needs six networks. Below "
    "each difference, its 95 % interval: the Hodges–Lehmann shift, whose interval inverts the "
    f"exact two-sided rank-sum test over seeds; {STAR_LEGEND}, unadjusted (Holm's are in the "
    "JSON). Seeds are independent networks, unlike the filters of one network, which Table I's "
    "test counts."
)


@dataclass(frozen=True)
class MagnitudesReport:
    """Everything that the report shows.

    Attributes:
        table: title of the table whose networks these are, such as "Table III, quick".
        id: such as "locality/magnitudes/table3".
        is_quick: whether the networks are of a quick table.
        variant: name of other readings or another precision, empty for the defaults.
        layers: the frame that :func:`analysis.papers.locality.magnitudes.analyse` was given.
        remarks: further lines, such as on networks that are of a repetition.
        context: readings and deviations, JSON-ready, each with id and name.
        missing: the command that makes the missing networks, empty where none is missing.
    """

    table: str
    id: str
    is_quick: bool
    variant: str
    found: Magnitudes
    layers: pd.DataFrame
    remarks: tuple[str, ...] = ()
    context: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    missing: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """What stands in capitals above it."""
        cells = self.found.cells
        networks, planned = sum(c.n for c in cells), sum(c.spec.planned for c in cells)
        found = [QUICK_LABEL] if self.is_quick else []
        if networks < planned:
            found.append(f"INCOMPLETE: weights of {networks} of {planned} networks")
        return tuple(found + ([f"VARIANT: {self.variant}"] if self.variant else []))


def render(report: MagnitudesReport) -> RenderableType:
    """The report for a terminal of 80 columns or more."""
    heading = Text(f"{QUESTION} ({report.id})", style="bold")
    heading.append(f"\nThe networks of {report.table}", style="not bold")
    for label in report.labels:
        heading.append(f"\n{label}", style="not bold reverse")
    parts: list[RenderableType] = [heading]
    for kind, title in HEADINGS.items():
        parts += ["", Text(title, style="bold"), _table(kind, _level_rows(report, kind))]
    if report.found.differences:
        for kind, title in AGAINST.items():
            rows = _difference_rows(report, kind)
            parts += ["", Text(title, style="bold"), _table(kind, rows)]
    lines = [*answers(report.found), "", *notes(report)]
    return Group(*parts, "", *map(Text, lines))


def answers(found: Magnitudes) -> list[str]:
    """The question answered for each kind of cell by mean |w|, as far as the seeds decide it."""
    kinds = dict.fromkeys(c.spec.kind for c in found.cells if c.spec.baseline is not None)
    lines = []
    for kind in kinds:
        names = [c.spec.name for c in found.cells if c.spec.kind == kind and c.spec.baseline]
        parts = [_counted(found, names, measure) for measure in MEASURES if measure.key in DECIDING]
        cells = "1 cell" if len(names) == 1 else f"{len(names)} cells"
        lines.append(f"{kind} ({cells}) against plain L2: {'; '.join(parts)}.")
    return lines


def _counted(found: Magnitudes, names: Sequence[str], measure: Measure) -> str:
    """Such as "mean c/n above in 3, below in 0, undecided in 1"."""
    compared = [found.difference(name, measure.key) for name in names]
    words = [d.direction if d else "missing" for d in compared]
    shown = ["above", "below", "undecided", *(["missing"] if "missing" in words else [])]
    return f"{measure.title} " + ", ".join(f"{word} in {words.count(word)}" for word in shown)


def notes(report: MagnitudesReport) -> list[str]:
    """How to read it, what was left out, and what makes the missing networks."""
    lines = [LEGEND, TEST]
    if diverged := sum(cell.spec.diverged for cell in report.found.cells):
        runs = "1 diverged run is" if diverged == 1 else f"{diverged} diverged runs are"
        lines.append(f"{runs} left out: their weights are no result.")
    lines += report.remarks
    if report.missing:
        lines.append(f"The missing networks are made by {report.missing}.")
    for kind, text in (("readings", "value"), ("deviations", "text")):
        lines += [f"{e['id']} {e['name']}: {e[text]}" for e in report.context.get(kind, ())]
    return lines


def _of_kind(kind: str) -> list[Measure]:
    return [measure for measure in MEASURES if measure.kind == kind]


def _table(kind: str, rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for title in ("cell", *(m.title for m in _of_kind(kind))):
        table.add_column(Text(title), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _level_rows(report: MagnitudesReport, kind: str, join: str = "\n") -> list[list[str]]:
    return [
        [
            f"{cell.spec.name}{',' if join == ' ' else ''}{join}n = {cell.n}/{cell.spec.planned}",
            *(_level(cell, measure, join) for measure in _of_kind(kind)),
        ]
        for cell in report.found.cells
    ]


def _level(cell: CellMagnitudes, measure: Measure, join: str) -> str:
    summary = cell.summaries.get(measure.key)
    if summary is None:
        return MISSING_CELL if cell.n == 0 else MISSING
    return f"{_value(measure, summary.median)}{_interval(measure, summary, join)}"


def _interval(measure: Measure, summary: Summary, join: str) -> str:
    if summary.interval is None:
        return ""
    ends = (_value(measure, end) for end in (summary.interval.low, summary.interval.high))
    return f"{join}[{', '.join(ends)}]"


def _difference_rows(report: MagnitudesReport, kind: str, join: str = "\n") -> list[list[str]]:
    rows = []
    for cell in report.found.cells:
        if cell.spec.baseline is not None:
            found = [report.found.difference(cell.spec.name, m.key) for m in _of_kind(kind)]
            shown = zip(_of_kind(kind), found, strict=True)
            rows.append([cell.spec.name, *(_difference(m, d, join) for m, d in shown)])
    return rows


def _difference(measure: Measure, found: Difference | None, join: str) -> str:
    if found is None:
        return MISSING
    ends = ", ".join(_signed(measure, end) for end in (found.shift.low, found.shift.high))
    mark = stars(found.test.p_value)
    text = _signed(measure, found.shift.estimate)
    return f"{text}{' ' if mark else ''}{mark}{join}[{ends}]"


def _value(measure: Measure, value: float) -> str:
    """A share in percent, "52.3", or a ratio, "1.034"."""
    return f"{100 * value:.1f}" if measure.kind == "share" else f"{value:.3f}"


def _signed(measure: Measure, value: float) -> str:
    """A difference of shares in points, "+1.25", or of ratios, "+.012"."""
    if math.isinf(value):
        return "+∞" if value > 0 else f"{MINUS}∞"
    if measure.kind == "share":
        text = f"{100 * value:+.2f}"
    else:
        text = f"{value:+.3f}".replace("+0.", "+.").replace("-0.", "-.")
    return text.replace("-", MINUS)


def csv_text(report: MagnitudesReport) -> str:
    """One row a layer of a network, by cell in the table's order, seed and depth."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("protocol", "cell", "kind", *COLUMNS[1:]))
    protocol = "quick" if report.is_quick else "full"
    for cell in report.found.cells:
        frame = report.layers[report.layers["cell"] == cell.spec.name]
        for row in frame.sort_values(["seed", "layer"]).to_dict("records"):
            fields = (_field(row[name]) for name in COLUMNS[1:])
            writer.writerow((protocol, cell.spec.name, cell.spec.kind, *fields))
    return stream.getvalue()


def _field(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def to_json(report: MagnitudesReport) -> dict[str, Any]:
    """Every number of the report; shares and ratios as they are, shifts in the same units."""
    return {
        "id": report.id,
        "table": report.table,
        "protocol": "quick" if report.is_quick else "full",
        "variant": report.variant,
        "labels": list(report.labels),
        "measures": [
            {"key": m.key, "title": m.title, "kind": m.kind, "first": m.first, "second": m.second}
            for m in MEASURES
        ],
        "cells": [_cell_json(cell) for cell in report.found.cells],
        "differences": [_difference_json(difference) for difference in report.found.differences],
        "answers": answers(report.found),
        "notes": notes(report),
        **{kind: [dict(entry) for entry in entries] for kind, entries in report.context.items()},
    }


def json_text(report: MagnitudesReport) -> str:
    """:func:`to_json` as text."""
    return json.dumps(to_json(report), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _cell_json(cell: CellMagnitudes) -> dict[str, Any]:
    spec = cell.spec
    return {
        "name": spec.name,
        "kind": spec.kind,
        "baseline": spec.baseline,
        "planned": spec.planned,
        "diverged": spec.diverged,
        "seeds": list(cell.seeds),
        "measures": {
            key: {
                "values": list(summary.values),
                "median": summary.median,
                "interval": summary.interval and [summary.interval.low, summary.interval.high],
            }
            for key, summary in cell.summaries.items()
        },
        "by_layer": {
            key: [value if math.isfinite(value) else None for value in values]
            for key, values in cell.profile.items()
        },
    }


def _difference_json(found: Difference) -> dict[str, Any]:
    return {
        "cell": found.cell,
        "baseline": found.baseline,
        "measure": found.measure,
        "n": [found.test.n_x, found.test.n_y],
        "shift": found.shift.estimate,
        "interval": [
            end if math.isfinite(end) else str(end) for end in (found.shift.low, found.shift.high)
        ],
        "p": found.test.p_value,
        "p_holm": found.p_holm,
        "direction": found.direction,
    }


def latex(report: MagnitudesReport) -> str:
    """A complete LaTeX document with the terminal's tables."""
    tables = [(kind, HEADINGS[kind], _level_rows(report, kind, " ")) for kind in HEADINGS]
    if report.found.differences:
        tables += [(kind, AGAINST[kind], _difference_rows(report, kind, " ")) for kind in AGAINST]
    items = [*report.labels, *answers(report.found), *notes(report)]
    networks = escape(f"The networks of {report.table}.")
    return (
        f"{PREAMBLE}\\section*{{{escape(QUESTION)}}}\n{networks}\n"
        + "".join(_latex_tables(*table) for table in tables)
        + "{\\footnotesize\\raggedright\n"
        + "\n\n".join(map(escape, items))
        + "\n\\par}\n\\end{document}\n"
    )


def _latex_tables(kind: str, title: str, rows: Sequence[Sequence[str]]) -> str:
    """Floating tables of at most a page each."""
    columns = ["cell", *(measure.title for measure in _of_kind(kind))]
    return "".join(
        floating_table(
            pd.DataFrame(rows[start : start + ROWS_A_PAGE], columns=columns),
            f"{title}{', continued' if start else ''}.",
            texts=len(columns),
        )
        for start in range(0, len(rows), ROWS_A_PAGE)
    )
