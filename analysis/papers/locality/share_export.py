"""Table I's report as files: CSV by number and by layer, JSON, and LaTeX that compiles."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from analysis.documents.latex_text import PREAMBLE, escape, floating_table
from analysis.papers.locality.share_replay import Attainable, Mixture, Replay
from analysis.papers.locality.share_report import (
    CAPTION,
    TITLE,
    about,
    number_cells,
    paragraphs,
    replay_rows,
    structure,
    title,
    variant_rows,
)
from analysis.papers.locality.share_results import WEIGHTS, Network, Number, SharesResult, place
from analysis.papers.locality.shares import COMPARISONS, CONFIDENCE, HALVINGS, Interval, two_sided_p

COLUMNS = (
    *("network", "source", "weights", "halving", "part", "comparison", "layers", "filters"),
    *("larger", "equal", "share", "stars", "p_value", "wilson_low", "wilson_high"),
    *("by_layer_low", "by_layer_high", "by_layer_p", "verdict"),
)
LAYER_COLUMNS = (
    *("network", "source", "weights", "layer", "name", "kind", "half", "comparison", "filters"),
    *("larger", "equal", "share", "p_value", "wilson_low", "wilson_high"),
)


def csv_text(result: SharesResult) -> str:
    """One row a number: the printed ones as source "paper", then those of every weight file."""
    return _csv(COLUMNS, [*_paper_rows(result), *map(_number_row, result.numbers)])


def _csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return stream.getvalue()


def _paper_rows(result: SharesResult) -> Iterable[list[Any]]:
    for found in result.replay.attainable:
        printed = found.printed
        layers = len(result.structures[printed.arch].filters)
        yield [
            *(printed.arch, "paper", WEIGHTS[0], HALVINGS[0], printed.part, printed.comparison),
            *(layers if printed.part == "all" else "", found.filters, "", ""),
            *(printed.text, printed.stars, "", "", "", "", "", ""),
            _consistency(result, found),
        ]


def _consistency(result: SharesResult, found: Attainable) -> str:
    printed = found.printed
    (mixed,) = (
        m
        for m in result.replay.mixtures
        if (m.arch, m.comparison) == (printed.arch, printed.comparison)
    )
    if not found.holds:
        return "stars not attainable"
    if printed.part == "all" and not mixed.holds:
        return "not the mixture of its halves"
    return "consistent"


def _number_row(number: Number) -> list[Any]:
    network, found = number.network, number.share
    start = [
        *(network.arch, network.name, number.weights, number.halving),
        *(number.part, number.comparison),
    ]
    if found is None:
        return [*start, 0, 0, *[""] * (len(COLUMNS) - len(start) - 2)]
    return [
        *start,
        *(found.layers, found.filters, found.larger, found.equal),
        *(_nine(float(found.value)), found.stars, _p(found.p_value), *_ends(found.wilson)),
        *(*_ends(found.clustered), _p(found.clustered_p), number.verdict),
    ]


def layers_csv(result: SharesResult) -> str:
    """One row for each layer, comparison and way of taking weights."""
    rows = [
        row
        for network in result.networks
        for weights in WEIGHTS
        for row in _layer_rows(network, weights)
    ]
    return _csv(LAYER_COLUMNS, rows)


def _layer_rows(network: Network, weights: str) -> Iterable[list[Any]]:
    for index, layer in enumerate(network.counts(weights)):
        for comparison in COMPARISONS:
            k, n = layer.larger[comparison], layer.filters
            low, high = proportion_confint(k, n, alpha=1 - CONFIDENCE, method="wilson")
            yield [
                *(network.arch, network.name, weights, index + 1, layer.name, layer.kind),
                *(place(network, index), comparison, n, k, layer.equal[comparison]),
                *(_nine(k / n), _p(float(two_sided_p(k, n))), _nine(low), _nine(high)),
            ]


def _nine(value: float) -> str:
    return f"{value:.9f}"


def _p(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _ends(found: Interval | None) -> tuple[str, str]:
    return ("", "") if found is None else (_nine(found.low), _nine(found.high))


def to_json(result: SharesResult) -> dict[str, Any]:
    """Everything; exact shares as counts, printed ones with their digits."""
    return {
        "id": "locality/table1",
        "holds": result.holds,
        "replays": [_replay_json(found) for found in result.replays],
        "contradicted": [
            {"network": p.arch, "part": p.part, "comparison": p.comparison}
            for p in result.contradicted
        ],
        "networks": [_network_json(result, network) for network in result.networks],
        "missing": dict(result.missing),
        **{kind: [dict(entry) for entry in entries] for kind, entries in result.context.items()},
    }


def json_text(result: SharesResult) -> str:
    """:func:`to_json` as text."""
    return json.dumps(to_json(result), indent=1, ensure_ascii=False) + "\n"


def _replay_json(found: Replay) -> dict[str, Any]:
    return {
        "halving": found.halving,
        "holds": found.holds,
        "mixtures": [_mixture_json(m) for m in found.mixtures],
        "stars": [
            {
                **{"network": a.printed.arch, "part": a.printed.part},
                **{"comparison": a.printed.comparison, "filters": a.filters},
                **{"share": a.printed.text, "stars": a.printed.stars, "holds": a.holds},
                **{"attainable": sorted(a.stars), "p_low": a.low, "p_high": a.high},
            }
            for a in found.attainable
        ],
    }


def _mixture_json(found: Mixture) -> dict[str, Any]:
    return {
        **{"network": found.arch, "comparison": found.comparison, "holds": found.holds},
        **{"low": round(float(found.low), 9), "high": round(float(found.high), 9)},
    }


def _network_json(result: SharesResult, network: Network) -> dict[str, Any]:
    numbers = [n for n in result.numbers if n.network is network]
    return {
        **{"name": network.name, "network": network.arch, "sha256": network.digest},
        **{"order": network.order, "filters": network.filters},
        "numbers": [dict(zip(COLUMNS[2:], _number_row(n)[2:], strict=True)) for n in numbers],
        "layers": [
            dict(zip(LAYER_COLUMNS[2:], row[2:], strict=True))
            for weights in WEIGHTS
            for row in _layer_rows(network, weights)
        ],
    }


def latex(result: SharesResult) -> str:
    """A complete LaTeX document: the replay, then two tables for each weight file."""
    items = "\n\n".join(escape(line) for line in paragraphs(result))
    tables = [floating_table(_replay_frame(result), f"{CAPTION}, as printed.", texts=2)]
    for network in result.networks:
        tables += _network_tables(result, network)
    return (
        PREAMBLE
        + rf"\section*{{{escape(TITLE)}}}"
        + "\n"
        + "".join(tables)
        + ("\\clearpage\n" if result.networks else "")  # else floats tear the text apart
        + "{\\footnotesize\\raggedright\n"
        + items
        + "\n\\par}\n\\end{document}\n"
    )


def _replay_frame(result: SharesResult) -> pd.DataFrame:
    rows = []
    for arch, comparison, *cells in replay_rows(result):
        name = f"{arch} ({structure(result, arch)})" if comparison == COMPARISONS[0] else ""
        rows.append([name, comparison, *cells])
    columns = ["network", "comparison", "all", "lower", "upper", "mixture", "fits", "stars"]
    return pd.DataFrame(rows, columns=columns)


def _network_tables(result: SharesResult, network: Network) -> list[str]:
    numbers = result.of(network, WEIGHTS[0], HALVINGS[0])
    rows = [[n.comparison if n.part == "all" else "", n.part, *number_cells(n)] for n in numbers]
    columns = ["comparison", "part", "filters", "paper", "here", "Wilson", "by layer", "verdict"]
    others = pd.DataFrame(
        variant_rows(result, network), columns=["reading", "comparison", "all", "lower", "upper"]
    )
    caption = f"{title(network)}. {about(network)}"
    return [
        floating_table(pd.DataFrame(rows, columns=columns), caption, texts=2),
        floating_table(others, f"{title(network)} under the other readings (L-13, L-14).", texts=2),
    ]
