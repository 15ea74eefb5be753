"""Shape measures of shapes with known measures, and of digits under known changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.morphology import dilation, disk
from skimage.transform import AffineTransform, rescale, warp
from sklearn.datasets import load_digits

from disentangle_bench.datasets import DATASETS
from disentangle_bench.errors import DataError, MetricError
from disentangle_bench.measures import MEASURES, height, ink, slant, thickness, width

FINER = 10
CENTER = 14.0


def drawn(inside) -> np.ndarray:
    """A 28 x 28 picture of where `inside(x, y)` holds, pixels from the center, smoothed as a camera would."""
    y, x = (np.mgrid[: 28 * FINER, : 28 * FINER] + 0.5) / FINER - CENTER
    return inside(x, y).reshape(28, FINER, 28, FINER).mean(axis=(1, 3))


def bar(breadth: float, length: float, lean: float = 0.0) -> np.ndarray:
    """An upright bar, leaned to the right by a shear."""
    return drawn(lambda x, y: (np.abs(x + lean * y) < breadth / 2) & (np.abs(y) < length / 2))


def ring(radius: float, stroke: float) -> np.ndarray:
    return drawn(lambda x, y: np.abs(np.hypot(x, y) - radius) < stroke / 2)


def line(stroke: float, degrees: float) -> np.ndarray:
    """A line that leans by some degrees, 20 pixels long; if upright, then between borders of pixels."""
    cos, sin, off = np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), (stroke % 2) / 2
    return drawn(
        lambda x, y: (np.abs((x - off) * cos + (y - off) * sin) < stroke / 2) & (np.abs(y * cos - x * sin) < 10)
    )


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return load_digits().images / 16


class TestBars:
    @settings(deadline=None)
    @given(st.integers(1, 20), st.integers(1, 20))
    def test_have_their_own_width_height_and_ink(self, breadth, length):
        picture = np.zeros((1, 28, 28))
        picture[0, 3 : 3 + length, 5 : 5 + breadth] = 1
        assert width(picture)[0] == pytest.approx(breadth, rel=1e-6)
        assert height(picture)[0] == pytest.approx(length, rel=1e-6)
        assert slant(picture)[0] == pytest.approx(0, abs=1e-6)
        assert ink(picture)[0] == pytest.approx(breadth * length / 28**2)

    @pytest.mark.parametrize("lean", [-0.8, -0.3, 0.0, 0.1, 0.5, 1.0])
    def test_that_lean_have_that_slant_and_keep_their_width(self, lean):
        picture = bar(4, 18, lean)[None]
        assert slant(picture)[0] == pytest.approx(np.degrees(np.arctan(lean)), abs=0.6)
        assert width(picture)[0] == pytest.approx(4, abs=0.25)
        assert height(picture)[0] == pytest.approx(18, abs=0.2)

    def test_that_lean_like_italics_have_a_positive_slant(self):
        forward = np.zeros((1, 28, 28))
        forward[0, np.arange(5, 20), np.arange(20, 5, -1)] = 1  # a slash: its top is on the right
        assert slant(forward)[0] == pytest.approx(45, abs=0.5)
        assert slant(forward[:, :, ::-1])[0] == pytest.approx(-45, abs=0.5)

    def test_sheared_by_another_library_lean_by_as_much(self):
        upright = bar(4, 16)
        for angle in (-0.5, -0.2, 0.2, 0.5):
            centered = AffineTransform(translation=(-13.5, -13.5))
            shear = AffineTransform(matrix=np.array([[1, np.tan(angle), 0], [0, 1, 0], [0, 0, 1]]))
            moved = warp(upright, centered + shear + centered.inverse)  # of output to input: x + y tan(angle)
            assert slant(moved[None])[0] == pytest.approx(np.degrees(angle), abs=0.6)


class TestThickness:
    @pytest.mark.parametrize("stroke", range(1, 7))
    @pytest.mark.parametrize("degrees", [0, 20, 45, 90])
    def test_of_lines(self, stroke, degrees):
        assert thickness(line(stroke, degrees)[None])[0] == pytest.approx(stroke, abs=0.55)

    @pytest.mark.parametrize("stroke", range(1, 7))
    def test_of_upright_lines_is_within_a_sixth_of_a_pixel(self, stroke):
        assert thickness(line(stroke, 0)[None])[0] == pytest.approx(stroke, abs=0.17)

    @pytest.mark.parametrize("stroke", range(1, 7))
    def test_of_circles(self, stroke):
        assert thickness(ring(9, stroke)[None])[0] == pytest.approx(stroke, abs=0.3)

    def test_grows_with_every_half_pixel(self):
        figures = thickness(np.array([ring(8, stroke) for stroke in np.arange(1.5, 6, 0.5)]))
        assert (np.diff(figures) > 0.25).all()

    def test_on_8_x_8_pixels_tells_strokes_apart(self):
        images = [rescale(np.pad(ring(8, stroke), 2), 0.25, anti_aliasing=False, order=1) for stroke in (3, 5, 7, 9)]
        figures = thickness(np.array(images))
        assert (np.diff(figures) > 0.2).all()
        assert figures[2] == pytest.approx(7 / 4, abs=0.4)

    def test_of_many_is_that_of_each(self, digits):
        some = digits[:150]
        assert thickness(some) == pytest.approx(np.concatenate([thickness(each[None]) for each in some]))


class TestAllMeasures:
    @pytest.mark.parametrize("name", MEASURES)
    def test_of_a_blank_picture_are_nan_but_ink(self, name):
        images = np.stack([np.zeros((28, 28)), bar(4, 18), np.full((28, 28), 0.05)])
        figures = MEASURES[name].function(images)
        assert figures.shape == (3,)
        assert np.isnan(figures).tolist() == ([False] * 3 if name == "ink" else [True, False, True])

    @pytest.mark.parametrize("name", MEASURES)
    def test_of_no_images_are_none(self, name):
        assert MEASURES[name].function(np.empty((0, 28, 28))).shape == (0,)

    @pytest.mark.parametrize("name", [name for name in MEASURES if name != "ink"])
    def test_do_not_hang_on_contrast(self, name, digits):
        function = MEASURES[name].function
        assert function(0.5 * digits[:50]) == pytest.approx(function(digits[:50]), rel=1e-5, abs=1e-5)

    @pytest.mark.parametrize("name", MEASURES)
    def test_do_not_hang_on_place(self, name):
        picture = np.zeros((40, 40))
        picture[4:32, 4:32] = bar(5, 17, 0.4)
        function = MEASURES[name].function
        assert function(picture[None]) == pytest.approx(function(np.roll(picture, (5, 3), (0, 1))[None]), rel=1e-4)

    @pytest.mark.parametrize("name", ["slant", "width", "height"])
    def test_are_moved_little_by_haze(self, name):
        clear = bar(5, 17, 0.4)[None]
        hazy = np.maximum(clear, np.random.default_rng(0).uniform(0, 0.15, (1, 28, 28)))
        function = MEASURES[name].function
        assert function(hazy) == pytest.approx(function(clear), rel=0.02)

    @pytest.mark.parametrize("name", MEASURES)
    @pytest.mark.parametrize("shape", [(28, 28), (2, 1, 28, 28), (3, 0, 28)])
    def test_refuse_other_shapes(self, name, shape):
        with pytest.raises(MetricError, match=r"have the shape \("):
            MEASURES[name].function(np.zeros(shape))

    @pytest.mark.parametrize("name", MEASURES)
    def test_refuse_nan(self, name):
        with pytest.raises(MetricError, match="NaN"):
            MEASURES[name].function(np.full((1, 8, 8), np.nan))


def mirrored(images: np.ndarray) -> np.ndarray:
    return images[:, :, ::-1]


class TestDigits:
    def test_mirrored_lean_the_other_way_and_keep_the_rest(self, digits):
        some = digits[:200]
        assert slant(mirrored(some)) == pytest.approx(-slant(some), abs=1e-4)
        for function in (width, height, ink):
            assert function(mirrored(some)) == pytest.approx(function(some), abs=1e-4)

    def test_lying_down_swap_height_and_breadth(self, digits):
        upright = digits[:200]
        upright = upright[np.abs(slant(upright)) < 1]
        assert height(upright.transpose(0, 2, 1)) == pytest.approx(width(upright), rel=0.05)


def mnist_test_images(count: int) -> np.ndarray:
    """Real digits in [0, 1], from files that are there already; nothing is fetched."""
    try:
        return DATASETS.get("mnist").load().split("test")[:count, 0] / np.float32(255)
    except DataError as error:
        pytest.skip(f"MNIST is not on this machine: {error.problem}")


def sheared(images: np.ndarray, lean: float) -> np.ndarray:
    """The images leaned to the right about their center, in a frame wide enough."""
    wide = np.pad(images, ((0, 0), (0, 0), (12, 12)))
    middle = (wide.shape[2] - 1) / 2, (wide.shape[1] - 1) / 2
    centered = AffineTransform(translation=(-middle[0], -middle[1]))
    shear = AffineTransform(matrix=np.array([[1, lean, 0], [0, 1, 0], [0, 0, 1]]))
    return np.array([warp(each, centered + shear + centered.inverse) for each in wide])


@pytest.mark.slow
class TestRealDigits:
    @pytest.fixture(autouse=True)
    def offline(self, monkeypatch):
        monkeypatch.setenv("DBENCH_OFFLINE", "1")

    def test_sheared_rise_in_slant_by_the_shear_and_in_nothing_else(self):
        images = mnist_test_images(200)
        leans = (-0.4, -0.2, 0.0, 0.2, 0.4)
        series = np.array([slant(sheared(images, lean)) for lean in leans])
        assert (np.diff(series, axis=0) > 0).all()
        shears = np.tan(np.radians(series))
        assert shears - shears[2] == pytest.approx(np.broadcast_to(np.array(leans)[:, None], shears.shape), abs=0.06)
        before, after = (width(sheared(images, lean)) for lean in (0.0, 0.4))
        assert after == pytest.approx(before, abs=0.3)

    def test_stretched_widen_by_as_much(self):
        images = mnist_test_images(200)
        for stretch in (0.7, 1.5):
            wider = np.array([rescale(each, (1, stretch), order=1, anti_aliasing=False) for each in images])
            assert np.median(width(wider) / width(images)) == pytest.approx(stretch, rel=0.02)
            assert np.median(height(wider) / height(images)) == pytest.approx(1, abs=0.01)
            assert np.median(np.tan(np.radians(slant(wider))) - stretch * np.tan(np.radians(slant(images)))) < 0.01

    def test_drawn_with_a_broader_pen_thicken_by_as_much(self):
        images = mnist_test_images(100)
        large = np.array([rescale(each, 4, order=1) for each in images])
        broader = np.array([dilation(np.pad(each, 8), disk(6)) for each in large])
        assert np.median(thickness(broader) - thickness(large)) == pytest.approx(12, rel=0.07)
        assert np.median(thickness(large) / thickness(images)) == pytest.approx(4, abs=0.1)
