"""InfoMEC against its authors' code and closed forms; pruning; kinds; undefined scores."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import digamma
from sklearn.metrics import mutual_info_score

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import METRICS
from disentangle_bench.metrics.information.entropies import ross_mutual_information
from disentangle_bench.metrics.information.infomec import COMPONENTS, active_codes
from disentangle_bench.representation.variables import Variables

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz"))
N = 600


def infomec(codes, factors, **settings):
    return METRICS.get("infomec")(codes, factors, **settings)


def values_of(scores):
    return {part: score.value for part, score in scores.items()}


def draw(seed=0, sizes=(3, 4)):
    rng = np.random.default_rng(seed)
    return rng, np.stack([rng.integers(0, size, N) for size in sizes], axis=1)


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_the_authors(case):
    expected = json.loads((GOLDEN / f"{case}.json").read_text())["infomec"]
    with np.load(GOLDEN / f"{case}.npz") as arrays:
        scores = infomec(arrays["codes"], arrays["factors"])
        active = active_codes(Variables.wrap(arrays["codes"]))
    assert active.tolist() == expected.pop("active")
    assert values_of(scores) == pytest.approx(expected, abs=1e-6)
    assert list(scores) == list(COMPONENTS)


class TestClosedForms:
    def test_perfect_codes(self):
        rng, factors = draw()
        scores = infomec(factors + 0.01 * rng.standard_normal((N, 2)), factors)
        assert all(value > 0.95 for value in values_of(scores).values())

    def test_categorical_codes_are_counted(self):
        """For categorical codes the shares are those of the contingency tables."""
        rng, factors = draw()
        codes = np.where(rng.random((N, 2)) < 0.3, rng.integers(0, 3, (N, 2)), factors)
        scores = infomec(Variables.wrap(codes, kinds=["categorical"] * 2), factors)
        shares = np.array([[mutual_info_score(c, f) / mutual_info_score(f, f) for f in factors.T] for c in codes.T])
        np.testing.assert_allclose(scores["infom"].details["information"], shares, rtol=0, atol=1e-12)
        assert scores["infom"].value == pytest.approx(2 * (shares.max(1) / shares.sum(1)).mean() - 1, abs=1e-12)
        assert scores["infoc"].value == pytest.approx(2 * (shares.max(0) / shares.sum(0)).mean() - 1, abs=1e-12)

    def test_a_category_per_pair_of_values_is_explicit_but_not_modular(self):
        factors = np.array([(a, b) for a in range(3) for b in range(3)] * 20)
        code = np.stack([factors @ [3, 1], np.arange(180) % 2], axis=1)
        scores = infomec(Variables.wrap(code, kinds=["categorical"] * 2), factors)
        assert scores["infoe"].value > 0.999
        assert scores["infom"].details["information"][0] == pytest.approx([1, 1])

    def test_uninformative_codes_remove_no_entropy(self):
        factors = np.array([(a, b) for a in range(3) for b in range(3)] * 20)
        assert infomec(np.zeros((180, 2)), factors)["infoe"].value == pytest.approx(0, abs=1e-12)

    def test_a_duplicate_lowers_compactness_only(self):
        rng, factors = draw()
        codes = factors + 0.01 * rng.standard_normal((N, 2))
        twice = infomec(np.column_stack([codes, codes]), factors)
        assert twice["infom"].value == pytest.approx(infomec(codes, factors)["infom"].value, abs=0.01)
        assert twice["infoc"].value == pytest.approx((1 / 2 - 1 / 4) / (1 - 1 / 4), abs=0.03)

    @pytest.mark.parametrize("size", [2, 3, 11])
    def test_no_share_exceeds_1_where_classes_are_small(self, size):
        """All that neighbors can find is psi(n) - psi(size), which exceeds the entropy ln(n / size)."""
        rng, factors = draw(sizes=(3, 4))
        identity = np.arange(N) // size
        codes = np.column_stack([identity + 1e-3 * rng.standard_normal(N), 100.0 * factors[:, 0] + rng.random(N)])
        whole = N // size * size
        assert ross_mutual_information(codes[:whole, 0], identity[:whole], neighbors=10) == pytest.approx(
            digamma(whole) - digamma(size)
        )
        assert digamma(whole) - digamma(size) > np.log(whole / size)
        shares = infomec(codes, np.column_stack([identity, factors[:, 0]]))["infom"].details["information"]
        assert shares[0][0] == 1
        assert np.max(shares) <= 1


class TestKinds:
    def test_a_categorical_code_counts_as_one_code(self):
        rng, factors = draw(sizes=(10, 3))
        style = rng.standard_normal(N)
        values = np.column_stack([(factors[:, 0] * 3 + 1) % 10, factors[:, 1] + 0.1 * style, style])
        scores = infomec(Variables.wrap(values, kinds=["categorical", "continuous", "continuous"]), factors)
        matrix = np.array(scores["infom"].details["information"])
        assert matrix.shape == (3, 2)
        assert matrix[0, 0] == pytest.approx(1)
        assert matrix[1, 1] > 0.9
        assert scores["infoe"].value > 0.9

    def test_a_cyclic_code_is_a_point_on_a_circle(self):
        rng, factors = draw(sizes=(4, 3))
        angle = (factors[:, 0] * np.pi / 2 + 0.1 * rng.standard_normal(N)) % (2 * np.pi)
        codes = Variables.wrap(np.column_stack([angle, rng.standard_normal(N)]), kinds=["cyclic", "continuous"])
        assert infomec(codes, factors)["infom"].details["information"][0][0] > 0.9

    def test_a_continuous_factor_is_binned(self):
        rng, factors = draw()
        moved = factors[:, 1] + 0.05 * rng.random(N)
        codes = factors + 0.05 * rng.standard_normal((N, 2))
        mixed = Variables.wrap(np.column_stack([factors[:, 0], moved]), kinds=["ordinal", "continuous"])
        assert values_of(infomec(codes, mixed, num_bins=4)) == pytest.approx(values_of(infomec(codes, factors)))


class TestPruning:
    def test_narrow_codes_are_pruned_except_from_infoe(self):
        rng, factors = draw()
        codes = factors + 0.1 * rng.standard_normal((N, 2))
        scores = infomec(np.column_stack([codes, codes[:, 0] / 100]), factors)
        assert scores["infom"].details["pruned_codes"] == ["c3"]
        assert scores["infom"].value == pytest.approx(infomec(codes, factors)["infom"].value, abs=1e-6)

    def test_categorical_codes_do_not_affect_pruning(self):
        codes = np.column_stack(
            [np.arange(20) % 2 * 1000, np.linspace(0, 1, 20), np.linspace(0, 0.01, 20), np.ones(20)]
        )
        kinds = ["categorical", "continuous", "ordinal", "categorical"]
        assert active_codes(Variables.wrap(codes, kinds=kinds)).tolist() == [True, True, False, False]


class TestUndefined:
    def test_one_factor_or_one_code_has_nothing_to_compare(self):
        rng, factors = draw()
        codes = factors + 0.1 * rng.standard_normal((N, 2))
        single = infomec(codes, factors[:, 0])
        assert single["infom"].reason == "there is one factor, and nothing to compare it with"
        assert single["infoc"].value is not None
        alone = infomec(codes[:, :1], factors)
        assert alone["infoc"].reason == "there is one code, and nothing to compare it with"
        assert alone["infom"].value is not None

    def test_an_uninformative_code_has_no_shares(self):
        factors = np.array([(a, b) for a in range(3) for b in range(3)] * 20)
        blind = Variables.wrap(np.stack([factors[:, 0], np.repeat([0, 1], 90)], axis=1), kinds=["categorical"] * 2)
        scores = infomec(blind, factors)
        assert scores["infom"].reason == "no information was found in c2"
        assert scores["infoc"].reason == "no information was found in f2"
        assert scores["infoe"].value == pytest.approx(0.5, abs=0.01)

    def test_constant_codes(self):
        _, factors = draw()
        scores = infomec(np.full((N, 2), 0.1), factors)
        assert scores["infom"].reason == scores["infoc"].reason == "no code varies"

    def test_no_usable_factor(self):
        rng, _ = draw()
        codes = rng.standard_normal((N, 2))
        for score in infomec(codes, np.ones(N, dtype=int)).values():
            assert score.reason == "no factor varies: f1"
        for score in infomec(codes, np.arange(N)).values():
            assert score.reason == "no value occurs twice in f1"

    def test_no_neighbors(self):
        rng, factors = draw()
        with pytest.raises(MetricError, match="neighbors is 0"):
            infomec(rng.standard_normal((N, 2)), factors, neighbors=0)


def test_scores_are_reproducible():
    rng, factors = draw()
    codes = factors + rng.standard_normal((N, 2))
    assert infomec(codes, factors) == infomec(codes, factors)
