from __future__ import annotations

import errno
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from disentangle_bench.errors import RepresentationError, StorageError, UnknownNameError
from disentangle_bench.representation import Representation
from disentangle_bench.representation.kinds import KINDS
from disentangle_bench.representation.tables import GREATEST
from disentangle_bench.representation.variables import Variables

FORMATS = [".h5", ".npz"]
# Text of a fixed width ends at its last character that is no NUL; lone surrogates have no UTF-8.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)
NAME = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=6)


def numbers() -> st.SearchStrategy[np.dtype[Any]]:
    return st.sampled_from([np.dtype(kind) for kind in ("?", "u1", "i2", "i8", "f2", "f4", "f8", ">f8")])


@st.composite
def variables(draw: st.DrawFn, rows: int, text: st.SearchStrategy[str] = TEXT) -> Variables:
    width = draw(st.integers(1, 4))
    names = draw(st.lists(NAME, min_size=width, max_size=width, unique=True))
    if draw(st.booleans()):
        values = draw(npst.arrays(np.dtype("U6"), (rows, width), elements=text))
        return Variables.wrap(values, names=names)
    finite = {"allow_nan": False, "allow_infinity": False}
    dtype = draw(numbers())
    if dtype.itemsize == 8:
        finite |= {"min_value": -GREATEST, "max_value": GREATEST}
    values = draw(npst.arrays(dtype, (rows, width), elements=finite if dtype.kind == "f" else None))
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=width, max_size=width))
    return Variables.wrap(values, names=names, kinds=kinds)


@st.composite
def representations(draw: st.DrawFn) -> Representation:
    rows = draw(st.integers(1, 6))
    factors = draw(st.none() | variables(rows, NAME))  # an empty text is an unknown value of a factor
    train = draw(st.none() | npst.arrays(np.bool_, (rows,)))
    widths = draw(st.dictionaries(st.sampled_from(["c1", "c2", "c10"]), st.integers(1, 3), max_size=2))
    posterior = {name: np.ones((rows, width), np.float32) * width for name, width in widths.items()}
    return Representation(draw(variables(rows)), factors, train, posterior)


def check_same(one: Representation, other: Representation) -> None:
    for a, b in ((one.codes, other.codes), (one.factors, other.factors)):
        if a is None:
            assert b is None
            continue
        np.testing.assert_array_equal(a.values, b.values)
        assert (a.names, a.kinds) == (b.names, b.kinds)
        assert a.values.dtype.kind == b.values.dtype.kind
    assert (one.train is None) == (other.train is None)
    if one.train is not None:
        np.testing.assert_array_equal(one.train, other.train)
    assert set(one.posterior) == set(other.posterior)
    for name, parameters in one.posterior.items():
        np.testing.assert_array_equal(parameters, other.posterior[name])


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(representation=representations())
def test_what_is_saved_is_loaded(tmp_path: Path, suffix: str, representation: Representation) -> None:
    path = tmp_path / f"mine{suffix}"
    representation.save(path)
    check_same(representation, Representation.load(path))


# --- arrays that become variables


def test_one_column_may_be_flat() -> None:
    flat = Variables.wrap([1.0, 2.0, 3.0])
    assert flat.values.shape == (3, 1)
    assert len(flat) == 3
    assert flat.names == ("c1",)


@pytest.mark.parametrize(
    ("values", "kind"),
    [([0.5, 1.5], "continuous"), ([1, 2], "categorical"), ([True, False], "categorical"), (["a", "b"], "categorical")],
)
def test_kinds_are_guessed_from_the_type(values: list[Any], kind: str) -> None:
    assert Variables.wrap(values).kinds == (kind,)


