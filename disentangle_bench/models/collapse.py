"""Known failures of GANs and of InfoGAN: each is nothing, or a sentence that says what went wrong.

What was learned and is lost is a failure at once. What was never learned may only not be learned yet: whether it is too
late for that, the models decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from disentangle_bench.models.games import Game

MIN_INFORMATION = 0.01
"""Nats of `L_I` under which the images do not show a code."""
LEARNED_INFORMATION = 0.1
"""Nats of `L_I` over which a code counts as learned."""
MIN_SIGMA = 0.01
MIN_SPREAD = 0.2
"""Generated images vary at least so much as a share of how real ones do, else they are one image."""
LEARNED_SPREAD = 0.4
"""Once they have varied by more than this, G has learned to make different images."""
MIN_EFFECT = 0.05
"""A code is visible if the images vary with it at least so much as a share of how real ones do."""
MIN_SHARE = 0.1
"""A category counts as used if it gets at least this share of what it would get if all were used alike."""


def won_by_discriminator(D_loss: float, G_loss: float, game: Game) -> str:
    """A D that always wins: its loss is next to nothing, by itself or beside G's."""
    if game.won_below is not None and D_loss < game.won_below:
        return f"D's loss is under {game.won_below:g}: D always wins and G no longer learns"
    if game.won_ratio is not None and D_loss < game.won_ratio * G_loss:
        return f"D's loss of {D_loss:.2g} is under {game.won_ratio:.0%} of G's, {G_loss:.2g}: D always wins"
    return ""


def little_variety(spreads: Sequence[float], *, late: bool = True) -> str:
    """Mode collapse: generated images that are next to the same for all latents, by their spread at each log entry.

    Not `late`, G may still learn to make different ones.
    """
    if not spreads or spreads[-1] >= MIN_SPREAD:
        return ""
    ending = ": G makes one image of all latents" if late else " so far"
    return f"generated images vary {spreads[-1]:.2f} times as much as real ones{ending}"


def lost_variety(spreads: Sequence[float]) -> str:
    """The same, where they have been more varied before."""
    return little_variety(spreads) if max(spreads, default=0) > LEARNED_SPREAD else ""


def lost_codes(information: Sequence[Mapping[str, float]]) -> str:
    """Codes that were learned and that G has come to ignore, from `L_I` of each code at each log entry."""
    lost = [name for name in _not_shown(information) if _was_learned(name, information)]
    if not lost:
        return ""
    return f"L_I of {', '.join(lost)} has fallen under {MIN_INFORMATION:g} nats: the images no longer show it"


def never_learned(information: Sequence[Mapping[str, float]]) -> list[str]:
    """Codes that the images do not show and never did, from `L_I` of each code at each log entry."""
    return [name for name in _not_shown(information) if not _was_learned(name, information)]


def _not_shown(information: Sequence[Mapping[str, float]]) -> list[str]:
    return [name for name, value in information[-1].items() if value < MIN_INFORMATION]


def _was_learned(name: str, information: Sequence[Mapping[str, float]]) -> bool:
    return max(entry[name] for entry in information) > LEARNED_INFORMATION


def ignored_codes(names: Sequence[str], steps: int) -> str:
    """Codes that were never learned although the run was as long as it should be."""
    if not names:
        return ""
    return (
        f"L_I of {', '.join(names)} is under {MIN_INFORMATION:g} nats after all {steps:,} steps: the images do not "
        "show it"
    )


def invisible_codes(information: Mapping[str, float], effects: Mapping[str, float]) -> str:
    """Codes that Q reads from changes that nobody sees, from `L_I` and the effect on images of each code."""
    names = [
        name for name, effect in effects.items() if effect < MIN_EFFECT and information[name] > LEARNED_INFORMATION
    ]
    if not names:
        return ""
    return f"Q reads {', '.join(names)} from changes of under {MIN_EFFECT:.0%} of how real images vary: invisible"


def narrow_posterior(sigmas: Mapping[str, float]) -> str:
    """A posterior that runs to a point: the mean sigma of each code that learns it."""
    narrow = [name for name, sigma in sigmas.items() if sigma < MIN_SIGMA]
    return f"sigma of {', '.join(narrow)} is under {MIN_SIGMA:g}: the posterior runs to a point" if narrow else ""


def unused_categories(categories: Mapping[str, Sequence[int]]) -> str:
    """Categories that Q gives to next to no training image.

    Args:
        categories: for each categorical code, the number of images per category.
    """
    for name, counts in categories.items():
        least = MIN_SHARE / len(counts)
        unused = sum(count < least * sum(counts) for count in counts)
        if unused:
            verb, each = ("gets", "") if unused == 1 else ("get", " each")
            of = f"{unused} of {len(counts)} categories of {name}"
            return f"{of} {verb} under {least:.1%} of the training images{each}"
    return ""
