"""The share of private functions with exactly one caller: `python -m benchmarks.one_caller [PATH]`.

A private function or method that is referred to once may say no more than the line that calls it. The count is by name
within the file that defines it, for what is private is not used elsewhere.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parents[1] / "disentangle_bench"


class PrivateFunction(NamedTuple):
    """Where a private function is, how long, and how often its own file refers to it."""

    path: Path
    name: str
    line: int
    lines: int
    callers: int


def private_functions(folder: Path = PACKAGE) -> Iterator[PrivateFunction]:
    """Every private function and method of a file or below a folder, dunder methods left out."""
    for path in [folder] if folder.is_file() else sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        references = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        references.update(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("_") and not node.name.startswith("__"):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield PrivateFunction(path, node.name, node.lineno, lines, references[node.name])


def share_with_one_caller(folder: Path = PACKAGE) -> float:
    """How many of the private functions have exactly one caller, from 0 to 1."""
    callers = [function.callers for function in private_functions(folder)]
    return callers.count(1) / len(callers)


def main(folder: Path) -> None:
    """Write the functions with one caller, the shortest first, and the share."""
    found = list(private_functions(folder))
    once = sorted((function for function in found if function.callers == 1), key=lambda function: function.lines)
    for function in once:
        sys.stdout.write(f"{function.lines:3} lines  {function.path}:{function.line}  {function.name}\n")
    share = len(once) / max(len(found), 1)
    sys.stdout.write(f"{len(once)} of {len(found)} private functions have one caller: {share:.1%}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE)
