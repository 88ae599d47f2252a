"""Networks are the units: medians over seeds, and cells against the plain one."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import rendering
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.documents.results import QUICK_LABEL
from analysis.figures import drawing
from analysis.papers.locality import magnitudes_document as reporting
from analysis.papers.locality.magnitudes import COLUMNS, MEASURES, CellSpec, analyse, network_values
from analysis.papers.locality.magnitudes_figure import figure
from analysis.statistics.estimates import holm
from analysis.statistics.rank_sum import rank_sum_test
from analysis.statistics.shift import hodges_lehmann

SPECS = (
    CellSpec("locality 1.6 2.4", "locality", "plain 1 1", 8),
    CellSpec("locality 1.6 1.8", "locality", "plain 1 1", 8),
    CellSpec("plain 1 1", "plain", None, 8),
    CellSpec("anti 0.6 0.4", "anti", "plain 1 1", 8),
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
    return pd.DataFrame(rows, columns=list(COLUMNS))


def made(data: pd.DataFrame | None = None, **changes) -> reporting.MagnitudesReport:
    data = frame() if data is None else data
    values = {"table": "Table III", "id": "locality/magnitudes/table3", "is_quick": False}
    return reporting.MagnitudesReport(
        **{**values, "variant": "", "found": analyse(data, SPECS), "layers": data, **changes}
    )


def printed(report: reporting.MagnitudesReport, width: int = 80) -> str:
    return rendering.printed(reporting.document(report), width)


def test_a_networks_values_by_hand():
    data = pd.DataFrame([row("a", 0, 1, 1.0, 100), row("a", 0, 2, 1.5, 300)])
    (values,) = network_values(data).to_dict("records")
    assert values["share_centre"] == (50 + 225) / 400
    assert values["mean_centre"] == pytest.approx(math.sqrt(1.0 * 1.5))
    assert values["rms_neighbour"] == pytest.approx(math.sqrt(1.0 * 1.5))


def test_a_layer_without_weights_has_no_ratio():
    data = pd.DataFrame([row("a", 0, 1, 1.3), row("a", 0, 2, 1.3)])
    data.loc[1, ["mean_centre", "mean_neighbour", "mean_corner"]] = 0.0
    (values,) = network_values(data).to_dict("records")
    assert values["mean_centre"] == pytest.approx(1.3)
    data.loc[0, ["mean_centre", "mean_neighbour", "mean_corner"]] = 0.0
    found = analyse(data.assign(cell="plain 1 1"), SPECS)
    assert "mean_centre" not in found.cells[2].summaries
    assert "rms_centre" in found.cells[2].summaries


def test_medians_and_tests_are_those_of_the_seeds():
    data = frame()
    found, values = analyse(data, SPECS), network_values(data)
    by_cell = {name: values[values["cell"] == name] for name in LEVELS}
    p_values: dict[str, dict[str, float]] = {}
    for measure in MEASURES:
        for cell in found.cells:
            sample = by_cell[cell.spec.name][measure.key]
            assert cell.summaries[measure.key].median == pytest.approx(np.median(sample))
            interval = cell.summaries[measure.key].interval
            assert interval.low == np.sort(sample)[0]  # of eight, first to last
            if cell.spec.baseline:
                base = by_cell["plain 1 1"][measure.key]
                got = found.difference(cell.spec.name, measure.key)
                assert got.test.p_value == rank_sum_test(sample, base).p_value
                assert got.shift.estimate == hodges_lehmann(sample, base).estimate
                p_values.setdefault(measure.key, {})[cell.spec.name] = got.test.p_value
    for key, family in p_values.items():
        for name, adjusted in holm(family, 3).items():
            assert found.difference(name, key).p_holm == adjusted


def test_holm_counts_the_cells_that_are_missing_too():
    found = analyse(frame(cells=("plain 1 1", "anti 0.6 0.4")), SPECS)
    difference = found.difference("anti 0.6 0.4", "mean_centre")
    assert difference.p_holm == pytest.approx(3 * difference.test.p_value)
    assert found.difference("locality 1.6 2.4", "mean_centre") is None


def test_the_answers_follow_the_networks():
    assert reporting.answers(analyse(frame(), SPECS)) == [
        "locality (2 cells) against plain L2: mean c/n above in 2, below in 0, undecided in 0; "
        "mean n/co above in 2, below in 0, undecided in 0.",
        "anti (1 cell) against plain L2: mean c/n above in 0, below in 1, undecided in 0; "
        "mean n/co above in 0, below in 1, undecided in 0.",
    ]
    same = frame().assign(mean_centre=0.1, mean_corner=0.1)
    assert all("above in 0, below in 0" in line for line in reporting.answers(analyse(same, SPECS)))
    part = reporting.answers(analyse(frame(cells=("locality 1.6 2.4", "plain 1 1")), SPECS))
    assert "above in 1, below in 0, undecided in 0, missing in 1" in part[0]
    assert "missing in 1" in part[1]


@settings(max_examples=8)
@given(st.permutations(range(4 * 3 * 3)))
def test_the_rows_order_does_not_matter(order):
    data = frame(3)
    assert analyse(data.iloc[list(order)], SPECS) == analyse(data, SPECS)


def test_what_does_not_fit_the_table_is_refused():
    with pytest.raises(ValueError, match="does not have: plain 1 1"):
        analyse(frame(cells=("plain 1 1",)), SPECS[:1])
    with pytest.raises(ValueError, match="two networks"):
        analyse(pd.concat([frame(1), frame(1)]), SPECS)


def test_five_networks_have_no_interval_and_a_missing_cell_says_so():
    data = frame(5, cells=("locality 1.6 2.4", "plain 1 1"))
    text = printed(made(data, missing="`reproduce table3 --save-weights`"))
    assert "INCOMPLETE: weights of 10 of 32 networks" in text
    assert "n = 0/8" in text
    assert "missing" in text
    assert "`reproduce table3 --save-weights`" in text
    levels = text.partition("minus")[0]
    assert "[" not in levels


def test_the_report_fits_80_columns_and_shows_intervals():
    text = printed(made())
    assert "n = 8/8" in text
    assert "INCOMPLETE" not in text
    levels = text.partition("minus")[0]
    assert levels.count("[") == 4 * 8
    assert "***" in text


def test_quick_variant_and_diverged_are_told():
    specs = (CellSpec("locality 1.6 2.4", "locality", "plain 1 1", 8, diverged=2), *SPECS[1:])
    report = made(is_quick=True, variant="precision=bf16", found=analyse(frame(), specs))
    text = printed(report)
    assert QUICK_LABEL in text
    assert "VARIANT: precision=bf16" in text
    assert "2 diverged runs are left out" in text


def test_csv_and_json_hold_every_network():
    report = made()
    rows = rendering.rows(reporting.document(report))
    assert len(rows) == 4 * 8 * 3
    assert [r["cell"] for r in rows[::24]] == [spec.name for spec in SPECS]
    assert float(rows[0]["mean_centre"]) == pytest.approx(frame().iloc[0]["mean_centre"])
    found = rendering.facts(reporting.document(report))
    assert len(found["differences"]) == 3 * len(MEASURES)
    assert [len(cell["measures"]["mean_centre"]["values"]) for cell in found["cells"]] == [8] * 4
    assert [len(cell["by_layer"]["mean_centre"]) for cell in found["cells"]] == [3] * 4


@rendering.NEEDS_LATEX
def test_the_latex_compiles_also_with_many_cells(tmp_path):
    names = [f"cifar100 MobileNet 1.4 1.56 0.{k:05d}" for k in range(108)]
    specs = [
        CellSpec(name, "locality", names[0] if k else None, 15) for k, name in enumerate(names)
    ]
    data = pd.DataFrame([row(name, seed, 1, 1.01) for name in names for seed in range(6)])
    report = made(found=analyse(data, specs), layers=data)
    rendering.compiled(reporting.document(report), tmp_path)


def test_the_figure_shows_every_network_and_every_layer():
    data = frame(cells=("locality 1.6 2.4", "plain 1 1", "anti 0.6 0.4"))
    block = figure(made(data).found, "Table III", ())
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
