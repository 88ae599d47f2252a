"""Who is training which run, agreed on by nothing but a folder that all processes share.

A lease is a folder ``claims/<hash>.claim`` with one empty file in it, whose *name* is the owner:
host, boot, process and start time, and a token of this lease alone. Every change of owner is then
one rename that exactly one process can win:

* to take one, a folder with the file in it is prepared aside and renamed to ``<hash>.claim``, which
  fails where that is there and not empty;
* to take over from a dead owner, the file is renamed from the dead owner's name to one's own,
  which fails where the owner is no longer that one, so that a fresh lease is never stolen;
* to release, the file of one's own name is deleted.

A name is written whole or not at all, so that no process, killed anywhere, leaves half a lease; an
empty folder is free. Neither locks nor hard links nor clocks are relied on.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.errors import UserError
from reproduce.store import queues
from reproduce.store.queues import Liveness

# As processes of earlier code name them, such as the jobs of a queue that run snapshots of it.
FOLDER, SUFFIX = "claims", ".claim"
SEPARATOR = "~"
HIDDEN = "hidden"
NO_PROC = "0"
_TAKEN = {errno.ENOTEMPTY, errno.EEXIST}


@dataclass(frozen=True)
class Owner:
    """A process that holds a lease.

    Attributes:
        token: of this one lease, so that no two leases ever have the same owner.
        host, boot, namespace: which machine, which start of it, and whose process numbers.
        pid, started: which process; the start time tells it from a later one of that number.
        executor: what started it, such as "local".
        job: the queue's job that it runs in, as :func:`reproduce.store.queues.this_job` tells
            it; empty outside of any. Then the name has no such part, as before there was one.
    """

    token: str
    host: str
    boot: str
    namespace: str
    pid: int
    started: str
    executor: str
    job: str = ""

    @property
    def name(self) -> str:
        """All of it as a file name."""
        fields = (self.token, self.executor, self.host, self.boot, self.namespace)
        job = (self.job,) if self.job else ()
        return SEPARATOR.join((*fields, str(self.pid), self.started, *job))

    @classmethod
    def parse(cls, name: str) -> Owner | None:
        """The owner of that file name, None where it is no such name."""
        parts = name.split(SEPARATOR)
        if len(parts) not in (7, 8) or not parts[5].isdecimal():
            return None
        token, executor, host, boot, namespace, pid, started, *job = parts
        return cls(token, host, boot, namespace, int(pid), started, executor, *job)

    def liveness(self) -> Liveness:
        """Judged at once where process numbers can be looked up, or where the host was rebooted
        since; elsewhere by the queue that its job is in, if any answers; else only silence tells,
        see :class:`reproduce.store.heartbeat.Watch`."""
        here = (self.boot, self.namespace) == (_boot(), _namespace())
        if here and (self.boot or self.host == this_host()):
            started = process_started(self.pid)
            if started == HIDDEN:
                return self._by_queue()
            return Liveness.ALIVE if started == self.started else Liveness.DEAD
        if self.host == this_host() and self.boot != _boot():
            return Liveness.DEAD
        return self._by_queue()

    def _by_queue(self) -> Liveness:
        queue = queues.registered() if self.job else None
        return queue.liveness(self.job, self.token) if queue else Liveness.ELSEWHERE


@dataclass(frozen=True)
class Lease:
    """A run that this process holds."""

    run_hash: str
    owner: Owner


class Leases:
    """The leases of a results folder.

    Every method that writes raises :class:`UserError` where the folder cannot be written.
    """

    def __init__(self, folder: Path, executor: str) -> None:
        self.folder = folder
        self.executor = _plain(executor)

    def acquire(self, run_hash: str) -> Lease | None:
        """Take a run that nobody holds, or whose owner is dead for certain; None where another
        process has it or was quicker."""
        owner = self.owner(run_hash)
        if owner is None:
            return self._create(run_hash)
        return self.take_over(run_hash, owner) if owner.liveness() is Liveness.DEAD else None

    def take_over(self, run_hash: str, owner: Owner) -> Lease | None:
        """Take a run from an owner judged dead; None where it no longer is the owner."""
        mine = self.myself()
        place = self._place(run_hash)
        try:
            os.rename(place / owner.name, place / mine.name)
        except FileNotFoundError:
            # A network file system may repeat a request whose answer was lost.
            if not (place / mine.name).exists():
                return None
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        return Lease(run_hash, mine)

    def release(self, lease: Lease) -> None:
        """Give a run up; harmless where it was lost already."""
        place = self._place(lease.run_hash)
        with contextlib.suppress(OSError):
            (place / lease.owner.name).unlink()
            place.rmdir()

    def holds(self, lease: Lease) -> bool:
        """False once another process has taken the run over, having judged this one dead."""
        return (self._place(lease.run_hash) / lease.owner.name).exists()

    def owner(self, run_hash: str) -> Owner | None:
        """Who holds a run."""
        try:
            names = os.listdir(self._place(run_hash))
        except OSError:
            return None
        return next((owner for name in names if (owner := Owner.parse(name))), None)

    def owners(self) -> dict[str, Owner]:
        """All leases: who holds which run."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return {}
        hashes = (n.removesuffix(SUFFIX) for n in names if n.endswith(SUFFIX) and n[0] != ".")
        return {run: owner for run in hashes if (owner := self.owner(run))}

    def sweep(self) -> None:
        """Remove what processes of this host that were killed while taking one have left."""
        with contextlib.suppress(OSError):
            for name in os.listdir(self.folder):
                owner = Owner.parse(name.removeprefix(".")) if name.startswith(".") else None
                if owner and owner.liveness() is Liveness.DEAD:
                    self._discard(self.folder / name, owner)

    def _create(self, run_hash: str) -> Lease | None:
        mine, place = self.myself(), self._place(run_hash)
        aside = self.folder / f".{mine.name}"
        try:
            aside.mkdir(parents=True)
            (aside / mine.name).touch(exist_ok=False)
            with contextlib.suppress(OSError):
                place.rmdir()  # only an empty one; some file systems do not rename over it
            os.rename(aside, place)
        except OSError as error:
            self._discard(aside, mine)
            if (place / mine.name).exists():
                return Lease(run_hash, mine)
            if error.errno in _TAKEN:
                return None
            raise _unwritable(self.folder, error) from error
        return Lease(run_hash, mine)

    def _discard(self, aside: Path, owner: Owner) -> None:
        with contextlib.suppress(OSError):
            (aside / owner.name).unlink(missing_ok=True)
            aside.rmdir()

    def _place(self, run_hash: str) -> Path:
        return self.folder / f"{run_hash}{SUFFIX}"

    def myself(self) -> Owner:
        """This process, with a new token."""
        pid = os.getpid()
        return Owner(
            token=secrets.token_hex(6),
            host=this_host(),
            boot=_boot(),
            namespace=_namespace(),
            pid=pid,
            started=process_started(pid) or NO_PROC,
            executor=self.executor,
            job=_plain(queues.this_job()),
        )


def process_started(pid: int) -> str | None:
    """Start time of a process in the kernel's ticks since boot; None where there is none, or only
    a zombie; HIDDEN where another user's processes cannot be looked at."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        if not _exists(pid):
            return None
        return HIDDEN if Path("/proc/self/stat").exists() else NO_PROC
    # The command's name in parentheses may hold anything; the state follows it as field 3.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZXx" else fields[19]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:64]


@cache
def this_host() -> str:
    """This machine's name as leases have it."""
    return _plain(socket.gethostname())


@cache
def _boot() -> str:
    try:
        return _plain(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    except OSError:
        return ""


@cache
def _namespace() -> str:
    try:
        return _plain(os.readlink("/proc/self/ns/pid").strip("pid:[]"))
    except OSError:
        return ""


def _unwritable(folder: Path, error: OSError) -> UserError:
    return UserError(
        f"cannot write {folder}: {error.strerror}; give a folder that can be written with --results"
    )
