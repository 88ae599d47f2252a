"""The one exception that a user may cause, what it ends with, and how other errors become one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

BAD_INPUT = 2
"""The exit code of a program that a :class:`UserError` ends."""


class UserError(Exception):
    """Bad input or a bad environment: the command prints the message in one line and exits with 2.

    The message names what is wrong and, where there is one, the command that mends it.
    """


def first_line(error: BaseException) -> str:
    """An error's message cut to one line, its type's name where it has none."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextlib.contextmanager
def one_line(
    kinds: type[BaseException] | tuple[type[BaseException], ...],
    message: Callable[[str], str],
    *,
    with_type: bool = False,
) -> Iterator[None]:
    """Errors of ``kinds`` in this block become a :class:`UserError`; those that are one stay.

    Args:
        message: makes the line of the error's first one, ``with_type`` after its type's name.
    """
    try:
        yield
    except UserError:
        raise
    except kinds as error:
        reason = first_line(error)
        reason = f"{type(error).__name__}: {reason}" if with_type else reason
        raise UserError(message(reason)) from error


def reading(path: object) -> contextlib.AbstractContextManager[None]:
    """:func:`one_line` for what the system says while ``path`` is read."""
    return one_line(OSError, lambda why: f"cannot read {path}: {why}")
