"""The flat form of older recipes, with `model = "infogan"` and `objective = "nsgan"`, and its conversion to tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NEW_KEYS = {
    "objective": "model.game",
    "data": "dataset",
    "optimizer.discriminator_lr": "optimizer.D.lr",
    "optimizer.generator_lr": "optimizer.G.lr",
    "optimizer.beta1": "optimizer.D.beta1 and optimizer.G.beta1",
    "optimizer.beta2": "optimizer.D.beta2 and optimizer.G.beta2",
}
"""Key of the flat form -> its new name."""

_OLD_OPTIMIZER = {"discriminator_lr": 2e-4, "generator_lr": 1e-3, "beta1": 0.5, "beta2": 0.999}


def is_flat(values: Mapping[str, Any]) -> bool:
    """Whether a recipe has the flat form, in which `model` and `dataset` are names rather than tables."""
    return isinstance(values.get("model"), str) or isinstance(values.get("dataset"), str)


def upgrade(values: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the values of a flat recipe to tables; keys that the flat form did not have stay as they are."""
    kept = {key: value for key, value in values.items() if key not in ("objective", "data", "optimizer")}
    if isinstance(kept.get("model"), str):
        kept["model"] = {"name": kept["model"], "game": values.get("objective", "nsgan")}
    if isinstance(kept.get("dataset"), str):
        kept["dataset"] = {"name": kept["dataset"], **values.get("data", {})}
    given = values.get("optimizer", {})
    adam = _OLD_OPTIMIZER | given
    betas = {"beta1": adam["beta1"], "beta2": adam["beta2"]}
    kept["optimizer"] = {
        "D": {"kind": "adam", "lr": adam["discriminator_lr"], **betas},
        "G": {"kind": "adam", "lr": adam["generator_lr"], **betas},
        **{key: value for key, value in given.items() if key not in _OLD_OPTIMIZER},
    }
    return kept


def new_key(key: str) -> str | None:
    """Look up the new name of a key of the flat form, such as `dataset.size` for `data.size`; None for other keys."""
    for old, new in NEW_KEYS.items():
        if key == old or key.startswith(f"{old}."):
            return new + key.removeprefix(old)
    return None
