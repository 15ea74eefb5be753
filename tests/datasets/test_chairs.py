from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from disentangle_bench.datasets.chairs import FACTORS, FILE, Chairs, chairs
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.places import cache_folder
from disentangle_bench.errors import DataError, SettingError

SMALL = (
    Factor("identity", "categorical", 2),
    FACTORS[1],
    Factor.of("azimuth", "cyclic", [0, 11, 348]),
)
IDS = ("1015e71a0d21b127de03ab2a27ba7531", "fffa3e0a")

Files = dict[str, bytes]


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def render(chair: int, elevation: int, azimuth: int) -> np.ndarray:
    """A colored square on white, of which each factor changes something."""
    pixels = np.full((600, 600, 3), 255, np.uint8)
    left, top = 150 + azimuth, 200 + 4 * elevation
    pixels[top : top + 120, left : left + 80 + 40 * chair] = (200, 60 + 100 * chair, 20)
    return pixels


@pytest.fixture(scope="module")
def published() -> Files:
    """The archive's files, in no useful order."""
    files = {"rendered_chairs/all_chair_names.mat": b"of no interest"}
    for azimuth in (348, 0, 11):
        for chair in (1, 0):
            for elevation in (30, 20):
                name = f"rendered_chairs/{IDS[chair]}/renders/image_{azimuth:03}_p{elevation:03}_t{azimuth:03}_r096.png"
                files[name] = png(render(chair, elevation, azimuth))
    return files


