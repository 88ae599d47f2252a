"""What a table command does: plan, ask, launch, report; and its parts as commands of their own."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError
from reproduce.store.paths import ROOT, default_data
from reproduce.store.store import Store

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection
    from reproduce.executors.slurm.options import SlurmOptions
    from reproduce.running.launch import LaunchSummary
    from reproduce.running.standing import Standing

ASK_ABOVE_SECONDS = 3600.0
EXECUTORS = ("local", "debug", "slurm")
DEVICES = ("auto", "cpu", "cuda")
NICEST = 19
DONE, NOT_REPRODUCED, INCOMPLETE = 0, 1, 3


@dataclass(frozen=True)
class Launch:
    """How to train: nothing here is part of a run's identity."""

    executor: str
    workers: int | None
    device: str
    data: Path | None
    pack: int | None
    yes: bool = False
    quiet: bool = False
    save_weights: bool = False
    nice: int = 0
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
        if not 0 <= self.nice <= NICEST:
            raise UserError(f"--nice must be from 0 to {NICEST}, not {self.nice}")
        if self.nice and self.executor != "local":
            raise UserError(
                f"--nice is for worker processes here: leave out --executor {self.executor}"
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


def dry_run_text(selection: Selection, launch: Launch, *, as_json: bool) -> str:
    """The cells and runs that the options select, or the scripts that a queue would be given;
    nothing is read or trained."""
    if launch.slurm:
        from reproduce.executors.slurm import cli

        return cli.dry_run(selection, cli.request_of(selection, launch), as_json=as_json)
    table = selection.table
    rows: list[dict[str, Any]] = [
        {
            "cell": cell.name,
            "configuration": cell.run(0, selection.overrides).configuration_hash,
            "runs": {
                str(seed): cell.run(seed, selection.overrides).hash for seed in selection.seeds
            },
        }
        for cell in selection.cells
    ]
    if as_json:
        return json.dumps({"table": table.id, "form": table.form, "cells": rows}, indent=1)
    width = max(len(row["cell"]) for row in rows)
    seeds = len(selection.seeds)
    lines = [
        f"{table.title}: {len(rows)} cells × {seeds} seeds = {len(rows) * seeds} runs"
        + (f", variant {selection.variant}" if selection.variant else ""),
        *(
            f"  {row['cell']:<{width}}  configuration {row['configuration']}, first run "
            f"{next(iter(row['runs'].values()))}"
            for row in rows
        ),
        "Nothing was trained. --json lists every run.",
    ]
    return "\n".join(lines)


def run_table(selection: Selection, launch: Launch, *, as_json: bool) -> int:
    """Train what is missing, report what there is; 0 when complete, or when the queue has the rest;
    3 when not."""
    if launch.slurm and not launch.slurm.wait:
        from reproduce.running.standing import standing

        wanted = standing(selection.planned, selection.store, save_weights=launch.save_weights)
        if wanted.missing:
            return _submit(selection, launch, wanted)
    summary = launch_missing(selection, launch)
    if summary.interrupted:
        return INCOMPLETE
    code = report_selection(selection, as_json=as_json)
    return code if summary.complete else INCOMPLETE


def launch_missing(selection: Selection, launch: Launch) -> LaunchSummary:
    """Train the selected runs that are missing, after asking where that takes over an hour.

    Returns:
        What it has come to; what failed or is missing is told on stderr as well.

    Raises:
        UserError: for a wrong executor or device, missing data, or a long job that nobody
            confirmed.
    """
    from reproduce.running import images
    from reproduce.running import launch as launching
    from reproduce.running.standing import standing

    planned = selection.planned
    wanted = standing(planned, selection.store, save_weights=launch.save_weights)
    if not wanted.missing:
        if launch.slurm:
            from reproduce.executors.slurm.submit import tidy

            tidy(selection.store)
        return launching.LaunchSummary(len(wanted.finished), 0, 0, interrupted=False)
    options = launching.LaunchOptions(
        executor=launch.executor,
        workers=launch.workers,
        device=launch.device,
        data=launch.data_folder,
        pack=launch.pack,
        progress=not launch.quiet,
        save_weights=launch.save_weights,
        nice=launch.nice,
    )
    images.check((p.run for p in wanted.missing), options.data)
    if wanted.recorded:
        print(f"reproduce: {wanted.about_repetitions()}", file=sys.stderr)
    if launch.slurm:
        from reproduce.executors.slurm import cli

        summary = cli.follow_selection(selection, cli.request_of(selection, launch), launch.quiet)
        return _tell(summary, wanted, selection.store)
    if not selection.table.is_quick:
        _confirm(selection, wanted.missing, options, launch)
    return _tell(launching.launch(planned, selection.store, options), wanted, selection.store)


def _tell(summary: LaunchSummary, wanted: Standing, store: Store) -> LaunchSummary:
    if not summary.complete:
        print(f"reproduce: {summary.describe()}", file=sys.stderr)
    if differing := wanted.differing(store):
        print(f"reproduce: {differing}", file=sys.stderr)
    return summary


def _submit(selection: Selection, launch: Launch, wanted: Standing) -> int:
    from reproduce.executors.slurm import cli

    if wanted.recorded:
        print(f"reproduce: {wanted.about_repetitions()}", file=sys.stderr)
    submitted = cli.submit_selection(selection, cli.request_of(selection, launch))
    if launch.quiet:
        print(json.dumps(cli.plain(submitted), indent=1))
    return INCOMPLETE if submitted.of("left", "ending") else DONE


def _confirm(selection: Selection, missing: Any, options: Any, launch: Launch) -> None:
    import typer

    from reproduce.running.estimate import estimate

    found = estimate(missing, selection.store, options)
    typer.echo(found.text, err=True)
    if found.seconds <= ASK_ABOVE_SECONDS or launch.yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            "this would take over an hour: add --yes to go ahead, --only or --seeds for less"
        )
    if not typer.confirm("Start? It can be stopped at any time and continued later", err=True):
        raise UserError("not started; --quick, --only and --seeds make it shorter")


