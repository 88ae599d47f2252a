"""Options resolved: readings and precision make variants, defaults make none."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import UserError
from reproduce.catalogue.selection import select


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
    folders = [s.store.report(s.table.id, s.variant) for s in (default, other)]
    assert folders[0] != folders[1]


def test_a_reading_of_the_analysis_keeps_the_runs(tmp_path: Path) -> None:
    default = select("table3", results=tmp_path)
    other = select("table3", results=tmp_path, readings=["rank_sum=normal"])
    assert other.planned == default.planned
    assert other.variant == "rank_sum=normal"


@pytest.mark.parametrize(
    ("table", "form", "reading"),
    [
        ("table3", "full", "L-05=cifar100"),  # Table V's question
        ("table3", "quick", "L-18=gap"),  # also where the default is chosen
        ("table5", "quick", "L-05=cifar100"),  # quick tables have their own data
        ("table6", "quick", "L-20=1"),
    ],
)
def test_a_reading_that_changes_nothing_is_refused(
    tmp_path: Path, table: str, form: str, reading: str
) -> None:
    with pytest.raises(
        UserError, match=r"does not touch table3|changes nothing in Table VI?, quick"
    ):
        select(table, form=form, results=tmp_path, readings=[reading])


def test_a_reading_reaches_only_the_cells_that_it_is_about(tmp_path: Path) -> None:
    default = select("table6", results=tmp_path, seeds="1")
    other = select("table6", results=tmp_path, seeds="1", readings=["L-20=2", "head=flatten"])
    assert other.variant == "fold=2,head=flatten"
    same = [a == b for a, b in zip(default.planned, other.planned, strict=True)]
    assert same == [False] * 3 + [True] * 3
    digests = {planned.run.data.identity for planned in (default.planned[0], other.planned[0])}
    assert len(digests) == 2


def test_a_variants_name_is_one_folder(tmp_path: Path) -> None:
    chosen = select(
        "table5", results=tmp_path, readings=["L-06=7,7,7,7,7,3,3,3,3", "L-05=CIFAR-100"]
    )
    assert chosen.variant == "dataset=cifar100,kernel_sizes=" + "%2C".join("777773333")
    assert {planned.run.data.name for planned in chosen.planned} == {"cifar100"}


def test_quick_lives_in_its_own_tree(tmp_path: Path) -> None:
    quick = select("table3", form="quick", results=tmp_path)
    assert quick.store.records.folder == tmp_path / "quick" / "records"
    assert len(quick.planned) == 20


@pytest.mark.parametrize(
    "options",
    [{"precision": "fp8"}, {"readings": ["L-03"]}, {"readings": ["L-03=a"]}, {"seeds": "x"},
     {"only": ["x"]}],
)  # fmt: skip
def test_bad_options(tmp_path: Path, options: dict) -> None:
    with pytest.raises(UserError):
        select("table3", results=tmp_path, **options)
