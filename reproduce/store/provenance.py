"""Where a result comes from: code, packages, machine. Loads nothing heavy."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.errors import UserError
from reproduce.store import hardware, schema
from reproduce.store.paths import ROOT

PACKAGES = ("torch", "torchvision", "numpy")
SNAPSHOT_FILE = "SNAPSHOT.json"
_VERSION = re.compile(r"""^__version__\s*(?::[^=]*)?=\s*['"]([^'"]+)['"]""", re.MULTILINE)


def capture(
    executor: str,
    *,
    device_kind: str = "cpu",
    device_name: str | None = None,
    threads: int = 1,
) -> dict[str, Any]:
    """The provenance of this process's results; ask once, it runs git.

    Args:
        executor: "local", "slurm" or "debug".
        device_kind: "cpu" or "cuda".
        device_name: of a GPU, as ``torch.cuda.get_device_name`` has it; a CPU's is looked up.
        threads: intra-op threads of the computation on a CPU.

    Returns:
        ``commit`` and ``dirty`` (None outside a git checkout, or without git), ``packages``,
        ``device``, ``host``, ``executor`` and ``finished``, the present time, which
        :func:`reproduce.store.records.make_record` puts forward to the end of the run.
    """
    commit, dirty = code_state(ROOT)
    return {
        "commit": commit,
        "dirty": dirty,
        "packages": {"python": platform.python_version()} | {p: _version(p) for p in PACKAGES},
        "device": {
            "kind": device_kind,
            "name": device_name or hardware.cpu_name(),
            "threads": threads,
        },
        "host": socket.gethostname(),
        "executor": executor,
        "finished": utc_now(),
    }


def sitting(provenance: dict[str, Any]) -> dict[str, Any]:
    """What a checkpoint remembers of a process, for :func:`benchmarks.training.loop.train`."""
    return {
        "commit": provenance["commit"],
        "dirty": provenance["dirty"],
        "host": provenance["host"],
        "machine": _label(provenance),
        "started": utc_now(),
    }


def machine_label(provenance: dict[str, Any]) -> str:
    """What decides a run's last bits, such as "AMD EPYC / torch 2.15.0+cu132 / cpu".

    A run made in sittings on several machines has all of their labels, joined by " + ".
    """
    return " + ".join(machine_labels(provenance))


def machine_labels(provenance: dict[str, Any]) -> list[str]:
    """The label of each machine that a run was made on, in order and each once."""
    labels = [str(s["machine"]) for s in provenance.get("sittings") or () if s.get("machine")]
    return list(dict.fromkeys([*labels, _label(provenance)]))


def origin_label(provenance: dict[str, Any]) -> str:
    """:func:`machine_label` with the first digits of the images' content digest, where a store's
    images may differ though its runs have one name; see
    :attr:`benchmarks.data.DatasetInfo.identity`."""
    contents = [s["images"][:8] for s in provenance.get("sittings", ()) if s.get("images")]
    return " / images ".join([machine_label(provenance), *dict.fromkeys(contents)])


def laboratory_of(provenance: dict[str, Any]) -> str:
    """The laboratory that a record names, or the word for this one."""
    return provenance.get("laboratory") or schema.HERE


def own_laboratory(given: str | None = None) -> str | None:
    """The name that runs get on their way to other laboratories: the one given, or REPRODUCE_LAB.
    None without either: a machine's name is nobody's business.

    Raises:
        UserError: for what is no such name.
    """
    source, name = "--lab", given
    if name is None:
        source, name = "REPRODUCE_LAB", os.environ.get("REPRODUCE_LAB") or None
    if name is not None and not re.search(schema.LABORATORY, name):
        raise UserError(
            f"{source} {name!r} names no laboratory: up to 60 letters, digits, spaces and "
            f".,&'()/+- that begin with a letter or digit, and not {schema.HERE!r}"
        )
    return name


def from_laboratory(record: schema.Record, name: str | None) -> schema.Record:
    """The record with that laboratory, where it names none yet."""
    origin = record["provenance"]
    if not name or origin.get("laboratory"):
        return record
    return schema.seal({**record, "provenance": {**origin, "laboratory": name}})


def code_state(folder: Path) -> tuple[str | None, bool | None]:
    """(commit, dirty) of the code in a folder: a checkout, or a snapshot that a queue's job runs
    and that states where it was taken from."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        stated = json.loads((folder / SNAPSHOT_FILE).read_text())
        return stated["commit"], stated["dirty"]
    return git_state(folder)


def git_state(folder: Path) -> tuple[str | None, bool | None]:
    """(commit, whether tracked files differ from it), or (None, None) where git cannot tell.

    Files under ``results/`` do not count: reports are redrawn there while runs go on.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != folder.resolve():
        return None, None
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    changes = _git(
        folder, "status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)results"
    )
    return (commit, None if changes is None else bool(changes)) if commit else (None, None)


def utc_now() -> str:
    """The time, such as "2026-01-31T12:00:00Z"."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _label(provenance: dict[str, Any]) -> str:
    device, packages = provenance["device"], provenance["packages"]
    return f"{device['name']} / torch {packages['torch']} / {device['kind']}"


def _version(package: str) -> str | None:
    """The installed version with its build, which torch states in a file and not in metadata."""
    with contextlib.suppress(OSError, ImportError, ValueError):
        spec = importlib.util.find_spec(package)
        for folder in (spec and spec.submodule_search_locations) or ():
            text = (Path(folder) / "version.py").read_text(encoding="utf-8")
            if match := _VERSION.search(text):
                return match[1]
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def deleted(folder: Path) -> list[str]:
    """Files below the folder, by their paths in it, that git has and that are not there; none where
    git does not know the folder, or is not here."""
    found = _git(folder, "ls-files", "--deleted", "-z", "--", ".")
    return [path for path in (found or "").split("\0") if path]


def _git(folder: Path, *arguments: str) -> str | None:
    # Without optional locks, so that many workers asking at once never disturb a commit.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
