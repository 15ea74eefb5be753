from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from disentangle_bench.datasets import folder as module
from disentangle_bench.datasets.folder import folder
from disentangle_bench.datasets.load import load_dataset
from disentangle_bench.datasets.prepared.raw import RawImages
from disentangle_bench.errors import DataError, SettingError

PLAIN = ["a.png", "b.jpg", "c.PNG", "d.bmp"]


def put(root: Path, names: list[str]) -> Path:
    """Images of which the first is darkest, between files of other kinds."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30, 20), (40 * (number + 1),) * 3).save(path, quality=95)
    (root / "notes.txt").write_text("no image")
    (root / ".hidden.png").write_bytes(b"no image")
    return root


def grays(dataset) -> list[int]:
    return [round(float(image.mean()) / 40) for image in dataset.images[:]]


@pytest.fixture
def root(tmp_path: Path, cache: Path) -> Path:
    return tmp_path / "mine"


def test_images_of_a_folder_are_decoded_cropped_and_resized(root: Path) -> None:
    dataset = folder.load(put(root, PLAIN), size=16)
    assert dataset.images.shape == (4, 3, 16, 16)
    assert (dataset.info.images, dataset.info.shape) == (4, (3, 16, 16))
    assert grays(dataset) == [1, 2, 3, 4]
    assert dataset.factors is None
    assert dataset.labels() is None
    assert (~dataset.train).sum() == 1
    assert folder.load(root, size=8, channels=1).images.shape == (4, 1, 8, 8)


def test_subfolders_are_classes(root: Path) -> None:
    dataset = folder.load(put(root, ["cats/x.png", "cats/deep/y.png", "dogs/x.png", "ants/z.png"]))
    (factor,) = dataset.info.factors
    assert (factor.name, factor.kind, factor.values) == ("class", "categorical", ("ants", "cats", "dogs"))
    assert grays(dataset) == [4, 2, 1, 3]
    assert dataset.labels().tolist() == [0, 1, 1, 2]
    assert dataset.ground_truth.sizes == (3,)


def test_images_beside_subfolders_have_no_classes(root: Path) -> None:
    assert folder.load(put(root, ["cats/x.png", "y.png"])).factors is None


def test_subfolders_train_and_test_are_the_split(root: Path) -> None:
    dataset = folder.load(put(root, ["train/cats/x.png", "train/dogs/y.png", "test/dogs/z.png", "val/cats/v.png"]))
    assert dataset.train.tolist() == [False, True, True, True]
    assert dataset.labels().tolist() == [1, 0, 1, 0]


def test_an_archive_will_do(root: Path, tmp_path: Path) -> None:
    put(root, ["cats/x.png", "dogs/y.png"])
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        for path in sorted(root.rglob("*.png")):
            archive.write(path, f"outer/{path.relative_to(root)}")
    dataset = folder.load(tmp_path / "mine.zip")
    assert grays(dataset) == [1, 2]
    assert dataset.info.factors[0].values == ("cats", "dogs")


def test_a_table_of_factors_is_matched_by_name(root: Path) -> None:
    put(root, PLAIN)
    (root / "factors.csv").write_text(
        "azimuth,file,shape\n270,d.bmp,round\n0,a.png,flat\n90,./b.jpg,flat\n0,c.PNG,flat\n"
    )
    dataset = folder.load(root, kinds="azimuth=cyclic")
    azimuth, shape = dataset.info.factors
    assert (azimuth.kind, azimuth.values) == ("cyclic", (0, 90, 270))
    assert (shape.kind, shape.values) == ("categorical", ("flat", "round"))
    assert dataset.factors.values.tolist() == [[0, 0], [1, 0], [0, 0], [2, 1]]


def test_a_table_may_lie_above_the_images_and_name_the_class(root: Path) -> None:
    put(root, ["images/a.png", "images/b.png"])
    (root / "factors.csv").write_text("file,label,size\na.png,cat,0.25\nimages/b.png,dog,0.5\n")
    dataset = folder.load(root)
    assert dataset.info.labels == "label"
    assert dataset.labels().tolist() == [0, 1]
    assert dataset.factors.column("size").tolist() == [0.25, 0.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,x\na.png,1\nb.jpg,2\nc.PNG,3\n", r"has no row for 1 of 4 images, such as d\.bmp"),
        ("file,x\na.png,1\nb.jpg,2\nc.PNG,3\nd.bmp,4\na.png,5\n", r"line 6 names 'a\.png', as an earlier line does"),
        ("file,x\na.png,1\nother.png,2\n", r"line 3 names 'other\.png', which no image matches"),
        ("file,x\n../../etc/passwd,1\n", r"line 2 names '\.\./\.\./etc/passwd', which no image matches"),
        ("file,x\na.png,1\nb.jpg\n", r"factors\.csv: line 3 fills 1 of 2 columns"),
        ("file,x\na.png,1\nb.jpg,2\nc.PNG,3\nd.bmp,four\n", "line 5: 'four' in the column 'x' is not a number"),
    ],
)
def test_a_table_that_does_not_fit_is_reported(root: Path, text: str, message: str) -> None:
    put(root, PLAIN)
    (root / "factors.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        folder.load(root)


def test_a_name_that_several_images_have_is_reported(root: Path) -> None:
    put(root, ["cats/x.png", "dogs/x.png"])
    (root / "factors.csv").write_text("file,size\nx.png,1\ndogs/x.png,2\n")
    with pytest.raises(DataError, match=r"line 2 names 'x\.png', which 2 images match"):
        folder.load(root)


def test_subfolders_are_classes_only_without_a_table(root: Path) -> None:
    put(root, ["cats/x.png", "dogs/y.png"])
    (root / "factors.csv").write_text("file,class\nx.png,1\ny.png,0\n")
    dataset = folder.load(root)
    assert dataset.factors.names == ("class",)
    assert dataset.labels().tolist() == [1, 0]


def test_a_table_under_another_name_is_named(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    (put(root, PLAIN) / "labels.csv").write_text("file,class\n")
    folder.load(root)
    assert "labels.csv is not read; a table of factors is called factors.csv" in caplog.text
    caplog.clear()
    (root / "labels.csv").unlink()
    folder.load(root)
    assert "is not read" not in caplog.text


def test_columns_and_the_label_are_chosen_and_values_may_be_unknown(root: Path) -> None:
    put(root, PLAIN)
    (root / "factors.csv").write_text(
        "file,note,part,azimuth\na.png,?,arm,0\nb.jpg,,leg,\nc.PNG,x,?,90\nd.bmp,x,arm,-1\n"
    )
    dataset = folder.load(root, columns="part, azimuth", label="part", missing="?,-1")
    assert dataset.info.labels == "part"
    assert dataset.factors.names == ("part", "azimuth")
    assert dataset.labels().tolist() == [0, 1, -1, 0]
    np.testing.assert_array_equal(dataset.factors.known, [[1, 1], [1, 0], [0, 1], [1, 0]])
    assert dataset.ground_truth is None
    assert folder.load(root, label="part", missing="?,-1").info.factors[0].name == "note"


@pytest.mark.parametrize("missing", [-1, "-1"])
def test_a_number_that_stands_for_unknown_is_given_as_number_or_text(root: Path, missing: object) -> None:
    put(root, PLAIN)
    (root / "factors.csv").write_text("file,x\na.png,1\nb.jpg,-1\nc.PNG,0\nd.bmp,0\n")
    dataset = load_dataset("folder", root, {"missing": missing})
    np.testing.assert_array_equal(dataset.factors.known, [[1], [0], [1], [1]])


def test_what_has_no_counterpart_is_skipped_on_request(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(root, PLAIN)
    (root / "factors.csv").write_text("file,x\nb.jpg,2\nother.png,3\nd.bmp,4\n")
    with pytest.raises(DataError, match=r"(?s)other\.png.*unmatched = skip"):
        folder.load(root)
    dataset = folder.load(root, unmatched="skip")
    assert grays(dataset) == [2, 4]
    assert dataset.factors.column("x").tolist() == [2, 4]
    assert "left out 2 images without a row and 1 row without an image." in caplog.text
    (root / "factors.csv").write_text("file,x\nother.png,3\n")
    with pytest.raises(DataError, match="has no row for 4 of 4 images"):
        folder.load(root, unmatched="skip")


def test_an_archive_of_which_images_are_skipped(root: Path, tmp_path: Path) -> None:
    put(root, PLAIN)
    (root / "factors.csv").write_text("file,x\nb.jpg,2\nd.bmp,4\n")
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        for path in sorted(root.iterdir()):
            archive.write(path, path.name)
    assert grays(folder.load(tmp_path / "mine.zip", unmatched="skip")) == [2, 4]


def test_no_images_and_unreadable_ones_are_reported(root: Path) -> None:
    root.mkdir()
    (root / "notes.txt").write_text("no image")
    with pytest.raises(DataError, match="holds no images"):
        folder.load(root)
    put(root, PLAIN)
    (root / "b.jpg").write_bytes(b"\xff\xd8 no more")
    with pytest.raises(DataError, match=r"b\.jpg is not a readable image"):
        folder.load(root)


def test_a_table_without_a_line_of_names_is_reported(root: Path) -> None:
    put(root, PLAIN)
    (root / "factors.csv").write_text("a.png,1\nb.jpg,2\nc.PNG,3\nd.bmp,4\n")
    with pytest.raises(DataError, match=r"no row for 1 of 4 images, such as a\.png.*\n.* below a first line with"):
        folder.load(root)


def test_one_image_is_for_training(root: Path, capsys) -> None:
    put(root, PLAIN[:1])
    assert folder.load(root).train.tolist() == [True]
    assert "Preparing 1 image of folder, once" in capsys.readouterr().err


def test_settings_that_cannot_be_are_reported(root: Path) -> None:
    put(root, PLAIN)
    (root / "factors.csv").write_text("file,y\na.png,1\nb.jpg,2\nc.PNG,3\nd.bmp,4\n")
    wrong = {"size": 0}, {"channels": 4}, {"kinds": "x"}, {"kinds": "x=cyclic"}, {"columns": "z"}, {"label": "z"}
    for settings in wrong:
        with pytest.raises(SettingError):
            folder.load(root, **settings)


def test_images_are_decoded_anew_if_they_change_but_not_if_the_table_does(root: Path, capsys) -> None:
    put(root, PLAIN)
    folder.load(root)
    assert "Preparing 4 images of folder, once" in capsys.readouterr().err
    (root / "factors.csv").write_text("file,x\na.png,1\nb.jpg,2\nc.PNG,3\nd.bmp,4\n")
    assert folder.load(root).factors is not None
    assert capsys.readouterr().err == ""
    Image.new("RGB", (30, 20), (240,) * 3).save(root / "a.png")
    assert grays(folder.load(root)) == [6, 2, 3, 4]


def test_many_images_stay_in_the_cache(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SMALL", 100)
    dataset = folder.load(put(root, PLAIN), size=16)
    assert isinstance(dataset.images, RawImages)
    assert grays(dataset) == [1, 2, 3, 4]
