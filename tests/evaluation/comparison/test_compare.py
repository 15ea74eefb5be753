"""Comparisons: who is paired with whom, what the verdict is, and what is said where there is none."""

import json
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from disentangle_bench.errors import RunError, UnknownNameError
from disentangle_bench.evaluation.comparison import Comparison, Difference, compare_results
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.evaluation.samples import Replicates, Samples
from disentangle_bench.evaluation.seeds import holm

RNG = np.random.default_rng


def entry(value: float | None, metric: str = "accuracy", **info: object) -> ScoreEntry:
    return ScoreEntry(metric=metric, value=value, **info)


def scored(name: str = "a", *, seed: int | None = 0, **scores: ScoreEntry) -> Results:
    subject = {"name": f"{name} seed {seed}", "recipe": name, "seed": seed, "status": "ok"}
    named = {name: entry.model_copy(update={"metric": name}) for name, entry in scores.items()}
    return Results(subject=subject, scores=named)


def sampled(name: str, values: np.ndarray, *, pairing: str = "test images", **info: object) -> Results:
    results = scored(name, accuracy=entry(value=float(values.mean()), **info))
    results.samples["accuracy"] = Samples(values, pairing)
    return results


def group(
    name: str, values: Sequence[float], seeds: Sequence[int | None] | None = None, **info: object
) -> list[Results]:
    seeds = range(len(values)) if seeds is None else seeds
    return [
        scored(name, seed=seed, accuracy=entry(value=value, **info)) for seed, value in zip(seeds, values, strict=True)
    ]


def only_difference(comparison: Comparison) -> Difference:
    [row] = comparison.rows
    [difference] = row.differences
    return difference


class TestSamples:
    def test_the_same_samples_are_paired(self):
        first, second = RNG(0).normal(size=(2, 80))
        difference = only_difference(compare_results([sampled("a", first), sampled("b", second)]))
        expected = stats.ttest_rel(second, first)
        assert difference.p == pytest.approx(expected.pvalue)
        assert (difference.low, difference.high) == pytest.approx(expected.confidence_interval())
        assert (difference.spread, difference.method) == ("test samples", "paired t")

    def test_outcomes_get_the_exact_test(self):
        first, second = np.array([0.0, 1, 1, 0, 1, 1]), np.array([1.0, 1, 1, 1, 1, 1])
        difference = only_difference(compare_results([sampled("a", first), sampled("b", second)]))
        assert (difference.p, difference.method) == (0.5, "exact McNemar")

    @pytest.mark.parametrize(("pairing", "size"), [("other images", 80), ("", 80), ("test images", 90)])
    def test_other_samples_are_not(self, pairing, size):
        rng = RNG(0)
        first, second = rng.normal(size=80), rng.normal(size=size)
        kept = "" if pairing == "" else "test images"
        runs = [sampled("a", first, pairing=kept), sampled("b", second, pairing=pairing)]
        difference = only_difference(compare_results(runs))
        assert difference.p == pytest.approx(stats.ttest_ind(second, first, equal_var=False).pvalue)
        assert difference.method == "Welch's t"

    def test_without_samples_the_intervals_have_to_do(self):
        entries = entry(value=0.5, low=0.4, high=0.6), entry(value=0.8, low=0.7, high=0.9)
        difference = only_difference(compare_results([scored(nmi=entries[0]), scored(nmi=entries[1])]))
        assert (difference.low, difference.high) == pytest.approx((0.3 - 0.02**0.5, 0.3 + 0.02**0.5))
        assert (difference.method, difference.verdict) == ("from the two intervals", "better on these samples")

    def test_samples_without_spread_fall_back_on_the_intervals(self):
        first = sampled("a", np.ones(5), pairing="x", low=0.6, high=1)
        second = sampled("b", np.ones(6), pairing="y", low=0.7, high=1)
        difference = only_difference(compare_results([first, second]))
        assert (difference.low, difference.high) == pytest.approx((-0.3, 0.4))

    def test_without_either_there_is_a_difference_but_no_verdict(self):
        difference = only_difference(compare_results([scored(n=entry(value=10)), scored(n=entry(value=7))]))
        assert (difference.value, difference.verdict, difference.spread) == (-3, "no test", None)
        assert difference.reason == "it has neither samples nor an interval"


