from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from disentangle_bench.datasets import Dataset
from disentangle_bench.datasets.celeba import ARCHIVE, ATTRIBUTES, FOLDER, PARTITION, CelebA, celeba
from disentangle_bench.datasets.prepared.raw import RawImages
from disentangle_bench.errors import DataError, DownloadError, SettingError
from tests.datasets.conftest import declared

NAMES = [f"{number:06}.jpg" for number in range(1, 8)]
FACTORS = [factor.name for factor in celeba.info.factors]
VALUES = np.random.default_rng(0).integers(2, size=(7, 40))
PARTS = [0, 0, 1, 2, 0, 2, 0]


def portrait(number: int) -> bytes:
    """A portrait whose middle has a gray of its own, as JPEG."""
    pixels = np.zeros((218, 178, 3), np.uint8)
    pixels[35:183, 15:163] = 20 * (number + 1)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def grays(dataset: Dataset) -> np.ndarray:
    """The gray of each portrait, away from its edges."""
    return dataset.images[:][:, :, 4:-4, 4:-4].mean(axis=(1, 2, 3))


def attributes(names: list[str] = NAMES, header: list[str] = FACTORS) -> str:
    lines = [
        f"{name} {' '.join(f'{2 * value - 1:2d}' for value in row)}" for name, row in zip(names, VALUES, strict=True)
    ]
    return f"{len(names)}\n{' '.join(header)} \n" + "".join(f"{line}\n" for line in lines)


def partition(names: list[str] = NAMES) -> str:
    return "".join(f"{name} {part}\n" for name, part in zip(names, PARTS, strict=True))


