"""Operating points of section 5.3.2, chosen among measured networks by the rules of their names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.documents.blocks import MISSING, Block, Cell, Grid, columns, row
from analysis.documents.panels import Curves, FigureBlock, Sampled, Series
from analysis.documents.table_figure import looks_of
from analysis.documents.table_notes import labels
from analysis.tables.results import TableResult

NEAR = 0.005  # of an error: what "near" and "match" allow (C-31)
ROUNDING = 1e-9  # of shares: 0.412 may be a little more than 0.407 + 0.005
ALEXNET = 0.407  # Table 3's top-1 error
MODELS = ("SimpleNet", "CompressedNet", "CompactNet")
MILLIONS, THOUSANDS = (1e6, "millions"), (1e3, "thousands")


@dataclass(frozen=True)
class Network:
    """A cell's medians: error as a share, weights that are not zero."""

    cell: str
    model: str
    error: float
    parameters: float


def networks(results: Sequence[TableResult]) -> list[Network]:
    """The cells of the three models that have both medians.

    Args:
        results: the same cells by top-1 error first and, among others, effective parameters.
    """
    by_name = {r.about.measure.name: r for r in results}
    sizes = {c.name: c.median for c in by_name["effective parameters"].cells}
    found = []
    for cell in by_name["top-1 error"].cells:
        error, size = cell.median, sizes[cell.name]
        if cell.kind not in MODELS or error is None or size is None:
            continue
        if math.isfinite(error) and math.isfinite(size):
            found.append(Network(cell.name, cell.kind, error, size))
    return found


def points(found: Sequence[Network], reference: float | None = ALEXNET) -> dict[str, Network]:
    """The networks by the names of their scenarios, those that exist.

    Args:
        reference: the error that a compressed network comes near to; None for no such point.
    """
    best = {m: min(own, key=lambda n: n.error) for m in MODELS if (own := _of(found, m))}
    chosen = {f"{model}-B": network for model, network in best.items()}
    rules: list[tuple[str, str, float | None]] = [
        *((f"{m}-C", m, reference) for m in MODELS[1:]),
        *((f"{m}-M-SN", m, _error(best, "SimpleNet")) for m in MODELS[1:]),
        ("CompactNet-M-CN", "CompactNet", _error(best, "CompressedNet")),
    ]
    for name, model, target in rules:
        if target is not None:
            reaching = [n for n in _of(found, model) if n.error <= target + NEAR + ROUNDING]
            if reaching:
                chosen[name] = min(reaching, key=lambda n: n.parameters)
    return chosen


def _of(found: Sequence[Network], model: str) -> list[Network]:
    return [network for network in found if network.model == model]


def _error(best: Mapping[str, Network], model: str) -> float | None:
    return best[model].error if model in best else None


def blocks(
    result: TableResult, results: Sequence[TableResult], printed: Sequence[Mapping[str, str]]
) -> list[Block]:
    """Table 3 with our operating points beside the printed rows, others' networks shown.

    Args:
        results: as :func:`networks` takes them.
        printed: ``type``, ``method``, ``top1``, ``top5`` and ``params_M``; none in other forms.
    """
    chosen = points(networks(results), ALEXNET if result.has_levels else None)
    top5 = _medians(results, "top-5 error")
    rows = []
    methods: dict[str, Mapping[str, str]] = {line["method"]: line for line in printed}
    methods = methods or {name: {} for name in chosen}
    cells = {c.name: c for c in result.cells}
    sizes = _medians(results, "effective parameters")
    for method, line in methods.items():
        own = chosen.get(method)
        name = own.cell if own else method if method in cells else ""
        median = cells[name].median if name else None
        size = sizes.get(name)
        rows.append(
            row(
                method,
                *(line.get(key) or MISSING for key in ("top1", "top5", "params_M")),
                name or ("not trained" if printed else MISSING),
                Cell(result.about.measure.text(median), median),
                Cell(result.about.measure.text(top5.get(name)), top5.get(name)),
                Cell(MISSING if size is None else f"{size / 1e6:.3g}", size),
                group=line.get("type", ""),
            )
        )
    heads = ("top-1", "top-5", "M par.", "ours: cell", "top-1", "top-5", "M par.")
    caption = (
        "Operating points by the rule of their names (C-31) among the cells that have runs. M "
        "par.: millions of weights that are not zero. Others' networks are shown, not trained."
    )
    titles = columns("network", *heads, right=heads)
    return [Grid("points", titles, tuple(rows), "Operating points", caption, headed=True)]


def _medians(results: Sequence[TableResult], measure: str) -> dict[str, float | None]:
    return {c.name: c.median for r in results if r.about.measure.name == measure for c in r.cells}


def figure(
    result: TableResult, results: Sequence[TableResult], printed: Sequence[Mapping[str, str]]
) -> FigureBlock:
    """Error by effective parameters: all networks, operating points, and the printed ones."""
    found = networks(results)
    chosen = points(found, ALEXNET if result.has_levels else None)
    rows = [r for r in printed if r["method"].startswith(MODELS)]
    unit = MILLIONS if result.has_levels else THOUSANDS
    named: dict[Network, str] = {}
    for name, network in chosen.items():  # one network may stand at several
        scenario = name.partition("-")[2]
        named[network] = f"{named[network]}, {scenario}" if network in named else scenario
    panels = [
        _panel("ours, all networks", dict.fromkeys(found, ""), unit),
        _panel("ours, operating points", named, unit),
    ]
    if rows:
        known: dict[Network, str] = {}
        for line in rows:
            model, _, scenario = line["method"].partition("-")
            error, size = float(line["top1"]) / 100, 1e6 * float(line["params_M"])
            known[Network(line["method"], model, error, size)] = scenario
        panels.append(_panel("published operating points", known, unit))
    legend = tuple(Sampled("points", model, look) for model, look in looks_of(MODELS).items())
    title = (f"{result.about.title}: medians over the seeds", *labels(result))
    mark = "" if result.has_levels else result.about.protocol.upper()
    return FigureBlock(
        tuple(panels), legend, "points", len(panels), (3.2, 2.8), title, "xy", watermark=mark
    )


def _panel(title: str, found: Mapping[Network, str], unit: tuple[float, str]) -> Curves:
    series, (size, name_of_unit) = [], unit
    for model, look in looks_of(MODELS).items():
        own = _of(list(found), model)
        if own:
            x, y = tuple(n.parameters / size for n in own), tuple(100 * n.error for n in own)
            names = tuple(found[n] for n in own)
            series.append(Series(x, y, look, line=False, labels=names, name=model))
    x_title = f"weights other than 0, {name_of_unit}"
    return Curves(tuple(series), title, x_title, "top-1 error (%)", whole=False)
