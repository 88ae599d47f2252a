"""The options that commands share, declared once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from benchmarks.training.device_path import chosen_path
from reproduce.executors.slurm.options import SlurmOptions
from reproduce.running.budget import Budget
from reproduce.store.paths import default_data, given_path, given_results

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection
    from reproduce.running.launch_options import LaunchOptions

EXECUTORS = ("local", "debug", "slurm")
DEVICES = ("auto", "cpu", "cuda")
NICEST = 19

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
Results = Annotated[
    Path | None,
    typer.Option(
        "--results",
        metavar="DIR",
        parser=given_results,
        help="Where records and reports live. Default: REPRODUCE_RESULTS, or results/ in the "
        "checkout.",
        show_default=False,
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the runs and train nothing; needs no data.")
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
Limit = Annotated[
    Budget | None,
    typer.Option(
        "--budget",
        metavar="TIME",
        parser=Budget.parse,
        help="Wall time for the whole command, such as 25m, 90s, 2h or 1h30m: trains what fits, "
        "the cells of a comparison together and seed by seed, and stops in time; the same command "
        "goes on.",
        show_default=False,
    ),
]
BundleFile = Annotated[
    Path | None,
    typer.Option(
        "--bundle",
        metavar="FILE",
        parser=given_path,
        help="Add the finished runs to a bundle, one compressed file, which `reproduce merge FILE` "
        "puts into another results folder.",
        show_default=False,
    ),
]
Laboratory = Annotated[
    str | None,
    typer.Option(
        "--lab",
        metavar="NAME",
        help="Which laboratory the runs are from, for who merges them. Default: REPRODUCE_LAB, or "
        "no name, as between machines of one laboratory.",
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before long work.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
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


@dataclass(frozen=True)
class Selecting:
    """The options that select runs of a table."""

    quick: Quick = False
    reduced: Reduced = False
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds",
            metavar="N",
            help="How many seeds (5: seeds 0 to 4), or which (3-7, or 0,4,9). Default: the "
            "table's.",
            show_default=False,
        ),
    ] = None
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="GLOB",
            help="Only cells whose name matches, such as 'plain *'; may be repeated. --dry-run "
            "prints the names.",
            show_default=False,
        ),
    ] = None
    precision: Annotated[
        str | None,
        typer.Option(
            "--precision",
            metavar="float32|tf32|bf16|float16",
            help="Precision of training; part of a run's identity. Default: the form's own, "
            "float32 or, of some reduced forms, bf16; tf32 and float16 are for CUDA alone.",
            show_default=False,
        ),
    ] = None
    readings: Annotated[
        list[str] | None,
        typer.Option(
            "--reading",
            metavar="NAME=VALUE",
            help="Another reading of what the paper leaves open, by id or name; may be "
            "repeated. `reproduce readings` lists them.",
            show_default=False,
        ),
    ] = None
    results: Results = None

    def of(self, table: str) -> Selection:
        """What they select of a table.

        Raises:
            UserError: see :func:`reproduce.catalogue.selection.select`.
        """
        from reproduce.catalogue.selection import select

        return select(
            table,
            form=form_of(quick=self.quick, reduced=self.reduced),
            seeds=self.seeds,
            only=self.only or (),
            precision=self.precision,
            readings=self.readings or (),
            results=self.results,
        )


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How to train; nothing here is part of a run's identity."""

    executor: Annotated[
        str,
        typer.Option(
            "--executor",
            metavar="local|debug|slurm",
            help="local: a bounded pool of worker processes. debug: in this process. slurm: arrays "
            "of jobs on the cluster whose login node this is; returns at once, and `reproduce "
            "status` tells how far they are.",
        ),
    ] = "local"
    workers: Workers = None
    device: Device = "auto"
    pack: Pack = None
    nice: Annotated[
        int,
        typer.Option(
            "--nice",
            metavar="N",
            help="How far worker processes here stand back for others, from 0 to 19: with 19 they "
            "take what nothing else uses.",
        ),
    ] = 0
    data: Data = None
    save_weights: Annotated[
        bool,
        typer.Option(
            "--save-weights",
            help="Keep each run's final weights under weights/ in the results folder. A finished "
            "run without them is trained again; its record stays.",
        ),
    ] = False
    budget: Limit = None
    bundle: BundleFile = None
    dry_run: DryRun = False
    yes: Yes = False
    as_json: Json = False
    slurm: SlurmOptions | None = None

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("--executor", self.executor, EXECUTORS),
            ("--device", self.device, DEVICES),
        ):
            if value not in allowed:
                raise UserError(f"{name} {value!r} is none of {', '.join(allowed)}")
        for name, count in (("--workers", self.workers), ("--pack", self.pack)):
            if count is not None and count < 1:
                raise UserError(f"{name} must be at least 1, not {count}")
        chosen_path()
        if not 0 <= self.nice <= NICEST:
            raise UserError(f"--nice must be from 0 to {NICEST}, not {self.nice}")
        if self.nice and self.executor != "local":
            raise UserError(
                f"--nice is for worker processes here: leave out --executor {self.executor}"
            )
        if self.slurm and self.budget:
            raise UserError(
                "--budget is for training here: a SLURM task that comes to --slurm-time is queued "
                "again; --seeds and --only make it less"
            )
        if self.slurm and self.bundle and not self.slurm.wait:
            raise UserError(
                "--bundle needs --wait with --executor slurm, or `reproduce collect TABLE --bundle "
                "FILE` once the jobs are done"
            )
        if self.slurm and self.workers is not None:
            raise UserError(
                "--workers is for this machine; with --executor slurm, --slurm-cpus-per-task says "
                "how many runs a task trains side by side"
            )

    @property
    def data_folder(self) -> Path:
        """Of the data sets."""
        return self.data or default_data()

    def resolved(self) -> LaunchOptions:
        """The same for who launches, with what was left to defaults."""
        from reproduce.running.launch_options import LaunchOptions

        return LaunchOptions(
            executor=self.executor,
            workers=self.workers,
            device=self.device,
            data=self.data_folder,
            pack=self.pack,
            progress=not self.as_json,
            save_weights=self.save_weights,
            nice=self.nice,
            budget=self.budget,
        )
