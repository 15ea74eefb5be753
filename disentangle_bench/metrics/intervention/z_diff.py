"""Z-diff: the BetaVAE score in the protocol of the review by Carbonneau et al."""

from __future__ import annotations

from numpy.typing import ArrayLike

from disentangle_bench.metrics.intervention.differences import classify_differences
from disentangle_bench.metrics.intervention.interventions import Interventions, rescale_accuracy
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "z-diff",
    version=1,
    bounds=(-1, 1),
    better="higher",
    source="arXiv:2012.09276, after Higgins et al. (2017)",
    slow=True,
    scale_invariant=False,
)
def z_diff(
    codes: Codes,
    factors: Factors,
    train: ArrayLike | None = None,
    *,
    batch_size: int = 200,
    train_points: int = 10_000,
    test_points: int = 5_000,
    num_bins: int = 10,
    seed: int = 0,
) -> Score:
    """The BetaVAE score over larger batches, as the share of the way from guessing the fixed factor to knowing it.

    See `beta_vae_score`, also for how codes of each kind are treated. With k factors and an accuracy `a` this is
    `(a - 1/k) / (1 - 1/k)`: 0 for guessing, a little below for bad luck. The review's program scores on the rows that
    it has learned from, so that noise on few rows scores far above 0 there.

    Args:
        codes: `(n, d)`.
        factors: `(n, k)` that vary, 2 or more.
        train: `(n,)` the rows to fit on; by default two thirds, drawn.
        batch_size: pairs a trial.
        train_points: trials to fit on.
        test_points: trials to score.
        num_bins: equal-width bins, within which a continuous factor counts as fixed.
        seed: of the trials.
    """
    data = Interventions.of(codes, factors, train, num_bins=num_bins, seed=seed)
    if data.reason:
        return Score.undefined(data.reason)
    score = classify_differences(data, (train_points, test_points), batch_size=batch_size, seed=seed)
    return rescale_accuracy(score, len(data.factors))
