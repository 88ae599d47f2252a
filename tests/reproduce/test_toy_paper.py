"""A paper of someone else's, built in a folder of its own through what CONTRIBUTING names alone:
its network, penalty, optimiser, measures, two-phase procedure and table train, resume and report.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from reproduce.store.paths import ROOT

PARTS = """
from benchmarks.models import Model
from benchmarks.optimizers import Optimizer
from benchmarks.parts import NotNegative, Positive
from benchmarks.penalties import Term

class Narrow(Model, tag="toy_narrow", frozen=True):
    width: int = 4
    def network(self, classes, side=32):
        from collections import OrderedDict
        from torch import nn
        class Net(nn.Module):
            def __init__(self, width):
                super().__init__()
                layers = [("conv1", nn.Conv2d(3, width, 3, stride=4)), ("relu1", nn.ReLU())]
                layers += [("conv2", nn.Conv2d(width, 8, 3)), ("relu2", nn.ReLU())]
                self.features = nn.Sequential(OrderedDict(layers))
                self.classifier = nn.Linear(8, classes)
            def forward(self, images):
                return self.classifier(self.features(images).mean((2, 3)))
        return Net(self.width)

class GroupLasso(Term, tag="toy_group_lasso", frozen=True):
    strength: NotNegative = "0"
    def attach(self, model):
        import torch
        from benchmarks.penalties import Attached
        strength = float(self.strength)
        class AtWork(Attached):
            def loss(self, labels):
                return strength * self.norms().sum()
            def norms(self):
                return self.model.features.conv1.weight.flatten(1).norm(dim=1)
            def measurements(self):
                return {"toy norm": float(self.norms().sum())}
        return AtWork(model)

class Sign(Optimizer, tag="toy_sign", frozen=True):
    scale: Positive = "1"
    def build(self, model, coefficients):
        import torch
        class Update:
            steps = torch.zeros((), dtype=torch.int64)
            @torch.no_grad()
            def step(self, lr):
                for parameter in model.parameters():
                    parameter.sub_(lr * parameter.grad.sign())
                    parameter.grad = None
                self.steps.add_(1)
            def state(self):
                return {"steps": self.steps}
            def restore(self, state):
                self.steps.copy_(state["steps"])
        return Update()
"""
PAPER = """
from reproduce.catalogue.papers import Entry, Paper
from reproduce.toy import parts
PAPER = Paper("toy", "A toy", "nobody, nowhere", (Entry("table1", "does the lasso shrink?"),))
"""
TABLE = """
from dataclasses import replace
from analysis.verdicts.choosing import Choice
from analysis.verdicts.measure import ACCURACY, NON_ZERO, VALIDATION_ACCURACY, Measure
from benchmarks.data.images import Images
from benchmarks.objectives import Objective
from benchmarks.procedures import Procedure, Prune, Train
from benchmarks.run import Run
from benchmarks.schedules import Cosine
from reproduce.catalogue.tables import Cell, Comparison, Table
from reproduce.toy.parts import GroupLasso, Narrow, Sign
NORM = Measure("toy norm", "sum of the filters' norms", "number", lower_is_better=True, decimals=3)
def cell(strength):
    run = Run(seed=0, data=Images(name="digits", augmentation="none", held_out=200), model=Narrow(),
        objective=Objective(penalties=(GroupLasso(strength=strength),)),
        optimizer=Sign(), schedule=Cosine(learning_rate="0.006"),
        procedure=Procedure(phases=(Train(epochs=12, batch_size=64), Prune(threshold="0.02"))))
    return Cell(f"lasso {strength}", "plain" if strength == "0" else "lasso", run)
TABLE = Table(paper="toy", name="table1", title="Toy", caption="Lasso or none",
    cells=(cell("0"), cell("0.1")), comparisons=(Comparison("all 1", "lasso 0.1", "lasso 0"),),
    seeds=6, measures=(ACCURACY, NORM, NON_ZERO),
    choices=(Choice("strength", ("lasso 0", "lasso 0.1"), VALIDATION_ACCURACY),),
    parameters=(("strength", "objective.penalties.toy_group_lasso.strength"),))
TABLE = replace(TABLE, forms={"quick": replace(TABLE, form="quick", seeds=2)})
"""
PUBLISHED = """part,column,row,cell,measure,value,stars,n
all,1,1,lasso 0.1,,.3,***,6
all,1,2,lasso 0,,.6,,6
all,1,1,lasso 0.1,toy norm,0.1,***,6
all,1,2,lasso 0,toy norm,4.0,,6
"""

MARGINS = '[table1]\ndelta = "5"\nreason = "toy"\nmeasures = { "toy norm" = "0.5" }\n'


def test_a_toy_paper_trains_resumes_and_reports(tmp_path: Path) -> None:
    package, results = tmp_path / "papers" / "toy", tmp_path / "results"
    (package / "paper_tables").mkdir(parents=True)
    for name, text in {"__init__.py": PAPER, "parts.py": PARTS, "table1.py": TABLE}.items():
        (package / name).write_text(text)
    (package / "paper_tables" / "table1.csv").write_text(PUBLISHED)
    (package / "paper_tables" / "margins.toml").write_text(MARGINS)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    environment["REPRODUCE_PAPERS"] = str(package.parent)

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "reproduce", *arguments, "--results", str(results)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)

    killed = start("toy/table1", "--quick", "--executor", "debug")
    while not list(results.glob("quick/records/??/*.json")) and killed.poll() is None:
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    out, error = start("toy/table1", "--quick").communicate()
    assert "sum of the filters' norms" in out, error
    out, error = start("status", "toy/table1", "--quick", "--json").communicate()
    assert json.loads(out)["complete"], error
    out, error = start("toy/table1", "--yes").communicate()
    folder = results / "toy" / "table1"
    report = json.loads((folder / "table1.json").read_text())
    assert report["comparisons"][0]["effect"]["verdict"] == "confirmed", error
    assert report["chosen"][0]["winner"] == "lasso 0"
    (norms, _) = report["other_measures"]
    plain, lasso = norms["cells"]
    assert plain["level"]["verdict"] == "not reproduced"
    assert plain["median"] > lasso["median"]
    with open(folder / "table1.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert all(float(row["non-zero parameters"]) < 500 for row in rows)
    assert (folder / "table1.tex").exists()
