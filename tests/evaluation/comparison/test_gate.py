"""Gates: what falls short, what holds, and what was not measured."""

import pytest

from disentangle_bench.errors import SettingError
from disentangle_bench.evaluation.comparison import Comparison, check_gate, compare_results
from disentangle_bench.evaluation.comparison.gate import ShortfallError, UnmeasuredError
from disentangle_bench.evaluation.results import Results, ScoreEntry


def scored(name: str, value: float | None, seed: int | None = None, **info: object) -> Results:
    entry = ScoreEntry(metric="mig", value=value, reason="" if value is not None else "too few rows", **info)
    return Results(subject={"name": name, "recipe": name, "seed": seed}, scores={"mig": entry})


def comparison(before: float | None, after: float | None, **info: object) -> Comparison:
    return compare_results([scored("base", before, **info), scored("new", after, **info)])


@pytest.mark.parametrize(("after", "margin"), [(0.5, 0), (0.5, -0.02), (0.48, -0.02), (0.6, 0.1)])
def test_holds(after, margin):
    assert check_gate(comparison(0.5, after), margin).startswith("The gate holds: mig of new is ")


@pytest.mark.parametrize(("after", "margin"), [(0.47, -0.02), (0.5, 0.01), (0.4799, -0.02)])
def test_falls_short(after, margin):
    with pytest.raises(ShortfallError) as caught:
        check_gate(comparison(0.5, after), margin)
    assert caught.value.exit_code == 3


def test_names_the_score_both_values_and_the_margin_in_one_message():
    with pytest.raises(ShortfallError) as caught:
        check_gate(comparison(0.512, 0.478), -0.02)
    message = "mig of new is 0.478, 0.034 worse than 0.512 of base; 0.02 worse is allowed."
    assert caught.value.problem == f"The gate fell short: {message}"


def test_where_lower_is_better_a_rise_falls_short():
    assert check_gate(comparison(0.5, 0.4, better="lower"), -0.02)
    with pytest.raises(ShortfallError, match=r"0\.1 worse"):
        check_gate(comparison(0.5, 0.6, better="lower"), -0.02)


@pytest.mark.parametrize(("before", "after"), [(None, 0.5), (0.5, None), (None, None)])
def test_nothing_to_measure(before, after):
    with pytest.raises(UnmeasuredError, match="mig of new is not measured against base: too few rows") as caught:
        check_gate(comparison(before, after), -0.02)
    assert caught.value.exit_code == 4


def test_other_versions_are_nothing_to_measure():
    subjects = [scored("base", 0.5), scored("new", 0.6, version=2)]
    with pytest.raises(UnmeasuredError, match="versions 1 and 2"):
        check_gate(compare_results(subjects), -0.02)


def test_a_shortfall_beside_something_that_is_not_measured_is_a_shortfall():
    subjects = [scored("base", 0.5), scored("new", 0.1), scored("newer", None)]
    with pytest.raises(ShortfallError, match=r"mig of new is 0\.1(.|\n)*mig of newer is not measured"):
        check_gate(compare_results(subjects), -0.02)


def test_a_mean_of_some_seeds_does_not_pass():
    base = [scored("base", 0.5, seed) for seed in range(3)]
    new = [scored("new", None if seed == 1 else 0.6, seed) for seed in range(3)]
    with pytest.raises(UnmeasuredError, match="seed 1: too few rows"):
        check_gate(compare_results([base, new]), -0.02)


def test_without_a_better_direction_there_is_no_gate():
    with pytest.raises(SettingError, match="neither direction is better"):
        check_gate(comparison(0.5, 0.4, better="neither"), -0.02)
