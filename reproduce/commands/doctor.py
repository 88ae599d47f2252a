"""``reproduce doctor``: what this machine has, what it lacks, and how to get it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.data import DATASETS, DatasetInfo, header
from reproduce.commands import path_lengths
from reproduce.origin import complaint
from reproduce.store import hardware, provenance
from reproduce.store.paths import ROOT, default_data, default_results

if TYPE_CHECKING:
    from rich.console import RenderableType

GIB = 2**30
INSTALL = "pip install -e ."
# CIFAR-10's store takes 0.2 GiB, its download as much again while it is made.
DISK_NEEDED = 1 * GIB
LATEX_STYLES = ("booktabs.sty", "lmodern.sty")


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


def examine(data: Path | None, results: Path | None, *, as_json: bool) -> int:
    """Print the report and return the exit code: 2 where something essential is amiss, else 0."""
    found = rows(data or default_data(), results or default_results())
    if as_json:
        print(json.dumps([asdict(row) for row in found], indent=1, ensure_ascii=False))
    else:
        from rich.console import Console

        Console().print(render(found))
    return 2 if any(r.essential and r.state in ("missing", "broken") for r in found) else 0


def rows(data: Path, results: Path) -> list[Row]:
    """Everything, in the order of the report; changes nothing on disk."""
    return [
        *_packages(),
        *_torch(),
        *_machine(),
        *_folders(data, results),
        *_paths(data, results),
        *(_dataset(info, data) for info in DATASETS.values()),
        *_programs(),
    ]


def render(found: Sequence[Row]) -> RenderableType:
    """A table for a terminal of 80 columns."""
    from rich.markup import escape
    from rich.table import Table

    colours = {"ok": "green", "low": "yellow", "missing": "yellow", "broken": "red"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, width in (("what", 14), ("state", 7), ("found", 25)):
        table.add_column(heading, width=width, overflow="fold")
    table.add_column("fix", overflow="fold")
    for row in found:
        colour = "red" if row.essential and row.state != "ok" else colours[row.state]
        state = f"[{colour}]{row.state}[/{colour}]"
        table.add_row(escape(row.name), state, escape(row.found), escape(row.fix))
    return table


def requirements() -> tuple[str, dict[str, str], dict[str, str]]:
    """pyproject.toml's minimum Python, and the minimum version of each package: required, test."""
    with open(ROOT / "pyproject.toml", "rb") as stream:
        project = tomllib.load(stream)["project"]
    required, test = project["dependencies"], project["optional-dependencies"]["test"]
    return project["requires-python"].removeprefix(">="), _minima(required), _minima(test)


def _minima(texts: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition(">=") for text in texts]
    return {name: minimum for name, _, minimum in pairs}


def _release(version: str) -> tuple[int, ...]:
    numbers = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(n) for n in numbers[0].split(".")) if numbers else ()


def _packages() -> Iterator[Row]:
    least, required, test = requirements()
    here = ".".join(map(str, sys.version_info[:3]))
    good = _release(here) >= _release(least)
    yield Row(
        "python",
        "ok" if good else "broken",
        here,
        "" if good else f"Python {least} or newer, such as `conda env create -f environment.yml`",
        essential=True,
    )
    problem = complaint()
    yield Row(
        "this checkout",
        "broken" if problem else "ok",
        "other packages win" if problem else str(ROOT),
        problem or "",
        essential=True,
    )
    for name, minimum in required.items():
        yield _package(name, minimum, essential=True)
    short = [row for row in (_package(n, m, essential=False) for n, m in test.items()) if row.fix]
    missing = ", ".join(row.name for row in short)
    fix = 'pip install -e ".[test]" (only to run the tests)'
    yield (
        Row("test extra", "missing", f"without {missing}", fix)
        if short
        else Row("test extra", "ok", ", ".join(test))
    )


def _package(name: str, minimum: str, essential: bool) -> Row:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Row(name, "missing", f"needs {minimum}", INSTALL, essential)
    if _release(version) < _release(minimum):
        return Row(name, "broken", f"{version}, needs {minimum}", INSTALL, essential)
    return Row(name, "ok", version, essential=essential)


