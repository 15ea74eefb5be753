"""Help that fits a terminal of 80 columns and whose examples are true."""

from __future__ import annotations

import shlex

import pytest

from disentangle_bench.cli.app import dbench as group
from disentangle_bench.cli.help import example_lines

COMMANDS = dict(sorted(group.commands.items()))
IN_GROUPS = {
    f"{name} {within}": command
    for name, inner in COMMANDS.items()
    for within, command in sorted(getattr(inner, "commands", {}).items())
}
ALL = COMMANDS | IN_GROUPS


def test_the_group_lists_every_command(dbench):
    outcome = dbench("--help")
    assert outcome.code == 0
    assert outcome.err == ""
    for name in COMMANDS:
        assert f"  {name} " in outcome.out


@pytest.mark.parametrize("name", ALL)
def test_help_fits_80_columns_and_ends_with_examples(dbench, name):
    outcome = dbench(*name.split(), "--help")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines == [line.rstrip() for line in lines]
    assert f"  dbench {name}" in outcome.out.partition("Example")[2]


@pytest.mark.parametrize("name", ALL)
def test_every_option_and_argument_says_what_it_is_for(name):
    for parameter in ALL[name].params:
        assert parameter.help, f"{name} {parameter.name}"


@pytest.mark.parametrize("example", [line for command in ALL.values() for line in command.examples])
def test_examples_parse(example):
    program, name, *words = shlex.split(example.partition("#")[0].partition(">")[0])
    assert program == "dbench"
    if f"{name} {' '.join(words[:1])}" in IN_GROUPS:
        name, words = f"{name} {words[0]}", words[1:]
    with ALL[name].make_context(name, words):
        pass


def test_no_words_show_the_help(dbench):
    assert "Usage: dbench" in dbench().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_offered(real_dbench, shell):
    outcome = real_dbench(_DBENCH_COMPLETE=f"{shell}_source")
    assert outcome.code == 0
    assert "_DBENCH_COMPLETE" in outcome.out


def test_completion_offers_recipes_models_and_datasets(real_dbench):
    def offered(line: str) -> set[str]:
        words = shlex.split(line)
        outcome = real_dbench(_DBENCH_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words)))
        return {entry.partition(",")[2] for entry in outcome.out.splitlines()}

    assert {"infogan", "infogan-mnist", "gan-with-q"} <= offered("dbench train")
    assert {"mnist", "digits"} <= offered("dbench train infogan --dataset")


@pytest.mark.parametrize("name", ALL)
def test_arguments_are_called_as_in_the_usage(dbench, name):
    usage, _, rest = dbench(*name.split(), "--help").out.partition("\n\n")
    panel = rest.partition("\nArguments:\n")[2].partition("\n\n")[0]
    named = [line.split("  ")[1] for line in panel.splitlines() if line[2:3].strip()]
    assert usage.removeprefix(f"Usage: dbench {name} [OPTIONS]").strip() in (" ".join(named), "COMMAND [ARGS]...")


@pytest.mark.parametrize(
    ("example", "lines"),
    [
        ("dbench env", ["dbench env"]),
        ("dbench a          # b c d e", ["dbench a    # b c d e"]),
        ("dbench a --bcd e --fgh i", ["dbench a --bcd e \\", "    --fgh i"]),
        ("dbench a --bcd e --fgh i    # what this does", ["# what this does", "dbench a --bcd e \\", "    --fgh i"]),
    ],
)
def test_an_example_that_is_long_is_continued_as_a_shell_takes_it(example, lines):
    assert example_lines(example, 25) == lines
