"""The style of help: panels without boxes, choices and defaults in words, examples at the end."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import rich_click as click
from rich.text import Text

STYLE = {
    "theme": "default-slim",
    "text_paragraph_linebreaks": "\n\n",
    "options_table_column_types": ["opt_all_metavar", "help"],
    "show_arguments": True,
    "required_long_string": "",
    "append_range_help_string": "",
    "range_string": "",
    "max_width": 100,
    "style_usage": "bold",
    "style_helptext_first_line": "",
    "style_helptext": "",
}
ARGUMENTS: dict[str, Any] = {"column_types": ["opt_all", "help"]}
"""For the panel of a command's arguments: their names, without types."""
ARGUMENTS_AS_USED: dict[str, Any] = {"column_types": ["metavar", "help"]}
"""Likewise where the usage has them in other words."""

NOT_HERE = "\N{NO-BREAK SPACE}"


class _WithExamples(click.RichCommand):
    """A command whose help ends with examples, one a line, each with or without a comment after `#`."""

    def __init__(self, *args: Any, examples: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples."""
        super().format_epilog(ctx, formatter)
        formatter.write(Text("Examples:" if len(self.examples) > 1 else "Example:", style="bold"))
        for example in self.examples:
            for line in example_lines(example, formatter.console.width):
                command, sign, comment = line.partition("#")
                formatter.write(Text.assemble(f"  {command}", (sign + comment, "dim")))

    def get_help(self, ctx: Any) -> str:
        """The help, without the spaces that fill lines up to the terminal's width."""
        return "\n".join(line.rstrip() for line in super().get_help(ctx).splitlines())


def example_lines(example: str, width: int) -> list[str]:
    """An example as lines that fit: a comment that is too long before it, the command continued as a shell takes it."""
    command, sign, comment = (part.strip() for part in example.partition("#"))
    for line in (example, f"{command}    # {comment}" if sign else command):
        if len(line) + 2 <= width:
            return [line]
    whole = re.sub(r"(--[\w-]+) (?!-)", rf"\1{NOT_HERE}", command)  # an option and its value
    lines = textwrap.wrap(whole, width - 4, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    broken = [line.replace(NOT_HERE, " ") for line in lines]
    return [*([f"# {comment}"] if sign else []), *(f"{line} \\" for line in broken[:-1]), broken[-1]]


class Command(_WithExamples):
    """A command of `dbench`."""


class Group(_WithExamples, click.RichGroup):  # type: ignore[misc]  # as RichGroup itself
    """A group of commands."""
