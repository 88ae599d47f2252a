"""What a check comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["pass", "FAIL", "not checkable"]


@dataclass(frozen=True)
class Finding:
    """One check's outcome.

    Attributes:
        check: its name, and what it looked at.
        found: what there is, in a sentence or less.
        rule: when that passes, and why.
        advice: how to go on where it does not.
        numbers: JSON-ready, for programs.
    """

    check: str
    verdict: Verdict
    found: str
    rule: str = ""
    advice: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)


class CheckError(Exception):
    """Training failed within a check; the text says how."""


def judged(passes: bool) -> Verdict:
    """The verdict of a rule."""
    return "pass" if passes else "FAIL"
