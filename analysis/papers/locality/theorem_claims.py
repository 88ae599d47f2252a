"""The printed statements of Theorem 1 and its proof, each beside its exact value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from analysis.papers.locality import theorem
from analysis.papers.locality.theorem import Limit, Position

COLUMNS = ("inequality", "quantity", "relation", "value", "where", "slip")
RELATIONS = ("=", "begins", "at least")


@dataclass(frozen=True)
class Claim:
    """A printed statement.

    Attributes:
        inequality: one of :data:`analysis.papers.locality.theorem.INEQUALITIES` by name, or
        "theorem" for all.
        relation: "=" the printed digits are the exact value; "begins" the exact expansion begins
            with them; "at least" the exact value is no smaller.
        published: with its printed digits; positions are "row column" digits from 0.
        where: its place in the paper.
        slip: the reading that knows the printed value to be a slip, else empty.
    """

    inequality: str
    quantity: str
    relation: str
    published: str
    where: str
    slip: str


@dataclass(frozen=True)
class Comparison:
    """A printed statement beside the exact value ("27/40", "yes", "00 02 11")."""

    claim: Claim
    computed: str
    agrees: bool

    @property
    def is_expected(self) -> bool:
        """Whether it agrees, or is known to be a slip of the paper."""
        return self.agrees or bool(self.claim.slip)


def read(rows: Sequence[Mapping[str, str]]) -> list[Claim]:
    """Claims from rows with the columns inequality, quantity, relation, value, where and slip.

    Raises:
        ValueError: for an unknown relation or quantity, or a missing column.
    """
    claims = []
    known = exact_values(theorem.limits())
    for row in rows:
        try:
            claim = Claim(*(row[column] for column in COLUMNS))
        except KeyError as error:
            raise ValueError(f"no column {error}") from None
        if claim.relation not in RELATIONS:
            raise ValueError(f"relation {claim.relation!r} is none of {', '.join(RELATIONS)}")
        if (claim.inequality, claim.quantity) not in known:
            raise ValueError(f"unknown quantity {claim.quantity!r} of {claim.inequality!r}")
        claims.append(claim)
    return claims


def compare(claims: Sequence[Claim], limits: Sequence[Limit]) -> list[Comparison]:
    """Each claim beside the exact value of what it states."""
    values = exact_values(limits)
    rows = []
    for claim in claims:
        computed = values[claim.inequality, claim.quantity]
        rows.append(Comparison(claim, computed, agrees(claim.relation, claim.published, computed)))
    return rows


def agrees(relation: str, published: str, computed: str) -> bool:
    """Whether the exact value bears the printed one out; words agree where they are equal.

    >>> agrees("begins", "0.725", "45/62"), agrees("=", "0.725", "45/62")
    (True, False)
    """
    if relation == "=" and published == computed:
        return True
    try:
        printed, exact = Fraction(published), Fraction(computed)
    except ValueError:
        return False
    if relation == "at least":
        return exact >= printed
    if relation == "begins":
        exponent = Decimal(published).as_tuple().exponent
        step = Fraction(10) ** int(exponent)
        return printed <= exact < printed + step
    return printed == exact


def exact_values(limits: Sequence[Limit]) -> dict[tuple[str, str], str]:
    """Everything that the paper may state, by inequality and quantity."""
    values = {
        ("theorem", "limit"): str(min(found.epsilon for found in limits)),
        ("theorem", "holds at the limit"): _yes(all(found.holds_at_limit for found in limits)),
        ("theorem", "different distances"): str(len(theorem.squared_distances())),
    }
    for found in limits:
        name = found.inequality.name
        corners = _adjacent_corners(found)
        values |= {
            (name, "limit"): str(found.epsilon),
            (name, "largest masses"): " ".join(f"{r}{c}" for r, c in sorted(found.largest)),
            (name, "first rate: constant"): str(found.first.constant),
            (name, "first rate: slope"): str(found.first.slope),
            (name, "second rate: constant"): str(found.second.constant),
            (name, "second rate: slope"): str(found.second.slope),
            (name, "adjacent corners: constant"): str(corners.constant),
            (name, "adjacent corners: slope"): str(corners.slope),
        }
    return values


def _adjacent_corners(found: Limit) -> theorem.Line:
    """What the corners at distance 1 add to the second rate under the worst masses."""
    position = found.inequality.second
    adjacent: list[Position] = [
        corner for corner in theorem.CORNERS if theorem.squared_distance(position, corner) == 1
    ]
    high = sum(corner in found.largest for corner in adjacent)
    return theorem.Line(Fraction(len(adjacent)), Fraction(high))


def _yes(value: bool) -> str:
    return "yes" if value else "no"
