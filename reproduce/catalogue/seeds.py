"""Which seeds ``--seeds`` asks for."""

from __future__ import annotations

import re

from benchmarks.errors import UserError

MOST_SEEDS = 10_000
QUICK_SEEDS = 5  # of a quick table that names no other number


def parse_seeds(text: str | None, default: int) -> list[int]:
    """Seeds of ``--seeds``: "5" means 0 … 4, "3-7" means 3 … 7, "0,4,9" those three.

    Raises:
        UserError: where the text is none of these.
    """
    if text is None:
        return list(range(default))
    if re.fullmatch(r"[1-9]\d{0,4}", text) and int(text) <= MOST_SEEDS:
        return list(range(int(text)))
    if re.fullmatch(r"\d{1,19}(-\d{1,19})?(,\d{1,19}(-\d{1,19})?)*", text) and not text.isdecimal():
        ranges = [part.partition("-") for part in text.split(",")]
        spans = [range(int(first), int(last or first) + 1) for first, _, last in ranges]
        if all(0 < len(span) <= MOST_SEEDS for span in spans):
            return sorted({seed for span in spans for seed in span})
    raise UserError(
        f"--seeds {text!r}: give a count (15), a range that goes up (3-7) or a list (0,4,9), of at "
        f"most {MOST_SEEDS:,} seeds"
    )
