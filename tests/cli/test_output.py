"""What is printed cannot steer the terminal."""

from __future__ import annotations

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
