"""Where results come from."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from reproduce.store import provenance


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    folder = tmp_path / "checkout"
    (folder / "results").mkdir(parents=True)
    for name in ("code.py", "results/report.tex"):
        (folder / name).write_text("first\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_clean_checkout(checkout: Path) -> None:
    assert provenance.git_state(checkout) == (git(checkout, "rev-parse", "HEAD"), False)


def test_changed_code_is_dirty_and_redrawn_results_are_not(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    (checkout / "results/report.tex").write_text("second\n")
    (checkout / "untracked.txt").write_text("notes\n")
    assert provenance.git_state(checkout) == (commit, False)
    (checkout / "code.py").write_text("second\n")
    assert provenance.git_state(checkout) == (commit, True)


def test_a_folder_inside_another_projects_checkout_has_no_commit(checkout: Path) -> None:
    assert provenance.git_state(checkout / "results") == (None, None)


def test_no_checkout_and_no_commit(tmp_path: Path) -> None:
    assert provenance.git_state(tmp_path) == (None, None)
    if shutil.which("git"):
        git(tmp_path, "init", "-q")
        assert provenance.git_state(tmp_path) == (None, None)


def test_without_git(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert provenance.git_state(checkout) == (None, None)
    captured = provenance.capture("local")
    assert captured["commit"] is None
    assert captured["dirty"] is None


def test_capture_states_this_process() -> None:
    captured = provenance.capture("slurm")
    assert captured["executor"] == "slurm"
    assert captured["packages"]["torch"] == torch.__version__
    assert captured["packages"]["numpy"] == version("numpy")
    assert captured["device"]["kind"] == "cpu"
    assert captured["device"]["name"].strip()
    assert captured["host"] == os.uname().nodename
    age = datetime.now(UTC) - datetime.fromisoformat(captured["finished"])
    assert abs(age.total_seconds()) < 3_600


def test_an_absent_package_is_none() -> None:
    assert provenance._version("no_such_package_anywhere") is None


def test_machine_labels() -> None:
    cpu = provenance.capture("local")
    gpu = provenance.capture("local", device_kind="cuda", device_name="NVIDIA H200")
    torch_version = cpu["packages"]["torch"]
    assert provenance.machine_label(gpu) == f"NVIDIA H200 / torch {torch_version} / cuda"
    same = {**cpu, "sittings": [provenance.sitting(cpu), provenance.sitting(cpu)]}
    assert provenance.machine_label(same) == provenance.machine_label(cpu)
    moved = {**cpu, "sittings": [provenance.sitting(gpu), provenance.sitting(cpu)]}
    assert provenance.machine_label(moved) == " + ".join(
        [provenance.machine_label(gpu), provenance.machine_label(cpu)]
    )
    foreign = {**cpu, "sittings": [{"from_epoch": 0}]}
    assert provenance.machine_label(foreign) == provenance.machine_label(cpu)
