"""What cannot be compared is marked, and never called better."""

from typing import Any

import pytest

from disentangle_bench.evaluation.comparison import Comparison, compare_results
from disentangle_bench.evaluation.results import Results, ScoreEntry

FACTORS = [{"name": "shape", "kind": "categorical", "classes": 3, "constant": False}]
DATA = {"kind": "representation", "samples": 2000, "train": 1333, "factors": FACTORS, "samples_sha256": "abc"}


def scored(value: float, *, seed: int | None = None, **subject: Any) -> Results:
    about = {"name": "x", "seed": seed, **DATA, **subject}
    entry = ScoreEntry(metric="mig", value=value, low=value - 0.01, high=value + 0.01)
    return Results(subject=about, scores={"mig": entry})


def against(**subject: Any) -> Comparison:
    return compare_results([scored(0.1), scored(0.9, **subject)])


def test_the_same_data_can_be_compared():
    comparison = against()
    assert comparison.rows[0].differences[0].verdict == "better on these samples"
    assert comparison.unchecked == []


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ({"samples": 1500}, "scores of 1,500 samples, not of 2,000"),
        ({"train": 1000}, "scores with 1,000 rows to fit on, not with 1,333"),
        ({"samples_sha256": "def"}, "scores of other samples: factors or train rows differ"),
        ({"factors": [{**FACTORS[0], "name": "size"}]}, "scores of the factors size, not of shape"),
        ({"factors": [{**FACTORS[0], "kind": "ordinal"}]}, "scores of a factor shape whose kind is ordinal, not categ"),
        ({"factors": [{**FACTORS[0], "classes": 4}]}, "scores of a factor shape whose number of classes is 4, not 3"),
    ],
)
def test_other_data_cannot(subject, reason):
    [row] = against(**subject).rows
    [difference] = row.differences
    assert (difference.value, difference.p, difference.verdict) == (None, None, "not comparable")
    assert difference.reason.startswith(reason)
    assert [value.value for value in row.values] == [0.1, 0.9]


def test_of_runs_the_images_count_too():
    runs = [scored(value, kind="run", dataset="mnist", data_sha256=data) for value, data in ((0.1, "x"), (0.9, "y"))]
    assert "images" in compare_results(runs).rows[0].differences[0].reason


def test_another_dataset():
    runs = [scored(value, kind="run", dataset=dataset) for value, dataset in ((0.1, "mnist"), (0.9, "digits"))]
    assert compare_results(runs).rows[0].differences[0].reason == "scores of digits, not of mnist"


def test_what_is_not_known_is_taken_on_trust_and_said():
    comparison = against(samples_sha256=None)
    assert comparison.rows[0].differences[0].verdict == "better on these samples"
    assert comparison.unchecked == ["x (2)"]


class TestSeeds:
    def test_each_may_have_samples_of_its_own_if_they_are_paired(self):
        first, second = (
            [scored(level + seed / 100, seed=seed, samples_sha256=f"samples {seed}") for seed in range(3)]
            for level in (0.1, 0.9)
        )
        difference = compare_results([first, second]).rows[0].differences[0]
        assert difference.value == pytest.approx(0.8)

    def test_else_all_need_the_same(self):
        first = [scored(0.1, seed=seed) for seed in range(3)]
        second = [scored(0.9, seed=seed, samples_sha256="def") for seed in range(3, 6)]
        assert compare_results([first, second]).rows[0].differences[0].verdict == "not comparable"
