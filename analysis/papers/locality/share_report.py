"""Table I in the terminal: the printed rows replayed, then what the weight files give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.papers.locality.share_replay import REPRODUCED, Attainable, Mixture, Printed, Replay
from analysis.papers.locality.share_results import WEIGHTS, Network, Number, SharesResult
from analysis.papers.locality.shares import COMPARISONS, HALVINGS, PARTS, Interval, Share

TITLE = "Table I (locality/table1)"
CAPTION = "Share of 3×3 spatial filters in which one weight is larger than another"
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
NOTHING = "–"


def render(result: SharesResult) -> RenderableType:
    """The report for a terminal of 80 columns or more."""
    heading = Text(TITLE, style="bold")
    heading.append(f"\n{CAPTION}", style="not bold")
    parts: list[RenderableType] = [
        heading,
        "",
        Text("The printed rows, replayed without weights", style="bold"),
        _replay_table(result),
    ]
    parts += ["", *(Text(line) for line in replay_summary(result))]
    for network in result.networks:
        parts += ["", *_network(result, network)]
    if measured_lines := measured_summary(result):
        parts += ["", *map(Text, measured_lines)]
    parts += ["", *(Text(line, style="dim") for line in notes(result))]
    return Group(*parts)


def _table(*columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for title in columns:
        table.add_column(title, justify="right" if title in right else "left", overflow="fold")
    return table


def _replay_table(result: SharesResult) -> Table:
    table = _table("", *PARTS, "mixture", "fits", "stars")
    for arch, comparison, *cells in replay_rows(result):
        if comparison == COMPARISONS[0]:
            table.add_row(f"{arch}, {structure(result, arch)}")
        table.add_row(f"  {comparison}", *cells)
    return table


def structure(result: SharesResult, arch: str) -> str:
    """Such as "13 layers, f = .0778"."""
    known = result.structures[arch]
    return f"{len(known.filters)} layers, f = {digits(known.weight(), 4)}"


def replay_rows(result: SharesResult) -> list[list[str]]:
    """Network, comparison, the printed all, lower and upper, mixture, fits, stars."""
    printed = {(row.arch, row.part, row.comparison): row for row in result.printed}
    rows = []
    for found in result.replay.mixtures:
        at = [printed[found.arch, part, found.comparison] for part in PARTS]
        stars = [a for a in result.replay.attainable if a.printed in at]
        rows.append(
            [
                *(found.arch, found.comparison),
                *(with_stars(row) for row in at),
                f"{digits(found.low, 4)}–{digits(found.high, 4)}",
                yes(found.holds),
                f"{sum(a.holds for a in stars)}/{len(stars)}",
            ]
        )
    return rows


def replay_summary(result: SharesResult) -> list[str]:
    """What the replay comes to, then each contradiction, a line each."""
    lines = [f"{_tally(result.replay)}."]
    other = result.replays[1]
    lines.append(
        f"With the lower half rounded up instead ({HALVINGS[1]}, L-14): {_tally(other)}"
        + "".join(f"; not {m.arch}, {m.comparison}" for m in other.mixtures if not m.holds)
        + "."
    )
    return lines + contradictions(result.replay)


def _tally(found: Replay) -> str:
    mixtures = sum(m.holds for m in found.mixtures)
    stars = sum(a.holds for a in found.attainable)
    return (
        f"{mixtures} of {len(found.mixtures)} totals are the mixture of their halves, "
        f"{stars} of {len(found.attainable)} printed stars are attainable"
    )


def contradictions(found: Replay) -> list[str]:
    """Each failed check in a line."""
    lines = [_no_mixture(m) for m in found.mixtures if not m.holds]
    return lines + [_no_stars(a) for a in found.attainable if not a.holds]


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
        f"{with_stars(printed)} of {found.filters:,} filters cannot be; attainable: {can}."
    )


def _network(result: SharesResult, network: Network) -> list[RenderableType]:
    heading = Text(title(network), style="bold")
    heading.append(f"\n{about(network)}", style="not bold")
    table = _table(
        *("w, floor", "filters", "paper", "here", "Wilson", "by layer", "verdict"),
        right=("filters",),
    )
    for comparison in COMPARISONS:
        table.add_row(comparison)
        for number in _default(result, network):
            if number.comparison == comparison:
                table.add_row(f"  {number.part}", *number_cells(number))
    found: list[RenderableType] = [heading, table, "", _variants(result, network)]
    if ties := tie_note(network):
        found.append(Text(ties))
    return found


def title(network: Network) -> str:
    """Such as "VGG16: keras-vgg16"."""
    return f"{network.arch}: {network.name}" if network.arch else network.name


def about(network: Network) -> str:
    """What was read, and how the layers' order is known."""
    return (
        f"{len(network.signed)} layers of 3×3, {network.filters:,} spatial filters; SHA-256 "
        f"{network.digest[:12]}. Depth by {network.order}."
    )


