"""The loop around a model's update step: one process of a run."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from disentangle_bench.errors import RunError
from disentangle_bench.latents import Categorical
from disentangle_bench.models.infogan import InfoGAN, Losses
from disentangle_bench.models.trained import TrainedModel, save_trained
from disentangle_bench.run import Run
from disentangle_bench.seeds import derive_seed
from disentangle_bench.training import checkpoint, collapse
from disentangle_bench.training.batches import Batches
from disentangle_bench.training.log import TrainingLog
from disentangle_bench.training.progress import TrainingProgress

LOG_EVERY = 50
WARM_UP, PREDICTION_STEPS = 5, 15
"""The first steps are slow and say little; those after them tell how long the run will take."""
SETTLED_SHARE, SETTLED_STEPS = 0.2, 200
"""How much of a run, and how many steps, pass before a code that G ignores counts as a failure."""
CATEGORY_IMAGES = 10_000


@dataclass
class Window:
    """Sums of what the updates saw since the last log entry; they stay on the device until they are read."""

    steps: int = 0
    sums: Tensor = field(default_factory=lambda: torch.zeros(()))
    started: float = field(default_factory=time.perf_counter)
    last: Losses | None = None

    def add(self, losses: Losses) -> None:
        """Add one update."""
        values = torch.cat([torch.stack([losses.discriminator, losses.generator]), losses.information])
        self.sums = values if self.steps == 0 else self.sums + values
        self.steps += 1
        self.last = losses

    def means(self) -> list[float]:
        """The mean losses of D and G and the mean `L_I` of each code."""
        means: list[float] = (self.sums / self.steps).tolist()
        return means


class Loop:
    """Trains a model in one process, on rank 0 with log, progress and checkpoints.

    Args:
        fabric: launched.
        model: with its bare networks.
        images: the training images `(n, c, h, w)` uint8.
        run: the run folder.
        seed: of the batches and latents.
        compiled: whether to compile the networks.
        tensorboard: whether to write TensorBoard's files too.
    """

    def __init__(
        self,
        fabric: Fabric,
        model: InfoGAN,
        images: Tensor,
        run: Run,
        *,
        seed: int,
        compiled: bool = False,
        tensorboard: bool = False,
    ) -> None:
        self.fabric, self.model, self.run, self.seed = fabric, model, run, seed
        self.images = images.to(fabric.device)
        size = model.recipe.batch_size
        self.batches = Batches(self.images, size, seed, fabric.global_rank, fabric.world_size)
        self.bare = {"G": model.G, "D": model.critic}
        self._wrap(compiled)
        self.step = self._restore()
        self.log = TrainingLog(run, self.step, tensorboard=tensorboard) if fabric.is_global_zero else None
        self.status = collapse.OK

    def _wrap(self, compiled: bool) -> None:
        model = self.model
        for network in self.bare.values():
            network.to(
                device=self.fabric.device, memory_format=torch.channels_last
            )  # measured: 1.1 to 1.2 times as fast
        D_optimizer, G_optimizer = model.optimizers()
        self.optimizers = {"G_optimizer": G_optimizer, "D_optimizer": D_optimizer}
        if compiled:
            model.G, model.critic = torch.compile(model.G), cast("nn.Module", torch.compile(model.critic))
        model.D, model.D_optimizer = self.fabric.setup(model.critic, D_optimizer)
        model.G, model.G_optimizer = self.fabric.setup(model.G, G_optimizer)

    def _restore(self) -> int:
        saved = checkpoint.load_checkpoint(self.run.checkpoints)
        if saved is None:
            return 0
        try:
            for name, network in self.bare.items():
                network.load_state_dict(checkpoint.part(name, saved.tensors.items()))
        except RuntimeError as error:
            raise RunError(
                f"The checkpoint of step {saved.step} in {self.run.path} fits other networks than its recipe's.",
                "Restore the recipe.toml that it was trained with, or train in another folder.",
            ) from error
        for name, optimizer in self.optimizers.items():
            checkpoint.unpack_optimizer(name, optimizer, saved.tensors)
        self.fabric.strategy.precision.load_state_dict(saved.extras["precision"])
        return saved.step

    def save(self) -> None:
        """Write a checkpoint of the current step."""
        if not self.fabric.is_global_zero:
            return
        tensors: dict[str, Tensor] = {}
        for name, network in self.bare.items():
            tensors |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
        for name, optimizer in self.optimizers.items():
            tensors |= checkpoint.pack_optimizer(name, optimizer)
        extras = {"precision": self.fabric.strategy.precision.state_dict()}
        checkpoint.save_checkpoint(self.run.checkpoints, checkpoint.Checkpoint(self.step, tensors, extras))

    def train(self, progress: TrainingProgress) -> None:
        """Train to the recipe's last step.

        Raises:
            KeyboardInterrupt: after a checkpoint, if the person or the system asked to stop.
            RunError: the losses are no longer numbers.
        """
        recipe, first = self.model.recipe, self.step
        window, begun = Window(), 0.0
        with _stop_requests() as stop:
            while self.step < recipe.steps:
                self.step += 1
                window.add(self._update())
                if self.step - first == WARM_UP:
                    begun = time.perf_counter()
                if self.step - first == WARM_UP + PREDICTION_STEPS:
                    progress.predict((time.perf_counter() - begun) / PREDICTION_STEPS, self.step)
                saving = self.step % recipe.checkpoint_every == 0 or self.step == recipe.steps
                stopping = self._any_process(stop.is_set())
                if saving or stopping or self.step % LOG_EVERY == 0:
                    self._report(window, progress)
                    window = Window()
                if saving or stopping:
                    self.save()
                if stopping:
                    raise KeyboardInterrupt

    def _update(self) -> Losses:
        share = self.batches.share
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "latents", self.step))
        latents = self.model.latents.sample(self.batches.size, generator).rows(share)
        with self.fabric.autocast():
            return self.model.update(self.batches.at(self.step), latents.to(self.fabric.device), self.fabric.backward)

    def _any_process(self, asked: bool) -> bool:
        """Whether any process was asked to stop: all must leave the loop at the same step."""
        if self.fabric.world_size == 1:
            return asked
        total = self.fabric.all_reduce(torch.tensor(float(asked)), reduce_op="sum")
        return bool(torch.as_tensor(total).item() > 0)

    def _report(self, window: Window, progress: TrainingProgress) -> None:
        discriminator, generator, *information = window.means()
        losses = {"discriminator_loss": discriminator, "generator_loss": generator}
        L_I = dict(zip(self.model.latents.names, information, strict=True))
        status = self._watch(window, losses, L_I)
        if not all(map(math.isfinite, losses.values())):
            raise RunError(f"Training diverged at step {self.step}: {status}.", "Lower the learning rates.")
        if status != self.status:
            progress.say(f"step {self.step}: {status}")
        self.status = status
        if self.log is None:
            return
        seconds = time.perf_counter() - window.started
        self.log.seconds += seconds
        entry = {
            "step": self.step,
            "seconds": round(self.log.seconds, 3),
            "steps_per_second": round(window.steps / seconds, 3),
            **losses,
            "L_I": L_I,
            "status": self.status,
        }
        self.log.append(entry)
        progress.show(entry)

    def _watch(self, window: Window, losses: dict[str, float], information: dict[str, float]) -> str:
        status = collapse.watch_losses(losses)
        settled = self.step >= max(SETTLED_STEPS, SETTLED_SHARE * self.model.recipe.steps)
        if status == collapse.OK and self.model.rewards_information and settled and window.last is not None:
            status = collapse.watch_information(information, self._sigmas(window.last.parameters))
        return status

    def _sigmas(self, parameters: Tensor) -> dict[str, float]:
        """The mean posterior sigma of each continuous code that learns it."""
        spec = self.model.latents
        return {
            code.name: float(code.log_sigma(raw).exp().mean())
            for code, raw in zip(spec.codes, spec.split(parameters), strict=True)
            if not isinstance(code, Categorical) and code.sigma is None
        }

    def finish(self, progress: TrainingProgress) -> None:
        """Write the trained model with re-estimated statistics and record the run's final status."""
        if not self.fabric.is_global_zero:
            return
        model = self.model
        model.G, model.critic = self.bare["G"], self.bare["D"]
        save_trained(model, self.images, self.run.model_file, seed=derive_seed(self.seed, "statistics"))
        categories = self._categories()
        if self.status == collapse.OK and model.rewards_information:
            self.status = collapse.watch_categories(model.latents, categories)
        self.run.note(status=self.status, steps=self.step, categories=categories)
        progress.say(f"{self.run.path}: {self.step} steps, {self.status}.")

    @torch.inference_mode()
    def _categories(self) -> dict[str, list[int]]:
        """For each categorical code, how many training images Q gives to each category (no labels)."""
        trained = TrainedModel(self.model, self.model.critic, self.model.critic)
        spec = self.model.latents
        return {
            code.name: torch.bincount(code.estimate(raw), minlength=code.k).tolist()
            for code, raw in zip(spec.codes, trained.read_real(self.images[:CATEGORY_IMAGES]), strict=True)
            if isinstance(code, Categorical)
        }


@contextmanager
def _stop_requests() -> Iterator[threading.Event]:
    """An event that Ctrl-C or a request to terminate sets, so that a step is never left half done."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():  # asked twice: do not wait for the step
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
