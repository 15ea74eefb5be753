from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from disentangle_bench.datasets import arrays as module
from disentangle_bench.datasets.arrays import arrays
from disentangle_bench.datasets.formats.hdf5 import StoredImages
from disentangle_bench.datasets.prepared.raw import RawImages
from disentangle_bench.errors import DataError, SettingError

N = 20
IMAGES = np.random.default_rng(0).integers(256, size=(N, 3, 8, 6), dtype=np.uint8)
FACTORS = np.stack([np.arange(N) % 4 * 0.25, np.arange(N) % 2], axis=1)
TRAIN = np.arange(N) < 15
NAMES, KINDS = ["scale", "label"], ["ordinal", "categorical"]

Write = Callable[..., Path]


def npz(folder: Path, *, compressed: bool = False, **parts: object) -> Path:
    path = folder / "mine.npz"
    names = {"names": "factor_names", "kinds": "factor_kinds"}
    (np.savez_compressed if compressed else np.savez)(
        path, **{names.get(key, key): part for key, part in parts.items()}
    )
    return path


def packed(folder: Path, **parts: object) -> Path:
    return npz(folder, compressed=True, **parts)


def hdf5(folder: Path, *, names: object = None, kinds: object = None, **parts: object) -> Path:
    path = folder / "mine.h5"
    with h5py.File(path, "w") as file:
        for key, part in parts.items():
            array = np.asarray(part)
            file[key] = array.astype(object) if array.dtype.kind == "U" else array
        for key, part in (("names", names), ("kinds", kinds)):
            if part is not None:
                file["factors"].attrs[key] = part
    return path


@pytest.fixture(params=[npz, packed, hdf5], ids=lambda write: write.__name__)
def write(request: pytest.FixtureRequest, tmp_path: Path, cache: Path) -> Write:
    def write(**parts: object) -> Path:
        return request.param(tmp_path, **parts)

    return write


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("layout", ["first", "last", "gray"])
def test_images_are_read_however_they_lie(write: Write, layout: str, resident: bool, monkeypatch) -> None:
    if not resident:
        monkeypatch.setattr(module, "SMALL", 0)
    lying = {"first": IMAGES, "last": IMAGES.transpose(0, 2, 3, 1), "gray": IMAGES[:, 0]}[layout]
    dataset = arrays.load(write(images=lying))
    expected = IMAGES[:, :1] if layout == "gray" else IMAGES
    assert isinstance(dataset.images, np.ndarray if resident else StoredImages | RawImages)
    np.testing.assert_array_equal(dataset.images[:], expected)
    assert dataset.info.shape == expected.shape[1:]
    assert dataset.factors is None
    assert (~dataset.train).sum() == 2


def test_small_files_need_no_cache(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(images=IMAGES)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path / "file"))
    images = arrays.load(path).images
    np.testing.assert_array_equal(images, IMAGES)
    assert images.flags.writeable


def test_factors_names_kinds_and_the_split_are_the_files(write: Write) -> None:
    dataset = arrays.load(write(images=IMAGES, factors=FACTORS, names=NAMES, kinds=KINDS, train=TRAIN))
    scale, label = dataset.info.factors
    assert (scale.name, scale.kind, scale.values) == ("scale", "ordinal", (0, 0.25, 0.5, 0.75))
    assert (label.name, label.kind, label.size) == ("label", "categorical", 2)
    assert dataset.factors.column("scale").tolist() == (np.arange(N) % 4).tolist()
    assert dataset.labels().tolist() == FACTORS[:, 1].tolist()
    np.testing.assert_array_equal(dataset.train, TRAIN)


def test_names_and_kinds_are_guessed_or_set(write: Write) -> None:
    path = write(images=IMAGES, factors=FACTORS)
    assert [(factor.name, factor.kind) for factor in arrays.load(path).info.factors] == [
        ("f1", "ordinal"), ("f2", "categorical"),
    ]  # fmt: skip
    assert arrays.load(path, kinds="f1=cyclic").info.factors[0].kind == "cyclic"


