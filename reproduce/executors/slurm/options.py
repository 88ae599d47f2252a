"""How runs are submitted: the options, from the command line or from a TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from benchmarks.errors import UserError

DEFAULT_MINUTES = 240
# submitit takes every signal within the last ten minutes of the limit for a time-out.
SHORTEST_MINUTES = 11
LONGEST_MINUTES = 365 * 24 * 60
RETRIES = ("all", "failed", "missing")
_WORD = re.compile(r"[^\s,;|]+(,[^\s,;|]+)*")
_MEMORY = re.compile(r"[1-9]\d*[KMGT]?", re.IGNORECASE)


@dataclass(frozen=True)
class SlurmOptions:
    """What the queue is asked for, none of which changes a number.

    Attributes:
        partition, account, qos, constraint: as ``sbatch`` has them; by default the cluster's.
        time: limit of a task in minutes. A task that comes to it is saved and requeued.
        gpus_per_task: GPUs of a task; 0 trains on CPUs.
        cpus_per_task: on CPUs, as many runs of a task are trained side by side, one thread each.
        mem: memory of a task, such as "8G"; by default the cluster's.
        setup: shell lines that a task begins with, such as "module load cuda".
        array_parallelism: tasks of one array that may run at once.
        seeds_per_job: runs that one task trains.
        max_queued: jobs that this user may have in the queue; the rest follows at the next call, or
            with ``wait``.
        wait: follow until everything is done.
        retry: which unfinished runs are submitted: "failed", "missing" (never failed) or "all".
    """

    partition: str | None = None
    time: int = DEFAULT_MINUTES
    account: str | None = None
    qos: str | None = None
    gpus_per_task: int = 0
    cpus_per_task: int = 1
    mem: str | None = None
    constraint: str | None = None
    setup: tuple[str, ...] = ()
    array_parallelism: int | None = None
    seeds_per_job: int = 1
    max_queued: int | None = None
    wait: bool = False
    retry: str = "all"

    def __post_init__(self) -> None:
        for name in ("partition", "account", "qos"):
            value = getattr(self, name)
            if value is not None and not _WORD.fullmatch(value):
                raise UserError(f"{flag(name)} {value!r} is no name")
        if self.constraint is not None and not self.constraint.strip():
            raise UserError(f"{flag('constraint')} is empty")
        if self.mem is not None and not _MEMORY.fullmatch(self.mem):
            raise UserError(f"{flag('mem')} {self.mem!r}: give a size such as 800M or 8G")
        if self.time < SHORTEST_MINUTES:
            raise UserError(
                f"{flag('time')}: {self.time} min is too short; in a job's last ten minutes any "
                "signal counts as a time-out, so a preemption could not be told from it; give "
                f"{SHORTEST_MINUTES} min or more"
            )
        if self.time > LONGEST_MINUTES:
            raise UserError(f"{flag('time')}: {self.time} min is more than 365 days; give less")
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise UserError(f"{flag(name)} must be at least {least}, not {value}")
        if self.retry not in RETRIES:
            raise UserError(f"{flag('retry')} {self.retry!r} is none of {', '.join(RETRIES)}")
        if any("\n" in line for line in self.setup):
            raise UserError(f"{flag('setup')}: give one line each; the option may be repeated")

    @property
    def device(self) -> str:
        """Where its tasks train."""
        return "cuda" if self.gpus_per_task else "cpu"


_LEAST = {
    "gpus_per_task": 0,
    "cpus_per_task": 1,
    "array_parallelism": 1,
    "seeds_per_job": 1,
    "max_queued": 1,
}
_UNPREFIXED = ("array_parallelism", "seeds_per_job", "max_queued", "wait", "retry")
_COMMAND_LINE_ONLY = ("wait", "retry")


def flag(name: str) -> str:
    """The command line's name of an option."""
    word = name.replace("_", "-")
    return f"--{word}" if name in _UNPREFIXED else f"--slurm-{word}"


def resolve(config: Path | None, given: Mapping[str, Any]) -> SlurmOptions:
    """The options of a file, if any, with those of the command line over them.

    Args:
        given: values by attribute; None and empty lists were not given.

    Raises:
        UserError: for a file that cannot be read, an unknown key or a value that is none.
    """
    own = {name: value for name, value in given.items() if value is not None and value != []}
    values = read_config(config) if config else {}
    if config:
        try:
            _options({name: value for name, value in values.items() if name not in own})
        except UserError as error:
            raise UserError(f"--slurm-config {config}: {error}") from error
    return _options(values | own)


def _options(values: dict[str, Any]) -> SlurmOptions:
    if isinstance(values.get("time"), str):
        values["time"] = minutes(values["time"])
    if "setup" in values:
        values["setup"] = tuple(values["setup"])
    return replace(SlurmOptions(), **values)


def read_config(path: Path) -> dict[str, Any]:
    """The options that a TOML file gives, checked for names and types.

    Raises:
        UserError: see :func:`resolve`.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserError(f"--slurm-config {path}: {why}") from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"--slurm-config {path} is no TOML: {error}") from error
    allowed = [item.name for item in fields(SlurmOptions) if item.name not in _COMMAND_LINE_ONLY]
    for name, value in values.items():
        if name not in allowed:
            raise UserError(
                f"--slurm-config {path}: no option {name!r}; there are {', '.join(allowed)}"
            )
        if not _fits(name, value):
            raise UserError(f"--slurm-config {path}: {name} = {value!r} is of the wrong kind")
    return values


def _fits(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return False
    if name == "setup":
        return isinstance(value, list) and all(isinstance(line, str) for line in value)
    if name == "time":
        return isinstance(value, str | int)
    return isinstance(value, int if name in _LEAST else str)


def minutes(text: str) -> int:
    """Whole minutes of a time as ``sbatch`` has it, or such as "90m" or "4h"; rounded up.

    Raises:
        UserError: where it is no such time.
    """
    if found := re.fullmatch(r"(\d{1,18})\s*(min|m|h|d)", text.strip()):
        return int(found[1]) * {"min": 1, "m": 1, "h": 60, "d": 1440}[found[2]]
    found = re.fullmatch(
        r"(?:(\d{1,18})-)?(\d{1,18})(?::(\d{1,18}))?(?::(\d{1,18}))?", text.strip()
    )
    if not found:
        raise UserError(
            f"{flag('time')} {text!r}: give minutes (240), HH:MM:SS, D-HH, or such as 90m or 4h"
        )
    days, first, second, third = (int(part or 0) for part in found.groups())
    if found[1] is not None:  # D-HH[:MM[:SS]]
        seconds = days * 86400 + first * 3600 + second * 60 + third
    elif found[4] is not None:  # HH:MM:SS
        seconds = first * 3600 + second * 60 + third
    else:  # MM[:SS]
        seconds = first * 60 + second
    return -(-seconds // 60)
