"""What the documentation's site has beyond docs/: pages of metrics, models and names, made of what the code declares.

Nothing of this is a file of the repository. Links out of docs/ lead to copies of what they name.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))

import links
import pages

ROOT = Path(__file__).parents[2]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill in the lists of pages that are generated, and pages that are not listed."""
    config["generated"] = {page.path: page for page in pages.generated(ROOT)}
    named = re.findall(r"[\w/-]+\.md", str(config.nav))
    for path in sorted((ROOT / "docs").glob("*.md")):
        if path.name not in named:  # a new page is found, wherever it should stand in the end
            guide = next(entry["Guide"] for entry in config.nav or [] if "Guide" in entry)
            guide.append(path.name)
    for entry in config.nav or []:
        [(title, listed)] = entry.items()
        for page in config["generated"].values():
            section, _, group = page.section.partition("/")
            if section == title:
                _within(listed, group).append({page.title: page.path})
    return config


def _within(listed: list[Any], group: str) -> list[Any]:
    """The list of a group below a section, made if it is new; the section's own if there is none."""
    if not group:
        return listed
    found = next((entry[group] for entry in listed if group in entry), None)
    if found is None:
        found = []
        listed.append({group: found})
    return found


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, and what pages link to outside docs/."""
    for page in config["generated"].values():
        files.append(File.generated(config, page.path, content=page.text))
    sources = [(path.relative_to(ROOT), path.read_text()) for path in (ROOT / "docs").rglob("*.md")]
    sources += [(page.origin, page.text) for page in config["generated"].values()]
    for origin, text in sources:
        for target in links.outside(ROOT, origin, text):
            if files.get_file_from_path(links.place(target)) is None:
                files.append(File.generated(config, links.place(target), abs_src_path=str(ROOT / target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links at where things are on the site."""
    generated: Any = config["generated"].get(page.file.src_uri)
    origin = generated.origin if generated is not None else Path("docs") / page.file.src_uri
    if page.file.src_uri == "metrics.md":  # each metric of the table leads to its page
        markdown = re.sub(
            r"^\| ([a-z0-9/-]+) \|", lambda row: pages.row_with_link(row[0], row[1]), markdown, flags=re.MULTILINE
        )
    return links.rewritten(ROOT, origin, Path(page.file.src_uri), markdown)