class TestReplicates:
    """Values on resamples of rows that both subjects share."""

    @staticmethod
    def resampled(name: str, value: float, values: Sequence[float], drawn: str = "100 resamples of rows") -> Results:
        results = scored(name, mig=entry(value, low=value - 0.2, high=value + 0.2))
        results.replicates["mig"] = Replicates(np.array(values), drawn, "rows")
        return results

    def test_are_paired(self):
        shared, own = RNG(0).normal(0, 0.1, size=(2, 100))
        subjects = [self.resampled("a", 0.5, 0.5 + shared), self.resampled("b", 0.6, 0.6 + shared + own / 10)]
        difference = only_difference(compare_results(subjects))
        deviation = np.std(own / 10, ddof=1)
        reach = stats.t.ppf(0.975, 99) * deviation
        assert (difference.low, difference.high) == pytest.approx((0.1 - reach, 0.1 + reach))
        assert difference.p == pytest.approx(2 * stats.t.sf(0.1 / deviation, 99))
        assert (difference.method, difference.verdict) == ("paired bootstrap over rows", "better on these samples")

    def test_of_other_draws_are_not(self):
        values = 0.5 + RNG(0).normal(0, 0.1, size=100)
        subjects = [self.resampled("a", 0.5, values), self.resampled("b", 0.6, values, "50 resamples of rows")]
        method = "from the two intervals, since they are of different resamples"
        assert only_difference(compare_results(subjects)).method == method

    def test_of_which_some_are_lost_are_not(self):
        values = 0.5 + RNG(0).normal(0, 0.1, size=100)
        subjects = [self.resampled("a", 0.5, values), self.resampled("b", 0.6, values[:-1])]
        assert only_difference(compare_results(subjects)).method.startswith("from the two intervals")
        subjects[1].replicates = {}
        method = "from the two intervals, since the resamples of one are not kept"
        assert only_difference(compare_results(subjects)).method == method


LOW, HIGH = [0.50, 0.52, 0.49, 0.51, 0.50], [0.60, 0.63, 0.61, 0.60, 0.62]


class TestSeeds:
    def test_equal_seeds_are_paired_in_whatever_order(self):
        before, after = [0.5, 0.7, 0.6], [0.8, 0.65, 0.95]  # seeds 0, 1, 2 and 2, 0, 1
        difference = only_difference(compare_results([group("a", before), group("b", after, [2, 0, 1])]))
        expected = stats.ttest_rel([0.65, 0.95, 0.8], before)
        assert difference.p == pytest.approx(expected.pvalue)
        assert (difference.low, difference.high) == pytest.approx(expected.confidence_interval())
        assert (difference.spread, difference.method) == ("seeds", "paired t over 3 seeds")

    @pytest.mark.parametrize("seeds", [[3, 4, 5], [0, 1, 5], [None, None, None]])
    def test_other_seeds_are_not(self, seeds):
        before, after = [0.5, 0.7, 0.6], [0.8, 0.65, 0.95]
        difference = only_difference(compare_results([group("a", before), group("b", after, seeds)]))
        assert difference.p == pytest.approx(stats.ttest_ind(after, before, equal_var=False).pvalue)
        assert (difference.spread, difference.method) == ("seeds", "Welch's t, 3 and 3 seeds")

    def test_outcomes_of_seeds_are_no_test_images(self):
        difference = only_difference(compare_results([group("a", [0, 1, 0]), group("b", [1, 1, 0])]))
        assert difference.method == "paired t over 3 seeds"

    def test_samples_do_not_stand_in_for_seeds(self):
        runs = [sampled("b", RNG(seed).normal(size=1000)) for seed in range(2)]
        runs[1].subject["seed"] = 1
        difference = only_difference(compare_results([sampled("a", RNG(9).normal(size=1000)), runs]))
        assert (difference.p, difference.spread) == (None, None)
        assert "single run" in difference.reason

    def test_a_group_shows_its_mean_its_interval_and_every_run(self):
        values = [0.5, 0.7, 0.9]
        comparison = compare_results([group("a", values), group("b", [0.1, 0.1, 0.1])])
        first, second = comparison.rows[0].values
        low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
        assert (first.value, first.low, first.high) == pytest.approx((0.7, low, high))
        assert first.runs == values
        assert (second.value, second.low) == (0.1, None)
        assert [side.name for side in comparison.subjects] == ["a", "b"]
        assert comparison.subjects[0].seeds == [0, 1, 2]

    def test_what_so_many_seeds_could_have_shown(self):
        before, after = [0.5, 0.7, 0.6], [0.8, 0.65, 0.55]
        difference = only_difference(compare_results([group("a", before), group("b", after)]))
        error = stats.sem(np.subtract(after, before))
        critical = stats.t.ppf(0.975, 2)
        assert difference.verdict == "no difference shown"
        assert stats.nct.sf(critical, 2, difference.detectable / error) == pytest.approx(0.8)
        assert difference.smallest_p == 0.25

    def test_what_could_have_been_shown_is_less_among_many_tests(self):
        """A difference of 3 standard errors is seen by itself; not as one of five of which none is shown."""
        alone, others = [[0.5, 0.7, 0.6], [0.8, 0.65, 0.55]], [[0.5, 0.7, 0.6], [0.5, 0.71, 0.59]]
        subjects = [group(name, values) for name, values in zip("ab", alone, strict=True)]
        single = only_difference(compare_results(subjects))
        for subject, values in zip(subjects, others, strict=True):
            for results, value in zip(subject, values, strict=True):
                results.scores |= {f"m{number}": entry(value, f"m{number}") for number in range(4)}
        difference = compare_results(subjects).rows[0].differences[0]
        error = stats.sem(np.subtract(*reversed(alone)))
        critical = stats.t.ppf(1 - 0.01 / 2, 2)
        assert stats.nct.sf(critical, 2, difference.detectable / error) == pytest.approx(0.8)
        assert difference.detectable > single.detectable

    def test_seeds_of_several_versions_have_no_mean(self):
        runs = [*group("a", [0.5, 0.6]), *group("a", [0.7], [2], version=2)]
        row = compare_results([runs, group("b", [0.5, 0.6, 0.7])]).rows[0]
        assert (row.values[0].value, row.values[0].reason) == (None, "computed by versions 1 and 2 of the metric")
        assert row.differences[0].verdict == "not comparable"

    def test_collapsed_runs_are_shown(self):
        runs = group("a", [0.9, 0.1])
        runs[1].subject["status"] = "collapsed: sigma"
        comparison = compare_results([runs, group("b", [0.5, 0.5])])
        assert comparison.subjects[0].statuses == ["ok", "collapsed: sigma"]
        assert comparison.rows[0].values[0].value == 0.5


