"""`dbench sample`, and the model behind it in Python, after a real training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import disentangle_bench as db


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    settings = {"steps": 3, "networks.width": 0.1, "batch_size": 32}
    return db.train("infogan", dataset="digits", settings=settings, out=tmp_path_factory.mktemp("runs") / "run")


def opened(path: Path) -> Image.Image:
    return Image.open(path)


def test_a_run_is_loaded_generates_and_reads(run):
    model = run.load(device="cpu")
    assert repr(model) == "<infogan-digits seed 0: codes c1, c2, c3, images (1, 8, 8)>"
    made = model.generate(c1=3, c2=0.5, n=16, seed=0)
    assert made.shape == (16, 1, 8, 8)
    assert 0 <= made.min() <= made.max() <= 1
    images = db.load_dataset("digits").images
    codes = db.load_run(run.path).load().encode(images)
    assert {name: values.shape for name, values in codes.items()} == dict.fromkeys(("c1", "c2", "c3"), (1797,))


def test_codes_in_use_are_those_that_are_scored(run):
    """Against the representation that an evaluation keeps."""
    db.evaluate(run, ["c1-accuracy"], bootstrap=0, levels=False, figures=False, device="cpu")
    scored = db.Representation.load(run.representation_file)
    images, model = db.load_dataset("digits").images, run.load(device="cpu")
    codes, posterior = model.encode(images), model.posterior(images)
    for name, values in codes.items():
        np.testing.assert_allclose(values, scored.codes.column(name))
        np.testing.assert_allclose(posterior[name], scored.posterior[name])


def test_a_run_without_the_shape_of_its_images_asks_the_dataset(run):
    before = run.provenance_file.read_text()
    provenance = run.provenance()
    assert provenance.pop("image_shape") == [1, 8, 8]
    run.note(image_shape=None)
    try:
        assert run.load(device="cpu").shape == (1, 8, 8)
    finally:
        run.provenance_file.write_text(before)


@pytest.mark.slow
def test_with_the_installed_program(real_dbench, run):
    words = ("sample", run.path, "--set", "c1=4", "--sweep", "c2=-2..2", "--device", "cpu")
    outcome = real_dbench(*words, "--out", "grid.png")
    assert (outcome.code, outcome.out) == (0, "grid.png\n"), outcome.err
    assert outcome.err == "c2 = -2 to 2 is beyond its prior, -1 to 1, for which the model was trained.\n"
    assert opened(Path("grid.png")).format == "PNG"
    assert real_dbench(*words, "--out", "grid.png").code == 0
    assert [path.name for path in Path().iterdir()] == ["grid.png"]


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
@pytest.mark.parametrize(
    "words", [(), ("--sweep", "c1=all"), ("--sweep", "c2=all", "--sweep", "c1=0..3"), ("--n", 5, "--seed", 1)]
)
def test_grids(dbench, run, form, words):
    outcome = dbench("sample", run.path, *words, "--out", f"grid.{form}", "--device", "cpu")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"grid.{form}\n", "")
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    assert Path(f"grid.{form}").read_bytes().startswith(begins[form])


def test_animations_have_a_frame_for_each_value(dbench, run):
    for words, frames in ((("--sweep", "c2=-1..1:5", "--n", 4), 5), (("--sweep", "c1=0..2", "--sweep", "c2=all"), 3)):
        assert dbench("sample", run.path, *words, "--out", "a.gif", "--device", "cpu").code == 0
        picture = opened(Path("a.gif"))
        assert (picture.format, picture.n_frames) == ("GIF", frames)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--sweep", "c4=all"], ["no code named 'c4'"]),
        (["--set", "c1=10"], ["c1 = 10 is not a category of c1", "from 0 to 9"]),
        (["--set", "c1=four"], ["c1 = four is not a value"]),
        (["--set", "c2=[0, 1]"], ["c2 is held at several values", "--sweep c2=VALUES"]),
        (["--set", "c1=1", "--sweep", "c1=all"], ["c1 is both held and swept"]),
        (["--sweep", "c1=all", "--sweep", "c2=all", "--sweep", "c3=all"], ["3 sweeps do not fit"]),
        (["--sweep", "c1=all", "--sweep", "c2=all", "--n", "2"], ["2 draws do not fit into a grid of two codes"]),
        (["--sweep", "c1=all", "--sweep", "c1=all"], ["'c1=all' is not another code"]),
        (["--sweep", "c1"], ["'c1' is not another code with its values, such as c2=-2..2"]),
        (["--n", "0"], ["0 draws"]),
        (["--out", "grid.jpg"], ["grid.jpg is not the name of an image file", ".png, .svg, .pdf, .gif"]),
        (["--out", "grid.gif"], ["does not move", "--sweep c2=-2..2"]),
        (["--out", "mine.png"], ["mine.png exists and is not a picture of samples"]),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_writes_nothing(dbench, run, tmp_path, words, says):
    (tmp_path / "mine.png").write_bytes(b"mine")
    outcome = dbench("sample", run.path, *words)
    assert (outcome.code, outcome.out) == (2, "")
    for text in says:
        assert text in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.png"]


def test_a_run_that_has_not_ended_is_refused(dbench, begun_run):
    assert "half-written" in dbench("sample", begun_run.path).err
