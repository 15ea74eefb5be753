"""`dbench list`, `show` and `env` over everything that is registered."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib

import pytest

from disentangle_bench.cli.kinds import KINDS
from disentangle_bench.metrics import METRICS, info_of
from disentangle_bench.metrics.groups import GROUPS, PLUG_INS, group_of
from disentangle_bench.models.recipes import find_recipe

NAMES = [(kind, name) for kind in KINDS for name in KINDS[kind].names()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_is_listed_once_in_every_form(dbench, kind):
    names = list(KINDS[kind].names())
    table = dbench("list", kind).out.splitlines()
    if kind not in ("metrics", "recipes"):  # which have layouts of their own
        assert [line.split()[0] for line in table[1:]] == names
    rows = list(csv.reader(io.StringIO(dbench("list", kind, "--format", "csv").out)))
    assert [row[0] for row in rows[1:]] == names
    entries = json.loads(dbench("list", kind, "--format", "json").out)
    assert [next(iter(entry.values())) for entry in entries] == names
    markdown = dbench("list", kind, "--format", "markdown").out.splitlines()
    assert [line.split("|")[1].strip() for line in markdown[2:]] == names


def test_metrics_are_listed_in_groups(dbench):
    blocks = [block.splitlines() for block in dbench("list", "metrics").out.split("\n\n")]
    groups = {heading.partition(":")[0]: members for heading, *members in blocks}
    assert list(groups) == list(GROUPS)[:-1]  # none from a plug-in
    assert [line.split()[0] for members in groups.values() for line in members] == [*METRICS]
    assert any(line.startswith("  mig  ") for line in groups["information"])
    [dci] = [line for line in groups["predictor"] if line.startswith("  dci  ")]
    assert dci.endswith(f" Needs codes, factors{'; slow' if info_of(METRICS.get('dci')).slow else ''}.")
    [lasso] = [line for line in groups["predictor"] if line.startswith("  dci/lasso  ")]
    assert lasso.endswith(" Needs codes, factors; slow, on request.")


def test_recipes_are_listed_by_the_ends_of_their_names_below_their_models(dbench):
    *blocks, example = dbench("list", "recipes").out.rstrip().split("\n\n")
    listed = [start + end for block in blocks for start, ends in [block.split("\n", 1)] for end in ends.split()]
    assert listed == list(KINDS["recipes"].names())
    assert all(name in listed for name in re.findall(r"(?:show|train) ([\w-]+)", example))


def test_the_group_of_a_metric_is_its_package():
    assert group_of(METRICS.get("mig")) == "information"
    assert group_of(lambda codes: {}) == PLUG_INS


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_every_name_has_a_sheet_without_gaps(dbench, kind, name):
    outcome = dbench("show", name)
    assert (outcome.code, outcome.err) == (0, "")
    heading, title, *_ = outcome.out.splitlines()
    assert heading == f"{name}  {kind.removesuffix('s')}"
    assert title
    sheet = KINDS[kind].sheet(name)
    assert all(sheet.info.values()), sheet.info
    for label, fact in sheet.info.items():
        assert label in outcome.out
        assert fact in outcome.out
    if kind == "recipes":
        require_settable(name, outcome.out)


def require_settable(name, sheet):
    """The settings of a recipe can be set as they are shown."""
    shown = sheet.partition("Settings\n")[2].partition("\n\n")[0]
    pairs = [line.split(" = ") for line in shown.splitlines()]
    settings = {key.strip(): tomllib.loads(f"value = {value}")["value"] for key, value in pairs}
    recipe = find_recipe(name)
    assert recipe.with_settings(settings) == recipe
    assert settings["steps"] == recipe.steps
    assert settings["latents.codes.0.kind"] == recipe.latents.codes[0].kind


def test_a_model_lists_the_recipes_of_its_variants_too():
    """What `infogan-modified` stands for is `infogan` with other settings, and no model of its own."""
    named = {
        recipe
        for key, names in KINDS["models"].sheet("infogan").info.items()
        if "recipes" in key
        for recipe in names.split(", ")
    }
    assert named == {name for name in KINDS["recipes"].names() if find_recipe(name).model.name == "infogan"}
    assert {"infogan-mnist", "infogan-modified-dsprites"} <= named
    assert "recipes of infogan-modified" not in KINDS["models"].sheet("gan-with-q").info


def test_published_numbers_are_shown(dbench):
    recipe = find_recipe("infogan-mnist")
    assert recipe.published
    shown, _, obtained = dbench("show", "infogan-mnist").out.partition("Published\n")[2].partition("\nObtained\n")
    lines = filter(None, shown.splitlines())
    assert {line.split()[0]: float(line.split()[1]) for line in lines} == recipe.published
    assert "as good as published" in obtained


def test_where_nothing_was_obtained_it_says_so(dbench, monkeypatch):
    monkeypatch.setattr("disentangle_bench.models.recipes.obtained.obtained", lambda recipe: [])
    assert "Obtained\n  nothing  not run here" in dbench("show", "pca-sprites").out


def test_every_file_of_a_dataset_is_shown_with_its_hash(dbench):
    out = dbench("show", "mnist").out
    assert "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db" in out


def test_a_run_folder_is_shown_even_before_it_has_ended(dbench, begun_run):
    out = dbench("show", begun_run.path).out
    assert "infogan-digits" in out
    assert "running" in out
    assert "0 of " in out


def test_an_evaluated_run_is_shown_with_the_headline_of_each_metric(dbench, begun_run):
    scores = {
        "c1-accuracy.accuracy": {"value": 0.5, "low": 0.45, "high": 0.55},
        "c1-accuracy.nmi": {"value": 0.4},
        "mutual-information.c1": {"value": None, "reason": "why"},
    }
    begun_run.results_file.write_text(json.dumps({"schema_version": 1, "subject": {}, "scores": scores}))
    shown = dbench("show", begun_run.path).out.partition("Scores\n")[2].partition("\n\n")[0]
    assert [line.split(maxsplit=1) for line in shown.splitlines()] == [
        ["c1-accuracy.accuracy", "0.50 [0.45, 0.55]"],
        ["mutual-information.c1", "n/a"],
    ]


@pytest.mark.parametrize("typo", ["infogn", "mnsit", "c1-acuracy", "infogan-mnits"])
def test_an_unknown_name_is_answered_with_the_nearest(dbench, typo):
    outcome = dbench("show", typo)
    assert outcome.code == 2
    assert "Did you mean" in outcome.err


def test_a_folder_that_is_no_run_is_told(dbench, tmp_path):
    outcome = dbench("show", tmp_path)
    assert outcome.code == 2
    assert "not a run folder" in outcome.err


def test_tables_fit_the_terminal(dbench, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    for kind in KINDS:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", dbench("list", kind).out)
        assert max(len(line) for line in plain.splitlines()) <= 80


def test_env_names_versions_devices_and_folders(dbench, monkeypatch, tmp_path):
    import torch

    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path / "cache"))
    out = dbench("env").out
    assert f"torch              {torch.__version__.partition('+')[0]}" in out
    assert "cores" in out
    assert str(tmp_path / "cache") in out
    assert "DBENCH_OFFLINE is set" in out
