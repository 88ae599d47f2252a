"""Keras weights in HDF5, read with h5py alone.

Files of ``model.save_weights("x.h5")`` and ``model.save("x.h5")`` list their layers in the root's
(or ``model_weights``') attribute ``layer_names`` and each layer's arrays in ``weight_names``, both
split into ``layer_names0``, ``layer_names1``, … where they are long. Names of arrays differ
between versions (``block1_conv1_W_1:0``, ``block1_conv1/kernel:0``), so kernels are told by their
four axes: height, width, inputs, outputs (or multiplier). Keras 3's ``.weights.h5`` has neither
list; its layers lie under ``layers/<class>_<number>/vars``.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from benchmarks.errors import UserError, one_line
from benchmarks.weights.reading import Kind, Order, SpatialLayer, WeightFile, is_spatial

SIGNATURE = b"\x89HDF\r\n\x1a\n"
CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL)
TRIAL = """
import pathlib, resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from benchmarks.weights import keras_file
keras_file.read_in_process(pathlib.Path(sys.argv[1]))
"""
NUMBERED = re.compile(r"(?P<stem>.*?)(?:_(?P<number>\d+))?")


def read_layers(path: Path) -> WeightFile:
    """Convolutions of a Keras file in order of depth.

    Raises:
        UserError: where the file is damaged, no HDF5, or of another program.
    """
    with open(path, "rb") as file:
        if file.read(len(SIGNATURE)) != SIGNATURE:
            raise UserError(f"{path} is no HDF5 file, whatever its name says: fetch it again")
    _try_in_child(path)
    return read_in_process(path)


def _try_in_child(path: Path) -> None:
    """Read the file once in a process of its own: damage can crash the HDF5 library itself.

    Whatever else the child finds wrong, this process finds again and reports.
    """
    root = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    try:
        # -P: a module that happens to lie in the user's folder is not loaded.
        done = subprocess.run(
            [sys.executable, "-P", "-c", TRIAL, path],
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise UserError(f"cannot start {sys.executable} to read {path}: {error}") from error
    if done.returncode >= 0:
        return
    name = signal.Signals(-done.returncode).name
    if -done.returncode in CRASHES:
        raise UserError(
            f"{path} is damaged (it crashes the HDF5 library, {name}): fetch or save it again"
        )
    raise UserError(
        f"reading {path} was ended from outside ({name}), perhaps for want of memory: try again"
    )


def read_in_process(path: Path) -> WeightFile:
    """What :func:`read_layers` returns, without its trial in a process of its own.

    Raises:
        UserError: see :func:`read_layers`.
    """
    # h5py reports damage as OSError, KeyError, RuntimeError and others.
    message = f"{path} is damaged or cut short"
    with (
        one_line(Exception, lambda why: f"{message} ({why}): fetch or save it again"),
        h5py.File(path, "r") as file,
    ):
        model = file.get("model_weights", file)
        if names := _names(model, "layer_names"):
            return WeightFile(tuple(_listed(model, names)), Order.KERAS_LAYERS)
        if kernels := _numbered(file):
            return WeightFile(tuple(_by_number(kernels, path)), Order.KERAS_NUMBERS)
    raise UserError(
        f"{path} is HDF5, but no Keras weight file: it lists no layers. Save the model with "
        "`model.save('NAME.h5')`"
    )


def _names(group: h5py.Group, attribute: str) -> list[str]:
    """A list of names, which Keras splits into numbered attributes where it is long."""
    keys = (attribute, *(f"{attribute}{number}" for number in range(len(group.attrs))))
    chunks = [group.attrs[key] for key in keys if key in group.attrs]
    return [_text(name) for chunk in chunks for name in chunk]


def _listed(model: h5py.Group, names: Iterable[str]) -> Iterator[SpatialLayer]:
    is_rotated = _text(model.attrs.get("backend", "")) == "theano"
    for name in names:
        group = model[name]
        found = {weight: _kernel(group[weight]) for weight in _names(group, "weight_names")}
        kernels = {weight: kernel for weight, kernel in found.items() if kernel is not None}
        for weight, kernel in kernels.items():
            kind: Kind = "dwconv" if "depthwise" in weight.lower() else "conv"
            # A nested model is one layer with the weights of all of its own.
            label = name if len(kernels) == 1 else weight.partition(":")[0]
            # Theano convolves where others correlate: its kernels are turned by half a turn.
            turned = is_rotated and kind == "conv"
            yield SpatialLayer(label, kind, kernel[:, ::-1, ::-1] if turned else kernel)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _kernel(array: h5py.Dataset) -> np.ndarray | None:
    """Filters (N, kh, kw) of a kernel (kh, kw, inputs, outputs); None for anything else."""
    if array.ndim != 4 or array.size == 0 or not is_spatial(array.shape[0], array.shape[1]):
        return None
    if array.dtype.kind != "f":
        raise UserError(
            f"{array.file.filename}: {array.name} is of type {array.dtype}, and only "
            "floating-point kernels are compared: save the model with float32 weights"
        )
    values = np.asarray(array, dtype=np.float32).transpose(3, 2, 0, 1)
    return np.ascontiguousarray(values.reshape(-1, *array.shape[:2]))


def _numbered(file: h5py.File) -> dict[str, np.ndarray]:
    """Kernels by their layer's path, of Keras 3's ``.../<layer>/vars/0``."""
    kernels = {}

    def look(name: str, item: h5py.Group | h5py.Dataset) -> None:
        layer = name.removesuffix("/vars/0")
        if layer != name and isinstance(item, h5py.Dataset):
            kernels[layer] = _kernel(item)

    file.visititems(look)
    return {layer: kernel for layer, kernel in kernels.items() if kernel is not None}


def _by_number(kernels: dict[str, np.ndarray], path: Path) -> Iterator[SpatialLayer]:
    """Layers of one class by number; Keras 3 counts each class by itself."""
    places: dict[tuple[str, int], str] = {}
    for name in kernels:
        match = NUMBERED.fullmatch(name)
        assert match is not None
        places[match["stem"], int(match["number"] or 0)] = name
    stems = sorted({stem.rpartition("/")[2] for stem, _ in places})
    if len({stem for stem, _ in places}) > 1:
        raise UserError(
            f"{path} does not tell which of its layers comes first (it numbers {', '.join(stems)} "
            "each by itself): save the model with `model.save('NAME.h5')`"
        )
    for _, name in sorted(places.items()):
        kind: Kind = "dwconv" if stems[0].startswith(("depthwise", "separable")) else "conv"
        yield SpatialLayer(name.removeprefix("layers/"), kind, kernels[name])
