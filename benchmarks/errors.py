"""The one exception that a user may cause."""

from __future__ import annotations


class UserError(Exception):
    """Bad input or a bad environment: the command prints the message in one line and exits with 2.

    The message names what is wrong and, where there is one, the command that mends it.
    """
