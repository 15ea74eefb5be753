"""Links between files of the repository, as links between pages of the site."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^)#:\s]+)(#[\w.-]+)?\)")
PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md", "README.md": "index.md"}
"""Files outside docs/ that are pages of the site, and where."""


def place(path: Path) -> str:
    """Where a file of the repository is on the site."""
    if str(path) in PAGES:
        return PAGES[str(path)]
    if path.parts[0] == "docs":
        return path.relative_to("docs").as_posix()
    if path.parts[:2] == ("benchmarks", "results") and path.name == "README.md":
        return f"results/{path.parts[2]}.md"
    return (Path("files") / path).as_posix() + (".txt" if path.suffix == ".md" else "")


def outside(root: Path, origin: Path, text: str) -> Iterator[Path]:
    """The files outside docs/ that a page links to, and that are not pages themselves."""
    for _, target, _ in LINK.findall(text):
        path = Path(os.path.normpath(origin.parent / target))
        if path.parts[0] not in ("docs", "..") and (root / path).is_file() and not place(path).endswith(".md"):
            yield path


def rewritten(root: Path, origin: Path, page: Path, text: str) -> str:
    """A page's text, with links relative to where it and what it names are on the site.

    Args:
        root: of the repository.
        origin: the file, relative to it, that links in the text are relative to.
        page: where the text is on the site.
        text: in Markdown. Links to folders outside docs/ become text.
    """

    def point(found: re.Match[str]) -> str:
        label, target, anchor = found[1], found[2], found[3] or ""
        path = Path(os.path.normpath(origin.parent / target))
        if path.parts[0] == "docs" or not (root / path).exists():  # what is not there is left for mkdocs to refuse
            known = place(path) if path.parts[0] == "docs" else target
            return f"{label}({os.path.relpath(known, page.parent)}{anchor})"
        if (root / path).is_dir():
            return label[1:-1]
        return f"{label}({os.path.relpath(place(path), page.parent)}{anchor})"

    return LINK.sub(point, text)
