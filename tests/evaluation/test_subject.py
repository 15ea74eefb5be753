"""What subjects offer: the posterior's parameters, and names for rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import disentangle_bench as db
from disentangle_bench.datasets import Dataset, DatasetInfo, Factor
from disentangle_bench.datasets.dataset import held_out
from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.errors import SettingError
from disentangle_bench.evaluation.subject import (
    evaluated,
    known_factors,
    represent,
    subject_of_representation,
)
from disentangle_bench.latents import Categorical, Gaussian, LatentSpec, Uniform
from disentangle_bench.models.trained import posterior_parameters
from disentangle_bench.representation import Representation, open_representation
from disentangle_bench.representation.variables import Variables


def test_a_posterior_has_a_sigma_whether_it_is_learned_or_fixed():
    latents = LatentSpec(1, (Categorical(3), Uniform(), Gaussian(sigma=0.5)))
    reading = (torch.tensor([[0.0, 2.0, 1.0]]), torch.tensor([[0.3, -1.0]]), torch.tensor([[0.7]]))
    found = posterior_parameters(latents, reading)
    assert found["c1"].tolist() == [[0, 2, 1]]
    assert found["c2"][0] == pytest.approx([0.3, -1])
    assert found["c3"][0] == pytest.approx([0.7, np.log(0.5)])
    codes = represent(latents, reading)
    assert codes.values[0] == pytest.approx([1, 0.3, 0.7])
    assert codes.kinds == ("categorical", "continuous", "continuous")


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


def test_rows_have_the_same_name_wherever_they_lie(tmp_path: Path):
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 9, (70_000, 2)).astype(np.int8)
    data = Representation.of(rng.normal(size=(70_000, 1)), factors, rng.random(70_000) < 0.5)
    data.save(tmp_path / "codes.h5")
    stored = subject_of_representation(open_representation(tmp_path / "codes.h5"), "stored")
    wider = Representation.of(data.codes, factors.astype(np.int64), data.train)
    assert stored.samples == subject_of_representation(wider, "wider").samples
    decimals = Representation.of(data.codes, factors.astype(np.float32), data.train)
    assert stored.samples == subject_of_representation(decimals, "as decimals").samples
    huge = Representation.of(data.codes, factors * 1e30, data.train, factor_kinds=["ordinal"] * factors.shape[1])
    assert stored.samples != subject_of_representation(huge, "huge").samples
    other = Representation.of(data.codes, factors[::-1], data.train)
    assert stored.samples != subject_of_representation(other, "other").samples


class Drawn(LazyImages):
    """As many images as are asked for, which tell their number."""

    def __init__(self, count: int) -> None:
        self.shape = (count, 1, 1, 4)

    def read(self, rows):
        return rows.astype("<u4").view(np.uint8).reshape(-1, 1, 1, 4)


def dataset_of(count: int, name: str = "many") -> Dataset:
    factors = (Factor("number", "ordinal", count),)
    info = DatasetInfo(name, "Many", count, (1, 1, 4), factors, "MIT", "None.")
    numbers = Variables.wrap(np.arange(count), names=["number"], kinds=["ordinal"])
    return Dataset(info, Drawn(count), numbers, held_out(count, name))


def test_a_small_dataset_is_evaluated_whole():
    whole = evaluated(dataset_of(300))
    assert isinstance(whole.images, np.ndarray)
    assert whole.factors.column("number").tolist() == list(range(300))
    assert evaluated(whole) is whole


def test_of_a_large_dataset_the_same_rows_are_evaluated_each_time():
    some = evaluated(dataset_of(100_001))
    assert some.images.shape == (20_000, 1, 1, 4)
    numbers = some.factors.column("number")
    np.testing.assert_array_equal(some.images.reshape(-1, 4).copy().view("<u4")[:, 0], numbers)
    assert len(np.unique(numbers)) == 20_000
    assert some.train.mean() == pytest.approx(0.9, abs=0.01)
    np.testing.assert_array_equal(evaluated(dataset_of(100_001)).factors, some.factors)
    assert not np.array_equal(evaluated(dataset_of(100_001, "others")).factors, some.factors)


def test_a_run_is_asked_of_what_is_known_and_not_of_what_was_measured():
    declared = (Factor("digit", "categorical", 3), Factor("slant", "continuous", measured=True))
    values = Variables.wrap([[0, 0.5], [2, -0.1]], names=["digit", "slant"], kinds=["categorical", "continuous"])
    images, train = np.zeros((2, 1, 1, 4), np.uint8), np.array([True, False])

    def known(factors, values):
        return known_factors(Dataset(DatasetInfo("a", "A", 2, (1, 1, 4), factors, "MIT", "."), images, values, train))

    assert known(declared, values).names == ("digit",)
    assert known(declared, values).values.tolist() == [[0], [2]]
    assert known(declared, values).values.dtype == np.int64
    slants = values.select(["slant"])
    assert known(declared[1:], slants) is slants
    assert known(declared, None) is None


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


def test_the_digest_of_the_data_is_of_what_is_evaluated_and_not_of_how_it_lies(tmp_path: Path):
    def digest(data: Representation, **options: object) -> str:
        return subject_of_representation(data, "any", **options).info["data_sha256"]

    data = numbered(300)
    data.save(tmp_path / "codes.h5")
    data.save(tmp_path / "codes.npz")
    assert digest(open_representation(tmp_path / "codes.h5")) == digest(data)
    assert digest(Representation.load(tmp_path / "codes.npz"), seed=1) == digest(data)
    others = [
        Representation.of(data.codes, data.factors),
        Representation.of(data.codes, None, data.train),
        Representation.of(data.codes.values + 1, data.factors, data.train),
        Representation.of(Variables.wrap(data.codes.values, names=["other"]), data.factors, data.train),
        Representation(data.codes, data.factors, data.train, {"c1": np.zeros((300, 2))}),
    ]
    digests = [digest(data), digest(data, rows=100), digest(data, rows=101), *map(digest, others)]
    assert len(set(digests)) == len(digests)
