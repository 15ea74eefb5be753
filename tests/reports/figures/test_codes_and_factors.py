"""The heat maps of codes and factors hold the numbers of the metrics."""

import numpy as np

from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.reports.figures.codes_and_factors import figures_of

CODES, FACTORS = np.array([[0, 0], [0, 0], [1, 0], [1, 1]]), np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def matrix(figure) -> list[list[float]]:
    return np.asarray(figure.axes[0].images[0].get_array()).tolist()


def entropy(*shares: float) -> float:
    return -sum(share * np.log(share) for share in shares)


def test_mutual_information_is_computed_where_it_was_not_scored():
    drawn = figures_of(Results(subject={"name": "x"}, scores={}), {"codes": CODES, "factors": FACTORS})
    shared = entropy(0.25, 0.75) + entropy(0.5, 0.5) - entropy(0.5, 0.25, 0.25)  # of c2 and either factor
    expected = np.array([[np.log(2), 0], [shared, shared]]) / np.log(2)
    assert list(drawn) == ["mutual-information"]
    assert np.allclose(matrix(drawn["mutual-information"]), expected)


def test_scores_that_are_known_are_drawn():
    details = {"codes": ["a", "b"], "factors": ["size"]}
    scores = {
        "mutual-information-matrix": ScoreEntry(
            metric="mutual-information-matrix", value=0.5, details={"shares": [[0.5], [0.1]], **details}
        ),
        "dci.disentanglement": ScoreEntry(
            metric="dci", component="disentanglement", value=0.5, details={"importances": [[0.9], [0.1]], **details}
        ),
        "dci/lightgbm.disentanglement": ScoreEntry(
            metric="dci/lightgbm",
            component="disentanglement",
            value=0.2,
            details={"importances": [[3], [4]], **details},
        ),
    }
    drawn = figures_of(Results(subject={"name": "x"}, scores=scores), {"codes": CODES, "factors": FACTORS})
    assert list(drawn) == ["mutual-information", "dci-importances", "dci-lightgbm-importances"]
    assert matrix(drawn["dci-lightgbm-importances"]) == [[3], [4]]
    assert drawn["dci-lightgbm-importances"].get_suptitle() == "x: importances of dci/lightgbm"
    assert matrix(drawn["mutual-information"]) == [[0.5], [0.1]]
    assert matrix(drawn["dci-importances"]) == [[0.9], [0.1]]
    axes = drawn["dci-importances"].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert [text.get_text() for text in axes.texts] == ["0.90", "0.10"]


def test_without_factors_and_with_constant_ones_there_is_nothing_to_draw():
    results = Results(subject={"name": "x"}, scores={})
    assert figures_of(results, {"codes": CODES}) == {}
    assert figures_of(results, {"codes": CODES, "factors": np.ones((4, 1))}) == {}


def test_a_factor_that_is_partly_known_is_drawn_from_its_known_rows():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 3, (90, 2)).astype(float)
    codes = factors + 0.1 * rng.standard_normal((90, 2))
    factors[::3, 0] = np.nan
    results = Results(subject={"name": "x"}, scores={})
    drawn = figures_of(results, {"codes": codes, "factors": factors})["mutual-information"]
    known = ~np.isnan(factors[:, 0])
    alone = figures_of(results, {"codes": codes[known], "factors": factors[known][:, :1]})["mutual-information"]
    assert np.allclose(np.array(matrix(drawn))[:, 0], np.array(matrix(alone))[:, 0])
