"""Comparisons: who is paired with whom, what the verdict is, and what is said where there is none."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from disentangle_bench.errors import RunError
from disentangle_bench.evaluation.comparison import Comparison, Difference, compare_results, read_subject
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.evaluation.samples import Samples, save_samples
from disentangle_bench.evaluation.seeds import holm
from disentangle_bench.recipe import LatentSettings, NetworkSettings, Recipe
from disentangle_bench.run import Run

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
        assert (difference.method, difference.verdict) == ("from the two intervals", "better")

    def test_samples_without_spread_fall_back_on_the_intervals(self):
        first = sampled("a", np.ones(5), pairing="x", low=0.6, high=1)
        second = sampled("b", np.ones(6), pairing="y", low=0.7, high=1)
        difference = only_difference(compare_results([first, second]))
        assert (difference.low, difference.high) == pytest.approx((-0.3, 0.4))

    def test_without_either_there_is_a_difference_but_no_verdict(self):
        difference = only_difference(compare_results([scored(n=entry(value=10)), scored(n=entry(value=7))]))
        assert (difference.value, difference.verdict, difference.spread) == (-3, "no interval", None)
        assert difference.reason == "it has neither samples nor an interval"


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
        assert "one run against several" in difference.reason

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
        assert only_difference(compare_results(runs)).verdict == verdict

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
        assert comparison.headlines == len(differences) == 8
        assert [d.p_corrected for d in differences] == pytest.approx(holm([d.p for d in differences]))
        assert {d.verdict for d in differences} == {"better", "no difference shown"}
        assert any(d.p < 0.05 <= d.p_corrected and d.verdict == "no difference shown" for d in differences)

    def test_is_corrected_among_the_other_scores_of_the_same_metric(self):
        rng = RNG(2)
        first, second = scored("a"), scored("b")
        names = ["m.head", "m.one", "m.two", "n.head", "n.one"]
        for results, shift in ((first, 0), (second, 0.25)):
            for name in names:
                results.scores[name] = entry(0, metric=name[0], component=name[2:])
                results.samples[name] = Samples(rng.normal(shift, 1, size=100), "p")
        rows = {row.score: row.differences[0] for row in compare_results([first, second]).rows}
        for family in (["m.head", "n.head"], ["m.one", "m.two"], ["n.one"]):
            corrected = holm([rows[name].p for name in family])
            assert [rows[name].p_corrected for name in family] == pytest.approx(corrected)

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


class TestNoValue:
    def test_a_null_stays_null_with_its_reason(self):
        null = entry(value=None, reason="no labels")
        comparison = compare_results([scored(nmi=entry(value=0.5, low=0.4, high=0.6)), scored(nmi=null), scored()])
        [row] = comparison.rows
        assert [value.value for value in row.values] == [0.5, None, None]
        assert [value.reason for value in row.values] == ["", "no labels", "not evaluated"]
        assert [difference.value for difference in row.differences] == [None, None]
        assert {difference.verdict for difference in row.differences} == {"no interval"}
        assert comparison.headlines == 0

    def test_a_null_among_seeds_is_not_averaged_away(self):
        runs = group("a", [0.9, 0.9, 0.9])
        runs[1].scores["accuracy"] = entry(value=None, reason="no category is used")
        runs[2].scores["accuracy"] = entry(value=None, reason="no category is used")
        comparison = compare_results([runs, group("b", [0.5, 0.6, 0.7])])
        value = comparison.rows[0].values[0]
        assert (value.value, value.runs) == (None, [0.9, None, None])
        assert value.reason == "seed 1, 2: no category is used"

    def test_other_versions_and_settings_are_not_the_same_measurement(self):
        usual = entry(value=0.5, low=0.4, high=0.6, settings={"bins": 20, "seed": 1})
        newer = usual.model_copy(update={"version": 2})
        finer = usual.model_copy(update={"settings": {"bins": 40, "seed": 1}})
        reseeded = usual.model_copy(update={"settings": {"bins": 20, "seed": 2, "bootstrap": 500}})
        reasons = [
            d.reason
            for d in compare_results([scored(x=e) for e in (usual, newer, finer, reseeded)]).rows[0].differences
        ]
        assert reasons == ["versions 1 and 2 of the metric", "computed with a different bins", ""]

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


def evaluated_run(path: Path, seed: int, accuracy: float) -> Run:
    recipe = Recipe(
        name="tiny",
        model="infogan",
        dataset="digits",
        latents=LatentSettings(noise=1, codes=({"kind": "categorical", "k": 10},)),
        networks=NetworkSettings(name="digits"),
    )
    run = Run.create(path, recipe, {"seed": seed, "status": "ok"})
    run.model_file.touch()
    sampled("tiny", np.full(4, accuracy)).save(run.results_file)
    save_samples(run.samples_file, {"accuracy": Samples(np.full(4, accuracy), "images")})
    return run


class TestReadSubject:
    def test_a_run_with_its_samples(self, tmp_path):
        evaluated_run(tmp_path / "run", 3, 0.5)
        [results] = read_subject(tmp_path / "run")
        assert results.samples["accuracy"].pairing == "images"

    def test_a_folder_of_seeds_in_their_order(self, tmp_path):
        for seed in (10, 2, 0):
            evaluated_run(tmp_path / f"seed-{seed}", seed, seed / 10)
        assert [results.scores["accuracy"].value for results in read_subject(tmp_path)] == [0, 0.2, 1]

    def test_a_results_file(self, tmp_path):
        run = evaluated_run(tmp_path / "run", 3, 0.5)
        [results] = read_subject(run.results_file)
        assert results.scores["accuracy"].value == 0.5

    def test_neither(self, tmp_path):
        with pytest.raises(RunError, match="not a run folder"):
            read_subject(tmp_path)

    def test_a_run_that_has_not_been_evaluated(self, tmp_path):
        evaluated_run(tmp_path / "seed-0", 0, 0.5)
        evaluated_run(tmp_path / "seed-1", 1, 0.5).results_file.unlink()
        with pytest.raises(RunError, match=r"dbench eval .*seed-1"):
            read_subject(tmp_path)

    def test_a_run_that_has_lost_its_model(self, tmp_path):
        evaluated_run(tmp_path / "seed-0", 0, 0.5).model_file.unlink()
        with pytest.raises(RunError, match=r"model\.safetensors is missing(.|\n)*--resume"):
            read_subject(tmp_path)


def test_comparing_and_printing_needs_no_torch():
    modules = "disentangle_bench.evaluation.comparison, disentangle_bench.reports.tables"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
