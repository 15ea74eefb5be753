"""What a person sees of a run while it trains: on standard error, plain when that is not a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

PLAIN_LINES = 20
LONG_RUN_SECONDS = 120.0


class TrainingProgress:
    """A live bar on a terminal, or a line for every twentieth of the run elsewhere.

    Args:
        title: the run's name.
        steps: of the whole run.
        entropies: `H(c)` of each code, in nats.
        shorter: what would make the run shorter, for the message after the first steps.
        quiet: print nothing, for all processes of a run but the first.
    """

    def __init__(
        self,
        title: str,
        steps: int,
        entropies: Mapping[str, float],
        shorter: str = "",
        *,
        quiet: bool = False,
    ) -> None:
        self.title, self.steps, self.entropies, self.shorter = title, steps, entropies, shorter
        self.console = _console(quiet=quiet)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.completed}/{task.total}  {task.fields[speed]}\n{task.fields[figures]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task: TaskID | None = None
        self._lines = 0

    def __enter__(self) -> Self:
        self._bar.start()
        self._task = self._bar.add_task(self.title, total=self.steps, speed="", figures="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """A line that stays."""
        self.console.print(text, markup=False)

    def predict(self, seconds_per_step: float, step: int) -> None:
        """Say how long the run will take, and how to shorten a long one."""
        seconds = (self.steps - step) * seconds_per_step
        self.say(f"{self.title}: {1 / seconds_per_step:.1f} steps/s; {self.steps - step} steps take {clock(seconds)}.")
        if self.shorter and seconds > LONG_RUN_SECONDS:
            self.say(f"Shorter: {self.shorter}")

    def advance(self, step: int) -> None:
        """Move the bar."""
        if self._task is not None and self.console.is_terminal:
            self._bar.update(self._task, completed=step)

    def show(self, entry: Mapping[str, Any]) -> None:
        """Show a log entry."""
        step, speed = entry["step"], entry["steps_per_second"]
        left = clock((self.steps - step) / speed)
        figures = self._figures(entry)
        if self._task is not None and self.console.is_terminal:
            self._bar.update(self._task, completed=step, speed=f"{speed:.1f} steps/s, {left} left", figures=figures)
        elif step * PLAIN_LINES // self.steps > self._lines:
            self._lines = step * PLAIN_LINES // self.steps
            self.say(f"step {step}/{self.steps}  {speed:.1f} steps/s  {left} left  {figures}")

    def _figures(self, entry: Mapping[str, Any]) -> str:
        information = "  ".join(
            f"{name} {value:.2f}/{self.entropies[name]:.2f}" for name, value in entry["L_I"].items()
        )
        return f"D {entry['discriminator_loss']:.3f}  G {entry['generator_loss']:.3f}  L_I/H in nats: {information}"


def say(text: str) -> None:
    """A line for the person, when nothing trains."""
    _console().print(text, markup=False)


def _console(*, quiet: bool = False) -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)


def clock(seconds: float) -> str:
    """A duration as people say it: `45 s`, `2:05`, `3:10:00`."""
    if seconds < 60:
        return f"{max(0, round(seconds))} s"
    text = str(timedelta(seconds=round(seconds)))
    return text.removeprefix("0:").removeprefix("0") if seconds < 3600 else text
