from __future__ import annotations

import math
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy

from disentangle_bench.datasets.dsprites import FACTORS, FILE, DSprites, dsprites
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.cache import cache_folder
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.errors import DataError

SMALL = (
    FACTORS[0],
    FACTORS[1],
    Factor.of("scale", "ordinal", [0.5, 1.0]),
    Factor.of("orientation", "cyclic", [0.0, math.pi, 2 * math.pi]),
    Factor.of("posX", "ordinal", [0.0, 1.0]),
    Factor.of("posY", "ordinal", [0.0, 0.5, 1.0]),
)


class Trap:
    """Whoever unpickles it is caught."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return pytest.fail, ("metadata was unpickled",)


def tables(factors: tuple[Factor, ...]) -> dict[str, np.ndarray]:
    """Both of the file's tables, and metadata."""
    classes = grid(factors)
    numbered = {"color": (1.0,), "shape": (1.0, 2.0, 3.0)}
    values = [np.array(numbered.get(factor.name, factor.values)) for factor in factors]
    return {
        "metadata": np.array(Trap(), dtype=object),
        "latents_classes": classes,
        "latents_values": np.stack([known[number] for known, number in zip(values, classes.T, strict=True)], axis=1),
    }


def arrays() -> dict[str, np.ndarray]:
    """What the published file holds, of a smaller grid."""
    pixels = np.random.default_rng(0).integers(0, 2, size=(108, 64, 64), dtype=np.uint8)
    return {**tables(SMALL), "imgs": pixels}


def written(folder: Path, contents: dict[str, np.ndarray]) -> Path:
    """The npz file, deflated and with pickled metadata as the published one."""
    path = folder / FILE
    np.savez_compressed(path, allow_pickle=True, **contents)
    return path


@pytest.fixture
def small(cache: Path) -> DSprites:
    adapter = DSprites()
    adapter.info = replace(dsprites.info, images=108, factors=SMALL, files={FILE: File(None)})
    return adapter


