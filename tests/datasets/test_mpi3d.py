from __future__ import annotations

import hashlib
import math
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.lib import format as npy

from disentangle_bench.datasets import DATASETS
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.cache import cache_folder
from disentangle_bench.datasets.files.content import forgotten_if_damaged
from disentangle_bench.datasets.files.fetch import fetch
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.hashes import Note, note_on
from disentangle_bench.datasets.files.sources import WebFolder
from disentangle_bench.datasets.files.state import verify
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.datasets.mpi3d import COMPLEX, SIMPLE, Mpi3D
from disentangle_bench.errors import DataError, DownloadError, StorageError
from tests.datasets.server import Web

NAMES = ("mpi3d-toy", "mpi3d-realistic", "mpi3d-real", "mpi3d-complex")
SMALL = (*COMPLEX[:3], COMPLEX[3], COMPLEX[4], Factor("horizontal_axis", "ordinal", 2), Factor("v", "ordinal", 1))
COUNT = 4 * 4 * 2 * 3 * 3 * 2
IMAGES = np.random.default_rng(0).integers(0, 256, size=(COUNT, 64, 64, 3), dtype=np.uint8)


@pytest.fixture
def small(cache: Path) -> Mpi3D:
    adapter = Mpi3D("mpi3d-complex", "", "mpi3d.npz", SMALL, ())
    assert adapter.info.images == COUNT
    return adapter


@pytest.fixture(params=["stored", "deflated"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "mpi3d.npz"
    (np.savez if request.param == "stored" else np.savez_compressed)(path, images=IMAGES)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_the_grids_are_the_published_ones(name: str) -> None:
    info = DATASETS.get(name).info
    objects = 4 if name == "mpi3d-complex" else 6
    assert tuple(factor.size for factor in info.factors) == (objects, objects, 2, 3, 3, 40, 40)
    assert info.images == (460_800 if name == "mpi3d-complex" else 1_036_800)
    assert math.prod(factor.size for factor in info.factors) == info.images
    assert info.factors == (COMPLEX if name == "mpi3d-complex" else SIMPLE)
    assert info.bytes == info.images * 12_288


def test_every_set_has_a_file_of_its_own() -> None:
    assert len({file for name in NAMES for file in DATASETS.get(name).info.files}) == 4


def test_images_and_factors_are_those_of_the_file(small: Mpi3D, path: Path) -> None:
    dataset = small.load(path.parent)
    np.testing.assert_array_equal(dataset.images[:], IMAGES.transpose(0, 3, 1, 2))
    rows = np.array([200, 3, 3, 77])
    found = dataset.images[rows]
    np.testing.assert_array_equal(found, IMAGES[rows].transpose(0, 3, 1, 2))
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(dataset.factors, grid(SMALL))
    cell = IMAGES.reshape(4, 4, 2, 3, 3, 2, 1, 64, 64, 3)[3, 1, 0, 2, 1, 1, 0]
    truth = dataset.ground_truth
    np.testing.assert_array_equal(truth.images[truth.index([3, 1, 0, 2, 1, 1, 0])][0], cell.transpose(2, 0, 1))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(dataset.images))[5], IMAGES[5].transpose(2, 0, 1))


def test_only_what_is_compressed_is_unpacked_and_only_once(
    small: Mpi3D, path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    images = small.load(path.parent).images
    said = capsys.readouterr().err
    if "stored" in request.node.callspec.id:
        assert images.path == path
        assert "Preparing" not in said
    else:
        assert images.path.parent == cache_folder("mpi3d-complex")
        assert "Preparing 576 images of mpi3d-complex, once" in said
    small.load(path.parent)
    assert "Preparing" not in capsys.readouterr().err


def test_too_little_space_to_unpack_is_reported(small: Mpi3D, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "mpi3d.npz", images=IMAGES)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10_000_000))
    with pytest.raises(StorageError, match=r"has 10\.0 MB free; 74\.2 MB are needed for the images"):
        small.load(tmp_path)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({"images": IMAGES[:-1]}, "'images' has 575 images .*; 4 x 4 x 2 x 3 x 3 x 2 x 1 of mpi3d-complex make 576"),
        ({"images": IMAGES[..., 0]}, r"'images' is uint8 \(576, 64, 64\); it should be uint8 \(n, 64, 64, 3\)"),
        ({"images": IMAGES[:5].astype(np.int16)}, r"'images' is int16 \(5, 64, 64, 3\)"),
        ({"imgs": IMAGES[:5]}, "has no array 'images'; it has imgs"),
        ({"images": np.array([{}], dtype=object)}, "'images' is object"),
    ],
)
def test_what_does_not_fit_is_reported(
    small: Mpi3D, tmp_path: Path, contents: dict[str, np.ndarray], message: str
) -> None:
    np.savez(tmp_path / "mpi3d.npz", **contents)
    with pytest.raises(DataError, match=message):
        small.load(tmp_path)


