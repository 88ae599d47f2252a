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
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks import data as datasets
from benchmarks.errors import UserError
from reproduce.store import atomic, schema, schema1_migration
from reproduce.store.committed import Committed
from reproduce.store.provenance import utc_now
from reproduce.store.schema import Record

if TYPE_CHECKING:
    from benchmarks.training.loop import Outcome


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
    data, wall = outcome.run.data, outcome.wall_seconds
    images = train_images or datasets.info(data.name, data.fold).counts[0]
    phases = outcome.run.procedure.phases
    trained = sum(p.length * p.images_an_epoch(data.trained_on(images)) for p in phases)
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
_FILE = re.compile(r"[0-9a-f]{16}\.json")


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
        record = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UserError(f"{path}: not whole JSON; {schema.REMEDY}") from error
    schema.check(record, str(path), text)
    if record["hash"] != path.name.partition(".")[0]:
        raise UserError(f"{path}: holds the run {record['hash']}; give the file that name")
    return record


def _two_contents(run_hash: str, first: str, second: str) -> UserError:
    return UserError(
        f"run {run_hash} has two contents: {first} and {second}; move the wrong one away"
    )


class Records:
    """The finished runs of a results folder.

    Args:
        folder: of the raw ones.
        form: that all of them have.
        committed: the measured ones, which are read with them.
    """

    def __init__(self, folder: Path, form: str, committed: Committed) -> None:
        self.folder, self.form, self.committed = folder, form, committed

    def adopt_earlier(self) -> None:
        """Publish anew, once for a folder, what an earlier version of the suite has recorded there;
        the files of then go to ``records/schema1``, none is deleted.

        A file that says which schema the folder is of makes this one look at a file from then on.
        What is damaged, in the wrong place or in a folder that cannot be written stays as it is:
        whoever asks for that run is told.
        """
        marker = self.folder / MARKER
        with contextlib.suppress(OSError, UserError):
            if marker.exists() or not self.folder.is_dir():
                return
            for path in self._files():
                self._adopt(path)
            atomic.replace(marker, f"{schema.SCHEMA}\n".encode(), flush=False)

    def _adopt(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="ascii")
            earlier = json.loads(text)
            if not schema1_migration.is_earlier(earlier):
                return
            record = schema1_migration.migrated(earlier, str(path), text)
        except (UserError, ValueError, RecursionError, FileNotFoundError):
            return
        self.publish(record)
        kept = self.folder / "schema1" / path.name
        kept.parent.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, kept)

    def path(self, run_hash: str) -> Path:
        """Where the record of a run lies, or will."""
        return self.folder / run_hash[:2] / f"{run_hash}.json"

    def publish(self, record: Record) -> bool:
        """Publish a run's record, once; True where ours is the published one.

        Where the run has a record already, ours is compared with it and dropped. A process killed
        in here leaves a whole record or none.

        Raises:
            UserError: where the two differ in configuration or result, or the published one is
                damaged; ours is then kept beside it as ``<hash>.<pid>.conflict.json``. Also where
                the folder cannot be written, or is not that of the record's form.
        """
        path = self.path(record["hash"])
        schema.check(record, f"the new record {path.name}")
        self._require_form(record, f"the new record for {path}")
        data = (schema.canonical_json(record) + "\n").encode()
        with atomic.telling(f"write {path}", atomic.ELSEWHERE):
            if atomic.create_once(path, data):
                atomic.sweep(path.parent)
                return True
            self._agree_or_keep(path, record, data)
        return False

    def _agree_or_keep(self, path: Path, record: Record, data: bytes) -> None:
        try:
            published = self._read(path)
        except UserError as error:
            raise UserError(
                f"{error}; this run's new record is kept as {_keep(path, data)}"
            ) from error
        if not schema.agree(published, record):
            raise _two_contents(record["hash"], str(path), str(_keep(path, data)))

    def _read(self, path: Path) -> Record:
        record = read_record(path)
        self._require_form(record, str(path))
        return record

    def _require_form(self, record: Record, source: str) -> None:
        if record["form"] != self.form:
            raise UserError(
                f"{source}: a {record['form']} run among the {self.form} ones; {schema.REMEDY}"
            )

    def collect(self, hashes: Iterable[str] | None = None) -> dict[str, Record]:
        """The records of finished runs by hash: raw ones and committed measured ones together.

        Args:
            hashes: the runs of interest, whose files alone are looked at; all by default.

        Raises:
            UserError: where a record is damaged, or a run has two contents; names the files.
        """
        self.adopt_earlier()
        wanted = None if hashes is None else set(hashes)
        committed = self.committed.read_rows(wanted)
        paths = self._files() if wanted is None else map(self.path, sorted(wanted))
        found = {}
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                record = self._read(path)
                found[record["hash"]] = record
        for name, row in committed.items():
            if not schema.agree(found.setdefault(name, row.record), row.record):
                raise _two_contents(name, str(self.path(name)), row.source)
        return found

    def finished(self, hashes: Iterable[str]) -> set[str]:
        """Those of ``hashes`` that have a record, raw or committed; opens no raw record, so that a
        damaged one counts.

        Raises:
            UserError: where the folder cannot be read.
        """
        self.adopt_earlier()
        wanted = set(hashes)
        found = self.committed.names().keys() & wanted
        with atomic.telling(f"read {self.folder}"):
            return found | {name for name in wanted - found if self.path(name).exists()}

    def precisions(self) -> list[str]:
        """Those of all runs here, whatever table they are of.

        Raises:
            UserError: where a record is damaged: without it a table would pass for one without
                runs.
        """
        return sorted({r["run"]["precision"] for r in self.collect().values()}, reverse=True)

    def readable(self) -> Iterator[Record]:
        """All records one by one, except those that are damaged or in the wrong place."""
        committed = self.committed.readable()
        yield from committed.values()
        with contextlib.suppress(UserError):
            for path in self._files():
                with contextlib.suppress(UserError, FileNotFoundError):
                    record = self._read(path)
                    if record["hash"] not in committed:
                        yield record

    def _files(self) -> list[Path]:
        """The files of all raw records."""
        with atomic.telling(f"read {self.folder}"), contextlib.suppress(FileNotFoundError):
            shards = sorted(path for path in self.folder.iterdir() if len(path.name) == 2)
            files = [path for shard in shards for path in sorted(shard.iterdir())]
            return [path for path in files if _FILE.fullmatch(path.name)]
        return []
