"""The collapse watch: each known failure by inputs that show it, and none by those that do not."""

from __future__ import annotations

import pytest
import torch

from disentangle_bench.latents import Categorical, Gaussian, LatentSpec, Uniform
from disentangle_bench.models import collapse

SPEC = LatentSpec(2, (Categorical(10), Uniform(), Categorical(4, "color"), Gaussian(sigma=0.001)))
EVEN = {"c1": [100] * 10, "color": [250] * 4}


class TestDiscriminator:
    @pytest.mark.parametrize("loss", [1.3863, 0.0011, 30.0])
    def test_fine(self, loss: float) -> None:
        assert collapse.won_by_discriminator(loss, 1e-3) == ""

    def test_one_that_always_wins(self) -> None:
        failure = collapse.won_by_discriminator(0.0009, 1e-3)
        assert failure == "D's loss is under 0.001: D always wins and G no longer learns"

    def test_a_game_whose_losses_do_not_show_it(self) -> None:
        assert collapse.won_by_discriminator(-5.0, None) == ""


class TestInformation:
    def test_fine(self) -> None:
        assert collapse.ignored_codes({"c1": 2.2, "c2": 0.011}) == ""

    @pytest.mark.parametrize("value", [0.0099, 0.0, -0.18])
    def test_a_code_that_the_images_do_not_show(self, value: float) -> None:
        failure = collapse.ignored_codes({"c1": 2.2, "c2": value})
        assert failure == "L_I of c2 is under 0.01 nats: the images do not show it"

    def test_all_such_codes_are_named(self) -> None:
        assert "L_I of c1, c3 is" in collapse.ignored_codes({"c1": 0.0, "c2": 1.0, "c3": -1.0})


class TestPosterior:
    """Q's output has the 10 logits of c1, mean and ln sigma of c2, 4 logits of color, and a mean for a fixed sigma."""

    def failure(self, *log_sigmas: float) -> str:
        q = torch.zeros(len(log_sigmas), 17)
        q[:, 11] = torch.tensor(log_sigmas)
        return collapse.narrow_posterior(SPEC, q)

    def test_fine(self) -> None:
        assert self.failure(-3.0, -3.0) == ""
        assert self.failure(-9.0, -3.0) == ""  # the mean over the batch counts

    def test_that_runs_to_a_point(self) -> None:
        assert self.failure(-4.7, -4.7) == "sigma of c2 is under 0.01: the posterior runs to a point"


class TestCategories:
    def test_fine(self) -> None:
        assert collapse.unused_categories(EVEN) == ""

    def test_uneven_but_all_used(self) -> None:
        assert collapse.unused_categories({**EVEN, "c1": [910, *[10] * 9]}) == ""

    def test_fewer_than_there_are(self) -> None:
        """A tenth of an even share is 10 of 1,000 images for ten categories; 9 do not count."""
        counts = [119, 118, *[125] * 6, 9, 4]
        failure = collapse.unused_categories({**EVEN, "c1": counts})
        assert failure == "c1 uses 8 of 10 categories on the training images"

    def test_of_the_second_code(self) -> None:
        failure = collapse.unused_categories({**EVEN, "color": [1000, 0, 0, 0]})
        assert failure == "color uses 1 of 4 categories on the training images"

    def test_without_categorical_codes(self) -> None:
        assert collapse.unused_categories({}) == ""