def report_selection(selection: Selection, *, as_json: bool) -> int:
    """Write the report's files and print the table; 0 when complete, 3 when runs are missing."""
    from reproduce.catalogue import report

    result = report.build(selection)
    folder = selection.store.report(selection.table.id, selection.variant)
    if not as_json:
        # First: the table is there to see where the folder is read-only.
        report.render(result, asked={cell.name for cell in selection.cells})
    paths = report.write(result, folder)
    if as_json:
        print(next(path for path in paths if path.suffix == ".json").read_text())
    else:
        print("\nWritten: " + ", ".join(_short(path) for path in paths))
    return DONE if result.complete else INCOMPLETE


def check_selection(selection: Selection, *, accept: bool, as_json: bool) -> int:
    """Judge the report against the margins and the committed verdicts."""
    from reproduce.catalogue.report import build
    from reproduce.commands import check

    if (form := selection.table.form) != "full":
        raise UserError(f"a {form} table has no verdicts to check; leave out --{form}")
    # A variant is another experiment, with verdicts of its own.
    baseline = Store(ROOT / "results" / "verdicts").report(selection.table.id, selection.variant)
    baseline = baseline.with_name(f"{baseline.name}.csv")
    result = build(selection)
    if accept:
        if absent := [cell.name for cell in result.cells if not cell.runs]:
            raise UserError(
                f"verdicts are accepted once every cell has runs; there are none of: "
                f"{', '.join(absent)}"
            )
        check.accept(result, baseline)
        print(f"Written: {_short(baseline)}")
        return DONE
    outcome = check.check(result, baseline)
    print(outcome.to_json() if as_json else outcome.text)
    return outcome.exit_code


def collect_selection(selection: Selection, *, as_json: bool) -> str:
    """Merge the selected finished runs into the committed CSV of the table."""
    if selection.table.is_quick:
        raise UserError("quick runs are not collected; leave out --quick")
    found = selection.store.records.collect([p.run.hash for p in selection.planned])
    if not found:
        raise UserError(f"no finished run of {selection.table.id} under {selection.store.root}")
    name = selection.table.id.replace("/", "-")
    path = selection.store.committed.write(name, found.values())
    planned = len(selection.planned)
    if as_json:
        return json.dumps({"path": str(path), "collected": len(found), "planned": planned})
    return f"{len(found)} of {planned} runs are in {_short(path)}"


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
