"""Publishing evaluated runs: nothing is left out, nothing is mixed, and the same runs give the same bytes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import publish, table
from benchmarks.published import Published, Summary
from disentangle_bench.errors import RunError
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.run import Run

COLLAPSE = "collapsed: c1 uses 6 of 10 categories on the training images"


def entry(metric, component, value, **info):
    reason = "" if value is not None else "too few images"
    return ScoreEntry(metric=metric, component=component, value=value, reason=reason, **info)


def make_run(root: Path, recipe="infogan-mnist", seed=0, *, status="ok", accuracy=0.9, information=2.2, **info) -> Run:
    """An evaluated run without a model: what publishing reads."""
    settings = info.pop("settings", {})
    recipe = find_recipe(recipe).with_settings(settings)
    provenance = {"seed": seed, "status": status, "options": ["--precision", "bf16-mixed"], "steps": 100} | info
    run = Run.create(root / recipe.name / f"seed-{seed}", recipe, {"python": "3.12", "processors": 2} | provenance)
    log = [
        {"step": 50, "seconds": 10.0, "L_I": {"c1": information + 0.05, "c2": -0.5, "c3": 0.123456789}},
        {"step": 100, "seconds": 21.5, "L_I": {"c1": information, "c2": 0.4, "c3": 0.1}},
    ]
    run.log_file.write_text("".join(json.dumps(line) + "\n" for line in log))
    run.model_file.write_bytes(b"weights")
    error = None if accuracy is None else 1 - accuracy
    measured = {"low": 0.5, "high": 1.0, "chance": 0.1, "ceiling": 1.0, "details": {"confusion": [1]}}
    bound = {"version": 2, "unit": "nats", "chance": 0.0, "ceiling": math.log(10)}
    scores = {
        "c1-accuracy.accuracy": entry("c1-accuracy", "accuracy", accuracy, **measured),
        "c1-accuracy.error": entry("c1-accuracy", "error", error, better="lower"),
        "c1-accuracy.categories-used": entry("c1-accuracy", "categories-used", 10.0),
        "mutual-information.c1": entry("mutual-information", "", information, code="c1", **bound),
        "image-measures.c2.slant": entry("image-measures", "slant", -0.6, code="c2", better="neither"),
    }
    Results(subject={"name": f"{recipe.name} seed {seed}", "seed": seed}, scores=scores).save(run.results_file)
    return run


@pytest.fixture
def runs(tmp_path):
    root = tmp_path / "runs"
    for seed, accuracy in enumerate([0.96, 0.90, 0.60]):
        make_run(root, seed=seed, accuracy=accuracy, status="ok" if seed < 2 else COLLAPSE)
        make_run(root, "gan-with-q-mnist", seed, accuracy=0.35 + 0.01 * seed, information=0.02)
    return root


def test_every_seed_is_published_with_what_it_came_to(runs, tmp_path):
    [path] = publish.publish([runs / "infogan-mnist"], tmp_path / "out")
    published = Published.load(path)
    assert [run.seed for run in published.runs] == [0, 1, 2]
    assert [run.status for run in published.runs] == ["ok", "ok", COLLAPSE]
    run = published.runs[0]
    assert (run.steps, run.precision, run.seconds, run.logged_steps) == (100, "bf16-mixed", 21.5, [50, 100])
    assert run.provenance == {"python": "3.12", "processors": 2}
    c1, c2 = run.L_I["c1"], run.L_I["c2"]
    assert (c1.final, c1.best, c1.best_step, c2.final, c2.best_step) == (2.2, 2.25, 50, 0.4, 100)
    accuracy = run.scores["c1-accuracy.accuracy"]
    assert (accuracy.value, accuracy.low, accuracy.high, accuracy.chance) == (0.96, 0.5, 1.0, 0.1)
    assert published.codes["c1"].entropy == pytest.approx(math.log(10))
    assert (published.codes["c1"].categories, published.codes["c2"].categories) == (10, None)
    assert "confusion" not in path.read_text()


def test_the_summary_is_over_all_seeds(runs, tmp_path):
    [path] = publish.publish([runs / "infogan-mnist"], tmp_path / "out")
    summary = Published.load(path).summary
    error = summary["c1-accuracy.error"]
    values = [0.04, 0.10, 0.40]
    mean = sum(values) / 3
    assert (error.values, error.median) == (3, pytest.approx(0.10))
    assert error.mean == pytest.approx(mean)
    assert error.sd == pytest.approx(math.sqrt(sum((value - mean) ** 2 for value in values) / 2))
    assert error.worst == pytest.approx(0.40)
    assert (error.published, error.reached) == (0.05, pytest.approx(1 / 3))
    assert summary["c1-accuracy.accuracy"].worst == 0.60
    assert summary["image-measures.c2.slant"].worst is None


def test_a_seed_without_a_value_counts_as_one_that_did_not_reach_the_figure():
    entries = [*(entry("m", "", value, better="lower") for value in (0.04, None, 0.05)), None]
    summary = Summary.of(entries, published=0.05)
    assert (summary.values, summary.median, summary.worst, summary.reached) == (2, 0.045, 0.05, 0.5)
    nothing = Summary.of([entry("m", "", None)], published=0.5)
    assert (nothing.values, nothing.median, nothing.sd, nothing.reached) == (0, None, None, 0.0)


def test_signs_that_are_arbitrary_are_left_out():
    slants = [entry("image-measures", "slant", value, arbitrary=("sign",)) for value in (0.694, -0.788, -0.689)]
    summary = Summary.of(slants)
    assert (summary.mean, summary.median) == (pytest.approx(0.7237, abs=1e-4), 0.694)


def test_a_code_that_any_other_could_be_is_not_summarized():
    slants = [entry("image-measures", "slant", value, arbitrary=("sign", "code")) for value in (0.694, -0.788)]
    assert Summary.of(slants) == Summary(values=2)


def test_the_published_page_holds_no_mean_of_slants():
    """Each seed's value stays; the mean of 0.694, -0.788 and -0.689 says nothing."""
    published = Published.load(table.RESULTS / "infogan-mnist.json")
    assert [round(run.scores["image-measures.c2.slant"].value, 3) for run in published.runs] == [0.694, -0.788, -0.689]
    assert published.summary["image-measures.c2.slant"] == Summary(values=3)
    [row] = [
        line
        for line in (table.RESULTS / "README.md").read_text().splitlines()
        if line.startswith("| image-measures.c2.slant | infogan-mnist |")
    ]
    assert "0.694 [0.667, 0.719]; -0.788 [-0.804, -0.771]; -0.689 [-0.716, -0.663]" in row
    assert "-0.261" not in row


