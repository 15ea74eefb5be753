"""Pre-flight: find everything that can be wrong with a suite before its first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from disentangle_bench.errors import DbenchError, MetricError, SettingError, StorageError
from disentangle_bench.recipe import Recipe
from disentangle_bench.storage import require_space, storage_errors, write_text
from disentangle_bench.suites.cell import cells_of, cells_of_files, resolved
from disentangle_bench.suites.engines.engine import Engine
from disentangle_bench.suites.suite import Gate, Suite

if TYPE_CHECKING:
    from disentangle_bench.datasets import Dataset

COPIES = 8
"""Of the weights on disk: the model, in each of two checkpoints the weights and Adam's two means, and one that is being
written."""


@dataclass(frozen=True)
class Fault:
    """What is wrong: where in the suite, what, and what to do."""

    where: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}" + (f"\n  {self.remedy}" if self.remedy else "")


@dataclass
class _Known:
    """What the entries that are checked already have shown.

    Attributes:
        recipes: entry -> its recipe.
        sizes: entry -> bytes of its weights.
        missing: dataset with its settings -> why it cannot be loaded; another entry need not wait for a download again.
    """

    recipes: dict[str, Recipe] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    missing: dict[str, DbenchError] = field(default_factory=dict)

    def load(self, recipe: Recipe, data_dir: Path | None) -> Dataset:
        """Load the dataset of a recipe."""
        from disentangle_bench.datasets.load import load_dataset

        name, settings = recipe.dataset.name, recipe.dataset.settings
        key = repr((name, sorted(settings.items())))
        if key in self.missing:
            raise self.missing[key]
        try:
            return load_dataset(name, data_dir, settings)
        except DbenchError as error:
            self.missing[key] = error
            raise


def check_suite(
    suite: Suite,
    folder: Path,
    engine: Engine,
    *,
    data_dir: Path | None = None,
    only: Sequence[str] = (),
    on_step: Callable[[str], object] = lambda _text: None,
) -> list[Fault]:
    """List what is wrong: names, extras, data, networks, metrics and their settings, gates, folder, space, engine.

    Missing datasets are downloaded.

    Args:
        suite: to check.
        folder: where its results go.
        engine: what is to work on it.
        data_dir: a folder with the files of datasets.
        only: these entries.
        on_step: called with what is checked next.
    """
    faults: list[Fault] = []

    def attempt(where: str, step: Callable[[], object]) -> None:
        on_step(where)
        try:
            step()
        except DbenchError as error:
            problem = error.problem.removeprefix(f"{suite.name}: {where}: ")
            for place, fault in enumerate(faults):
                if (fault.problem, fault.remedy) == (problem, error.remedy):
                    faults[place] = replace(fault, where=f"{fault.where}, {where}")
                    return
            faults.append(Fault(where, problem, error.remedy))

    attempt("engine", engine.check)
    attempt("folder", lambda: _check_folder(folder))
    listed = () if isinstance(suite.metrics, str) else suite.metrics
    for metric in dict.fromkeys((*listed, *suite.metric_settings)):
        attempt(f"metrics, {metric}", lambda metric=metric: _check_metric(metric, suite))  # type: ignore[misc]
    known = _Known()
    for name in (name for name in suite.entries if not only or name in only):
        attempt(f"entries.{name}", lambda name=name: _check_entry(suite, name, data_dir, known))  # type: ignore[misc]
    for number, gate in enumerate(suite.gates):
        attempt(f"gates.{number}", lambda gate=gate: _check_gate(gate, suite, known.recipes))  # type: ignore[misc]
    if not faults:
        attempt("seeds", lambda: cells_of(suite, data_dir=data_dir, only=only))
    if known.sizes and not faults:
        needed = sum(known.sizes.values()) * COPIES * len(suite.seeds)
        attempt("disk", lambda: require_space(_existing(folder), needed, "models and checkpoints"))
    return faults


def emulated_training(suite: Suite, engine: Engine, only: Sequence[str] = ()) -> Fault | None:
    """Warn where a suite trains in bfloat16 on a CPU of this machine that does not compute in it.

    Args:
        suite: to check.
        engine: what is to work on it.
        only: these entries.
    """
    trains = any(entry.recipe is not None for name, entry in suite.entries.items() if not only or name in only)
    if not (trains and engine.here and suite.training.precision == "bf16-mixed"):
        return None
    from disentangle_bench.devices import EMULATED, emulates  # with PyTorch, which takes a second or two to import

    if not emulates(suite.training.precision, suite.training.device):
        return None
    return Fault(
        "training.precision",
        f"{EMULATED}.",
        "`--set training.precision=32` makes a variant in single precision, with results of its own.",
    )


def _check_metric(name: str, suite: Suite) -> None:
    from disentangle_bench.metrics import METRICS, info_of
    from disentangle_bench.settings import check_settings

    function = METRICS.get(name)
    check_settings(function, suite.metric_settings.get(name, {}), kind="metric", name=name)
    if not suite.asks_for(name, info_of(function)):
        raise MetricError(f"Settings were given for {name!r}, which is not evaluated.", "Add it to metrics.")


def _check_entry(suite: Suite, name: str, data_dir: Path | None, known: _Known) -> None:
    """Load the dataset and make the model, as training does first; or open every file of codes."""
    entry = suite.entries[name]
    if entry.synthetic is not None:
        return
    if entry.recipe is None:
        from disentangle_bench.representation import open_representation

        for cell in cells_of_files(suite, name, entry):
            if cell.file is not None:
                open_representation(cell.file)
        return
    recipe = resolved(suite, name, entry)
    from disentangle_bench.models import make_model
    from disentangle_bench.models.optimizers import make_optimizers
    from disentangle_bench.training.batches import check_size
    from disentangle_bench.training.fabric import Machine

    Machine(suite.training.device, suite.training.precision).info()
    dataset = known.load(recipe, data_dir)
    model = make_model(recipe, dataset.info.shape)
    make_optimizers(model)
    check_size(len(dataset.split("train")), recipe.batch_size, 1)
    known.recipes[name] = recipe
    weights = (each for network in model.networks.values() for each in network.parameters())
    known.sizes[name] = sum(each.numel() * each.element_size() for each in weights)


def _check_gate(gate: Gate, suite: Suite, recipes: Mapping[str, Recipe]) -> None:
    """A gate must be able to match a score: of a metric that is evaluated, and of a code that the entry has."""
    from disentangle_bench.metrics import METRICS, info_of

    metric, _, part = gate.score.partition(".")
    if not suite.asks_for(metric, info_of(METRICS.get(metric))):
        raise SettingError(
            f"The score {gate.score!r} belongs to {metric!r}, which the suite does not evaluate.", "Add it to metrics."
        )
    recipe, code = recipes.get(gate.entry), part.partition(".")[0]
    if recipe is not None and code[:1] == "c" and code[1:].isdecimal():
        codes = [of.name for of in recipe.latent_spec().codes]
        if code not in codes:
            raise SettingError(
                f"The score {gate.score!r} belongs to a code that {gate.entry} does not have.",
                f"It has {', '.join(codes)}.",
            )


def _check_folder(folder: Path) -> None:
    """Write to the folder, or to the one in which it will be made."""
    probe = _existing(folder) / f".{folder.name}.writable"
    try:
        write_text(probe, "")
    except StorageError as error:
        problem = error.problem.replace(str(probe), str(folder))
        raise StorageError(problem, error.remedy or "Give another folder with --out.") from error
    with storage_errors(probe):
        probe.unlink()


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
