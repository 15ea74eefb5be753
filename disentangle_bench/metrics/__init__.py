"""Metrics: plain functions of the parts of a subject, sorted by what they ask.

All can be imported from here: `from disentangle_bench.metrics import mutual_information_gap`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from disentangle_bench.metrics.metric import MetricInfo, Score, Scores, info_of, metric
from disentangle_bench.registry import Registry

_HERE = "disentangle_bench.metrics"

_TARGETS = {
    "mig": f"{_HERE}.information.mig:mutual_information_gap",
    "mig/chen": f"{_HERE}.information.mig_chen:sampled_mutual_information_gap",
    "rmig": f"{_HERE}.information.rmig:robust_mutual_information_gap",
    "rmig/posterior": f"{_HERE}.information.rmig:robust_mutual_information_gap_of_posteriors",
    "mig-sup": f"{_HERE}.information.mig_sup:mutual_information_gap_supplement",
    "jemmig": f"{_HERE}.information.jemmig:jemmig",
    "dcimig": f"{_HERE}.information.dcimig:dcimig",
    "dmig": f"{_HERE}.information.dependent_gaps:dependency_aware_mutual_information_gap",
    "xmig": f"{_HERE}.information.dependent_gaps:dependency_blind_mutual_information_gap",
    "dlig": f"{_HERE}.information.dependent_gaps:dependency_aware_latent_information_gap",
    "modularity": f"{_HERE}.information.modularity:modularity",
    "mutual-information-matrix": f"{_HERE}.information.mutual_information_matrix:mutual_information_matrix",
    "infomec": f"{_HERE}.information.infomec:infomec",
    "sap": f"{_HERE}.predictor.sap:separated_attribute_predictability",
    "sap/regression": f"{_HERE}.predictor.sap:separated_attribute_predictability_by_regression",
    "explicitness": f"{_HERE}.predictor.explicitness:explicitness",
    "dci": f"{_HERE}.predictor.dci:dci",
    "dci/lasso": f"{_HERE}.predictor.dci_variants:dci_by_lasso",
    "dci/forest": f"{_HERE}.predictor.dci_variants:dci_by_forest",
    "dci/lightgbm": f"{_HERE}.predictor.dci_variants:dci_by_lightgbm",
    "dci-es": f"{_HERE}.predictor.dci_es:dci_es",
    "downstream": f"{_HERE}.predictor.downstream:downstream",
    "downstream/forest": f"{_HERE}.predictor.downstream:downstream_forest",
    "c1-accuracy": f"{_HERE}.predictor.clustering:c1_accuracy",
    "irs": f"{_HERE}.intervention.irs:interventional_robustness",
    "beta-vae-score": f"{_HERE}.intervention.beta_vae_score:beta_vae_score",
    "factor-vae-score": f"{_HERE}.intervention.factor_vae_score:factor_vae_score",
    "z-diff": f"{_HERE}.intervention.z_diff:z_diff",
    "z-min-variance": f"{_HERE}.intervention.z_min_variance:z_min_variance",
    "mutual-information": f"{_HERE}.generator.mutual_information:variational_bound",
    "mutual-information/fresh": f"{_HERE}.generator.mutual_information:fresh_posterior_bound",
    "mutual-information/nonparametric": f"{_HERE}.generator.nonparametric_information:nonparametric_information",
    "traversal-consistency": f"{_HERE}.generator.traversal_consistency:traversal_consistency",
    "elbo": f"{_HERE}.generator.elbo:evidence_lower_bound",
    "variation-predictability": f"{_HERE}.generator.variation_predictability:variation_predictability",
    "classifier-path-length": f"{_HERE}.generator.path_length:classifier_path_length",
    "image-measures": f"{_HERE}.generator.image_measures:image_measures",
    "classifier-frechet-distance": f"{_HERE}.samples.frechet:classifier_frechet_distance",
    "classifier-kernel-distance": f"{_HERE}.samples.kernel:classifier_kernel_distance",
    "inception-fid": f"{_HERE}.samples.inception:inception_fid",
    "gaussian-total-correlation": f"{_HERE}.unsupervised.gaussian_total_correlation:gaussian_total_correlation",
    "gaussian-wasserstein-correlation": (
        f"{_HERE}.unsupervised.gaussian_wasserstein_correlation:gaussian_wasserstein_correlation"
    ),
    "average-pairwise-information": f"{_HERE}.unsupervised.average_pairwise_information:average_pairwise_information",
    "active-units": f"{_HERE}.unsupervised.active_units:active_units",
    "udr/lasso": f"{_HERE}.unsupervised.udr:udr_lasso",
    "udr/spearman": f"{_HERE}.unsupervised.udr:udr_spearman",
    "model-centrality": f"{_HERE}.unsupervised.model_centrality:model_centrality",
}


_FAULT = "was not declared with `@metric`: decorate the function"
METRICS: Registry[Callable[..., Scores]] = Registry(
    "metric",
    _TARGETS,
    group="disentangle_bench.metrics",
    fault=lambda thing: "" if isinstance(getattr(thing, "info", None), MetricInfo) else _FAULT,
)
_MODULES = {function: module for module, function in (target.split(":") for target in _TARGETS.values())}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES})


__all__ = ["METRICS", "MetricInfo", "Score", "Scores", "info_of", "metric"]
