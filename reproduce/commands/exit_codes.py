"""What a command ends with: every ending as its exit code and at most one line on stderr; see
docs/commands/running.md, "Exit codes"."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

# 1 is said of cells not reproduced, and of whatever else was compared and differs.
DONE, DIFFERS, BAD_INPUT, INCOMPLETE, CRASH = 0, 1, 2, 3, 70
TEXT = (
    "Exit codes: 0 done; 1 `check` found a cell not reproduced or worse than its committed "
    "verdict, a computed table differs from the printed one, `verify` a report that is not what "
    "it should be, `device check` fails, or `merge --dry-run` finds what is in the way; 2 bad "
    "input; 3 incomplete; 70 a crash of ours."
)
INTERRUPTED = "interrupted; the same command continues where it stopped"

# What the surroundings can do to any command; other errors of the system are faults of ours.
SURROUNDINGS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO}
    | {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EMFILE}
)
TYPER_INTERRUPTED = 130  # what newer versions of typer make of Ctrl-C


def code_of(act: Callable[[], object]) -> int:
    """The exit code of a command: a number that it returns, 0 for anything else that it does, and
    for what it raises the one promised, with a line on stderr."""
    # Here, since own_packages.py takes its code from here before `benchmarks` is known as ours.
    from benchmarks.errors import UserError

    try:
        code = act()
        if sys.stdout is not None:
            sys.stdout.flush()
    except UserError as error:
        return _fail(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        return interrupted()
    except BrokenPipeError:
        # The reader has left (`reproduce … | head`): nothing more to say, and nothing is wrong.
        _silence()
        return DONE
    except OSError as error:
        if error.errno not in SURROUNDINGS:
            return _by_kind(error)
        _silence()
        place = f" {error.filename}" if error.filename else ""
        return _fail(f"cannot read or write{place}: {error.strerror}", BAD_INPUT)
    except Exception as error:
        return _by_kind(error)
    if code == TYPER_INTERRUPTED:
        return interrupted()
    return code if isinstance(code, int) else DONE


def interrupted() -> int:
    """The exit code of a command that Ctrl-C ended, with its line on stderr."""
    return _fail(INTERRUPTED, INCOMPLETE)


def _silence() -> None:
    """Let what is still buffered for standard output go nowhere."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _by_kind(error: Exception) -> int:
    """Exit code of an exception that is no UserError: the parser's own, or a crash of ours."""
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message())  # type: ignore[attr-defined]
        return DONE
    if hasattr(error, "format_message"):  # click's and typer's usage errors, whichever they use
        return _fail(f"{error.format_message()} (try `reproduce --help`)", BAD_INPUT)
    if type(error).__name__ == "Abort":
        return interrupted()
    import tempfile
    import traceback

    handle, name = tempfile.mkstemp(prefix="reproduce-crash-", suffix=".log")
    with os.fdopen(handle, "w") as log:
        log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {sys.argv}\n")
        traceback.print_exc(file=log)
    summary = f"{type(error).__name__}: {error}".splitlines()[0]
    return _fail(f"internal error ({summary}); please report it with {Path(name)}", CRASH)


def _fail(message: str, code: int) -> int:
    if sys.stderr is not None:
        print(f"reproduce: {' '.join(message.split())}", file=sys.stderr)
    return code