def test_arrays_that_are_not_read_are_named(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = write(images=IMAGES, labels=FACTORS[:, 1], train=TRAIN)
    assert arrays.load(path).factors is None
    assert "the array 'labels' is not read. Did you mean 'factors'?" in caplog.text
    assert caplog.text.count("is not read") == 1
    caplog.clear()
    assert arrays.load(path, factors="labels").factors is not None
    assert not caplog.text


def test_other_names_can_be_set(write: Write) -> None:
    path = write(imgs=IMAGES, labels=np.array(["cat", "dog"])[np.arange(N) % 2])
    with pytest.raises(DataError, match=r"has no array 'images'; it has imgs, labels"):
        arrays.load(path)
    dataset = arrays.load(path, images="imgs", factors="labels")
    assert dataset.info.labels == "label"
    assert dataset.info.factors[0].values == ("cat", "dog")
    with pytest.raises(DataError, match="has no array 'factor'"):
        arrays.load(path, images="imgs", factors="factor")


def test_a_table_beside_the_file_holds_the_factors(write: Write) -> None:
    path = write(images=IMAGES)
    table = path.with_suffix(".csv")
    table.write_text("azimuth\n" + "".join(f"{number % 4 * 90}\n" for number in range(N)))
    (factor,) = arrays.load(path, kinds="azimuth=cyclic").info.factors
    assert factor.values == (0, 90, 180, 270)
    table.write_text("azimuth\n1\n2\n")
    with pytest.raises(DataError, match=r"mine\.csv has 2 rows for 20 images.*\n.* below the columns' names"):
        arrays.load(path)


def test_black_and_white_images_as_truth_values_are_0_and_255(write: Write) -> None:
    dataset = arrays.load(write(images=IMAGES[:, 0] > 127))
    np.testing.assert_array_equal(dataset.images, np.where(IMAGES[:, :1] > 127, 255, 0))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"images": IMAGES / 255}, r"'images' is float64 \(20, 3, 8, 6\); images are uint8.*\nStore them as np.rint"),
        ({"images": IMAGES.astype(np.int16)}, r"is int16 .*\nStore them as images.astype\(np.uint8\), if .* 0 to 255"),
        ({"images": IMAGES.astype("S3")}, r"images are uint8, from 0 to 255.\nStore them as uint8"),
        ({"images": IMAGES % 2}, "holds no value beyond 1"),
        ({"images": IMAGES[0, 0]}, r"has the shape \(8, 6\)"),
        ({"images": IMAGES[:0]}, r"has the shape \(0, 3, 8, 6\): it holds no images"),
        ({"images": IMAGES[:, :, :0]}, r"has the shape \(20, 3, 0, 6\)\.\nGive \(n, h, w\)"),
        ({"images": np.zeros((4, 2, 5, 2), np.uint8)}, r"without an axis of 1 or 3 channels"),
        ({"images": IMAGES[..., :3]}, "its channels may be first or last"),
        ({"images": IMAGES, "factors": FACTORS[:7]}, "'factors' has 7 rows for 20 images"),
        ({"images": IMAGES, "factors": FACTORS, "names": ["a"]}, "'factors' has 2 columns, the names a and 0 kinds"),
        ({"images": IMAGES, "factors": FACTORS, "names": ["a", "a"]}, "'factors' has 2 columns, the names a, a"),
        ({"images": IMAGES, "factors": FACTORS, "kinds": ["round", "flat"]}, "'round' is not a kind of factor"),
        ({"images": IMAGES, "factors": FACTORS * np.nan}, "no value of 'f1' is known"),
        ({"images": IMAGES, "factors": FACTORS[None]}, r"'factors' is float64 \(1, 20, 2\)"),
        ({"images": IMAGES, "train": TRAIN[:4]}, r"'train' is bool \(4,\)"),
        ({"images": IMAGES, "train": np.arange(N)}, r"'train' is int64 \(20,\)"),
    ],
)
def test_arrays_that_do_not_fit_are_reported(write: Write, parts: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        arrays.load(write(**parts))


def test_where_the_channels_are_can_be_set(write: Write) -> None:
    path = write(images=IMAGES[..., :3])
    assert arrays.load(path, channels="first").info.shape == (3, 8, 3)
    assert arrays.load(path, channels="last").info.shape == (3, 3, 8)
    with pytest.raises(SettingError, match="channels = 'middle' is invalid"):
        arrays.load(path, channels="middle")


def test_a_folder_with_one_such_file_will_do(write: Write) -> None:
    path = write(images=IMAGES)
    assert arrays.load(path.parent).info.images == N
    path.with_name("other.npz").write_bytes(b"")
    with pytest.raises(DataError, match="holds 2 files that end with"):
        arrays.load(path.parent)


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty"])
def test_damaged_files_are_reported(write: Write, damage: str) -> None:
    path = write(images=IMAGES)
    content = path.read_bytes()
    path.write_bytes({"cut": content[: len(content) // 2], "garbage": b"no array" * 99, "empty": b""}[damage])
    with pytest.raises(DataError, match=rf"{path.name} is (no|neither)"):
        arrays.load(path)


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", images=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match=r"mine\.npz"):
        arrays.load(tmp_path / "mine.npz")
