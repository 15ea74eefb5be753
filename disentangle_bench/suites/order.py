"""What a worker is asked to do with a cell: a file in the cell's folder, so that any engine needs only its path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ValidationError

from disentangle_bench.errors import RunError
from disentangle_bench.run import Run
from disentangle_bench.storage import storage_errors, write_json
from disentangle_bench.suites.cell import Cell
from disentangle_bench.suites.state import Found, digest_of_set
from disentangle_bench.suites.suite import ALL, Evaluation, Suite, Training
from disentangle_bench.suites.synthetic import Synthetic


class Order(BaseModel):
    """Train a recipe at a seed if it is not trained yet, then compute those metrics that are missing.

    Attributes:
        entry, seed, identity: of the cell.
        recipe: its plain values; None for codes.
        file: the file of codes.
        synthetic: codes to draw.
        metrics: their names; None for the default set.
        metric_settings: metric -> its settings.
        training, evaluation: how; see `suite`.
        data_dir: a folder with the dataset's files.
        trains: whether a model that is not there yet is to be trained.
        asked: hash of the set of metrics, where it is not a list of names.
    """

    schema_version: int = 1
    entry: str
    seed: int
    identity: str
    recipe: Mapping[str, Any] | None
    file: Path | None
    synthetic: Synthetic | None = None
    metrics: tuple[str, ...] | None
    metric_settings: Mapping[str, Mapping[str, Any]]
    training: Training
    evaluation: Evaluation
    data_dir: Path | None
    trains: bool = True
    asked: str = ""

    @classmethod
    def of(
        cls, cell: Cell, suite: Suite, *, metrics: tuple[str, ...] | None, data_dir: Path | None, trains: bool
    ) -> Self:
        """Make the order for a cell of a suite."""
        every, settings = metrics is None or ALL in metrics, suite.metric_settings
        asked = {name: given for name, given in settings.items() if every or name in (metrics or ())}
        return cls(
            entry=cell.entry,
            seed=cell.seed,
            identity=cell.identity,
            recipe=None if cell.recipe is None else cell.recipe.to_values(),
            file=None if cell.file is None else cell.file.resolve(),
            synthetic=cell.synthetic,
            metrics=metrics,
            metric_settings=asked,
            training=suite.training,
            evaluation=suite.evaluation,
            data_dir=None if data_dir is None else data_dir.resolve(),
            trains=trains,
            asked=digest_of_set(suite) if isinstance(suite.metrics, str) else "",
        )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the order in a cell's folder.

        Raises:
            RunError: there is none, or it is damaged.
        """
        path = folder / "order.json"
        try:
            with storage_errors(path, "read"):
                return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise RunError(
                f"{path} is damaged: {error.errors()[0]['msg']}.", "`dbench bench run` writes it."
            ) from error

    @property
    def asks_for_set(self) -> bool:
        """Whether it is for what applies of a set of metrics, the default one or all, instead of for some by name."""
        return self.metrics is None or ALL in self.metrics

    def is_met(self, found: Found, versions: Mapping[str, int]) -> bool:
        """Whether nothing is left to do, as another driver's worker has done it since the order was written.

        Args:
            found: what there is of the cell.
            versions: metric -> the version that is installed, in which scores are wanted.
        """
        if self.recipe is not None and not Run(found.folder / "run").model_file.is_file():
            return found.collapsed or not self.trains
        if self.asks_for_set:
            return any(attempt.asked == self.asked for attempt in found.attempts)
        return all(
            found.has(metric, self.evaluation, self.metric_settings)
            and all(entry.get("version", 1) == versions.get(metric, 1) for entry in found.by_metric[metric].values())
            for metric in self.metrics or ()
        )

    def write(self, folder: Path) -> None:
        """Write the order into the cell's folder, atomically."""
        write_json(folder / "order.json", self.model_dump(mode="json"))
