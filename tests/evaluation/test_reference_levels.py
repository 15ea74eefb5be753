"""Simulated codes know nothing or everything, and their scores depend on sizes alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.evaluation import reference_levels as levels
from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.evaluation.simulation import Likeness, thinned
from disentangle_bench.metrics import METRICS, Score, Scores, info_of, metric
from disentangle_bench.metrics.metric import Codes, Factors
from disentangle_bench.representation import Representation, open_representation
from disentangle_bench.representation.variables import BATCH, Variables
from tests.metrics.information.pairwise import entropies, pairwise_information

from .conftest import MakeCall, information, share

DSPRITES = (3, 6, 40, 32, 32)
HIGHER = levels.Part("higher")
BETTER = {name: levels.Part("lower" if name == "wrong" else "higher") for name in ("", "right", "wrong", "missing")}
KINDS = ("categorical", "ordinal", "continuous", "cyclic")


@metric("gap", version=1, bounds=(0, 1), better="higher", source="this test")
def gap(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Scores:
    """MIG, in two lines."""
    table = np.sort(pairwise_information(codes, factors, num_bins), axis=0)
    return Score(float(((table[-1] - table[-2]) / entropies(factors, num_bins)).mean()))


@metric("recorded", version=1, bounds=(None, None), better="neither", source="this test")
def recorded(codes: Codes, factors: Factors, train: Any, *, seed: int = 0) -> Scores:
    """How many codes are constant, that beside the rows and the train rows; the last part is not always defined."""
    values, rows = np.asarray(codes), len(np.asarray(train))
    dead = int((values == values[0]).all(axis=0).sum())
    undefined = Score.undefined("dead codes") if dead else Score(1.0)
    share = dead + np.asarray(train).mean()
    return {"dead": Score(dead), "rows": Score(dead + rows), "train": Score(share), "alive": undefined}


def likeness_of(codes: Any, factors: Any, train: Any = None, most_rows: int = 20_000) -> Likeness:
    data = Representation.of(codes, factors, train)
    return Likeness.of(MetricCall(gap, data.codes, data.factors, data.train, {}), most_rows)


def test_perfect_codes_score_about_point_nine_mig_on_factors_as_of_dsprites(make_call: MakeCall) -> None:
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(size, size=5000) for size in DSPRITES], axis=1)
    found = levels.reference_levels(make_call(gap, rng.standard_normal((5000, 10)), factors), BETTER)[""]
    assert found.ceiling == pytest.approx(0.90, abs=0.015)
    assert 0 < found.chance < 0.01


def test_chance_of_a_share_is_one_over_its_values(make_call: MakeCall) -> None:
    labels = np.repeat(np.arange(4), 500)
    found = levels.reference_levels(make_call(share, labels, labels, np.arange(2000) % 2), BETTER)
    assert found["right"].chance == pytest.approx(0.25, abs=0.02)
    assert found["right"].ceiling == 1
    assert found["wrong"].ceiling == 0
    assert (found["missing"].chance, found["missing"].ceiling) == (None, None)
    assert found["missing"].reason == (
        "codes that know nothing have a score in 0 of 5 simulations, perfect codes have one in 0 of 2"
    )


def test_levels_depend_neither_on_the_order_of_rows_nor_on_the_values_of_codes(
    make_call: MakeCall, cache: Path
) -> None:
    rng = np.random.default_rng(0)
    codes, factors = rng.standard_normal((300, 3)), rng.integers(4, size=(300, 2))
    first = levels.reference_levels(make_call(gap, codes, factors), BETTER)
    rows = rng.permutation(300)
    assert levels.reference_levels(make_call(gap, codes + factors[:, :1], factors[rows]), BETTER) == first
    assert len(list((cache / "levels").glob("*.json"))) == 1


@pytest.mark.parametrize(
    "change", ["codes", "kinds", "rows", "margins", "joint", "factors", "settings", "metric", "train"]
)
def test_levels_of_other_sizes_are_others(make_call: MakeCall, cache: Path, change: str) -> None:
    rng = np.random.default_rng(0)
    codes, factors = rng.standard_normal((300, 3)), rng.integers(4, size=(300, 2))
    train = np.arange(300) % 2
    call = make_call(gap, codes, factors, train)
    other = {
        "codes": lambda: make_call(gap, codes[:, :2], factors, train),
        "kinds": lambda: make_call(gap, rng.integers(9, size=(300, 3)), factors, train),
        "rows": lambda: make_call(gap, codes[:200], factors[:200], train[:200]),
        "margins": lambda: make_call(gap, codes, factors // 2, train),
        "joint": lambda: make_call(gap, codes, np.column_stack([factors[:, 0], np.roll(factors[:, 1], 1)]), train),
        "factors": lambda: make_call(gap, codes, factors[:, :1], train),
        "settings": lambda: make_call(gap, codes, factors, train, num_bins=5),
        "metric": lambda: make_call(information, codes, factors, train),
        "train": lambda: make_call(gap, codes, factors, np.arange(300) % 3 == 0),
    }[change]()
    levels.reference_levels(call, BETTER)
    levels.reference_levels(other, BETTER)
    assert len(list((cache / "levels").glob("*.json"))) == 2


def test_levels_can_be_simulated_without_the_cache(make_call: MakeCall, cache: Path) -> None:
    call = make_call(gap, np.random.default_rng(0).standard_normal((50, 2)), np.arange(50) % 2)
    assert levels.reference_levels(call, BETTER, cached=False) == levels.reference_levels(call, BETTER)
    assert len(list((cache / "levels").glob("*.json"))) == 1


def test_a_metrics_own_seed_is_no_other_level(make_call: MakeCall, cache: Path) -> None:
    labels = np.arange(60) % 3
    for seed in (0, 1):
        levels.reference_levels(make_call(share, labels, labels, labels == 0, seed=seed), BETTER)
    assert len(list((cache / "levels").glob("*.json"))) == 1


def test_further_codes_are_dead_or_noise_and_the_better_of_the_two_is_the_ceiling(make_call: MakeCall) -> None:
    parts = dict.fromkeys(("dead", "rows", "train", "alive"), HIGHER)
    train = np.arange(1000) < 250
    call = make_call(recorded, np.random.default_rng(0).standard_normal((1000, 5)), np.arange(1000) % 2, train)
    found = levels.reference_levels(call, parts)
    assert (found["dead"].chance, found["dead"].ceiling) == (0, 4)
    assert (found["rows"].chance, found["train"].chance) == (1000, 0.25)
    assert found["alive"] == levels.Levels(
        reason="perfect codes score 1 beside such factors, and codes that know nothing 1"
    )
    near = {"chance": [0.0, 1.0, 0.2], "copy": [0.9, 0.9]}  # means 0.4 and 0.9, standard errors 0.306 and 0
    unclear = levels._levels_of(HIGHER, near, levels.effort_of(call)._replace(fillings=("copy",)), False)
    assert unclear.reason == (
        "perfect codes score 0.9 with a standard error of 0 beside such factors, and codes that know nothing 0.4 "
        "with a standard error of 0.31"
    )
    noisy = levels.reference_levels(call, dict.fromkeys(parts, levels.Part("lower")))["dead"]
    assert noisy.reason.startswith("perfect codes score 0 ")


def test_what_every_simulation_of_leaves_undefined_is_null(make_call: MakeCall) -> None:
    labels = np.zeros(40, dtype=int)
    found = levels.reference_levels(
        make_call(recorded, labels, np.arange(40) % 2, np.arange(40) < 20), {"alive": HIGHER}
    )
    assert found["alive"] == levels.Levels(reason="codes that know nothing have a score in 0 of 20 simulations")


@metric("moody", version=1, bounds=(0, 1), better="higher", source="this test")
def moody(codes: Codes, factors: Factors, *, seed: int = 0, of: int = 2) -> Scores:
    """Undefined of some noise; else a number that depends on the seed."""
    if len(np.unique(np.asarray(codes))) > 4 and seed % of:
        return Score.undefined("a code is blind")
    return Score(1.0 if len(np.unique(np.asarray(codes))) <= 4 else seed % 1000 / 2000)


def test_chance_is_the_mean_over_the_simulations_that_have_a_score(make_call: MakeCall) -> None:
    seeds = [levels.derive_seed(0, "reference levels", "chance", repeat) % 2**32 for repeat in range(5)]
    defined = [seed for seed in seeds if seed % 2 == 0]
    assert 2 <= len(defined) < 5
    call = make_call(moody, np.random.default_rng(0).standard_normal((2000, 1)), np.arange(2000) % 4)
    found = levels.reference_levels(call, {"": HIGHER})[""]
    assert found.chance == pytest.approx(np.mean([seed % 1000 / 2000 for seed in defined]))
    assert (found.ceiling, found.reason) == (1, "")


def test_without_one_of_the_two_levels_the_other_is_left_out_too(make_call: MakeCall) -> None:
    call = make_call(moody, np.random.default_rng(0).standard_normal((2000, 1)), np.arange(2000) % 4, of=10**12)
    found = levels.reference_levels(call, {"": HIGHER})[""]
    assert found == levels.Levels(reason="codes that know nothing have a score in 0 of 5 simulations")


@pytest.mark.parametrize("factors", [2, 3])
def test_infomec_of_noise_on_few_factors_has_both_levels_or_neither(make_call: MakeCall, factors: int) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=(1000, factors))
    call = make_call(METRICS.get("infomec"), rng.standard_normal((1000, 6)), labels)
    found = levels.reference_levels(call, dict.fromkeys(("infom", "infoc", "infoe"), HIGHER))
    for part in ("infom", "infoc"):
        assert (found[part].chance is None) == (found[part].ceiling is None) == bool(found[part].reason)
    assert found["infom"].reason.startswith("codes that know nothing have a score in ") or factors == 3
    assert found["infoe"].chance < 0.1 < found["infoe"].ceiling


def test_many_rows_are_simulated_at_fewer_and_said_to_be(make_call: MakeCall) -> None:
    n = levels.USUAL.rows * 2
    call = make_call(recorded, np.zeros((n, 2)), np.arange(n) % 2, np.arange(n) < n // 2)
    assert levels.reference_levels(call, {"rows": HIGHER})["rows"].chance == levels.USUAL.rows
    told = levels.explanation(call, levels.Levels())
    assert told["rows"] == levels.USUAL.rows
    assert told["simulated_at_fewer_rows_than"] == n


def test_slow_metrics_are_simulated_less(make_call: MakeCall) -> None:
    @metric("sleepy", version=1, bounds=(0, 1), better="higher", source="this test", slow=True)
    def sleepy(codes: Codes, factors: Factors) -> Scores:
        return Score(0.5)

    assert levels.effort_of(make_call(sleepy, np.zeros(9), np.arange(9))) == levels.SLOW
    assert levels.SLOW.simulations < levels.USUAL.simulations
    assert info_of(sleepy).resamplable


@st.composite
def subjects(draw: st.DrawFn) -> tuple[Variables, Variables, int]:
    n = draw(st.integers(4, 40))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)

    def variables(most: int, prefix: str) -> Variables:
        kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=most))
        columns = [rng.normal(size=n) if kind == "continuous" else rng.integers(3, size=n) for kind in kinds]
        return Variables.wrap(np.stack(columns, axis=1).astype(float), kinds=kinds, prefix=prefix)

    return variables(5, "c"), variables(4, "f"), seed


@given(subjects())
def test_simulated_subjects_are_of_the_subjects_size(subject: tuple[Variables, Variables, int]) -> None:
    codes, factors, seed = subject
    likeness = likeness_of(codes, factors)
    rng = np.random.default_rng(seed)
    drawn, _ = likeness.shuffled(rng)
    assert (drawn.names, drawn.kinds) == (factors.names, factors.kinds)
    assert sorted(drawn.values.tolist()) == sorted(factors.values.tolist())
    ignorant = likeness.ignorant_codes(rng)
    assert (ignorant.names, ignorant.kinds, ignorant.values.shape) == (codes.names, codes.kinds, codes.values.shape)
    for noise in (False, True):
        perfect = likeness.perfect_codes(drawn, rng, noise=noise)
        assert (perfect.names, perfect.values.shape) == (codes.names, codes.values.shape)
        found = [any(np.array_equal(column, factor) for factor in drawn.values.T) for column in perfect.values.T]
        assert sum(found) >= min(len(codes.names), len(likeness.varying))


def test_a_perfect_code_keeps_to_continuous_and_prefers_its_kind() -> None:
    codes = Variables.wrap(np.zeros((6, 3)), kinds=["continuous", "categorical", "continuous"])
    factors = Variables.wrap(np.arange(12.0).reshape(6, 2) % 5, kinds=["ordinal", "categorical"], prefix="f")
    likeness = likeness_of(codes, factors)
    drawn, _ = likeness.shuffled(np.random.default_rng(0))
    perfect = likeness.perfect_codes(drawn, np.random.default_rng(0), noise=False)
    assert perfect.kinds == codes.kinds
    assert np.array_equal(perfect.values[:, 1], drawn.values[:, 1])


def test_factors_of_text_have_perfect_codes() -> None:
    likeness = likeness_of(np.zeros((4, 1)), np.array(["b", "a", "b", "c"]))
    drawn, _ = likeness.shuffled(np.random.default_rng(0))
    perfect = likeness.perfect_codes(drawn, np.random.default_rng(0), noise=False)
    assert {(text, number) for text, number in zip(drawn.values[:, 0], perfect.values[:, 0], strict=True)} == {
        ("a", 0.0),
        ("b", 1.0),
        ("c", 2.0),
    }


def test_simulating_leaves_the_question_as_it_was(make_call: MakeCall) -> None:
    call = make_call(gap, np.random.default_rng(0).standard_normal((30, 2)), np.arange(30) % 3)
    before = replace(call, codes=call.codes.rows(np.arange(30)), factors=call.factors.rows(np.arange(30)))
    levels.reference_levels(call, BETTER)
    assert np.array_equal(before.codes.values, call.codes.values)
    assert np.array_equal(before.factors.values, call.factors.values)


def test_of_codes_in_a_file_only_a_sample_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    rng = np.random.default_rng(0)
    n = 3 * BATCH
    representation = Representation.of(rng.standard_normal((n, 2)), rng.integers(5, size=n), rng.random(n) < 0.5)
    representation.save(tmp_path / "big.h5")
    stored = open_representation(tmp_path / "big.h5")
    of_file, of_arrays = (
        levels.reference_levels(MetricCall(gap, r.codes, r.factors, r.train, {"num_bins": 20}), BETTER)
        for r in (stored, representation)
    )
    assert of_file == of_arrays
    assert "values" not in vars(stored.codes)
    assert "values" not in vars(stored.factors)
    assert len(list((cache / "levels").glob("*.json"))) == 1


def test_thinning_takes_the_rows_asked_for() -> None:
    variables = Variables.wrap(np.arange(3 * BATCH))
    rows = np.arange(0, 3 * BATCH, 1000)
    assert np.array_equal(thinned(variables, rows).values[:, 0], rows)


def dependent(n: int = 3000) -> np.ndarray:
    """Two factors of which the second is often the first, and one of its own."""
    rng = np.random.default_rng(5)
    first, other = rng.integers(5, size=(2, n))
    return np.column_stack([first, np.where(rng.random(n) < 0.7, first, other), rng.integers(4, size=n)])


def test_the_ceiling_of_mig_allows_for_what_factors_tell_of_each_other(make_call: MakeCall) -> None:
    """With a code per factor and no other, the runner-up is the code of the factor that tells most."""
    factors = dependent()
    shared, sizes = pairwise_information(factors, factors, 20), entropies(factors, 20)
    others = np.where(np.eye(3, dtype=bool), 0, shared).max(axis=0)
    call = make_call(gap, np.random.default_rng(0).standard_normal((3000, 3)), factors)
    found = levels.reference_levels(call, BETTER)[""]
    assert found.ceiling == pytest.approx(((sizes - others) / sizes).mean(), abs=1e-12)
    assert found.ceiling < 0.8
    assert found.chance < 0.02


def test_codes_that_are_the_factors_stand_at_the_ceiling(make_call: MakeCall) -> None:
    factors = dependent(600)
    train = np.arange(600) % 3 > 0
    for metric_name in ("mig", "mig-sup", "dcimig", "sap", "modularity"):
        function = METRICS.get(metric_name)
        call = make_call(function, factors.astype(float), factors, train)
        value = call.values()[""]
        found = levels.reference_levels(call, {"": HIGHER})[""]
        assert found.ceiling == pytest.approx(value, abs=1e-9), metric_name
        assert found.chance < value, metric_name


def test_of_many_rows_no_value_of_a_factor_is_passed_over(make_call: MakeCall) -> None:
    """Every second row of a grid would have one value of its last factor."""
    n = 2 * levels.USUAL.rows
    factors = np.column_stack([np.arange(n) // 2 % 3, np.arange(n) % 2])
    train = np.arange(n) % 4 == 0
    likeness = likeness_of(np.zeros((n, 1)), factors, train)
    assert len(likeness.factors) == levels.USUAL.rows
    assert likeness.factors.values.mean(axis=0) == pytest.approx([1, 0.5], abs=0.02)
    assert likeness.train.mean() == 0.25


def test_levels_that_put_nothing_in_order_stay_empty_with_a_reason(make_call: MakeCall) -> None:
    """Every code is certain to know a factor that is different in every row, counted in bins."""
    unique = np.column_stack([np.arange(300), np.random.default_rng(0).integers(4, size=300)])
    call = make_call(METRICS.get("modularity"), np.random.default_rng(1).standard_normal((300, 3)), unique)
    found = levels.reference_levels(call, {"": HIGHER})[""]
    assert (found.chance, found.ceiling) == (None, None)
    assert "perfect codes score" in found.reason


def test_a_score_without_a_direction_has_no_levels(make_call: MakeCall) -> None:
    labels = np.arange(60) % 3
    call = make_call(share, labels, labels, labels == 0)
    found = levels.reference_levels(call, {"right": levels.Part("neither")})["right"]
    assert (found.chance, found.ceiling) == (None, None)
    assert "direction" in found.reason


def test_scores_of_the_rows_fitted_on_have_levels_of_as_many_rows_only(make_call: MakeCall) -> None:
    fitted = {"right": levels.Part("higher", in_sample=True)}
    found = []
    for n in (levels.USUAL.rows, levels.USUAL.rows + 2):
        labels = np.arange(n) % 3
        found.append(levels.reference_levels(make_call(share, labels, labels, np.arange(n) % 2), fitted)["right"])
    assert found[0].ceiling == 1
    assert (found[1].chance, found[1].ceiling) == (None, None)


def test_levels_come_with_their_error_and_few_rows_with_more_simulations(make_call: MakeCall) -> None:
    few, many = (make_call(share, np.arange(n) % 3, np.arange(n) % 3, np.arange(n) % 2) for n in (40, 1000))
    assert levels.effort_of(few).chance > levels.effort_of(many).chance == levels.USUAL.chance
    found = levels.reference_levels(few, BETTER)["right"]
    assert found.errors["ceiling"] == 0
    expected = np.sqrt(1 / 3 * 2 / 3 / 20 / levels.effort_of(few).chance)
    assert found.errors["chance"] == pytest.approx(expected, rel=0.5)
