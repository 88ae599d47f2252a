"""What mkdocs does besides: pages may show files that lie outside of docs/.

A link such as ``../results/report.html`` is what a code host needs; in the site the file lies
beside the pages, so that the link loses the step that leaves docs/.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
OUTSIDE = ("CONTRIBUTING.md", "benchmarks/throughput/GPU.md")
LINK = re.compile(r"(\]\()((?:\.\./)+)([^)\s]+\))")
# What only names a page's neighbours, with the whole address where a site has one, as it has under
# `mkdocs serve`.
NAMED = r'(?![^>]*\brel="?(?:canonical|prev|next)\b)'
FETCHED = re.compile(
    rf'<(?:script|img|link|iframe)\b{NAMED}[^>]*\b(?:src|href)="?(?:https?:)?//[^>]*>'
)


def on_files(files: Any, config: Any) -> Any:
    """Add the files outside that pages link to."""
    named = {*OUTSIDE}
    for page in files.documentation_pages():
        found = LINK.finditer(page.content_string)
        named |= {m[3][:-1].partition("#")[0] for m in found if _leaves(page.src_uri, m[2])}
    for name in sorted(named):
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead the links to them."""
    name = page.file.src_uri

    def inside(match: re.Match[str]) -> str:
        return match[1] + match[2][3 * _leaves(name, match[2]) :] + match[3]

    return markdown if name in OUTSIDE else LINK.sub(inside, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Refuse what a page would fetch from elsewhere."""
    if found := FETCHED.search(output):
        raise PluginError(f"{page.file.src_uri} fetches something from the network: {found[0]}")
    return output


def _leaves(page: str, steps: str) -> bool:
    """Whether so many steps up from a page lead out of docs/, by one."""
    return steps.count("../") == page.count("/") + 1