class TestVerdict:
    @pytest.mark.parametrize(
        ("better", "shift", "verdict"),
        [
            ("higher", 1, "better"),
            ("higher", -1, "worse"),
            ("lower", 1, "worse"),
            ("lower", -1, "better"),
            ("neither", 1, "differs"),
            ("neither", -1, "differs"),
            ("higher", 0, "no difference shown"),
            ("lower", 0, "no difference shown"),
            ("neither", 0, "no difference shown"),
        ],
    )
    def test_honors_the_direction(self, better, shift, verdict):
        first, second = RNG(1).normal(size=(2, 200))
        runs = [sampled("a", first, better=better), sampled("b", second + shift, better=better)]
        expected = verdict if verdict == "no difference shown" else f"{verdict} on these samples"
        assert only_difference(compare_results(runs)).verdict == expected

    @pytest.mark.parametrize(("better", "verdict"), [("higher", "better"), ("lower", "worse"), ("neither", "differs")])
    def test_over_seeds_is_about_the_methods(self, better, verdict):
        subjects = [group(name, values, better=better) for name, values in (("a", LOW), ("b", HIGH))]
        assert only_difference(compare_results(subjects)).verdict == verdict

    def test_identical_runs_show_no_difference(self):
        values = RNG(1).normal(size=50)
        difference = only_difference(compare_results([sampled("a", values), sampled("b", values)]))
        assert (difference.value, difference.p, difference.verdict) == (0, 1, "no difference shown")

    def test_is_by_holms_correction_over_the_headlines(self):
        rng = RNG(2)
        subjects = []
        for shift in (0, 0.25, 0.33):
            results = scored(f"shift {shift}")
            for row in range(4):
                results.scores[f"row {row}"] = entry(0, f"row {row}")
                results.samples[f"row {row}"] = Samples(rng.normal(shift, 1, size=100), "p")
            subjects.append(results)
        comparison = compare_results(subjects)
        differences = [difference for row in comparison.rows for difference in row.differences]
        assert comparison.tests == len(differences) == 8
        assert [d.p_corrected for d in differences] == pytest.approx(holm([d.p for d in differences]))
        assert {d.verdict for d in differences} == {"better on these samples", "no difference shown"}
        assert any(d.p < 0.05 <= d.p_corrected and d.verdict == "no difference shown" for d in differences)

    def test_near_copies_of_a_headline_are_not_tested(self):
        """An accuracy and its error rate would else get two verdicts, and cost each other power."""
        first, second = RNG(2).normal(size=(2, 100)) + np.array([[0], [0.35]])
        subjects = [sampled("a", first), sampled("b", second)]
        for results in subjects:
            value = results.scores["accuracy"].value
            results.scores["accuracy.error"] = entry(-value, component="error", better="lower")
            results.samples["accuracy.error"] = Samples(-results.samples["accuracy"].values, "test images")
        headline, copy = compare_results(subjects).rows
        assert headline.differences[0].p_corrected == headline.differences[0].p < 0.05
        assert (headline.tested, copy.tested) == (True, False)
        difference = copy.differences[0]
        assert (difference.verdict, difference.p, difference.p_corrected) == ("", None, None)
        assert (difference.low, difference.high) == pytest.approx(
            (-headline.differences[0].high, -headline.differences[0].low)
        )

    def test_a_score_that_is_asked_for_by_name_is_tested(self):
        first, second = scored("a"), scored("b")
        for results, shift in ((first, 0.0), (second, 0.3)):
            for name, component in (("dci.head", "head"), ("dci.tail", "tail"), ("mig", "")):
                samples = RNG(len(name)).normal(shift, 1, size=100)
                results.scores[name] = entry(float(samples.mean()), name.partition(".")[0], component=component)
                results.samples[name] = Samples(samples, "p")
        subjects = [first, second]
        assert [row.score for row in compare_results(subjects, metrics=["dci.tail"]).rows] == ["dci.tail"]
        rows = compare_results(subjects, metrics=["mig", "dci", "dci.tail"]).rows
        assert [(row.score, row.tested) for row in rows] == [("mig", True), ("dci.head", True), ("dci.tail", True)]
        rows = compare_results(subjects, metrics=["dci"]).rows
        assert [(row.score, row.tested) for row in rows] == [("dci.head", True), ("dci.tail", False)]

    def test_is_withheld_where_the_permutation_test_says_otherwise(self):
        """One pair of six to the contrary: 4 of 64 arrangements are as extreme."""
        after = [1.0, 1.1, 0.9, 1.2, 1.0, -0.05]
        difference = only_difference(compare_results([group("a", [0.0] * 6), group("b", after)]))
        assert difference.p < 0.05 < difference.p_exact == 4 / 64
        assert difference.verdict == "no difference shown"

    def test_one_table_in_twenty_at_most_finds_what_is_not_there(self):
        rng = RNG(3)
        found = 0
        for _ in range(150):
            subjects = [scored("a"), scored("b")]
            for row, (first, second) in enumerate(rng.normal(size=(4, 2, 30))):
                for results, values in zip(subjects, (first, second), strict=True):
                    results.scores[f"{row}"] = entry(float(values.mean()), f"{row}")
                    results.samples[f"{row}"] = Samples(values, "p")
            found += any(row.differences[0].verdict != "no difference shown" for row in compare_results(subjects).rows)
        assert found / 150 < 0.11

    def test_three_seeds_without_a_difference_find_one_in_twenty(self):
        rng = RNG(4)
        verdicts = [
            only_difference(compare_results([group("a", first), group("b", second)])).verdict
            for first, second in rng.normal(0.5, 0.1, size=(300, 2, 3))
        ]
        assert 0.02 < 1 - verdicts.count("no difference shown") / 300 < 0.09


