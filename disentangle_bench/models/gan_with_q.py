"""The baseline of the paper's Figure 1: a regular GAN with an auxiliary Q."""

from __future__ import annotations

from disentangle_bench.models.gan import GANWithCodes
from disentangle_bench.models.model import Draw, Means, Play


class GANWithQ(GANWithCodes):
    """G and D play `min over G, max over D of V(D, G)`; beside them, `max over Q of sum_i lambda_i L_I(c_i)`.

    G and the trunk are a plain GAN's, bit for bit; Q learns to guess the codes from detached features.
    """

    summary = "Plain GAN; Q only watches: it learns to guess the codes from detached features."
    source = "arXiv:1606.03657, section 7.1"

    def update(self, draw: Draw, play: Play) -> Means:
        """D moves, and Q beside it, then G on the same fakes."""
        for _ in range(self.discriminator_steps):
            x = self.noisy(draw.real(), draw)
            c, fake = self.fakes(play, draw)
            # min over D of -V(D, G), and over Q of -sum_i lambda_i L_I(c_i), which goes no further than Q
            real_logits, _ = play.D(x, with_q=False)
            fake_logits, q = play.D(fake.detach(), detach_q=True)
            L_I = self.bounds(c, q)
            D_loss = self.game.D_loss(real_logits, fake_logits)
            play.minimise("D", D_loss + self.penalty(draw, x, fake) - self.weigh(L_I, draw.step))
            self.constrain()

        # min over G of V(D, G)
        for more in range(self.generator_steps):
            if more:
                _, fake = self.fakes(play, draw)
            with play.frozen("D") as D:
                fake_logits, _ = D(fake, with_q=False)
                G_loss = self.game.G_loss(fake_logits)
                play.minimise("G", G_loss)
        self.average(draw.step)
        return self.report(D_loss, G_loss, L_I)
