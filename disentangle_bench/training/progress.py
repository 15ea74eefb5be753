"""The progress of a run while it trains: on standard error, plain when that is not a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from disentangle_bench.means import Mean

PLAIN_LINES = 20
LONG_RUN_SECONDS = 120.0


class TrainingProgress:
    """A live bar on a terminal, or a line for every twentieth of the run elsewhere.

    Args:
        title: the run's name.
        steps: of the whole run.
        means: what the updates report.
        shorter: options that shorten the run, for the message after the first steps.
        quiet: print nothing, as in all processes of a run but the first.
    """

    def __init__(
        self,
        title: str,
        steps: int,
        means: Sequence[Mean],
        shorter: str = "",
        *,
        quiet: bool = False,
    ) -> None:
        self.title, self.steps, self.means, self.shorter = title, steps, means, shorter
        self.console = _console(quiet=quiet)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.completed}/{task.total}  {task.fields[speed]}\n{task.fields[values]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task: TaskID | None = None
        self._lines = 0

    def __enter__(self) -> Self:
        self._bar.start()
        self._task = self._bar.add_task(self.title, total=self.steps, speed="", values="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.console.print(text, markup=False)

    def predict(self, seconds_per_step: float, step: int) -> None:
        """Estimate how long the run will take, and suggest how to shorten a long one."""
        left = self.steps - step
        if not left:
            return
        seconds = left * seconds_per_step
        self.say(f"{self.title}: {1 / seconds_per_step:.1f} steps/s; {left:,} more steps take {clock(seconds)}.")
        if self.shorter and seconds > LONG_RUN_SECONDS:
            self.say(f"Shorter: {self.shorter}")

    def advance(self, step: int) -> None:
        """Move the bar."""
        if self._task is not None and self.console.is_terminal:
            self._bar.update(self._task, completed=step)

    def show(self, step: int, values: Mapping[str, float], *, speed: float) -> None:
        """Show what the updates reported, by key, and how long the rest will take at `speed` steps per second."""
        left, shown = clock((self.steps - step) / speed), values_line(self.means, values)
        if self._task is not None and self.console.is_terminal:
            self._bar.update(self._task, completed=step, speed=f"{speed:.1f} steps/s, {left} left", values=shown)
        elif step * PLAIN_LINES // self.steps > self._lines:
            self._lines = step * PLAIN_LINES // self.steps
            self.say(f"step {step}/{self.steps}  {speed:.1f} steps/s  {left} left  {shown}")


def values_line(means: Iterable[Mean], values: Mapping[str, float]) -> str:
    """One line, such as `D 1.368  G 0.707  L_I in nats: c1 0.40/2.30  c2 -0.41`, with bounds after a slash."""
    groups: dict[str, list[str]] = {}
    for mean in means:
        heading = f"{mean.group}{mean.unit and f' in {mean.unit}'}: " if mean.group else ""
        value = f"{values[mean.key]:.{2 if mean.group else 3}f}"
        bound = "" if mean.bound is None else f"/{mean.bound:.2f}"
        groups.setdefault(heading, []).append(f"{mean.label or mean.name} {value}{bound}")
    return "  ".join(heading + "  ".join(shown) for heading, shown in groups.items())


def say(text: str) -> None:
    """Print a line while nothing trains."""
    _console().print(text, markup=False)


def _console(*, quiet: bool = False) -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)


def clock(seconds: float) -> str:
    """Format a duration: `45 s`, `2:05`, `3:10:00`."""
    if seconds < 60:
        return f"{max(0, round(seconds))} s"
    text = str(timedelta(seconds=round(seconds)))
    return text.removeprefix("0:").removeprefix("0") if seconds < 3600 else text
