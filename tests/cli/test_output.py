"""What is printed cannot steer the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.cli.output import print_result, printable, say, say_error


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("over\rwritten", r"over\rwritten"),
        ("\x9b31m", r"\x9b31m"),
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
