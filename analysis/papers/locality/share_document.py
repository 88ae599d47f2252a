"""Table I as a document: the printed rows replayed, then what the weight files give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

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
from analysis.papers.locality.share_data_and_figure import figure, tidy
from analysis.papers.locality.share_replay import Printed, Replay, lower_weight
from analysis.papers.locality.share_results import (
    DEFAULT,
    Network,
    Number,
    SharesResult,
)
from analysis.papers.locality.shares import COMPARISONS, HALVINGS, PARTS, Interval, Share
from analysis.statistics.stars import star_legend
from analysis.verdicts.wording import Verdict

HOW = (
    "Centre, left neighbour and upper left corner are the positions (1,1), (1,0) and (0,0). "
    "Lower: the first half of the 3×3 layers by depth, rounded down (L-14). Stars: two-sided "
    f"binomial test against one half, {star_legend('')} (L-10). It takes filters as "
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
    rows = []
    for found in result.replays[0].mixtures:
        filters = result.structures[found.arch]
        at = [result.printed[found.arch, part, found.comparison] for part in PARTS]
        stars = [a.holds for a in result.replays[0].attainable if a.printed in at]
        f = digits(lower_weight(filters), 4)
        rows.append(
            row(
                found.comparison,
                *map(_printed, at),
                f"{digits(found.low, 4)}–{digits(found.high, 4)}",
                Cell("yes" if found.holds else "NO", tone="" if found.holds else "bad"),
                f"{sum(stars)}/{len(stars)}",
                group=f"{found.arch}, {len(filters)} layers, f = {f}",
            )
        )
    title = "The printed rows, replayed without weights"
    titles = columns("comparison", *PARTS, "mixture", "fits", "stars")
    caption = "Shares of filters, as printed, and whether they can all be true at once."
    return Grid("replay", titles, tuple(rows), title, caption, headed=True)


def _printed(entry: Printed) -> Cell:
    return Cell(entry.text.removeprefix("0"), entry.value, entry.stars)


def replay_summary(result: SharesResult) -> Iterator[str]:
    """What the replay comes to, then each contradiction, a line each."""
    judged, other = result.replays
    rounded_up = "".join(f"; not {m.arch}, {m.comparison}" for m in other.mixtures if not m.holds)
    yield f"{_tally(judged)}."
    yield (
        f"With the lower half rounded up instead ({HALVINGS[1]}, L-14): {_tally(other)}"
        f"{rounded_up}."
    )
    for m in judged.mixtures:
        if not m.holds:
            yield (
                f"CONTRADICTION: {m.arch}, {m.comparison}: the halves make "
                f"{digits(m.low, 4)}–{digits(m.high, 4)}, printed is {digits(m.total, 3)}."
            )
    for found in judged.attainable:
        if not found.holds:
            printed = found.printed
            can = " or ".join(sorted(mark or "none" for mark in found.stars)) or "no count at all"
            yield (
                f"CONTRADICTION: {printed.arch}, {printed.part}, {printed.comparison}: "
                f"{printed.text.removeprefix('0')}{printed.stars} of {found.filters:,} filters "
                f"cannot be; attainable: {can}."
            )


def _tally(found: Replay) -> str:
    mixtures = sum(m.holds for m in found.mixtures)
    stars = sum(a.holds for a in found.attainable)
    return (
        f"{mixtures} of {len(found.mixtures)} totals are the mixture of their halves, "
        f"{stars} of {len(found.attainable)} printed stars are attainable"
    )


def _network(result: SharesResult, network: Network, index: int) -> list[Block]:
    name = f"{network.arch}: {network.name}" if network.arch else network.name
    about = (
        f"{len(network.signed)} layers of 3×3, {network.filters:,} spatial filters; SHA-256 "
        f"{network.digest[:12]}. Depth by {network.order}."
    )
    numbers = [n for n in result.numbers if n.network is network]
    rows = [row(n.part, *_number(n), group=n.comparison) for n in numbers if n.reading == DEFAULT]
    titles = columns(
        *("w, floor", "filters", "paper", "here", "Wilson", "by layer", "verdict"),
        right=("filters",),
    )
    variants: dict[tuple[str, str], list[str | Cell]] = {}
    for n in numbers:
        if n.reading != DEFAULT:
            reading = f"{LABELS[n.reading[0]]}, {n.reading[1]}"
            shares = variants.setdefault((reading, n.comparison), [])
            shares.append(_measured(n.share) if n.share else MISSING)
    readings = tuple(row(*place, *shares) for place, shares in variants.items())
    others = f"{name} under the other readings (L-13, L-14)"
    blocks: list[Block] = [
        Grid(
            *(f"shares{index}", titles, tuple(rows), f"{name}\n{about}", f"{name}. {about}"),
            headed=True,
        ),
        Grid(f"readings{index}", columns("reading", "comparison", *PARTS), readings, others),
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
    tone: Tone = "good" if number.verdict == Verdict.REPRODUCED else "bad"
    return [
        Cell(f"{found.filters:,}", found.filters),
        _printed(number.printed) if number.printed else MISSING,
        _measured(found),
        _interval(found.wilson),
        _interval(found.clustered),
        Cell(number.verdict, tone=tone) if number.verdict else MISSING,
    ]


def measured_summary(result: SharesResult) -> list[str]:
    """How many printed numbers were reproduced, and what is missing."""
    judged = [n for n in result.numbers if n.verdict]
    lines = []
    if judged:
        good = sum(n.verdict == Verdict.REPRODUCED for n in judged)
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
