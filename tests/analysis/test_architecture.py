"""Comparing a network's layers with printed rows, and what is written of it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rendered
from hypothesis import given
from hypothesis import strategies as st

from analysis.documents.blocks import Note
from analysis.papers.locality import architecture
from analysis.papers.locality.architecture import document
from analysis.rendering import latex

LAYERS: list[dict[str, Any]] = [
    {
        "name": "features.conv1", "kind": "conv", "kernel": 3, "stride": 1, "in_channels": 3,
        "out_channels": 8, "side": 4, "out_side": 4, "weights": 216, "parameters": 232,
        "multiply_adds": 3456, "followed_by": ["bn", "relu"],
    },
    {
        "name": "features.conv2", "kind": "dwconv", "kernel": 3, "stride": 2, "in_channels": 8,
        "out_channels": 8, "side": 4, "out_side": 2, "weights": 72, "parameters": 88,
        "multiply_adds": 288, "followed_by": ["bn", "relu"],
    },
    {
        "name": "features.conv3", "kind": "pwconv", "kernel": 1, "stride": 1, "in_channels": 8,
        "out_channels": 16, "side": 2, "out_side": 2, "weights": 128, "parameters": 160,
        "multiply_adds": 512, "followed_by": ["bn", "relu"],
    },
    {
        "name": "pool", "kind": "maxpool", "kernel": 2, "stride": 2, "in_channels": 16,
        "out_channels": 16, "side": 2, "out_side": 1, "weights": 0, "parameters": 0,
        "multiply_adds": 0, "followed_by": [],
    },
    {
        "name": "classifier", "kind": "fc", "kernel": 0, "stride": 1, "in_channels": 16,
        "out_channels": 5, "side": 1, "out_side": 1, "weights": 80, "parameters": 85,
        "multiply_adds": 80, "followed_by": [],
    },
]  # fmt: skip
PRINTED = """net,idx,type,kernel,stride,in_ch,out_ch,input_hw,followed_by
Tiny,1,conv,3,1,3,8,4,bn relu
Tiny,2,dwconv,3,2,8,8,4,bn relu
Tiny,3,pwconv,1,1,8,16,2,bn relu
Tiny,4,maxpool,2,2,16,16,2,
Tiny,5,fc,,,16,nClasses,1,
Other,1,fc,,,3,nClasses,1,
"""
NOTES = [Note("50 % of λ_1 & 3×3", "L-16 bias")]
FIELDS = ["type", "kernel", "stride", "in_ch", "out_ch", "input_hw", "followed_by"]


def printed() -> list[dict[str, str]]:
    """The printed rows of two networks."""
    return list(csv.DictReader(io.StringIO(PRINTED)))


def tiny(rows: list[dict[str, str]] | None = None, net: str = "Tiny") -> architecture.Architecture:
    """Our layers with 5 and 6 classes beside the printed rows."""
    more = [*LAYERS[:-1], LAYERS[-1] | {"out_channels": 6, "parameters": 102}]
    return architecture.compare(net, {5: LAYERS, 6: more}, printed() if rows is None else rows)


def test_an_equal_network_is_the_same_in_every_row() -> None:
    found = tiny()
    assert [row.verdict for row in found.rows] == ["same"] * 5
    assert found.verdict == architecture.overall([found]) == "same"
    assert found.parameters == {5: 565, 6: 582}
    assert found.totals == {
        "convolutions": 3,
        "convolution_weights": 416,
        "spatial_weights": 288,
        "parameters": 565,
        "multiply_adds": 4336,
    }


def test_types_and_shapes_are_written_as_in_the_paper() -> None:
    rows = tiny().rows
    assert [row.type for row in rows] == ["C/s1", "C dw/s2", "C/s1", "MP/s2", "FC/s1"]
    assert [row.filter for row in rows] == ["3×3×3×8", "3×3×8", "1×1×8×16", "2×2", "16×5"]


@given(row=st.integers(0, 4), column=st.sampled_from(FIELDS))
def test_any_other_printed_value_is_seen_in_its_row(row: int, column: str) -> None:
    rows = printed()
    rows[row][column] = "11"
    found = tiny(rows)
    assert [index for index, r in enumerate(found.rows) if r.differences] == [row]
    (difference,) = found.rows[row].differences
    assert difference.startswith(column)
    assert difference.endswith("in the paper 11")
    assert architecture.overall([tiny(), found]) == "different"


def test_rows_of_one_side_alone_differ() -> None:
    missing_there = tiny(printed()[:4])
    assert missing_there.rows[4].differences == ("not in the paper",)
    extra = {**printed()[4], "idx": "6"}
    missing_here = tiny([*printed()[:5], extra])
    assert missing_here.rows[5].differences == ("missing here: fc 16×nClasses",)
    assert tiny(net="Nowhere").verdict == "different"


def test_the_csv_has_the_published_columns_and_our_counts() -> None:
    rows = rendered.rows(document([tiny()], NOTES))
    for ours, theirs in zip(rows, printed(), strict=False):
        for column in theirs:
            blank = column in architecture.UNPRINTED and not theirs[column]
            if not blank and theirs[column] != "nClasses":
                assert ours[column] == theirs[column]
    assert [row["multiply_adds"] for row in rows] == ["3456", "288", "512", "0", "80"]
    assert {row["verdict"] for row in rows} == {"same"}


def test_the_json_holds_rows_counts_and_notes() -> None:
    rows = printed()
    rows[1]["stride"] = "1"
    found = rendered.facts(document([tiny(rows)], NOTES))
    assert found["verdict"] == "different"
    (net,) = found["networks"]
    assert net["parameters"] == {"5": 565, "6": 582}
    assert net["rows"][1]["differences"] == ["stride 2, in the paper 1"]
    assert net["rows"][1]["ours"]["weights"] == 72
    assert {"topic": "L-16 bias", "text": "50 % of λ_1 & 3×3"} in found["notes"]


def test_the_terminal_says_which_row_differs_and_how_within_80_columns() -> None:
    rows = printed()
    rows[1]["stride"] = "1"
    rows.insert(5, {**rows[4], "idx": "6"})
    text = rendered.printed(document([tiny(), tiny(rows)], NOTES))
    assert "5 of 5 rows as printed" in text
    assert "4 of 6 rows as printed" in text
    assert "row 2 differs: stride 2, in the paper 1" in text
    assert "missing here" in text


CASES = {
    "same": [tiny()],
    "two": [tiny(), replace(tiny(printed()[:4]), net="A_%")],
    "longer": [tiny([*printed()[:5], {**printed()[4], "idx": "6"}]), tiny()],
}


@rendered.NEEDS_LATEX
@pytest.mark.parametrize("name", CASES)
def test_the_document_compiles_as_it_is(name: str, tmp_path: Path) -> None:
    rendered.compiled(document(CASES[name], NOTES), tmp_path)


def test_the_latex_layout_aligns_the_last_layers_and_marks_what_differs() -> None:
    shorter = architecture.compare("Short", {5: LAYERS[2:]}, printed())
    lines = latex.fragments(document([tiny(), shorter], NOTES))["layout"].splitlines()
    body = lines[lines.index(r"\midrule") + 1 : lines.index(r"\bottomrule")]
    assert len(body) == 7
    assert body[5] == r"\midrule"
    last = [cell.strip(" \\") for cell in body[4].split("&")]
    assert (last[0], last[4]) == ("FC/s1", r"FC/s1 $^{\dagger}$")
    assert [cell.strip(" \\") for cell in body[3].split("&")][4:] == [""] * 4
    assert [cell.strip(" \\") for cell in body[6].split("&")][1:4] == ["total", "565", "4,336"]