def test_names_and_kinds_are_kept_and_select_columns() -> None:
    mixed = Variables.wrap(
        [[0, 0.5, 1], [1, 0.7, 2]], names=["digit", "slant", "hue"], kinds=["categorical", "continuous", "cyclic"]
    )
    assert mixed.of_kind("categorical") == ("digit",)
    assert mixed.of_kind("continuous", "cyclic") == ("slant", "hue")
    assert mixed.column("slant").tolist() == [0.5, 0.7]
    assert np.asarray(mixed.rows(np.array([1]))).tolist() == [[1, 0.7, 2]]
    assert Variables.wrap(mixed) is mixed
    with pytest.raises(UnknownNameError, match=r"no variable named 'slent'.\nDid you mean 'slant'"):
        mixed.column("slent")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array(["a", "b"], dtype=object), ["a", "b"]),
        (np.array([b"a", "é".encode()]), ["a", "é"]),
        (np.array([1, 2], dtype=object), [1, 2]),
        (np.array([1.5, 2], dtype=object), [1.5, 2.0]),
        (np.array(["a", "b"], dtype=np.dtypes.StringDType()), ["a", "b"]),
    ],
    ids=["text objects", "bytes", "integer objects", "number objects", "variable-width text"],
)
def test_other_ways_to_hold_numbers_and_text(values: np.ndarray, expected: list[Any]) -> None:
    wrapped = Variables.wrap(values)
    assert wrapped.values[:, 0].tolist() == expected
    assert wrapped.values.dtype.kind in "ifU"


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.zeros((2, 3, 4)), {}, r"codes have the shape \(2, 3, 4\)"),
        (5.0, {}, "codes are of the type float"),
        (np.zeros((0, 3)), {}, r"codes have the shape \(0, 3\)"),
        (np.zeros((3, 0)), {"prefix": "f"}, r"factors have the shape \(3, 0\)"),
        ([[1, 2], [3]], {}, "codes are not an array"),
        (np.array([b"\xff"]), {}, "codes are not an array"),
        ([1 + 2j], {}, "codes are of the type complex128"),
        (np.array(["2020-01-01"], dtype="M8[D]"), {}, "codes are of the type datetime64"),
        ([1, None], {}, "Column 'c1' has 1 of 2 values that are NaN"),
        (np.array(["a", float("nan")], dtype=object), {}, "codes are of the type object"),
        ([[1, 2]], {"names": ["a"]}, "2 columns came with 1 names and 2 kinds"),
        ([[1, 2]], {"kinds": ["ordinal"] * 3}, "2 columns came with 2 names and 3 kinds"),
        ([[1, 2]], {"names": ["a", "a"]}, "2 columns are named 'a'"),
        ([[1, 2]], {"names": ["a", ""]}, "1 columns are named ''"),
        (
            [1],
            {"kinds": ["nominal"]},
            "'nominal' is not a kind of variable.\nUse one of categorical, ordinal",
        ),
        (["x"], {"kinds": ["continuous"]}, "Column 'c1' is continuous and holds text"),
    ],
)
def test_what_no_metric_can_use_is_refused(values: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(RepresentationError, match=message):
        Variables.wrap(values, **options)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_column_with_nan_or_infinity_is_named(bad: float) -> None:
    values = np.zeros((5, 3))
    values[1, 2] = values[4, 2] = bad
    with pytest.raises(RepresentationError, match="Column 'width' has 2 of 5 values that are NaN or infinite"):
        Variables.wrap(values, names=["digit", "slant", "width"])


# --- representations


def test_rows_that_do_not_match_are_refused() -> None:
    with pytest.raises(RepresentationError, match="'codes' has 3 rows and 'factors' has 2"):
        Representation.of(np.zeros(3), np.zeros(2))
    with pytest.raises(RepresentationError, match="'codes' has 3 rows and 'train' has 4"):
        Representation.of(np.zeros(3), train=[True] * 4)
    with pytest.raises(RepresentationError, match="'codes' has 3 rows and 'c1' has 2"):
        Representation(Variables.wrap(np.zeros(3)), posterior={"c1": np.zeros((2, 10))})


@pytest.mark.parametrize("train", [[0, 1, 2], [0.5, 0, 1], ["a", "b", "c"], np.zeros((3, 1))])
def test_a_mask_that_is_none_is_refused(train: Any) -> None:
    with pytest.raises(RepresentationError, match="'train' has the shape"):
        Representation.of(np.zeros(3), train=train)


def test_a_mask_of_zeros_and_ones_is_a_mask() -> None:
    mask = Representation.of(np.zeros(3), train=[0, 1, 1.0]).train
    assert mask.tolist() == [False, True, True]
    assert mask.dtype == bool


# --- files that others write


def test_a_file_by_someone_who_never_heard_of_us(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", codes=np.eye(3), factors=np.array(["cat", "dog", "cat"]))
    mine = Representation.load(tmp_path / "mine.npz")
    assert (mine.codes.names, mine.codes.kinds) == (("c1", "c2", "c3"), ("continuous",) * 3)
    assert (mine.factors.names, mine.factors.kinds) == (("f1",), ("categorical",))
    assert mine.factors.values[:, 0].tolist() == ["cat", "dog", "cat"]
    assert mine.train is None


@pytest.mark.parametrize("names", [["size"], "size", np.array([b"size"])], ids=["list", "one text", "bytes"])
def test_names_in_hdf5_as_different_writers_have_them(tmp_path: Path, names: Any) -> None:
    with h5py.File(tmp_path / "mine.h5", "w") as file:
        file["codes"] = np.arange(3.0)
        file["codes"].attrs["names"] = names
        file["factors"] = [b"cat", b"dog", b"cat"]
        file["train"] = np.array([1, 1, 0])
    mine = Representation.load(str(tmp_path / "mine.h5"))
    assert mine.codes.names == ("size",)
    assert mine.factors.values[:, 0].tolist() == ["cat", "dog", "cat"]
    assert mine.train.tolist() == [True, True, False]


def test_the_documented_keys_are_the_ones_written(tmp_path: Path) -> None:
    mine = Representation(
        Variables.wrap([[1.0, 2.0]], names=["a", "b"]), Variables.wrap(["x"], prefix="f"), np.array([True])
    )
    mine.save(tmp_path / "mine.npz")
    mine.save(tmp_path / "mine.h5")
    with np.load(tmp_path / "mine.npz") as file:
        assert sorted(file) == ["code_kinds", "code_names", "codes", "factor_kinds", "factor_names", "factors", "train"]
    with h5py.File(tmp_path / "mine.h5") as file:
        assert sorted(file) == ["codes", "factors", "train"]
        assert file["codes"].attrs["names"].tolist() == [b"a", b"b"]
        assert file["factors"].attrs["kinds"].tolist() == [b"categorical"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_faults_of_arrays_name_the_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    write(path, codes=np.array([[1.0, np.nan]]), factors=np.array([[1]]))
    with pytest.raises(RepresentationError, match=f"In {path}: Column 'c2' has 1 of 1 values"):
        Representation.load(path)
    write(path, codes=np.zeros((2, 2)), factors=np.zeros((3, 1)))
    with pytest.raises(RepresentationError, match=f"In {path}: 'codes' has 2 rows and 'factors' has 3"):
        Representation.load(path)
    write(path, latents=np.zeros((2, 2)), labels=np.zeros(2))
    with pytest.raises(RepresentationError, match=f"In {path}: there is no array 'codes'; there is la.*, la") as caught:
        Representation.load(path)
    assert "Store the codes (n, d) as 'codes'" in str(caught.value)
    write(path)
    with pytest.raises(RepresentationError, match="there is nothing"):
        Representation.load(path)


def write(path: Path, **arrays: np.ndarray) -> None:
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file[name] = array


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("content", [b"", b"not such a file", b"\x93NUMPY", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"])
def test_a_file_of_another_format_is_told(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"mine{suffix}"
    path.write_bytes(content)
    with pytest.raises(RepresentationError, match=f"{path} is not a readable"):
        Representation.load(path)


def test_pickled_objects_are_never_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, codes=np.array([[1, "a"], [None, "b"]], dtype=object))
    with pytest.raises(RepresentationError, match="an array of Python objects"):
        Representation.load(path)


def test_a_group_where_an_array_belongs_is_told(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "mine.h5", "w") as file:
        file.create_group("codes")
    with pytest.raises(RepresentationError, match=r"In .*mine\.h5: 'codes' is not an array"):
        Representation.load(tmp_path / "mine.h5")


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(RepresentationError, match=f"There is no file {tmp_path / 'mine.npz'}"):
        Representation.load(tmp_path / "mine.npz")
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(RepresentationError, match=r"pipe\.npz is a folder, a pipe or a device"):
        Representation.load(tmp_path / "pipe.npz")


def test_every_damaged_npz_is_told_or_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    whole = Representation.of(np.arange(6.0).reshape(3, 2), ["a", "b", "c"], [1, 0, 1])
    whole.save(path)
    content = path.read_bytes()
    # The list of names at the end has no checksum: a damaged name there is a name that nobody asks for.
    for place in range(0, content.index(b"PK\x01\x02"), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            check_same(whole, Representation.load(path))
        except RepresentationError as error:
            assert str(path) in str(error)  # noqa: PT017 - either outcome is right
    for size in range(0, len(content), 29):
        path.write_bytes(content[:size])
        with pytest.raises(RepresentationError):
            Representation.load(path)


def test_every_damaged_hdf5_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.h5"
    Representation.of(np.arange(60.0).reshape(30, 2), np.array(list("abc") * 10), [1, 0] * 15).save(path)
    content = path.read_bytes()
    for place in range(0, len(content), 11):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        with pytest.raises(RepresentationError, match=str(path)):
            Representation.load(path)
    for size in range(0, len(content), 29):
        path.write_bytes(content[:size])
        with pytest.raises(RepresentationError, match=f"{path} is not a readable HDF5 file"):
            Representation.load(path)


# --- writing


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_failed_save_leaves_the_file_before_it(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"mine{suffix}"
    before = Representation.of(np.zeros(3))
    before.save(path)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match=f"Could not write {path}: No space left on device"):
            Representation.of(np.ones(3)).save(path)
    check_same(before, Representation.load(path))
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_text_that_hdf5_cannot_hold_is_told(tmp_path: Path) -> None:
    with pytest.raises(RepresentationError, match=f"cannot be written to {tmp_path / 'mine.h5'}: .*surrogates"):
        Representation.of(np.zeros(1), ["\ud800"]).save(tmp_path / "mine.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_disk_that_fills_up_ends_no_process(tmp_path: Path, suffix: str) -> None:
    script = """
import resource, signal, sys
import numpy as np
from disentangle_bench.errors import StorageError
from disentangle_bench.representation import Representation
representation = Representation.of(np.random.default_rng(0).normal(size=(20_000, 4)))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    representation.save(sys.argv[1])
except StorageError as error:
    print(error)
"""
    command = [sys.executable, "-c", script, str(tmp_path / f"mine{suffix}")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "mine" in ended.stdout
    assert "File too large" in ended.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
@pytest.mark.parametrize(
    ("other", "guess"), [("labels", " Did you mean 'factors'?"), ("factor", " Did you mean 'factors'?"), ("qqq", "")]
)
def test_an_array_that_is_not_read_is_named_in_a_warning(tmp_path, caplog, suffix, other, guess):
    path = tmp_path / f"mine{suffix}"
    arrays = {"codes": np.random.default_rng(0).random((9, 2)), other: np.arange(9)}
    if suffix == ".npz":
        np.savez(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file[name] = array
    assert Representation.load(path).factors is None
    assert caplog.messages == [f"In {path}, the array {other!r} is not read.{guess}"]


def test_an_array_that_is_not_read_is_not_unpacked(tmp_path):
    np.savez(tmp_path / "mine.npz", codes=np.zeros((9, 2)), table=np.array([{"a": 1}], dtype=object))
    assert Representation.load(tmp_path / "mine.npz").codes.values.shape == (9, 2)


def test_a_header_that_is_not_python_is_called_invalid(tmp_path: Path) -> None:
    text = b"{'descr': '<f8', 'shape': (60, 2" + b" " * 85 + b"\n"
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("codes.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text)
    with pytest.raises(RepresentationError, match="is not a readable npz file: the header of an array is invalid"):
        Representation.load(tmp_path / "x.npz")
