"""Load a finished run, or a dataset, by its path or name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from disentangle_bench.datasets import Dataset, load
from disentangle_bench.run import Run

if TYPE_CHECKING:  # torch takes seconds to import; a run's recipe and log do without
    from disentangle_bench.models.loaded import LoadedModel


class TrainedRun(Run):
    """A finished run, whose model can be loaded."""

    def load(self, *, device: str = "auto", data_dir: Path | str | None = None) -> LoadedModel:
        """The trained model, which makes images and reads codes.

        Args:
            device: `auto`, `cpu`, `cuda` or `mps`.
            data_dir: a folder with the dataset's files, which are read only for runs of older versions, that did not
                record the shape of their images.

        Raises:
            DbenchError: the model is damaged, the device is not there, or the dataset is needed and not available.
        """
        from disentangle_bench.devices import choose_device
        from disentangle_bench.models import make_model
        from disentangle_bench.models.loaded import LoadedModel
        from disentangle_bench.models.trained import load_trained

        recipe, shape = self.recipe, self.image_shape()
        self.whole_model_digest()
        if shape is None:
            folder = None if data_dir is None else Path(data_dir)
            shape = load.load_dataset(recipe.dataset.name, folder, recipe.dataset.settings).info.shape
        trained = load_trained(make_model(recipe, shape), self.model_file, choose_device(device))
        return LoadedModel(trained, shape, f"{recipe.name} seed {self.seed}")


def load_run(path: Path | str) -> TrainedRun:
    """The finished run in a folder.

    Raises:
        RunError: the folder is not a run, half-written, damaged, or from a newer schema.
    """
    return TrainedRun.open(path)


def load_dataset(name: str, *, data_dir: Path | str | None = None, **settings: Any) -> Dataset:
    """A dataset: images, factors, splits, and where all factors are known the sampler `ground_truth`.

    Args:
        name: of the dataset.
        data_dir: a folder with its files; by default `DBENCH_DATA`, the user's cache, then its sources. Embedded
            datasets have none.
        settings: the dataset's own, such as `size=32`.

    Raises:
        DbenchError: an unknown dataset or setting, or files that cannot be had or are damaged.
    """
    return load.load_dataset(name, None if data_dir is None else Path(data_dir), settings)
