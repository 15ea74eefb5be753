"""InfoGAN (arXiv:1606.03657): a GAN whose codes stay readable from its images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from disentangle_bench.models import collapse
from disentangle_bench.models.gan import GANWithCodes
from disentangle_bench.models.model import Draw, Finished, ImageRows, Means, Play

SETTLED_SHARE, SETTLED_STEPS = 0.2, 200
"""How much of a run, and how many steps, pass before a code that G ignores counts as a failure."""


class InfoGAN(GANWithCodes):
    """G, D and Q play eq. 6: `min over G, Q, max over D of V(D, G) - sum_i lambda_i L_I(c_i)`."""

    summary = "GAN whose codes stay readable: L_I of every code is part of the game."
    source = "arXiv:1606.03657, eq. 6"
    last_q: Tensor

    def update(self, draw: Draw, play: Play) -> Means:
        """D and Q move, then G on the same fakes."""
        for _ in range(self.game.discriminator_steps):
            x, c = draw.real(), draw.latents()
            fake = play.G(self.latents.pack(c))
            # min over D and Q of -V(D, G) - sum_i lambda_i L_I(c_i), on fakes that do not lead back to G
            real_logits, _ = play.D(x, with_q=False)
            fake_logits, q = play.D(fake.detach())
            L_I = self.bounds(c, q)
            D_loss = self.game.D_loss(real_logits, fake_logits)
            play.minimise("D", D_loss + self.game.penalty(play.D, x, fake) - self.weigh(L_I))
            self.game.constrain(self.networks["D"])

        # min over G of V(D, G) - sum_i lambda_i L_I(c_i), through D and Q but not into them
        with play.frozen("D") as D:
            fake_logits, q_for_G = D(fake)
            G_loss = self.game.G_loss(fake_logits)
            play.minimise("G", G_loss - self.weigh(self.bounds(c, q_for_G)))
        self.last_q = q.detach()
        return self.report(D_loss, G_loss, L_I)

    def watch(self, means: Mapping[str, float], step: int) -> str:
        """Whether D always wins and, once the codes have settled, whether G ignores one or a sigma runs to 0."""
        failure = super().watch(means, step)
        if failure or step < max(SETTLED_STEPS, SETTLED_SHARE * self.recipe.steps):
            return failure
        L_I = {name: means[f"L_I/{name}"] for name in self.latents.names}
        return collapse.ignored_codes(L_I) or collapse.narrow_posterior(self.latents, self.last_q)

    def finish(self, images: ImageRows, seed: int) -> Finished:
        """As the baseline; categories that are not used are a failure here."""
        finished = super().finish(images, seed)
        return replace(finished, failure=collapse.unused_categories(self.categories))
