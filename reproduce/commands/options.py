"""The options that commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.errors import UserError
from reproduce.store.paths import given_path

Quick = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="The same machinery on a small embedded data set, in minutes. Another experiment: its "
        "numbers are not comparable with the published ones.",
    ),
]
Reduced = Annotated[
    bool,
    typer.Option(
        "--reduced",
        help="The same cells and seeds on the real images, trained less: hours on a laptop. It "
        "answers the table's comparisons, not its printed levels.",
    ),
]
Seeds = Annotated[
    str | None,
    typer.Option(
        "--seeds",
        metavar="N",
        help="How many seeds (5: seeds 0 to 4), or which (3-7, or 0,4,9). Default: the table's.",
        show_default=False,
    ),
]
Only = Annotated[
    list[str],
    typer.Option(
        "--only",
        metavar="GLOB",
        help="Only cells whose name matches, such as 'plain *'; may be repeated. --dry-run prints "
        "the names.",
        show_default=False,
    ),
]
Precision = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="float32|bf16",
        help="Precision of training; part of a run's identity. Default: float32.",
        show_default=False,
    ),
]
Readings = Annotated[
    list[str],
    typer.Option(
        "--reading",
        metavar="NAME=VALUE",
        help="Another reading of what the paper leaves open, by id or name; may be "
        "repeated. `reproduce readings` lists them.",
        show_default=False,
    ),
]
Results = Annotated[
    Path | None,
    typer.Option(
        "--results",
        metavar="DIR",
        parser=given_path,
        help="Where records and reports live. Default: REPRODUCE_RESULTS, or results/ in the "
        "checkout.",
        show_default=False,
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        parser=given_path,
        help="Where data sets live. Default: REPRODUCE_DATA, or data/ in the checkout.",
        show_default=False,
    ),
]
Executor = Annotated[
    str,
    typer.Option(
        "--executor",
        metavar="local|debug|slurm",
        help="local: a bounded pool of worker processes. debug: in this process. slurm: arrays of "
        "jobs on the cluster whose login node this is; returns at once, and `reproduce status` "
        "tells how far they are.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        help="Worker processes. Default: one a core on a CPU, one a device with CUDA.",
        show_default=False,
    ),
]
Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda", help="Where to train.")]
Pack = Annotated[
    int | None,
    typer.Option(
        "--pack",
        metavar="N",
        help="Runs that a worker trains at once on its device. Default: 1 on a CPU, 4 with CUDA.",
        show_default=False,
    ),
]
Nice = Annotated[
    int,
    typer.Option(
        "--nice",
        metavar="N",
        help="How far worker processes here stand back for others, from 0 to 19: with 19 they take "
        "what nothing else uses.",
    ),
]
SaveWeights = Annotated[
    bool,
    typer.Option(
        "--save-weights",
        help="Keep each run's final weights under weights/ in the results folder. A finished run "
        "without them is trained again; its record stays.",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Print the runs and train nothing; needs no data."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before long work.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
OptionalTableName = Annotated[
    str | None,
    typer.Argument(
        metavar="[TABLE]", help="Such as table3 or locality/table3.", show_default=False
    ),
]
TableName = Annotated[
    str, typer.Argument(metavar="TABLE", help="Such as table3 or locality/table3.")
]


def form_of(*, quick: bool, reduced: bool) -> str:
    """The form that --quick and --reduced name.

    Raises:
        UserError: for both.
    """
    if quick and reduced:
        raise UserError("--quick and --reduced are two forms of a table: give one of them")
    return "quick" if quick else "reduced" if reduced else "full"
