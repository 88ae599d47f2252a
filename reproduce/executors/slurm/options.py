"""The options for a queue, each declared once: the command line's flags and their help, what a TOML
file may hold, and what is checked all follow from the fields of :class:`SlurmOptions`."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.errors import UserError
from reproduce.signatures import parameters_of
from reproduce.store.paths import given_path

DEFAULT_MINUTES = 240
# submitit takes every signal within the last ten minutes of the limit for a time-out.
SHORTEST_MINUTES = 11
LONGEST_MINUTES = 365 * 24 * 60
RETRIES = ("all", "failed", "missing")
_WORD = re.compile(r"[^\s,;|]+(,[^\s,;|]+)*")
_MEMORY = re.compile(r"[1-9]\d*[KMGT]?", re.IGNORECASE)
_COMMAND_LINE_ONLY = ("wait", "retry")
# Neither texts nor numbers.
_KINDS: dict[str, Any] = {"setup": list[str], "wait": bool}
_LAST = ("dry_run", "yes", "as_json")  # of a command's options


def _option(flag: str, text: str, default: Any = None, least: int | None = None) -> Any:
    """A field: its flag with a word for the value, its help, and of a number the least one."""
    name, _, metavar = flag.partition(" ")
    told = {"flag": name, "metavar": metavar or None, "help": text, "least": least}
    return field(default=default, metadata=told)


@dataclass(frozen=True)
class SlurmOptions:
    """What the queue is asked for, none of which changes a number. What is None is the cluster's
    own choice, or without a limit."""

    partition: str | None = _option("--slurm-partition NAME", "The queue's partition.")
    time: int = _option(
        "--slurm-time TIME",
        "Limit of a task: minutes (240), HH:MM:SS, D-HH, 90m or 4h; over 10 min. A task that "
        f"comes to it is saved and queued again. Default: {DEFAULT_MINUTES // 60} hours.",
        DEFAULT_MINUTES,
    )
    account: str | None = _option("--slurm-account NAME", "Who is charged.")
    qos: str | None = _option("--slurm-qos NAME", "Quality of service.")
    gpus_per_task: int = _option(
        "--slurm-gpus-per-task N", "GPUs of a task. Default: 0, training on CPUs.", 0, least=0
    )
    cpus_per_task: int = _option(
        "--slurm-cpus-per-task N",
        "CPUs of a task; as many of its runs are trained side by side, one thread each. "
        "Default: 1.",
        1,
        least=1,
    )
    mem: str | None = _option("--slurm-mem SIZE", "Memory of a task, such as 8G.")
    constraint: str | None = _option("--slurm-constraint EXPR", "Features that a node must have.")
    setup: tuple[str, ...] = _option(
        "--slurm-setup LINE",
        "A shell line that tasks begin with, such as 'module load cuda'; may be repeated.",
        (),
    )
    array_parallelism: int | None = _option(
        "--array-parallelism N", "Tasks of one array that may run at once. Default: all.", least=1
    )
    seeds_per_job: int = _option(
        "--seeds-per-job K", "Seeds that one task trains. Default: 1.", 1, least=1
    )
    max_queued: int | None = _option(
        "--max-queued N",
        "Jobs that you may have in the queue (a task counts as one). The same command, or --wait, "
        "submits the rest when there is room.",
        least=1,
    )
    wait: bool = _option("--wait", "Follow the jobs until all are done, then report.", False)
    retry: str = _option(
        "--retry failed|missing|all",
        "Which unfinished runs to submit: those that failed, those that did not, or both. "
        "Default: all. What is queued or running is never submitted again.",
        "all",
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            name, value = item.metadata["flag"], getattr(self, item.name)
            least = item.metadata["least"]
            if value is not None and least is not None and value < least:
                raise UserError(f"{name} must be at least {least}, not {value}")
            if value is not None and (fault := _fault(item.name, value)):
                raise UserError(f"{name}{fault}")

    @property
    def device(self) -> str:
        """Where its tasks train."""
        return "cuda" if self.gpus_per_task else "cpu"


def _fault(name: str, value: Any) -> str:
    """What is wrong with a value, to be read after its flag; empty for nothing."""
    match name:
        case "partition" | "account" | "qos" if not _WORD.fullmatch(value):
            return f" {value!r} is no name"
        case "constraint" if not value.strip():
            return " is empty"
        case "mem" if not _MEMORY.fullmatch(value):
            return f" {value!r}: give a size such as 800M or 8G"
        case "time" if value < SHORTEST_MINUTES:
            return (
                f": {value} min is too short; in a job's last ten minutes any signal counts as a "
                "time-out, so a preemption could not be told from it; give "
                f"{SHORTEST_MINUTES} min or more"
            )
        case "time" if value > LONGEST_MINUTES:
            return f": {value} min is more than 365 days; give less"
        case "retry" if value not in RETRIES:
            return f" {value!r} is none of {', '.join(RETRIES)}"
        case "setup" if any("\n" in line for line in value):
            return ": give one line each; the option may be repeated"
    return ""


def flag(name: str) -> str:
    """The command line's name of an option."""
    return next(item.metadata["flag"] for item in fields(SlurmOptions) if item.name == name)


