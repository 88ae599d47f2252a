"""What a table's command does: plan, ask, launch, report."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.collect import bundle_selection, check_bundle
from reproduce.commands.dry_run import dry_run_of
from reproduce.commands.exit_codes import DONE, INCOMPLETE
from reproduce.commands.report import report_selection
from reproduce.running.progress import duration

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection
    from reproduce.running.campaign import Survey
    from reproduce.running.standing import Standing

ASK_ABOVE_SECONDS = 3600.0


def run_table(selection: Selection, launch: opt.Launch) -> int | str:
    """Train what is missing, report what there is; 0 when complete, or when the queue has the rest;
    3 when not. Of a dry run the text."""
    if launch.dry_run:
        return dry_run_of(selection, launch)
    if launch.bundle:
        check_bundle(launch.bundle)
    if launch.slurm and not launch.slurm.wait:
        from reproduce.running.standing import standing

        wanted = standing(selection.planned, selection.store, save_weights=launch.save_weights)
        if wanted.missing:
            return _submit(selection, launch, wanted)
    summary = launch_missing(selection, launch)
    if launch.bundle:
        _tell(bundle_selection(selection, launch.bundle).text)
    if summary.interrupted:
        return INCOMPLETE
    code = report_selection(selection, as_json=launch.as_json)
    return code if summary.complete else INCOMPLETE


def launch_missing(selection: Selection, launch: opt.Launch) -> Survey:
    """Train the selected runs that are missing, after asking where that takes over an hour.

    Returns:
        What it has come to; what failed or is missing is told on stderr as well.

    Raises:
        UserError: for a wrong executor or device, missing data, or a long job that nobody
            confirmed.
    """
    from reproduce.executors.launch import launch as train
    from reproduce.running import images
    from reproduce.running.campaign import Survey
    from reproduce.running.standing import standing

    planned = selection.in_training_order
    wanted = standing(planned, selection.store, save_weights=launch.save_weights)
    if not wanted.missing:
        if launch.slurm:
            from reproduce.executors.slurm.submit import tidy

            tidy(selection.store)
        return Survey(len(wanted.finished), len(wanted.finished))
    options = launch.resolved()
    images.check((p.run for p in wanted.missing), options.data)
    if not launch.slurm:
        _check_precisions(wanted.missing, options)
    if wanted.recorded:
        _tell(wanted.about_repetitions())
    if launch.slurm:
        from reproduce.commands import slurm

        request = slurm.request_of(selection, launch)
        summary = slurm.follow_selection(selection, request, launch.as_json)
    else:
        if not selection.table.is_quick:
            from reproduce.running import memory_needed

            options, fewer = memory_needed.fitting(wanted.missing, options)
            _tell(fewer)
            _confirm(selection, wanted.missing, options, launch)
        summary = train(planned, selection.store, options)
    _tell("" if summary.complete else summary.describe())
    if summary.spent:
        _tell(_another_budget(selection, options))
    _tell(wanted.differing(selection.store))
    return summary


def _tell(text: str | None) -> None:
    if text:
        print(f"reproduce: {text}", file=sys.stderr)


def _check_precisions(missing: Any, options: Any) -> None:
    """Before a worker starts; a cluster's nodes may have what this machine lacks.

    Raises:
        UserError: where the device does not train in a run's precision.
    """
    from benchmarks.precisions import CUDA_ALONE, precision_fault
    from reproduce.store import hardware

    if wanted := {item.run.precision for item in missing} & CUDA_ALONE.keys():
        device = hardware.resolve_device(options.device)
        if fault := precision_fault(min(wanted), device):
            raise UserError(fault)


def _submit(selection: Selection, launch: opt.Launch, wanted: Standing) -> int:
    from reproduce.commands import slurm

    if wanted.recorded:
        _tell(wanted.about_repetitions())
    submitted = slurm.submit_selection(selection, slurm.request_of(selection, launch))
    if launch.as_json:
        print(json.dumps(slurm.plain(submitted), indent=1))
    return INCOMPLETE if submitted.of("left", "ending") else DONE


def _confirm(selection: Selection, missing: Any, options: Any, launch: opt.Launch) -> None:
    from reproduce.running.estimate import estimate

    runs, budget = [item.run for item in missing], launch.budget
    found = estimate(runs, selection.store, options, measured=budget is None)
    typer.echo(found.text, err=True)
    seconds = found.seconds
    if budget:
        seconds = budget.seconds if found.unknown else min(seconds, budget.seconds)
    if seconds <= ASK_ABOVE_SECONDS or launch.yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            "this would take over an hour: add --yes to go ahead, --only or --seeds for less"
        )
    if not typer.confirm("Start? It can be stopped at any time and continued later", err=True):
        raise UserError("not started; --quick, --only and --seeds make it shorter")


def _another_budget(selection: Selection, options: Any) -> str:
    """What one more budget would finish, and what the whole still needs."""
    from benchmarks.training.checkpoint import EPOCH_MARGIN
    from reproduce.running.budget import least_seconds
    from reproduce.running.estimate import estimate
    from reproduce.running.standing import standing

    store, budget = selection.store, options.budget
    missing = standing(
        selection.in_training_order, store, save_weights=options.save_weights
    ).missing
    found = estimate([p.run for p in missing], store, options, measured=False)
    if found.unknown == found.runs:
        return (
            f"nothing is known yet of the speed of the {found.runs} missing runs; where nothing is "
            "kept, give a longer budget"
        )
    finished = found.within(budget.training_seconds)
    shortest = min(found.epoch_seconds, default=0.0)
    if not finished and least_seconds(shortest) > budget.seconds:
        return (
            f"one more {duration(budget.seconds)} would not do: an epoch takes about "
            f"{duration(shortest)}, and less than one is not kept: give a budget of at least "
            f"{duration(EPOCH_MARGIN * least_seconds(shortest))}; all of it needs {found.time}"
        )
    those = "the missing run" if found.runs == 1 else f"{found.runs} missing runs"
    text = f"one more {duration(budget.seconds)} would finish about {finished} of {those}"
    if finished == found.runs:
        text = f"one more {duration(budget.seconds)} would finish {those}"
    if not finished:
        text = f"one more {duration(budget.seconds)} would bring {those} on, and may finish none"
    return f"{text}; all of it needs {found.time}"
