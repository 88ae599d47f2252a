"""What a table's command does: plan, ask, launch, report; and `reproduce cancel` and `collect`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.publishing import DONE, INCOMPLETE, report_selection, short

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection
    from reproduce.running.campaign import Survey
    from reproduce.running.standing import Standing

ASK_ABOVE_SECONDS = 3600.0


def run_table(selection: Selection, launch: opt.Launch) -> int | str:
    """Train what is missing, report what there is; 0 when complete, or when the queue has the rest;
    3 when not. Of a dry run the text."""
    if launch.dry_run:
        return _dry_run(selection, launch)
    if launch.slurm and not launch.slurm.wait:
        from reproduce.running.standing import standing

        wanted = standing(selection.planned, selection.store, save_weights=launch.save_weights)
        if wanted.missing:
            return _submit(selection, launch, wanted)
    summary = launch_missing(selection, launch)
    if summary.interrupted:
        return INCOMPLETE
    code = report_selection(selection, as_json=launch.as_json)
    return code if summary.complete else INCOMPLETE


def _dry_run(selection: Selection, launch: opt.Launch) -> str:
    """The cells and runs that the options select, or the scripts that a queue would be given;
    nothing is read or trained."""
    if launch.slurm:
        from reproduce.executors.slurm import cli

        return cli.dry_run(selection, cli.request_of(selection, launch), as_json=launch.as_json)
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
    if launch.as_json:
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


def launch_missing(selection: Selection, launch: opt.Launch) -> Survey:
    """Train the selected runs that are missing, after asking where that takes over an hour.

    Returns:
        What it has come to; what failed or is missing is told on stderr as well.

    Raises:
        UserError: for a wrong executor or device, missing data, or a long job that nobody
            confirmed.
    """
    from reproduce.running import images
    from reproduce.running import launch as launching
    from reproduce.running.campaign import Survey
    from reproduce.running.standing import standing

    planned = selection.planned
    wanted = standing(planned, selection.store, save_weights=launch.save_weights)
    if not wanted.missing:
        if launch.slurm:
            from reproduce.executors.slurm.submit import tidy

            tidy(selection.store)
        return Survey(len(wanted.finished), len(wanted.finished))
    options = launching.LaunchOptions(
        executor=launch.executor,
        workers=launch.workers,
        device=launch.device,
        data=launch.data_folder,
        pack=launch.pack,
        progress=not launch.as_json,
        save_weights=launch.save_weights,
        nice=launch.nice,
    )
    images.check((p.run for p in wanted.missing), options.data)
    if wanted.recorded:
        _tell(wanted.about_repetitions())
    if launch.slurm:
        from reproduce.executors.slurm import cli

        request = cli.request_of(selection, launch)
        summary = cli.follow_selection(selection, request, launch.as_json)
    else:
        if not selection.table.is_quick:
            _confirm(selection, wanted.missing, options, launch)
        summary = launching.launch(planned, selection.store, options)
    _tell("" if summary.complete else summary.describe())
    _tell(wanted.differing(selection.store))
    return summary


def _tell(text: str | None) -> None:
    if text:
        print(f"reproduce: {text}", file=sys.stderr)


def _submit(selection: Selection, launch: opt.Launch, wanted: Standing) -> int:
    from reproduce.executors.slurm import cli

    if wanted.recorded:
        _tell(wanted.about_repetitions())
    submitted = cli.submit_selection(selection, cli.request_of(selection, launch))
    if launch.as_json:
        print(json.dumps(cli.plain(submitted), indent=1))
    return INCOMPLETE if submitted.of("left", "ending") else DONE


def _confirm(selection: Selection, missing: Any, options: Any, launch: opt.Launch) -> None:
    from reproduce.running.estimate import estimate

    found = estimate([item.run for item in missing], selection.store, options)
    typer.echo(found.text, err=True)
    if found.seconds <= ASK_ABOVE_SECONDS or launch.yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            "this would take over an hour: add --yes to go ahead, --only or --seeds for less"
        )
    if not typer.confirm("Start? It can be stopped at any time and continued later", err=True):
        raise UserError("not started; --quick, --only and --seeds make it shorter")


def cancel(table: opt.TableName, chosen: opt.Selecting, as_json: opt.Json = False) -> str:
    """End the SLURM jobs that hold runs of a table; what is done and saved stays."""
    from reproduce.executors.slurm.cancel import cancel as cancel_runs

    selection = chosen.of(table)
    ended = cancel_runs([item.run.hash for item in selection.planned], selection.store)
    return json.dumps(asdict(ended)) if as_json else ended.text


def collect(table: opt.TableName, chosen: opt.Selecting, as_json: opt.Json = False) -> str:
    """Write a table's finished runs to results/measured/, ready to be committed."""
    selection = chosen.of(table)
    if selection.table.is_quick:
        raise UserError("quick runs are not collected; leave out --quick")
    found = selection.store.records.collect([p.run.hash for p in selection.planned])
    if not found:
        raise UserError(f"no finished run of {selection.table.id} under {selection.store.root}")
    path = selection.store.committed.write(selection.table.id.replace("/", "-"), found.values())
    planned = len(selection.planned)
    if as_json:
        return json.dumps({"path": str(path), "collected": len(found), "planned": planned})
    return f"{len(found)} of {planned} runs are in {short(path)}"