def packed(folder: Path, files: Files) -> Path:
    with tarfile.open(folder / FILE, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return folder / FILE


def laid_out(folder: Path, files: Files) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.fixture
def small(cache: Path) -> Chairs:
    adapter = Chairs()
    adapter.info = replace(chairs.info, images=12, factors=SMALL, files={FILE: File(None)})
    return adapter


def expected(chair: int, elevation: int, azimuth: int, size: int = 64, crop: int = 400) -> np.ndarray:
    margin = (600 - crop) // 2
    gray = Image.fromarray(render(chair, elevation, azimuth)).convert("L")
    middle = (margin, margin, 600 - margin, 600 - margin)
    return np.asarray(gray.resize((size, size), Image.Resampling.BILINEAR, box=middle))


def test_the_grid_is_the_published_one() -> None:
    assert [factor.size for factor in FACTORS] == [1393, 2, 31]
    assert np.prod([factor.size for factor in FACTORS]) == chairs.info.images == 86_366
    assert FACTORS[1].values == (20, 30)
    assert FACTORS[2].values[:4] + FACTORS[2].values[-3:] == (0, 11, 23, 34, 325, 336, 348)
    assert FACTORS[2].kind == "cyclic"


@pytest.mark.parametrize("layout", ["archive", "folder", "inside"])
def test_images_are_gray_cropped_and_labeled_by_their_names(
    small: Chairs, tmp_path: Path, published: Files, layout: str
) -> None:
    if layout == "archive":
        packed(tmp_path, published)
    else:
        laid_out(tmp_path, {n if layout == "folder" else n.partition("/")[2]: c for n, c in published.items()})
    dataset = small.load(tmp_path)
    truth = dataset.ground_truth
    assert truth.whole
    assert dataset.info.factors[1:] == SMALL[1:]
    for chair in (0, 1):
        for elevation in (0, 1):
            for azimuth in (0, 1, 2):
                row = truth.index([chair, elevation, azimuth])
                view = expected(chair, (20, 30)[elevation], (0, 11, 348)[azimuth])
                np.testing.assert_array_equal(dataset.images[row][0, 0], view)
    assert dataset.factors.kinds == ("categorical", "ordinal", "cyclic")


def test_size_and_crop_can_be_chosen(small: Chairs, tmp_path: Path, published: Files) -> None:
    packed(tmp_path, published)
    whole = small.load(tmp_path, crop=600)
    np.testing.assert_array_equal(whole.images[0][0], expected(0, 20, 0, crop=600))
    large = small.load(tmp_path, size=400)
    assert large.info.shape == (1, 400, 400)
    np.testing.assert_array_equal(large.images[0][0], expected(0, 20, 0, size=400))


def test_they_are_decoded_once(
    small: Chairs, tmp_path: Path, published: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out(tmp_path, published)
    small.load(tmp_path)
    assert "Preparing 12 images of chairs, once" in capsys.readouterr().err
    small.load(tmp_path)
    assert capsys.readouterr().err == ""
    name = f"rendered_chairs/{IDS[0]}/renders/image_000_p020_t000_r096.png"
    laid_out(tmp_path, {name: png(255 - render(0, 20, 0))})
    assert small.load(tmp_path).images[0].min() < 10, "files that have changed are read again"


def test_what_is_transparent_becomes_white(small: Chairs, tmp_path: Path, published: Files) -> None:
    files = dict(published)
    for name, content in published.items():
        if name.endswith(".png"):
            pixels = np.asarray(Image.open(io.BytesIO(content)))
            background = (pixels == 255).all(axis=-1)
            files[name] = png(np.dstack([np.where(background[..., None], 0, pixels), ~background * np.uint8(255)]))
    packed(tmp_path, files)
    np.testing.assert_array_equal(small.load(tmp_path).images[0][0], expected(0, 20, 0))


ONE = f"rendered_chairs/{IDS[1]}/renders/image_011_p030_t011_r096.png"


def _without(files: Files, *names: str) -> Files:
    return {name: content for name, content in files.items() if not name.startswith(names)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: _without(f, ONE), "holds 0 images of identity fffa3e0a, elevation 030, azimuth 011, instead of one"),
        (
            lambda f: f | {ONE.replace("image_011", "image_99"): f[ONE]},
            "holds 2 images of identity fffa3e0a",
        ),
        (
            lambda f: _without(f, f"rendered_chairs/{IDS[0]}"),
            r"has 1 values of identity \(fffa3e0a\); there are 2",
        ),
        (lambda f: f | {ONE.replace("p030", "p040"): f[ONE]}, r"'names' has 3 values of elevation \(20, 30, 40\)"),
        (lambda f: f | {ONE.replace("t011", "t012"): f[ONE]}, r"'names' has 4 values of azimuth \(0, 11, 12, 348\)"),
        (
            lambda f: f | {ONE.replace("_t011", ""): f[ONE]},
            r"the name of .*image_011_p030_r096\.png does not state its factors",
        ),
        (lambda f: f | {"rendered_chairs/thumbnail.png": f[ONE]}, r"the name of .*thumbnail\.png does not state"),
        (lambda f: f | {ONE: f[ONE][:2000]}, r"image_011_p030_t011_r096\.png is not a readable image"),
        (lambda f: f | {ONE: b"<html>Sorry</html>"}, r"image_011_p030_t011_r096\.png is not a readable image"),
        (lambda f: f | {ONE: png(render(0, 20, 0)[:500])}, r"t011_r096\.png is 600 x 500 pixels instead of 600 x 600"),
        (lambda f: f | {"../outside.png": f[ONE]}, r"names '\.\./outside\.png', a path outside itself"),
        (lambda f: {"rendered_chairs/all_chair_names.mat": b""}, r"holds no \.png files"),
    ],
)
def test_damage_is_reported_and_nothing_is_kept(
    small: Chairs, tmp_path: Path, published: Files, change: Callable[[Files], Files], message: str
) -> None:
    path = packed(tmp_path, change(published))
    with pytest.raises(DataError, match=f"{path}.*{message}"):
        small.load(tmp_path)
    assert not list(cache_folder("chairs").glob("*.h5"))


def test_an_archive_that_is_cut_is_reported(small: Chairs, tmp_path: Path, published: Files) -> None:
    path = packed(tmp_path, published)
    path.write_bytes(path.read_bytes()[:-20_000])
    with pytest.raises(DataError, match=r"rendered_chairs\.tar"):
        small.load(tmp_path)
    packed(tmp_path, published)
    assert len(small.load(tmp_path).images) == 12, "the damaged copy is not what others have to match"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"crop": 601}, "crop = 601 of the dataset 'chairs' is out of range"),
        ({"crop": 7}, "crop = 7 of"),
        ({"size": 401}, "size = 401 .* is out of range"),
        ({"size": 65, "crop": 64}, "size = 65 .* is out of range"),
    ],
)
def test_settings_out_of_range_are_refused(small: Chairs, tmp_path: Path, settings, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        small.load(tmp_path, **settings)
