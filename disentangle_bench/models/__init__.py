"""Models: networks, players and one readable update each; recipes beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disentangle_bench.registry import Registry
from disentangle_bench.settings import check_settings, settings_fault

if TYPE_CHECKING:  # torch takes seconds to import; listing names must not
    from disentangle_bench.models.model import Model, Shape
    from disentangle_bench.recipe import Recipe

_HERE = "disentangle_bench.models"


def _fault(thing: object) -> str:
    from disentangle_bench.models.model import Model

    if not (isinstance(thing, type) and issubclass(thing, Model)):
        return f"is not a subclass of {Model.__module__}.Model"
    lacking = [name for name in ("summary", "source") if not isinstance(getattr(thing, name, None), str)]
    if lacking:
        return f"has no text {' and no text '.join(f'`{name}`' for name in lacking)}"
    left = sorted(thing.__abstractmethods__)
    return f"does not define {' and '.join(f'`{name}`' for name in left)}" if left else settings_fault(thing)


MODELS: Registry[type[Model]] = Registry(
    "model",
    {
        "infogan": f"{_HERE}.infogan:InfoGAN",
        "infogan-cr": f"{_HERE}.infogan_cr:InfoGANCR",
        "infogan-invariant": f"{_HERE}.infogan_invariant:InfoGANInvariant",
        "infogan-lsgan": f"{_HERE}.infogan_lsgan:InfoGANLSGAN",
        "tc-gan": f"{_HERE}.tc_gan:TCGAN",
        "gan-with-q": f"{_HERE}.gan_with_q:GANWithQ",
        "vae": f"{_HERE}.vae:VAE",
        "beta-vae": f"{_HERE}.beta_vae:BetaVAE",
        "annealed-vae": f"{_HERE}.annealed_vae:AnnealedVAE",
        "factor-vae": f"{_HERE}.factor_vae:FactorVAE",
        "beta-tcvae": f"{_HERE}.beta_tcvae:BetaTCVAE",
        "dip-vae-i": f"{_HERE}.dip_vae:DIPVAEI",
        "dip-vae-ii": f"{_HERE}.dip_vae:DIPVAEII",
        "ada-gvae": f"{_HERE}.ada_gvae:AdaGVAE",
        "dc-ign": f"{_HERE}.dc_ign:DCIGN",
        "qlae": f"{_HERE}.qlae:QLAE",
        "pca": f"{_HERE}.pca:PCA",
        "ica": f"{_HERE}.ica:ICA",
        "pixels": f"{_HERE}.pixels:Pixels",
        "random-encoder": f"{_HERE}.random_encoder:RandomEncoder",
    },
    group="disentangle_bench.models",
    fault=_fault,
)


def make_model(recipe: Recipe, shape: Shape, seed: int = 0) -> Model:
    """A recipe's model, untrained.

    Args:
        recipe: which model, and its settings.
        shape: `(c, h, w)` of the dataset's images.
        seed: determines the initial weights.

    Raises:
        DbenchError: an unknown model, or settings that it does not have.
    """
    name, settings = recipe.model.name, recipe.model.settings
    model = MODELS.get(name)
    return model(recipe, shape, seed, **check_settings(model, settings, kind="model", name=name))


__all__ = ["MODELS", "make_model"]
