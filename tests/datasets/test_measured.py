from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.datasets import File
from disentangle_bench.datasets import measured as module
from disentangle_bench.datasets.measured import MEASURED, measured
from disentangle_bench.measures import MEASURES

FILES = {"images": File("00" * 32)}


@pytest.fixture
def images() -> np.ndarray:
    """A bar 4 wide and 18 high, a slash at 45 degrees, nothing, and nearly nothing."""
    drawn = np.zeros((4, 28, 28), dtype=np.uint8)
    drawn[0, 5:23, 12:16] = 255
    drawn[1, np.arange(5, 20), np.arange(20, 5, -1)] = 255
    drawn[3, 10, 10] = 20
    return drawn


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images were measured, each time."""
    counted: list[int] = []
    measure = module._measure

    def count(dataset: str, images: np.ndarray) -> np.ndarray:
        counted.append(len(images))
        return measure(dataset, images)

    monkeypatch.setattr(module, "_measure", count)
    return counted


def kept_in(cache: Path) -> list[Path]:
    return sorted(cache.glob("measures-*.npz"))


def test_drawn_shapes_have_their_measures(images: np.ndarray, cache: Path) -> None:
    figures = measured("shapes", images, FILES)
    assert [factor.name for factor in MEASURED] == ["slant", "thickness", "width", "height", "ink"]
    assert figures[0] == pytest.approx([0, 4, 4, 18, 72 / 784], abs=0.2)
    assert figures[1, 0] == pytest.approx(45, abs=0.5)
    assert figures[2].tolist() == [0, 0, 0, 0, 0]
    assert figures[3] == pytest.approx([0, 0, 0, 0, 20 / 255 / 784])


def test_factors_say_that_they_are_measured() -> None:
    assert all(factor.measured and factor.kind == "continuous" and factor.size is None for factor in MEASURED)


def test_they_are_measured_once(images: np.ndarray, cache: Path, calls: list[int]) -> None:
    first = measured("shapes", images, FILES)
    np.testing.assert_array_equal(measured("shapes", images, FILES), first)
    assert calls == [4]


def test_other_files_or_another_version_are_measured_anew(images, cache: Path, calls, monkeypatch) -> None:
    measured("shapes", images, FILES)
    measured("shapes", images[::-1], {"images": File("11" * 32)})
    monkeypatch.setattr(module, "VERSION", 2)
    measured("shapes", images, FILES)
    assert calls == [4, 4, 4]
    assert len(kept_in(cache)) == 3


@pytest.mark.parametrize("damage", ["cut", "flipped", "garbage", "empty", "another shape", "NaN", "objects"])
def test_damaged_figures_are_measured_again(images, cache: Path, calls, damage: str) -> None:
    first = measured("shapes", images, FILES)
    (path,) = kept_in(cache)
    content = path.read_bytes()
    if damage in ("another shape", "NaN", "objects"):
        other = {"another shape": first[:2], "NaN": first * np.nan, "objects": np.array([{}])}[damage]
        np.savez(path, values=other)
    else:
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        path.write_bytes({"cut": content[:-30], "flipped": flipped, "garbage": b"x" * 99, "empty": b""}[damage])
    np.testing.assert_array_equal(measured("shapes", images, FILES), first)
    assert calls == [4, 4]
    np.testing.assert_array_equal(measured("shapes", images, FILES), first)
    assert calls == [4, 4], "what was measured again is kept"


def test_a_cache_that_cannot_be_written_means_measuring_each_time(images, tmp_path, cache, calls, monkeypatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path / "file" / "cache"))
    for _ in range(2):
        assert measured("shapes", images, FILES)[0, 3] == pytest.approx(18)
    assert calls == [4, 4]


def test_interrupted_it_stops_soon_and_leaves_no_thread(images, cache: Path, monkeypatch) -> None:
    measures: list[int] = []
    monkeypatch.setattr(module, "BATCH", 1)
    monkeypatch.setattr(module, "measure", lambda batch: measures.append(len(batch)) or time.sleep(0.01))

    def stop(description: str, total: int, batches: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        yield next(batches)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "with_progress", stop)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        measured("shapes", np.repeat(images, 500, axis=0), FILES)
    assert len(measures) < 1000
    assert threading.active_count() == before
    assert not kept_in(cache)


def test_many_are_measured_in_batches_and_in_order(images, cache: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    many = images[np.array([0, 1, 2, 3, 0, 1, 1])]
    figures = measured("shapes", many, FILES)
    np.testing.assert_allclose(figures, measured("others", images, FILES)[[0, 1, 2, 3, 0, 1, 1]])
    assert f"Measuring {', '.join(MEASURES)} of 7 images of shapes, once; a minute or two" in capsys.readouterr().err
