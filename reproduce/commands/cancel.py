"""`reproduce cancel`: ends the jobs of a table."""

from __future__ import annotations

import json
from dataclasses import asdict

from reproduce.commands import options as opt


def cancel(table: opt.TableName, chosen: opt.Selecting, as_json: opt.Json = False) -> str:
    """End the SLURM jobs that hold runs of a table; what is done and saved stays."""
    from reproduce.executors.slurm.cancel import cancel as cancel_runs

    selection = chosen.of(table)
    ended = cancel_runs([item.run.hash for item in selection.planned], selection.store)
    return json.dumps(asdict(ended)) if as_json else ended.text
