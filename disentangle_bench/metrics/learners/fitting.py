"""Fit models of scikit-learn by protocols that limit their steps."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

Model = TypeVar("Model")


def fit_quietly(model: Model, values: NDArray[np.float64], target: NDArray[Any]) -> Model:
    """Fit a model to samples `(n, p)` without the warning that it has not converged, and return it.

    Protocols of metrics limit the number of steps, whether the model has converged by then or not.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(values, target)  # type: ignore[attr-defined]
    return model
