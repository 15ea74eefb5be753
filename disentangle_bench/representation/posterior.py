"""Posteriors as people have them, spelled out, as the parameters that metrics read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import RepresentationError, UnknownNameError
from disentangle_bench.representation.tables import as_array
from disentangle_bench.representation.variables import Variables

Floats = NDArray[np.float64]
SPREADS: Mapping[str, Callable[[Floats], Floats]] = {
    "log_sigma": lambda values: values,
    "sigma": np.log,
    "logvar": lambda values: values / 2,
    "variance": lambda values: np.log(values) / 2,
}
"""What a spread may be called -> ln sigma of it."""
_SPELL = (
    'Spell it out: {"mean": mean, "logvar": log_variance}, or with log_sigma, sigma or variance in place of logvar.'
)


def read_posterior(posterior: Any, codes: Variables) -> dict[str, NDArray[Any]]:
    """Parameters `(n, p)` by code: logits of a categorical one, mean and ln sigma of another.

    Args:
        posterior: `{"mean": (n, d), "logvar": (n, d)}` of all codes that are not categorical, in order, see `SPREADS`;
            or by the name of a code: `{"mean": (n,), "logvar": (n,)}`, or logits `(n, k)` of a categorical one.
        codes: whose posteriors they are.

    Raises:
        RepresentationError: it does not say which spread it has, or has other shapes. UnknownNameError: no such code.
    """
    if posterior is None:
        return {}
    if not isinstance(posterior, Mapping):
        raise RepresentationError(
            f"The posterior is a {type(posterior).__name__}, which does not say whether it holds ln sigma or a log "
            "variance.",
            _SPELL,
        )
    if "mean" in posterior and "mean" not in codes.names:
        return _of_all(posterior, codes)
    found = {}
    for name, parameters in posterior.items():
        if name not in codes.names:
            raise UnknownNameError("code", name, codes.names)
        found[name] = _of_code(name, codes.kinds[codes.names.index(name)], parameters)
    return found


def _of_all(posterior: Mapping[str, Any], codes: Variables) -> dict[str, NDArray[Any]]:
    names = [name for name, kind in zip(codes.names, codes.kinds, strict=True) if kind != "categorical"]
    mean, log_sigma = mean_and_log_sigma(posterior)
    expected = (len(codes), len(names))
    for what, values in (("mean", mean), ("spread", log_sigma)):
        if values.reshape(len(values), -1).shape != expected:
            raise RepresentationError(
                f"The {what} of the posterior has the shape {values.shape}.", f"Give {expected}: {', '.join(names)}."
            )
    both = np.stack([mean.reshape(expected), log_sigma.reshape(expected)], axis=2)
    return {name: both[:, place] for place, name in enumerate(names)}


def _of_code(name: str, kind: str, parameters: Any) -> NDArray[Any]:
    if isinstance(parameters, Mapping):
        both = mean_and_log_sigma(parameters)
        return np.stack([values.reshape(len(values)) for values in both], axis=1)
    if kind != "categorical":
        raise RepresentationError(
            f"The posterior of {name!r} does not say whether it holds ln sigma or a log variance.", _SPELL
        )
    return as_array(parameters, f"posterior of {name!r}")


def mean_and_log_sigma(posterior: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """The mean and ln sigma of a posterior that is spelled out.

    Raises:
        RepresentationError: no mean, or not one spread; a spread that is not positive.
    """
    spreads = [key for key in posterior if key in SPREADS]
    if "mean" not in posterior or len(spreads) != 1 or len(posterior) != 2:
        raise RepresentationError(f"The posterior has {', '.join(map(repr, posterior)) or 'nothing'}.", _SPELL)
    mean, spread = (as_array(posterior[key], f"values of {key!r}").astype(np.float64) for key in ("mean", spreads[0]))
    if spreads[0] in ("sigma", "variance") and not (spread > 0).all():
        raise RepresentationError(
            f"{int((~(spread > 0)).sum())} values of {spreads[0]!r} are not above 0.", "A log variance is `logvar`."
        )
    return mean, SPREADS[spreads[0]](spread)
