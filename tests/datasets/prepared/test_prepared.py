from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from disentangle_bench.datasets.images import block_of
from disentangle_bench.datasets.prepared.hdf5 import prepared
from disentangle_bench.datasets.prepared.once import prepared_path
from disentangle_bench.errors import DataError, StorageError
from disentangle_bench.storage import locked

IMAGES = np.random.default_rng(0).integers(0, 256, size=(300, 3, 32, 32), dtype=np.uint8)
SETTINGS = {"size": 32, "version": 1}


class Maker:
    """Counts how often the images are made."""

    def __init__(self, images: np.ndarray = IMAGES) -> None:
        self.images, self.times = images, 0

    def __call__(self) -> Iterator[np.ndarray]:
        self.times += 1
        yield from np.array_split(self.images, 7)


@pytest.fixture
def maker() -> Maker:
    return Maker()


def test_images_are_made_once_and_kept(cache: Path, maker: Maker, capsys: pytest.CaptureFixture[str]) -> None:
    first = prepared("shapes", SETTINGS, IMAGES.shape, maker)
    np.testing.assert_array_equal(first, IMAGES)
    assert capsys.readouterr().err == "Preparing 300 images of shapes, once\n"
    np.testing.assert_array_equal(prepared("shapes", SETTINGS, IMAGES.shape, maker), IMAGES)
    assert maker.times == 1
    assert capsys.readouterr().err == ""
    assert {path.suffix for path in cache.iterdir()} == {".h5", ".lock"}


def test_they_are_chunked_by_whole_images_and_compressed(cache: Path) -> None:
    flat = np.tile(np.arange(32, dtype=np.uint8), (300, 3, 32, 1))
    images = prepared("shapes", SETTINGS, flat.shape, Maker(flat))
    assert block_of(images) == 2**18 // (3 * 32 * 32)
    with h5py.File(images.path) as file:
        assert file["images"].chunks[1:] == (3, 32, 32)
        assert file["images"].id.get_storage_size() < flat.nbytes / 3


def test_other_settings_are_other_images(cache: Path, maker: Maker) -> None:
    prepared("shapes", SETTINGS, IMAGES.shape, maker)
    prepared("shapes", {**SETTINGS, "size": 64}, IMAGES.shape, maker)
    assert maker.times == 2
    assert prepared_path("shapes", {"a": 1, "b": 2}) == prepared_path("shapes", {"b": 2, "a": 1})


def test_what_a_failed_attempt_left_is_not_used(cache: Path, maker: Maker) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield IMAGES[:10]
        raise DataError("image-11.jpg is damaged.")

    with pytest.raises(DataError, match="image-11"):
        prepared("shapes", SETTINGS, IMAGES.shape, broken)
    assert not list(cache.glob("*.h5"))
    (cache / f".{prepared_path('shapes', SETTINGS).name}.abcd.tmp.h5").write_bytes(b"of a killed process")
    np.testing.assert_array_equal(prepared("shapes", SETTINGS, IMAGES.shape, maker), IMAGES)
    assert not list(cache.glob(".*.tmp.h5"))


def test_what_killed_processes_left_of_other_images_is_removed_unless_they_are_at_work(
    cache: Path, maker: Maker
) -> None:
    cache.mkdir(parents=True)
    left, used = cache / ".prepared-0a.npy.12ab.tmp.npy", cache / ".prepared-0b.h5.12ab.tmp.h5"
    left.write_bytes(b"gigabytes")
    used.write_bytes(b"half")
    with locked(cache / "prepared-0b.lock"):
        prepared("shapes", SETTINGS, IMAGES.shape, maker)
    assert not left.exists()
    assert used.exists()


def test_a_damaged_file_is_made_again(cache: Path, maker: Maker) -> None:
    path = prepared("shapes", SETTINGS, IMAGES.shape, maker).path
    path.write_bytes(path.read_bytes()[:1000])
    np.testing.assert_array_equal(prepared("shapes", SETTINGS, IMAGES.shape, maker), IMAGES)
    assert maker.times == 2


def test_too_few_images_are_a_mistake_of_the_adapter(cache: Path) -> None:
    with pytest.raises(ValueError, match="299 images were made instead of 300"):
        prepared("shapes", SETTINGS, IMAGES.shape, Maker(IMAGES[1:]))
    assert not list(cache.glob("*.h5"))


def test_space_is_looked_for_before_anything_is_made(
    cache: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**6))
    with pytest.raises(StorageError, match=r"has 1\.0 MB free; .* are needed for the images") as caught:
        prepared("shapes", SETTINGS, IMAGES.shape, maker)
    assert caught.value.remedy == "Free some space or choose another folder. DBENCH_CACHE names another cache folder."
    assert maker.times == 0


def test_space_that_runs_out_meanwhile_is_reported(cache: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter([10**9, 10**9, 10**9])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=next(left, 0)))
    with pytest.raises(StorageError, match="has 0 bytes free"):
        prepared("shapes", SETTINGS, IMAGES.shape, maker)
    assert not list(cache.glob("*.h5"))


def test_a_cache_that_is_no_folder_is_reported(cache: Path, maker: Maker) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("a file")
    with pytest.raises(StorageError, match="Could not write") as caught:
        prepared("shapes", SETTINGS, IMAGES.shape, maker)
    assert "DBENCH_CACHE" in caught.value.remedy


CHILD = """
import sys, time
import numpy as np
from disentangle_bench.datasets.prepared.hdf5 import prepared

def batches():
    print("made", flush=True)
    time.sleep(0.5)
    yield np.full((4, 1, 2, 2), 7, np.uint8)

print(int(np.asarray(prepared("shapes", {}, (4, 1, 2, 2), batches)).sum()))
"""


def test_two_processes_make_them_once(cache: Path) -> None:
    children = [subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [child.communicate(timeout=180)[0].split() for child in children]
    assert [words[-1] for words in said] == ["112", "112"]
    assert sum(words.count("made") for words in said) == 1