def test_one_seed_has_no_standard_deviation():
    assert Summary.of([entry("m", "", 0.5)]).sd is None


def test_the_same_runs_give_the_same_bytes_in_any_order(runs, tmp_path):
    folders = [runs / "infogan-mnist", runs / "gan-with-q-mnist"]
    publish.publish(folders, tmp_path / "once")
    publish.publish([runs / "gan-with-q-mnist" / f"seed-{seed}" for seed in (2, 0, 1)], tmp_path / "again")
    publish.publish(folders[:1], tmp_path / "again")
    publish.publish(folders, tmp_path / "again")
    once, again = (
        {p.name: p.read_bytes() for p in folder.rglob("*.*")} for folder in (tmp_path / "once", tmp_path / "again")
    )
    assert set(once) == {
        "README.md",
        "infogan-mnist.json",
        "gan-with-q-mnist.json",
        "information.svg",
        "information.png",
    }
    assert once == again


def test_the_page_lists_every_seed_and_marks_the_collapsed(runs, tmp_path):
    publish.publish([runs / "infogan-mnist", runs / "gan-with-q-mnist"], tmp_path)
    page = (tmp_path / "README.md").read_text()
    assert "| Score | Chance | Ceiling | gan-with-q-mnist | infogan-mnist |" in page
    assert (
        "| c1-accuracy.accuracy | 0.100 | 1.000 | 0.360 (0.350, 0.360, 0.370) | 0.900 (0.960, 0.900, 0.600†) |" in page
    )
    assert "| mutual-information.c1, nats | 0.000 | 2.303 | 0.020 (0.020, 0.020, 0.020) | 2.200 (2.200" in page
    assert "| L_I of c1 as training ended, nats | | 2.303 | 0.020 " in page
    assert "| c1-accuracy.categories-used | | | 10 (10, 10, 10) | 10 (10, 10, 10†) |" in page
    assert "H(c1) = 2.303, H(c2) = 0.693, H(c3) = 0.693 nats" in page
    assert f"- † infogan-mnist, seed 2: {COLLAPSE}." in page
    assert "c1-accuracy.error is 0.05 in the paper, 0.100 here; 1 of 3 seeds are at least as good" in page
    assert f"| infogan-mnist | 2 | {COLLAPSE} | 100 | bf16-mixed | | 0 |" in page
    assert "0.90 [0.50, 1.00]" in page
    assert "](figures/mnist/information.svg)" in page
    assert "B - A" in page


def test_a_missing_value_is_shown_as_missing(tmp_path):
    make_run(tmp_path, seed=0, accuracy=None)
    make_run(tmp_path, seed=1, accuracy=0.8)
    publish.publish([tmp_path / "infogan-mnist"], tmp_path)
    assert "| 0.800 (n/a, 0.800) |" in (tmp_path / "README.md").read_text()


