"""Find a metric by its name, or by the place of its function in a package."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from disentangle_bench.errors import DbenchError, MetricError, UnknownNameError
from disentangle_bench.metrics import METRICS
from disentangle_bench.metrics.metric import MetricInfo, Scores

_PLACE = "Give the name of a metric, or the place of its function, as in package.module.function."


def find_metric(name: str) -> Callable[..., Scores]:
    """Return a registered metric, or the function at `package.module.function` or `package.module:function`.

    Raises:
        UnknownNameError: it is neither a metric's name nor a function of that module.
        MetricError: the module cannot be imported, or the function is not a metric.
    """
    module, _, function = name.replace(":", ".").rpartition(".")
    if name in METRICS or not module:
        return METRICS.get(name)
    try:
        found: Callable[..., Scores] = getattr(import_module(module), function)
    except DbenchError:  # such as a fault of the declaration
        raise
    except ImportError as error:
        raise MetricError(f"The module {module!r} cannot be imported: {error}.", _PLACE) from error
    except AttributeError:
        raise UnknownNameError(f"function in {module}", function, dir(import_module(module))) from None
    except Exception as error:
        problem = f"The module {module!r} cannot be imported: {type(error).__name__}: {error}."
        raise MetricError(problem, "Correct the module.") from error
    if not isinstance(getattr(found, "info", None), MetricInfo):
        raise MetricError(f"{name} is not a metric.", "Decorate its function with `disentangle_bench.metrics.metric`.")
    return found
