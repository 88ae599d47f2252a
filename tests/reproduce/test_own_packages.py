"""The command refuses to work with someone else's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reproduce.commands import own_packages
from reproduce.store.paths import ROOT

CHECK = (
    "from reproduce.commands.own_packages import ensure_own_packages; "
    "ensure_own_packages(); print('ours')"
)

# Stands for an editable installation: setuptools finds the packages after the whole path.
LATE_FINDER = f"""
import importlib.util, sys
from pathlib import Path

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        folder = Path({str(ROOT)!r}) / name
        if name in ("reproduce", "benchmarks", "analysis"):
            return importlib.util.spec_from_file_location(
                name, folder / "__init__.py", submodule_search_locations=[str(folder)])

sys.meta_path.append(Finder)
"""


def python(code: str, path: list[Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    return interpreter(["-c", code], path, cwd)


def interpreter(
    arguments: list[str], path: list[Path], cwd: Path
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run(
        # -S: no site-packages, and so no installation of ours beside the path given here.
        [sys.executable, "-S", "-P", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )


def assert_refused(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    for part in parts:
        assert part in done.stderr


def test_our_own_packages_are_accepted(tmp_path):
    done = python(CHECK, [ROOT], tmp_path)
    assert (done.returncode, done.stdout) == (0, "ours\n")
    assert own_packages.complaint() is None


@pytest.mark.parametrize("name", ["benchmarks", "analysis"])
@pytest.mark.parametrize("as_module", [False, True])
def test_a_foreign_package_is_named_and_never_imported(tmp_path, name, as_module):
    file = tmp_path / (f"{name}.py" if as_module else f"{name}/__init__.py")
    file.parent.mkdir(exist_ok=True)
    file.write_text("print('imported')\n")
    done = python(CHECK, [tmp_path, ROOT], tmp_path)
    assert_refused(done, f"another {name}", str(tmp_path), "pip install -e")


def test_the_command_itself_refuses_before_it_imports_anything(tmp_path):
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").write_text("print('imported')\n")
    done = interpreter(["-m", "reproduce", "list"], [tmp_path, ROOT], tmp_path)
    assert_refused(done, "reproduce: another benchmarks", str(tmp_path))


def test_a_mere_folder_of_that_name_hides_an_editable_installation(tmp_path):
    (tmp_path / "benchmarks").mkdir()
    assert python(LATE_FINDER + CHECK, [], tmp_path).returncode == 0
    done = python(LATE_FINDER + CHECK, [tmp_path], tmp_path)
    assert_refused(done, "another benchmarks", str(tmp_path))


def test_a_missing_package_is_named(tmp_path):
    shutil.copytree(ROOT / "reproduce", tmp_path / "reproduce")
    (tmp_path / "paper_tables").mkdir()
    assert_refused(python(CHECK, [tmp_path], tmp_path), "benchmarks cannot be found", "pip install")


def test_a_copy_without_the_checkout_is_refused(tmp_path):
    for name in ("reproduce", "benchmarks", "analysis"):
        shutil.copytree(ROOT / name, tmp_path / name)
    assert_refused(python(CHECK, [tmp_path], tmp_path), "paper_tables", "pip install -e")
