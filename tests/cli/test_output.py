"""What is printed cannot steer the terminal."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.text import Text

from disentangle_bench.cli.app import run
from disentangle_bench.cli.output import (
    messages,
    pictured,
    print_result,
    printable,
    say,
    say_error,
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("over\rwritten", r"over\rwritten"),
        ("\x9b31m\x7f", r"\u009b31m\u007f"),  # as in JSON
        ("\ud800", r"\ud800"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("Zürich 東京", "Zürich 東京"),
    ],
)
def test_control_characters_are_spelled_out(text: str, said: str) -> None:
    assert printable(text) == said


def test_colors_stay_on_terminals() -> None:
    assert printable("\x1b[1;31mred\x1b[0m\x1b[2J", colored=True) == "\x1b[1;31mred\x1b[0m\\x1b[2J"


def test_results_and_messages_are_printable(capsys: pytest.CaptureFixture[str]) -> None:
    print_result("a\x1b[2Jb\n")
    say("c\x1b[2Jd")
    say_error("e\x1b[2Jf", "g\x1b[2Jh")
    captured = capsys.readouterr()
    assert captured.out == "a\\x1b[2Jb\n"
    assert captured.err == "c\\x1b[2Jd\nError: e\\x1b[2Jf\ng\\x1b[2Jh\n"


def test_a_live_display_shows_pictures_of_control_characters() -> None:
    text = pictured(Text.assemble(("a\x1b[2Jb\x9b\x7f\n", "bold"), "\tc"))
    assert text.plain == "a\u241b[2Jb\ufffd\u2421\n\tc"
    assert [(span.start, span.end) for span in text.spans] == [(0, 9)]


def test_what_is_logged_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("disentangle_bench.representation")
    with messages():
        logger.warning("the factor %s", "a\x1b]0;title")
        logger.info("nothing of this")
    logger.warning("nor of this")
    assert capsys.readouterr().err.splitlines()[0] == "the factor a\\x1b]0;title"


@pytest.mark.parametrize("form", ["json", "csv", "markdown", "latex", "table"])
def test_names_of_files_and_their_classes_do_not_steer_the_terminal(
    tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    labels = np.array(["\x1b[31mred", "\x9b2J", "\rover", "\x7f"])[rng.integers(4, size=60)]
    paths = [tmp_path / "a\x1b[2J.npz", tmp_path / "\x9b2J.npz"]
    for path in paths:
        np.savez(path, codes=rng.integers(4, size=(60, 2)), factors=labels, unread=labels)
    words = ["--metrics", "mig,c1-accuracy", "--bootstrap", "0", "--no-levels", "--format", form]
    assert run(["eval", *map(str, paths), *words]) == 0
    captured = capsys.readouterr()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", captured.out + captured.err)
    assert r"a\x1b[2J.npz, the array 'unread' is not read" in captured.err
    if form == "json":
        assert [each["subject"]["name"] for each in json.loads(captured.out)] == [path.name for path in paths]


def program(words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in which `dbench` is the program."""
    return subprocess.run(
        ["bash", "-c", words.replace("dbench", f"{sys.executable} -m disentangle_bench")],
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, **environment},
        check=False,
    )


def test_a_full_standard_output_is_one_message() -> None:
    ended = program("dbench list suites > /dev/full")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: Standard output could not be written: No space left on device.")


def test_a_closed_standard_output_is_refused_before_any_work() -> None:
    ended = program("dbench list suites >&-")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: Standard output is closed")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_any_encoding_takes_any_text(encoding: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers(3, size=(60, 1))
    path = tmp_path / "東京.npz"
    np.savez(path, codes=factors + 0.1 * rng.normal(size=(60, 1)), factors=factors, factor_names=np.array(["größe"]))
    ended = program(f"dbench eval {path} --metrics jemmig --bootstrap 0 --no-levels", PYTHONIOENCODING=encoding)
    assert ended.returncode == 0, ended.stderr
    assert "jemmig" in ended.stdout
    assert "---" in ended.stdout
