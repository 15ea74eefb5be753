"""Results go to standard output, everything else to standard error; both are plain where they are not a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.text import Text

if TYPE_CHECKING:
    from disentangle_bench.reports.tables import Form, Report

PLAIN_WIDTH = 1000  # lines of a file or a pipe are as long as they need to be


def print_result(result: RenderableType) -> None:
    """Print text as it is, or anything else as rich renders it, without the blanks that fill up lines."""
    if isinstance(result, str):
        sys.stdout.write(result)
        return
    console = _standard_output()
    with console.capture() as captured:
        console.print(result)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def print_report(report: Report, form: Form) -> None:
    """Print scores, a comparison or a ranking in one of the forms of `--format`."""
    from disentangle_bench.reports.tables import show

    console = _standard_output()
    with console.capture() as captured:
        show(report, form, console)
    sys.stdout.write(captured.get())


def _standard_output() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    return console


def say(text: str | Text) -> None:
    """One message on standard error."""
    Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True).print(text)


def say_error(problem: str, remedy: str) -> None:
    """What happened, then what to do."""
    say(Text.assemble(("Error: ", "bold red"), problem, f"\n{remedy}" if remedy else ""))
