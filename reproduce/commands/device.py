"""``reproduce device check``: does this machine's device train as it should?"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.data import header, info
from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.exit_codes import DIFFERS
from reproduce.store import hardware, provenance
from reproduce.store.paths import default_data

if TYPE_CHECKING:
    from analysis.documents.blocks import Document, Tone
    from benchmarks.data.dataset import Dataset
    from benchmarks.device_check.finding import Finding

# On a CPU a run does not depend on how many others there are: a small pack shows as much.
RUNS = {"cuda": 15, "cpu": 3}
MOST_RUNS = 256
REAL, EMBEDDED = "cifar10", "digits"

app = typer.Typer(
    help="The device that trains: does it compute what it should?",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _main() -> None:  # so that `check` keeps its name
    pass


@app.command()
def check(
    device: opt.Device = "auto",
    runs: Annotated[
        int | None,
        typer.Option(
            "--runs",
            metavar="N",
            help=f"Runs in a pack. Default: {RUNS['cuda']} with CUDA, {RUNS['cpu']} on a CPU.",
            show_default=False,
        ),
    ] = None,
    data: opt.Data = None,
    as_json: opt.Json = False,
) -> None:
    """Check, in minutes, that this machine's device trains as it should: its numbers against plain
    arithmetic and a CPU's, packs against single runs, resumed against uninterrupted training, what
    memory packs take, and that no update waits for the device.

    It takes CIFAR-10's images where that store is at hand, else the embedded digits. Exit code 1
    where a check fails.
    """
    if runs is not None and not 1 <= runs <= MOST_RUNS:
        raise UserError(f"--runs must be from 1 to {MOST_RUNS}, not {runs}")
    kind = hardware.resolve_device(device)
    made = examine(kind, runs or RUNS[kind], data or default_data())
    if as_json:
        from analysis.rendering.files import json_text

        typer.echo(json_text(made), nl=False)
    else:
        from rich.console import Console

        from analysis.rendering.terminal import print_document

        print_document(made, Console())
    if not made.holds:
        raise typer.Exit(DIFFERS)


def examine(kind: str, runs: int, data: Path) -> Document:
    """Make all checks, with their progress on stderr, and the report of what they found.

    Raises:
        UserError: where CIFAR-10's store is damaged.
    """
    import torch

    from benchmarks.device_check.checks import run_checks
    from benchmarks.device_check.probe_runs import Probe, cut

    probe = Probe(torch.device(kind), cut(_images(data)), runs)
    with _progress() as on_step:
        found = list(run_checks(probe, on_step))
    name = torch.cuda.get_device_name() if kind == "cuda" else hardware.cpu_name()
    made = provenance.capture("debug", device_kind=kind, device_name=name)
    return document(found, provenance.machine_label(made), runs, probe.dataset.name)


def _images(data: Path) -> Dataset:
    from benchmarks import data as datasets

    state, problem = header.state(info(REAL), data)
    if state == "damaged":
        raise UserError(problem)
    return datasets.load(EMBEDDED if state == "missing" else REAL, data)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int, str], None]]:
    """A bar on a terminal, else a line a check."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, highlight=False)
    columns = BarColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task("")
    said = -1

    def on_step(done: int, total: int, text: str) -> None:
        nonlocal said
        bar.update(task, completed=done, total=total, description=text)
        if not console.is_terminal and done != said:
            said = done
            name = text.partition(":")[0]
            console.print(f"check {done + 1} of {total}: {name}", markup=False, soft_wrap=True)

    with bar:
        yield on_step


def document(found: Sequence[Finding], machine: str, runs: int, images: str) -> Document:
    """The report: a line a check, and what to do about those that fail.

    Args:
        machine: CPU or GPU, torch and kind of device.
        images: the name of the data set.
    """
    from analysis.documents.blocks import Cell, Column, Document, Grid, Note, Notes, row

    tones: dict[str, Tone] = {"pass": "good", "FAIL": "bad", "not checkable": "dim"}
    rows = [
        row(
            f.check,
            Cell(f.verdict, bold=f.verdict == "FAIL", tone=tones[f.verdict]),
            Cell(f.found, note=f"passes: {f.rule}" if f.rule else ""),
        )
        for f in found
    ]
    columns = Column("check"), Column("verdict"), Column("found", prose=True)
    grid = Grid("checks", columns, tuple(rows), title="Checks")
    advice = tuple(Note(f.advice, f.check, tone="bad") for f in found if f.advice)
    counts = {v: sum(f.verdict == v for f in found) for v in tones}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return Document(
        "device/check",
        "Device check",
        f"packs of {runs} VGG-10 on a few images of {images}",
        (grid, *([Notes(advice, "What to do")] if advice else [])),
        lines=(machine, told),
        facts={"machine": machine, "runs": runs, "images": images, "checks": list(found)},
        holds=not counts["FAIL"],
    )
