"""What a table measures: unit, direction, how a margin is meant and how a value reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, TypeVar

T = TypeVar("T")
MISSING, MINUS, DIVERGED = "–", "−", "diverged"
SHARE_DECIMALS = 4  # of an accuracy as papers print it, ".8812"
PERCENT_DECIMALS = 2  # of one in percent, "88.12", and of differences in points


@dataclass(frozen=True)
class Measure:
    """A named measurement of a run, as tables show and judge it."""

    name: str  # by which records hold it, such as "test accuracy"
    title: str  # what an axis says
    kind: Literal["count", "number"] = "count"  # a count is of a total, shown as a share
    unit: str = ""
    lower_is_better: bool = False
    # whether a margin is in percent of the published value; else it is in points (a share's
    # hundredths) or in the number's own unit
    relative: bool = False
    percent: bool = False  # whether the paper prints a share in percent, "86.18" for .8618
    decimals: int = 0  # of a number
    # which measurements it is made of, by default the one of its own name: of two, the first minus
    # the second
    of: tuple[str, ...] = ()
    item: int | None = None  # which number, where these are lists

    @property
    def sources(self) -> tuple[str, ...]:
        """The measurements that it is made of, as records hold them."""
        return self.of or (self.name,)

    @property
    def is_difference(self) -> bool:
        """Whether it may be negative."""
        return len(self.of) == 2

    @property
    def is_share(self) -> bool:
        """Whether values lie in [0, 1]."""
        return self.kind == "count"

    @property
    def worst(self) -> float:
        """What a diverged run counts as: beyond every value, so that it takes the worst rank."""
        return math.inf if self.lower_is_better else -math.inf

    def lost(self) -> float:
        """What a diverged run counts as in a mean."""
        return 0.0

    @property
    def scale(self) -> int:
        """What the paper prints for 1."""
        return 100 if self.percent else 1

    @property
    def margin_unit(self) -> str:
        """Of a margin: "points", "%" or the number's own."""
        return "%" if self.relative else "points" if self.is_share else self.unit

    def made_of(self, measurements: Mapping[str, Any]) -> float:
        """Of all measurements of a run.

        Raises:
            KeyError: where one is missing.
            ValueError: see :meth:`value`.
        """
        values = [self.value(measurements[name]) for name in self.sources]
        if not all(map(math.isfinite, values)):
            return self.worst
        return values[0] - sum(values[1:])

    def value(self, measurement: Any) -> float:
        """Of a measurement as records hold it; null, which was not finite, is the worst.

        Raises:
            ValueError: where it is neither a count nor a number.
        """
        if self.item is not None and isinstance(measurement, list):
            measurement = measurement[self.item]
        if measurement is None:
            return self.worst
        if isinstance(measurement, dict):
            return self.of_count(measurement["count"], measurement["of"])
        if isinstance(measurement, int | float):
            return float(measurement)
        raise ValueError(f"{self.name} is no number: {measurement!r}")

    def of_count(self, count: int, total: int) -> float:
        """Of a count."""
        return count / total

    def share(self, published: str) -> float:
        """A printed value in the unit of :meth:`value`."""
        return float(Decimal(published) / self.scale)

    def margin(self, delta: Decimal, printed: Decimal) -> Decimal:
        """A margin in the unit of values."""
        if self.relative:
            return abs(printed) * delta / 100
        return delta / 100 if self.is_share else delta

    def delta(self, width: Decimal, printed: Decimal) -> Decimal:
        """The margin that such a width in the unit of values would take."""
        if self.relative:
            return 100 * width / abs(printed) if printed else Decimal("Infinity")
        return 100 * width if self.is_share else width

    def best(self, items: Iterable[T], key: Callable[[T], float]) -> T:
        """The item whose value wins, the first of equal ones."""
        return min(items, key=key) if self.lower_is_better else max(items, key=key)

    def text(self, value: float | None) -> str:
        """A value as the papers print it, ".8812", "88.12" or "555,050"; "diverged" where it is not
        finite, a dash without a value."""
        if value is None:
            return MISSING
        if not math.isfinite(value):
            return DIVERGED
        if not self.is_share:
            return f"{value:,.{self.decimals}f}".replace("-", MINUS)
        if self.percent:
            return f"{100 * value:.{PERCENT_DECIMALS}f}".replace("-", MINUS)
        text = f"{value:.{SHARE_DECIMALS}f}"
        return text[1:] if text.startswith("0.") else text

    def interval(self, low: float, high: float) -> str:
        """Of values, such as "[.8795, .8821]"."""
        return f"[{self.text(low)}, {self.text(high)}]"

    def difference(self, value: float | None) -> str:
        """A difference with its sign, of shares in points: "+0.12". One with a diverged run at one
        end is unbounded."""
        if value is None or math.isnan(value):
            return MISSING
        if math.isinf(value):
            return "+∞" if value > 0 else f"{MINUS}∞"
        decimals = PERCENT_DECIMALS if self.is_share else self.decimals
        shown = 100 * value if self.is_share else value
        text = f"{shown:+,.{decimals}f}"
        if float(text.replace(",", "")) == 0:
            return f"{0:.{decimals}f}"
        return text.replace("-", MINUS)

    def difference_interval(self, low: float, high: float) -> str:
        """Such as "[−0.31, +0.28]"."""
        return f"[{self.difference(low)}, {self.difference(high)}]"


@dataclass(frozen=True)
class Remainder(Measure):
    """What a count leaves of its total, such as an error; a diverged run has a whole one."""

    def lost(self) -> float:
        return 1.0

    def of_count(self, count: int, total: int) -> float:
        return 1 - count / total


ACCURACY = Measure("test accuracy", "test accuracy, last epoch")
IN_PERCENT = replace(ACCURACY, percent=True)
BEST_ACCURACY = Measure("best evaluated accuracy", "test accuracy, best evaluated epoch")
TRAINING_ACCURACY = Measure("training accuracy", "training accuracy, last epoch")
VALIDATION_ACCURACY = Measure("validation accuracy", "validation accuracy, last epoch")
SVM_ACCURACY = Measure("svm accuracy", "test accuracy of a linear SVM")
TRAINING_LOSS = Measure(
    "training loss", "training loss, last epoch", "number", lower_is_better=True, decimals=4
)
PARAMETERS = Measure("parameters", "parameters", "number", lower_is_better=True, relative=True)
NON_ZERO = Measure(
    "non-zero parameters", "parameters other than 0", "number", lower_is_better=True, relative=True
)
GAP = Measure(
    "generalization gap",
    "training minus test accuracy",
    lower_is_better=True,
    of=("training accuracy", "test accuracy"),
)
MULTIPLY_ADDS = Measure(
    "multiply-adds", "multiply-adds an image", "number", lower_is_better=True, relative=True
)
MEASURES = {
    measure.name: measure
    for measure in (
        *(ACCURACY, BEST_ACCURACY, TRAINING_ACCURACY, VALIDATION_ACCURACY, SVM_ACCURACY),
        *(TRAINING_LOSS, PARAMETERS, NON_ZERO, MULTIPLY_ADDS, GAP),
    )
}


def accuracy_beside(measure: Measure) -> Measure:
    """How test accuracy reads in a table of the measure: as its shares do, in percent beside
    numbers."""
    return measure if measure.is_share else IN_PERCENT
