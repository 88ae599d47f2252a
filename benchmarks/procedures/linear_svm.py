"""The phase that asks how well a linear classifier separates what the network computes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.parts import Count, Positive
from benchmarks.procedures.phase import AtOnce

if TYPE_CHECKING:
    import numpy as np
    from sklearn.pipeline import Pipeline

    from benchmarks.training.member import Member
    from benchmarks.training.placed_splits import PlacedSplit


# Into which the training images are divided where C is chosen.
FOLDS = 5


class LinearSVM(AtOnce, tag="linear_svm", frozen=True):
    """Fit a linear SVM to the inputs of the last dense layer; the measurement "svm accuracy" counts
    the test images that it gets right.

    One machine a class against the others, of features of mean 0 and deviation 1; of a random crop
    it sees the middle.

    Attributes:
        penalty: C, the weight of a violated margin.
        images: how many training images it is fitted to, in equal shares of each class as far as
            there are so many, the first of each in the split's order.
        choices: values of C of which the one is taken, as "svm penalty", that answers most of these
            images when their fifths are left out in turn; instead of ``penalty``.
        is_result: whether its answers are the run's "test accuracy", where nothing else trains.
        all_views: whether a test image has the class of the highest mean decision over the views
            that networks of these data are tested on, instead of the middle's.
    """

    protocol: ClassVar[int] = 2
    introduced: ClassVar[Mapping[str, Any]] = {
        "choices": (),
        "is_result": False,
        "all_views": False,
    }

    penalty: Positive = Decimal(1)
    images: Count = 10_000
    choices: tuple[Positive, ...] = ()
    is_result: bool = False
    all_views: bool = False

    @property
    def uncounted(self) -> str:
        return "fits of a linear SVM, on a CPU"

    def forward_images(self, train: int, test: int, views: int) -> int:
        return min(self.images, train) + test * (views if self.all_views else 1)

    def apply(self, member: Member) -> None:
        train, test = member.context.train, member.context.test
        labels = train.labels.cpu().numpy()
        places = equal_shares(labels, self.images)
        features, labels = member.features(train.only(places)), labels[places]
        penalty = self._chosen(features, labels)
        machine = _machine(penalty).fit(features, labels)
        answers = self._answers(machine, member, test)
        correct = int((answers == test.labels.cpu().numpy()).sum())
        member.measurements["svm accuracy"] = {"count": correct, "of": len(answers)}
        if self.choices:
            member.measurements["svm penalty"] = penalty
        if self.is_result:
            member.note_accuracy("test", member.epoch, correct, len(answers))

    def _answers(self, machine: Pipeline, member: Member, test: PlacedSplit) -> np.ndarray:
        """The classes of the test images."""
        if not self.all_views:
            return machine.predict(member.features(test))
        # One view after the other, since features of ten may not fit into memory.
        views = range(member.run.data.view_count)
        decided = sum(machine.decision_function(member.features(test, view)) for view in views)
        places = (decided > 0).astype(int) if decided.ndim == 1 else decided.argmax(1)
        return machine.classes_[places]

    def _chosen(self, features: np.ndarray, labels: np.ndarray) -> float:
        """C, by the training images alone; the smallest of equal ones."""
        from sklearn.model_selection import StratifiedKFold, cross_val_score

        candidates = sorted(float(c) for c in self.choices or (self.penalty,))
        if len(candidates) == 1:
            return candidates[0]
        least = min(Counter(labels.tolist()).values())
        folds = StratifiedKFold(max(2, min(FOLDS, least)), shuffle=True, random_state=0)
        scores = [
            cross_val_score(_machine(c), features, labels, cv=folds).mean() for c in candidates
        ]
        return candidates[scores.index(max(scores))]


def equal_shares(labels: np.ndarray, images: int) -> np.ndarray:
    """Places of so many images, in order: data sets lie sorted by class where they were imported
    from folders, so that the first ones would be of one class."""
    import numpy as np

    by_class = np.argsort(labels, kind="stable")
    _, starts, sizes = np.unique(labels[by_class], return_index=True, return_counts=True)
    turns = np.empty(len(labels), np.int64)
    turns[by_class] = np.arange(len(labels)) - np.repeat(starts, sizes)
    return np.sort(np.argsort(turns, kind="stable")[:images])


def _machine(penalty: float) -> Pipeline:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=penalty, random_state=0, dual="auto", max_iter=5000)
    return make_pipeline(StandardScaler(), machine)
