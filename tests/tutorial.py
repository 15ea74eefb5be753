"""Run a tutorial as it stands: write its files, execute its Python and give its commands, in the order of the page.

A block with a title is a file. `# exits with N` behind a command is the status that it must have. A comment
`<!-- tests add OPTIONS -->` before a block shortens what takes long: its options are added to each of the commands.
"""

from __future__ import annotations

import re
import shlex
import sys
from contextlib import redirect_stdout
from pathlib import Path

from disentangle_bench.cli import run

BLOCK = re.compile(
    r"(?:<!-- tests add (.*?) -->\n)?^```(\w*)(?: title=\"(.*?)\")?\n(.*?)^```", re.MULTILINE | re.DOTALL
)


def main(page: Path) -> None:
    """Run it in the current folder."""
    sys.path.insert(0, str(Path.cwd()))
    namespace: dict[str, object] = {"__name__": "tutorial"}
    for options, language, title, text in BLOCK.findall(page.read_text()):
        if title:
            Path(title).parent.mkdir(parents=True, exist_ok=True)
            Path(title).write_text(text)
        elif language == "python":
            exec(compile(text, f"{page.name}: {text.splitlines()[0]}", "exec"), namespace)
        elif not language:
            for line in text.splitlines():
                give(line, shlex.split(options))


def give(line: str, options: list[str]) -> None:
    """Give a command, and hold it to its exit status."""
    command, _, comment = line.partition("#")
    if not command.startswith("dbench "):
        return
    words, _, target = command.partition(">")
    with open(target.strip() or "/dev/stderr", "w") as out, redirect_stdout(out):  # noqa: PTH123 - the latter is none
        status = run([*shlex.split(words)[1:], *options])
    expected = re.search(r"exits with (\d+)", comment)
    if status != int(expected[1] if expected else 0):
        raise SystemExit(f"status {status}: {line}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
