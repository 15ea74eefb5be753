"""ModelCentrality: which model is nearest to all others, each taken for the truth in turn."""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.intervention.interventions import Interventions
from disentangle_bench.metrics.intervention.majority_vote import majority_vote
from disentangle_bench.metrics.metric import Representations, Score, metric
from disentangle_bench.metrics.unsupervised.models import Model, models_of


@metric(
    "model-centrality",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1906.06034, section 4, on shared samples instead of each model's own",
    scale_invariant=False,
)
def model_centrality(
    representations: Representations,
    *,
    batch_size: int = 200,
    votes: int = 800,
    min_variance: float = 0.02,
    num_bins: int = 10,
    seed: int = 0,
) -> dict[str, Score]:
    """ModelCentrality: high when the codes of a model and those of the others predict each other one to one.

    Each model's codes, cut into bins, are taken as the factors of the samples, and every other model gets a FactorVAE
    score for them; see `factor_vae_score`. The most central model is the one to select.

        s_ij = 1/2 (FactorVAE(codes of i given factors of j) + FactorVAE(codes of j given factors of i))
        s_i  = 1/(m - 1) Σ_{j ≠ i} s_ij

    Does not see: whether the codes that models share are factors; nor errors that all models make. Copies of one model
    agree whatever they hold.

    The paper fixes a code of one generator and reads the images that it makes. Here codes are held fixed by choosing
    among shared samples, so that encoders without a generator and files of codes can be ranked. The authors' program
    scores the votes that it has learned from and gives a tied vote to the first code; here other votes on other samples
    are scored and ties are shared, which makes scores slightly lower.

    Args:
        representations: by model, codes `(n, d)` for the same samples; 2 models or more.
        batch_size: samples per trial.
        votes: trials to learn each code's counterpart from, and as many to score.
        min_variance: codes of smaller variance are left out. It is absolute, made for codes whose prior has variance 1.
        num_bins: equal-width bins; a continuous code counts as fixed within one.
        seed: of the trials.

    Returns:
        The score of each model, by its name, in [0, 1]. Undefined where no other model shares two codes that vary
        enough. The details hold the score of each pair and the names of inactive codes.

    Raises:
        DbenchError: fewer than 2 models, different numbers of samples, fewer than 4 samples, NaN or infinite values, or
            a setting below 2.

    References:
        Lin et al. (2019), arXiv:1906.06034, section 4, on shared samples instead of each model's own.

    Example:
        The second model has the same codes in another order.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import model_centrality
        >>> codes = np.indices((4, 4, 8)).reshape(3, -1).T.astype(float)
        >>> scores = model_centrality({"one": codes, "other": codes[:, ::-1]}, votes=100)
        >>> scores["one"].value
        1.0
    """
    models = models_of(representations, min_variance)

    def directed(truth: Model, model: Model) -> Score:
        if not (truth.alive and model.alive):
            return Score.undefined("no code varies enough")
        data = Interventions.of(model.active, truth.active, None, num_bins=num_bins, seed=seed)
        if data.reason:
            return Score.undefined(data.reason)
        return majority_vote(data, (votes, votes), batch_size=batch_size, min_variance=min_variance, seed=seed)

    directions = {(a.name, b.name): directed(a, b) for a in models for b in models if a is not b}
    return {model.name: _score(model, directions) for model in models}


def _score(model: Model, directions: dict[tuple[str, str], Score]) -> Score:
    pairs: dict[str, float] = {}
    for (truth, other), score in directions.items():
        back = directions[other, truth]
        if truth == model.name and score.value is not None and back.value is not None:
            pairs[other] = (score.value + back.value) / 2
    if not pairs:
        return Score.undefined("with no other model are there two codes on either side that vary enough")
    details = {"pairs": pairs, "inactive_codes": list(model.inactive)}
    return Score(float(np.mean(list(pairs.values()))), details=details)
