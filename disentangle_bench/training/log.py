"""The training log: `log.jsonl`, and TensorBoard where it is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from disentangle_bench.errors import SettingError
from disentangle_bench.run import Run
from disentangle_bench.storage import storage_errors, write_text


class TrainingLog:
    """Appends entries to a run's log; entries after the step from which it resumes are dropped first.

    Attributes:
        seconds: of training up to the last entry.
        status: of the last entry, or None if there is none.
    """

    def __init__(self, run: Run, step: int, *, tensorboard: bool = False) -> None:
        kept = [entry for entry in run.log() if entry["step"] <= step]
        write_text(run.log_file, "".join(_line(entry) for entry in kept))
        self.path = run.log_file
        self.seconds = float(kept[-1]["seconds"]) if kept else 0.0
        self.status: str | None = kept[-1]["status"] if kept else None
        self._writer = _tensorboard_writer(run.path / "tensorboard", step) if tensorboard else None

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add one entry."""
        with storage_errors(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(_line(entry))
        if self._writer is not None:
            for name in ("discriminator_loss", "generator_loss", "steps_per_second"):
                self._writer.add_scalar(name, entry[name], entry["step"])
            for name, value in entry["L_I"].items():
                self._writer.add_scalar(f"L_I/{name}", value, entry["step"])

    def close(self) -> None:
        """Write what TensorBoard still holds."""
        if self._writer is not None:
            self._writer.close()


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, allow_nan=False) + "\n"


def check_tensorboard() -> None:
    """Raise a SettingError if TensorBoard is not installed."""
    try:
        import torch.utils.tensorboard  # noqa: F401 - tried, not used
    except ImportError as error:
        raise SettingError(
            "--tensorboard needs the package tensorboard.", "`pip install 'disentangle-bench[tensorboard]'` brings it."
        ) from error


def _tensorboard_writer(folder: Path, step: int) -> Any:
    check_tensorboard()
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(folder, purge_step=step + 1)
