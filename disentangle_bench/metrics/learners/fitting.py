"""Fit models of scikit-learn by protocols that limit their steps."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import ThreadpoolController

Model = TypeVar("Model")


def fit_quietly(model: Model, values: NDArray[np.float64], target: NDArray[Any]) -> Model:
    """Fit a model to samples `(n, p)` without the warning that it has not converged, and return it.

    Protocols of metrics limit the number of steps, whether the model has converged by then or not. One thread fits:
    matrices of a few columns are too small to share, and two threads took 1.3 to 2.7 times as long as one.
    """
    with _libraries().limit(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(values, target)  # type: ignore[attr-defined]
    return model


@cache
def _libraries() -> ThreadpoolController:
    """The libraries whose threads can be limited, which takes milliseconds to find."""
    return ThreadpoolController()
