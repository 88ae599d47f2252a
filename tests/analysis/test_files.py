"""The CSV holds science only and both files are the same bytes again."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import table_cases as cases
from rendered import csv_of as csv_text
from rendered import json_of as json_text

from analysis.tables.results import TableResult

VERDICTS = ("reproduced", "not reproduced", "inconclusive", "confirmed", "contradicted")


def rows_of(result: TableResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_text(result))))


def load(result: TableResult) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(json_text(result), parse_constant=refuse)


def test_a_second_analysis_gives_the_same_bytes() -> None:
    again = cases.mixed.__wrapped__()
    assert csv_text(again) == csv_text(cases.mixed())
    assert json_text(again) == json_text(cases.mixed())


def test_the_order_of_the_runs_does_not_reach_the_files() -> None:
    runs = cases.frame({name: cases.around(name) for name in cases.NAMES})
    backwards = cases.full(runs.iloc[::-1])
    assert csv_text(backwards) == csv_text(cases.complete())
    assert json_text(backwards) == json_text(cases.complete())


def test_one_row_a_run_in_the_tables_order() -> None:
    rows = rows_of(cases.complete())
    places = [(row["cell"], int(row["seed"])) for row in rows]
    assert places == [(name, seed) for name in cases.NAMES for seed in range(15)]
    first = rows[0]
    assert (first["protocol"], first["kind"]) == ("full", "locality")
    assert (first["gamma"], first["eta"], first["precision"]) == ("1.6", "2.4", "float32")
    for row in rows:
        assert float(row["accuracy"]) == int(row["correct"]) / int(row["total"])


def test_the_csv_names_no_machine_and_no_time() -> None:
    text = csv_text(cases.mixed())
    header = text.splitlines()[0].split(",")
    assert not {"machine", "host", "wall_seconds", "finished", "job"} & set(header)
    assert "EPYC" not in text
    assert "H200" not in text
    assert {row["diverged"] for row in rows_of(cases.mixed())} == {"0", "1"}


def test_a_table_without_runs_has_a_header_and_missing_cells() -> None:
    result = cases.empty()
    assert csv_text(result).count("\n") == 1
    document = load(result)
    assert document["runs"] == 0
    assert {cell["level"]["verdict"] for cell in document["cells"]} == {"missing"}


def test_the_json_holds_every_number_of_cells_and_comparisons() -> None:
    document = load(cases.mixed())
    cells = {cell["name"]: cell for cell in document["cells"]}
    partial = cells["locality 1.6 2.2"]
    assert (partial["n"], partial["planned"], partial["published"]) == (12, 15, ".8793")
    assert partial["interval"]["rank_low"] == 3
    assert partial["level"]["verdict"] == "reproduced"
    assert partial["level"]["smallest_delta"] > 0
    assert cells["plain 1 1"]["mixes_machines"] is True
    assert cells["permuted 2.4 1.6"]["diverged"] == 2
    assert cells["anti 0.8 0.8"]["median"] is None
    row = document["comparisons"][0]
    for name in ("test", "shift", "brunner_munzel", "effect", "agreement"):
        assert isinstance(row[name], dict)
    for name in ("p_normal", "p_holm", "superiority"):
        assert 0 <= row[name] <= 1
    assert 0 <= row["agreement"]["expected_probability"] <= 1
    assert document["delta_points"] == "0.5"
    assert document["labels"] == ["INCOMPLETE: 165 of 195 runs"]
    assert document["machines"] == {cases.MACHINE: 160, cases.OTHER_MACHINE: 5}
    assert [reading["id"] for reading in document["readings"]] == ["L-03", "L-12", "T-02"]
    topics = {statement["topic"] for statement in document["notes"] if "topic" in statement}
    assert {"Estimator", "Test", "Runs", "Verdict", "Margin", "Machines"} <= topics


def test_infinite_numbers_are_text_and_absent_ones_null() -> None:
    runs = cases.frame({"locality 1.6 2.4": [8812], "permuted 2.4 1.6": [8740]})
    row = load(cases.full(runs))["comparisons"][0]
    assert (row["shift"]["low"], row["shift"]["high"]) == ("-inf", "inf")
    assert row["brunner_munzel"]["p_value"] is None


def test_a_quick_table_is_labelled_and_holds_no_verdict() -> None:
    result = cases.five_each()
    assert {row["protocol"] for row in rows_of(result)} == {"quick"}
    text = json_text(result)
    assert "QUICK: not comparable with the published numbers" in text
    assert not [word for word in VERDICTS if word in text]
    document = load(result)
    assert {cell["level"] for cell in document["cells"]} == {None}
    assert {row["effect"] for row in document["comparisons"]} == {None}
    assert all(row["test"]["p_value"] <= 1 for row in document["comparisons"])