def test_the_grid_is_the_published_one() -> None:
    assert tuple(factor.size for factor in FACTORS) == (1, 3, 6, 40, 32, 32)
    assert math.prod(factor.size for factor in FACTORS) == dsprites.info.images == 737_280
    assert FACTORS[2].values == pytest.approx((0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
    assert FACTORS[3].kind == "cyclic"
    assert (FACTORS[3].values[0], FACTORS[3].values[-1]) == (0, pytest.approx(2 * math.pi))


def test_images_and_factors_are_those_of_the_file(small: DSprites, tmp_path: Path) -> None:
    contents = arrays()
    written(tmp_path, contents)
    dataset = small.load(tmp_path)
    np.testing.assert_array_equal(dataset.images[:], contents["imgs"][:, None] * 255)
    rows = np.array([5, 107, 0, 5])
    np.testing.assert_array_equal(dataset.images[rows], contents["imgs"][rows][:, None] * 255)
    np.testing.assert_array_equal(dataset.factors, contents["latents_classes"])
    assert dataset.factors.kinds == ("categorical", "categorical", "ordinal", "cyclic", "ordinal", "ordinal")
    assert dataset.info.factors == SMALL
    assert (~dataset.train).sum() == 11


def test_classes_lead_to_their_image(small: DSprites, tmp_path: Path) -> None:
    contents = arrays()
    written(tmp_path, contents)
    truth = small.load(tmp_path).ground_truth
    assert truth.whole
    assert truth.index([0, 2, 1, 0, 1, 2]).tolist() == [2 * 36 + 1 * 18 + 0 * 6 + 1 * 3 + 2]
    classes, images = truth.sample(20, np.random.default_rng(0), fixed={"shape": 1})
    assert (classes[:, 1] == 1).all()
    np.testing.assert_array_equal(images[:, 0] // 255, contents["imgs"][truth.index(classes)])


def test_pixels_are_kept_at_a_bit_each(small: DSprites, tmp_path: Path) -> None:
    written(tmp_path, arrays())
    first = small.load(tmp_path).images[:]
    (kept,) = cache_folder("dsprites").glob("*.npy")
    assert kept.stat().st_size == pytest.approx(108 * 64 * 64 / 8, abs=200)
    before = kept.stat().st_mtime_ns
    np.testing.assert_array_equal(small.load(tmp_path).images[:], first)
    assert kept.stat().st_mtime_ns == before
    other = arrays()
    other["imgs"][3] = 1
    (tmp_path / "other").mkdir()
    written(tmp_path / "other", other)
    assert small.load(tmp_path / "other").images[3].min() == 255, "another file's pixels are others"


def _with_another_scale(values: np.ndarray) -> np.ndarray:
    changed = values.copy()
    changed[50, 2] = 0.7
    return changed


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        ("imgs", lambda a: a[:-1], "'imgs' has 107 images .*; 1 x 3 x 2 x 3 x 2 x 3 of dsprites make 108"),
        ("imgs", lambda a: a[:, :32], r"'imgs' is uint8 \(108, 32, 64\); it should be uint8 \(n, 64, 64\)"),
        ("imgs", lambda a: a.astype(np.float32), r"'imgs' is float32 \(108, 64, 64\)"),
        ("imgs", np.asfortranarray, r"'imgs' is uint8 \(108, 64, 64\) in Fortran order"),
        ("imgs", lambda a: a * (1 + (np.arange(108) == 70)[:, None, None]).astype(np.uint8), "image 70 of 'imgs' has"),
        ("latents_classes", lambda a: a[:100], r"'latents_classes' is \(100, 6\); the grid 1 x 3 x 2 x 3 x 2 x 3"),
        ("latents_classes", lambda a: a[:, :5], r"'latents_classes' is int64 \(108, 5\)"),
        ("latents_classes", lambda a: a[::-1].copy(), "has shape 2 in row 0 where the grid has 0; 1.. rows differ"),
        ("latents_values", lambda a: a[:100], r"'latents_values' is \(100, 6\); the grid 1 x 3 x 2 x 3 x 2 x 3 makes"),
        ("latents_values", lambda a: a[::-1].copy(), "'latents_values' has shape 2 in row 0 where the grid has 0"),
        ("latents_values", lambda a: a * np.nan, r"'latents_values' has 1 values of color \(nan\); there are 1"),
        ("latents_values", _with_another_scale, r"has 3 values of scale \(0\.5, 0\.7, 1\); there are 2"),
        ("latents_values", lambda a: np.array(Trap(), dtype=object), "'latents_values' is object"),
    ],
)
def test_another_grid_is_refused(
    small: DSprites, tmp_path: Path, key: str, change: Callable[[np.ndarray], np.ndarray], message: str
) -> None:
    contents = arrays()
    path = written(tmp_path, contents | {key: change(contents[key])})
    with pytest.raises(DataError, match=f"{path}: .*{message}"):
        small.load(tmp_path)
    assert not list(cache_folder("dsprites").glob("*.npy"))


@pytest.mark.parametrize("key", ["imgs", "latents_classes", "latents_values"])
def test_a_missing_array_is_reported(small: DSprites, tmp_path: Path, key: str) -> None:
    contents = arrays()
    del contents[key]
    written(tmp_path, contents)
    with pytest.raises(DataError, match=f"{FILE} has no array '{key}'; it has metadata, "):
        small.load(tmp_path)


def test_a_damaged_first_copy_can_be_replaced(small: DSprites, tmp_path: Path) -> None:
    path = written(tmp_path, arrays())
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(DataError, match="is not a complete npz file"):
        small.load(tmp_path)
    path.write_bytes(whole)
    assert len(small.load(tmp_path).images) == 108
    np.savez_compressed(path, allow_pickle=True, **arrays() | {"extra": np.arange(3)})
    with pytest.raises(DataError, match="which the first copy had"):
        small.load(tmp_path)


def test_the_full_grid_needs_the_full_file(cache: Path, tmp_path: Path) -> None:
    written(tmp_path, arrays())
    with pytest.raises(DataError, match=f"has the MD5 .* instead of {dsprites.info.files[FILE].md5}"):
        dsprites.load(tmp_path)
    adapter = DSprites()
    adapter.info = replace(dsprites.info, files={FILE: File(None)})
    with pytest.raises(DataError, match=r"'latents_classes' is \(108, 6\); the grid 1 x 3 x 6 x 40 x 32 x 32 makes it"):
        adapter.load(tmp_path)


LARGE = (
    *FACTORS[:2],
    Factor.of("scale", "ordinal", [0.5, 1.0]),
    FACTORS[3],
    Factor.of("posX", "ordinal", np.linspace(0, 1, 16).tolist()),
    Factor.of("posY", "ordinal", np.linspace(0, 1, 20).tolist()),
)
MEASURED = """
import resource, sys
from pathlib import Path
import numpy as np
from tests.datasets.test_dsprites import FILE, LARGE, DSprites, File, dsprites, replace
adapter = DSprites()
adapter.info = replace(dsprites.info, factors=LARGE, images=76_800, files={FILE: File(None)})
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
dataset = adapter.load(Path(sys.argv[1]))
assert dataset.images[np.arange(0, 76_800, 100)].mean() == 255
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
unit = 2**20 if sys.platform == "darwin" else 2**10
print((peak - start) / unit)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such measure of memory")
def test_three_hundred_megabytes_are_read_in_little_memory(cache: Path, tmp_path: Path) -> None:
    path = written(tmp_path, tables(LARGE))
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("imgs.npy", "w", force_zip64=True) as file,
    ):
        npy.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (76_800, 64, 64)})
        for _ in range(75):
            file.write(b"\1" * (1024 * 64 * 64))
    done = subprocess.run([sys.executable, "-c", MEASURED, tmp_path], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 120, "MB more than before"
