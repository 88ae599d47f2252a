"""Networks are the units: medians over seeds, and cells against the plain one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
import rendered
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.documents.blocks import Document
from analysis.documents.panels import FigureBlock
from analysis.figures import drawing
from analysis.papers.locality import magnitudes_document as reporting
from analysis.papers.locality.magnitudes import MEASURES, RINGS, Cell, analyse, layer_of
from analysis.statistics.multiple_comparisons import holm
from analysis.statistics.rank_sum import rank_sum_test
from analysis.statistics.shift import hodges_lehmann
from analysis.tables.about import QUICK_LABEL

SPECS = (
    Cell("locality 1.6 2.4", "locality", "plain 1 1", 8),
    Cell("locality 1.6 1.8", "locality", "plain 1 1", 8),
    Cell("plain 1 1", "plain", None, 8),
    Cell("anti 0.6 0.4", "anti", "plain 1 1", 8),
)
LEVELS = {"locality 1.6 2.4": 1.2, "locality 1.6 1.8": 1.1, "plain 1 1": 1.0, "anti 0.6 0.4": 0.9}


def row(cell: str, seed: int, layer: int, ratio: float, filters: int = 100) -> dict:
    """A layer whose centre is ``ratio`` times its neighbours, and these that many times larger
    than the corners; shares follow the ratio too."""
    share = min(filters, round(filters * ratio / 2))
    return {
        "cell": cell, "seed": seed, "run": f"{cell}{seed}", "layer": layer, "name": f"conv{layer}",
        "filters": filters, "larger_centre": share, "larger_neighbour": share,
        "larger_abs_centre": share, "larger_abs_neighbour": share,
        "mean_centre": 0.1 * ratio, "mean_neighbour": 0.1, "mean_corner": 0.1 / ratio,
        "rms_centre": 0.2 * ratio, "rms_neighbour": 0.2, "rms_corner": 0.2 / ratio,
    }  # fmt: skip


def frame(seeds: int = 8, cells: tuple[str, ...] = tuple(LEVELS)) -> pd.DataFrame:
    random = np.random.default_rng(1)
    rows = [
        row(cell, seed, layer, LEVELS[cell] * (1 + 0.01 * random.standard_normal()))
        for cell in cells
        for seed in range(seeds)
        for layer in (1, 2, 3)
    ]
    return pd.DataFrame(rows)


def made(data: pd.DataFrame | None = None, cells: Sequence[Cell] = SPECS, **changes) -> Document:
    values = {"table": "Table III", "id": "locality/magnitudes/table3", "context": {}, **changes}
    return reporting.document(frame() if data is None else data, cells, **values)


def medians(data: pd.DataFrame) -> dict[str, float]:
    """Each measure of the one network in the data."""
    ((cell,), _) = analyse(data, [Cell("a", "plain", None, 1)])
    return {key: summary.median for key, summary in cell.measures.items()}


def told(data: pd.DataFrame) -> list[str]:
    return reporting.answers(*analyse(data, SPECS))


def test_a_networks_values_by_hand():
    values = medians(pd.DataFrame([row("a", 0, 1, 1.0, 100), row("a", 0, 2, 1.5, 300)]))
    assert values["share_centre"] == (50 + 225) / 400
    assert values["mean_centre"] == pytest.approx(math.sqrt(1.0 * 1.5))
    assert values["rms_neighbour"] == pytest.approx(math.sqrt(1.0 * 1.5))


def test_a_layer_without_weights_has_no_ratio():
    data = pd.DataFrame([row("a", 0, 1, 1.3), row("a", 0, 2, 1.3)])
    data.loc[1, ["mean_centre", "mean_neighbour", "mean_corner"]] = 0.0
    assert medians(data)["mean_centre"] == pytest.approx(1.3)
    data.loc[0, ["mean_centre", "mean_neighbour", "mean_corner"]] = 0.0
    assert "mean_centre" not in medians(data)
    assert "rms_centre" in medians(data)


def test_medians_and_tests_are_those_of_the_seeds():
    cells, differences = analyse(frame(), SPECS)
    plain = cells[2]
    for measure in MEASURES:
        p_values = {}
        for cell in cells:
            summary = cell.measures[measure.key]
            sample = summary.values
            assert summary.median == pytest.approx(np.median(sample))
            assert summary.interval == (min(sample), max(sample))  # of eight, first to last
            if cell.baseline:
                base = plain.measures[measure.key].values
                got = differences[cell.name, measure.key]
                assert got.p == rank_sum_test(sample, base).p_value
                assert got.shift == hodges_lehmann(sample, base).estimate
                p_values[cell.name] = got.p
        for name, adjusted in holm(p_values, 3).items():
            assert differences[name, measure.key].p_holm == adjusted


def test_holm_counts_the_cells_that_are_missing_too():
    _, found = analyse(frame(cells=("plain 1 1", "anti 0.6 0.4")), SPECS)
    difference = found["anti 0.6 0.4", "mean_centre"]
    assert difference.p_holm == pytest.approx(3 * difference.p)
    assert ("locality 1.6 2.4", "mean_centre") not in found


def test_the_answers_follow_the_networks():
    assert told(frame()) == [
        "locality (2 cells) against plain L2: mean c/n above in 2, below in 0, undecided in 0; "
        "mean n/co above in 2, below in 0, undecided in 0.",
        "anti (1 cell) against plain L2: mean c/n above in 0, below in 1, undecided in 0; "
        "mean n/co above in 0, below in 1, undecided in 0.",
    ]
    same = frame().assign(mean_centre=0.1, mean_corner=0.1)
    assert all("above in 0, below in 0" in line for line in told(same))
    part = told(frame(cells=("locality 1.6 2.4", "plain 1 1")))
    assert "above in 1, below in 0, undecided in 0, missing in 1" in part[0]
    assert "missing in 1" in part[1]


@settings(max_examples=8)
@given(st.permutations(range(4 * 3 * 3)))
def test_the_rows_order_does_not_matter(order):
    data = frame(3)
    assert analyse(data.iloc[list(order)], SPECS) == analyse(data, SPECS)


def test_networks_that_all_diverged_leave_an_empty_report():
    data = frame().iloc[:0]
    for layers in (data, data.astype(object)):
        text = rendered.printed(made(layers), 80)
        assert "INCOMPLETE: weights of 0 of 32 networks" in text


def test_five_networks_have_no_interval_and_a_missing_cell_says_so():
    data = frame(5, cells=("locality 1.6 2.4", "plain 1 1"))
    text = rendered.printed(made(data, missing="`reproduce table3 --save-weights`"), 80)
    assert "INCOMPLETE: weights of 10 of 32 networks" in text
    assert "n = 0/8" in text
    assert "missing" in text
    assert "`reproduce table3 --save-weights`" in text
    levels = text.partition("minus")[0]
    assert "[" not in levels


def test_the_report_fits_80_columns_and_shows_intervals():
    text = rendered.printed(made(), 80)
    assert "n = 8/8" in text
    assert "INCOMPLETE" not in text
    levels = text.partition("minus")[0]
    assert levels.count("[") == 4 * 8
    assert "***" in text


def test_quick_variant_and_diverged_are_told():
    cells = (Cell("locality 1.6 2.4", "locality", "plain 1 1", 8, diverged=2), *SPECS[1:])
    text = rendered.printed(made(cells=cells, form="quick", variant="precision=bf16"), 80)
    assert QUICK_LABEL in text
    assert "VARIANT: precision=bf16" in text
    assert "2 diverged runs are left out" in text


def test_csv_and_json_hold_every_network():
    report = made()
    rows = rendered.rows(report)
    assert len(rows) == 4 * 8 * 3
    assert [r["cell"] for r in rows[::24]] == [spec.name for spec in SPECS]
    assert float(rows[0]["mean_centre"]) == pytest.approx(frame().iloc[0]["mean_centre"])
    found = rendered.facts(report)
    assert len(found["differences"]) == 3 * len(MEASURES)
    assert [len(cell["measures"]["mean_centre"]["values"]) for cell in found["cells"]] == [8] * 4
    assert [len(cell["by_layer"]["mean_centre"]) for cell in found["cells"]] == [3] * 4


@rendered.NEEDS_LATEX
def test_the_latex_compiles_also_with_many_cells(tmp_path):
    names = [f"cifar100 MobileNet 1.4 1.56 0.{k:05d}" for k in range(108)]
    specs = [Cell(name, "locality", names[0] if k else None, 15) for k, name in enumerate(names)]
    data = pd.DataFrame([row(name, seed, 1, 1.01) for name in names for seed in range(6)])
    report = made(data, specs)
    rendered.compiled(report, tmp_path)


def test_the_figure_shows_every_network_and_every_layer():
    data = frame(cells=("locality 1.6 2.4", "plain 1 1", "anti 0.6 0.4"))
    (block,) = (b for b in made(data).blocks if isinstance(b, FigureBlock))
    drawn = drawing.draw(block)
    above, _, below, _ = drawn.axes
    dots = [len(line.get_xdata()) for line in above.lines if line.get_linestyle() == "None"]
    assert [count for count in dots if count > 2] == [8, 8, 8]
    assert [text.get_text() for text in above.texts if text.get_text()] == ["missing"]
    assert [label.get_text() for label in above.get_xticklabels()] == [s.name for s in SPECS]
    profiles = [line for line in below.lines if line.get_marker() != "None"]
    assert [len(line.get_xdata()) for line in profiles] == [3, 3, 3]
    looks = {(line.get_marker(), line.get_markerfacecolor()) for line in profiles}
    assert len(looks) == 3  # kinds apart without colour
    assert drawing.files(block) == drawing.files(block)


FILTERS = st.integers(1, 12).flatmap(
    lambda n: arrays(np.float32, (n, 3, 3), elements=st.floats(-4, 4, width=32))
)


def test_the_rings_are_all_positions_by_their_distance_from_the_centre():
    at = [position for ring in RINGS.values() for position in ring]
    assert sorted(at) == [(row, column) for row in range(3) for column in range(3)]
    for ring, squared in (("centre", 0), ("neighbour", 1), ("corner", 2)):
        assert {(r - 1) ** 2 + (c - 1) ** 2 for r, c in RINGS[ring]} == {squared}


@given(FILTERS)
def test_a_layers_magnitudes_against_loops(filters):
    found = layer_of(filters)
    assert found["filters"] == len(filters)
    for ring, positions in RINGS.items():
        values = [float(abs(one[place])) for one in filters for place in positions]
        assert found[f"mean_{ring}"] == pytest.approx(math.fsum(values) / len(values))
        squares = math.fsum(value**2 for value in values) / len(values)
        assert found[f"rms_{ring}"] == pytest.approx(math.sqrt(squares))
