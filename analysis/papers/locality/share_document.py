"""Table I as a document: the printed rows replayed, then what the weight files give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from analysis.documents.blocks import (
    MISSING,
    Block,
    Cell,
    Document,
    Grid,
    Note,
    Notes,
    Tone,
    columns,
    context_notes,
    row,
)
from analysis.papers.locality.share_figure import figure
from analysis.papers.locality.share_replay import REPRODUCED, Attainable, Mixture, Printed, Replay
from analysis.papers.locality.share_results import WEIGHTS, Network, Number, SharesResult, tidy
from analysis.papers.locality.shares import (
    COMPARISONS,
    HALVINGS,
    PARTS,
    Interval,
    Share,
)

HOW = (
    "Centre, left neighbour and upper left corner are the positions (1,1), (1,0) and (0,0). "
    "Lower: the first half of the 3×3 layers by depth, rounded down (L-14). Stars: two-sided "
    "binomial test against one half, *** < .001, ** < .01, * < .1 (L-10). It takes filters as "
    "independent, and so does the Wilson interval; filters of one layer are not, since they were "
    "trained together. The interval by layer takes whole layers as the draws (cluster-robust "
    "variance of the ratio, t with L − 1 degrees of freedom). Both are 95 % intervals."
)
REPLAYED = (
    "Mixture: f · lower + (1 − f) · upper, with f the lower half's share of the filters and each "
    "printed share within half of its last digit. Stars: how many of the row's three can be had "
    "by a count of filters whose share rounds to the printed one."
)
LABELS = {"signed": "w", "magnitudes": "|w|"}


def document(result: SharesResult) -> Document:
    """The replay, two grids for each weight file, how they were found, and the figure."""
    files = [b for i, n in enumerate(result.networks, start=1) for b in _network(result, n, i)]
    return Document(
        id="locality/table1",
        title="Table I",
        caption="Share of 3×3 spatial filters in which one weight is larger than another",
        blocks=(
            _replay(result),
            Notes(tuple(map(Note, replay_summary(result)))),
            *files,
            Notes(tuple(map(Note, measured_summary(result)))),
            Notes((Note(REPLAYED), Note(HOW), *context_notes(result.context))),
            figure(result),
            *tidy(result),
        ),
        facts={
            "holds": result.holds,
            "replays": result.replays,
            "contradicted": result.contradicted,
            "networks": [
                {
                    **{"name": network.name, "network": network.arch, "sha256": network.digest},
                    **{"order": network.order, "filters": network.filters},
                }
                for network in result.networks
            ],
            "missing": result.missing,
            **result.context,
        },
        holds=result.holds,
    )


def _replay(result: SharesResult) -> Grid:
    printed = {(row.arch, row.part, row.comparison): row for row in result.printed}
    rows = []
    for found in result.replay.mixtures:
        known = result.structures[found.arch]
        at = [printed[found.arch, part, found.comparison] for part in PARTS]
        stars = [a.holds for a in result.replay.attainable if a.printed in at]
        rows.append(
            row(
                found.comparison,
                *(_printed(entry) for entry in at),
                f"{digits(found.low, 4)}–{digits(found.high, 4)}",
                Cell("yes" if found.holds else "NO", tone="" if found.holds else "bad"),
                f"{sum(stars)}/{len(stars)}",
                group=f"{found.arch}, {len(known.filters)} layers, f = {digits(known.weight(), 4)}",
            )
        )
    title = "The printed rows, replayed without weights"
    titles = columns("comparison", *PARTS, "mixture", "fits", "stars")
    caption = "Shares of filters, as printed, and whether they can all be true at once."
    return Grid("replay", titles, tuple(rows), title, caption, headed=True)


def _printed(entry: Printed) -> Cell:
    return Cell(entry.text.removeprefix("0"), entry.value, entry.stars)


def replay_summary(result: SharesResult) -> list[str]:
    """What the replay comes to, then each contradiction, a line each."""
    other = result.replays[1]
    rounded_up = "".join(f"; not {m.arch}, {m.comparison}" for m in other.mixtures if not m.holds)
    return [
        f"{_tally(result.replay)}.",
        f"With the lower half rounded up instead ({HALVINGS[1]}, L-14): {_tally(other)}"
        f"{rounded_up}.",
        *(_no_mixture(m) for m in result.replay.mixtures if not m.holds),
        *(_no_stars(a) for a in result.replay.attainable if not a.holds),
    ]


def _tally(found: Replay) -> str:
    mixtures = sum(m.holds for m in found.mixtures)
    stars = sum(a.holds for a in found.attainable)
    return (
        f"{mixtures} of {len(found.mixtures)} totals are the mixture of their halves, "
        f"{stars} of {len(found.attainable)} printed stars are attainable"
    )


def _no_mixture(found: Mixture) -> str:
    return (
        f"CONTRADICTION: {found.arch}, {found.comparison}: the halves make "
        f"{digits(found.low, 4)}–{digits(found.high, 4)}, printed is {digits(found.total, 3)}."
    )


def _no_stars(found: Attainable) -> str:
    printed = found.printed
    can = " or ".join(sorted(mark or "none" for mark in found.stars)) or "no count at all"
    return (
        f"CONTRADICTION: {printed.arch}, {printed.part}, {printed.comparison}: "
        f"{printed.text.removeprefix('0')}{printed.stars} of {found.filters:,} filters cannot be; "
        f"attainable: {can}."
    )


def _network(result: SharesResult, network: Network, index: int) -> list[Block]:
    name = f"{network.arch}: {network.name}" if network.arch else network.name
    about = (
        f"{len(network.signed)} layers of 3×3, {network.filters:,} spatial filters; SHA-256 "
        f"{network.digest[:12]}. Depth by {network.order}."
    )
    numbers = result.of(network, WEIGHTS[0], HALVINGS[0])
    rows = tuple(row(n.part, *_number(n), group=n.comparison) for n in numbers)
    titles = columns(
        *("w, floor", "filters", "paper", "here", "Wilson", "by layer", "verdict"),
        right=("filters",),
    )
    others = f"{name} under the other readings (L-13, L-14)"
    blocks: list[Block] = [
        Grid(f"shares{index}", titles, rows, f"{name}\n{about}", f"{name}. {about}", headed=True),
        Grid(
            f"readings{index}",
            columns("reading", "comparison", *PARTS),
            tuple(_variants(result, network)),
            others,
        ),
    ]
    ties = {c: sum(layer.equal[c] for layer in network.signed) for c in COMPARISONS}
    if any(ties.values()):
        counts = ", ".join(f"{count:,} of {name}" for name, count in ties.items())
        text = f"Equal weights, counted as not larger (L-47): {counts}."
        blocks.append(Notes((Note(text),)))
    return blocks


def _number(number: Number) -> list[str | Cell]:
    """Filters, paper, here, Wilson, by layer, verdict."""
    found = number.share
    if found is None:
        return ["0", *(MISSING,) * 5]
    tone: Tone = "good" if number.verdict == REPRODUCED else "bad"
    return [
        Cell(f"{found.filters:,}", found.filters),
        _printed(number.printed) if number.printed else MISSING,
        _measured(found),
        _interval(found.wilson),
        _interval(found.clustered),
        Cell(number.verdict, tone=tone) if number.verdict else MISSING,
    ]


def _variants(result: SharesResult, network: Network) -> Iterator[Any]:
    """The shares of all, lower and upper, for every other reading."""
    for weights in WEIGHTS:
        for halving in network.halvings:
            if (weights, halving) == (WEIGHTS[0], HALVINGS[0]):
                continue
            numbers = result.of(network, weights, halving)
            for comparison in COMPARISONS:
                shares = [n.share for n in numbers if n.comparison == comparison]
                reading = f"{LABELS[weights]}, {halving}"
                yield row(reading, comparison, *(_measured(s) if s else MISSING for s in shares))


def measured_summary(result: SharesResult) -> list[str]:
    """How many printed numbers were reproduced, and what is missing."""
    judged = [n for n in result.numbers if n.verdict]
    lines = []
    if judged:
        good = sum(n.verdict == REPRODUCED for n in judged)
        lines.append(
            f"{good} of {len(judged)} measured numbers have the printed share and stars. Nothing "
            "is drawn here: the same weights must give the same numbers."
        )
    if result.contradicted:
        archs = Counter(printed.arch for printed in result.contradicted)
        which = ", ".join(f"{count} of {arch}" for arch, count in archs.items())
        lines.append(f"NOT REPRODUCED by any file of their network: {which}.")
    return lines + [
        f"{arch} is not measured: its weights are missing ({command})"
        for arch, command in result.missing.items()
    ]


def _measured(found: Share) -> Cell:
    return Cell(digits(found.value, 4), found.value, found.stars)


def _interval(found: Interval | None) -> str:
    """Such as ".548–.550"."""
    return f"{digits(found.low, 3)}–{digits(found.high, 3)}" if found else MISSING


def digits(value: Fraction | float, count: int) -> str:
    """A share with ``count`` decimals and no leading zero."""
    return f"{float(value):.{count}f}".removeprefix("0")
