"""The codes of several models for the same samples, without those that are dead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.dispersion import spreads
from disentangle_bench.metrics.metric import Representations
from disentangle_bench.representation import Representation
from disentangle_bench.representation.variables import Variables


@dataclass(frozen=True, eq=False)
class Model:
    """One model: its codes that vary over the data, and the names of the others."""

    name: str
    active: Variables
    inactive: tuple[str, ...]

    @property
    def alive(self) -> bool:
        """Whether any code varies."""
        return len(self.active.names) > 0


def models_of(representations: Representations, min_variance: float) -> list[Model]:
    """The models, in order.

    Args:
        representations: the codes of each.
        min_variance: a code that varies by more is active.

    Raises:
        MetricError: fewer than 2 models, or models with codes for different numbers of samples.
    """
    if len(representations) < 2:
        raise MetricError(f"There is {len(representations)} model to compare with itself.", "Give 2 or more.")
    models = []
    for name, codes in representations.items():
        wrapped = Representation.of(codes).codes
        variances = spreads(wrapped)
        active = variances > min_variance
        names = np.array(wrapped.names)
        models.append(Model(name, _columns_of(wrapped, active), tuple(names[~active].tolist())))
    _require_same_length(models)
    return models


def _columns_of(variables: Variables, chosen: NDArray[np.bool_]) -> Variables:
    """Some of the variables, or none, which `Variables.select` does not allow."""
    places = np.flatnonzero(chosen)
    names = tuple(variables.names[place] for place in places)
    return Variables(variables.values[:, places], names, tuple(variables.kinds[place] for place in places))


def _require_same_length(models: list[Model]) -> None:
    lengths = {model.name: len(model.active) for model in models}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} for {length}" for name, length in lengths.items())
        raise MetricError(f"The models have codes for different numbers of samples: {said}.", "Give the same samples.")
