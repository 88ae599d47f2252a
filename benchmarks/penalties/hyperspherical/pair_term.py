"""How pairs of vectors on a sphere are compared: the metrics, and what is left open of them.

Source: "Deep Hierarchical-Hyperspherical Learning"; equations are its own, and ids (H-06, …) name
readings of it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from benchmarks.parts import NotNegative, Positive
from benchmarks.penalties.term import Term

# As the paper's tables print them, "^" before what stands above.
Metric = Literal[
    "angle",
    "cosine",
    "N-euclidean0",
    "N-euclidean1",
    "N-euclidean2",
    "angular0",
    "angular1",
    "angular2",
    "D_h^bin",
    "D_h^ter",
    "D'_h^bin",
    "D'_h^ter",
    "D_AM",
    "D_GM",
    "D_HM",
    "D'_AM",
    "D'_GM",
    "D'_HM",
    "D_cos(AM)",
    "D_cos(GM)",
    "D_cos(HM)",
    "D'_cos(AM)",
    "D'_cos(GM)",
    "D'_cos(HM)",
    "D_AMcos",
    "D_GMcos",
    "D_HMcos",
    "D'_AMcos",
    "D'_GMcos",
    "D'_HMcos",
]


class PairTerm(Term, frozen=True):
    """How pairs of vectors are compared; what is minimised grows as they come closer.

    Attributes:
        gm: what stands for the geometric mean of a and b: "product" is a·b as printed, "sqrt" its
            root (H-06).
        hm_factor: of a·b/(a + b) in eqs. 8 and 9: "2" is the harmonic mean, "4" the printed one,
            which reaches 2 (H-07).
        hm_cos: the denominator of eq. 10's third mean: "pi" gives the harmonic mean of both
            cosines, "printed" leaves π out of it (H-08).
        direction: "similarity" minimises 1 − D of eqs. 7 and 8 and the normalised cosines of
            eqs. 9 and 10; "printed" minimises D of eqs. 7 and 8 itself (H-09). D_h, which falls
            with the distance, cosines and energies are minimised alike in both.
        ternary_tau: a weight whose magnitude is no larger has the ternary sign 0 (H-13).
        clamp: cosines are limited to ± this before the arccosine; gradients vanish beyond.
        eps: added to the squared distance of the energies of N-euclidean (H-12); without it they
            are infinite where two directions are one.
        pair_norm: how a set's pairs are summed up: "mean", "sum" over unordered pairs, "printed"
            divides the sum over ordered pairs by G(G − 1)/2 with G the number of these pairs
            (H-02).
    """

    gm: Literal["product", "sqrt"] = "product"
    hm_factor: Literal["2", "4"] = "2"
    hm_cos: Literal["pi", "printed"] = "pi"
    direction: Literal["similarity", "printed"] = "similarity"
    ternary_tau: NotNegative = Decimal("0")
    clamp: Positive = Decimal("0.99")
    eps: NotNegative = Decimal("0.0001")
    pair_norm: Literal["mean", "sum", "printed"] = "mean"

    def fault(self) -> str | None:
        return f"clamp must not exceed 1, not {self.clamp}" if self.clamp > 1 else None