class TestNoValue:
    def test_a_null_stays_null_with_its_reason(self):
        null = entry(value=None, reason="no labels")
        comparison = compare_results([scored(nmi=entry(value=0.5, low=0.4, high=0.6)), scored(nmi=null), scored()])
        [row] = comparison.rows
        assert [value.value for value in row.values] == [0.5, None, None]
        assert [value.reason for value in row.values] == ["", "no labels", "not evaluated"]
        assert [difference.value for difference in row.differences] == [None, None]
        assert {difference.verdict for difference in row.differences} == {"no test"}
        assert comparison.tests == 0

    def test_a_null_among_seeds_is_counted(self):
        runs = group("a", [0.9, 0.8, 0.7, 0.9])
        for seed in (1, 2):
            runs[seed].scores["accuracy"] = entry(value=None, reason="no category is used")
        comparison = compare_results([runs, group("b", [0.5, 0.6, 0.7, 0.8])])
        value, other = comparison.rows[0].values
        assert (value.value, value.runs) == (0.9, [0.9, None, None, 0.9])
        assert (value.is_partial, other.is_partial) == (True, False)
        assert value.reason == "seed 1, 2: no category is used"
        assert comparison.rows[0].differences[0].method == "paired t over 2 seeds"

    def test_a_run_that_failed_is_a_row(self):
        failed = Results(subject={"name": "a seed 2", "recipe": "a", "seed": 2, "status": "collapsed: nan"}, scores={})
        comparison = compare_results([[*group("a", [0.9, 0.8]), failed], group("b", [0.5, 0.6, 0.7])])
        assert comparison.subjects[0].statuses == ["ok", "ok", "collapsed: nan"]
        assert comparison.rows[0].values[0].reason == "seed 2: collapsed: nan"

    def test_a_metric_that_failed_as_a_whole_takes_no_row_of_its_own(self):
        whole = scored(dci=entry(0.5))
        whole.scores = {"dci.head": entry(0.5, "dci", component="head")}
        failed = scored(dci=entry(None, reason="too few rows"))
        [row] = compare_results([failed, whole]).rows
        assert (row.score, row.tested, row.values[0].reason) == ("dci.head", True, "too few rows")

    def test_what_is_asked_for_and_nowhere_is_a_row_without_values(self):
        [row] = compare_results([scored(x=entry(1)), scored(x=entry(1))], metrics=["dci.completeness"]).rows
        assert (row.metric, row.component, row.better) == ("dci", "completeness", "higher")
        assert {value.reason for value in row.values} == {"not evaluated"}

    def test_what_is_asked_for_and_does_not_exist(self):
        subjects = [scored(accuracy=entry(1)), scored(accuracy=entry(1))]
        with pytest.raises(UnknownNameError, match=r"no metric or score of these results(.|\n)*'accuracy'"):
            compare_results(subjects, metrics=["accuracyy"])

    def test_other_versions_and_settings_are_not_the_same_measurement(self):
        usual = entry(value=0.5, low=0.4, high=0.6, settings={"bins": 20, "seed": 1})
        newer = usual.model_copy(update={"version": 2})
        finer = usual.model_copy(update={"settings": {"bins": 40, "seed": 1}})
        reseeded = usual.model_copy(update={"settings": {"bins": 20, "seed": 2, "bootstrap": 500}})
        reasons = [
            d.reason
            for d in compare_results([scored(x=e) for e in (usual, newer, finer, reseeded)]).rows[0].differences
        ]
        assert reasons == ["computed by versions 1 and 2 of the metric", "computed with a different bins", ""]

    def test_json_has_no_nan(self):
        comparison = compare_results([scored(x=entry(value=None, reason="why"), y=entry(value=1))] * 2)
        json.dumps(comparison.to_values(), allow_nan=False)


