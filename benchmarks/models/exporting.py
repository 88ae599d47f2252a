"""A trained network as a file that runs without this project, with an example of its input."""

from __future__ import annotations

import importlib.util
import io
import json
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from benchmarks.errors import UserError

KINDS = (".pt2", ".onnx")
NOTE = "note.json"  # among the files of a .pt2


def check(path: Path) -> None:
    """Refuse what could not be written, before any work is done for it.

    Raises:
        UserError: for another kind of file, one that is there, a folder that is not, or an ONNX
            file without the package onnx.
    """
    if path.suffix not in KINDS:
        raise UserError(f"{path.name or path}: give a file that ends in .pt2 or .onnx")
    if path.exists():
        raise UserError(f"{path} is there already: give another name or remove it")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent} is no folder: make it first")
    if path.suffix == ".onnx" and not all(map(_is_there, ("onnx", "onnxscript"))):
        raise UserError(
            f"{path.name}: ONNX files need the packages onnx and onnxscript "
            "(`pip install onnx onnxscript`); a .pt2 file needs none"
        )


def _is_there(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def encoded(model: nn.Module, images: torch.Tensor, kind: str, note: Mapping[str, object]) -> bytes:
    """The network in evaluation mode, for batches of any number of images.

    Args:
        images: an example, float32 (N, C, H, W) with N > 1, on the network's device; ".pt2" keeps
            it.
        kind: ".pt2" of ``torch.export``, which ``torch.export.load`` reads, or ".onnx".
        note: what is kept beside the network, in the .pt2's :data:`NOTE` or as ONNX metadata.
    """
    model = model.eval()
    batch = torch.export.Dim("images", min=1, max=4096)
    with torch.no_grad():
        program = torch.export.export(model, (images,), dynamic_shapes=({0: batch},))
        if kind == ".pt2":
            file = io.BytesIO()
            with warnings.catch_warnings():  # of weights that are laid out by channels
                warnings.simplefilter("ignore")
                torch.export.save(program, file, extra_files={NOTE: json.dumps(dict(note))})
            return file.getvalue()
        made = torch.onnx.export(program, (images,), dynamo=True, verbose=False)
    assert made is not None
    made.model.metadata_props.update({name: str(value) for name, value in note.items()})
    with tempfile.TemporaryDirectory() as folder:  # its weights must lie within one file
        whole = Path(folder) / "model.onnx"
        made.save(whole, external_data=False)
        return whole.read_bytes()
