"""A worker process: ``python -m reproduce.executors.worker --job FILE --name worker1``.

It takes runs from the job's list until none is left, then ends. What it prints is its log; where a
:class:`UserError` ends it, the last line is that error. With ``--lifeline`` its standard input is a
pipe from the command that started it: when that ends, however it was killed, so does the worker.
SIGUSR2 asks it to save its runs at the end of their epochs and to end then; in a SLURM job, whose
processes are all sent SIGTERM some time before they are killed, that asks for the same.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.errors import UserError
from reproduce.running.job import Job
from reproduce.running.trainer import Trainer, stamped

DONE, USER_ERROR, STOPPED, SPENT, CRASHED, RESTART = 0, 2, 3, 4, 70, 75
ERROR_MARK = "error: "
LEAVE = signal.SIGUSR2


def main(arguments: Sequence[str] | None = None) -> int:
    """Work a job off; returns the exit code, which the command that started it reads."""
    parser = argparse.ArgumentParser(
        prog="python -m reproduce.executors.worker", description=__doc__
    )
    parser.add_argument("--job", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--log", default="", help="path of the log, named in failures")
    parser.add_argument("--lifeline", action="store_true")
    options = parser.parse_args(arguments)
    job = Job.from_json(options.job.read_text())
    os.nice(max(0, job.nice - os.nice(0)))  # what started us may be as nice already
    trainer = Trainer(job, options.name, _log, options.log)

    def stop() -> None:
        if trainer.stop():
            # It holds nothing: no need to wait for an import or a data set.
            sys.stdout.flush()
            os._exit(STOPPED)

    def watch_lifeline() -> None:
        while os.read(0, 1024):
            pass
        stop()

    _on_signal(signal.SIGTERM, trainer.leave if job.executor == "slurm" else stop)
    _on_signal(signal.SIGINT, stop)
    _on_signal(LEAVE, trainer.leave)
    if options.lifeline:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _in_thread(watch_lifeline)
    try:
        trainer.work()
    except UserError as error:
        _log(f"{ERROR_MARK}{' '.join(str(error).split())}")
        return USER_ERROR
    except Exception:
        _log(traceback.format_exc())
        return CRASHED
    if trainer.ending:
        _log("stopped")
        return STOPPED
    if trainer.needs_restart:
        return RESTART
    return SPENT if trainer.spent else DONE


def last_error(log: Path) -> str | None:
    """The message of the :class:`UserError` that ended a worker, from its log."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return None
    return lines[-1].partition(ERROR_MARK)[2] or None if lines else None


def _in_thread(act: Callable[[], None]) -> None:
    threading.Thread(target=act, daemon=True).start()


def _on_signal(number: signal.Signals, act: Callable[[], None]) -> None:
    # Not in the handler itself: the lock that it needs may be held by the interrupted code.
    signal.signal(number, lambda *_: _in_thread(act))


def _log(message: str) -> None:
    with contextlib.suppress(OSError):  # a full disk shows at the next record or checkpoint
        print(stamped(message), flush=True)


if __name__ == "__main__":
    sys.exit(main())
