"""One run of a pack: its network on a device, the phase that it is in, and its books."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.errors import UserError
from benchmarks.models.describe import network_measures
from benchmarks.precisions import precision_fault
from benchmarks.training.batches import evaluation_batch
from benchmarks.training.device_services import Request, numerics
from benchmarks.training.rounded_products import RoundedProducts, multiplies_bfloat16

if TYPE_CHECKING:
    import numpy as np

    from benchmarks.run import Run
    from benchmarks.training.context import Context
    from benchmarks.training.placed_splits import PlacedSplit

# What activations and products are rounded to under autocast.
LOWER = {"bf16": torch.bfloat16, "float16": torch.float16}


class Member:
    """A run's state. ``steps`` asks for every bit of work on the device, and yields after it.

    Precision "bf16" is autocast: bfloat16 activations and products, float32 master weights,
    momentum and batch-norm statistics, by float32 where a processor has no instructions for it
    (:mod:`benchmarks.training.rounded_products`); "float16" is the same with float16 and a scaled
    loss (:mod:`benchmarks.training.gradient_scale`). "tf32" is float32 whose products round their
    factors to TensorFloat-32, on CUDA alone; "float32" does so nowhere.

    Attributes:
        phase: index of the phase at work.
        epoch: completed epochs of all phases.
        curves: by name, [epoch, value] pairs; epochs are 1-based.
        measurements: by name, JSON-ready; a count is {"count": …, "of": …}.
        remains: by phase, what its ``rebuild`` needs.

    Raises:
        UserError: where the device does not compute in the run's precision.
    """

    def __init__(self, run: Run, context: Context) -> None:
        self.run, self.context = run, context
        if fault := precision_fault(run.precision, context.device.type):
            raise UserError(fault)
        model = run.model.build(context.classes, context.side, seed=run.seed)
        self.model = model.to(context.device).to(memory_format=torch.channels_last)
        self.phase = self.epoch = self.step_in_epoch = self.steps_per_epoch = 0
        self.images_seen = 0
        self.curves: dict[str, list[list[Any]]] = {}
        self.measurements: dict[str, Any] = {}
        self.remains: dict[str, Any] = {}
        self.diverged = False
        self.wall_seconds = 0.0
        self.phases: tuple[Any, ...] = run.procedure.phases
        self.work = self.phases[0].begin(self)

    @property
    def finished(self) -> bool:
        """All phases done, or diverged at the end of an epoch."""
        return self.diverged or self.phase >= len(self.phases)

    def steps(self) -> Iterator[bool | Request]:
        """Work to the end, as :meth:`benchmarks.procedures.phase.Work.steps` does."""
        while not self.finished:
            for done in self.work.steps():
                if self.work.over:
                    self._close_phase()
                yield done

    def _close_phase(self) -> None:
        self.phase += 1
        if self.finished:
            self.measurements |= network_measures(self.model, self.context.side)
        else:
            self.work = self.phases[self.phase].begin(self)

    def numerics(self) -> contextlib.AbstractContextManager[None]:
        """How exact the run's float32 products are, as a context, backward passes included."""
        return numerics(self.context.device, self.run.precision)

    @contextlib.contextmanager
    def autocast(self) -> Iterator[None]:
        """The precision of the run's forward passes, as a context."""
        kind = self.context.device.type
        lower = LOWER.get(self.run.precision)
        rounds = lower is not None and kind == "cpu" and not multiplies_bfloat16()
        with (
            torch.autocast(kind, lower or torch.bfloat16, enabled=lower is not None),
            RoundedProducts() if rounds else contextlib.nullcontext(),
        ):
            yield

    def note_accuracy(self, split: str, epoch: int, correct: int, total: int) -> None:
        """Enter an evaluation into the books; the best one is kept apart, for reference only."""
        self.curves.setdefault(f"correct {split} images", []).append([epoch, correct])
        self.measurements[f"{split} accuracy"] = {"count": correct, "of": total}
        if split == "test":
            best = self.measurements.get("best evaluated accuracy")
            if best is None or correct > best["count"]:
                found = {"count": correct, "of": total, "epoch": epoch}
                self.measurements["best evaluated accuracy"] = found

    def count_correct(self, split: PlacedSplit, model: torch.nn.Module) -> int:
        """How many of a split's images a network, which need not be the member's own, classifies
        correctly; waits for the device."""
        model.eval()
        correct = torch.zeros((), dtype=torch.int64, device=split.device)
        for pixels, labels in split.windows(evaluation_batch(self.context.side)):
            with torch.no_grad(), self.numerics(), self.autocast():
                logits = model(self.context.normalizer(pixels))
            correct += (logits.argmax(1) == labels).sum()
        return int(correct)

    def features(self, split: PlacedSplit, view: int | None = None) -> np.ndarray:
        """What the last dense layer gets of a split's images, float32, shape (N, inputs); of one of
        the views that networks are tested on, or of the middle."""
        self.model.eval()
        dense = [m for m in self.model.modules() if isinstance(m, torch.nn.Linear)]
        seen: list[torch.Tensor] = []
        hook = dense[-1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        try:
            for pixels, _ in split.windows(evaluation_batch(self.context.side)):
                shown = pixels if view is None else self.run.data.views(pixels)[view]
                with torch.no_grad(), self.numerics(), self.autocast():
                    self.model(self.context.normalizer(shown))
        finally:
            hook.remove()
        return torch.cat([batch.float().cpu() for batch in seen]).numpy()

    def state(self) -> Callable[[], dict[str, Any]]:
        """Begin to copy everything that continuing needs; calling the result gives it, on the CPU,
        as it is now."""
        whole = {
            "run": self.run.canonical(),
            "phase": self.phase,
            "epoch": self.epoch,
            "model": self.model.state_dict(),
            "work": self.work.state(),
            "remains": self.remains,
            "curves": self.curves,
            "measurements": self.measurements,
            "diverged": self.diverged,
            "wall_seconds": self.wall_seconds,
        }
        tensors: list[torch.Tensor] = []
        books = _mapped(whole, lambda tensor: tensors.append(tensor) or tensor)  # type: ignore[func-returns-value]
        arrived = self.context.services.fetch(*tensors)

        def state() -> dict[str, Any]:
            copies = iter(arrived())
            return _mapped(books, lambda tensor: next(copies))

        return state

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state`; the weights that follow equal an uninterrupted run's."""
        if state["run"] != self.run.canonical():
            raise ValueError("the checkpoint belongs to another run")
        self.remains = dict(state["remains"])
        for index, remains in self.remains.items():
            self.phases[int(index)].rebuild(self.model, remains)
        self.model.load_state_dict(state["model"])
        for name in ("phase", "epoch", "diverged", "wall_seconds"):
            setattr(self, name, state[name])
        self.curves = {name: list(points) for name, points in state["curves"].items()}
        self.measurements = dict(state["measurements"])
        if not self.finished:
            self.work = self.phases[self.phase].begin(self)
            self.work.restore(state["work"])


def _mapped(state: Any, each: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """A copy in which a function of every tensor stands for it."""
    if isinstance(state, torch.Tensor):
        return each(state)
    if isinstance(state, dict):
        return {key: _mapped(value, each) for key, value in state.items()}
    return [_mapped(value, each) for value in state] if isinstance(state, list) else state
