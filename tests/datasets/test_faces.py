from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from disentangle_bench.datasets.faces import faces
from disentangle_bench.errors import DataError, SettingError

N = 12
PIXELS = np.random.default_rng(0).integers(256, size=(N, 32, 32), dtype=np.uint8)
AZIMUTH = np.linspace(-45, 45, N)


def rows(names: list[str] | None = None) -> str:
    head = "file,azimuth,lighting\n" if names else "azimuth,lighting\n"
    begins = [f"{name}," for name in names] if names else [""] * N
    return head + "".join(f"{begins[row]}{AZIMUTH[row]},{row % 3}\n" for row in range(N))


@pytest.fixture
def renders(tmp_path: Path, cache: Path) -> Path:
    folder = tmp_path / "renders"
    folder.mkdir()
    names = [f"{number:03}.png" for number in range(N)]
    for name, pixels in zip(names, PIXELS, strict=True):
        Image.fromarray(pixels).save(folder / name)
    (folder / "factors.csv").write_text(rows(names))
    return folder


def stored(folder: Path, images: np.ndarray = PIXELS) -> Path:
    with h5py.File(folder / "renders.h5", "w") as file:
        file["images"] = images
    return folder / "renders.h5"


def check(dataset) -> None:
    np.testing.assert_array_equal(dataset.images[:, 0], PIXELS)
    assert dataset.info.shape == (1, 32, 32)
    assert [(factor.name, factor.kind) for factor in dataset.info.factors] == [
        ("azimuth", "continuous"), ("lighting", "categorical"),
    ]  # fmt: skip
    np.testing.assert_allclose(dataset.factors.column("azimuth"), AZIMUTH)


def test_a_folder_with_a_table_is_read(renders: Path) -> None:
    check(faces.load(renders))
    assert faces.load(renders, kinds="lighting=ordinal").info.factors[1].kind == "ordinal"


def test_an_hdf5_file_with_a_table_beside_it_is_read(renders: Path) -> None:
    path = stored(renders.parent)
    path.with_suffix(".csv").write_text(rows())
    check(faces.load(path))


def test_larger_color_images_are_made_gray_and_small(renders: Path) -> None:
    for path in renders.glob("*.png"):
        Image.new("RGB", (64, 80), (200, 100, 50)).save(path)
    dataset = faces.load(renders)
    assert dataset.images.shape == (N, 1, 32, 32)
    assert dataset.images.min() == dataset.images.max() == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)


def test_without_a_table_they_are_no_use(renders: Path) -> None:
    (renders / "factors.csv").unlink()
    with pytest.raises(DataError, match=r"holds no factors\.csv"):
        faces.load(renders)
    with pytest.raises(DataError, match=r"renders\.h5 holds no factors\.\nGive them in it, or in renders\.csv"):
        faces.load(stored(renders.parent))


def test_arrays_of_another_shape_are_reported(renders: Path) -> None:
    path = stored(renders.parent, np.repeat(PIXELS, 2, axis=1))
    path.with_suffix(".csv").write_text(rows())
    with pytest.raises(DataError, match=r"holds images of the shape \(1, 64, 32\)"):
        faces.load(path)


def test_kinds_that_cannot_be_are_reported(renders: Path) -> None:
    with pytest.raises(SettingError, match="kinds names 'elevation'"):
        faces.load(renders, kinds="elevation=cyclic")
