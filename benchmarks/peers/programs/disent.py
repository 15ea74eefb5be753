"""Scores by disent, through its `metric_...` functions with their defaults.

The dataset that it gets returns rows instead of images: what is timed is the metric, not the loading of images.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.programs.serve import Answer, Data, serve

warnings.filterwarnings("ignore")  # on import, about an optional compiler

from disent.metrics import (  # noqa: E402
    metric_dci,
    metric_factor_vae,
    metric_mig,
    metric_sap,
    metric_unsupervised,
)

Numbers = dict[str, Any]
Rows = NDArray[np.int64]


class InOrder:
    """All rows in order, the training rows first."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.order = np.argsort(~data.train, kind="stable")
        self.next = 0

    def dataset_sample_batch_with_factors(self, num_samples: int, mode: str) -> tuple[Rows, Rows]:
        rows = self.order[self.next : self.next + num_samples]
        self.next += num_samples
        return rows, self.data.factors[rows]

    def encode(self, rows: Rows) -> NDArray[np.float64]:
        return self.data.codes[rows]


class Grid:
    """A full grid of factors; an observation is the number of its row, and its code is looked up."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.gt_data = self
        self.num_factors = len(data.sizes)

    def sample_factors(self, size: int) -> Rows:
        return np.stack([np.random.randint(values, size=size) for values in self.data.sizes], axis=1)

    def dataset_batch_from_factors(self, factors: Rows, mode: str) -> Any:
        return np.ravel_multi_index(tuple(factors.T), self.data.sizes)

    def dataset_sample_batch(self, num_samples: int, mode: str) -> Any:
        return self.dataset_batch_from_factors(self.sample_factors(num_samples), mode)

    def encode(self, rows: Rows) -> NDArray[np.float64]:
        return self.data.codes[rows]


def whole(data: Data) -> Numbers:
    """Every row at once."""
    rows, n = InOrder(data), len(data.codes)
    return {"dataset": rows, "representation_function": rows.encode, "num_train": n, "batch_size": n}


def split(data: Data) -> Numbers:
    """The training rows, then the others, each at once."""
    fitted = int(data.train.sum())
    return whole(data) | {"num_train": fitted, "num_test": len(data.codes) - fitted}


def answer_mig(data: Data, seed: int) -> Numbers:
    return {"mig": metric_mig(**whole(data))["mig.discrete_score"]}


def answer_dci(data: Data, seed: int) -> Numbers:
    np.random.seed(seed)
    return dict(metric_dci(**split(data)))


def answer_sap(data: Data, seed: int, *, continuous: bool) -> Numbers:
    np.random.seed(seed)
    scores = metric_sap(**split(data), continuous_factors=continuous)
    return {"sap/regression" if continuous else "sap": scores["sap.score"]}


def answer_unsupervised(data: Data, seed: int) -> Numbers:
    scores = metric_unsupervised(**whole(data))
    return {
        "gaussian-total-correlation": scores["unsup.gauss_total_corr"],
        "gaussian-wasserstein-correlation": scores["unsup.gauss_wasser_corr"],
        "gaussian-wasserstein-correlation.normalized": scores["unsup.gauss_wasser_corr_norm"],
        "average-pairwise-information": scores["unsup.mi_score"],
    }


def answer_factor_vae(data: Data, seed: int) -> Numbers:
    np.random.seed(seed)
    grid = Grid(data)
    return {"factor-vae-score": metric_factor_vae(grid, grid.encode)["factor_vae.eval_accuracy"]}


ANSWERS: dict[str, Answer] = {
    "mig": answer_mig,
    "dci": answer_dci,
    "sap": answer_sap,
    "unsupervised": answer_unsupervised,
    "factor-vae-score": answer_factor_vae,
}

if __name__ == "__main__":
    serve(("disent", "numpy", "scikit-learn", "torch"), ANSWERS)
