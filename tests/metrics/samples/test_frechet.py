"""The Frechet distance against closed forms, and for generators of known quality."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg, stats

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.samples.frechet import classifier_frechet_distance, frechet_distance


def points_with(mean, covariance, n=50, seed=0):
    """`(n, f)` points whose sample mean and covariance are exactly these."""
    drawn = np.random.default_rng(seed).standard_normal((n, len(mean)))
    drawn -= drawn.mean(axis=0)
    white = drawn @ linalg.inv(linalg.sqrtm(np.cov(drawn, rowvar=False).reshape(len(mean), -1)))
    values, vectors = linalg.eigh(covariance)
    return white @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T + mean


def random_covariance(f, seed):
    rows = np.random.default_rng(seed).standard_normal((2 * f, f))
    return rows.T @ rows / (2 * f)


class TestClosedForms:
    def test_one_dimension(self):
        """`(m1 - m2)^2 + (s1 - s2)^2`."""
        first, second = points_with([1.0], [[4.0]]), points_with([-2.0], [[0.25]], n=70, seed=1)
        assert frechet_distance(first, second) == pytest.approx(3**2 + 1.5**2, abs=1e-9)

    def test_covariances_that_commute(self):
        """With the same eigenvectors, the sum over them of the squared difference of deviations."""
        basis = linalg.qr(np.random.default_rng(0).standard_normal((5, 5)))[0]
        a, b = np.array([9, 4, 1, 0.25, 1e-4]), np.array([1, 4, 16, 9, 1.0])
        first = points_with(np.zeros(5), basis @ np.diag(a) @ basis.T)
        second = points_with(np.ones(5), basis @ np.diag(b) @ basis.T, seed=1)
        expected = 5 + np.square(np.sqrt(a) - np.sqrt(b)).sum()
        assert frechet_distance(first, second) == pytest.approx(expected, abs=1e-9)

    def test_agrees_with_the_matrix_square_root(self):
        a, b = random_covariance(8, 0), random_covariance(8, 1)
        means = np.zeros(8), np.arange(8) / 4
        root = linalg.sqrtm(a @ b).real
        expected = np.square(means[1]).sum() + np.trace(a + b - 2 * root)
        assert frechet_distance(points_with(means[0], a), points_with(means[1], b)) == pytest.approx(expected, abs=1e-9)

    def test_is_the_optimal_transport_between_gaussians(self):
        """Under the map `A = C1^(-1/2) (C1^(1/2) C2 C1^(1/2))^(1/2) C1^(-1/2)`, the mean squared way."""
        a, b = random_covariance(4, 2), random_covariance(4, 3)
        root = linalg.sqrtm(a).real
        inverse = linalg.inv(root)
        transport = inverse @ linalg.sqrtm(root @ b @ root).real @ inverse
        start = points_with(np.zeros(4), a)
        way = start @ transport.T - start
        expected = np.square(way).sum() / (len(way) - 1)
        assert frechet_distance(start, start @ transport.T) == pytest.approx(expected, abs=1e-9)

    def test_singular_covariances(self):
        """Dead features and fewer images than features: where the root of the product turns complex."""
        rng = np.random.default_rng(0)
        first, second = rng.standard_normal((2, 10, 40))
        second[:, :20] = 0
        forth, back = frechet_distance(first, second), frechet_distance(second, first)
        assert forth == pytest.approx(back, abs=1e-9)
        assert 0 < forth < np.inf
        assert frechet_distance(first, first) == pytest.approx(0, abs=1e-9)
        assert frechet_distance(first, first + 3) == pytest.approx(9 * 40, abs=1e-8)

    def test_one_point_repeated(self):
        points = points_with(np.zeros(3), random_covariance(3, 4))
        assert frechet_distance(points, np.ones((50, 3))) == pytest.approx(3 + np.trace(random_covariance(3, 4)))


class TestQuality:
    def test_a_perfect_generator_is_near_the_floor(self, world):
        score = classifier_frechet_distance(**world.parts(2000))
        floor = score.details["real_to_real"]
        assert score.low <= floor["high"]
        assert floor["low"] <= score.high
        assert score.value < 0.02 * score.chance
        assert score.value == pytest.approx(score.details["means"] + score.details["covariances"])

    def test_a_collapsed_one_scores_the_variance_of_the_data(self, world):
        score = classifier_frechet_distance(**world.parts(2000, generator=world.repeat))
        assert score.value == pytest.approx(6 / 12, abs=0.02)  # the variance of a uniform pixel is 1/12
        assert score.details["real_variance"] == pytest.approx(6 / 12, abs=0.02)
        assert score.low < score.value < score.high

    def test_chance_is_right_pixel_by_pixel_only(self, world):
        """Of two equal pixels, shuffled, the sum varies half as much and the difference, which was 0, as much."""
        score = classifier_frechet_distance(**world.parts(4000))
        expected = ((np.sqrt(2) - 1) ** 2 + 1) / 12
        assert score.chance == pytest.approx(expected, rel=0.1)

    def test_the_floor_shrinks_with_one_over_n(self, world):
        few, many = (classifier_frechet_distance(**world.parts(n), bootstrap=2) for n in (400, 6400))
        assert few.details["real_to_real"]["value"] > 4 * many.details["real_to_real"]["value"]
        assert (few.details["images_in_a_half"], many.details["images_in_a_half"]) == (200, 3200)

    def test_intervals_cover_the_distance_to_other_images(self, world):
        """The distance to other real images, from other latents, is in the interval about as often as stated."""
        scores = [
            classifier_frechet_distance(**world.parts(600, images=world.real(600, seed=s)), bootstrap=60, seed=s)
            for s in range(12)
        ]
        truth = np.mean([score.value for score in scores])
        assert sum(score.low <= truth <= score.high for score in scores) >= 9


class TestInput:
    def test_the_training_split_is_left_out(self, world):
        images, train = world.real(400), np.arange(400) < 200
        spoilt = np.where(train[:, None, None, None], 255, images).astype(np.uint8)
        first, second = (
            classifier_frechet_distance(**world.parts(400, images=each), train=train, bootstrap=5)
            for each in (images, spoilt)
        )
        assert first == second
        assert first.details["images_in_a_half"] == 100

    def test_floats_and_bytes_are_the_same_images(self, world):
        images = world.real(100)
        first, second = (
            classifier_frechet_distance(**world.parts(100, images=each), bootstrap=5)
            for each in (images, images.astype(np.float32) / 255)
        )
        assert first == second

    def test_another_seed_draws_others_and_agrees(self, world):
        first, second = (classifier_frechet_distance(**world.parts(1000), bootstrap=20, seed=s) for s in (0, 1))
        assert first.value != second.value
        assert first.value == pytest.approx(second.value, abs=0.02)

    def test_without_a_classifier_it_is_undefined(self, world):
        score = classifier_frechet_distance(**world.parts(100, classifier=None))
        assert score.value is None
        assert "no labels" in score.reason

    @pytest.mark.parametrize(
        ("changed", "settings", "message"),
        [
            ({}, {"samples": 3}, "samples is 3"),
            ({}, {"bootstrap": 1}, "bootstrap is 1"),
            ({"train": np.ones(100, dtype=bool)}, {}, "only 0 real test images"),
            ({"train": np.ones(9, dtype=bool)}, {}, "train mask"),
            ({"generator": lambda z: np.nan * z.noise[:, None, None]}, {}, "NaN"),
            ({"generator": lambda z: z.noise[:, None, None]}, {}, r"\(1, 1, 5\).*\(1, 1, 6\)"),
        ],
    )
    def test_invalid_input_is_named(self, world, changed, settings, message):
        with pytest.raises(MetricError, match=message):
            classifier_frechet_distance(**world.parts(100, **changed), **settings)


def test_the_bias_is_about_a_constant_over_n():
    """Two samples of one Gaussian: the mean distance falls as 1/n, which `floor` and `value` share."""
    rng = np.random.default_rng(0)
    biases = [
        n * np.mean([frechet_distance(*stats.norm.rvs(size=(2, n, 5), random_state=rng)) for _ in range(40)])
        for n in (100, 400)
    ]
    assert biases[0] == pytest.approx(biases[1], rel=0.2)
