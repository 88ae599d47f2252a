"""`reproduce show`: one run in full."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.errors import UserError
from benchmarks.run import HASH_LENGTH
from reproduce.store.paths import ResultsLayout, default_results


def show_run(prefix: str, *, quick: bool, results: Path | None, as_json: bool) -> str:
    """The record of the one run whose hash begins with ``prefix``.

    Looks among the full runs, or the quick ones, and where there is none of a kind in the other.
    A quick run says so in the first line, or in JSON as its ``label``.

    Raises:
        UserError: where no run or several match.
    """
    if not 1 <= len(prefix) <= HASH_LENGTH or set(prefix) - set("0123456789abcdef"):
        raise UserError(f"{prefix!r} is no run: give the first digits of a hash such as 3ef3464e")
    base = results or default_results()
    for layout in sorted(
        [ResultsLayout(base), ResultsLayout(base, quick=True)], key=lambda item: item.quick != quick
    ):
        found = matching(layout, prefix)
        if len(found) > 1:
            raise UserError(f"{prefix!r} fits {len(found)} runs: {', '.join(sorted(found)[:4])} …")
        if found:
            record = next(iter(found.values()))
            label = _label(record)
            weights = _weights(layout, record)
            if as_json:
                more = {"label": label, "weights": weights}
                return json.dumps({**record, **{k: v for k, v in more.items() if v}}, indent=1)
            return f"{label}\n{_text(record, weights)}" if label else _text(record, weights)
    raise UserError(f"no finished run begins with {prefix!r} under {base}")


def _label(record: dict[str, Any]) -> str | None:
    from analysis.documents.results import QUICK_LABEL
    from reproduce.store import schema

    return QUICK_LABEL if schema.protocol(record) == schema.QUICK else None


def _weights(layout: ResultsLayout, record: dict[str, Any]) -> str | None:
    """The file of the run's weights, and a word where they are not of the recorded training."""
    from reproduce.store import weights as saved_weights

    path = saved_weights.path_of(layout, record["hash"])
    if not path.exists():
        return None
    try:
        header = saved_weights.header(path)
    except UserError as error:
        return f"damaged: {error}"
    if header.belongs_to(record):
        return str(path)
    return f"{path} (of a repetition with {header.correct} of {header.total} correct)"


def matching(layout: ResultsLayout, prefix: str) -> dict[str, dict[str, Any]]:
    """The finished runs under a layout whose hash begins with ``prefix``."""
    from reproduce.store import committed as measured
    from reproduce.store.records import collect

    pattern = f"{prefix[:2]}*/{prefix}*.json"
    names = {path.stem for path in layout.records.glob(pattern) if len(path.stem) == HASH_LENGTH}
    if not layout.quick:
        names |= {name for name in measured.read_all(layout) if name.startswith(prefix)}
    return collect(layout, sorted(names)) if names else {}


def _text(record: dict[str, Any], weights: str | None) -> str:
    result, provenance = record["result"], record["provenance"]
    head = f"run {record['hash']}: {result['correct']} of {result['total']} correct"
    if result["diverged"]:
        head += " (diverged)"
    best = f"best evaluated epoch {result['best_epoch']}: {result['best_correct']} (not reported)"
    sections = [
        head,
        best,
        *([f"weights: {weights}"] if weights else []),
        _section("configuration", record["run"]),
        _section("provenance", provenance),
        "curve (epoch, training loss, correct test images)",
        *(_curve_line(point) for point in result["curve"]),
    ]
    return "\n".join(sections)


def _section(title: str, values: dict[str, Any]) -> str:
    width = max(len(name) for name in values)
    lines = [f"  {name:<{width}}  {_value(values[name])}" for name in sorted(values)]
    return "\n".join([title, *lines])


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _curve_line(point: dict[str, Any]) -> str:
    loss = "not finite" if point["train_loss"] is None else f"{point['train_loss']:.4f}"
    correct = "" if point["correct"] is None else str(point["correct"])
    return f"  {point['epoch']:>4}  {loss:>10}  {correct:>6}".rstrip()