class TestSubjects:
    def test_rows_come_in_the_first_ones_order_then_what_only_others_have(self):
        one = entry(value=1)
        comparison = compare_results([scored(b=one, a=one), scored(a=one, z=one, b=one)])
        assert [row.score for row in comparison.rows] == ["b", "a", "z"]

    def test_equal_names_are_told_apart(self):
        runs = [scored("a", x=entry(value=1)), scored("a", x=entry(value=1))]
        assert [side.name for side in compare_results(runs).subjects] == ["a seed 0 (1)", "a seed 0 (2)"]
        assert [side.name for side in compare_results(runs, names=["old", "new"]).subjects] == ["old", "new"]

    def test_fewer_than_two(self):
        with pytest.raises(RunError, match=r"two subjects or more, not 1[\s\S]*two or more"):
            compare_results([scored()])

    def test_one_without_runs(self):
        with pytest.raises(RunError, match="Subject 2 has no evaluated runs"):
            compare_results([scored(), []])

    def test_a_copied_run_is_no_second_seed(self):
        with pytest.raises(RunError, match=r"a has two runs of the same seed; its seeds are 0, 1, 1"):
            compare_results([group("a", [1, 2, 3], [0, 1, 1]), scored()])


def test_comparing_and_printing_needs_no_torch():
    modules = "disentangle_bench.evaluation.comparison, disentangle_bench.reports.tables"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
