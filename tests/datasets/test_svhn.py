from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from disentangle_bench.datasets.files.sources import WebFolder
from disentangle_bench.datasets.prepared.raw import RawImages
from disentangle_bench.datasets.svhn import EXTRA, TEST, TRAIN, Svhn, svhn
from disentangle_bench.errors import DataError, DownloadError
from tests.datasets.conftest import declared

COUNTS = {TRAIN: 12, TEST: 5, EXTRA: 20}


def pictures(name: str) -> np.ndarray:
    """Images `(n, 3, 32, 32)`."""
    return np.random.default_rng(COUNTS[name]).integers(256, size=(COUNTS[name], 3, 32, 32), dtype=np.uint8)


def labels(name: str) -> np.ndarray:
    """Labels as the files have them, 1 to 10."""
    return (np.arange(COUNTS[name]) % 10 + 1).astype(np.uint8)


def put(path: Path, **arrays: object) -> Path:
    """A file as published: images along the last axis, rows, columns, colors before it; labels as a column."""
    usual = {"X": pictures(path.name).transpose(2, 3, 1, 0), "y": labels(path.name)[:, None]}
    savemat(path, {**usual, **arrays}, do_compression=True)
    return path


def declaring(folder: Path) -> Svhn:
    """The adapter, declaring the files in a folder."""
    adapter = Svhn()
    files = {name: declared((folder / name).read_bytes()) for name in COUNTS}
    adapter.info = replace(svhn.info, files={**files, EXTRA: replace(files[EXTRA], optional=True)})
    return adapter


@pytest.fixture
def folder(tmp_path: Path, cache: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in COUNTS:
        put(folder / name)
    return folder


def test_images_and_digits_are_those_of_the_files(folder: Path) -> None:
    dataset = declaring(folder).load(folder)
    assert dataset.info.images == 17
    np.testing.assert_array_equal(dataset.split("train"), pictures(TRAIN))
    np.testing.assert_array_equal(dataset.split("test"), pictures(TEST))
    assert dataset.labels("train").tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2], "what the file calls 10 is 0"
    assert dataset.labels("test").tolist() == [1, 2, 3, 4, 5]


def test_the_extra_images_are_for_training_and_stay_on_disk(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = declaring(folder).load(folder, extra=True)
    assert isinstance(dataset.images, RawImages)
    assert dataset.info.images == 37
    np.testing.assert_array_equal(dataset.split("train")[:], np.concatenate([pictures(TRAIN), pictures(EXTRA)]))
    np.testing.assert_array_equal(dataset.split("test")[:], pictures(TEST))
    assert dataset.labels().tolist() == [label % 10 for name in COUNTS for label in labels(name).tolist()]
    assert "Preparing 37 images of svhn, once" in capsys.readouterr().err
    np.testing.assert_array_equal(declaring(folder).load(folder, extra=True).images[:], dataset.images[:])
    assert capsys.readouterr().err == ""


def test_without_the_extra_images_their_file_need_not_be_there(folder: Path) -> None:
    adapter = declaring(folder)
    (folder / EXTRA).unlink()
    assert adapter.load(folder).info.images == 17
    adapter.sources = lambda: ()
    with pytest.raises(DownloadError, match=f"svhn: {EXTRA} could not be downloaded"):
        adapter.load(folder, extra=True)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"X": np.zeros((32, 32, 3, 11), np.uint8)},
            r"'X' is uint8 \(32, 32, 3, 11\); it should be uint8 \(32, 32, 3, 12\)",
        ),
        ({"X": np.zeros((12, 3, 32, 32), np.uint8)}, r"'X' is uint8 \(12, 3, 32, 32\)"),
        ({"X": np.zeros((32, 32, 3, 12))}, r"'X' is float64 \(32, 32, 3, 12\)"),
        ({"X": np.zeros((32, 32))}, r"'X' is float64 \(32, 32\)"),
        ({"y": np.full((12, 1), 11)}, "label 11 of image 0 is not from 1 to 10"),
        ({"y": np.array([[1.0]] * 11 + [[0.0]])}, "label 0.0 of image 11 is not from 1 to 10"),
        ({"y": np.ones((1, 12))}, r"'y' is \(1, 12\) float64; \(n, 1\) numbers are expected"),
        ({"y": "text"}, r"'y' is \(1,\) <U4"),
    ],
)
def test_arrays_of_another_form_are_reported(folder: Path, arrays: dict[str, object], message: str) -> None:
    put(folder / TRAIN, **arrays)
    with pytest.raises(DataError, match=rf"train_32x32\.mat: {message}"):
        declaring(folder).load(folder)


@pytest.mark.parametrize("name", ["X", "y"])
def test_an_absent_array_is_reported(folder: Path, name: str) -> None:
    usual = {"X": pictures(TEST).transpose(2, 3, 1, 0), "y": labels(TEST)[:, None]}
    savemat(folder / TEST, {key: array for key, array in usual.items() if key != name})
    with pytest.raises(DataError, match=rf"test_32x32\.mat holds no array '{name}'"):
        declaring(folder).load(folder)


@pytest.mark.parametrize("damage", ["cut", "flipped", "garbage", "empty"])
def test_damaged_files_are_reported(folder: Path, damage: str) -> None:
    content = (folder / TRAIN).read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
    broken = {"cut": content[:middle], "flipped": flipped, "garbage": b"<html>Sorry</html>" * 99, "empty": b""}
    (folder / TRAIN).write_bytes(broken[damage])
    with pytest.raises(
        DataError, match=r"train_32x32\.mat (is not a readable MATLAB file: .+|holds no array 'y': it is truncated)"
    ):
        declaring(folder).load(folder)


def test_files_are_torchvisions(folder: Path) -> None:
    from torchvision.datasets import SVHN

    assert {name for _, name, _ in SVHN.split_list.values()} == set(svhn.info.files)
    (source,) = svhn.sources()
    assert isinstance(source, WebFolder)
    assert {f"{source.url}/{name}" for name in svhn.info.files} == {url for url, _, _ in SVHN.split_list.values()}


@pytest.mark.slow
def test_the_real_files_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    try:
        dataset = svhn.load()
    except DownloadError as error:
        pytest.skip(f"SVHN is not on this machine: {error.problem}")
    # As published: how many of each digit, from 0 on.
    assert np.bincount(dataset.labels("train")).tolist() == [
        4948, 13861, 10585, 8497, 7458, 6882, 5727, 5595, 5045, 4659,
    ]  # fmt: skip
    assert len(dataset.split("test")) == 26_032
