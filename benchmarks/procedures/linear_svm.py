"""The phase that asks how well a linear classifier separates what the network computes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.parts import Count, Positive
from benchmarks.procedures.phase import AtOnce

if TYPE_CHECKING:
    from benchmarks.training.member import Member


class LinearSVM(AtOnce, tag="linear_svm", frozen=True):
    """Fit a linear SVM to the inputs of the last dense layer; the measurement "svm accuracy" counts
    the test images that it gets right.

    Attributes:
        penalty: C, the weight of a violated margin.
        images: how many training images it is fitted to, the first in the split's order.
    """

    penalty: Positive = Decimal(1)
    images: Count = 10_000

    def apply(self, member: Member) -> None:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import LinearSVC

        train, test = member.context.train, member.context.test
        machine = LinearSVC(C=float(self.penalty), random_state=0, dual="auto", max_iter=5000)
        fitted = make_pipeline(StandardScaler(), machine)
        window = slice(0, self.images)
        fitted.fit(member.features(train, window), train.labels[window].cpu().numpy())
        right = fitted.predict(member.features(test)) == test.labels.cpu().numpy()
        member.measurements["svm accuracy"] = {"count": int(right.sum()), "of": len(right)}
