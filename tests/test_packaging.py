"""The files that describe the project agree with each other and with the tree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from reproduce.store.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")),
)
TEST_COMMAND = ('pip install -e ".[test', "python -m pytest -n 2")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_package_of_the_tree_is_listed_and_nothing_else():
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for top in ("benchmarks", "reproduce", "analysis")
        for path in (ROOT / top).rglob("__init__.py")
    }
    listed = PROJECT["tool"]["setuptools"]["packages"]
    assert set(listed) == found
    assert len(listed) == len(set(listed))


def test_the_command_points_at_a_function():
    module, _, function = PROJECT["project"]["scripts"]["reproduce"].partition(":")
    source = text_of(module.replace(".", "/") + ".py")
    assert re.search(rf"^def {function}\(", source, re.MULTILINE)


def test_requirements_are_all_minimum_versions():
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    for requirement in [*project["dependencies"], *extras["test"], *extras["docs"]]:
        assert re.fullmatch(r"[a-z][a-z0-9-]*>=\d+(\.\d+)*", requirement), requirement


def test_the_conda_environment_takes_everything_from_pyproject():
    environment = yaml.safe_load(text_of("environment.yml"))
    *conda, pip = environment["dependencies"]
    assert environment["name"] == PROJECT["project"]["name"]
    assert conda == ["python" + PROJECT["project"]["requires-python"], "pip"]
    assert pip == {"pip": ["-e .[test,docs]"]}
    assert {"test", "docs"} <= set(PROJECT["project"]["optional-dependencies"])


def test_the_citation_is_complete_and_of_this_version():
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["message"]
    assert citation["title"].startswith(PROJECT["project"]["name"])
    assert citation["authors"]
    assert citation["version"] == PROJECT["project"]["version"]
    assert citation["license"] == PROJECT["project"]["license"]
    for reference in citation["references"]:
        assert {"type", "title", "authors"} <= set(reference)


def test_the_license_is_the_one_that_is_declared():
    assert PROJECT["project"]["license"] == "MIT"
    for name in PROJECT["project"]["license-files"]:
        assert text_of(name).startswith("MIT License")


def test_the_linter_and_the_types_know_the_same_python():
    minimum = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + minimum.replace(".", "")


def test_continuous_integration_is_a_script_that_parses():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert "set -euo pipefail" in script.read_text()


def test_the_readme_and_continuous_integration_test_by_the_same_command():
    for part in TEST_COMMAND:
        assert part in text_of("README.md")
        assert part in text_of(".ci/run")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_that_the_documents_name_are_there(name):
    text, folder = text_of(name), (ROOT / name).parent
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    code = re.findall(r"`([\w./-]+\.(?:py|toml|csv|yml|cff|md|json))`", text)
    folders = re.findall(r"`((?:benchmarks|reproduce|analysis|paper_tables|tests)/[\w./-]*)`", text)
    named = {ROOT / path for path in [*code, *folders] if not is_output(path)}
    missing = sorted(str(p) for p in {*named, *(folder / p for p in links)} if not p.exists())
    assert not missing


def is_output(path: str) -> bool:
    """Whether a command writes the file, so that a fresh clone lacks it."""
    return path.startswith(("results/", "data/"))


SHARED = (
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "benchmarks").glob("*.py")),
    *("benchmarks/training", "benchmarks/weights", "benchmarks/device_check"),
    # A data set or augmentation of its own file may say whose reading it is, as a penalty may.
    *(f"benchmarks/data/{n}.py" for n in ("dataset", "description", "store", "array_files")),
    *(f"benchmarks/data/{n}.py" for n in ("archives", "fetching", "importing", "source_layouts")),
    *(f"benchmarks/data/{n}.py" for n in ("folders", "folder_index", "pictures", "images")),
    *("benchmarks/models/model.py", "benchmarks/optimizers/optimizer.py"),
    *("benchmarks/penalties/term.py", "benchmarks/penalties/quadratic.py"),
    "benchmarks/procedures/phase.py",
    *("analysis/documents", "analysis/figures", "analysis/rendering"),
    *("analysis/statistics", "analysis/tables", "analysis/verdicts"),
    *("reproduce/catalogue", "reproduce/commands", "reproduce/executors"),
    *("reproduce/running", "reproduce/store"),
)
WORDS = re.compile(r"LOCO|ACNet|STRIP|LASSO|CompactNet|DH2L|Schneider|\b[LSCHB]-\d\d\b|Table [IV]")


def test_shared_rooms_know_no_papers_words() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for room in SHARED
        for path in sorted([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if WORDS.search(line)
    ]
    assert not found


def test_every_room_of_the_analysis_is_shared_but_the_papers() -> None:
    """So that a room that is renamed is not forgotten above."""
    rooms = {path.parent.name for path in (ROOT / "analysis").glob("*/__init__.py")}
    assert {f"analysis/{room}" for room in rooms - {"papers"}} <= set(SHARED)
    assert all((ROOT / place).exists() for place in SHARED)


def test_every_paper_is_kept_out_of_the_shared_rooms() -> None:
    """A contract names the packages, so that a new one could be forgotten."""
    (contract,) = (
        one
        for one in PROJECT["tool"]["importlinter"]["contracts"]
        if one["name"] == "Shared rooms know no paper"
    )
    papers = {
        f"reproduce.{path.parent.name}"
        for path in (ROOT / "reproduce").glob("*/__init__.py")
        if re.search(r"^PAPER = ", path.read_text(), re.MULTILINE)
    }
    assert papers
    assert set(contract["forbidden_modules"]) == {"analysis.papers", *papers}


def test_imports_keep_to_the_rooms() -> None:
    """The contracts are in pyproject.toml."""
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([tool], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
