"""Try every rule on a model, or on a pair of networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from disentangle_bench.conformance import Outcome, outcomes
from disentangle_bench.models import MODELS
from disentangle_bench.models.conformance.networks import HAS_SHAPE, RULES_OF_NETWORKS
from disentangle_bench.models.conformance.networks import Trial as TrialOfNetworks
from disentangle_bench.models.conformance.rules import IS_MADE, RULES, UPDATES
from disentangle_bench.models.conformance.trial import Trial
from disentangle_bench.models.model import Shape
from disentangle_bench.models.networks import Pair
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.settings import check_settings

WIDTH, BATCH = 0.1, 16
"""Small networks and batches show what is to be shown."""


def check_model(name: str, dataset: str, shape: Shape, settings: Mapping[str, Any] | None = None) -> Iterator[Outcome]:
    """Check a model on random images, one outcome at a time; one that cannot be updated is not checked further.

    Args:
        name: under which it is registered.
        dataset: whose recipe of the model is taken.
        shape: `(c, h, w)` of that dataset's images.
        settings: of the recipe, by dotted keys, in place of those that make it small.

    Raises:
        UnknownNameError: there is no such model. SettingError: the recipe has no such setting.
    """
    small = {"batch_size": BATCH, **({"networks.width": WIDTH} if MODELS.get(name).scales_with_width else {})}
    recipe = find_recipe(name, dataset).with_settings({**small, **(settings or {})})
    if any(key.startswith("model.") for key in settings or ()):  # a wrong one is no mistake of the model's
        check_settings(MODELS.get(name), recipe.model.settings, kind="model", name=name)
    return outcomes(RULES, Trial(recipe, shape), needed=(IS_MADE, UPDATES))


def check_networks(pair: Pair, *, width: float = 1.0) -> Iterator[Outcome]:
    """Check a pair of networks on random images, one outcome at a time.

    Args:
        pair: of networks.
        width: the factor on its units and channels.
    """
    return outcomes(RULES_OF_NETWORKS, TrialOfNetworks(pair, width), needed=(HAS_SHAPE,))
