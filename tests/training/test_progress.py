"""What a person sees while a run trains, on a terminal and elsewhere."""

from __future__ import annotations

import io
import re
import sys

import pytest

from disentangle_bench.means import Mean
from disentangle_bench.training.progress import TrainingProgress, clock, say

MEANS = (
    Mean("discriminator_loss", label="D"),
    Mean("generator_loss", label="G"),
    Mean("c1", "L_I", unit="nats", bound=2.302585),
    Mean("c2", "L_I", unit="nats"),
)
VALUES = {"discriminator_loss": 1.2345, "generator_loss": 0.8765, "L_I/c1": 2.1, "L_I/c2": -0.05}


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Lines of standard error; standard output is for results."""
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


class TestElsewhere:
    def test_a_line_has_every_value(self, capsys: pytest.CaptureFixture[str]) -> None:
        with TrainingProgress("mine seed 0", 100, MEANS) as progress:
            progress.show(50, VALUES, speed=2.0)
        assert shown(capsys) == [
            "step 50/100  2.0 steps/s  25 s left  D 1.234  G 0.876  L_I in nats: c1 2.10/2.30  c2 -0.05"
        ]

    def test_there_is_one_for_each_twentieth(self, capsys: pytest.CaptureFixture[str]) -> None:
        with TrainingProgress("mine", 1000, MEANS) as progress:
            for step in range(1, 1001):
                progress.advance(step)
                if step % 10 == 0:
                    progress.show(step, VALUES, speed=2.0)
        lines = shown(capsys)
        assert [line.split("/")[0] for line in lines] == [f"step {step}" for step in range(50, 1001, 50)]

    def test_a_short_run_ends_with_a_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        with TrainingProgress("mine", 7, MEANS) as progress:
            progress.show(7, VALUES, speed=2.0)
        assert shown(capsys)[-1].startswith("step 7/7  2.0 steps/s  0 s left")

    def test_nothing_is_colored_or_broken_into_lines(self, capsys: pytest.CaptureFixture[str]) -> None:
        with TrainingProgress("mine", 10, [Mean(f"c{n}", "L_I") for n in range(30)]) as progress:
            progress.show(10, {f"L_I/c{n}": 1.0 for n in range(30)}, speed=2.0)
        (line,) = shown(capsys)
        assert "\x1b" not in line

    def test_other_processes_say_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        with TrainingProgress("mine", 10, MEANS, "less", quiet=True) as progress:
            progress.predict(100.0, 5)
            progress.show(10, VALUES, speed=2.0)
            progress.say("done")
        assert shown(capsys) == []

    def test_brackets_are_no_markup(self, capsys: pytest.CaptureFixture[str]) -> None:
        say("runs/[bold]mine[/bold]")
        assert shown(capsys) == ["runs/[bold]mine[/bold]"]


class TestPrediction:
    def test_tells_speed_and_duration(self, capsys: pytest.CaptureFixture[str]) -> None:
        TrainingProgress("mine", 120, MEANS, "--set steps=10").predict(0.25, 20)
        assert shown(capsys) == ["mine: 4.0 steps/s; 100 more steps take 25 s."]

    def test_of_a_long_run_names_what_makes_it_shorter(self, capsys: pytest.CaptureFixture[str]) -> None:
        TrainingProgress("mine", 5000, MEANS, "--set steps=1000, --set networks.width=0.5").predict(0.5, 20)
        assert shown(capsys) == [
            "mine: 2.0 steps/s; 4,980 more steps take 41:30.",
            "Shorter: --set steps=1000, --set networks.width=0.5",
        ]

    def test_with_no_step_left_says_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        TrainingProgress("mine", 20, MEANS).predict(0.25, 20)
        assert shown(capsys) == []

    def test_without_a_way_to_shorten_it_names_none(self, capsys: pytest.CaptureFixture[str]) -> None:
        TrainingProgress("mine", 5000, MEANS).predict(0.5, 20)
        assert len(shown(capsys)) == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestOnATerminal:
    def test_the_bar_has_every_value_and_is_gone_at_the_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.delenv("NO_COLOR", raising=False)
        with TrainingProgress("mine seed 0", 100, MEANS) as progress:
            progress.advance(49)
            progress.show(50, VALUES, speed=2.0)
            progress.say("step 50: something")
        text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())
        for part in (
            "mine seed 0",
            "50/100",
            "2.0 steps/s, 25 s left",
            "D 1.234  G 0.876",
            "L_I in nats: c1 2.10/2.30  c2 -0.05",
        ):
            assert part in text
        assert "step 50: something" in text
        assert "step 50/100" not in text  # that is how it reads elsewhere
        assert terminal.getvalue().endswith("\x1b[2K")  # the last thing done is to clear its lines

    def test_no_color_is_respected(self, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("NO_COLOR", "1")
        with TrainingProgress("mine", 100, MEANS) as progress:
            progress.show(50, VALUES, speed=2.0)
        assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", terminal.getvalue())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-1, "0 s"),
        (59.4, "59 s"),
        (60, "1:00"),
        (725, "12:05"),
        (11_400, "3:10:00"),
        (90_000, "1 day, 1:00:00"),
    ],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
