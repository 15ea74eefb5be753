"""`dbench compare` as a person meets it: files, folders, groups, gates."""

import json
from pathlib import Path

import numpy as np
import pytest

QUICK = ("--no-levels", "--bootstrap", "0")


def write_codes(path: Path, *, noise: float, seed: int = 0, rows: int = 300, factors: int = 0) -> Path:
    """Codes that are the factors but for noise; `factors` seeds these."""
    drawn = np.random.default_rng(factors).integers(0, (3, 5), size=(rows, 2))
    codes = drawn + np.random.default_rng(seed).normal(0, noise, size=(rows, 2))
    path.parent.mkdir(exist_ok=True, parents=True)
    np.savez(path, codes=codes, factors=drawn)
    return path


@pytest.fixture
def pair(tmp_path):
    return write_codes(tmp_path / "clear.npz", noise=0.2), write_codes(tmp_path / "noisy.npz", noise=1.0, seed=1)


@pytest.fixture
def groups(tmp_path):
    for seed in range(3):
        write_codes(tmp_path / "clear" / f"seed-{seed}.npz", noise=0.2, seed=seed)
        write_codes(tmp_path / "noisy" / f"seed-{seed}.npz", noise=1.0, seed=seed)
    return tmp_path / "clear", tmp_path / "noisy"


class TestFiles:
    def test_are_scored_and_compared_on_their_shared_rows(self, dbench, pair):
        code, out, err = dbench("compare", *pair, "--metrics", "mig", "--no-levels")
        assert code == 0
        assert "worse on these samples" in out
        assert "One run each says nothing about the methods." in out
        assert "clear.npz: 1 metric to compute" in err
        assert "Scores of files are computed anew each time" in err

    def test_the_interval_is_that_of_the_paired_bootstrap(self, dbench, pair):
        out = dbench("compare", *pair, "--metrics", "mig", "--no-levels", "--format", "json").out
        [row] = json.loads(out)["rows"]
        assert row["differences"][0]["method"] == "paired bootstrap over rows"

    def test_beside_kept_scores(self, dbench, pair, tmp_path):
        first, second = pair
        dbench("eval", first, "--metrics", "mig", *QUICK, "--out", tmp_path / "base.json")
        code, out, err = dbench("compare", tmp_path / "base.json", second, "--metrics", "mig", *QUICK)
        assert code == 0
        assert out.startswith("A  clear.npz\nB  noisy.npz\n")
        assert "clear.npz: " not in err

    @pytest.mark.parametrize("first", ["clear.npz", "clear.json"])
    @pytest.mark.parametrize("second", ["noisy.npz", "noisy.json"])
    def test_kept_scores_are_compared_as_those_of_the_files_are(self, dbench, pair, first, second):
        options = ("--metrics", "mig,modularity", "--no-levels")
        expected = json.loads(dbench("compare", *pair, *options, "--format", "json").out)["rows"]
        for file in pair:
            dbench("eval", file, *options, "--out", file.with_suffix(".json"))
        rows = json.loads(dbench("compare", first, second, *options, "--format", "json").out)["rows"]
        assert [row["differences"] for row in rows] == [row["differences"] for row in expected]
        assert rows[0]["differences"][0]["method"] == "paired bootstrap over rows"

    def test_kept_scores_of_samples_are_compared_sample_by_sample(self, dbench, tmp_path, caplog):
        rng = np.random.default_rng(0)
        factors = rng.integers(0, 3, size=(200, 1))
        for name, noise in (("few", 0.1), ("many", 0.5)):
            codes = np.where(rng.random(factors.shape) < noise, rng.integers(0, 3, size=factors.shape), factors)
            np.savez(f"{name}.npz", codes=codes, factors=factors)
            dbench("eval", f"{name}.npz", "--metrics", "c1-accuracy", *QUICK, "--out", f"{name}.json")
        out = dbench("compare", "few.json", "many.json").out
        assert "Intervals: 95 %, over test samples (exact McNemar)." in out
        values = json.loads((tmp_path / "few.json").read_text())
        del values["samples"]
        (tmp_path / "few.json").write_text(json.dumps(values))
        out = dbench("compare", "few.json", "many.json").out
        assert "(from the two intervals, since the samples of one are not kept)" in out
        assert "few.json has no samples of c1-accuracy" in caplog.text

    @pytest.mark.parametrize(
        ("options", "why"),
        [
            (("--bootstrap", 50), "they are of different resamples"),
            ((), "the resamples of one are not kept"),
        ],
    )
    def test_another_method_says_why(self, dbench, pair, tmp_path, options, why):
        scores = ("--metrics", "mig", "--no-levels")
        (tmp_path / "clear.json").write_text(dbench("eval", pair[0], *scores, "--format", "json").out)
        if options:
            dbench("eval", pair[0], *scores, *options, "--out", "clear.json", "--again")
        out = dbench("compare", "clear.json", pair[1], *scores).out
        assert f"(from the two intervals, since {why})" in out

    def test_of_other_rows_are_not_compared(self, dbench, pair, tmp_path):
        other = write_codes(tmp_path / "other.npz", noise=0.2, factors=1)
        out = dbench("compare", pair[0], other, "--metrics", "mig", *QUICK).out
        assert "not comparable" in out
        assert "Not compared (scores of other samples: factors or train rows differ) in B: mig." in out

    def test_with_scores_of_one_name_are_called_by_their_paths(self, dbench, pair, tmp_path):
        for name in ("base", "new"):
            dbench("eval", pair[0], "--metrics", "mig", *QUICK, "--out", f"{name}.json")
        assert dbench("compare", "base.json", "new.json").out.startswith("A  base.json\nB  new.json\n")

    def test_a_metric_that_they_cannot_have(self, dbench, pair):
        code, _, err = dbench("compare", *pair, "--metrics", "traversal-consistency", *QUICK)
        assert code == 2
        assert "needs generator" in err

    def test_a_metric_that_fails_is_said(self, dbench, pair, monkeypatch):
        monkeypatch.setattr("disentangle_bench.metrics.information.mig.gap_score", None)
        code, out, err = dbench("compare", *pair, "--metrics", "mig,modularity", *QUICK)
        assert code == 1
        assert "No value (TypeError" in out
        assert "Failed: mig of clear.npz, mig of noisy.npz." in err


