from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.smallnorb import FACTORS, TEST, TRAIN, SmallNorb, smallnorb
from disentangle_bench.errors import DataError, SettingError
from disentangle_bench.evaluation.evaluated import known_factors
from disentangle_bench.workflow.represent import represent
from tests.datasets.formats.test_binary_matrix import matrix

SMALL = (
    *FACTORS[:2],
    Factor.of("elevation", "ordinal", [30, 35]),
    Factor.of("azimuth", "cyclic", [0, 20]),
    Factor("lighting", "categorical", 1),
)
ROWS = 5 * 5 * 2 * 2

Arrays = dict[str, np.ndarray]


def arrays() -> Arrays:
    """The six matrices of a smaller grid, in an order that is not the grid's."""
    generator = np.random.default_rng(0)
    made: Arrays = {}
    for part in (TRAIN, TEST):
        rows = np.array(list(product(range(5), part.instances, range(2), (0, 2), range(1))), dtype=np.int32)
        generator.shuffle(rows)
        made[part.file("cat")] = rows[:, 0].copy()
        made[part.file("info")] = rows[:, 1:].copy()
        made[part.file("dat")] = generator.integers(0, 256, size=(ROWS, 2, 96, 96), dtype=np.uint8)
    return made


@pytest.fixture(scope="module")
def published() -> Arrays:
    return arrays()


def written(folder: Path, contents: Arrays, *, packed: bool = True) -> None:
    for name, array in contents.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(matrix(array), 1))
        else:
            (folder / name).write_bytes(matrix(array))


@pytest.fixture
def small(cache: Path) -> SmallNorb:
    adapter = SmallNorb()
    files = {name: File(None) for name in smallnorb.info.files}
    adapter.info = replace(smallnorb.info, images=2 * ROWS, factors=SMALL, files=files)
    return adapter


def test_the_grid_is_the_published_one() -> None:
    assert [factor.size for factor in FACTORS] == [5, 10, 9, 18, 6]
    assert np.prod([factor.size for factor in FACTORS]) == smallnorb.info.images == 48_600
    assert FACTORS[2].values == (30, 35, 40, 45, 50, 55, 60, 65, 70)
    assert FACTORS[3].values[:2] + FACTORS[3].values[-1:] == (0, 20, 340)
    assert sorted(TRAIN.instances + TEST.instances) == list(range(10))
    assert smallnorb.info.bytes == sum(file.bytes for file in smallnorb.info.files.values())
    assert not any(file.verified for file in smallnorb.info.files.values())


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("camera", ["left", "right", "both"])
def test_images_and_factors_are_those_of_the_files(
    small: SmallNorb, tmp_path: Path, published: Arrays, packed: bool, camera: str
) -> None:
    written(tmp_path, published, packed=packed)
    dataset = small.load(tmp_path, size=96, camera=camera)
    pairs = np.concatenate([published[TRAIN.file("dat")], published[TEST.file("dat")]])
    times = 2 if camera == "both" else 1
    for number, chosen in enumerate({"left": [0], "right": [1], "both": [0, 1]}[camera]):
        np.testing.assert_array_equal(dataset.images[number::times][:, 0], pairs[:, chosen])
    assert dataset.info.shape == (1, 96, 96)
    assert dataset.labels("train").tolist() == published[TRAIN.file("cat")].repeat(times).tolist()
    info = np.concatenate([published[TRAIN.file("info")], published[TEST.file("info")]]) // [1, 1, 2, 1]
    np.testing.assert_array_equal(dataset.factors.values[:, 1:5], info.repeat(times, axis=0))


