"""Which weights a command looks at: a file that the user names, a run's, or what there is."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError
from benchmarks.run import HASH_LENGTH
from reproduce.catalogue.papers import entries, find
from reproduce.store import weights as saved_weights
from reproduce.store.paths import default_results, printable
from reproduce.store.store import Store, stores

if TYPE_CHECKING:
    from benchmarks.weights import SpatialLayer
    from reproduce.catalogue.selection import Selection
    from reproduce.catalogue.tables import Cell, Table
    from reproduce.store.weights import Header

TABLE = "table3"  # whose networks are looked at unless others are named


@dataclass(frozen=True)
class WeightSource:
    """A weights file and what is known of it.

    Attributes:
        header: of a file that a run of this suite has kept, else None.
        name: for a folder, such as "run=94ddf1f29702484a" or "weights=vgg16-1a2b3c4d"; empty for
            what is looked at by default.
        title: what the file is known as, empty where that is not known.
    """

    path: Path
    header: Header | None
    name: str = ""
    title: str = ""

    def layers(self) -> list[SpatialLayer]:
        """The file's convolutions over more than one pixel, by depth.

        Raises:
            UserError: where the file is damaged or holds none.
        """
        from benchmarks.weights import read

        return read(self.path)


def of_file(path: Path) -> WeightSource:
    """A file that the user names, whichever program wrote it.

    Raises:
        UserError: where it cannot be read.
    """
    from benchmarks.weights.reading import check_readable

    check_readable(path)
    return WeightSource(path, _own_header(path), folder_name([path.name], [digest(path)]))


def folder_name(names: Sequence[str], digests: Sequence[str]) -> str:
    """The variant of reports about files that the user names, told by name and by content.

    Args:
        names: of the files, with their suffixes; where two are alike, with their folders.
        digests: SHA-256 of their contents, in the same order.
    """
    plain = (str(Path(printable(name)).with_suffix("")) for name in names)
    stems = "+".join(re.sub(r"[^\w.-]", "-", name) for name in plain)
    content = digests[0]
    if len(digests) > 1:
        content = hashlib.sha256("".join(digests).encode()).hexdigest()
    return f"weights={stems[:40]}-{content[:8]}"


def digest(path: Path) -> str:
    """SHA-256 of a file's content.

    Raises:
        UserError: where it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error


def of_run(prefix: str, base: Path, *, form: str) -> WeightSource:
    """The kept weights of the one run whose hash begins with ``prefix``.

    Looks among the runs of ``form`` first, then among the others.

    Raises:
        UserError: where no kept weights, or several, match.
    """
    if not 1 <= len(prefix) <= HASH_LENGTH or set(prefix) - set("0123456789abcdef"):
        raise UserError(f"{prefix!r} is no run: give the first digits of a hash such as 3ef3464e")
    for store in stores(base, form):
        names = sorted(n for n in store.weights.present() if n.startswith(prefix))
        if len(names) > 1:
            raise UserError(f"{prefix!r} fits {len(names)} runs: {', '.join(names[:4])} …")
        if names:
            path = store.weights.path(names[0])
            return WeightSource(path, saved_weights.header(path), f"run={names[0]}")
    raise UserError(_nothing_kept(prefix, base, form=form))


def of_table(store: Store) -> WeightSource | None:
    """Kept weights of Table III: the plain cell's first seed, else the first that there are; None
    where no run of it has kept any.

    Raises:
        UserError: where the file is damaged.
    """
    table = find(TABLE).load()
    if store.form not in ("full", *table.forms):
        return None
    table = table.of_form(store.form)
    cells = sorted(table.cells, key=lambda cell: cell.kind != "plain")
    there = store.weights.present()
    runs = (cell.run(seed).hash for cell in cells for seed in range(table.seeds))
    found = next((name for name in runs if name in there), None)
    if found is None:
        return None
    path = store.weights.path(found)
    return WeightSource(path, saved_weights.header(path))


def train(selection: Selection) -> None:
    """Train the selected runs that have no weights, and keep these: for quick forms, which take
    minutes on embedded data.

    Raises:
        UserError: see :func:`reproduce.commands.table.launch_missing`.
    """
    from reproduce.commands.options import Launch
    from reproduce.commands.table import launch_missing

    launch_missing(selection, Launch(save_weights=True, as_json=True))  # without progress


def describe_run(run: Mapping[str, Any], form: str) -> str:
    """What a run is, such as "plain 1 1 of Table III, seed 0", or its settings in a few words.

    Args:
        run: its resolved configuration.
    """
    if place := _place(run, form):
        table, cell = place
        return f"{cell.name} of {table.title}, seed {run['seed']}"
    model, data = run["model"]["kind"], run["data"]["name"]
    penalties = ", ".join(term["kind"] for term in run["objective"]["penalties"])
    return f"{model} on {data} with {penalties}, seed {run['seed']}"


def saving_command(table: str, store: Store) -> str:
    """The command that trains a table's runs under that folder and keeps their weights."""
    form = "" if store.form == "full" else f" --{store.form}"
    results = ""
    if store.base != default_results():
        results = f" --results {shlex.quote(str(store.base))}"
    return f"reproduce {table}{form}{results} --save-weights"


def _saving_run(run: Mapping[str, Any], store: Store) -> str:
    """The same for one run, as far as can be told."""
    place = _place(run, store.form)
    if place is None:
        return "its table's command with --save-weights"
    table, cell = place
    command = saving_command(table.name, store)
    if run["precision"] != cell.run(0).precision:
        command += f" --precision {run['precision']}"
    return f"`{command} --only {shlex.quote(cell.name)} --seeds {run['seed']}-{run['seed']}`"


def _place(run: Mapping[str, Any], form: str) -> tuple[Table, Cell] | None:
    """The table and cell that a run is of, under the default readings and any precision."""
    for entry in entries():
        if entry.trains:
            whole = entry.load()
            table = whole if form == "full" else whole.forms.get(form)
            for cell in table.cells if table else ():
                settings = {"precision": run.get("precision", "")}
                with contextlib.suppress(UserError):
                    if table and cell.run(run["seed"], settings).canonical() == run:
                        return table, cell
    return None


def _nothing_kept(prefix: str, base: Path, *, form: str) -> str:
    from reproduce.commands.show import matching

    for store in stores(base, form):
        for name, record in matching(store, prefix).items():
            command = _saving_run(record["run"], store)
            return f"run {name} did not keep its weights: {command} trains it again and keeps them"
    return f"no run begins with {prefix!r} under {base}; `reproduce status table3` tells what is"


def _own_header(path: Path) -> Header | None:
    if path.suffix.lower() != saved_weights.SUFFIX:
        return None
    try:
        return saved_weights.header(path)
    except UserError:
        return None  # another program's, or damaged, which its reader tells
