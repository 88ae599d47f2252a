"""Entry point: the command line, whose every ending is a promised exit code and at most one line on
stderr (:mod:`reproduce.commands.exit_codes`)."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # γ on a terminal that has only Latin letters
            stream.reconfigure(errors="replace")
    sys.exit(run(argv))


def run_entry(entry_id: str) -> NoReturn:
    """`reproduce ENTRY` with this process's arguments: ``python -m reproduce.<paper>.<entry>``."""
    main([entry_id, *sys.argv[1:]])


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; see docs/commands/running.md, "Exit codes"."""
    try:
        return _run(argv)
    except KeyboardInterrupt:  # while what makes exit codes of exceptions was still imported
        from reproduce.commands.exit_codes import interrupted

        return interrupted()


def _run(argv: Sequence[str] | None) -> int:
    from reproduce.commands.own_packages import ensure_own_packages

    ensure_own_packages()  # before anything of benchmarks is imported: it may be someone else's

    from reproduce.commands.exit_codes import code_of

    def command() -> object:
        from reproduce.commands.app import app

        arguments = list(sys.argv[1:] if argv is None else argv)
        return app(args=arguments, prog_name="reproduce", standalone_mode=False)

    return code_of(command)


if __name__ == "__main__":
    main()
