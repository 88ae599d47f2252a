"""Blocks of several branches in the files of this suite: read as the one convolution that each is.

ACNet's and STRIP-Reg's networks (Table VII of the locality paper) train several branches a block;
what the paper speaks of, and what a trained network computes, is the merged filter. Taken branch by
branch, ACNet's strips, which are not square, would be left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import torch

from benchmarks.errors import UserError

CONFIGURATION_KEY = "configuration"
BRANCH = ".branches."


def has_branches(names: list[str], metadata: Mapping[str, str]) -> bool:
    """Whether a file of these tensors is a network of this suite with several branches a block."""
    blocks = Counter(name.partition(BRANCH)[0] for name in names if BRANCH in name)
    return CONFIGURATION_KEY in metadata and any(count > 1 for count in blocks.values())


def merged(
    state: Mapping[str, torch.Tensor], metadata: Mapping[str, str], path: Path
) -> dict[str, torch.Tensor]:
    """The weights of the merged network's convolutions, by name in the order of construction.

    Args:
        state: the whole state of the network as it was trained.
        metadata: with the run's configuration, from which the network is built again.

    Raises:
        UserError: where configuration and state do not fit together.
    """
    from benchmarks.models.branches import merge
    from benchmarks.run import from_canonical

    try:
        run = from_canonical(json.loads(metadata[CONFIGURATION_KEY]))
        model = run.model.network(classes=state["classifier.weight"].shape[0])
        model.load_state_dict(dict(state))
    except (ValueError, TypeError, KeyError, RecursionError, RuntimeError, UserError) as error:
        reason = " ".join(str(error).split())[:120]
        raise UserError(
            f"{path}: its branches cannot be merged, since its weights do not fit the configuration"
            f" that it states ({reason}): save them again"
        ) from error
    return {
        f"{name}.weight": module.weight.detach()
        for name, module in merge(model).named_modules()
        if isinstance(module, torch.nn.Conv2d)
    }
