"""Scores by the programs of the review by Carbonneau et al., arXiv:2012.09276, with their defaults.

They are not a package: `--path`, given twice, names the folders `src`, which has their `utils`, and `src/metrics`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers.programs.serve import Answer, Data, serve

Numbers = dict[str, Any]


def answer_z_diff(data: Data, seed: int) -> Numbers:
    from z_diff import z_diff

    np.random.seed(seed)
    return {"z-diff": z_diff(data.factors, data.codes, continuous_factors=False)}


def answer_z_min_variance(data: Data, seed: int) -> Numbers:
    from z_min_var import z_min_var

    np.random.seed(seed)
    return {"z-min-variance": z_min_var(data.factors, data.codes, continuous_factors=False)}


ANSWERS: dict[str, Answer] = {"z-diff": answer_z_diff, "z-min-variance": answer_z_min_variance}

if __name__ == "__main__":
    serve(("numpy", "scikit-learn"), ANSWERS)
