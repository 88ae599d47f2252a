"""Devices by name, for plans: ``devices.toml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec

from benchmarks.errors import UserError

FILE = Path(__file__).with_name("devices.toml")
_Positive = Annotated[float, msgspec.Meta(gt=0)]


class Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device that need not be here.

    Attributes:
        tflops: peak by precision of a run.
        fraction: of the peak that training is assumed to reach.
        source: where these come from.
    """

    title: str
    memory_gb: _Positive
    tflops: dict[str, _Positive]
    fraction: Annotated[float, msgspec.Meta(gt=0, le=1)]
    source: str

    def seconds(self, flop: float, precision: str) -> float:
        """Of so many operations in a run of that precision."""
        return flop / (1e12 * self.tflops[precision] * self.fraction)


@cache
def devices() -> dict[str, Device]:
    """All by name.

    Raises:
        UserError: where the file is missing or damaged.
    """
    try:
        return msgspec.toml.decode(FILE.read_bytes(), type=dict[str, Device])
    except (OSError, ValueError) as error:
        raise UserError(f"{FILE} cannot be read ({error}); restore it with git") from error


def find(name: str) -> tuple[str, Device]:
    """The device of that name, and the name as the file has it.

    Raises:
        UserError: where there is none.
    """
    for known, device in devices().items():
        if known.casefold() == name.casefold():
            return known, device
    raise UserError(
        f"--device {name!r} is none of auto, cpu, cuda (this machine's), {', '.join(devices())}"
    )
