"""Pictures of samples: what goes across and down, which pixels are shown, and frames."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from disentangle_bench.errors import StorageError
from disentangle_bench.reports.figures.samples import Axis, Samples, _figure, write_samples
from disentangle_bench.reports.figures.traversal import mosaic

RNG = np.random.default_rng(0)
C1, C2 = Axis("c1", [0, 1]), Axis("c2", [-2, 0, 2], (1, 1))


def drawn(*axes, n=1, channels=1):
    shape = (n, *(len(axis.values) for axis in axes), channels, 4, 5)
    return Samples(RNG.random(shape), axes, "mine seed 0, c3 = 1")


def shown(samples):
    """The array of the only axes."""
    (axes,) = _figure(samples).axes
    return axes.get_images()[0].get_array(), axes


@pytest.mark.parametrize("channels", [1, 3])
def test_the_first_code_goes_across_and_draws_go_down(channels):
    samples = drawn(C2, n=4, channels=channels)
    pixels, axes = shown(samples)
    images = np.moveaxis(samples.images, -3, -1)
    np.testing.assert_array_equal(pixels, mosaic(images if channels == 3 else images[..., 0]))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["\N{MINUS SIGN}2", "0", "2"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("c2", "draws")


def test_a_second_code_goes_down():
    samples = drawn(C2, C1)
    pixels, axes = shown(samples)
    np.testing.assert_array_equal(pixels, mosaic(samples.images[0, :, :, 0].swapaxes(0, 1)))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "1"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("c2", "c1")


def test_draws_alone_fill_a_square_with_white_after_the_last():
    samples = drawn(n=5)
    filled = np.concatenate([samples.images[:, 0], np.ones((1, 4, 5))]).reshape(2, 3, 4, 5)
    np.testing.assert_array_equal(shown(samples)[0], mosaic(filled))


def test_a_file_in_place_of_samples_alone(tmp_path):
    for name in ("a.png", "a.gif", "a.svg", "a.pdf"):
        path = tmp_path / name
        write_samples(drawn(C2, C1), path, "mine")
        before = path.read_bytes()
        write_samples(drawn(C2, C1), path, "mine")
        assert path.read_bytes() != before
        path.write_bytes(b"other")
        with pytest.raises(StorageError, match="is not a picture of samples"):
            write_samples(drawn(C2, C1), path, "mine")


def test_all_frames_have_one_size_whatever_their_titles(tmp_path):
    axis = Axis("c2", [0, -0.123456, 1])
    write_samples(Samples(RNG.random((1, 3, 1, 4, 5)), [axis], "a"), tmp_path / "a.gif", "a")
    picture = Image.open(tmp_path / "a.gif")
    first = picture.convert("RGB")
    picture.seek(1)
    assert (picture.n_frames, picture.convert("RGB").size) == (3, first.size)
    assert np.asarray(first)[0, 0].tolist() == [255, 255, 255]
