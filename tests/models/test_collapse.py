"""The collapse watch: each known failure by inputs that show it, and none by those that do not."""

from __future__ import annotations

import pytest

from disentangle_bench.models import collapse
from disentangle_bench.models.games import GAMES, GameName

EVEN = {"c1": [100] * 10, "color": [250] * 4}


class TestDiscriminator:
    @pytest.mark.parametrize(("D_loss", "G_loss"), [(1.3863, 0.69), (0.0011, 0.1), (30.0, 0.1), (0.05, 4.9)])
    def test_fine(self, D_loss: float, G_loss: float) -> None:
        assert collapse.won_by_discriminator(D_loss, G_loss, GAMES["nsgan"]) == ""

    @pytest.mark.parametrize("game", ["nsgan", "minimax", "lsgan", "hinge"])
    def test_one_that_always_wins(self, game: GameName) -> None:
        failure = collapse.won_by_discriminator(0.0009, -7.0, GAMES[game])
        assert failure == "D's loss is under 0.001: D always wins and G no longer learns"

    def test_one_whose_loss_is_far_below_that_of_g(self) -> None:
        failure = collapse.won_by_discriminator(0.05, 5.1, GAMES["nsgan"])
        assert failure == "D's loss of 0.05 is under 1% of G's, 5.1: D always wins"

    @pytest.mark.parametrize("game", ["wgan", "wgan-gp"])
    @pytest.mark.parametrize(("D_loss", "G_loss"), [(-5.0, 1e3), (-1e-5, 1e-5), (0.3, -40.0)])
    def test_a_game_whose_losses_do_not_show_it(self, game: GameName, D_loss: float, G_loss: float) -> None:
        """A critic's loss is minus a distance: negative, and next to nothing where the distance is."""
        assert collapse.won_by_discriminator(D_loss, G_loss, GAMES[game]) == ""


class TestInformation:
    """A code that was never learned is one thing, one that was lost another."""

    LEARNED = ({"c1": 0.0, "c2": -0.18}, {"c1": 2.2, "c2": 0.011})
    NEVER = ({"c1": 0.0, "c2": -0.18}, {"c1": 2.2, "c2": 0.09}, {"c1": 2.2, "c2": 0.0099})
    LOST = ({"c1": 2.2, "c2": 0.11}, {"c1": 2.2, "c2": 0.0099})

    def test_fine(self) -> None:
        assert collapse.lost_codes(self.LEARNED) == ""
        assert collapse.never_learned(self.LEARNED) == []

    def test_a_code_that_was_never_learned(self) -> None:
        assert collapse.lost_codes(self.NEVER) == ""
        assert collapse.never_learned(self.NEVER) == ["c2"]

    def test_a_code_that_was_lost(self) -> None:
        assert collapse.never_learned(self.LOST) == []
        failure = "L_I of c2 has fallen under 0.01 nats: the images no longer show it"
        assert collapse.lost_codes(self.LOST) == failure

    def test_what_a_whole_run_never_learned(self) -> None:
        failure = "L_I of c1, c3 is under 0.01 nats after all 5,000 steps: the images do not show it"
        assert collapse.ignored_codes(["c1", "c3"], 5000) == failure
        assert collapse.ignored_codes([], 5000) == ""


class TestImages:
    @pytest.mark.parametrize("spreads", [[], [0.2], [0.1, 1.0, 3.0]])
    def test_fine(self, spreads: list[float]) -> None:
        assert collapse.little_variety(spreads) == collapse.lost_variety(spreads) == ""

    def test_next_to_one_image(self) -> None:
        """The shares of a run that ended with one noise image: pixel sd 0.012 beside 0.089."""
        failure = "generated images vary 0.13 times as much as real ones: G makes one image of all latents"
        never, no_longer = [0.05, 0.4, 0.012 / 0.089], [0.05, 0.41, 0.012 / 0.089]
        assert collapse.little_variety(never) == collapse.little_variety(no_longer) == failure
        assert collapse.little_variety(never, late=False) == failure.replace(
            ": G makes one image of all latents", " so far"
        )
        assert (collapse.lost_variety(never), collapse.lost_variety(no_longer)) == ("", failure)

    def test_a_code_that_is_read_from_what_nobody_sees(self) -> None:
        information, effects = {"c1": 2.2, "c2": 1.4, "c3": -0.1}, {"c1": 0.9, "c2": 0.04, "c3": 0.01}
        failure = collapse.invisible_codes(information, effects)
        assert failure == "Q reads c2 from changes of under 5% of how real images vary: invisible"

    def test_visible_codes(self) -> None:
        assert collapse.invisible_codes({"c1": 2.2, "c2": 1.4}, {"c1": 0.9, "c2": 0.05}) == ""


class TestPosterior:
    def test_fine(self) -> None:
        assert collapse.narrow_posterior({"c2": 0.01, "c3": 0.5}) == ""

    def test_that_runs_to_a_point(self) -> None:
        failure = collapse.narrow_posterior({"c2": 0.0099, "c3": 0.5})
        assert failure == "sigma of c2 is under 0.01: the posterior runs to a point"


class TestCategories:
    def test_fine(self) -> None:
        assert collapse.unused_categories(EVEN) == ""

    def test_uneven_but_all_used(self) -> None:
        assert collapse.unused_categories({**EVEN, "c1": [910, *[10] * 9]}) == ""

    def test_fewer_than_there_are(self) -> None:
        """A tenth of an even share is 10 of 1,000 images for ten categories; 9 do not count."""
        counts = [119, 118, *[125] * 6, 9, 4]
        failure = collapse.unused_categories({**EVEN, "c1": counts})
        assert failure == "2 of 10 categories of c1 get under 1.0% of the training images each"

    def test_a_single_one(self) -> None:
        failure = collapse.unused_categories({**EVEN, "c1": [119, *[125] * 8, 0]})
        assert failure == "1 of 10 categories of c1 gets under 1.0% of the training images"

    def test_of_the_second_code(self) -> None:
        failure = collapse.unused_categories({**EVEN, "color": [1000, 0, 0, 0]})
        assert failure == "3 of 4 categories of color get under 2.5% of the training images each"

    def test_without_categorical_codes(self) -> None:
        assert collapse.unused_categories({}) == ""