class TestChoices:
    """Of codes, factors, settings and rows: as of `dbench eval`, and never mixed."""

    def test_mean_what_they_mean_for_eval(self, dbench, pair):
        options = (
            "--metrics",
            "mig",
            "--rows",
            100,
            "--factors",
            "f2",
            "--codes",
            "1",
            "--set",
            "mig.num_bins=5",
            *QUICK,
        )
        evaluated = [json.loads(dbench("eval", file, *options, "--format", "json").out) for file in pair]
        [row] = json.loads(dbench("compare", *pair, *options, "--format", "json").out)["rows"]
        assert [value["value"] for value in row["values"]] == [of["scores"]["mig"]["value"] for of in evaluated]

    @pytest.mark.parametrize(
        "options",
        [
            ("--set", "mig.bins=5"),
            ("--set", "sap.seed=5"),
            ("--codes", "pose"),
            ("--merge", "c1=pose"),
            ("--kinds", "f1"),
            ("--missing", "none"),
            ("--rows", 3),
        ],
    )
    def test_wrong_ones_are_the_same_errors(self, dbench, pair, options):
        words = ("--metrics", "mig", *options, *QUICK)
        evaluated, compared = dbench("eval", pair[0], *words), dbench("compare", *pair, *words)
        assert evaluated.code == compared.code == 2
        assert compared.err.splitlines()[0] == evaluated.err.splitlines()[0]

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (("--set", "mig.num_bins=5"), "of mig with num_bins = 20, not 5"),
            (("--rows", 100), "of 300 samples, not of 100"),
            (("--factors", "f2"), "of the factors f1, f2, not of f2"),
            (("--codes", "c2"), "with no such choice, not with --codes c2"),
            (("--merge", "c1+c2=pose"), "with no such choice, not with --merge c1+c2=pose"),
            (("--missing", "0"), "with no such choice, not with --missing 0"),
            (("--kinds", "f1=ordinal"), "of f1 as categorical, not as ordinal"),
            (("--seed", 1), "by seed 0, not by seed 1"),
        ],
    )
    def test_kept_scores_with_others_are_refused(self, dbench, pair, options, says):
        dbench("eval", pair[0], "--metrics", "mig", *QUICK, "--out", "base.json")
        code, out, err = dbench("compare", "base.json", pair[1], "--metrics", "mig", *options, *QUICK)
        assert (code, out) == (2, "")
        assert f"The scores in base.json are {says}." in err

    @pytest.mark.parametrize("options", [("--factors", 1), ("--codes", "c2,0"), ("--merge", "c1+1=pose")])
    def test_kept_scores_do_not_say_what_stood_at_a_position(self, dbench, pair, options):
        """Two files of scores, both of f2 alone, would pass for scores of f1: nothing names what was not chosen."""
        dbench("eval", pair[0], "--metrics", "mig", *QUICK, "--factors", "f2", "--out", "base.json")
        for other in ("base.json", pair[1]):
            code, out, err = dbench("compare", "base.json", other, "--metrics", "mig", *options, *QUICK)
            assert (code, out) == (2, "")
            assert f"do not say which code or factor stood at position {'1' if '1' in str(options) else '0'}" in err
            assert "Choose codes and factors by name." in err

    def test_a_number_may_be_a_name(self, dbench, pair, tmp_path):
        with np.load(pair[0]) as arrays:
            np.savez("named.npz", **{**arrays, "factor_names": ["0", "7"]})
        dbench("eval", "named.npz", "--metrics", "mig", *QUICK, "--factors", "7", "--out", "base.json")
        assert dbench("compare", "base.json", "named.npz", "--metrics", "mig", *QUICK, "--factors", "7").code == 0

    def test_scores_with_others_are_not_compared(self, dbench, pair):
        merge = ("--metrics", "infomec", "--merge", "c1+c2=pose", *QUICK)
        dbench("eval", pair[0], *merge, "--out", "base.json")
        out = dbench("compare", "base.json", pair[1], "--metrics", "infomec", *QUICK).out
        assert "not comparable" in out
        assert "scores with no such choice, not with --merge c1+c2=pose" in " ".join(out.split())
        assert "not comparable" not in dbench("compare", "base.json", pair[1], *merge).out

    def test_of_a_run_are_refused_as_by_eval(self, dbench, begun_run):
        begun_run.model_file.touch()
        words = (begun_run.path, "--codes", "c1")
        evaluated, compared = dbench("eval", *words), dbench("compare", *words[:1], *words)
        assert (evaluated.code, compared.code) == (2, 2)
        assert "Codes and factors can be chosen of a file" in evaluated.err
        assert compared.err == evaluated.err


