"""Architectures for the terminal, at 80 columns, and as a LaTeX document that compiles as it is."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.documents.latex_text import PREAMBLE, escape
from analysis.papers.locality.architecture import SAME, Architecture, Row, counted

LAYOUT = ("Type/Stride", "Filter shape", "Parameters", "Mult.-adds")
LEGEND = (
    "C: convolution, dw: depthwise, MP: max-pooling, FC: dense. Parameters: weights, biases and "
    "the batch-norm that follows. Multiply-adds: products in one image's forward pass, without "
    "batch-norm and pooling."
)


def render(
    architectures: Sequence[Architecture], title: str, notes: Sequence[tuple[str, str]]
) -> RenderableType:
    """The whole report for a terminal of 80 columns or more."""
    parts: list[RenderableType] = [Text(title, style="bold")]
    for net in architectures:
        same = sum(row.verdict == SAME for row in net.rows)
        heading = Text(f"\n{net.net}", style="bold")
        heading.append(f": {same} of {len(net.rows)} rows as printed", style="not bold")
        parts += [heading, _layers(net), Text(counted(net))]
        parts += [
            Text(f"Row {row.index} differs: {'; '.join(row.differences)}", style="red")
            for row in net.rows
            if row.differences
        ]
    parts += [Text(f"\n{LEGEND}", style="dim")]
    parts += [Text(f"{topic}: {text}", style="dim") for topic, text in notes]
    return Group(*parts)


def _layers(net: Architecture) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for heading, right in (
        ("#", True), ("type", False), ("filter", False), ("input", False), ("then", False),
        ("parameters", True), ("mult.-adds", True), ("paper", False),
    ):  # fmt: skip
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for row in net.rows:
        verdict = Text(row.verdict, style="green" if row.verdict == SAME else "bold red")
        table.add_row(str(row.index), row.type, row.filter, *_counts(row), verdict)
    return table


def _counts(row: Row) -> tuple[str, str, str, str]:
    layer = row.ours
    if layer is None:
        return ("–",) * 4
    side = f"{layer['side']}×{layer['side']}×{layer['in_channels']}"
    then = " ".join(layer["followed_by"])
    return side, then, f"{layer['parameters']:,}", f"{layer['multiply_adds']:,}"


def document(
    architectures: Sequence[Architecture], title: str, notes: Sequence[tuple[str, str]]
) -> str:
    """The complete ``.tex`` file: the paper's layout with counts, then what it rests on."""
    items = [rf"\textbf{{{escape(topic)}:}} {escape(text)}" for topic, text in notes]
    sums = [rf"\textbf{{{escape(net.net)}:}} {escape(counted(net))}" for net in architectures]
    differing = [
        rf"\textbf{{{escape(f'{net.net}, row {row.index}')}}} differs: "
        + escape("; ".join(row.differences))
        for net in architectures
        for row in net.rows
        if row.differences
    ]
    notes_text = "\n\n".join([*sums, *differing, *items])
    return (
        f"{PREAMBLE}\\section*{{{escape(title)}}}\n% begin fragment: paper layout\n"
        f"{_table(architectures)}% end fragment: paper layout\n"
        f"{{\\footnotesize\\raggedright\n{notes_text}\n\\par}}\n\\end{{document}}\n"
    )


def _table(architectures: Sequence[Architecture]) -> str:
    """All networks side by side as in the paper, their last layers on one line, sums below."""
    height = max(len(net.rows) for net in architectures)
    frames = {net.net: _column(net, height) for net in architectures}
    frame = pd.concat(frames, axis="columns")
    frame.columns = pd.MultiIndex.from_tuples(
        [(escape(net), escape(heading)) for net, heading in frame.columns]
    )
    letters = r"@{\hspace{2em}}".join(["llrr"] * len(architectures))
    text = frame.style.hide(axis="index").to_latex(
        column_format=f"@{{}}{letters}@{{}}", hrules=True, multicol_align="c"
    )
    lines = text.splitlines()
    lines.insert(lines.index(r"\midrule") + 1 + height, r"\midrule")
    caption = (
        f"{escape(LEGEND)} A dagger marks a row that differs from the printed one. Counts for "
        f"{min(architectures[0].parameters)} classes."
    )
    body = "\n".join(lines)
    return (
        f"\\begin{{table}}[!htbp]\n\\centering\\footnotesize\n\\caption{{{caption}}}\n{body}\n"
        "\\end{table}\n"
    )


def _column(net: Architecture, height: int) -> pd.DataFrame:
    lines = [_line(row) for row in net.rows]
    gap = [[""] * len(LAYOUT)] * (height - len(lines))
    sums = ["", "total", f"{net.totals['parameters']:,}", f"{net.totals['multiply_adds']:,}"]
    return pd.DataFrame([*lines[:-1], *gap, lines[-1], sums], columns=list(LAYOUT))


def _line(row: Row) -> list[str]:
    *_, parameters, products = _counts(row)
    mark = r"$^{\dagger}$" if row.differences else ""
    return [escape(row.type) + mark, escape(row.filter), parameters, products]
