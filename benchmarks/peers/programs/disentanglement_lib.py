"""Scores by disentanglement_lib, through its `compute_...` functions with the settings of arXiv:1811.12359.

Its metrics import `gin.tf`, which needs TensorFlow, only to be configured from files: where TensorFlow is missing, an
empty module takes its place. UDR is in the repository but not in the package: it is compared where a copy can be
imported, and skipped elsewhere.
"""

from __future__ import annotations

import sys
import types
import warnings
from importlib.util import find_spec
from typing import Any

import gin
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.programs.serve import Answer, Data, serve

if find_spec("tensorflow") is None:
    sys.modules["gin.tf"] = types.ModuleType("gin.tf")

from disentanglement_lib.data.ground_truth.ground_truth_data import GroundTruthData
from disentanglement_lib.evaluation.metrics import (
    beta_vae,
    dci,
    downstream_task,
    factor_vae,
    irs,
    mig,
    modularity_explicitness,
    sap_score,
    unsupervised_metrics,
    utils,
)

Numbers = dict[str, Any]
BATCHES = {"batch_size": 64, "num_train": 10_000, "num_eval": 5_000}

gin.bind_parameter("discretizer.discretizer_fn", utils._histogram_discretize)
gin.bind_parameter("discretizer.num_bins", 20)


class Grid(GroundTruthData):  # type: ignore[misc]
    """A full grid of factors; an observation is the number of its row, and its code is looked up."""

    def __init__(self, data: Data) -> None:
        self.data = data

    @property
    def num_factors(self) -> int:
        return len(self.data.sizes)

    def sample_factors(self, num: int, random_state: np.random.RandomState) -> NDArray[np.int64]:
        return np.stack([random_state.randint(size, size=num) for size in self.data.sizes], axis=1)

    def sample_observations_from_factors(self, factors: NDArray[np.int64], _: np.random.RandomState) -> Any:
        return np.ravel_multi_index(tuple(factors.T), self.data.sizes)

    def encode(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        return self.data.codes[rows]


class InOrder(GroundTruthData):  # type: ignore[misc]
    """All rows in order, the training rows first: sampling `len(data)` rows returns each once."""

    def __init__(self, data: Data, *, fit_first: bool = True) -> None:
        self.data = data
        self.order = np.argsort(~data.train, kind="stable") if fit_first else np.arange(len(data.codes))
        self.next = 0

    @property
    def num_factors(self) -> int:
        return len(self.data.sizes)

    def sample(self, num: int, _: np.random.RandomState) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rows = self.order[self.next : self.next + num]
        self.next += num
        return self.data.factors[rows], rows

    def encode(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        return self.data.codes[rows]


def whole(data: Data) -> Numbers:
    """Every row at once."""
    truth, n = InOrder(data), len(data.codes)
    return {"ground_truth_data": truth, "representation_function": truth.encode, "random_state": None} | {
        "num_train": n,
        "batch_size": n,
    }


def split(data: Data) -> Numbers:
    """The training rows, then the others, each at once."""
    fitted = int(data.train.sum())
    return whole(data) | {"num_train": fitted, "num_test": len(data.codes) - fitted}


def sampled(data: Data, seed: int) -> Numbers:
    """Draws from the full grid."""
    truth = Grid(data)
    random_state = np.random.RandomState(seed)
    return {"ground_truth_data": truth, "representation_function": truth.encode, "random_state": random_state}


def answer_mig(data: Data, seed: int) -> Numbers:
    return {"mig": mig.compute_mig(**whole(data))["discrete_mig"]}


def answer_irs(data: Data, seed: int) -> Numbers:
    return {"irs": irs.compute_irs(**whole(data))["IRS"]}


def answer_dci(data: Data, seed: int) -> Numbers:
    np.random.seed(seed)
    return {f"dci.{name}": value for name, value in dci.compute_dci(**split(data)).items()}


def answer_sap(data: Data, seed: int, *, continuous: bool) -> Numbers:
    np.random.seed(seed)
    scores = sap_score.compute_sap(**split(data), continuous_factors=continuous)
    return {"sap/regression" if continuous else "sap": scores["SAP_score"]}


def answer_modularity(data: Data, seed: int) -> Numbers:
    information = utils.discrete_mutual_info(utils.make_discretizer(data.codes.T), data.factors.T)
    return {"modularity": modularity_explicitness.modularity(information)}


def answer_explicitness(data: Data, seed: int) -> Numbers:
    scores = modularity_explicitness.compute_modularity_explicitness(**split(data))
    return {f"explicitness.{part}": scores[f"explicitness_score_{part}"] for part in ("train", "test")}


def answer_unsupervised(data: Data, seed: int) -> Numbers:
    scores = unsupervised_metrics.unsupervised_metrics(**whole(data))
    return {
        "gaussian-total-correlation": scores["gaussian_total_correlation"],
        "gaussian-wasserstein-correlation": scores["gaussian_wasserstein_correlation"],
        "gaussian-wasserstein-correlation.normalized": scores["gaussian_wasserstein_correlation_norm"],
        "average-pairwise-information": scores["mutual_info_score"],
    }


def answer_beta_vae(data: Data, seed: int) -> Numbers:
    return {"beta-vae-score": beta_vae.compute_beta_vae_sklearn(**sampled(data, seed), **BATCHES)["eval_accuracy"]}


def answer_factor_vae(data: Data, seed: int, *, threshold: float) -> Numbers:
    gin.bind_parameter("prune_dims.threshold", threshold)
    scores = factor_vae.compute_factor_vae(**sampled(data, seed), **BATCHES, num_variance_estimate=10_000)
    return {"factor-vae-score": scores["eval_accuracy"]}


def answer_downstream(data: Data, seed: int, *, learner: str) -> Numbers:
    np.random.seed(seed)
    gin.bind_parameter("predictor.predictor_fn", getattr(utils, learner))
    scores = downstream_task.compute_downstream_task(
        **sampled(data, seed), num_train=[100, 1_000], num_test=5_000, batch_size=5_000
    )
    return {f"downstream.accuracy.{size}": scores[f"{size}:mean_test_accuracy"] for size in (100, 1_000)}


def answer_udr(data: Data, seed: int, *, likeness: str, names: list[str]) -> Numbers:
    from disentanglement_lib.evaluation.udr.metrics import udr

    truth, n = InOrder(data, fit_first=False), len(data.codes)
    random_state = np.random.RandomState(seed)

    def encoder(codes: NDArray[np.float64]) -> Any:
        divergence = codes.var(axis=0, ddof=1) / 2  # from a standard normal prior, for posteriors of variance 1
        return lambda rows: (codes[rows], divergence)

    scores = udr.compute_udr_sklearn(
        truth, [encoder(codes) for codes in data.models], random_state, n, n, correlation_matrix=likeness
    )["model_scores"]
    return {f"udr/{likeness}.{name}": score for name, score in zip(names, scores, strict=True)}


ANSWERS: dict[str, Answer] = {
    "mig": answer_mig,
    "modularity": answer_modularity,
    "explicitness": answer_explicitness,
    "sap": answer_sap,
    "dci": answer_dci,
    "irs": answer_irs,
    "unsupervised": answer_unsupervised,
    "beta-vae-score": answer_beta_vae,
    "factor-vae-score": answer_factor_vae,
    "downstream": answer_downstream,
}


def has_udr() -> bool:
    try:
        return find_spec("disentanglement_lib.evaluation.udr.metrics.udr") is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    if has_udr():
        ANSWERS["udr"] = answer_udr
    serve(("disentanglement-lib", "numpy", "scikit-learn"), ANSWERS)
