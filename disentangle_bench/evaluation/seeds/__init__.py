"""Statistics over seeds, the unit in which models are compared: plain functions of one value for each seed.

Means and differences have Student's intervals, which hold 95 % of the time from two normal seeds on; the percentile
bootstrap, usual elsewhere, holds 83 % of the time with five seeds. Statistics that are not means, such as the
interquartile mean, have intervals by `stratified_interval`. The exact permutation tests assume no distribution; how
small their p-value can get is a matter of how many seeds there are (`smallest_p`).
"""

from disentangle_bench.evaluation.seeds.correction import holm
from disentangle_bench.evaluation.seeds.detectable import detectable_difference
from disentangle_bench.evaluation.seeds.difference import (
    ONE_SEED,
    SeedDifference,
    difference_over_seeds,
    paired_seeds,
    unpaired_seeds,
)
from disentangle_bench.evaluation.seeds.improvement import probability_of_improvement
from disentangle_bench.evaluation.seeds.permutation import contradicts, permutation_p, sign_flip_p, smallest_p
from disentangle_bench.evaluation.seeds.ranks import RankInterval, rank_intervals
from disentangle_bench.evaluation.seeds.summary import (
    SeedInterval,
    interquartile_mean,
    mean_over_seeds,
    stratified_interval,
)
from disentangle_bench.evaluation.seeds.verdict import UNSHOWN, Judged, judge

__all__ = [
    "ONE_SEED",
    "UNSHOWN",
    "Judged",
    "RankInterval",
    "SeedDifference",
    "SeedInterval",
    "contradicts",
    "detectable_difference",
    "difference_over_seeds",
    "holm",
    "interquartile_mean",
    "judge",
    "mean_over_seeds",
    "paired_seeds",
    "permutation_p",
    "probability_of_improvement",
    "rank_intervals",
    "sign_flip_p",
    "smallest_p",
    "stratified_interval",
    "unpaired_seeds",
]
