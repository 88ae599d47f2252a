"""Trainings side by side on one device, and fewer of them where its memory does not hold all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.training.graph import Eager
    from benchmarks.training.loop import Progress, Training


@dataclass
class Hooks:
    """What the caller of :func:`benchmarks.training.loop.train` is told and asked.

    Attributes:
        on_ended: gets a training that has ended, well or badly, before its companions do.
        stopped: whether everything is to stop.
    """

    on_progress: Callable[[Progress], None]
    should_stop: Callable[[], bool]
    should_leave: Callable[[], bool]
    on_ended: Callable[[Training], None]
    stopped: bool = False


class Pack:
    """Trainings that share a device.

    Args:
        enter: builds a training's member on the device, or charges the training with the failure.
        conductor: runs their requests.
    """

    def __init__(
        self,
        trainings: Sequence[Training],
        enter: Callable[[Training], None],
        conductor: Eager,
        hooks: Hooks,
    ) -> None:
        self.waiting = list(trainings)
        self.going: list[Training] = []
        self.size = len(self.waiting)
        self.enter, self.conductor, self.hooks = enter, conductor, hooks

    def train(self) -> None:
        """Train all to their ends, or until everything is to stop."""
        while self.waiting and not self.hooks.stopped:
            self._fill()
            while self.going and not self.hooks.stopped:
                for group in self._groups():
                    self._turn(group)
                    if self.hooks.stopped:
                        break

    def _fill(self) -> None:
        """As many trainings as may be at work together enter, and go to their first requests."""
        entered = 0
        while self.waiting and entered < self.size and not self.hooks.stopped:
            training = self.waiting.pop(0)
            self.enter(training)
            self.going.append(training)
            self._go_on([training])
            entered += 1

    def _groups(self) -> list[list[Training]]:
        going = list(self.going)
        return [going] if self.conductor.together else [[training] for training in going]

    def _turn(self, group: list[Training]) -> None:
        """Every training of the group that is still going does what it asked for, and goes on."""
        present = [training for training in group if training in self.going]
        asked = {t.request: t for t in present if t.request is not None}
        for request, error in self.conductor.run(list(asked)).items():
            asked[request].fail(error)
        self._go_on(present)

    def _go_on(self, group: list[Training]) -> None:
        for training in group:
            if training.advance(self.hooks):
                continue
            if self.hooks.stopped:
                return
            if training.lacks_memory and self.size > 1:
                continue
            self._end(training)
            if not training.left:
                self.hooks.on_ended(training)
        if any(training.lacks_memory for training in self.going):
            self._halve()

    def _end(self, training: Training) -> None:
        self.going.remove(training)
        self.conductor.forget(training.stream)

    def _halve(self) -> None:
        """Half of those at work go on; the others wait, each with its checkpoint."""
        number = len(self.going)
        stay = [training for training in self.going if not training.lacks_memory][: number // 2]
        leave = [training for training in self.going if training not in stay]
        self.size = max(1, len(stay))
        for training in leave:
            self._end(training)
            training.drive_out()
        self.waiting = leave + self.waiting
        self.conductor.device.release()
        warnings.warn(
            f"the device has too little memory for {number} runs at once: {len(stay)} go on, the "
            f"others follow, {self.size} at a time; smaller packs lose less",
            stacklevel=2,
        )