def _default(result: SharesResult, network: Network) -> list[Number]:
    return result.of(network, WEIGHTS[0], HALVINGS[0])


def number_cells(number: Number) -> list[str]:
    """Filters, paper, here, Wilson, by layer, verdict."""
    found = number.share
    if found is None:
        return ["0", *(NOTHING,) * 5]
    return [
        f"{found.filters:,}",
        with_stars(number.printed) if number.printed else NOTHING,
        measured(found),
        interval(found.wilson),
        interval(found.clustered),
        number.verdict or NOTHING,
    ]


def _variants(result: SharesResult, network: Network) -> Table:
    table = _table("other readings (L-13, L-14)", "", *PARTS)
    for reading, comparison, *cells in variant_rows(result, network):
        table.add_row(reading, comparison, *cells)
    return table


def variant_rows(result: SharesResult, network: Network) -> list[list[str]]:
    """Reading, comparison, and the shares of all, lower and upper, for every other reading."""
    rows = []
    for weights in WEIGHTS:
        for halving in network.halvings:
            if (weights, halving) == (WEIGHTS[0], HALVINGS[0]):
                continue
            numbers = result.of(network, weights, halving)
            for comparison in COMPARISONS:
                cells = [
                    measured(n.share) if n.share else NOTHING
                    for n in numbers
                    if n.comparison == comparison
                ]
                rows.append([f"{LABELS[weights]}, {halving}", comparison, *cells])
    return rows


LABELS = {"signed": "w", "magnitudes": "|w|"}


def tie_note(network: Network) -> str:
    """How many filters tie, where any do."""
    ties = {
        comparison: sum(layer.equal[comparison] for layer in network.signed)
        for comparison in COMPARISONS
    }
    if not any(ties.values()):
        return ""
    counts = ", ".join(f"{count:,} of {name}" for name, count in ties.items())
    return f"Equal weights, counted as not larger (L-47): {counts}."


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


def notes(result: SharesResult) -> list[str]:
    """How the numbers were found, then readings and deviations, a line each."""
    lines = [REPLAYED, HOW]
    for kind, text in (("readings", "value"), ("deviations", "text")):
        lines += [f"{e['id']} {e['name']}: {e[text]}" for e in result.context.get(kind, ())]
    return lines


def with_stars(printed: Printed) -> str:
    """The printed share with its stars: ".549***"; stars stand in line where a zero is lacking."""
    return f"{printed.text.removeprefix('0'):<4}{printed.stars}"


def measured(found: Share) -> str:
    """A measured share with its stars: ".5485***"."""
    return f"{digits(found.value, 4)}{found.stars}"


def interval(found: Interval | None) -> str:
    """Such as ".548–.550"."""
    if found is None:
        return NOTHING
    return f"{digits(found.low, 3)}–{digits(found.high, 3)}"


def digits(value: Fraction | float, count: int) -> str:
    """A share with ``count`` decimals and no leading zero."""
    return f"{float(value):.{count}f}".removeprefix("0")


def yes(value: bool) -> str:
    """ "yes" or "NO"."""
    return "yes" if value else "NO"


def paragraphs(result: SharesResult) -> Sequence[str]:
    """Everything that stands below the tables."""
    return (*replay_summary(result), *measured_summary(result), *notes(result))