@pytest.fixture
def folder(tmp_path: Path, cache: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return put(folder)


def put(folder: Path) -> Path:
    """The three files as published, of seven images."""
    with zipfile.ZipFile(folder / ARCHIVE, "w") as archive:
        for number, name in enumerate(NAMES):
            archive.writestr(f"{FOLDER}/{name}", portrait(number))
    (folder / ATTRIBUTES).write_text(attributes())
    (folder / PARTITION).write_text(partition())
    return folder


def declaring(folder: Path) -> CelebA:
    """The adapter, declaring the files in a folder."""
    adapter = CelebA()
    there = {name: declared((folder / name).read_bytes()) for name in celeba.info.files if (folder / name).is_file()}
    adapter.info = replace(celeba.info, images=7, files={**celeba.info.files, **there})
    return adapter


def unpack(folder: Path) -> Path:
    with zipfile.ZipFile(folder / ARCHIVE) as archive:
        archive.extractall(folder)
    (folder / ARCHIVE).unlink()
    return folder / FOLDER


def test_images_attributes_and_splits_are_those_of_the_files(folder: Path) -> None:
    dataset = declaring(folder).load(folder)
    assert isinstance(dataset.images, RawImages)
    assert dataset.images.shape == (7, 3, 32, 32)
    np.testing.assert_allclose(grays(dataset), 20 * np.arange(1, 8), atol=1)
    np.testing.assert_array_equal(dataset.factors.values, VALUES)
    assert dataset.factors.names[-2:] == ("Wearing_Necktie", "Young")
    assert {(factor.kind, factor.size) for factor in dataset.info.factors} == {("categorical", 2)}
    assert dataset.train.tolist() == [True, True, True, False, True, False, True]
    assert dataset.labels() is None


def test_they_are_decoded_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = declaring(folder).load(folder)
    assert "Preparing 7 images of celeba, once" in capsys.readouterr().err
    np.testing.assert_array_equal(declaring(folder).load(folder).images[:], first.images[:])
    assert capsys.readouterr().err == ""


def test_size_and_crop_are_chosen(folder: Path) -> None:
    dataset = declaring(folder).load(folder, size=64, crop=178)
    assert dataset.images.shape == (7, 3, 64, 64)
    assert dataset.info.shape == (3, 64, 64)
    assert "64x64" in dataset.info.title
    assert (dataset.images[:][:, :, :4] < 10).all(), "the margin that a crop of 148 takes away is there"
    with pytest.raises(SettingError, match="crop = 200 is invalid"):
        declaring(folder).load(folder, crop=200)


@pytest.mark.parametrize("nested", [False, True])
def test_the_folder_of_images_will_do_in_place_of_the_archive(folder: Path, nested: bool) -> None:
    images = unpack(folder)
    if nested:
        images.rename(folder / "inner")
        images.mkdir()
        (folder / "inner").rename(images / FOLDER)
    (images / "Thumbs.db").write_bytes(b"no image")
    dataset = declaring(folder).load(folder)
    np.testing.assert_allclose(grays(dataset), 20 * np.arange(1, 8), atol=1)


def test_a_missing_image_is_named(folder: Path) -> None:
    (unpack(folder) / NAMES[3]).unlink()
    with pytest.raises(DataError, match=rf"lacks 1 of the 7 images that {ATTRIBUTES} names, such as {NAMES[3]}"):
        declaring(folder).load(folder)


def test_an_unreadable_image_in_the_middle_is_named(folder: Path, cache: Path) -> None:
    image = unpack(folder) / NAMES[3]
    image.write_bytes(image.read_bytes()[:-500])
    with pytest.raises(DataError, match=rf"{NAMES[3]} is not a readable image: .*truncated"):
        declaring(folder).load(folder)
    image.write_bytes(portrait(3))
    assert len(declaring(folder).load(folder).images) == 7, "nothing half-made was kept"


def test_an_image_of_another_size_is_named(folder: Path) -> None:
    Image.new("RGB", (64, 64)).save(unpack(folder) / NAMES[0])
    with pytest.raises(DataError, match=rf"{NAMES[0]} is 64 x 64 pixels instead of 178 x 218 pixels"):
        declaring(folder).load(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not begin with a number and the 40 attributes"),
        (attributes(header=FACTORS[::-1]), "does not begin with a number and the 40 attributes"),
        (attributes(header=FACTORS[:-1]), "does not begin with a number and the 40 attributes"),
        (attributes().partition("\n")[2], "does not begin with a number"),
        (attributes().replace("7\n", "8\n", 1), "has 7 images; its first line states 8"),
        (attributes([*NAMES[:6], NAMES[0]]), "has 6 images; its first line states 7"),
        (attributes()[:-10], "line 9 lacks a name and 40 times 1 or -1"),
        (attributes().replace(" 1", " 2", 1), r"line \d lacks a name and 40 times 1 or -1"),
        (attributes() + "\n", "line 10 lacks a name"),
    ],
)
def test_another_form_of_the_attributes_is_reported(folder: Path, text: str, message: str) -> None:
    (folder / ATTRIBUTES).write_text(text)
    with pytest.raises(DataError, match=rf"{ATTRIBUTES}:? {message}"):
        declaring(folder).load(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (partition().replace(" 1", " 3"), ": line 3 lacks a name and 0, 1 or 2"),
        (partition() + "x\n", ": line 8 lacks a name and 0, 1 or 2"),
        (partition([*NAMES[:6], "other.jpg"]), " and list_attr_celeba.txt have 2 images that the other lacks"),
        ("", " and list_attr_celeba.txt have 7 images that the other lacks, such as 000001.jpg"),
    ],
)
def test_another_form_of_the_partition_is_reported(folder: Path, text: str, message: str) -> None:
    (folder / PARTITION).write_text(text)
    with pytest.raises(DataError, match=f"{PARTITION}{message}"):
        declaring(folder).load(folder)


def test_files_that_are_missing_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    adapter = declaring(folder)
    (folder / ARCHIVE).unlink()
    with pytest.raises(DownloadError, match=rf"celeba: {ARCHIVE} could not be downloaded"):
        adapter.load(folder)


def test_files_are_torchvisions() -> None:
    from torchvision.datasets import CelebA as Theirs

    (source,) = celeba.sources()
    for key, _, name in Theirs.file_list:
        if name in celeba.info.files:
            assert source.urls[name].endswith(f"id={key}")
    assert set(source.urls) == set(celeba.info.files) <= {name for _, _, name in Theirs.file_list}


@pytest.mark.slow
def test_the_real_files_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    try:
        dataset = celeba.load()
    except DownloadError as error:
        pytest.skip(f"CelebA is not on this machine: {error.problem}")
    assert dataset.images.shape == (202_599, 3, 32, 32)
    assert (~dataset.train).sum() == 19_962
