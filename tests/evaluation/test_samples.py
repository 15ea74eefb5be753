"""Per-sample contributions as HDF5, and what is said of files that are damaged."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disentangle_bench.errors import RunError, StorageError
from disentangle_bench.evaluation.samples import Samples, load_samples, save_samples
from disentangle_bench.representation import Representation

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
NAMES = st.text(CHARACTERS, min_size=1, max_size=30).filter(lambda name: name != ".")
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(NAMES, st.tuples(st.lists(NUMBERS, max_size=5), st.text(CHARACTERS, max_size=20)), max_size=4))
def test_round_trip(tmp_path_factory, scores):
    path = tmp_path_factory.mktemp("samples") / "samples.h5"
    save_samples(path, {name: Samples(np.array(values), pairing) for name, (values, pairing) in scores.items()})
    loaded = load_samples(path)
    assert {name: (values.tolist(), pairing) for name, (values, pairing) in loaded.items()} == scores


def test_a_name_and_a_longer_one_behind_a_slash_can_both_be_kept(tmp_path):
    path = tmp_path / "samples.h5"
    names = ["information", "information/fresh", "information/fresh.c1"]
    save_samples(path, {name: Samples(np.array([float(place)]), "p") for place, name in enumerate(names)})
    assert {name: samples.values[0] for name, samples in load_samples(path).items()} == {
        "information": 0, "information/fresh": 1, "information/fresh.c1": 2,
    }  # fmt: skip


def test_lie_in_the_group_samples_with_their_pairing(tmp_path):
    path = tmp_path / "samples.h5"
    save_samples(path, {"accuracy": Samples(np.array([0.0, 1.0]), "test images")})
    with h5py.File(path) as file:
        assert file["samples/accuracy"][...].tolist() == [0, 1]
        assert file["samples/accuracy"].attrs["pairing"] == b"test images"


def test_replace_earlier_samples(tmp_path):
    path = tmp_path / "samples.h5"
    save_samples(path, {"old": Samples(np.ones(4), "p")})
    save_samples(path, {"new": Samples(np.zeros(2), "q")})
    assert list(load_samples(path)) == ["new"]


def test_none_in_a_file_without_the_group(tmp_path):
    path = tmp_path / "samples.h5"
    Representation.of([[1.0]]).save(path)
    assert load_samples(path) == {}


def test_damaged_file(tmp_path):
    path = tmp_path / "samples.h5"
    path.write_bytes(b"not HDF5 at all")
    with pytest.raises(RunError, match=r"not a readable HDF5 file[\s\S]*dbench eval"):
        load_samples(path)


def test_samples_that_are_no_group(tmp_path):
    path = tmp_path / "samples.h5"
    with h5py.File(path, "w") as file:
        file["samples"] = [1, 2]
    with pytest.raises(RunError, match="not a readable HDF5 file"):
        load_samples(path)


def test_missing_file(tmp_path):
    with pytest.raises(StorageError, match="Could not read"):
        load_samples(tmp_path / "samples.h5")


@pytest.mark.parametrize(("value", "same"), [(0.5, True), (0.5 + 1e-9, True), (0.51, False), (None, False)])
def test_the_mean_is_that_of_the_score(value, same):
    assert Samples(np.array([1.0, 0.0]), "").have_the_mean(value) is same


def test_no_samples_have_no_mean():
    assert not Samples(np.array([]), "").have_the_mean(0.0)
