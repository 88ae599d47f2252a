"""``reproduce doctor``: what this machine has, what it lacks, and how to get it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.data import DATASETS, DatasetInfo, header
from reproduce.commands import options as opt
from reproduce.commands.exit_codes import BAD_INPUT, DONE
from reproduce.commands.own_packages import complaint
from reproduce.store import hardware, provenance
from reproduce.store.paths import ROOT, default_data, default_results

if TYPE_CHECKING:
    from rich.console import RenderableType

GIB = 2**30
INSTALL = "pip install -e ."
# CIFAR-10's store takes 0.2 GiB, its download as much again while it is made.
DISK_NEEDED = 1 * GIB
LATEX_STYLES = ("booktabs.sty", "lmodern.sty")
# What Linux's common file systems take, where the system does not tell; a path's end counts too.
NAME_MAX, PATH_MAX = 255, 4096
# The longest name below a folder of results is that of a lease: it tells the host and the job, of
# up to 64 letters each.
LONGEST_NAME = 224
# The longest path is quick/claims/.NAME/NAME.
LONGEST_BELOW = 480
# The address of a UNIX socket has at most 107 bytes and a zero; workers that load images in other
# processes listen at one in the temporary folder, named as here.
SOCKET_MAX, SOCKET_NAME = 107, "/pymp-12345678/listener-12345678"
# What SLURM takes for a pattern in the path of a job's output.
SLURM_SIGNS = "%\\"


@dataclass(frozen=True)
class Row:
    """One thing that was looked at.

    Attributes:
        state: "ok", "low", "missing" or "broken".
        found: what is there, in a few words.
        fix: how to get it; empty where nothing is to be done.
        essential: whether the suite cannot work without it.
    """

    name: str
    state: str
    found: str
    fix: str = ""
    essential: bool = False


def _row(
    name: str, found: str, fix: str = "", state: str = "missing", *, essential: bool = False
) -> Row:
    """ "ok" where there is nothing to fix, else in the given state."""
    return Row(name, state if fix else "ok", found, fix, essential)


def doctor(data: opt.Data = None, results: opt.Results = None, as_json: opt.Json = False) -> int:
    """What this machine has and lacks, and how to get it."""
    found = rows(data or default_data(), results or default_results())
    if as_json:
        print(json.dumps([asdict(row) for row in found], indent=1, ensure_ascii=False))
    else:
        from rich.console import Console

        Console().print(render(found))
    lacks = any(r.essential and r.state in ("missing", "broken") for r in found)
    return BAD_INPUT if lacks else DONE


def rows(data: Path, results: Path) -> list[Row]:
    """Everything, in the order of the report; changes nothing on disk."""
    return [
        *_packages(),
        *_torch(),
        *_machine(),
        *_folders(data, results),
        _length("data path", data, "--data or REPRODUCE_DATA"),
        _results_path(results),
        temporary_path(Path(tempfile.gettempdir())),
        *(_dataset(info, data) for info in DATASETS.values()),
        *_programs(),
    ]


def render(found: Sequence[Row]) -> RenderableType:
    """A table for a terminal of 80 columns."""
    from rich.table import Table
    from rich.text import Text

    colours = {"ok": "green", "low": "yellow", "missing": "yellow", "broken": "red"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, width in {"what": 14, "state": 7, "found": 25, "fix": None}.items():
        table.add_column(heading, width=width, overflow="fold")
    for row in found:
        colour = "red" if row.essential and row.state != "ok" else colours[row.state]
        state = Text(row.state, style=colour)
        table.add_row(Text(row.name), state, Text(row.found), Text(row.fix))
    return table


def requirements() -> tuple[str, dict[str, str], dict[str, str]]:
    """pyproject.toml's minimum Python, and the minimum version of each package: required, test."""
    with open(ROOT / "pyproject.toml", "rb") as stream:
        project = tomllib.load(stream)["project"]
    required, test = (
        {name: minimum for name, _, minimum in (text.partition(">=") for text in texts)}
        for texts in (project["dependencies"], project["optional-dependencies"]["test"])
    )
    return project["requires-python"].removeprefix(">="), required, test


def _is_older(version: str, minimum: str) -> bool:
    ours, least = (re.match(r"\d+(\.\d+)*", text) for text in (version, minimum))
    numbers = [[int(n) for n in found[0].split(".")] if found else [] for found in (ours, least)]
    return numbers[0] < numbers[1]


def _packages() -> Iterator[Row]:
    least, required, test = requirements()
    here = ".".join(map(str, sys.version_info[:3]))
    fix = f"Python {least} or newer, such as `conda env create -f environment.yml`"
    yield _row("python", here, fix if _is_older(here, least) else "", "broken", essential=True)
    problem = complaint() or ""
    found = "other packages win" if problem else str(ROOT)
    yield _row("this checkout", found, problem, "broken", essential=True)
    for name, minimum in required.items():
        yield _package(name, minimum)
    lacking = [name for name, minimum in test.items() if _package(name, minimum).fix]
    fix = 'pip install -e ".[test]" (only to run the tests)' if lacking else ""
    yield _row("test extra", f"without {', '.join(lacking)}" if lacking else ", ".join(test), fix)


def _package(name: str, minimum: str) -> Row:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return _row(name, f"needs {minimum}", INSTALL, essential=True)
    if _is_older(version, minimum):
        return _row(name, f"{version}, needs {minimum}", INSTALL, "broken", essential=True)
    return _row(name, version, essential=True)


