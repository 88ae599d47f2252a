"""The pages under docs/ and the README say what the commands and classes of today are."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from run_counts import runs_in

from reproduce.catalogue.papers import papers
from reproduce.store.paths import ROOT

PAGES = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "throughput" / "GPU.md",
    *PAGES,
]
CODE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")
EXAMPLES = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]
ENTRY = re.compile(r"(?:[a-z0-9-]+/)?(?:table|figure|theorem)\d+")
CARD = ["Equation", "Use", "Cost", "Departures from the paper", "Reproduced so far"]


def names_of(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


@pytest.mark.parametrize("page", EXAMPLES, ids=names_of(EXAMPLES))
def test_the_examples_of_a_page_run(page):
    blocks = CODE.findall(page.read_text(encoding="utf-8"))
    source = "\n".join(code for language, code in blocks if language == "python")
    exec(compile(source, str(page), "exec"), {"__name__": "example"})


@cache
def commands() -> dict[str, Any]:
    """Every command, by its whole name; of entries what stands in until one is asked for."""
    import typer

    from reproduce.commands.app import app

    def found(command: Any, prefix: str) -> Iterator[tuple[str, Any]]:
        yield prefix, command
        for name, child in getattr(command, "commands", {}).items():
            yield from found(child, f"{prefix} {name}".strip())

    return dict(found(typer.main.get_command(app), ""))


@cache
def options_of(name: str) -> set[str]:
    command, whole = commands()[name], commands()[""]
    if name in whole.later:
        _, command, _ = whole.resolve_command(whole.context_class(whole), [name])
    return {"--help"}.union(*(p.opts + p.secondary_opts for p in command.params))


def lines_of(text: str) -> Iterator[list[str]]:
    """What follows each `reproduce` that is typed, as words; placeholders stay."""
    blocks = [code for language, code in CODE.findall(text) if language != "python"]
    for snippet in [*blocks, *SPAN.findall(CODE.sub("", text))]:
        for line in snippet.replace("\\|", "|").splitlines() if snippet in blocks else [snippet]:
            typed = re.split(r"\s#|\||&&|;", line.replace("[", " ").replace("]", " "))
            for part in typed:
                words = re.sub(r"'[^']*'", "QUOTED", part).split()
                while words and (re.fullmatch(r"[A-Z_]+=\S+", words[0]) or words[0] == "$"):
                    del words[0]
                if words and words[0] == "reproduce":
                    yield words[1:]


def faults(words: list[str]) -> Iterator[str]:
    """What of a typed command does not exist."""
    name, left = "", list(words)
    while left and f"{name} {left[0]}".strip() in commands():
        name = f"{name} {left.pop(0)}".strip()
    if not name and left and not left[0].startswith("-"):
        yield f"there is no command {left[0]}"
        return
    for word in left:
        if word.startswith("-") and word.split("=")[0] not in options_of(name):
            yield f"{name} has no option {word}"
        elif ENTRY.fullmatch(word) and word not in commands():
            yield f"there is no entry {word}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=names_of(DOCUMENTS))
def test_the_commands_that_a_document_names_exist(document):
    text = document.read_text(encoding="utf-8")
    assert not [fault for words in lines_of(text) for fault in faults(words)]


def test_a_command_that_does_not_exist_is_found():
    text = "Type `reproduce table33`, or\n\n```sh\nreproduce report table3 --htm  # x\n```\n"
    found = [fault for words in lines_of(text) for fault in faults(words)]
    assert found == ["report has no option --htm", "there is no command table33"]


def test_every_command_stands_in_the_pages():
    typed = {" ".join(words) for page in PAGES for words in lines_of(page.read_text("utf-8"))}
    # Of groups their commands, and of the default paper the short names.
    wanted = {name for name in commands() if not name.startswith("locality/")}
    wanted -= {"", "data", "device"}
    assert not {name for name in wanted if not any(f"{t} ".startswith(f"{name} ") for t in typed)}


def test_the_site_has_every_page():
    configuration = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\s+- (?:\w+: )?(\S+\.md)$", configuration, re.MULTILINE))
    assert {str(page.relative_to(ROOT / "docs")) for page in PAGES} <= listed
    assert yaml.safe_load(configuration)["theme"]["font"] is False


@pytest.mark.parametrize(
    ("element", "fetches"),
    [
        ('<link rel="canonical" href="http://127.0.0.1:8000/index.html">', False),
        ('<link rel="next" href="https://example.org/own-code.html">', False),
        ('<link rel="stylesheet" href="https://example.org/a.css">', True),
        ('<script src="//example.org/a.js">', True),
        ('<img src="results/table2.png">', False),
    ],
)
def test_pages_fetch_nothing_and_may_name_their_address(element, fetches):
    pytest.importorskip("mkdocs", reason="mkdocs is not installed: it comes with .[docs]")
    place = importlib.util.spec_from_file_location("hooks", ROOT / "docs" / "hooks.py")
    hooks = importlib.util.module_from_spec(place)
    place.loader.exec_module(hooks)
    assert bool(hooks.FETCHED.search(element)) == fetches


def test_the_papers_page_counts_the_committed_runs():
    text = (ROOT / "docs" / "papers" / "index.md").read_text(encoding="utf-8")
    for name in (paper.name for paper in papers()):
        counts = {kind: n for kind, n in runs_in(f"{name}-*.csv").items() if n}
        told = (f"{n} {kind} run{'s' * (n > 1)}" for kind, n in counts.items())
        lines = re.findall(rf"^.*\]\({name}\.md\).*$", text, re.MULTILINE)
        assert len(lines) == 1, f"docs/papers/index.md must have one line that links {name}.md"
        assert lines[0].endswith(f"| {', '.join(told) or 'none'} |")


def test_every_penalty_and_optimiser_has_a_card():
    from benchmarks.optimizers import Optimizer
    from benchmarks.parts import kinds
    from benchmarks.penalties import Term

    cards = [page for page in PAGES if page.parent.name == "methods" and page.stem != "index"]
    for card in cards:
        assert re.findall(r"^## (.+)$", card.read_text("utf-8"), re.MULTILINE) == CARD, card
    cited = "\n".join(card.read_text("utf-8") for card in cards)
    measuring = (
        *("filter_locality", "group_sparsity", "kernel_correlation"),
        *("non_zeros", "pairwise_angles"),
    )
    own = {k: c for base in (Term, Optimizer) for k, c in kinds(base).items()}
    for kind, part in own.items():
        if part.__module__.startswith("benchmarks.") and kind not in measuring:
            assert f"`{part.__name__}`" in cited or part.__name__ in cited, part
