"""Representations in HDF5 files are the same whether they are read whole or in batches."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from disentangle_bench.errors import RepresentationError
from disentangle_bench.representation import Representation
from disentangle_bench.representation.streamed import StoredArray, StoredVariables, open_representation
from disentangle_bench.representation.variables import Variables


def sample(rows: int = 70_000) -> Representation:
    rng = np.random.default_rng(0)
    codes = Variables.wrap(rng.normal(size=(rows, 3)).astype(np.float32), names=["a", "b", "c"])
    factors = Variables.wrap(rng.integers(0, 5, (rows, 2)), names=["x", "y"], kinds=["ordinal", "cyclic"], prefix="f")
    return Representation(codes, factors, rng.random(rows) < 0.5, {"a": rng.normal(size=(rows, 2))})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    sample().save(tmp_path / "codes.h5")
    return tmp_path / "codes.h5"


def test_nothing_is_lost(path):
    stored, loaded = open_representation(path), Representation.load(path)
    assert isinstance(stored.codes, StoredVariables)
    assert isinstance(stored.factors, StoredVariables)
    assert isinstance(stored.posterior["a"], StoredArray)
    for one, other in ((stored.codes, loaded.codes), (stored.factors, loaded.factors)):
        assert (one.names, one.kinds, len(one)) == (other.names, other.kinds, len(other))
        assert one.values.dtype == other.values.dtype
        assert np.array_equal(one.values, other.values)
        assert one.periods == other.periods
        assert one.rows(np.array([3, 1])).values.tolist() == other.rows(np.array([3, 1])).values.tolist()
    assert np.array_equal(stored.train, loaded.train)
    assert len(stored.posterior["a"]) == len(loaded.posterior["a"])
    assert np.array_equal(np.asarray(stored.posterior["a"]), loaded.posterior["a"])


def test_batches_are_the_rows_in_order_and_load_nothing(path):
    codes = open_representation(path).codes
    batches = list(codes.batches(30_000))
    assert [len(batch) for batch in batches] == [30_000, 30_000, 10_000]
    assert "values" not in vars(codes)
    assert np.array_equal(np.concatenate([batch.values for batch in batches]), codes.values)
    assert np.array_equal(np.concatenate([batch.values for batch in codes.batches(30_000)]), codes.values)


def test_one_column_and_texts(tmp_path):
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["codes"] = np.arange(6)
        file["factors"] = np.array([b"cat", b"dog"] * 3)
    stored = open_representation(tmp_path / "plain.h5")
    assert stored.codes.values.tolist() == [[0], [1], [2], [3], [4], [5]]
    assert stored.codes.kinds == ("categorical",)
    assert stored.factors is not None
    assert stored.factors.values[:2, 0].tolist() == ["cat", "dog"]


def test_npz_is_read_whole(tmp_path):
    sample(10).save(tmp_path / "codes.npz")
    assert not isinstance(open_representation(tmp_path / "codes.npz").codes, StoredVariables)


def _write(path: Path, **arrays: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values


def test_broken_values_are_counted_over_the_whole_file(tmp_path):
    codes = np.zeros((70_000, 2))
    codes[[0, 40_000, 69_999], 1] = np.nan
    _write(tmp_path / "broken.h5", codes=codes)
    message = r"In .*broken\.h5: Column 'c2' has 3 of 70000 values that are NaN or infinite"
    for read in (open_representation, Representation.load):
        with pytest.raises(RepresentationError, match=message):
            read(tmp_path / "broken.h5")


def test_kinds_of_factors_follow_from_all_rows_of_the_file(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    factors = np.stack(
        [
            rng.integers(0, 5, 70_000),  # classes
            rng.choice([0.1, 0.2, 0.3], 70_000),  # levels
            np.arange(70_000),  # whole numbers up to the second batch
            np.where(np.arange(70_000) < 66_000, 1.0, np.nan),  # known in the first batch alone
        ],
        axis=1,
    )
    factors[-1, 2] = 0.5
    factors[:66_000, 0][::2] = np.nan
    _write(tmp_path / "open.h5", codes=factors[:, [2]], factors=factors)
    opened = []
    monkeypatch.setattr(h5py, "File", lambda *args, of=h5py.File, **given: opened.append(args) or of(*args, **given))
    stored = open_representation(tmp_path / "open.h5")
    assert len(opened) == 3  # once for what there is, and once for each array
    loaded = Representation.load(tmp_path / "open.h5")
    for found in (stored.factors, loaded.factors):
        assert found is not None
        assert found.kinds == ("categorical", "ordinal", "continuous", "categorical")
        assert [summary.samples for summary in found.summaries] == [37_000, 70_000, 70_000, 66_000]
        assert [summary.values is None for summary in found.summaries] == [False, False, True, False]
    assert stored.codes.kinds == ("continuous",)
    declared = Variables(factors, ("a", "b", "c", "d"), ("continuous",) * 4)
    Representation(stored.codes, declared).save(tmp_path / "declared.h5")
    found = open_representation(tmp_path / "declared.h5").factors
    assert found is not None
    assert found.kinds == ("continuous",) * 4
    assert [summary.levels for summary in found.summaries] == [5, 0, 0, 1]


@pytest.mark.parametrize(
    "arrays",
    [
        {"factors": np.zeros((3, 1))},
        {"codes": np.zeros((3, 2, 2))},
        {"codes": np.zeros((0, 2))},
        {"codes": np.zeros((3, 2)), "factors": np.zeros((4, 1))},
        {"codes": np.zeros((3, 2)), "train": np.zeros(4, dtype=bool)},
        {"codes": np.zeros((3, 2)), "train": np.array([0, 1, 2])},
        {"codes": np.zeros((3, 2), dtype=complex)},
    ],
)
def test_faults_are_told_as_of_a_file_that_is_read_whole(tmp_path, arrays):
    _write(tmp_path / "faulty.h5", **arrays)
    with pytest.raises(RepresentationError) as whole:
        Representation.load(tmp_path / "faulty.h5")
    with pytest.raises(RepresentationError) as stored:
        open_representation(tmp_path / "faulty.h5")
    assert str(stored.value) == str(whole.value)


def test_a_file_that_is_none(tmp_path):
    (tmp_path / "text.h5").write_text("not HDF5")
    for name in ("text.h5", "missing.h5"):
        with pytest.raises(RepresentationError):
            open_representation(tmp_path / name)


def _virtual(file: h5py.File, elsewhere: Path) -> None:
    layout = h5py.VirtualLayout(shape=(6, 2), dtype="f8")
    layout[:] = h5py.VirtualSource(str(elsewhere), "codes", shape=(6, 2))
    file.create_virtual_dataset("codes", layout)


def _virtual_of_itself(file: h5py.File, elsewhere: Path) -> None:
    _virtual(file, Path())


def _external_storage(file: h5py.File, elsewhere: Path) -> None:
    file.create_dataset("codes", (6, 2), "u1", external=[(str(elsewhere), 0, 12)])


def _external_link(file: h5py.File, elsewhere: Path) -> None:
    file["codes"] = h5py.ExternalLink(str(elsewhere), "codes")


def _virtual_posterior(file: h5py.File, elsewhere: Path) -> None:
    file["codes"] = np.zeros((6, 2))
    _virtual(file.create_group("posterior"), elsewhere)


@pytest.mark.parametrize("fill", [_virtual, _virtual_of_itself, _external_storage, _external_link, _virtual_posterior])
@pytest.mark.parametrize("read", [open_representation, Representation.load])
def test_values_in_other_files_are_refused(tmp_path, fill, read):
    elsewhere = tmp_path / "elsewhere.h5"
    with h5py.File(elsewhere, "w") as file:
        file["codes"] = np.random.default_rng(0).random((6, 2))
    with h5py.File(tmp_path / "codes.h5", "w") as file:
        fill(file, elsewhere)
    with pytest.raises(RepresentationError, match=r"'codes' (are|is a link) .*other file"):
        read(tmp_path / "codes.h5")
