"""Scores against scores and against hyper-parameters, and obtained against published values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from disentangle_bench.reports.figures.agreement import spearman
from disentangle_bench.reports.html import EntryFacts, ReportContent, RunFacts, render
from disentangle_bench.reports.html.published_values import published_forms, published_lines
from disentangle_bench.reports.html.relations import against_settings, agreement, sweeps
from disentangle_bench.reports.suite_table import Column, SuiteTable, Summary
from tests.reports.html.reading import Page


def test_rank_correlations_are_scipys_where_both_are_known() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(5, size=(30, 3)).astype(float)
    values[:4, 1] = np.nan
    found = spearman(values)
    for row, column in ((0, 1), (0, 2), (1, 2)):
        columns = values[4:] if 1 in (row, column) else values
        expected = stats.spearmanr(columns[:, row], columns[:, column]).statistic
        assert found[row, column] == pytest.approx(expected)
        assert found[column, row] == found[row, column]
    assert np.diag(found) == pytest.approx(1.0)


def test_few_or_constant_values_have_no_rank_correlation() -> None:
    assert np.isnan(spearman([[1, 2], [2, 1], [3, 3]])).all()
    assert np.isnan(spearman([[1, 2], [1, 1], [1, 3], [1, 4]])[0]).all()


def make_sweep(settings: Mapping[str, Mapping[str, Any]], datasets: Mapping[str, str] | None = None) -> ReportContent:
    """Entries with these settings at four seeds; `a` is the seed, `downstream` its square, better at larger `w`."""
    seeds = range(4)
    columns = tuple(Column(score, score, "", "higher", (0.0,), (1.0,), 1, 1) for score in ("a", "b", "downstream"))
    values = {
        name: {
            "a": {seed: float(seed) + number for seed in seeds},
            "b": {seed: -float(seed) - number for seed in seeds},
            "downstream": {seed: (seed + number) ** 2.0 for seed in seeds},
        }
        for number, name in enumerate(settings)
    }
    summaries = {name: {score: Summary(of, 1.0) for score, of in scores.items()} for name, scores in values.items()}
    table = SuiteTable("sweep", 1, {}, {}, columns, summaries, ())
    runs = tuple(RunFacts(name, seed, "done", "", "", Path("nowhere")) for seed in seeds for name in settings)
    entries = {
        name: EntryFacts(name, model="m", dataset=(datasets or {}).get(name, "d"), settings=of)
        for name, of in settings.items()
    }
    return ReportContent("sweep", table, "", entries, runs)


def test_a_constant_score_is_named_instead_of_drawn() -> None:
    content = make_sweep({"x": {"w": 1.0}, "y": {"w": 2.0}})
    for scores in content.table.entries.values():
        scores["b"].values.update(dict.fromkeys(range(4), 0.5))  # type: ignore[attr-defined]
    first, _ = agreement(content)
    assert first.caption.endswith("; there are none with b")
    assert {line.split(",")[0] for line in first.csv.splitlines()[1:]} == {"a", "downstream"}


def test_scores_are_compared_over_all_cells_of_a_dataset() -> None:
    first, second = agreement(make_sweep({"x": {"w": 1.0}, "y": {"w": 2.0}}))
    lines = first.csv.splitlines()
    assert "a,b,-1.0" in lines
    assert "a,downstream,1.0" in lines
    assert "over 8 cells on d" in first.caption
    assert second.name == "agreement-d-downstream"
    assert second.csv.splitlines()[1:] == ["downstream,a,1.0", "downstream,b,-1.0"]


def test_datasets_are_not_mixed() -> None:
    pictures = agreement(make_sweep({"x": {}, "y": {}}, {"x": "mnist", "y": "digits"}))
    assert [picture.name for picture in pictures if "downstream" not in picture.name] == [
        "agreement-mnist", "agreement-digits",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"x": {"w": 1, "s": "a"}, "y": {"w": 3, "s": "a"}, "z": {"w": 2, "s": "a"}}, [(("w",), ["x", "z", "y"])]),
        ({"x": {"w": 1, "v": 1}, "y": {"w": 2, "v": 2}}, [(("w", "v"), ["x", "y"])]),  # they change together
        (
            {"x": {"w": 1, "v": 1}, "y": {"w": 2, "v": 1}, "z": {"w": 1, "v": 2}},
            [(("w",), ["x", "y"]), (("v",), ["x", "z"])],
        ),
        ({"x": {"s": "a"}, "y": {"s": "b"}}, []),  # not a number
        ({"x": {"w": True}, "y": {"w": False}}, []),
        ({"x": {"w": 1}, "y": {"w": 1}}, []),
        ({"x": {}, "y": {}}, []),
    ],
)  # fmt: skip
def test_a_hyper_parameter_that_entries_differ_in_is_found(
    settings: dict[str, dict[str, Any]], found: list[tuple[tuple[str, ...], list[str]]]
) -> None:
    assert [(sweep.settings, list(sweep.values)) for sweep in sweeps(make_sweep(settings))] == found


def test_scores_are_drawn_against_it() -> None:
    content = make_sweep({"x": {"w": 0.01}, "y": {"w": 1.0}})
    (picture,) = against_settings(content, [f"run-{place}" for place in range(8)])
    assert picture.csv.splitlines()[1] == "x,0.01,0,a,0.0"
    assert len(picture.csv.splitlines()) == 1 + 3 * 8
    assert 'href="#run-7"' in picture.svg


def with_published(content: ReportContent, published: dict[str, float]) -> ReportContent:
    entries = {**content.entries, "infogan": replace(content.entries["infogan"], published=published)}
    return replace(content, entries=entries)


def test_obtained_values_stand_beside_published_ones(content: ReportContent) -> None:
    first, second = published_lines(with_published(content, {"mig": 0.9, "other": 0.05}))
    low, high = stats.t.interval(0.95, 1, 0.55, stats.sem([0.5, 0.6]))
    assert low < 0.9 < high
    assert (first.published, first.worst[:3], first.best[:3], first.seeds) == ("0.9", "0.5", "0.6", "2 of 3")
    assert first.verdict == "the published value lies in the interval"
    assert second.verdict == "no value"
    assert "arXiv:1606.03657" in published_forms([first]).latex
    assert "Obtained and published" in Page(render(with_published(content, {"mig": 0.9}))).text


@pytest.mark.parametrize(("published", "verdict"), [(-10.0, "better"), (10.0, "worse")])
def test_a_published_value_outside_the_interval_is_better_or_worse(
    content: ReportContent, published: float, verdict: str
) -> None:
    (line,) = published_lines(with_published(content, {"mig": published}))
    assert line.verdict == verdict