def test_two_cameras_are_a_factor(small: SmallNorb, tmp_path: Path, published: Arrays) -> None:
    written(tmp_path, published)
    dataset = small.load(tmp_path, camera="both", size=96)
    assert dataset.info.images == len(dataset.images) == 4 * ROWS
    assert dataset.info.factors[-1].values == ("left", "right")
    assert dataset.train.tolist() == [True] * 2 * ROWS + [False] * 2 * ROWS
    truth = dataset.ground_truth
    assert truth.whole
    classes, images = truth.sample(20, np.random.default_rng(0), fixed={"camera": 1})
    pairs = np.concatenate([published[TRAIN.file("dat")], published[TEST.file("dat")]])
    np.testing.assert_array_equal(images[:, 0], pairs[truth.index(classes) // 2, 1])


def test_codes_are_scored_on_the_instance_on_request_only(
    small: SmallNorb, tmp_path: Path, published: Arrays, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path, published)
    without, including = small.load(tmp_path), small.load(tmp_path, instance=True)
    names = ("category", "instance", "elevation", "azimuth", "lighting")
    for dataset, scored in ((without, names[:1] + names[2:]), (including, names)):
        assert dataset.factors.names == names  # so that an image can be made of every toy
        assert known_factors(dataset).names == scored
        caplog.clear()
        assert represent(lambda images: images[:, 0, 0, :2], dataset).factors.names == scored
        assert ("The factor 'instance' is not scored: instance 3 of the cars" in caplog.text) == (scored != names)


def test_the_splits_show_other_toys(small: SmallNorb, tmp_path: Path, published: Arrays) -> None:
    written(tmp_path, published)
    dataset = small.load(tmp_path)
    toys = dataset.factors.column("instance")
    assert dataset.train.tolist() == [True] * ROWS + [False] * ROWS
    assert set(toys[dataset.train]) == {4, 6, 7, 8, 9}
    assert set(toys[~dataset.train]) == {0, 1, 2, 3, 5}
    assert dataset.ground_truth.whole


def test_they_are_resized_by_lanczos_as_in_the_literature(small: SmallNorb, tmp_path: Path, published: Arrays) -> None:
    written(tmp_path, published)
    dataset = small.load(tmp_path)
    assert dataset.images.shape == (2 * ROWS, 1, 64, 64)
    expected = Image.fromarray(published[TRAIN.file("dat")][7, 0]).resize((64, 64), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(dataset.images[7][0], np.asarray(expected))
    assert small.load(tmp_path, size=32).images.shape == (2 * ROWS, 1, 32, 32)


def test_they_are_prepared_once_for_each_setting(
    small: SmallNorb, tmp_path: Path, published: Arrays, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, published)
    for settings, times in (({}, 1), ({}, 0), ({"camera": "right"}, 1), ({"size": 48}, 1), ({"camera": "right"}, 0)):
        small.load(tmp_path, **settings)
        assert capsys.readouterr().err.count("Preparing 200 images of smallnorb") == times


def _changed(name: str, change: Callable[[np.ndarray], None]) -> Callable[[Arrays], None]:
    def apply(contents: Arrays) -> None:
        contents[name] = contents[name].copy()
        change(contents[name])

    return apply


def _replaced(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Arrays], None]:
    return lambda contents: contents.update({name: change(contents[name])})


def _set(row: int, column: int, value: int) -> Callable[[np.ndarray], None]:
    def change(array: np.ndarray) -> None:
        array[row, column] = value

    return change


def _again(array: np.ndarray) -> None:
    array[8] = array[3]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            _replaced(TRAIN.file("dat"), lambda a: a[:-1]),
            r"training-dat.* \(99, 2, 96, 96\); it should hold uint8 \(100",
        ),
        (_replaced(TEST.file("dat"), lambda a: a[:, 0]), r"testing-dat.* holds uint8 \(100, 96, 96\)"),
        (_replaced(TEST.file("cat"), lambda a: a.astype(np.uint8)), r"testing-cat.* holds uint8 \(100,\)"),
        (_replaced(TEST.file("cat"), lambda a: a[:7].copy()), r"testing-cat.* holds int32 \(7,\); .* int32 \(100,\)"),
        (_replaced(TRAIN.file("info"), lambda a: a[:, :3].copy()), r"training-info.* holds int32 \(100, 3\)"),
        (_changed(TRAIN.file("info"), _set(5, 0, 0)), "row 5 has instance 0, which is not one of 4, 6, 7, 8, 9"),
        (_changed(TEST.file("info"), _set(9, 2, 1)), "row 9 has the azimuth 1, which is odd"),
        (_changed(TEST.file("info"), _set(9, 2, 36)), "row 9 has azimuth 18, which is not one of 0, 1"),
        (_changed(TEST.file("info"), _set(9, 3, -1)), "row 9 has lighting -1, which is not one of 0"),
        (_changed(TEST.file("cat"), lambda a: a.fill(5)), "row 0 has category 5, which is not one of 0, 1, 2, 3, 4"),
        (
            lambda contents: [_changed(TRAIN.file(kind), _again)(contents) for kind in ("cat", "info")],
            "training-info.*: the factors in row 8 are those of an earlier row",
        ),
    ],
)
def test_what_does_not_fit_is_reported(
    small: SmallNorb, tmp_path: Path, published: Arrays, damage: Callable[[Arrays], None], message: str
) -> None:
    contents = dict(published)
    damage(contents)
    written(tmp_path, contents)
    with pytest.raises(DataError, match=message):
        small.load(tmp_path)


def test_truncated_images_are_reported_and_not_kept(small: SmallNorb, tmp_path: Path, published: Arrays, cache) -> None:
    written(tmp_path, published, packed=False)
    path = tmp_path / TRAIN.file("dat")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match=r"training-dat\.mat is truncated: 99 of 100 rows"):
        small.load(tmp_path)
    assert not list((cache.parent / "smallnorb").glob("*.h5"))


def test_a_missing_file_is_named(small: SmallNorb, tmp_path: Path, published: Arrays, monkeypatch) -> None:
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    written(tmp_path, {name: array for name, array in published.items() if name != TEST.file("cat")})
    with pytest.raises(DataError, match=r"smallnorb: smallnorb-5x01235x9x18x6x2x96x96-testing-cat\.mat\.gz could not"):
        small.load(tmp_path)


def test_a_camera_that_there_is_not_is_refused(small: SmallNorb, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="camera = 'middle' of the dataset 'smallnorb' is invalid") as caught:
        small.load(tmp_path, camera="middle")
    assert "left, right, both" in str(caught.value)
