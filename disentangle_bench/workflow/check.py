"""Try the rules of its kind on a metric, a dataset, a model or a pair of networks."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from disentangle_bench.conformance import Outcome
from disentangle_bench.datasets import DATASETS
from disentangle_bench.datasets.conformance import check_dataset
from disentangle_bench.datasets.load import load_dataset
from disentangle_bench.errors import DbenchError, MetricError, UnknownNameError
from disentangle_bench.metrics import METRICS
from disentangle_bench.metrics.conformance import check_metric
from disentangle_bench.models import MODELS
from disentangle_bench.models.conformance import check_model, check_networks
from disentangle_bench.models.model import Model
from disentangle_bench.models.networks import NETWORKS
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.registry import Registry
from disentangle_bench.settings import check_settings

REGISTRIES: dict[str, Registry[Any]] = {"metric": METRICS, "dataset": DATASETS, "model": MODELS, "networks": NETWORKS}
"""The kinds of objects that a package can add, in the order in which they are checked."""
USUAL_DATASET = "digits"
"""On whose recipe a model is tried; it is small and comes with scikit-learn."""
_PLACE = "Give the name of a metric, dataset, model or pair of networks, or its place, as in package.module.function."

Settings = Mapping[str, Any]


def check(
    name: str,
    settings: Settings | None = None,
    *,
    kind: str | None = None,
    dataset: str | None = None,
    data_dir: Path | None = None,
) -> Iterator[tuple[str, Outcome]]:
    """Check everything of a name: whether it follows the rules of its kind, one outcome at a time.

    Args:
        name: registered, or the place of the object: `package.module.object` or `package.module:object`.
        settings: to check it with: a metric's or dataset's own, the recipe's of a model, the `width` of networks.
        kind: `metric`, `dataset`, `model` or `networks`; by default all that bear the name.
        dataset: whose recipe a model is tried with; by default `digits`.
        data_dir: a folder with the dataset's files.

    Yields:
        The kind and an outcome.

    Raises:
        DbenchError: there is nothing of that name, it cannot be used, or a setting is wrong.
    """
    found = {of: REGISTRIES[of].get(name) for of in REGISTRIES if kind in (None, of) and name in REGISTRIES[of]}
    if not found:
        found = dict([_at_place(name, kind)])
    given = settings or {}
    for of, thing in found.items():
        if of == "metric":
            made = check_metric(thing, given)
        elif of == "dataset":
            made = check_dataset(thing, given, name=name if name in DATASETS else "", data_dir=data_dir)
        elif of == "model":
            made = _check_model(_registered(name, thing), given, dataset or USUAL_DATASET, data_dir)
        else:
            made = check_networks(thing, **check_settings(check_networks, given, kind="pair of networks", name=name))
        yield from ((of, outcome) for outcome in made)


def _check_model(name: str, settings: Settings, dataset: str, data_dir: Path | None) -> Iterator[Outcome]:
    of_dataset = find_recipe(name, dataset).with_settings(settings).dataset
    shape = DATASETS.get(dataset).info.shape
    if of_dataset.settings or not all(shape):  # settings may change the shape, which is that of the images if unknown
        shape = load_dataset(dataset, data_dir, of_dataset.settings).info.shape
    return check_model(name, dataset, shape, settings)


def _registered(name: str, model: type) -> str:
    """The name of a model, which one that is named by its place is given for this process."""
    if name in MODELS:
        return name
    known = next((known for known, of in MODELS.usable().items() if of is model), None)
    if known is None:
        known = re.sub(r"[^a-z0-9]+", "-", model.__name__.lower()).strip("-")
        MODELS.add(known, f"{model.__module__}:{model.__qualname__}")
    return known


def _at_place(name: str, kind: str | None) -> tuple[str, Any]:
    """The object at `package.module.object`, and its kind.

    Raises:
        UnknownNameError: there is none, and nothing is registered under the name.
        DbenchError: the module cannot be imported, or the object is of no kind.
    """
    module, _, attribute = name.replace(":", ".").rpartition(".")
    wanted = REGISTRIES if kind is None else {kind: REGISTRIES[kind]}
    if not module:
        known = dict.fromkeys(known for registry in wanted.values() for known in registry)
        noun = "metric, dataset, model or pair of networks" if kind is None else wanted[kind].kind
        raise UnknownNameError(noun, name, list(known))
    thing = _imported(module, attribute)
    faults = {of: registry.fault_of(thing) for of, registry in wanted.items()}
    fitting = [of for of, fault in faults.items() if not fault]
    if fitting:
        return fitting[0], thing
    meant = kind or next(of for of, resembles in _RESEMBLES.items() if resembles(thing))
    if meant == "metric":
        others = "" if kind else f" A model is a subclass of {Model.__module__}.Model."
        remedy = "Decorate its function with `disentangle_bench.metrics.metric`."
        raise MetricError(f"{name} is not a metric.", remedy + others)
    raise DbenchError(
        f"The {REGISTRIES[meant].kind} {name!r} cannot be used: it {faults[meant]}.", f"Correct {module}."
    )


def _imported(module: str, attribute: str) -> Any:
    try:
        return getattr(import_module(module), attribute)
    except DbenchError:  # such as a fault of a metric's declaration
        raise
    except ImportError as error:
        raise DbenchError(f"The module {module!r} cannot be imported: {error}.", _PLACE) from error
    except AttributeError:
        raise UnknownNameError(f"object in {module}", attribute, dir(import_module(module))) from None
    except Exception as error:  # whatever another's module does when it is imported
        problem = f"The module {module!r} cannot be imported: {type(error).__name__}: {error}."
        raise DbenchError(problem, "Correct the module.") from error


_RESEMBLES: dict[str, Callable[[Any], bool]] = {
    "model": lambda thing: inspect.isclass(thing) and issubclass(thing, Model),
    "dataset": lambda thing: hasattr(thing, "info") or hasattr(thing, "load"),
    "networks": lambda thing: hasattr(thing, "generator") or hasattr(thing, "discriminator"),
    "metric": lambda _thing: True,
}
"""What an object that is of no kind was meant to be."""
