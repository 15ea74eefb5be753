"""The training log: `log.jsonl`, and TensorBoard on request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from disentangle_bench.errors import SettingError
from disentangle_bench.means import Mean, log_values
from disentangle_bench.models.model import LogEntries
from disentangle_bench.run import Run
from disentangle_bench.storage import storage_errors, write_text


class TrainingLog:
    """Appends entries to a run's log; entries after the step from which it resumes are dropped first.

    Args:
        run: the run.
        means: what the values of its entries are; one that is not given is left out.
        step: from which it starts or resumes.
        tensorboard: whether to write TensorBoard's event files too.

    Attributes:
        seconds: of training up to the last entry.
        status: of the last entry, or None if there is none.
        entries: all of them.
    """

    def __init__(self, run: Run, means: Sequence[Mean], step: int, *, tensorboard: bool = False) -> None:
        self.entries = kept = [entry for entry in run.log() if entry["step"] <= step]
        write_text(run.log_file, "".join(map(_line, kept)))
        self.path, self.means = run.log_file, means
        self.seconds = float(kept[-1]["seconds"]) if kept else 0.0
        self.status: str | None = kept[-1]["status"] if kept else None
        self._writer = None
        if tensorboard:
            check_tensorboard()
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(run.path / "tensorboard", purge_step=step + 1)

    def append(
        self,
        step: int,
        values: Mapping[str, float],
        *,
        seconds: float,
        speed: float,
        judge: Callable[[LogEntries], str],
    ) -> str:
        """Add one entry.

        Args:
            step: of the last update.
            values: what the updates reported, by key.
            seconds: since the last entry.
            speed: steps per second.
            judge: gives the run's status, from all entries with this one as the last.

        Returns:
            That status.
        """
        self.seconds += seconds
        entry = {
            "step": step,
            "seconds": round(self.seconds, 3),
            "steps_per_second": round(speed, 3),
            **log_values([mean for mean in self.means if mean.key in values], values),
        }
        self.entries.append(entry)
        self.status = entry["status"] = judge(self.entries)
        with storage_errors(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(_line(entry))
        if self._writer is not None:
            for key, value in {**values, "steps_per_second": speed}.items():
                self._writer.add_scalar(key, value, step)
        return self.status

    def close(self) -> None:
        """Write what TensorBoard still holds."""
        if self._writer is not None:
            self._writer.close()


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, allow_nan=False) + "\n"


def check_tensorboard() -> None:
    """Check that TensorBoard is installed.

    Raises:
        SettingError: it is not.
    """
    try:
        import torch.utils.tensorboard  # noqa: F401 - tried, not used
    except ImportError as error:
        raise SettingError(
            "--tensorboard needs the package tensorboard.",
            "`pip install 'disentangle-bench[tensorboard]'` installs it.",
        ) from error
