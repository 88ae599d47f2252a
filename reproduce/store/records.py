"""One record a run, published once: the record on disk is the truth about a finished run.

Records lie at ``records/<first two digits>/<hash>.json`` under the results folder, beside the
committed CSVs of :mod:`reproduce.store.committed`, and the two are read together. Importing this
module loads neither NumPy nor torch.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import data as datasets
from benchmarks.errors import UserError
from reproduce.store import atomic, index, schema, schema1
from reproduce.store import committed as measured
from reproduce.store.provenance import utc_now
from reproduce.store.schema import Record

if TYPE_CHECKING:
    from benchmarks.run import Run
    from benchmarks.training.loop import Outcome
    from reproduce.store.paths import ResultsLayout


def make_record(
    outcome: Outcome,
    provenance: dict[str, Any],
    *,
    train_images: int | None = None,
    form: str = schema.FULL,
) -> Record:
    """The record of a finished run.

    Args:
        outcome: of :func:`benchmarks.training.loop.train`, finished; a diverged one is too.
        provenance: of :func:`reproduce.store.provenance.capture`; the record adds wall time,
            images/s of training, sittings and the time of the end.
        train_images: size of the training split, for images/s; by default the data set's own.
        form: of the table that the run was trained for.

    Raises:
        ValueError: where the run is not finished.
    """
    if not outcome.finished:
        raise ValueError(f"run {outcome.run.hash} is not finished, so it has no record")
    trained = trained_images(outcome.run, train_images)
    wall = outcome.wall_seconds
    return schema.seal(
        {
            "schema": schema.SCHEMA,
            "hash": outcome.run.hash,
            "form": form,
            "run": outcome.run.canonical(),
            "result": {
                "diverged": outcome.diverged,
                "measurements": schema.finite(outcome.measurements),
                "curves": schema.finite(outcome.curves),
            },
            "provenance": {
                **provenance,
                "wall_seconds": round(wall, 3),
                "images_per_second": round(trained / wall, 2) if wall > 0 else None,
                "finished": utc_now(),
                "sittings": [dict(sitting) for sitting in outcome.sittings],
            },
        }
    )


MARKER = "schema"


def adopt_earlier(layout: ResultsLayout) -> None:
    """Publish anew, once for a folder, what an earlier version of the suite has recorded there; the
    files of then go to ``records/schema1``, none is deleted.

    A file that says which schema the folder is of makes this one look at a file from then on. What
    is damaged, in the wrong place or in a folder that cannot be written stays as it is: whoever
    asks for that run is told.
    """
    marker = layout.records / MARKER
    with contextlib.suppress(OSError, UserError):
        if marker.exists() or not layout.records.is_dir():
            return
        for path in list(index.files(layout.records)):
            _adopt(layout, path)
        atomic.replace(marker, f"{schema.SCHEMA}\n".encode(), flush=False)


def _adopt(layout: ResultsLayout, path: Path) -> None:
    try:
        text = path.read_text(encoding="ascii")
        earlier = json.loads(text)
        if not schema1.is_earlier(earlier):
            return
        record = schema1.migrated(earlier, str(path), text)
    except (UserError, ValueError, RecursionError, FileNotFoundError):
        return
    publish(layout, record)
    kept = layout.records / "schema1" / path.name
    kept.parent.mkdir(exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.replace(path, kept)


def record_path(layout: ResultsLayout, run_hash: str) -> Path:
    """Where the record of a run lies, or will."""
    return layout.records / run_hash[:2] / f"{run_hash}.json"


def publish(layout: ResultsLayout, record: Record) -> bool:
    """Publish a run's record, once; True where ours is the published one.

    Where the run has a record already, ours is compared with it and dropped. A process killed in
    here leaves a whole record or none.

    Raises:
        UserError: where the two differ in configuration or result, or the published one is
            damaged; ours is then kept beside it as ``<hash>.<pid>.conflict.json``. Also where the
            folder cannot be written, or is not that of the record's form.
    """
    path = record_path(layout, record["hash"])
    schema.check(record, f"the new record {path.name}")
    _require_form(layout, record, f"the new record for {path}")
    data = (schema.canonical_json(record) + "\n").encode()
    try:
        if atomic.create_once(path, data):
            atomic.sweep(path.parent)
            return True
        _agree_or_keep(layout, path, record, data)
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror or error}; mend that or give another folder"
            " with --results, and run again"
        ) from error
    return False


def _agree_or_keep(layout: ResultsLayout, path: Path, record: Record, data: bytes) -> None:
    try:
        published = _read_of(layout, path)
    except UserError as error:
        raise UserError(f"{error}; this run's new record is kept as {_keep(path, data)}") from error
    if schema.contents(published) != schema.contents(record):
        raise _two_contents(record["hash"], str(path), str(_keep(path, data)))


def _keep(path: Path, data: bytes) -> Path:
    for suffix in itertools.chain([""], (f"-{count}" for count in itertools.count(2))):
        kept = path.with_name(f"{path.stem}.{os.getpid()}{suffix}.conflict.json")
        if atomic.create_once(kept, data):
            break
    return kept


def read_record(path: Path) -> Record:
    """The record in a file.

    Raises:
        UserError: where it was cut short, edited, or written by a newer version.
        FileNotFoundError: where there is none.
    """
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(
            f"cannot read {path}: {error.strerror or error}; mend that, or {schema.REMEDY}"
        ) from error
    except ValueError as error:
        raise UserError(f"{path}: not a record; {schema.REMEDY}") from error
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not whole JSON; {schema.REMEDY}") from error
    schema.check(record, str(path), text)
    if record["hash"] != path.name.partition(".")[0]:
        raise UserError(f"{path}: holds the run {record['hash']}; give the file that name")
    return record


def _read_of(layout: ResultsLayout, path: Path) -> Record:
    record = read_record(path)
    _require_form(layout, record, str(path))
    return record


def _require_form(layout: ResultsLayout, record: Record, source: str) -> None:
    if record["form"] != layout.form:
        raise UserError(
            f"{source}: a {record['form']} run among the {layout.form} ones; {schema.REMEDY}"
        )


def collect(
    layout: ResultsLayout, hashes: Iterable[str] | None = None, *, curves: bool | None = None
) -> dict[str, Record]:
    """The records of finished runs by hash: raw ones and committed measured ones together.

    Args:
        layout: the results folder; quick ones have no committed runs.
        hashes: the runs of interest, whose files alone are looked at; all by default.
        curves: whether results hold their ``curves``. By default they do where ``hashes`` are
            given: the curves of every run there ever was may be gigabytes, so without them the
            index answers in their place.

    Raises:
        UserError: where a record is damaged, or a run has two contents; names the files.
    """
    if curves is None:
        curves = hashes is not None
    adopt_earlier(layout)
    wanted = None if hashes is None else set(hashes)
    committed = measured.read_rows(layout, wanted)
    if wanted is not None:
        found = _read_each(layout, (record_path(layout, name) for name in sorted(wanted)))
    elif curves:
        found = _read_each(layout, index.files(layout.records))
    else:
        found = index.summaries(layout.records, lambda path: _read_of(layout, path))
    for name, row in committed.items():
        if name in found:
            _compare(layout, found[name], row)
    merged = {name: row.record for name, row in committed.items()} | found
    if curves:
        return merged
    return {name: index.without_curves(record) for name, record in merged.items()}


def finished(layout: ResultsLayout, hashes: Iterable[str]) -> set[str]:
    """Those of ``hashes`` that have a record, raw or committed; opens no raw record, so that a
    damaged one counts. For what is asked once, see :func:`verified`.

    Raises:
        UserError: where the folder cannot be read.
    """
    adopt_earlier(layout)
    wanted = set(hashes)
    found = measured.names(layout).keys() & wanted
    try:
        return found | {name for name in wanted - found if record_path(layout, name).exists()}
    except OSError as error:
        raise UserError(f"cannot read {layout.records}: {error.strerror or error}") from error


def verified(layout: ResultsLayout, hashes: Iterable[str]) -> set[str]:
    """As :func:`finished`, with every record read and checked: some 0.4 ms each.

    Raises:
        UserError: where one is damaged, or a run has two contents; names the files.
    """
    return set(collect(layout, hashes))


def readable(layout: ResultsLayout) -> list[Record]:
    """All records without their curves, except those that are damaged or in the wrong place."""
    found: dict[str, Record] = {}
    with contextlib.suppress(UserError):
        found |= measured.read_all(layout)
    with contextlib.suppress(UserError):
        found |= index.summaries(
            layout.records, lambda path: _read_of(layout, path), skip_damaged=True
        )
    return list(found.values())


def _read_each(layout: ResultsLayout, paths: Iterable[Path]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for path in paths:
        try:
            record = _read_of(layout, path)
        except FileNotFoundError:
            continue
        found[record["hash"]] = record
    return found


def _compare(layout: ResultsLayout, record: Record, row: measured.Row) -> None:
    path = record_path(layout, record["hash"])
    if "curves" not in record["result"]:
        record = read_record(path)
    if schema.contents(record) != schema.contents(row.record):
        raise _two_contents(record["hash"], str(path), row.source)


def _two_contents(run_hash: str, first: str, second: str) -> UserError:
    return UserError(
        f"run {run_hash} has two contents: {first} and {second}; move the wrong one away"
    )


def trained_images(run: Run, train_images: int | None = None) -> int:
    """Images that a run trains in all its epochs.

    Args:
        train_images: size of the training split; by default the data set's own.
    """
    images = train_images or datasets.info(run.data.name, run.data.fold).counts[0]
    phases = run.procedure.phases
    kept = images - run.data.held_out
    return sum(phase.length * phase.images_an_epoch(kept) for phase in phases)