def _torch() -> Iterator[Row]:
    try:
        import torch
    except Exception as error:  # a broken installation raises nearly anything
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        yield Row("torch imports", "broken", reason, "pip install --force-reinstall torch", True)
        return
    build = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "for the CPU"
    yield Row("torch imports", "ok", f"built {build}", essential=True)
    if names := hardware.gpu_names():
        yield Row("GPU", "ok", ", ".join(names))
    elif shutil.which("nvidia-smi"):
        fix = f"a driver that supports CUDA {torch.version.cuda}, or a torch built for the driver"
        yield Row("GPU", "missing", f"torch {build} cannot use it", fix)
    else:
        yield Row("GPU", "missing", "none", "not needed: runs train on the CPU, in hours")


def _machine() -> Iterator[Row]:
    flags = hardware.bf16_flags()
    yield Row(
        "bf16 on CPU",
        "ok" if flags else "missing",
        ", ".join(flags) or "no such instructions",
        "" if flags else "keep --precision float32 on the CPU: bf16 would be emulated, slowly",
    )
    usable, present = hardware.usable_cores(), hardware.present_cores()
    cores = f"{usable:g} of {present} usable; {hardware.cpu_name()}"
    yield Row("CPU cores", "ok", cores)
    memory = hardware.available_memory()
    low = memory is not None and memory < hardware.WORKER_BYTES
    fix = f"a worker needs {hardware.WORKER_BYTES / GIB:.1f} GiB" if low else ""
    found = f"{memory / GIB:.1f} GiB available" if memory is not None else "not known here"
    yield Row("memory", "low" if low else "ok", found, fix)


def _folders(data: Path, results: Path) -> Iterator[Row]:
    for name, folder, option in (("data", data, "--data"), ("results", results, "--results")):
        free = shutil.disk_usage(hardware.existing(folder)).free
        low = free < DISK_NEEDED
        fix = f"make room, or choose another folder with {option}" if low else ""
        yield Row(f"disk for {name}", "low" if low else "ok", f"{free / GIB:.1f} GiB free", fix)
    folder = hardware.existing(results)
    try:
        with tempfile.TemporaryFile(dir=folder):
            yield Row("results folder", "ok", "writable", essential=True)
    except OSError as error:
        fix = "choose another with --results or REPRODUCE_RESULTS"
        yield Row("results folder", "broken", f"{folder}: {error.strerror}", fix, True)


def _paths(data: Path, results: Path) -> Iterator[Row]:
    temporary = Path(tempfile.gettempdir())
    for name, folder, problem in (
        ("data path", data, path_lengths.of_data(data)),
        ("results path", results, path_lengths.of_results(results)),
        ("temporary path", temporary, path_lengths.of_temporary(temporary)),
    ):
        if problem is None:
            yield Row(name, "ok", f"{len(os.fsencode(folder)):,} bytes long")
            continue
        state, essential = ("broken", folder is results) if problem.fatal else ("low", False)
        yield Row(name, state, problem.found, problem.fix, essential)


def _dataset(info: DatasetInfo, data: Path) -> Row:
    name = f"data: {info.name}"
    state, problem = header.state(info, data)
    if state == "missing":
        fix = f"reproduce data get {info.name}"
        return Row(name, "missing", f"not under {data}", fix)
    if state == "damaged":
        return Row(name, "broken", f"damaged under {data}", problem)
    return Row(name, "ok", "made from scikit-learn" if info.embedded else str(data / info.store))


def _programs() -> Iterator[Row]:
    latex = shutil.which("pdflatex")
    lacking = [style for style in LATEX_STYLES if _output("kpsewhich", style) == ""]
    fix = "only to compile the .tex; Debian: apt-get install texlive-latex-recommended lmodern"
    if latex and not lacking:
        yield Row("pdflatex", "ok", latex)
    else:
        yield Row("pdflatex", "missing", ", ".join(lacking) if latex else "none", fix)
    commit, dirty = provenance.git_state(ROOT)
    found = f"commit {commit[:12]}{', changed files' if dirty else ''}" if commit else "no commit"
    fix = "" if commit else "install git and work in a clone, so that records name their commit"
    yield Row("git", "ok" if commit else "missing", found, fix)
    queue = [program for program in ("sbatch", "squeue") if not shutil.which(program)]
    fix = "not needed; on a cluster load its SLURM module"
    yield (
        Row("SLURM", "missing", f"no {', '.join(queue)}", fix)
        if queue
        else Row("SLURM", "ok", "sbatch, squeue")
    )


def _output(*command: str) -> str | None:
    """What a program prints, stripped; None where it is missing or fails to start."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip()
