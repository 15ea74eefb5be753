from __future__ import annotations

import os
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from disentangle_bench.datasets import grids
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.grids import content_of, ranked, require_grid
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.errors import DataError, StorageError

FACTORS = (Factor("a", "categorical", 2), Factor("b", "ordinal", 3), Factor("c", "cyclic", 1))
FILE = Path("file")


def test_a_grid_passes_in_its_order_only() -> None:
    require_grid(FILE, "labels", grid(FACTORS), FACTORS)
    with pytest.raises(DataError, match=r"file: 'labels' is \(5, 3\); the grid 2 x 3 x 1 makes it \(6, 3\)"):
        require_grid(FILE, "labels", grid(FACTORS)[1:], FACTORS)
    swapped = grid(FACTORS)[[0, 1, 3, 2, 4, 5]]
    with pytest.raises(DataError, match="'labels' has a 1 in row 2 where the grid has 0; 2 rows differ"):
        require_grid(FILE, "labels", swapped, FACTORS)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20, unique=True), st.randoms())
def test_values_are_ranked(values: list[float], random) -> None:
    known = sorted(values)
    rows = random.choices(range(len(known)), k=30) + list(range(len(known)))
    stated = np.array([known[row] for row in rows])[:, None]
    classes, factors = ranked(FILE, "labels", stated, [Factor("a", "ordinal", len(known))])
    assert classes[:, 0].tolist() == rows
    assert factors[0].values == tuple(known)
    assert factors[0].kind == "ordinal"


def test_texts_say_more_than_numbers() -> None:
    shapes = Factor.of("shape", "categorical", ["cube", "sphere"])
    _, found = ranked(FILE, "labels", np.array([[1.0], [2.0], [1.0]]), [shapes])
    assert found == (shapes,)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ([0.5, 0.5], r"'labels' has 1 values of a \(0\.5\); there are 2"),
        ([1, 2, 3, 4, 5, 6], r"'labels' has 6 values of a \(1, 2, 3, 4, 5, \.\.\.\); there are 2"),
        ([1, np.inf], r"'labels' has 2 values of a \(1, inf\); there are 2"),
        ([], "'labels' has 0 values of a; there are 2"),
    ],
)
def test_values_that_are_not_as_many_as_classes_are_told(stated: list[float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        ranked(FILE, "labels", np.array(stated, dtype=float)[:, None], FACTORS[:1])


def test_the_content_of_a_file_is_its_bytes(cache: Path, tmp_path: Path) -> None:
    for name, content in {"a": b"x", "b": b"x", "c": b"y"}.items():
        (tmp_path / name).write_bytes(content)
    a, b, c = (content_of(tmp_path / name, "shapes") for name in "abc")
    assert a == b != c


def test_large_files_are_read_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(1000))
    monkeypatch.setattr("disentangle_bench.datasets.files.hashes._LARGE", 100)
    first = content_of(path, "shapes")
    monkeypatch.setattr(
        "disentangle_bench.datasets.files.hashes.computed_sha256", lambda path: pytest.fail("read again")
    )
    assert content_of(path, "shapes") == first


def test_the_content_of_a_folder_changes_with_its_files(cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "image").write_bytes(b"x")
    seen = [content_of(folder, "shapes")]
    assert content_of(folder, "shapes") == seen[0]
    (folder / "image").write_bytes(b"x")
    seen.append(content_of(folder, "shapes"))
    os.utime(folder / "image", ns=(0, 0))
    seen.append(content_of(folder, "shapes"))
    (folder / "image").rename(folder / "other")
    seen.append(content_of(folder, "shapes"))
    assert len(set(seen)) == 4


def test_what_is_not_there_is_told(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"Could not read .*none: No such file"):
        grids.content_of(tmp_path / "none", "shapes")
