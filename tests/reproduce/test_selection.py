"""Options resolved: readings and precision make variants, defaults make none."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import UserError
from reproduce.selection import select


def test_defaults_are_no_variant(tmp_path: Path) -> None:
    chosen = select("table3", results=tmp_path)
    assert (chosen.variant, dict(chosen.overrides), len(chosen.planned)) == ("", {}, 195)
    spelled = select(
        "table3", results=tmp_path, precision="float32", readings=["L-03=sum_sq", "L-34=1e-5"]
    )
    assert spelled.variant == ""
    assert spelled.planned == chosen.planned


def test_variants_have_other_runs_and_another_folder(tmp_path: Path) -> None:
    default = select("table3", results=tmp_path)
    other = select("table3", results=tmp_path, precision="bf16", readings=["L-03=half_sum_sq"])
    assert other.variant == "l2_convention=half_sum_sq,precision=bf16"
    hashes = {p.run.hash for p in default.planned} & {p.run.hash for p in other.planned}
    assert not hashes
    folders = [s.layout.report(s.table.id, s.variant) for s in (default, other)]
    assert folders[0] != folders[1]


def test_a_reading_of_the_analysis_keeps_the_runs(tmp_path: Path) -> None:
    default = select("table3", results=tmp_path)
    other = select("table3", results=tmp_path, readings=["rank_sum=normal"])
    assert other.planned == default.planned
    assert other.variant == "rank_sum=normal"


def test_quick_lives_in_its_own_tree(tmp_path: Path) -> None:
    quick = select("table3", quick=True, results=tmp_path)
    assert quick.layout.records == tmp_path / "quick" / "records"
    assert len(quick.planned) == 20


@pytest.mark.parametrize(
    "options",
    [{"precision": "fp8"}, {"readings": ["L-03"]}, {"readings": ["L-03=a"]}, {"seeds": "x"},
     {"only": ["x"]}],
)  # fmt: skip
def test_bad_options(tmp_path: Path, options: dict) -> None:
    with pytest.raises(UserError):
        select("table3", results=tmp_path, **options)
