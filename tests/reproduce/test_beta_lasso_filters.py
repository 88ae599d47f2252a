"""First-layer filters: which are drawn, where they look, and what the command says of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.papers.beta_lasso.filters import Row, document, draw
from benchmarks.models import Shallow
from reproduce.__main__ import run
from reproduce.beta_lasso.figure4 import _filters


def test_filters_are_drawn_among_those_with_enough_weights() -> None:
    filters = np.zeros((50, 3, 8, 8), np.float32)
    filters[10:30].reshape(20, -1)[:, :20] = 1
    filters[30:].reshape(20, -1)[:, :19] = 1
    chosen = draw(filters, 12, 20)
    assert len(set(chosen)) == 12
    assert set(chosen) < set(range(10, 30))
    assert chosen.tolist() == draw(filters, 12, 20).tolist()
    assert draw(filters, 99, 20).tolist() == list(range(10, 30))
    assert not len(draw(filters, 5, 65 * 3))


@pytest.mark.parametrize("kind", ["local", "fc"])
def test_a_filter_on_the_image_computes_what_the_layer_does(kind: str) -> None:
    settings = Shallow(alpha=2, connectivity=kind)
    model = settings.build(10, 32, seed=1)
    images = torch.randn(4, 3, 32, 32)
    inputs = images.flatten(1) if kind == "fc" else images
    output = model.features.conv1(inputs)
    if kind == "local":  # (N, channels, 16, 16), filters position by position
        output = output.permute(0, 2, 3, 1).flatten(1)
    filters = torch.from_numpy(np.ascontiguousarray(_filters(settings, model.state_dict())))
    assert filters.shape == (2 * 256, 3, 32, 32)
    expected = torch.einsum("nchw,fchw->nf", images, filters)
    torch.testing.assert_close(output, expected, atol=1e-5, rtol=1e-4)


def test_scores_are_tested_over_seeds_and_filters_drawn() -> None:
    dense = np.random.default_rng(0).normal(size=(30, 3, 32, 32)).astype(np.float32)
    base = Row("d S-FC SGD", "d", "SGD", 6, {s: 0.1 + s / 1000 for s in range(6)}, None, dense)
    other = Row("d lasso", "d", "β", 6, {s: 0.5 + s / 1000 for s in range(6)}, base.name)
    made = document(
        [base, other], count=8, least=20, form="quick", variant="", missing="`x`", context={}
    )
    (scores,) = made.grids("terminal")
    values = [[cell.value for cell in row.cells] for row in scores.rows]
    assert values[1][3] == pytest.approx(0.4)
    assert values[1][4] == pytest.approx(2 / 924)  # the least that 6 and 6 seeds can have
    figure = next(block for block in made.blocks if hasattr(block, "panels"))
    assert np.shape(figure.panels[0].tiles) == (8, 32, 32, 3)
    assert len(figure.panels) == 1  # the other network keeps no weights


def test_the_command_without_runs_and_with_bad_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--results", str(tmp_path)]
    assert run(["beta-lasso/figure4", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--save-weights" in line
    assert "reproduce beta-lasso/table2" in line
    assert run(["beta-lasso/figure4", "--filters", "0", *options]) == 2
    assert "--filters must lie in" in capsys.readouterr().err
    assert run(["beta-lasso/figure4", "--only", "* 3-FC SGD", *options]) == 2
    assert "selects none" in capsys.readouterr().err


def test_a_dry_run_tells_what_a_quick_figure_would_train(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of its three cells alone; nothing is written. Without --quick nothing would be trained."""
    options = ["--dry-run", "--json", "--results", str(tmp_path / "none")]
    assert run(["beta-lasso/figure4", "--quick", "--seeds", "2", *options]) == 0
    told = json.loads(capsys.readouterr().out)
    names = [cell["cell"] for cell in told["cells"]]
    assert names == ["digits S-FC SGD", "digits S-FC beta 50", "digits S-LOCAL SGD"]
    assert told["plan"]["runs"] == 6
    for entry in ("beta-lasso/figure4", "beta-lasso/table3", "dh2l/axioms"):
        assert run([entry, *options]) == 0
        assert json.loads(capsys.readouterr().out) == {"table": entry, "cells": []}
    assert not (tmp_path / "none").exists()


def test_a_quick_figure_trains_what_it_needs(tmp_path: Path) -> None:
    only = ["--only", "digits S-LOCAL SGD", "--seeds", "1", "--filters", "3"]
    assert run(["beta-lasso/figure4", "--quick", *only, "--results", str(tmp_path)]) == 0
    folder = tmp_path / "quick" / "beta-lasso" / "figure4"
    assert (folder / "figure4.filters.png").stat().st_size > 5000
    name, seed, score, *_ = (folder / "figure4.csv").read_text().splitlines()[1].split(",")
    assert (name, seed, float(score)) == ("digits S-LOCAL SGD", "0", pytest.approx(1))
    assert json.loads((folder / "figure4.json").read_text())["missing"] == ""