def _torch() -> Iterator[Row]:
    try:
        import torch
    except Exception as error:  # a broken installation raises nearly anything
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        fix = "pip install --force-reinstall torch"
        yield _row("torch imports", reason, fix, "broken", essential=True)
        return
    build = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "for the CPU"
    yield _row("torch imports", f"built {build}", essential=True)
    if names := hardware.gpu_names():
        yield _row("GPU", ", ".join(names))
    elif shutil.which("nvidia-smi"):
        fix = f"a driver that supports CUDA {torch.version.cuda}, or a torch built for the driver"
        yield _row("GPU", f"torch {build} cannot use it", fix)
    else:
        yield _row("GPU", "none", "not needed: runs train on the CPU, in hours")


def _machine() -> Iterator[Row]:
    flags = hardware.bf16_flags()
    found = ", ".join(flags) or "no such instructions: nearly as fast as float32"
    yield _row("bf16 on CPU", found)
    usable, present = hardware.usable_cores(), os.cpu_count() or 1
    yield _row("CPU cores", f"{usable:g} of {present} usable; {hardware.cpu_name()}")
    memory = hardware.available_memory()
    low = memory is not None and memory < hardware.WORKER_BYTES
    fix = f"a worker needs {hardware.WORKER_BYTES / GIB:.1f} GiB" if low else ""
    found = f"{memory / GIB:.1f} GiB available" if memory is not None else "not known here"
    yield _row("memory", found, fix, "low")


def _folders(data: Path, results: Path) -> Iterator[Row]:
    for name, folder, option in (("data", data, "--data"), ("results", results, "--results")):
        free = shutil.disk_usage(hardware.existing(folder)).free
        fix = f"make room, or choose another folder with {option}" if free < DISK_NEEDED else ""
        yield _row(f"disk for {name}", f"{free / GIB:.1f} GiB free", fix, "low")
    folder = hardware.existing(results)
    found, fix = "writable", ""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        found, fix = (
            f"{folder}: {error.strerror}",
            "choose another with --results or REPRODUCE_RESULTS",
        )
    yield _row("results folder", found, fix, "broken", essential=True)


def _results_path(folder: Path) -> Row:
    name, options = "results path", "--results or REPRODUCE_RESULTS"
    row = _length(name, folder, options)
    if row.fix:
        return replace(row, essential=True)
    if (longest := _limits(folder)[0]) < LONGEST_NAME:
        found = f"file names of at most {longest} bytes, leases may need {LONGEST_NAME}"
        return _row(name, found, f"choose one on another file system with {options}", "low")
    if sign := next((sign for sign in SLURM_SIGNS if sign in str(folder)), None):
        fix = f"for SLURM only: choose one without {sign} in its path with {options}"
        return _row(name, f"{sign}, to SLURM a pattern", fix, "low")
    return row


def temporary_path(folder: Path) -> Row:
    """Whether workers can listen at sockets in the folder of temporary files."""
    size, most = len(os.fsencode(folder)), SOCKET_MAX - len(SOCKET_NAME)
    if size <= most:
        return _row("temporary path", f"{size:,} bytes long")
    found = f"{size:,} bytes, sockets in it allow {most}"
    return _row("temporary path", found, "set TMPDIR to a short path, such as /tmp", "low")


def _length(name: str, folder: Path, options: str) -> Row:
    """Whether the folder leaves room for the names and paths of what is written below it."""
    name_max, path_max = _limits(folder)
    longest = max((len(os.fsencode(part)) for part in folder.parts), default=0)
    size, most = len(os.fsencode(folder)), path_max - 1 - LONGEST_BELOW
    found, fix = f"{size:,} bytes long", ""
    if longest > name_max:
        found = f"a name of {longest:,} bytes in it, {name_max} allowed"
        fix = f"choose one with shorter names with {options}"
    elif size > most:
        found, fix = (
            f"{size:,} bytes, {most:,} leave room for files",
            f"choose a shorter path with {options}",
        )
    return _row(name, found, fix, "broken")


def _limits(folder: Path) -> list[int]:
    """How many bytes a name and a path, with the zero at its end, may have there."""
    limits = []
    for name, otherwise in (("PC_NAME_MAX", NAME_MAX), ("PC_PATH_MAX", PATH_MAX)):
        found = 0
        with contextlib.suppress(OSError, ValueError):
            found = os.pathconf(hardware.existing(folder), name)
        limits.append(found if found > 0 else otherwise)
    return limits


def _dataset(info: DatasetInfo, data: Path) -> Row:
    name = f"data: {info.name}"
    state, problem = header.state(info, data)
    if state == "missing":
        return _row(name, f"not under {data}", f"reproduce data get {info.name}")
    if state == "damaged":
        return _row(name, f"damaged under {data}", problem, "broken")
    return _row(name, "made from scikit-learn" if info.embedded else str(data / info.store))


def _programs() -> Iterator[Row]:
    latex = shutil.which("pdflatex")
    lacking = [style for style in LATEX_STYLES if latex and not _found_by_latex(style)]
    fix = "only to compile the .tex; Debian: apt-get install texlive-latex-recommended lmodern"
    found = ", ".join(lacking) or latex or "none"
    yield _row("pdflatex", found, "" if latex and not lacking else fix)
    commit, dirty = provenance.git_state(ROOT)
    found = f"commit {commit[:12]}{', changed files' if dirty else ''}" if commit else "no commit"
    fix = "" if commit else "install git and work in a clone, so that records name their commit"
    yield _row("git", found, fix)
    queue = [program for program in ("sbatch", "squeue") if not shutil.which(program)]
    fix = "not needed; on a cluster load its SLURM module" if queue else ""
    yield _row("SLURM", f"no {', '.join(queue)}" if queue else "sbatch, squeue", fix)


def _found_by_latex(style: str) -> bool:
    """Whether a style is there; also where nothing tells."""
    command = ("kpsewhich", style)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return True
    return bool(done.stdout.strip())
