"""The baseline of the paper's Figure 1: a regular GAN with an auxiliary Q."""

from __future__ import annotations

from disentangle_bench.models.infogan import InfoGAN


class GANWithQ(InfoGAN):
    """The same networks, but no term of the game rewards information.

    G and the trunk are a plain GAN's, bit for bit; Q learns to guess the codes from the trunk's detached features.
    """

    summary = "Plain GAN; Q only watches: it learns to guess the codes from detached features."
    source = "arXiv:1606.03657, section 7.1"
    rewards_information = False
