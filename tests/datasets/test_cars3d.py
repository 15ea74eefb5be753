from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from disentangle_bench.datasets.cars3d import FACTORS, FILE, Cars3D, cars3d
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.places import cache_folder
from disentangle_bench.datasets.formats.cars import car_views
from disentangle_bench.datasets.formats.members import open_members
from disentangle_bench.errors import DataError, SettingError

SMALL = (
    Factor("elevation", "ordinal", 2),
    Factor.of("azimuth", "cyclic", [0, 120, 240]),
    Factor("identity", "categorical", 4),
)
NAMES = ["car_010_mesh", "car_002_mesh", "car_100_mesh", "car_001_mesh"]  # neither alphabetical nor by number
CARS = np.random.default_rng(0).integers(0, 256, size=(4, 128, 128, 3, 3, 2), dtype=np.uint8)

Files = dict[str, bytes]


def mat(image: np.ndarray, key: str = "im", **options: object) -> bytes:
    """A MATLAB 5 file as the published ones: the views and their masks, compressed."""
    buffer = io.BytesIO()
    masks = np.ones((128, 128, *image.shape[3:]), np.uint8)
    savemat(buffer, {key: image, "mask": masks}, do_compression=True, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def published() -> Files:
    """The archive's files below `data/`."""
    cars = {f"cars/{name}.mat": mat(car) for name, car in zip(NAMES, CARS, strict=True)}
    return {"cars/list.txt": "\n".join(NAMES).encode() + b"\n", **cars, "sprites/sprites.mat": b"of no interest"}


def packed(path: Path, files: Files, mode: str = "w:gz") -> Path:
    """The archive, with its files in alphabetical order."""
    with tarfile.open(path, mode) as archive:
        for name in sorted(files):
            info = tarfile.TarInfo(f"data/{name}" if not name.startswith("..") else name)
            info.size = len(files[name])
            archive.addfile(info, io.BytesIO(files[name]))
    return path


def laid_out(folder: Path, files: Files) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.fixture
def small(cache: Path) -> Cars3D:
    adapter = Cars3D()
    adapter.info = replace(cars3d.info, images=24, factors=SMALL, files={FILE: File(None)})
    return adapter


def test_the_grid_is_the_published_one() -> None:
    assert [factor.size for factor in FACTORS] == [4, 24, 183]
    assert np.prod([factor.size for factor in FACTORS]) == cars3d.info.images == 17_568
    assert (FACTORS[1].kind, FACTORS[1].values[:2], FACTORS[1].values[-1]) == ("cyclic", (0, 15), 345)


@pytest.mark.parametrize("layout", ["archive", "tar", "data/cars", "cars", "."])
def test_images_come_in_the_order_of_the_list(small: Cars3D, tmp_path: Path, published: Files, layout: str) -> None:
    if layout in ("archive", "tar"):
        packed(tmp_path / FILE, published, "w:gz" if layout == "archive" else "w")
    else:
        laid_out(tmp_path / layout, {n.partition("/")[2]: c for n, c in published.items() if n.startswith("cars/")})
    dataset = small.load(tmp_path, size=128)
    assert dataset.info.shape == (3, 128, 128)
    truth = dataset.ground_truth
    assert truth.whole
    for elevation, azimuth, identity in ((0, 0, 0), (1, 2, 3), (1, 0, 2), (0, 1, 1)):
        row = truth.index([elevation, azimuth, identity])
        view = CARS[identity, ..., azimuth, elevation]
        np.testing.assert_array_equal(dataset.images[row][0], view.transpose(2, 0, 1))
    assert dataset.factors.names == ("elevation", "azimuth", "identity")
    assert dataset.factors.kinds == ("ordinal", "cyclic", "categorical")
    assert [path.suffix for path in cache_folder("cars3d").glob("*")].count(".tar") == 0


def test_they_are_resized_by_lanczos_as_in_the_literature(small: Cars3D, tmp_path: Path, published: Files) -> None:
    packed(tmp_path / FILE, published)
    dataset = small.load(tmp_path)
    assert dataset.images.shape == (24, 3, 64, 64)
    expected = Image.fromarray(np.ascontiguousarray(CARS[0, ..., 1, 0])).resize((64, 64), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(dataset.images[1], np.asarray(expected).transpose(2, 0, 1))


def test_they_are_read_once(
    small: Cars3D, tmp_path: Path, published: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out(tmp_path, published)
    small.load(tmp_path)
    assert "Preparing 24 images of cars3d, once" in capsys.readouterr().err
    small.load(tmp_path)
    assert capsys.readouterr().err == ""
    (tmp_path / "cars" / f"{NAMES[0]}.mat").write_bytes(mat(255 - CARS[0]))
    again = small.load(tmp_path, size=128)
    np.testing.assert_array_equal(again.images[0], 255 - CARS[0, ..., 0, 0].transpose(2, 0, 1))


CAR = f"cars/{NAMES[2]}.mat"


def _without(files: Files, name: str) -> Files:
    return {key: content for key, content in files.items() if key != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f | {CAR: mat(CARS[2][:64])}, r"'im' in .*car_100_mesh.mat is uint8 \(64, 128, 3, 3, 2\)"),
        (lambda f: f | {CAR: mat(CARS[2][..., :1])}, r"uint8 \(128, 128, 3, 3, 1\); .* uint8 \(128, 128, 3, 3, 2\)"),
        (lambda f: f | {CAR: mat(CARS[2] / 255)}, r"is float64 \(128, 128, 3, 3, 2\)"),
        (lambda f: f | {CAR: mat(CARS[2], "image")}, "car_100_mesh.mat holds no array 'im'"),
        (lambda f: f | {CAR: f[CAR][: len(f[CAR]) // 2]}, "car_100_mesh.mat is not a readable"),
        (
            lambda f: f | {CAR: f[CAR][:1000] + b"damage" + f[CAR][1006:]},
            "car_100_mesh.mat is not a readable",
        ),
        (lambda f: f | {CAR: b""}, "car_100_mesh.mat is not a readable"),
        (lambda f: f | {CAR: b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + bytes(400)}, "not a readable MATLAB file"),
        (lambda f: _without(f, CAR), r"holds no file .*cars/car_100_mesh\.mat"),
        (lambda f: _without(f, "cars/list.txt"), r"holds no cars/list\.txt"),
        (lambda f: f | {"cars/list.txt": "\n".join(NAMES[:3]).encode()}, "list.txt names 3 cars; there are 4"),
        (
            lambda f: f | {"cars/list.txt": "\n".join([*NAMES[:3], NAMES[0]]).encode()},
            "list.txt names 4 cars, some twice; there are 4",
        ),
        (
            lambda f: f | {"cars/list.txt": "\n".join([*NAMES[:3], "../../secret"]).encode()},
            r"names '.*\.\./\.\./secret\.mat', a path outside itself",
        ),
        (lambda f: f | {"cars/list.txt": b"\xff\xfe \x00"}, "list.txt names 2 cars; there are 4"),
        (lambda f: f | {"../outside": b""}, r"names '\.\./outside', a path outside itself"),
    ],
)
def test_damage_is_reported_and_nothing_is_kept(
    small: Cars3D, tmp_path: Path, published: Files, change: Callable[[Files], Files], message: str
) -> None:
    packed(tmp_path / FILE, change(published))
    with pytest.raises(DataError, match=message) as caught:
        small.load(tmp_path)
    assert str(tmp_path / FILE) in caught.value.problem
    assert "prepared" not in caught.value.problem
    assert not [path for path in cache_folder("cars3d").iterdir() if path.suffix in (".h5", ".tar")]


def test_some_other_list_is_not_taken_for_theirs(small: Cars3D, tmp_path: Path, published: Files) -> None:
    packed(tmp_path / FILE, published)
    (tmp_path / "list.txt").write_text("bread, butter")
    assert len(small.load(tmp_path).images) == 24


def test_an_archive_that_is_cut_is_reported(small: Cars3D, tmp_path: Path, published: Files) -> None:
    path = packed(tmp_path / FILE, published)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DataError, match=r"nips2015-analogy-data\.tar\.gz is not a complete archive"):
        small.load(tmp_path)
    packed(tmp_path / FILE, published)
    assert len(small.load(tmp_path).images) == 24, "the damaged copy is not what others have to match"


def test_a_file_that_is_no_archive_is_reported(small: Cars3D, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"<html>Sorry</html>")
    with pytest.raises(DataError, match=r"nips2015-analogy-data\.tar\.gz is not a folder, zip or tar archive"):
        small.load(tmp_path)


def test_any_flipped_byte_of_a_car_is_reported_or_harmless(small: Cars3D, published: Files, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    laid_out(tmp_path, published)
    path = tmp_path / CAR
    for place in (*range(0, 240, 4), *generator.integers(0, len(published[CAR]), 20)):
        flipped = bytearray(published[CAR])
        flipped[place] ^= 0xFF
        path.write_bytes(flipped)
        members = open_members(tmp_path)
        try:
            car_views(members, CAR, 2, 3)
        except DataError as error:
            assert "car_100_mesh.mat" in str(error)  # noqa: PT017 - the header's text says nothing


def test_sizes_beyond_the_images_own_are_refused(small: Cars3D, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="Choose from 8 to 128"):
        small.load(tmp_path, size=256)
