"""Entry point: turns every ending into the promised exit code and at most one line on stderr."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

DONE, NOT_REPRODUCED, BAD_INPUT, INCOMPLETE, CRASH = 0, 1, 2, 3, 70


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit."""
    sys.exit(run(argv))


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; see README, "Exit codes"."""
    from reproduce.origin import ensure_own_packages

    ensure_own_packages()  # before anything of benchmarks is imported: it may be someone else's

    from benchmarks.errors import UserError

    try:
        from reproduce.cli import app

        arguments = list(sys.argv[1:] if argv is None else argv)
        code = app(args=arguments, prog_name="reproduce", standalone_mode=False)
    except UserError as error:
        return _fail(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        return _fail("interrupted; the same command continues where it stopped", INCOMPLETE)
    except BrokenPipeError:
        # The reader has left (`reproduce … | head`): nothing more to say, and nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        return _by_kind(error)
    return code if isinstance(code, int) else DONE


def _by_kind(error: Exception) -> int:
    """Exit code of an exception that is no UserError: the parser's own, or a crash of ours."""
    if hasattr(error, "format_message"):  # click's and typer's usage errors, whichever they use
        return _fail(f"{error.format_message()} (try `reproduce --help`)", BAD_INPUT)
    if type(error).__name__ == "Abort":
        return _fail("aborted", BAD_INPUT)
    handle, name = tempfile.mkstemp(prefix="reproduce-crash-", suffix=".log")
    with os.fdopen(handle, "w") as log:
        log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {sys.argv}\n")
        traceback.print_exc(file=log)
    summary = f"{type(error).__name__}: {error}".splitlines()[0]
    return _fail(f"internal error ({summary}); please report it with {Path(name)}", CRASH)


def _fail(message: str, code: int) -> int:
    print(f"reproduce: {' '.join(message.split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
