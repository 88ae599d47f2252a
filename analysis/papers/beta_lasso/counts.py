"""How many weights a network has, by the printed formulas of Tables 3 and 4.

A printed formula is a sum of terms: a coefficient times powers of α (base channels), s (the image's
side) and c (classes). A published row is one term, all text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from analysis.documents.printed import fields

COLUMNS = ("network", "layer", "description", "coefficient", "alpha", "side", "classes", "slip")
TOTAL = "total"


@dataclass(frozen=True)
class Size:
    """What a network's weights depend on: α, the image's side s, and classes c."""

    alpha: int
    side: int = 32
    classes: int = 10


@dataclass(frozen=True)
class Term:
    """``coefficient``·α^``alpha``·s^``side``·c^``classes``."""

    coefficient: Fraction
    alpha: int
    side: int
    classes: int

    def powers(self, size: Size) -> int:
        """The term without its coefficient."""
        return int(size.alpha**self.alpha * size.side**self.side * size.classes**self.classes)

    def value(self, size: Size) -> Fraction:
        """At a size."""
        return self.coefficient * self.powers(size)

    def text(self, coefficient: Fraction | None = None) -> str:
        """Such as "9/4 s²α²", also with another coefficient."""
        letters = (("s", self.side), ("α", self.alpha), ("c", self.classes))
        named = "".join(letter + {1: ""}.get(n, _raised(n)) for letter, n in letters if n)
        number = self.coefficient if coefficient is None else coefficient
        return named if number == 1 else f"{number} {named}"


def _raised(power: int) -> str:
    return "⁰¹²³⁴⁵⁶⁷⁸⁹"[power]


@dataclass(frozen=True)
class Formula:
    """What the paper prints for a layer of a network, or for all of it.

    Attributes:
        slip: the reading that knows it to be wrong or rounded, else empty.
    """

    network: str
    layer: str
    description: str
    terms: tuple[Term, ...]
    slip: str = ""

    def value(self, size: Size) -> Fraction:
        """The weights that it gives; a wrong formula may give a fraction."""
        return sum((term.value(size) for term in self.terms), Fraction(0))

    @property
    def text(self) -> str:
        """As the paper has it, such as "6 s²α² + 243 α + 24 αc"."""
        return " + ".join(term.text() for term in self.terms)

    def built(self, weights: int, size: Size) -> str:
        """The formula that ``weights`` of a built layer follow: the same powers with another
        coefficient."""
        (term,) = self.terms
        return term.text(Fraction(weights, term.powers(size)))


def read(rows: Sequence[Mapping[str, str]]) -> list[Formula]:
    """The printed formulas, in the file's order.

    Raises:
        ValueError: where a row is damaged.
    """
    found: dict[tuple[str, str], Formula] = {}
    for row in rows:
        network, layer, description, number, *powers, slip = fields(row, COLUMNS)
        alpha, side, classes = map(int, powers)
        term = Term(Fraction(number), alpha, side, classes)
        known = found.get((network, layer))
        terms = (*known.terms, term) if known else (term,)
        found[network, layer] = Formula(network, layer, description, terms, slip)
    return list(found.values())


def total(formulas: Sequence[Formula], network: str) -> Formula:
    """What the paper prints of a network's weights in all."""
    return next(f for f in formulas if (f.network, f.layer) == (network, TOTAL))


def fitting_alpha(formulas: Sequence[Formula], network: str, weights: int) -> float:
    """The α, a fraction of a channel too, at which the printed layers come to so many weights
    (32×32 images, 10 classes): the positive root of a quadratic."""
    layers = [t for f in formulas if f.network == network and f.layer != TOTAL for t in f.terms]
    unit = Size(1)
    square, linear = (
        float(sum(t.value(unit) for t in layers if t.alpha == power)) for power in (2, 1)
    )
    return (-linear + (linear**2 + 4 * square * weights) ** 0.5) / (2 * square)