def resolve(config: Path | None, given: Mapping[str, Any]) -> SlurmOptions:
    """The options of a file, if any, with those of the command line over them.

    Args:
        given: values by attribute; None, False and empty lists were not given.

    Raises:
        UserError: for a file that cannot be read, an unknown key or a value that is none.
    """
    own = _given(given)
    values = read_config(config) if config else {}
    try:
        _options({name: value for name, value in values.items() if name not in own})
    except UserError as error:
        raise UserError(f"--slurm-config {config}: {error}") from error
    return _options(values | own)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if v is not None and v is not False and v != []}


def _options(values: dict[str, Any]) -> SlurmOptions:
    if isinstance(values.get("time"), str):
        values["time"] = minutes(values["time"])
    if "setup" in values:
        values["setup"] = tuple(values["setup"])
    return replace(SlurmOptions(), **values)


def read_config(path: Path) -> dict[str, Any]:
    """The options that a TOML file gives, checked for names and types; UserError as of
    :func:`resolve`."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserError(f"--slurm-config {path}: {why}") from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"--slurm-config {path} is no TOML: {error}") from error
    allowed = {f.name: f for f in fields(SlurmOptions) if f.name not in _COMMAND_LINE_ONLY}
    for name, value in values.items():
        if name not in allowed:
            raise UserError(
                f"--slurm-config {path}: no option {name!r}; there are {', '.join(allowed)}"
            )
        if not _fits(allowed[name], value):
            raise UserError(f"--slurm-config {path}: {name} = {value!r} is of the wrong kind")
    return values


def _fits(item: Field[Any], value: object) -> bool:
    if item.name == "setup":
        return isinstance(value, list) and all(isinstance(line, str) for line in value)
    number = item.metadata["least"] is not None
    kinds = (str, int) if item.name == "time" else (int,) if number else (str,)
    return isinstance(value, kinds) and not isinstance(value, bool)


def minutes(text: str) -> int:
    """Whole minutes of a time as ``sbatch`` has it, or such as "90m" or "4h"; rounded up.

    Raises:
        UserError: where it is no such time.
    """
    text = text.strip()
    if found := re.fullmatch(r"(\d{1,18})\s*(min|m|h|d)", text):
        return int(found[1]) * {"min": 1, "m": 1, "h": 60, "d": 1440}[found[2]]
    if not re.fullmatch(r"(\d{1,18}-)?\d{1,18}(:\d{1,18}){0,2}", text):
        raise UserError(
            f"{flag('time')} {text!r}: give minutes (240), HH:MM:SS, D-HH, or such as 90m or 4h"
        )
    days, _, clock = text.rpartition("-")
    parts = [int(part) for part in clock.split(":")]
    # D-HH[:MM[:SS]] and HH:MM:SS begin with hours, MM[:SS] with minutes.
    units = (3600, 60, 1) if days or len(parts) == 3 else (60, 1)
    seconds = sum(part * unit for part, unit in zip(parts, units, strict=False))
    return -(-(int(days or 0) * 86400 + seconds) // 60)


def takes_slurm(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator: the command gets these options and receives as ``slurm`` what they come to: a
    :class:`SlurmOptions` where ``executor`` is "slurm", otherwise None."""
    config = typer.Option(
        "--slurm-config",
        metavar="FILE",
        parser=given_path,
        help="A TOML file with any of the options for SLURM, such as the checkout's "
        "cluster.example.toml; what is given here as well counts.",
        show_default=False,
    )
    shared = [_parameter("slurm_config", Path | None, config)]
    for item in fields(SlurmOptions):
        told = {name: item.metadata[name] for name in ("metavar", "help")}
        option = typer.Option(item.metadata["flag"], show_default=False, **told)
        number = item.metadata["least"] is not None
        kind = int | None if number else _KINDS.get(item.name, str | None)
        shared.append(_parameter(item.name, kind, option))
    own = [p for p in parameters_of(command) if p.name != "slurm"]

    def wrapper(**values: Any) -> None:
        given = {p.name: values.pop(p.name) for p in shared}
        command(slurm=_resolved(values.get("executor"), given), **values)

    wrapper.__name__, wrapper.__doc__ = command.__name__, command.__doc__
    every = sorted([*own, *shared], key=lambda p: p.name in _LAST)
    wrapper.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in every}
    return wrapper


def _parameter(name: str, kind: Any, option: Any) -> inspect.Parameter:
    """Of the command line, whose default tells that it was not given."""
    default = {bool: False, list[str]: []}.get(kind)
    only = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, only, annotation=Annotated[kind, option], default=default)


def _resolved(executor: object, given: dict[str, Any]) -> SlurmOptions | None:
    config = given.pop("slurm_config")
    if executor == "slurm":
        return resolve(config, given)
    if config or (asked := _given(given)):
        name = "--slurm-config" if config else flag(next(iter(asked)))
        raise UserError(f"{name} is for --executor slurm; this is --executor {executor}")
    return None
