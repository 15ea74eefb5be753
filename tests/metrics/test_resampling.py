"""Resampling of scores: with every unit drawn once it is the score, and draws are what repeated rows give."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from disentangle_bench.metrics import METRICS, Score, info_of
from disentangle_bench.representation import Representation
from disentangle_bench.representation.variables import Variables

N = 240
TRAIN = np.arange(N) % 2 > 0
OF_COUNTS = ["mig", "rmig", "mig-sup", "jemmig", "dcimig", "modularity", "mutual-information-matrix"]
OF_HELD_OUT = ["sap", "explicitness", "dci", "dci/forest", "dci/lasso", "dci-es", "downstream", "downstream/forest"]
OF_TRIALS = ["beta-vae-score", "factor-vae-score", "z-diff", "z-min-variance"]
SETTINGS = {"dci/forest": {"trees": 5}, "downstream/forest": {"trees": 5, "repeats": 2}}


def representation(seed: int = 0) -> Representation:
    """Codes that know something of factors of every kind."""
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(3, size=N), rng.integers(4, size=N), rng.normal(size=N)], axis=1)
    codes = np.stack([rng.integers(3, size=N), factors[:, 1] + rng.normal(size=N), factors[:, 2] ** 3], axis=1)
    return Representation(
        Variables.wrap(codes, kinds=["categorical", "continuous", "continuous"]),
        Variables.wrap(factors, kinds=["categorical", "ordinal", "continuous"], prefix="f"),
        TRAIN,
    )


def scores_of(name: str, data: Representation) -> dict[str, Score]:
    function = METRICS.get(name)
    info = info_of(function)
    parts = {"codes": data.codes, "factors": data.factors, "train": data.train}
    wanted = {part: parts[part] for part in (*info.needs, *info.uses)}
    scores = function(**wanted, **SETTINGS.get(name, {}))
    return scores if isinstance(scores, dict) else {"": scores}


@pytest.mark.parametrize("name", OF_COUNTS + OF_HELD_OUT)
def test_with_every_unit_drawn_once_it_is_the_score(name: str) -> None:
    scores = scores_of(name, discrete() if name == "sap" else representation())
    drawn = {part: score for part, score in scores.items() if score.resampling is not None and score.value is not None}
    assert drawn
    for part, score in drawn.items():
        values = score.resampling.values(np.ones(score.resampling.units, dtype=np.int64))
        assert values[part] == pytest.approx(score.value, abs=1e-6)


def discrete() -> Representation:
    """As `representation`, with all variables discrete, so that bins do not depend on which rows there are."""
    data = representation()
    codes = np.floor(data.codes.values.clip(-4, 4))
    codes[:9, 1:] = np.arange(9)[:, None] - 4
    factors = data.factors.values.copy()
    factors[:, 2] = factors[:, 2] > 0
    return Representation(
        Variables.wrap(codes, kinds=["categorical", "ordinal", "ordinal"]),
        Variables.wrap(factors.astype(np.int64), prefix="f"),
        TRAIN,
    )


@pytest.mark.parametrize("name", [name for name in OF_COUNTS if name != "jemmig"])
def test_counts_of_draws_are_those_of_repeated_rows(name: str) -> None:
    data = discrete()
    score = scores_of(name, data)[""]
    weights = np.random.default_rng(1).integers(3, size=N)
    rows: NDArray[np.int64] = np.repeat(np.arange(N), weights)
    repeated = scores_of(name, Representation(data.codes.rows(rows), data.factors.rows(rows)))[""]
    assert score.resampling.values(weights)[""] == pytest.approx(repeated.value, abs=1e-12)


@pytest.mark.parametrize("name", ["sap", "explicitness", "dci/forest", "dci-es"])
def test_held_out_draws_are_scores_on_repeated_held_out_rows(name: str) -> None:
    data = discrete() if name == "sap" else representation()
    scores = scores_of(name, data)
    part = next(part for part, score in scores.items() if score.resampling is not None)
    weights = np.random.default_rng(2).integers(1, 3, size=int((~TRAIN).sum()))
    rows = np.concatenate([np.flatnonzero(TRAIN), np.repeat(np.flatnonzero(~TRAIN), weights)])
    repeated = scores_of(name, Representation(data.codes.rows(rows), data.factors.rows(rows), TRAIN[rows]))[part]
    assert scores[part].resampling.values(weights)[part] == pytest.approx(repeated.value, abs=1e-6)


@pytest.mark.parametrize("name", OF_TRIALS)
def test_new_trials_on_the_same_rows_score_about_the_same(name: str) -> None:
    score = scores_of(name, representation())[""]
    values = score.resampling.values(np.ones(score.resampling.units, dtype=np.int64))
    assert values[""] == pytest.approx(score.value, abs=0.05)
    few = np.zeros(score.resampling.units, dtype=np.int64)
    few[0] = 1
    assert score.resampling.values(few) == {}
