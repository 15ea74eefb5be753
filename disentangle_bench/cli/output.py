"""Results go to standard output, everything else to standard error; both are plain where they are not a terminal."""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.text import Text

if TYPE_CHECKING:
    from disentangle_bench.reports.tables import Form, Report

_CONTROL = re.compile(r"\x1b\[[\d;]{0,40}m|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DELETE = 0x7F
_PICTURES = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"},
    _DELETE: 0x2421,
    **dict.fromkeys(range(_DELETE + 1, 0xA0), 0xFFFD),
}
"""Of each control character one that is shown for it."""
PLAIN_WIDTH = 1000  # lines of a file or a pipe are as long as they need to be


def print_result(result: RenderableType) -> None:
    """Print text as it is, or anything else as rich renders it, without the blanks that fill up lines."""
    if isinstance(result, str):
        sys.stdout.write(printable(result))
        return
    console = standard_output()
    with console.capture() as captured:
        console.print(result)
    text = printable(captured.get(), colored=console.is_terminal)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in text.split("\n")[:-1]))


def print_report(report: Report, form: Form, *, every: bool = False) -> None:
    """Print scores, a comparison or a ranking in one of the forms of `--format`.

    Args:
        report: what is printed.
        form: of the output.
        every: a table has a row for every score, instead of for the headline of each metric.
    """
    from disentangle_bench.reports.tables import show

    console = standard_output()
    with console.capture() as captured:
        show(report, form, console, every=every)
    sys.stdout.write(printable(captured.get(), colored=console.is_terminal))


def import_printing() -> None:
    """Import what prints before hours of work begin, during which the installed code may be replaced by other code."""
    import disentangle_bench.reports.tables  # noqa: F401


def printable(text: str, *, colored: bool = False) -> str:
    """Spell out control characters, as names in files and replies of servers may hold them for the terminal to obey.

    Args:
        text: to be printed.
        colored: let colors be, which rich writes on terminals.
    """

    def spelled(found: re.Match[str]) -> str:
        if colored and found[0].endswith("m"):
            return found[0]
        code = ord(found[0][0])  # JSON spells out those before, and takes this form of the others
        return ascii(found[0])[1:-1] if code < _DELETE else f"\\u{code:04x}"

    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    plain = text if encoding.lower().startswith("utf") else text.replace("─", "-")
    return _CONTROL.sub(spelled, plain)


def pictured(text: str | Text) -> Text:
    """Copy text for a live display, which writes by itself: with pictures in the place of control characters."""
    shown = text.copy() if isinstance(text, Text) else Text(text)
    shown.plain = shown.plain.translate(_PICTURES)
    return shown


def take_any_text() -> None:
    """Let standard output and error spell out what their encoding lacks, as ASCII and Latin-1 do of most characters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def standard_output() -> Console:
    """Standard output, plain and with long lines where it is not a terminal."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    return console


def say(text: str | Text) -> None:
    """One message on standard error."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    with console.capture() as captured:
        console.print(text)
    sys.stderr.write(printable(captured.get(), colored=console.is_terminal))
    sys.stderr.flush()


class Messages(logging.Handler):
    """Says what is logged, one message each."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        say(self.format(record))


@contextmanager
def messages() -> Iterator[None]:
    """Say what the package logs: what it warns of may hold names from files, as all that is printed."""
    logger, handler = logging.getLogger("disentangle_bench"), Messages(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def say_error(problem: str, remedy: str) -> None:
    """What happened, then what to do."""
    say(Text.assemble(("Error: ", "bold red"), problem, f"\n{remedy}" if remedy else ""))


def say_warning(problem: str, remedy: str) -> None:
    """What is not an error and should be known before a long wait, then what to do."""
    say(Text.assemble(("Warning: ", "bold yellow"), problem, f"\n{remedy}"))
