"""Whether an update waits for the device: it must not, since no graph can hold that, and since the
device is idle meanwhile.

On CUDA torch itself raises where a call synchronises (``torch.cuda.set_sync_debug_mode``). On a CPU
nothing ever waits, so there what would wait is refused: operations whose result, or whose result's
shape, depends on values (those that ``FakeTensorMode`` cannot follow either; torch tags them), and
methods that hand values to Python or NumPy.

Both are armed between the first and the last update of an epoch: its end reads the loss, once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.device_check.finding import Finding
from benchmarks.device_check.probe_runs import Precision, Probe, Say, failure
from benchmarks.run import Run
from benchmarks.training import loop

# Seven updates an epoch; in the first one, a device may set itself up.
BATCH, EPOCHS, QUIET_FROM = 16, 3, 1
READING = ("item", "tolist", "numpy", "cpu", "__array__", "__bool__", "__int__", "__float__")
READERS = frozenset(getattr(torch.Tensor, name) for name in (*READING, "__index__"))
ADVICE = "an update must read nothing: keep it in tensors of fixed shapes (CONTRIBUTING)"


class HostReadError(RuntimeError):
    """An update needs a value on the host."""


class _Operations(TorchDispatchMode):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if self.watch.armed and reads(func, args):
            raise HostReadError(f"{func} depends on values")
        return func(*args, **(kwargs or {}))


class _Methods(TorchFunctionMode):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if self.watch.armed and func in READERS:
            raise HostReadError(f"Tensor.{func.__name__} reads values")
        return func(*args, **(kwargs or {}))


class Watch:
    """Refuses host reads on a device while it is armed."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.armed, self.updates = device, False, 0

    def on_progress(self, progress: loop.Progress) -> None:
        """Armed for what follows an update, unless that may be the last of an epoch."""
        within = 0 < progress.step < progress.steps_per_epoch - 1
        self._arm(within and progress.epoch >= QUIET_FROM)
        self.updates += self.armed

    def _arm(self, armed: bool) -> None:
        self.armed = armed
        if self.device.type == "cuda":
            torch.cuda.set_sync_debug_mode("error" if armed else "default")

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Around the training that reports to :meth:`on_progress`."""
        try:
            with contextlib.ExitStack() as stack:
                if self.device.type != "cuda":
                    stack.enter_context(_Operations(self))
                    stack.enter_context(_Methods(self))
                yield
        finally:
            self._arm(False)


def reads(operation: Any, arguments: tuple[Any, ...]) -> bool:
    """Whether an operation's result depends on values in a way that a graph cannot hold."""
    name, tags = operation.name(), operation.tags
    if name.startswith(("aten::index.", "aten::index_put", "aten::_index_put")):
        masked = any(i is not None and i.dtype in (torch.bool, torch.uint8) for i in arguments[1])
        # One value into a mask is a masked fill.
        return masked and not ("put" in name and arguments[2].numel() == 1)
    return torch.Tag.data_dependent_output in tags or torch.Tag.dynamic_output_shape in tags


def host_reads(
    probe: Probe,
    say: Say,
    precision: Precision,
    changed: Callable[[Run], Run] = lambda run: run,
) -> Finding:
    """Updates of a pack under watch.

    Args:
        changed: makes another run of the probe's, with parts that are to be looked at.
    """
    batch, epochs = "procedure.phases.train.batch_size", EPOCHS
    runs = [changed(run) for run in probe.runs(precision=precision, epochs=epochs)[:2]]
    runs = [run.with_setting(batch, BATCH) for run in runs]
    watch = Watch(probe.device)
    say(f"updates under watch, {precision}")
    loop.prepare(probe.device)
    with watch.on():
        outcomes = loop.train(runs, probe.dataset, probe.device, on_progress=watch.on_progress)
    name, rule = f"no host reads, {precision}", "none between the updates of an epoch"
    failed = [failure(outcome) for outcome in outcomes if outcome.error is not None]
    if failed:
        return Finding(name, "FAIL", failed[0], rule, ADVICE)
    if not watch.updates:
        found = "no update of an epoch was reported between its first and last"
        return Finding(name, "FAIL", found, rule, "training does not report its updates")
    return Finding(
        name, "pass", f"none in {watch.updates} updates", rule, numbers={"updates": watch.updates}
    )
