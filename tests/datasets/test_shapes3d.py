from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.cache import cache_folder
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.datasets.images import block_of
from disentangle_bench.datasets.shapes3d import FACTORS, FILE, Shapes3D, shapes3d
from disentangle_bench.errors import DataError

SMALL = (
    Factor.of("floor_hue", "cyclic", [0.0, 0.5]),
    Factor.of("wall_hue", "cyclic", [0.0, 0.1, 0.2]),
    Factor.of("object_hue", "cyclic", [0.4]),
    Factor.of("scale", "ordinal", [0.75, 1.0, 1.25]),
    FACTORS[4],
    Factor.of("orientation", "ordinal", [-30.0, 0.0, 30.0]),
)
COUNT = 2 * 3 * 3 * 4 * 3
IMAGES = np.random.default_rng(0).integers(0, 256, size=(COUNT, 64, 64, 3), dtype=np.uint8)
LABELS = np.stack(
    [
        np.array(factor.values if factor.name != "shape" else range(4))[number]
        for factor, number in zip(SMALL, grid(SMALL).T, strict=True)
    ],
    axis=1,
).astype(np.float64)

WHOLE, CUT = (10, 64, 64, 3), (27, 4, 4, 1)


def written(folder: Path, images=IMAGES, labels=LABELS, *, chunks: tuple[int, ...] | None = WHOLE) -> Path:
    path = folder / FILE
    packed = {"compression": "gzip", "compression_opts": 1} if chunks else {}
    with h5py.File(path, "w") as file:
        if images is not None:
            file.create_dataset("images", data=images, chunks=chunks, **packed)
        if labels is not None:
            file.create_dataset("labels", data=labels)
    return path


@pytest.fixture
def small(cache: Path) -> Shapes3D:
    adapter = Shapes3D()
    adapter.info = replace(shapes3d.info, images=COUNT, factors=SMALL, files={FILE: File(None)})
    return adapter


def test_the_grid_is_the_published_one() -> None:
    assert tuple(factor.size for factor in FACTORS) == (10, 10, 10, 8, 4, 15)
    assert np.prod([factor.size for factor in FACTORS]) == shapes3d.info.images == 480_000
    assert not shapes3d.info.files[FILE].verified


@pytest.mark.parametrize("chunks", [WHOLE, CUT, None])
def test_images_and_factors_are_those_of_the_file(small: Shapes3D, tmp_path: Path, chunks) -> None:
    written(tmp_path, chunks=chunks)
    dataset = small.load(tmp_path)
    np.testing.assert_array_equal(dataset.images[:], IMAGES.transpose(0, 3, 1, 2))
    rows = np.array([200, 3, 3, 77])
    np.testing.assert_array_equal(dataset.images[rows], IMAGES[rows].transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(dataset.factors, grid(SMALL))
    assert dataset.info.factors == SMALL
    assert (~dataset.train).sum() == round(COUNT / 10)
    truth = dataset.ground_truth
    assert truth.classes(truth.index([1, 2, 0, 1, 3, 2])).tolist() == [[1, 2, 0, 1, 3, 2]]


def test_values_are_those_that_the_file_states(small: Shapes3D, tmp_path: Path) -> None:
    stated = LABELS.copy()
    stated[:, 3] = (LABELS[:, 3] - 0.75) * 2  # as its description has it: from 0 to 1
    written(tmp_path, labels=stated)
    dataset = small.load(tmp_path)
    assert dataset.info.factors[3].values == (0, 0.5, 1)
    assert dataset.info.factors[4].values == ("cube", "cylinder", "sphere", "capsule")
    np.testing.assert_array_equal(dataset.factors, grid(SMALL))


def test_whole_images_stay_in_the_file(small: Shapes3D, tmp_path: Path) -> None:
    path = written(tmp_path)
    images = small.load(tmp_path).images
    assert images.path == path
    assert block_of(images) == 10
    assert not list(cache_folder("shapes3d").glob("*.h5"))


def test_chunks_that_cut_images_are_rearranged_once(
    small: Shapes3D, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, chunks=CUT)
    images = small.load(tmp_path).images
    assert images.path.parent == cache_folder("shapes3d")
    assert not images.cut
    assert block_of(images) == 2**18 // (64 * 64 * 3)
    assert "Preparing 216 images of shapes3d, once" in capsys.readouterr().err
    small.load(tmp_path)
    assert "Preparing" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES[:-1], LABELS, r"'images' has 215 images .*; 2 x 3 x 1 x 3 x 4 x 3 of shapes3d make 216"),
        (IMAGES[:, :32], LABELS, r"'images' has 216 images \(3, 32, 64\)"),
        (IMAGES.astype(np.float32), LABELS, r"it holds \(216, 64, 64, 3\) float32"),
        (None, LABELS, "as 'images'; it holds none"),
        (IMAGES, None, r"should hold 'labels' \(n, 6\); it holds none"),
        (IMAGES, LABELS[:, :5], r"should hold 'labels' \(n, 6\); it holds \(216, 5\)"),
        (IMAGES, LABELS.astype(np.int64), "'labels' is int64; it should be float64"),
        (IMAGES, LABELS[:100], r"has 1 values of floor_hue \(0\); there are 2"),
        (IMAGES, LABELS[:-1], r"'labels' is \(215, 6\); the grid 2 x 3 x 1 x 3 x 4 x 3 makes it \(216, 6\)"),
        (IMAGES, LABELS[::-1], "'labels' has floor_hue 1 in row 0 where the grid has 0; 216 rows differ"),
        (IMAGES, LABELS * np.nan, r"has 1 values of floor_hue \(nan\); there are 2"),
    ],
)
def test_what_does_not_fit_is_reported(small: Shapes3D, tmp_path: Path, images, labels, message: str) -> None:
    path = written(tmp_path, images, labels, chunks=None)
    with pytest.raises(DataError, match=f"{path}.*{message}"):
        small.load(tmp_path)


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[: len(whole) // 2], lambda whole: b"", lambda whole: b"\0" * 2000 + whole[2000:]]
)
def test_damaged_files_are_reported(small: Shapes3D, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = written(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=rf"{path} is not a readable HDF5 file"):
        small.load(tmp_path)


def test_another_file_than_the_published_one_is_refused(cache: Path, tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(DataError, match="others published and this project could not verify"):
        shapes3d.load(tmp_path)
