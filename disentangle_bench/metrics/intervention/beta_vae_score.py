"""The BetaVAE score: can a linear classifier tell from differences of codes which factor was held fixed?"""

from __future__ import annotations

from numpy.typing import ArrayLike

from disentangle_bench.metrics.intervention.differences import classify_differences
from disentangle_bench.metrics.intervention.interventions import Interventions
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "beta-vae-score",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="Higgins et al. (2017), ICLR; protocol of arXiv:1811.12359",
    slow=True,
    scale_invariant=False,
)
def beta_vae_score(
    codes: Codes,
    factors: Factors,
    train: ArrayLike | None = None,
    *,
    batch_size: int = 64,
    train_points: int = 10_000,
    test_points: int = 5_000,
    num_bins: int = 10,
    seed: int = 0,
) -> Score:
    """How often a linear classifier names the factor that pairs of samples share, from how far their codes differ.

    A trial draws a factor, then pairs of samples that agree in it and are otherwise random, and gives the mean
    distance of the pairs in each code. A logistic regression learns from one set of trials and is scored on another.
    A distance is the absolute difference of ordinal and continuous codes, the shorter way round of cyclic ones, and
    for a categorical code whether the categories differ, so that the mean is the share of mismatches.

    Linear reading is lenient: a factor that is spread over several codes counts as well as one in a single code. With
    k factors, k - 1 good codes can suffice for a score of 1 (arXiv:1802.05983, section 4).

    Unlike disentanglement_lib, which samples both sets from the whole grid, the trials that fit draw their rows from
    the training rows and those that score from the others, so that few rows are not learned by heart. Drawn from the
    same rows, the two agree; on a grid of 30,000 rows the split costs up to 0.003, on one of 1,000 rows up to 0.05.
    The classifier runs until it converges.

    Args:
        codes: `(n, d)`: each image is encoded once; trials are drawn among the rows.
        factors: `(n, k)` that vary, 2 or more. A full grid is not needed: see `GroundTruthIndex`.
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
    return classify_differences(data, (train_points, test_points), batch_size=batch_size, seed=seed)
