"""The command line's options for a queue, declared once for all table commands."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.errors import UserError
from reproduce.commands.selecting import parameters_of
from reproduce.executors.slurm.options import DEFAULT_MINUTES, SlurmOptions, flag, resolve
from reproduce.store.paths import given_path


def _text(name: str, metavar: str, text: str) -> Any:
    return typer.Option(name, metavar=metavar, help=text, show_default=False)


def _options(
    slurm_config: Annotated[
        Path | None,
        typer.Option(
            "--slurm-config",
            metavar="FILE",
            parser=given_path,
            help="A TOML file with any of the options for SLURM, such as the checkout's "
            "cluster.example.toml; what is given here as well counts.",
            show_default=False,
        ),
    ] = None,
    partition: Annotated[
        str | None, _text("--slurm-partition", "NAME", "The queue's partition.")
    ] = None,
    time: Annotated[
        str | None,
        _text(
            "--slurm-time",
            "TIME",
            "Limit of a task: minutes (240), HH:MM:SS, D-HH, 90m or 4h; over 10 min. A task that "
            f"comes to it is saved and queued again. Default: {DEFAULT_MINUTES // 60} hours.",
        ),
    ] = None,
    account: Annotated[str | None, _text("--slurm-account", "NAME", "Who is charged.")] = None,
    qos: Annotated[str | None, _text("--slurm-qos", "NAME", "Quality of service.")] = None,
    gpus_per_task: Annotated[
        int | None,
        _text("--slurm-gpus-per-task", "N", "GPUs of a task. Default: 0, training on CPUs."),
    ] = None,
    cpus_per_task: Annotated[
        int | None,
        _text(
            "--slurm-cpus-per-task",
            "N",
            "CPUs of a task; as many of its runs are trained side by side, one thread each. "
            "Default: 1.",
        ),
    ] = None,
    mem: Annotated[
        str | None, _text("--slurm-mem", "SIZE", "Memory of a task, such as 8G.")
    ] = None,
    constraint: Annotated[
        str | None, _text("--slurm-constraint", "EXPR", "Features that a node must have.")
    ] = None,
    setup: Annotated[
        list[str],
        _text(
            "--slurm-setup",
            "LINE",
            "A shell line that tasks begin with, such as 'module load cuda'; may be repeated.",
        ),
    ] = [],  # noqa: B006  (typer copies it)
    array_parallelism: Annotated[
        int | None,
        _text("--array-parallelism", "N", "Tasks of one array that may run at once. Default: all."),
    ] = None,
    seeds_per_job: Annotated[
        int | None,
        _text("--seeds-per-job", "K", "Seeds that one task trains. Default: 1."),
    ] = None,
    max_queued: Annotated[
        int | None,
        _text(
            "--max-queued",
            "N",
            "Jobs that you may have in the queue (a task counts as one). The same command, or "
            "--wait, submits the rest when there is room.",
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the jobs until all are done, then report.")
    ] = False,
    retry: Annotated[
        str | None,
        _text(
            "--retry",
            "failed|missing|all",
            "Which unfinished runs to submit: those that failed, those that did not, or both. "
            "Default: all. What is queued or running is never submitted again.",
        ),
    ] = None,
) -> None:
    """The options, as a signature."""


def takes_slurm(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator: the command gets the options above and receives as ``slurm`` what they come to:
    a :class:`SlurmOptions` where ``executor`` is "slurm", otherwise None."""
    shared = parameters_of(_options)
    own = [p for p in parameters_of(command) if p.name != "slurm"]

    def wrapper(**values: Any) -> None:
        given = {p.name: values.pop(p.name) for p in shared}
        command(slurm=_resolved(values.get("executor"), given), **values)

    wrapper.__name__, wrapper.__doc__ = command.__name__, command.__doc__
    every = sorted([*own, *shared], key=lambda p: p.name in _LAST)
    wrapper.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in every}
    return wrapper


_LAST = ("dry_run", "yes", "as_json")


def _resolved(executor: object, given: dict[str, Any]) -> SlurmOptions | None:
    config = given.pop("slurm_config")
    if executor == "slurm":
        given["wait"] = given["wait"] or None
        return resolve(config, given)
    asked = [
        name for name, value in given.items() if value not in (None, []) and value is not False
    ]
    if config or asked:
        name = "--slurm-config" if config else flag(asked[0])
        raise UserError(f"{name} is for --executor slurm; this is --executor {executor}")
    return None