class TestGroups:
    def test_folders_of_files_are_seeds(self, dbench, groups):
        code, out, _ = dbench("compare", *groups, "--metrics", "mig", *QUICK)
        assert code == 0
        assert "A  clear: mean (range) of 3 runs, seeds 0, 1, 2\n" in out
        assert "Intervals: 95 %, over seeds." in out
        assert out.split("B - A")[1].splitlines()[0].endswith("worse")

    def test_by_name_and_pattern(self, dbench, groups):
        options = ("--group", "ours=noisy/*.npz", "--group", "theirs=clear/seed-[01].npz", "--metrics", "mig")
        code, out, _ = dbench("compare", *options, *QUICK)
        assert code == 0
        assert "A  ours: mean (range) of 3 runs, seeds 0, 1, 2\nB  theirs: mean (range) of 2 runs, seeds 0, 1\n" in out

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--group", "ours"], "not of the form NAME=GLOB"),
            (["--group", "a=x/*.npz"], "No run and no file matches 'x/*.npz', the group 'a'"),
            (["--group", "a=*.npz", "--group", "a=*.h5"], "'a' is given twice"),
            ([], "Missing argument"),
        ],
    )
    def test_bad_ones(self, dbench, options, says):
        code, _, err = dbench("compare", *options)
        assert code == 2
        assert says in err

    def test_codes_beside_scores_are_not_guessed_at(self, dbench, groups):
        dbench("eval", groups[0] / "seed-0.npz", "--metrics", "mig", *QUICK, "--out", groups[0] / "seed-0.json")
        code, _, err = dbench("compare", *groups)
        assert code == 2
        assert "it is not clear which are to be compared" in err
        assert "--group" in err

    def test_an_empty_folder(self, dbench, tmp_path):
        (tmp_path / "empty").mkdir()
        code, _, err = dbench("compare", "empty", "empty")
        assert code == 2
        assert "empty is not a run folder" in err


class TestGate:
    @pytest.mark.parametrize(("margin", "code"), [("-0.9", 0), ("-0.02", 3)])
    def test_exit_status(self, dbench, pair, margin, code):
        outcome = dbench("compare", *pair, "--metrics", "mig", "--fail-below", margin, *QUICK)
        assert outcome.code == code
        assert outcome.out.startswith("A  clear.npz")
        assert "mig of noisy.npz is " in outcome.err

    def test_over_seeds(self, dbench, groups):
        assert dbench("compare", *groups, "--metrics", "mig", "--fail-below", "-0.02", *QUICK).code == 3
        assert dbench("compare", *reversed(groups), "--metrics", "mig", "--fail-below", "0.1", *QUICK).code == 0

    def test_nothing_measured(self, dbench, pair):
        dbench("eval", pair[0], "--metrics", "modularity", *QUICK, "--out", "base.json")
        code, _, err = dbench("compare", "base.json", pair[1], "--metrics", "mig", "--fail-below", "-0.02", *QUICK)
        assert code == 4
        assert "mig of noisy.npz is not measured against clear.npz: not evaluated." in err

    def test_needs_metrics(self, dbench, pair):
        assert dbench("compare", *pair, "--metrics", "mig", "--fail-below", "nan").code == 2  # which nothing is below
        code, _, err = dbench("compare", *pair, "--fail-below", "-0.02")
        assert code == 2
        assert "--metrics" in err


def test_a_single_file_is_refused_before_it_is_scored(dbench, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "alone.npz", codes=rng.normal(size=(60, 2)), factors=rng.integers(3, size=(60, 2)))
    ended = dbench("compare", tmp_path / "alone.npz", "--metrics", "mig")
    assert ended.code == 2
    assert ended.err.startswith("Error: A comparison needs two subjects or more, not 1.")
