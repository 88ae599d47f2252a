"""Runs on the page: what each was, its settings and its curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from analysis.rendering.page_tables import FILTERED, TO_OVERVIEW, filtering


@dataclass(frozen=True)
class RunCard:
    """A run that numbers lead to.

    Attributes:
        told: what it was, by name: measurements, provenance.
        settings: its configuration as text.
        curves: by name, [epoch, value] pairs.
    """

    hash: str
    title: str
    told: Mapping[str, str]
    settings: str
    curves: Mapping[str, Sequence[Sequence[Any]]]


def run_cards(runs: Sequence[RunCard]) -> Iterator[str]:
    """The runs under a heading, each folded."""
    if not runs:
        return
    yield (
        '<h2 id="runs">Runs</h2>\n<p class="soft">Every run that a number above leads to. '
        f"{TO_OVERVIEW}</p>"
    )
    if len(runs) >= FILTERED:
        yield filtering("Runs", "runs", "all-runs")
    yield '<div id="all-runs">'
    for run in runs:
        told = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in run.told.items())
        curves = "".join(_spark(name, points) for name, points in run.curves.items())
        yield (
            f'<details id="run-{run.hash}"><summary><code>{run.hash}</code> {escape(run.title)}'
            f"</summary><dl>{told}</dl>{curves}"
            f"<pre>{escape(run.settings)}</pre></details>"
        )
    yield "</div>"


def _spark(name: str, points: Sequence[Sequence[Any]]) -> str:
    known = [(x, y) for x, y in points if isinstance(y, int | float)]
    if len(known) < 2:
        return ""
    low, high = min(y for _, y in known), max(y for _, y in known)
    first, last = known[0][0], known[-1][0]
    wide, tall = (last - first) or 1, (high - low) or 1
    places = " ".join(
        f"{100 * (x - first) / wide:.2f},{100 - 100 * (y - low) / tall:.2f}" for x, y in known
    )
    label = f"{name}: {known[0][1]:.6g} at epoch {first}, {known[-1][1]:.6g} at epoch {last}"
    return (
        f'<p>{escape(label)}<br><svg class="spark" role="img" aria-label="{escape(label)}" viewBox='
        f'"-1 -4 102 108" preserveAspectRatio="none"><polyline points="{places}"/></svg></p>'
    )
