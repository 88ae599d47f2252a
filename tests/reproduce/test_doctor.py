"""The doctor sees what is there, names what is not, and fails only where nothing could work."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
from importlib import metadata
from pathlib import Path

import pytest

from reproduce.commands import doctor
from reproduce.executors.slurm import arrays, snapshot
from reproduce.store import hardware
from reproduce.store.leases import Owner
from reproduce.store.paths import ROOT
from reproduce.store.store import Store

REQUIRED = doctor.requirements()[1]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "data", tmp_path / "results"


def by_name(folders: tuple[Path, Path]) -> dict[str, doctor.Row]:
    found = doctor.rows(*folders)
    assert len({row.name for row in found}) == len(found)
    return {row.name: row for row in found}


def test_this_machine_can_run_the_suite(folders, capsys):
    assert doctor.doctor(*folders, as_json=True) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    for name in ("python", "this checkout", "torch imports", "results folder", *REQUIRED):
        assert rows[name]["state"] == "ok"
        assert rows[name]["essential"]
    assert rows["numpy"]["found"] == metadata.version("numpy")


def test_nothing_is_made_or_left(folders, tmp_path):
    doctor.rows(*folders)
    assert list(tmp_path.iterdir()) == []


def test_whatever_lacks_says_how_to_get_it(folders):
    for row in doctor.rows(*folders):
        assert row.state in ("ok", "low", "missing", "broken")
        assert row.found
        assert bool(row.fix) == (row.state != "ok"), row


def test_missing_data_names_the_command(folders):
    row = by_name(folders)["data: cifar10"]
    assert row.state == "missing"
    assert not row.essential
    assert "reproduce data get cifar10" in row.fix


@pytest.mark.parametrize("text", ['{"digest": "00"}', "{", "[]"])
def test_a_damaged_store_is_broken_but_no_reason_to_fail(folders, text):
    store = folders[0] / "cifar10"
    store.mkdir(parents=True)
    (store / "store.json").write_text(text)
    row = by_name(folders)["data: cifar10"]
    assert row.state == "broken"
    assert str(store) in row.fix
    assert "reproduce data get cifar10" in row.fix
    assert doctor.doctor(*folders, as_json=True) == 0


def test_the_real_store_is_recognised(cifar10_root, tmp_path):
    row = by_name((cifar10_root, tmp_path))["data: cifar10"]
    assert row.state == "ok"


def test_a_results_folder_that_cannot_be_written_fails(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    row = by_name((tmp_path, tmp_path / "file" / "results"))["results folder"]
    assert row.state == "broken"
    assert "--results" in row.fix
    assert doctor.doctor(tmp_path, tmp_path / "file" / "results", as_json=False) == 2
    assert "broken" in capsys.readouterr().out


def deep(root: Path, size: int) -> Path:
    """A path of ``size`` bytes below ``root``, of names that are allowed; nothing is made."""
    path = str(root)
    while len(path) < size:
        path += "/" + "d" * min(200, size - len(path) - 1)
    return Path(path)


def test_a_path_that_leaves_no_room_is_told_before_anything_fails(tmp_path, capsys):
    most = doctor.PATH_MAX - 1 - doctor.LONGEST_BELOW
    assert len(str(deep(tmp_path, most))) == most
    row = by_name((tmp_path, deep(tmp_path, most)))["results path"]
    assert (row.state, row.found) == ("ok", f"{most:,} bytes long")
    long = deep(tmp_path, most + 2)
    row = by_name((tmp_path, long))["results path"]
    assert (row.state, row.essential) == ("broken", True)
    assert f"{most + 2:,} bytes" in row.found
    assert row.fix == "choose a shorter path with --results or REPRODUCE_RESULTS"
    assert doctor.doctor(tmp_path, long, as_json=True) == 2
    row = by_name((long, tmp_path))["data path"]
    assert (row.state, row.essential) == ("broken", False)
    assert "--data or REPRODUCE_DATA" in row.fix


def test_a_name_that_no_file_system_takes_is_told(tmp_path):
    """By its bytes, which are more than its letters."""
    name = "ä" * 128
    with pytest.raises(OSError, match="name too long"):
        (tmp_path / name).mkdir()
    for folder in (tmp_path / name, tmp_path / name / "below"):
        row = by_name((tmp_path, folder))["results path"]
        assert row.state == "broken"
        assert row.found == "a name of 256 bytes in it, 255 allowed"
    assert by_name((tmp_path, tmp_path / name[1:]))["results path"].state == "ok"


def test_a_file_system_of_short_names_is_told(tmp_path, monkeypatch):
    """As that of encrypted home folders."""
    real = os.pathconf
    monkeypatch.setattr(
        doctor.os, "pathconf", lambda f, n: 143 if n == "PC_NAME_MAX" else real(f, n)
    )
    row = by_name((tmp_path, tmp_path))["results path"]
    assert (row.state, "143" in row.found) == ("low", True)
    assert "another file system" in row.fix


@pytest.mark.parametrize("sign", doctor.SLURM_SIGNS)
def test_a_results_folder_that_slurm_refuses_is_told(tmp_path, sign):
    row = by_name((tmp_path, tmp_path / f"a{sign}b"))["results path"]
    assert row.state == "low"
    assert f"without {sign} in its path" in row.fix
    assert doctor.SLURM_SIGNS == arrays.UNFIT


def test_a_temporary_folder_too_deep_for_sockets_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    most = doctor.SOCKET_MAX - len(doctor.SOCKET_NAME)
    for size in (most, most + 1):
        folder = "./" + "t" * (size - 2)
        (tmp_path / folder / "pymp-12345678").mkdir(parents=True)
        with socket.socket(socket.AF_UNIX) as listener:
            fits = size == most
            with contextlib.nullcontext() if fits else pytest.raises(OSError, match="too long"):
                listener.bind(folder + doctor.SOCKET_NAME)
        row = doctor.temporary_path(Path("/" + "t" * (size - 1)))
        assert row.state == ("ok" if fits else "low")
        assert fits or "TMPDIR" in row.fix


def test_room_is_reckoned_for_the_longest_paths_of_a_results_folder(tmp_path):
    most = "x" * 64
    owner = Owner("0" * 12, most, "b" * 36, "4026531836", 4_194_304, "9" * 12, "slurm", most)
    assert len(f".{owner.name}") <= doctor.LONGEST_NAME
    base = Store(tmp_path, "quick")
    lease = base.leases().folder / f".{owner.name}" / owner.name
    code = max(snapshot._files(ROOT), key=len)
    copied = base.slurm / "code" / ("." + "0" * 16 + ".4194304.12345678.tmp") / code
    for path in (lease, copied, base.report("t" * 40, "v" * 255) / ("f" * 80)):
        below = len(str(path.relative_to(tmp_path))) + 1
        assert below <= doctor.LONGEST_BELOW, path


@pytest.mark.parametrize("version", ["2.10.9", None])
def test_an_old_or_missing_package_fails(folders, monkeypatch, version):
    real = metadata.version

    def installed(name: str) -> str:
        if name != "torch":
            return real(name)
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(doctor.metadata, "version", installed)
    row = by_name(folders)["torch"]
    assert row.state == ("broken" if version else "missing")
    assert "pip install -e ." in row.fix
    assert doctor.doctor(*folders, as_json=True) == 2


def test_versions_compare_as_numbers_and_ignore_the_build(folders, monkeypatch):
    real = metadata.version
    monkeypatch.setattr(
        doctor.metadata, "version", lambda name: "2.110.0+cu132" if name == "torch" else real(name)
    )
    assert by_name(folders)["torch"].state == "ok"


def test_another_distributions_packages_fail(folders, monkeypatch):
    monkeypatch.setattr(doctor, "complaint", lambda: "another benchmarks comes first")
    row = by_name(folders)["this checkout"]
    assert row.fix == "another benchmarks comes first"
    assert doctor.doctor(*folders, as_json=True) == 2


def test_too_little_memory_for_a_worker_is_told(folders, monkeypatch):
    monkeypatch.setattr(hardware, "available_memory", lambda: hardware.WORKER_BYTES - 1)
    row = by_name(folders)["memory"]
    assert row.state == "low"
    assert f"{hardware.WORKER_BYTES / doctor.GIB:.1f} GiB" in row.fix


def test_without_latex_queue_and_git_it_still_works(folders, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    rows = by_name(folders)
    for name in ("pdflatex", "SLURM", "git"):
        assert rows[name].state == "missing"
        assert not rows[name].essential
    assert doctor.doctor(*folders, as_json=True) == 0


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex")
def test_latex_without_its_styles_is_told_apart(folders, monkeypatch):
    monkeypatch.setattr(doctor, "LATEX_STYLES", ("booktabs.sty", "no-such-style.sty"))
    assert by_name(folders)["pdflatex"].found == "no-such-style.sty"


def test_the_table_fits_80_columns(folders, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    doctor.doctor(*folders, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert re.match(r"what +state +found +fix", lines[0])
