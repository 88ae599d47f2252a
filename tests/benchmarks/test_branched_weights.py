"""Files of networks with branches are read as what the networks compute: merged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from run_makers import build, make_run
from safetensors.torch import save_file

from benchmarks.errors import UserError
from benchmarks.models.branches import merge
from benchmarks.run import Run
from benchmarks.weights import Order, read_file

CLASSES = 7


def _network(**changes: Any) -> tuple[Run, torch.nn.Module]:
    """A network whose batch-norms have seen a batch, so that merging is more than adding up."""
    run = make_run(seed=3, model="rcnet10", width_multiplier="0.5", **changes)
    model = build(run, CLASSES).train()
    model(torch.from_numpy(np.random.default_rng(0).normal(size=(16, 3, 32, 32))).float())
    return run, model


def _save(model: torch.nn.Module, path: Path, run: Run | None, **changes: Any) -> Path:
    """Saved with the run's configuration, in which the network's settings have such changes."""
    metadata = {}
    if run:
        resolved = run.canonical()
        model_settings = {**resolved["model"], **changes}
        metadata["configuration"] = json.dumps({**resolved, "model": model_settings})
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(state, path, metadata=metadata)
    return path


@pytest.mark.parametrize("shares", ["per_branch", "shared"])
@pytest.mark.parametrize("block", ["acb", "square"])
def test_a_block_is_read_as_its_merged_filter(tmp_path: Path, block: str, shares: str) -> None:
    run, model = _network(block=block, acb_bn=shares)
    found = read_file(_save(model, tmp_path / "w.safetensors", run))
    assert found.order is Order.MERGED
    spatial = {
        name: module.weight.detach().numpy().reshape(-1, 3, 3)
        for name, module in merge(model).named_modules()
        if isinstance(module, torch.nn.Conv2d) and module.kernel_size == (3, 3)
    }
    assert [layer.name for layer in found.layers] == list(spatial)
    assert len(spatial) == 7, "the stem and two blocks a stage, as without branches"
    for layer in found.layers:
        np.testing.assert_array_equal(layer.filters, spatial[layer.name])


def test_a_network_without_branches_is_read_as_it_is(tmp_path: Path) -> None:
    run, model = _network()
    found = read_file(_save(model, tmp_path / "w.safetensors", run))
    assert found.order is not Order.MERGED
    assert len(found.layers) == 7


def test_branches_that_do_not_fit_the_configuration(tmp_path: Path) -> None:
    run, model = _network(block="acb")
    path = _save(model, tmp_path / "w.safetensors", run, width_multiplier="1")
    with pytest.raises(UserError, match="branches cannot be merged") as raised:
        read_file(path)
    assert "\n" not in str(raised.value)
    path = _save(model, tmp_path / "v.safetensors", run, protocol=99)
    with pytest.raises(UserError, match="branches cannot be merged"):
        read_file(path)
