"""`reproduce show`: one run in full."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from benchmarks.errors import UserError
from benchmarks.run import HASH_LENGTH
from reproduce.commands import options as opt
from reproduce.store.paths import default_results
from reproduce.store.schema import headline, told
from reproduce.store.store import Store, stores


def show(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="The first digits of a run's hash, as tables print it."),
    ],
    quick: opt.Quick = False,
    reduced: opt.Reduced = False,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> str:
    """Show one run: its measurements, configuration, provenance and curves."""
    # Among the runs of the form first, then among the others. A run of another form than the full
    # one says so in the first line, or in JSON as its ``label``.
    from analysis.tables.about import LABELS

    if not 1 <= len(run) <= HASH_LENGTH or set(run) - set("0123456789abcdef"):
        raise UserError(f"{run!r} is no run: give the first digits of a hash such as 3ef3464e")
    base = results or default_results()
    for store in stores(base, opt.form_of(quick=quick, reduced=reduced)):
        found = matching(store, run)
        if len(found) > 1:
            raise UserError(f"{run!r} fits {len(found)} runs: {', '.join(sorted(found)[:4])} …")
        for record in found.values():
            label, weights = LABELS.get(record["form"]), _weights(store, record)
            if as_json:
                more = {"label": label, "weights": weights}
                return json.dumps({**record, **{k: v for k, v in more.items() if v}}, indent=1)
            return "\n".join([*([label] if label else []), *_lines(record, weights)])
    raise UserError(f"no finished run begins with {run!r} under {base}")


def _weights(store: Store, record: dict[str, Any]) -> str | None:
    """The file of the run's weights, and a word where they are not of the recorded training."""
    from reproduce.store import weights as saved_weights

    path = store.weights.path(record["hash"])
    if not path.exists():
        return None
    try:
        header = saved_weights.header(path)
    except UserError as error:
        return f"damaged: {error}"
    if header.belongs_to(record):
        return str(path)
    return f"{path} (of a repetition with {header.correct} of {header.total} correct)"


def matching(store: Store, prefix: str) -> dict[str, dict[str, Any]]:
    """The finished runs of a store whose hash begins with ``prefix``."""
    pattern = f"{prefix[:2]}*/{prefix}*.json"
    names = {
        path.stem for path in store.records.folder.glob(pattern) if len(path.stem) == HASH_LENGTH
    }
    names |= {
        name
        for name, former in store.committed.names().items()
        if name.startswith(prefix) or former.startswith(prefix)
    }
    return store.records.collect(sorted(names)) if names else {}


def _lines(record: dict[str, Any], weights: str | None) -> Iterator[str]:
    result = record["result"]
    correct, total = headline(record)
    diverged = " (diverged)" if result["diverged"] else ""
    yield f"run {record['hash']}: {correct} of {total} correct{diverged}"
    if "former" in record:
        yield f"named {record['former']} before"
    if weights:
        yield f"weights: {weights}"
    sections = {
        "measurements": result["measurements"],
        "configuration": dict(_flat(record["run"])),
        "provenance": record["provenance"],
    }
    for title, values in sections.items():
        width = max(map(len, values), default=0)
        yield title
        yield from (f"  {name:<{width}}  {told(values[name])}" for name in sorted(values))
    curves = [dict(map(tuple, curve)) for curve in result["curves"].values()]
    yield f"curves (epoch, {', '.join(result['curves'])})"
    for epoch in sorted({epoch for curve in curves for epoch in curve}):
        points = (_point(curve.get(epoch, "")) for curve in curves)
        yield f"  {epoch:>4}" + "".join(f"  {point:>10}" for point in points).rstrip()


def _flat(part: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """A canonical form's settings by their paths, without protocol versions."""
    kind = part.get("kind")
    if path:
        yield path, kind
    for name, value in part.items():
        here = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            yield from _flat(value, here)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for item in value:
                yield from _flat(item, f"{here}.{item['kind']}")
        elif name not in ("kind", "protocol"):
            yield here, value


def _point(value: Any) -> str:
    if value is None:
        return "not finite"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
