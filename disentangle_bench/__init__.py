"""disentangle-bench: train InfoGAN, and ask of any learned representation which part of it means what.

The whole way through, as the command line goes it:

    import disentangle_bench as db

    run = db.train("infogan", dataset="digits", seed=0)
    results = db.evaluate(run)
    print(results.scores["c1-accuracy.accuracy"].value)

Importing the package imports nothing heavy; each function imports what it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from disentangle_bench import metrics
    from disentangle_bench.datasets import Dataset
    from disentangle_bench.evaluation.comparison import Comparison
    from disentangle_bench.evaluation.ranking import Ranking
    from disentangle_bench.evaluation.results import Results
    from disentangle_bench.evaluation.subject import Subject
    from disentangle_bench.recipe import Recipe
    from disentangle_bench.representation import Representation
    from disentangle_bench.run import Run

    __version__: str

__all__ = [
    "Representation",
    "__version__",
    "compare",
    "evaluate",
    "load_dataset",
    "load_run",
    "metrics",
    "rank",
    "represent",
    "train",
]

REPRESENTATION_FILES = (".npz", ".h5", ".hdf5")


def __getattr__(name: str) -> Any:
    if name == "Representation":
        from disentangle_bench.representation import Representation

        return Representation
    if name == "metrics":
        from importlib import import_module

        return import_module("disentangle_bench.metrics")
    if name == "__version__":
        from importlib.metadata import version

        return version("disentangle-bench")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def train(
    recipe: str | Path | Recipe,
    *,
    dataset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    out: Path | str | None = None,
    device: str = "auto",
    precision: str = "auto",
    devices: int = 1,
    compile: bool = False,  # noqa: A002 - the name that everyone knows from torch
    resume: bool = False,
    tensorboard: bool = False,
    data_dir: Path | str | None = None,
) -> Run:
    """Train a recipe at one seed.

    Args:
        recipe: a recipe, its name, a model's name or the path of a recipe's TOML file.
        dataset: with a model's name, what to train it on; by default MNIST.
        settings: changes to the recipe, such as `{"steps": 100, "latents.codes.0.k": 12}`.
        seed: determines the weights, the latents and the order of the images.
        out: the run folder; by default `runs/RECIPE/seed-SEED`.
        device: `auto`, `cpu`, `cuda` or `mps`.
        precision: `auto`, `32`, `bf16-mixed` or `16-mixed`.
        devices: how many devices, or processes on a CPU, share the work.
        compile: compile the networks with `torch.compile`.
        resume: go on with a run that was interrupted.
        tensorboard: also log to TensorBoard, into the run folder.
        data_dir: a folder with the dataset's files.

    Returns:
        The finished run.

    Raises:
        DbenchError: an unknown name, an impossible setting, a device that is not there, files that cannot be read or
            written; the message says which and what to do.
    """
    from disentangle_bench.datasets import DATASETS
    from disentangle_bench.models.recipes import find_recipe
    from disentangle_bench.recipe import Recipe

    if dataset is not None:
        DATASETS.get(dataset)  # an unknown name is told apart from a dataset without a recipe
    chosen = recipe if isinstance(recipe, Recipe) else find_recipe(str(recipe), dataset)
    chosen = chosen.with_settings(settings or {})

    from disentangle_bench.training.train import train as train_recipe  # imports torch: after what may be wrong

    return train_recipe(
        chosen,
        seed=seed,
        out=None if out is None else Path(out),
        device=device,
        precision=precision,
        devices=devices,
        compile=compile,
        resume=resume,
        tensorboard=tensorboard,
        data_dir=None if data_dir is None else Path(data_dir),
    )


def evaluate(
    subject: Run | Representation | Path | str,
    metrics: Sequence[str] | str | None = None,
    *,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
    device: str = "auto",
    data_dir: Path | str | None = None,
    bootstrap: int | None = None,
    levels: bool = True,
    figures: bool = True,
    on_progress: Callable[[str], None] | None = None,
) -> Results:
    """Score a run, a representation, or the folder or file of one. A run keeps its scores and figures.

    Args:
        subject: a run or its folder; a representation or its `.npz` or `.h5` file.
        metrics: their names or one name, or `all`; by default all that can be asked of a representation, and those of
            a run that are not slow.
        settings: metric name -> its settings.
        seed: of everything random in the evaluation.
        device: `auto`, `cpu`, `cuda` or `mps`.
        data_dir: a folder with the dataset's files.
        bootstrap: resamples of the rows for the intervals of observational metrics; 0 for no intervals; by default 100,
            and none for slow metrics, beyond 200,000 rows, and beyond 20,000 where something is fitted.
        levels: simulate the chance and the ceiling of observational metrics.
        figures: also draw the figures of a run.
        on_progress: called with one line as each metric's turn comes, and before what takes long.

    Raises:
        DbenchError: not a run or a representation, an unknown metric, a setting it does not take.
    """
    from disentangle_bench.errors import RepresentationError
    from disentangle_bench.evaluation.evaluate import evaluate as evaluate_subject
    from disentangle_bench.evaluation.subject import subject_of_representation
    from disentangle_bench.representation import Representation
    from disentangle_bench.representation.stored import open_representation
    from disentangle_bench.run import Run

    ask = partial(
        evaluate_subject,
        metrics=metrics,
        settings=settings,
        seed=seed,
        bootstrap=bootstrap,
        levels=levels,
        on_progress=on_progress,
    )
    if isinstance(subject, Representation):
        return ask(subject_of_representation(subject, "representation", seed))
    if isinstance(subject, Run):
        return _evaluate_run(subject, ask, device, None if data_dir is None else Path(data_dir), figures)
    path = Path(subject)
    if path.suffix.lower() in REPRESENTATION_FILES:
        return ask(subject_of_representation(open_representation(path), path.name, seed))
    if path.is_file() or (path.suffix and not path.exists()):
        raise RepresentationError(
            f"{path} is neither a run folder nor a file of codes: the name of one ends with .npz, .h5 or .hdf5.",
            "NumPy writes such a file: numpy.savez('codes.npz', codes=codes, factors=factors).",
        )
    return _evaluate_run(Run.open(path), ask, device, None if data_dir is None else Path(data_dir), figures)


def _evaluate_run(
    run: Run, ask: Callable[[Subject], Results], device: str, data_dir: Path | None, figures: bool
) -> Results:
    from disentangle_bench.devices import choose_device
    from disentangle_bench.evaluation.evaluate import keep_results
    from disentangle_bench.evaluation.results import refuse_newer_results
    from disentangle_bench.evaluation.subject import subject_of_run

    refuse_newer_results(run.results_file)  # before anything is scored that could not be kept
    subject = subject_of_run(run, device=choose_device(device), data_dir=data_dir)
    results = keep_results(run, subject, ask(subject))
    if figures:
        from disentangle_bench.reports.figures import write_figures

        try:
            write_figures(run, results, subject, run.figures)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"Interrupted; {run.results_file} is kept, not every figure is.") from None
    return results


def compare(*runs: Run | Path | str, figures: Path | str | None = None) -> Comparison:
    """Compare evaluated runs with the first, score by score: difference, interval and verdict.

    Args:
        runs: two or more runs, run folders, folders of `seed-N` runs, or `results.json` files; the others differ from
            the first.
        figures: also draw the figures of the comparison into this folder.

    Raises:
        DbenchError: not a run, not evaluated, or fewer than two.
    """
    from disentangle_bench.evaluation import comparison
    from disentangle_bench.run import Run

    paths = [run.path if isinstance(run, Run) else Path(run) for run in runs]
    compared = comparison.compare([comparison.read_subject(path) for path in paths])
    if figures is not None:
        from disentangle_bench.reports.figures import write_comparison_figures

        folders = [path for path in paths if path.is_dir()]
        write_comparison_figures([run for folder in folders for run in comparison.runs_in(folder)], Path(figures))
    return compared


def represent(
    encoder: Callable[[Tensor], Any],
    dataset: str | Dataset,
    *,
    names: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    batch_size: int = 256,
    device: str | None = None,
    data_dir: Path | str | None = None,
) -> Representation:
    """The codes that any encoder gives for a dataset, beside its factors: `evaluate` and `rank` take it from there.

    Each image is encoded once, whatever is asked of the codes afterwards.

    Args:
        encoder: a torch module or any function of images `(b, c, h, w)`, float32 in [0, 1], that gives codes `(b, d)`.
            A module is asked in evaluation mode, where its parameters are, and left as it was.
        dataset: its name, or a loaded one.
        names: of the codes; by default `c1`, `c2`, and so on.
        kinds: of the codes; by default continuous, or categorical for whole numbers.
        batch_size: images at a time.
        device: `auto`, `cpu`, `cuda` or `mps`: where the images are put; by default where a module's parameters are.
        data_dir: a folder with the dataset's files, if it is given by name.

    Raises:
        DbenchError: an unknown dataset, or an encoder that gives no codes `(b, d)`.
    """
    loaded = load_dataset(dataset, data_dir=data_dir) if isinstance(dataset, str) else dataset

    from disentangle_bench.devices import choose_device
    from disentangle_bench.evaluation.encoder import representation_of_encoder

    return representation_of_encoder(
        encoder,
        loaded,
        names=names,
        kinds=kinds,
        batch_size=batch_size,
        device=None if device is None else choose_device(device),
    )


def rank(
    *models: Run | Path | str,
    metrics: Sequence[str] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
    on_progress: Callable[[str], None] | None = None,
    **named: Representation,
) -> Ranking:
    """Rank models without labels: the one whose codes the others find, too, comes first.

    Args:
        models: evaluated runs, their folders, folders of `seed-N` runs, or `.npz` or `.h5` files, all with codes for
            the same samples in the same order.
        metrics: their names; by default all that compare the codes of several models.
        settings: metric name -> its settings.
        seed: of everything random.
        on_progress: called with one line as each metric's turn comes.
        named: representations, under the names that the ranking is to call them by.

    Raises:
        DbenchError: fewer than three models, codes for different samples, a run that has not been evaluated.
    """
    from disentangle_bench.evaluation import rank as ranks
    from disentangle_bench.run import Run

    read = ranks.read_models([model.path if isinstance(model, Run) else Path(model) for model in models])
    return ranks.rank({**read, **named}, metrics, settings=settings, seed=seed, on_progress=on_progress)


def load_run(path: Path | str) -> Run:
    """The finished run in a folder.

    Raises:
        RunError: the folder is no run, half-written, damaged, or from a newer schema.
    """
    from disentangle_bench.run import Run

    return Run.open(path)


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
    from disentangle_bench.datasets.load import load_dataset as load

    return load(name, None if data_dir is None else Path(data_dir), settings)
