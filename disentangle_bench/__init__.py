"""Train InfoGAN and measure how disentangled any learned representation is: confidence intervals, chance levels and
ceilings included.

From training to a score, as on the command line:

    import disentangle_bench as db

    run = db.train("infogan", dataset="digits", seed=0)
    results = db.evaluate(run)
    print(results.scores["c1-accuracy.accuracy"].value)

Importing the package imports nothing heavy: each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from disentangle_bench import figures, metrics
    from disentangle_bench.representation import Representation
    from disentangle_bench.workflow.compare import compare
    from disentangle_bench.workflow.evaluate import evaluate
    from disentangle_bench.workflow.load import load_dataset, load_run
    from disentangle_bench.workflow.rank import rank
    from disentangle_bench.workflow.represent import represent
    from disentangle_bench.workflow.subject import subject
    from disentangle_bench.workflow.train import train

    __version__: str

__all__ = [
    "Representation",
    "__version__",
    "compare",
    "evaluate",
    "figures",
    "load_dataset",
    "load_run",
    "metrics",
    "rank",
    "represent",
    "subject",
    "train",
]

_MODULES = {
    "Representation": "representation",
    "compare": "workflow.compare",
    "evaluate": "workflow.evaluate",
    "load_dataset": "workflow.load",
    "load_run": "workflow.load",
    "rank": "workflow.rank",
    "represent": "workflow.represent",
    "subject": "workflow.subject",
    "train": "workflow.train",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("disentangle-bench")
    if name in ("figures", "metrics"):
        return import_module(f"{__name__}.{name}")
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
