"""The active codes of several models for the same samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.dispersion import spreads
from disentangle_bench.metrics.metric import Representations
from disentangle_bench.representation import Representation
from disentangle_bench.representation.variables import Variables


@dataclass(frozen=True, eq=False)
class Model:
    """One model: its codes that vary over the data, and the names of those that do not."""

    name: str
    active: Variables
    inactive: tuple[str, ...]

    @property
    def alive(self) -> bool:
        """Whether any code varies."""
        return len(self.active.names) > 0


def models_of(representations: Representations, min_variance: float) -> list[Model]:
    """Separate the active codes of each model from the others.

    Args:
        representations: by model, codes `(n, d)`.
        min_variance: a code of larger variance is active.

    Raises:
        MetricError: fewer than 2 models, or models with codes for different numbers of samples.
    """
    if len(representations) < 2:
        raise MetricError(f"Models are compared with each other; there is {len(representations)}.", "Give 2 or more.")
    models = []
    for name, codes in representations.items():
        wrapped = Representation.of(codes).codes
        if wrapped.widths:
            raise MetricError(f"Some codes of {name} have several columns.", "Compare models by codes of one column.")
        active = spreads(wrapped) > min_variance
        places = np.flatnonzero(active)
        chosen = Variables(  # may be none, which `Variables.select` does not allow
            wrapped.values[:, places],
            tuple(wrapped.names[place] for place in places),
            tuple(wrapped.kinds[place] for place in places),
        )
        models.append(Model(name, chosen, tuple(np.array(wrapped.names)[~active].tolist())))
    lengths = {model.name: len(model.active) for model in models}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} for {length}" for name, length in lengths.items())
        raise MetricError(
            f"The models have codes for different numbers of samples: {listed}.", "Give the same samples."
        )
    return models
