from __future__ import annotations

from pathlib import Path

import h5py
import pytest

from disentangle_bench.storage import require_own_data, write_hdf5


def test_hdf5_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    for name in ("a", "b"):
        write_hdf5(path, lambda file, name=name: file.create_dataset(name, data=[1, 2]))
        with h5py.File(path) as file:
            assert {key: file[key][...].tolist() for key in file} == {name: [1, 2]}


def test_hdf5_that_could_not_be_filled_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    path.write_text("old")
    with pytest.raises(TypeError):
        write_hdf5(path, lambda file: file.create_dataset("a", data=object()))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_holds_no_array_is_named(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["codes"] = h5py.Empty("f8")
        file.create_dataset("factors", (3,), dtype=h5py.vlen_dtype("f8"))
        file["texts"] = ["a", "b"]
        require_own_data(file, ["texts"])
        for name, said in (("codes", "'codes' has no values"), ("factors", "entries that may differ in length")):
            with pytest.raises(OSError, match=said):
                require_own_data(file, [name])
