"""Final weights of finished runs: ``weights/<hash>.safetensors`` under the results folder.

Such a file holds the network's whole state (float32, counters as they are) and, as metadata, which
run it is of and what that came to. It is written before the run's record, so that a run that was
asked to keep its weights has them once it has a record. Whether weights are kept is no part of a
run's identity. Importing this module loads neither NumPy nor torch.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.errors import UserError
from reproduce.store import atomic, schema
from reproduce.store.provenance import machine_label
from reproduce.store.schema import Record

if TYPE_CHECKING:
    import torch

    from benchmarks.run import Run
    from benchmarks.training.loop import Outcome
    from reproduce.store.records import Records

SUFFIX = ".safetensors"
FORMAT = "reproduce-weights 2"
# What is no JSON in the metadata.
_TEXTS = {"format", "run", "form", "contents", "finished", "machine", "note"}
_NAME = re.compile(r"[0-9a-f]{16}\.safetensors")


@dataclass(frozen=True)
class Header:
    """What a weights file says of itself.

    Attributes:
        run: hash of the run.
        configuration: the run's resolved settings.
        form: of the table that the run was trained for.
        order: names of the weights of convolutions and dense layers, by depth.
        correct, total, diverged: what these weights came to on the test images.
        contents: digest of the record that this training would have, or has.
        commit, dirty, finished, machine: where they come from.
        note: says so where they are of a repetition, else empty.
    """

    path: Path
    run: str
    configuration: Mapping[str, Any]
    form: str
    order: tuple[str, ...]
    correct: int
    total: int
    diverged: bool
    contents: str
    commit: str | None
    dirty: bool | None
    finished: str
    machine: str
    note: str

    def belongs_to(self, record: Record) -> bool:
        """Whether the training that ended in these weights is the one in the record."""
        return self.contents == schema.contents_digest(record)


def encode(model: torch.nn.Module, record: Record, earlier: Record | None = None) -> bytes:
    """A safetensors file of the network's state, with :class:`Header` as metadata."""
    import torch
    from safetensors.torch import save

    state = {
        name: (value.float() if value.is_floating_point() else value)
        .detach()
        .cpu()
        .clone(memory_format=torch.contiguous_format)
        for name, value in model.state_dict().items()
    }
    provenance = record["provenance"]
    correct, total = schema.headline(record)
    values = {
        "format": FORMAT,
        "run": record["hash"],
        "configuration": record["run"],
        "form": record["form"],
        "order": _order(model),
        "correct": correct,
        "total": total,
        "diverged": record["result"]["diverged"],
        "contents": schema.contents_digest(record),
        **{name: provenance[name] for name in ("commit", "dirty", "finished")},
        "machine": machine_label(provenance),
        "note": _note(record, earlier),
    }
    # safetensors allows text alone.
    texts = {n: v if n in _TEXTS else schema.canonical_json(v) for n, v in values.items()}
    return save(state, metadata=texts)


def _note(record: Record, earlier: Record | None) -> str:
    if earlier is None:
        return ""
    correct, _ = schema.headline(record)
    if schema.agree(earlier, record):
        return f"of a repetition, which agrees with the record: {correct} correct"
    return f"of a repetition with {correct} correct; the record has {schema.headline(earlier)[0]}"


def _order(model: torch.nn.Module) -> list[str]:
    """Weights of layers, in the order in which the network names them, which a test holds to be the
    order of execution; :mod:`benchmarks.weights` reads them so."""
    from benchmarks.models.layers import WEIGHTED

    return [
        f"{name}.weight" for name, module in model.named_modules() if isinstance(module, WEIGHTED)
    ]


def header(path: Path) -> Header:
    """What a kept weights file says of itself; reads none of the weights.

    Raises:
        UserError: where there is none, or it was cut short, or is no file that a run has kept.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            values = file.metadata() or {}
        if values["format"] != FORMAT:
            raise ValueError("another format")
        plain = {n: v if n in _TEXTS else msgspec.json.decode(v) for n, v in values.items()}
        found = msgspec.convert({**plain, "path": path}, Header)
    except FileNotFoundError:
        raise UserError(f"{path} is missing") from None
    except (SafetensorError, OSError) as error:
        raise _damaged(path, str(error)) from error
    except (KeyError, ValueError, msgspec.MsgspecError, RecursionError):
        raise _damaged(path, "it does not say which run it is of") from None
    if _NAME.fullmatch(path.name) and found.run != path.stem:
        raise _damaged(path, f"it holds the weights of run {found.run}")
    return found


def _damaged(path: Path, why: str) -> UserError:
    first = why.splitlines()[0] if why else "unreadable"
    return UserError(
        f"{path} holds no run's weights ({first}); delete it, and the table's command with"
        " --save-weights trains that run again"
    )


class Weights:
    """The kept weights of a results folder, beside its records."""

    def __init__(self, folder: Path, records: Records) -> None:
        self.folder, self.records = folder, records

    def path(self, run_hash: str) -> Path:
        """Where the weights of a run lie, or will."""
        return self.folder / f"{run_hash}{SUFFIX}"

    def present(self) -> set[str]:
        """Hashes of the runs whose weights are kept; opens no file.

        Raises:
            UserError: where the folder cannot be read.
        """
        with atomic.telling(f"read {self.folder}"), contextlib.suppress(FileNotFoundError):
            names = os.listdir(self.folder)
            return {name.removesuffix(SUFFIX) for name in names if _NAME.fullmatch(name)}
        return set()

    def keep(self, outcome: Outcome, record: Record) -> Record | None:
        """Write the final weights of a run that has just ended, before its record is published.

        What lies there of an earlier training of the run is replaced: weights and record should be
        of one training.

        Args:
            outcome: finished, with its network.
            record: of that training, not published yet.

        Returns:
            The record that the run has already, where it was trained again for its weights.

        Raises:
            UserError: where the folder is full or cannot be written; a file that was there is as it
                was. Also where the earlier record is damaged.
        """
        if outcome.model is None:
            raise ValueError(f"run {outcome.run.hash} has no network whose weights could be kept")
        earlier = self.records.collect([record["hash"]]).get(record["hash"])
        path = self.path(record["hash"])
        self.sweep(record["hash"])
        with atomic.telling(f"write {path}", atomic.ELSEWHERE):
            atomic.replace(path, encode(outcome.model, record, earlier))
        return earlier

    def sweep(self, run_hash: str) -> None:
        """Delete what writers that were killed left of a run's weights; only its owner may."""
        with contextlib.suppress(OSError):
            for scratch in self.folder.glob(f".{run_hash}{SUFFIX}.*"):
                scratch.unlink(missing_ok=True)

    def headers(self, hashes: Iterable[str]) -> dict[str, Header]:
        """The headers of those of ``hashes`` whose weights are kept, in their order.

        Raises:
            UserError: where one is damaged; names it.
        """
        there = self.present()
        return {name: header(self.path(name)) for name in hashes if name in there}

    def lacking(self, run: Run) -> list[Run]:
        """The runs that ``run`` starts from whose weights are not kept yet."""
        return [source for source in run.sources if not self.path(source.hash).exists()]

    def read(self, run: Run) -> dict[str, torch.Tensor]:
        """The kept state of a run's network, for a run that starts from it.

        Raises:
            UserError: where none is kept, or the file is damaged.
        """
        from safetensors.torch import load_file

        path = self.path(run.hash)
        if not path.exists():
            raise UserError(
                f"the weights of run {run.hash}, from which this one starts, are not kept in "
                f"{self.folder}: train that run with --save-weights"
            )
        header(path)
        return load_file(path)