def test_recipes_with_other_codes_stand_side_by_side(runs, tmp_path):
    make_run(runs, settings={"name": "twelve", "latents.codes": [{"kind": "categorical", "k": 12}]})
    publish.publish([runs / "infogan-mnist", runs / "twelve"], tmp_path)
    page = (tmp_path / "README.md").read_text()
    assert "H(c1) = 2.303" in page
    assert "H(c1) = 2.485" in page
    assert "| L_I of c3 as training ended, nats | | | 0.100 (0.100, 0.100, 0.100†) | |" in page


def test_the_command_prints_the_files_and_the_table_prints_the_page(runs, tmp_path, capsys, monkeypatch):
    outcome = CliRunner().invoke(publish.main, [str(runs / "infogan-mnist"), "--into", str(tmp_path / "out")])
    assert outcome.exit_code == 0
    assert outcome.stdout.strip() == str(tmp_path / "out" / "infogan-mnist.json")
    monkeypatch.setattr(table, "RESULTS", tmp_path / "out")
    assert table.main() == 0
    printed = capsys.readouterr().out
    assert printed.startswith("## mnist\n")
    assert "0.900 (0.960, 0.900, 0.600†)" in printed


def test_without_results_the_table_says_so(tmp_path):
    assert table.render(table.read_all(tmp_path)) == "No results are published yet.\n"


def test_what_is_published_in_the_repository_can_be_read():
    assert table.render(table.read_all())


class TestRefusals:
    def test_a_seed_may_not_be_lost_unless_it_is_said(self, runs, tmp_path):
        publish.publish([runs / "infogan-mnist"], tmp_path)
        with pytest.raises(RunError, match=r"has seed 1, 2, which these runs lack.*\n.*--replace"):
            publish.publish([runs / "infogan-mnist" / "seed-0"], tmp_path)
        publish.publish([runs / "infogan-mnist" / "seed-0"], tmp_path, replace=True)
        assert len(Published.load(tmp_path / "infogan-mnist.json").runs) == 1

    def test_one_seed_twice(self, runs, tmp_path):
        with pytest.raises(RunError, match="have one seed: 0, 1, 2, 0"):
            publish.publish([runs / "infogan-mnist", runs / "infogan-mnist" / "seed-0"], tmp_path)

    def test_other_settings_under_one_name(self, runs, tmp_path):
        make_run(runs, seed=7, settings={"steps": 10})
        with pytest.raises(RunError, match="seed-7 was trained with other settings than"):
            publish.publish([runs / "infogan-mnist"], tmp_path)

    @pytest.mark.parametrize("change", [{"version": 2}, {"settings": {"num_bins": 5}}])
    def test_scores_that_were_computed_in_different_ways(self, runs, tmp_path, change):
        path = runs / "infogan-mnist" / "seed-1" / "results.json"
        results = Results.load(path)
        changed = results.scores["c1-accuracy.error"].model_copy(update=change)
        Results(subject=results.subject, scores=results.scores | {"c1-accuracy.error": changed}).save(path)
        with pytest.raises(RunError, match=r"c1-accuracy\.error was computed in different ways"):
            publish.publish([runs / "infogan-mnist"], tmp_path)

    def test_a_run_that_was_not_evaluated(self, runs, tmp_path):
        (runs / "infogan-mnist" / "seed-1" / "results.json").unlink()
        outcome = CliRunner().invoke(publish.main, [str(runs / "infogan-mnist"), "--into", str(tmp_path / "out")])
        assert outcome.exit_code == 2
        assert "dbench eval" in outcome.stderr
        assert not (tmp_path / "out").exists()

    def test_a_run_without_a_log(self, runs, tmp_path):
        (runs / "infogan-mnist" / "seed-1" / "log.jsonl").unlink()
        with pytest.raises(RunError, match="holds no entries"):
            publish.publish([runs / "infogan-mnist"], tmp_path)

    def test_not_a_run(self, tmp_path):
        with pytest.raises(RunError):
            publish.publish([tmp_path / "nowhere"], tmp_path)

    @pytest.mark.parametrize(
        ("text", "message"), [("{", "is damaged"), ('{"schema_version": 9}', "schema 9"), ("[]", "is damaged")]
    )
    def test_a_damaged_or_newer_file(self, tmp_path, text, message, monkeypatch, capsys):
        (tmp_path / "x.json").write_text(text)
        monkeypatch.setattr(table, "RESULTS", tmp_path)
        assert table.main() == 2
        assert message in capsys.readouterr().err
