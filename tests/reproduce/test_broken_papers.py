"""Somebody's paper with a mistake in it: one line that says where, before anything is trained."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_toy_paper import MARGINS, PAPER, PARTS, PUBLISHED, TABLE

from reproduce.store.paths import ROOT

FILES = {
    "__init__.py": PAPER,
    "parts.py": PARTS,
    "table1.py": TABLE,
    "paper_tables/table1.csv": PUBLISHED,
    "paper_tables/margins.toml": MARGINS,
}


@pytest.mark.parametrize(
    ("file", "good", "bad", "words"),
    [
        ("__init__.py", "from", "form", "no paper's package: SyntaxError"),
        ("__init__.py", "PAPER =", "OTHER =", "has no attribute 'PAPER'"),
        ("parts.py", "toy_narrow", "vgg10", "two parts of the kind 'vgg10'"),
        ("table1.py", "from dataclasses", "form dataclasses", "declares no table: SyntaxError"),
        ("table1.py", '"lasso 0"),)', '"lasso 7"),)', "no cell lasso 7"),
        ("table1.py", '("lasso 0", "lasso 0.1")', '("lasso 0", "lasso 9")', "no cell lasso 9"),
        ("table1.py", "held_out=200", "held_out=0", "must hold images out"),
        ("table1.py", 'cell("0.1"))', 'cell("0.1"), cell("0"))', "two cells of one name"),
        ("paper_tables/table1.csv", "lasso 0,,.6", "lasso 8,,.6", "no cell 'lasso 8'"),
        ("paper_tables/table1.csv", "part,column", "part,row", "no column column"),
        ("paper_tables/table1.csv", ",.6,", ",NaN,", "'NaN'"),
        ("paper_tables/table1.csv", ".3,***", ".3,!!", "'!!'"),
        ("paper_tables/margins.toml", '"5"', '"-5"', "must be positive"),
        ("paper_tables/margins.toml", '"5"', '{ cifar10 = "5" }', "table1 has none for digits"),
        ("paper_tables/margins.toml", "[table1]", "[table2]", "no margin for table1"),
    ],
)
def test_a_mistake_in_a_paper_is_one_line(
    file: str, good: str, bad: str, words: str, tmp_path: Path
) -> None:
    for name, text in FILES.items():
        path = tmp_path / "papers" / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert name != file or good in text
        path.write_text(text.replace(good, bad, 1) if name == file else text)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "REPRODUCE_PAPERS": str(path.parents[2])}
    command = [sys.executable, "-m", "reproduce", "report", "toy/table1"]
    asked = [*command, "--results", str(tmp_path / "results")]
    ended = subprocess.run(asked, env=environment, capture_output=True, text=True)
    assert ended.returncode == 2, ended.stderr
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1
