from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import disentangle_bench as db
from disentangle_bench.errors import RepresentationError, SettingError
from disentangle_bench.evaluation.representation_subject import subject_of_representation
from disentangle_bench.representation import Representation


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_a_file_with_a_posterior_can_be_asked_for_it(tmp_path: Path, suffix):
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 4, 300)
    means = np.column_stack([factors + 0.0, rng.normal(size=300)])
    posterior = {f"c{place + 1}": np.column_stack([means[:, place], np.full(300, -2.0)]) for place in range(2)}
    data = Representation.of(means, factors)
    path = tmp_path / f"codes{suffix}"
    Representation(data.codes, data.factors, None, posterior).save(path)
    scores = db.evaluate(path, ["mig/chen", "rmig/posterior"]).scores
    for name in ("mig/chen", "rmig/posterior"):
        assert scores[name].value == pytest.approx(1, abs=0.15), scores[name].reason
    assert "posterior_parameters" not in subject_of_representation(data, "without").parts


def test_arrays_alone_are_no_subject():
    with pytest.raises(RepresentationError, match=r"The subject is of the type tuple.*\nGive `Representation.of"):
        db.evaluate((np.zeros((9, 2)), np.arange(9)))


def numbered(samples: int, **parts: np.ndarray) -> Representation:
    """A representation whose only code is the number of the row."""
    data = Representation.of(np.arange(float(samples)), np.arange(samples) % 3, np.arange(samples) % 4 > 0)
    return Representation(data.codes, data.factors, data.train, parts)


def test_the_same_rows_are_drawn_of_every_representation_of_as_many():
    first = subject_of_representation(numbered(300, c1=np.arange(600.0).reshape(300, 2)), "first", rows=100)
    other = subject_of_representation(numbered(300), "other", seed=1, rows=100)
    rows = first.parts["codes"].values[:, 0].astype(int)
    assert np.array_equal(other.parts["codes"].values[:, 0], rows)
    assert len(np.unique(rows)) == 100
    assert (np.diff(rows) > 0).all()
    assert first.parts["factors"].values[:, 0].tolist() == (rows % 3).tolist()
    assert first.parts["train"].tolist() == (rows % 4 > 0).tolist()
    assert first.parts["posterior_parameters"]["c1"][:, 0].tolist() == (2.0 * rows).tolist()
    assert (first.info["samples"], first.info["drawn_from"]) == (100, 300)


@pytest.mark.parametrize("rows", [None, 300, 301])
def test_as_many_rows_as_there_are_is_all_of_them(rows):
    subject = subject_of_representation(numbered(300), "all", rows=rows)
    assert subject.info == subject_of_representation(numbered(300), "all").info
    assert "drawn_from" not in subject.info


def test_too_few_rows_are_refused():
    with pytest.raises(SettingError, match="3 rows are too few"):
        subject_of_representation(numbered(300), "few", rows=3)
