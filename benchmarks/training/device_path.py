"""How requests reach a GPU, by name, without the torch of :mod:`benchmarks.training.graph`."""

from __future__ import annotations

import os
from enum import StrEnum

from benchmarks.errors import UserError

VARIABLE = "REPRODUCE_DEVICE_PATH"


class DevicePath(StrEnum):
    """See :mod:`benchmarks.training.graph`."""

    BRANCHES = "branches"
    MEMBERS = "members"
    STREAMS = "streams"


def chosen_path() -> DevicePath:
    """The one that the environment names, or the default.

    Raises:
        UserError: where it names none.
    """
    name = os.environ.get(VARIABLE) or DevicePath.BRANCHES.value
    if name not in list(DevicePath):
        raise UserError(f"{VARIABLE} is {name}: set it to {', '.join(DevicePath)} or unset it")
    return DevicePath(name)