@pytest.mark.parametrize("damage", [lambda whole: whole[: len(whole) // 2], lambda whole: b"", lambda whole: whole[9:]])
def test_damaged_files_are_reported(small: Mpi3D, path: Path, damage: Callable[[bytes], bytes]) -> None:
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=r"mpi3d\.npz is not a complete npz file"):
        small.load(path.parent)
    np.savez(path, images=IMAGES)
    assert len(small.load(path.parent).images) == COUNT, "the damaged copy is not what others have to match"


LARGE = (*COMPLEX[:5], Factor("horizontal_axis", "ordinal", 40), Factor("vertical_axis", "ordinal", 2))
MEASURED = """
import resource, sys
from pathlib import Path
from disentangle_bench.datasets.images import in_batches
from tests.datasets.test_mpi3d import LARGE, Mpi3D
adapter = Mpi3D("mpi3d-complex", "", "mpi3d.npz", LARGE, ())
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
images = adapter.load(Path(sys.argv[1])).images
assert all(batch.min() == batch.max() == 0 for batch in in_batches(images))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
unit = 2**20 if sys.platform == "darwin" else 2**10
print((peak - start) / unit)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such measure of memory")
@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_three_hundred_megabytes_are_read_in_little_memory(cache: Path, tmp_path: Path, packing: int) -> None:
    with (
        zipfile.ZipFile(tmp_path / "mpi3d.npz", "w", packing, compresslevel=1) as archive,
        archive.open("images.npy", "w", force_zip64=True) as file,
    ):
        npy.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (23_040, 64, 64, 3)})
        for _ in range(90):
            file.write(bytes(256 * 64 * 64 * 3))
    done = subprocess.run([sys.executable, "-c", MEASURED, tmp_path], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 150, "MB more than before"


def test_the_sets_of_other_objects_are_not_taken_for_each_other(cache: Path, tmp_path: Path) -> None:
    adapter = Mpi3D("mpi3d-toy", "", "mpi3d.npz", SIMPLE, ())
    np.savez(tmp_path / "mpi3d.npz", images=IMAGES)
    with pytest.raises(DataError, match=r"576 images .*; 6 x 6 x 2 x 3 x 3 x 40 x 40 of mpi3d-toy make 1,036,800"):
        adapter.load(tmp_path)


@pytest.mark.parametrize("folder", ["mpi3d-complex", "mpi3d_complex", "mpi3d"])
def test_files_are_found_where_other_programs_put_them(small: Mpi3D, tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    np.savez(tmp_path / folder / "mpi3d.npz", images=IMAGES)
    assert len(small.load(tmp_path).images) == COUNT


@pytest.mark.parametrize("kind", ["junk", "cut off", "of another shape"])
def test_another_file_is_not_kept_and_not_taken_for_the_published_one(
    small: Mpi3D, tmp_path: Path, web: Web, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no published hash, so that only its content shows what it is."""
    (name,) = small.info.files
    np.savez(tmp_path / name, images=IMAGES)
    right = (tmp_path / name).read_bytes()
    np.savez(tmp_path / name, images=IMAGES[..., :2])
    wrong = {"junk": bytes(len(right)), "cut off": right[:-1000], "of another shape": (tmp_path / name).read_bytes()}
    served = web.serve(f"/{name}", wrong[kind], length=False)
    with pytest.raises(DownloadError, match=f"{name} is not the published file: "):
        fetch(small.info.file_set, lambda: [WebFolder(web.url)])
    cache = cache_folder("mpi3d-complex")
    assert not list(cache.rglob("*.npz"))

    cache.joinpath(name).write_bytes(wrong[kind])  # as an earlier version kept it
    Note.of(cache / name, hashlib.sha256(wrong[kind]).hexdigest()).keep(note_on(cache / name, cache), small=True)
    (found,) = verify(small.info.file_set)
    assert (found.condition, found.sound) == ("damaged", False)
    served.content = right
    monkeypatch.setattr(small, "publishers", (WebFolder(web.url),))
    np.testing.assert_array_equal(small.load().images[7], IMAGES[7].transpose(2, 0, 1))


def test_what_only_reading_refuses_is_removed_from_the_cache(small: Mpi3D, tmp_path: Path, web: Web) -> None:
    """Or the same junk would be accepted again."""
    published = replace(small.info.file_set, files={"mpi3d.npz": File(None)})
    path = cache_folder("mpi3d-complex") / "mpi3d.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"junk")
    with pytest.raises(DataError), forgotten_if_damaged(published, path):
        small.read(path)
    assert not path.exists()
