"""Results of schema 1 as today's, by name and by the files that are published."""

import json
from pathlib import Path

import pytest

from disentangle_bench.evaluation.results import Results
from disentangle_bench.evaluation.upgrade import upgraded, upgraded_scores

PUBLISHED = sorted((Path(__file__).parents[2] / "benchmarks" / "results").glob("*.json"))


@pytest.mark.parametrize(
    ("name", "metric", "code", "component"),
    [
        ("mig", "mig", None, ""),
        ("dci.informativeness.train", "dci", None, "informativeness.train"),
        ("mutual-information.c1", "mutual-information", "c1", ""),
        ("mutual-information/fresh.c10.gap", "mutual-information/fresh", "c10", "gap"),
        ("traversal-consistency.overall", "traversal-consistency", None, "overall"),
        ("traversal-consistency.c2.fidelity/wide", "traversal-consistency", "c2", "fidelity/wide"),
        ("image-measures.named", "image-measures", None, "named"),
        ("image-measures.c2.slant.real", "image-measures", "c2", "slant.real"),
        ("mutual-information", "mutual-information", None, ""),  # undefined as a whole
    ],
)
def test_the_name_becomes_fields(name, metric, code, component):
    values = {"schema_version": 1, "subject": {}, "scores": {name: {"value": 0.5}}}
    results = Results.model_validate(upgraded(values))
    entry = results.scores[name]
    assert results.schema_version == 2
    assert (entry.metric, entry.code, entry.component, entry.value) == (metric, code, component, 0.5)


def test_metrics_have_the_names_of_today():
    [(name, entry)] = upgraded_scores({"beta-vae.accuracy": {"value": 1}}).items()
    assert (name, entry["metric"]) == ("beta-vae-score.accuracy", "beta-vae-score")


@pytest.mark.parametrize("fields", [{}, {"metric": "gaussian-wasserstein-correlation", "component": "normalised"}])
def test_a_component_is_spelled_as_today(fields):
    [(name, entry)] = upgraded_scores({"gaussian-wasserstein-correlation.normalised": {"value": 1, **fields}}).items()
    assert (name, entry["component"]) == ("gaussian-wasserstein-correlation.normalized", "normalized")


def test_an_association_says_what_it_is():
    old = {
        "image-measures.c1.slant": {"value": 0.2, "bounds": [0, 1], "details": {"blank": 3}},
        "image-measures.c2.slant": {"value": -0.2, "bounds": [-1, 1]},
        "image-measures.c3.slant": {"value": None, "reason": "blank", "bounds": [-1, 1]},
    }
    assert [entry.get("details", {}) for entry in upgraded_scores(old).values()] == [
        {"association": "eta squared", "blank": 3}, {"association": "rank correlation"}, {},
    ]  # fmt: skip


def test_an_association_of_an_older_file_says_what_is_arbitrary():
    bounds = {"c1": [0, 1], "c2": [-1, 1], "c3": [-1, 1]}
    old = {f"image-measures.{code}.ink": {"value": 0.2, "bounds": of} for code, of in bounds.items()}
    new = upgraded_scores({**old, "image-measures.named": {"value": 0.5}})
    assert [entry.get("arbitrary") for entry in new.values()] == [[], ["sign", "code"], ["sign", "code"], None]
    declared = {"image-measures.c2.ink": {**new["image-measures.c2.ink"], "arbitrary": ["sign"]}}
    assert upgraded_scores(declared) == declared


@pytest.mark.parametrize("values", [[1], {"scores": 3}, {"scores": {"a": 3}}, {"subject": {}}, {"schema_version": 2}])
def test_damage_is_left_for_validation(values):
    upgraded(values)
    with pytest.raises(ValueError, match="validation error"):
        Results.model_validate(upgraded(values))


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_values_stay(path):
    for run in json.loads(path.read_text())["runs"]:
        new = upgraded_scores(run["scores"])
        assert list(new) == list(run["scores"])
        for name, entry in new.items():
            assert name == ".".join(filter(None, (entry["metric"], entry["code"], entry["component"])))
            assert {key: entry[key] for key in run["scores"][name]} == run["scores"][name]
