"""The collapse watch: each known failure by inputs that show it, and none by those that do not."""

from __future__ import annotations

import pytest

from disentangle_bench.latents import Categorical, Gaussian, LatentSpec, Uniform
from disentangle_bench.training import collapse

SPEC = LatentSpec(2, (Categorical(10), Uniform(), Categorical(4, "colour"), Gaussian()))
EVEN = {"c1": [100] * 10, "colour": [250] * 4}


def losses(discriminator: float) -> dict[str, float]:
    return {"discriminator_loss": discriminator, "generator_loss": 0.8}


class TestLosses:
    @pytest.mark.parametrize("discriminator", [1.3863, 0.0011, 30.0])
    def test_fine(self, discriminator: float) -> None:
        assert collapse.watch_losses(losses(discriminator)) == "ok"

    def test_a_discriminator_that_always_wins(self) -> None:
        status = collapse.watch_losses(losses(0.0009))
        assert status == "collapsed: D's loss is under 0.001: D always wins and G no longer learns"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a"], "a is not a finite number"),
        (["a", "b"], "a, b are not finite numbers"),
        (["a", "b", "c", "d"], "a, b, c, ... are not finite numbers"),
    ],
)
def test_what_is_no_number_is_named(names: list[str], text: str) -> None:
    assert collapse.diverged(names) == f"collapsed: {text}"


class TestInformation:
    def test_fine(self) -> None:
        assert collapse.watch_information({"c1": 2.2, "c2": 0.011}, {"c2": 0.02}) == "ok"

    @pytest.mark.parametrize("value", [0.0099, 0.0, -0.18])
    def test_a_code_that_the_images_do_not_show(self, value: float) -> None:
        status = collapse.watch_information({"c1": 2.2, "c2": value}, {"c2": 0.5})
        assert status == "collapsed: L_I of c2 is under 0.01 nats: the images do not show it"

    def test_all_such_codes_are_named(self) -> None:
        assert "L_I of c1, c3 is" in collapse.watch_information({"c1": 0.0, "c2": 1.0, "c3": -1.0}, {})

    def test_a_posterior_that_runs_to_a_point(self) -> None:
        status = collapse.watch_information({"c2": 3.0}, {"c2": 0.009})
        assert status == "collapsed: sigma of c2 is under 0.01: the posterior runs to a point"


class TestCategories:
    def test_fine(self) -> None:
        assert collapse.watch_categories(SPEC, EVEN) == "ok"

    def test_uneven_but_all_used(self) -> None:
        assert collapse.watch_categories(SPEC, {**EVEN, "c1": [910, *[10] * 9]}) == "ok"

    def test_fewer_than_there_are(self) -> None:
        """A tenth of an even share is 10 of 1,000 images for ten categories; 9 do not count."""
        counts = [119, 118, *[125] * 6, 9, 4]
        status = collapse.watch_categories(SPEC, {**EVEN, "c1": counts})
        assert status == "collapsed: c1 uses 8 of 10 categories on the training images"

    def test_of_the_second_code(self) -> None:
        status = collapse.watch_categories(SPEC, {**EVEN, "colour": [1000, 0, 0, 0]})
        assert status == "collapsed: colour uses 1 of 4 categories on the training images"

    def test_without_categorical_codes(self) -> None:
        assert collapse.watch_categories(LatentSpec(2, (Uniform(),)), {}) == "ok"
