"""InfoGAN (arXiv:1606.03657): a GAN whose codes stay readable from its images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from disentangle_bench.models import collapse
from disentangle_bench.models.gan import GANWithCodes
from disentangle_bench.models.model import Draw, Finished, ImageRows, LogEntries, Means, Play, Watched


class InfoGAN(GANWithCodes):
    """G, D and Q play eq. 6: `min over G, Q, max over D of V(D, G) - sum_i lambda_i L_I(c_i)`."""

    summary = "GAN whose codes stay readable: L_I of every code is part of the game."
    source = "arXiv:1606.03657, eq. 6"

    def update(self, draw: Draw, play: Play) -> Means:
        """D and Q move, then G on the same fakes."""
        for _ in range(self.discriminator_steps):
            x = self.noisy(draw.real(), draw)
            c, fake = self.fakes(play, draw)
            # min over D and Q of -V(D, G) - sum_i lambda_i L_I(c_i), on fakes that do not lead back to G
            real_logits, _ = play.D(x, with_q=False)
            fake_logits, q = play.D(fake.detach())
            L_I = self.bounds(c, q)
            D_loss = self.game.D_loss(real_logits, fake_logits)
            play.minimise("D", D_loss + self.penalty(draw, x, fake) - self.weigh(L_I, draw.step))
            self.constrain()

        # min over G of V(D, G) - sum_i lambda_i L_I(c_i), through D and Q but not into them
        for more in range(self.generator_steps):
            if more:
                c, fake = self.fakes(play, draw)
            with play.frozen("D") as D:
                fake_logits, q_for_G = D(fake)
                G_loss = self.game.G_loss(fake_logits)
                play.minimise("G", G_loss - self.weigh(self.bounds(c, q_for_G), draw.step))
        self.average(draw.step)
        return self.report(D_loss, G_loss, L_I)

    def findings(self, log: LogEntries) -> Iterator[Watched]:
        """As of the baseline; also whether codes are ignored, or read from what nobody sees, or a sigma runs to 0."""
        yield from super().findings(log)
        last, information = log[-1], [entry["L_I"] for entry in log]
        yield Watched(collapse.lost_codes(information))
        yield Watched(collapse.narrow_posterior(last.get("sigma", {})))  # logs of earlier versions lack it, and effects
        invisible = collapse.invisible_codes(last["L_I"], last.get("effect", {}))
        yield Watched.judged(invisible, is_failure=self.is_late(log))
        missing = collapse.never_learned(information)
        if last["step"] >= max(self.recipe.steps, self.full_length):
            yield Watched(collapse.ignored_codes(missing, last["step"]))
        elif missing:
            yield Watched(remark=f"{', '.join(missing)} not learned yet")

    def finish(self, images: ImageRows, seed: int) -> Finished:
        """As the baseline; categories that are not used are a failure here, if the run was long enough."""
        finished = super().finish(images, seed)
        unused = collapse.unused_categories(self.categories)
        whole = self.recipe.steps >= self.full_length
        return replace(finished, failure=unused) if whole else replace(finished, remark=unused)
