"""The loop around a model's update step: one process of a run."""

from __future__ import annotations

import math
import time
from types import TracebackType
from typing import Any, Self, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from disentangle_bench.datasets import Images
from disentangle_bench.errors import RunError
from disentangle_bench.latents import Categorical
from disentangle_bench.models.infogan import InfoGAN, Losses
from disentangle_bench.models.trained import TrainedModel, save_trained
from disentangle_bench.run import OK, Run
from disentangle_bench.seeds import derive_seed
from disentangle_bench.storage import sha256
from disentangle_bench.training import checkpoint, collapse
from disentangle_bench.training.batches import Batches
from disentangle_bench.training.log import TrainingLog
from disentangle_bench.training.progress import TrainingProgress
from disentangle_bench.training.signals import stop_requests
from disentangle_bench.training.streaming import StreamedBatches, StreamedImages
from disentangle_bench.training.window import Window

LOG_EVERY = 50
WARM_UP, PREDICTION_STEPS = 5, 15
"""The first steps are slow and say little; those after them tell how long the run will take."""
SETTLED_SHARE, SETTLED_STEPS = 0.2, 200
"""How much of a run, and how many steps, pass before a code that G ignores counts as a failure."""
CATEGORY_IMAGES = 10_000


class Loop:
    """Trains a model in one process, on rank 0 with log, progress and checkpoints.

    Args:
        fabric: launched.
        model: with its bare networks.
        images: the training images `(n, c, h, w)` uint8: a tensor, which is put on the device, or images that are read
            as they are needed.
        run: the run folder.
        seed: of the batches and latents.
        compiled: whether to compile the networks.
        tensorboard: whether to write TensorBoard's files too.
    """

    def __init__(
        self,
        fabric: Fabric,
        model: InfoGAN,
        images: Tensor | Images,
        run: Run,
        *,
        seed: int,
        compiled: bool = False,
        tensorboard: bool = False,
    ) -> None:
        self.fabric, self.model, self.run, self.seed = fabric, model, run, seed
        place = (model.recipe.batch_size, seed, fabric.global_rank, fabric.world_size)
        self.images: Tensor | StreamedImages
        self.batches: Batches | StreamedBatches
        if isinstance(images, Tensor):
            self.images = images.to(fabric.device)
            self.batches = Batches(self.images, *place)
        else:
            self.images = StreamedImages(images, fabric.device)
            self.batches = StreamedBatches(images, *place, device=fabric.device)
        self.bare = {"G": model.G, "D": model.critic}
        self._wrap(compiled)
        self.window = self._fresh_window()
        self.step = self._restore()
        self.log = TrainingLog(run, self.step, tensorboard=tensorboard) if fabric.is_global_zero else None
        self.status = OK if self.log is None or self.log.status is None else self.log.status

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.batches.close()
        if self.log is not None:
            self.log.close()

    def _wrap(self, compiled: bool) -> None:
        model = self.model
        for network in self.bare.values():
            network.to(
                device=self.fabric.device, memory_format=torch.channels_last
            )  # measured: about 1.1 times as fast
        D_optimizer, G_optimizer = model.optimizers()
        self.optimizers = {"G_optimizer": G_optimizer, "D_optimizer": D_optimizer}
        if compiled:
            model.G, model.critic = torch.compile(model.G), cast("nn.Module", torch.compile(model.critic))
        model.D, model.D_optimizer = self.fabric.setup(model.critic, D_optimizer)
        model.G, model.G_optimizer = self.fabric.setup(model.G, G_optimizer)

    def _fresh_window(self) -> Window:
        return Window(len(self.model.latents.codes), self.fabric.device)

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
        self.window.restore(saved.tensors, saved.extras)
        if self.fabric.is_global_zero:
            checkpoint.keep_last(self.run.checkpoints, saved.step)
        return saved.step

    def save(self) -> None:
        """Write a checkpoint of the current step.

        Raises:
            RunError: some weights are no longer numbers. StorageError: it cannot be written.
        """
        window, window_extras = self.window.state()
        window["window.sums"] = self._mean_over_processes(window["window.sums"])
        if not self.fabric.is_global_zero:
            return
        tensors: dict[str, Tensor] = dict(window)
        for name, network in self.bare.items():
            tensors |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
        for name, optimizer in self.optimizers.items():
            tensors |= checkpoint.pack_optimizer(name, optimizer)
        broken = [name for name, value in tensors.items() if not value.isfinite().all()]
        if broken:
            raise self._diverged(broken)
        extras = {"precision": self.fabric.strategy.precision.state_dict(), **window_extras}
        checkpoint.save_checkpoint(self.run.checkpoints, checkpoint.Checkpoint(self.step, tensors, extras))

    def train(self, progress: TrainingProgress) -> None:
        """Train to the recipe's last step.

        Raises:
            KeyboardInterrupt: after a checkpoint, if the person or the system asked to stop.
            RunError: losses or weights are no longer numbers.
        """
        recipe, first, begun = self.model.recipe, self.step, 0.0
        with stop_requests() as stop:
            while self.step < recipe.steps:
                self.step += 1
                self.window.add(self._update())
                progress.advance(self.step)
                if self.step - first == WARM_UP:
                    begun = self._clock()
                if self.step - first == WARM_UP + PREDICTION_STEPS:
                    progress.predict((self._clock() - begun) / PREDICTION_STEPS, self.step)
                saving = self.step % recipe.checkpoint_every == 0 or self.step == recipe.steps
                if saving or self.step % LOG_EVERY == 0:
                    self._report(progress)
                stopping = self._any_process(stop.is_set())
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

    def _clock(self) -> float:
        """The time at which the device has done what it was told so far."""
        self.window.sums.sum().item()
        return time.perf_counter()

    def _any_process(self, asked: bool) -> bool:
        """Whether any process was asked to stop: all must leave the loop at the same step."""
        if self.fabric.world_size == 1:  # without a look at the device, which would have to finish its work first
            return asked
        return bool(self._mean_over_processes(torch.tensor(float(asked), device=self.fabric.device)).item() > 0)

    def _mean_over_processes(self, values: Tensor) -> Tensor:
        if self.fabric.world_size == 1:
            return values
        return cast("Tensor", self.fabric.all_reduce(values.clone(), reduce_op="sum")) / self.fabric.world_size

    def _report(self, progress: TrainingProgress) -> None:
        """Watch, log and show what the updates saw since the last time; all processes see the same."""
        window, self.window = self.window, self._fresh_window()
        means: list[float] = (self._mean_over_processes(window.sums) / window.steps).tolist()
        losses = {"discriminator_loss": means[0], "generator_loss": means[1]}
        L_I = dict(zip(self.model.latents.names, means[2:], strict=True))
        numbers = losses | {f"L_I of {name}": value for name, value in L_I.items()}
        broken = [name for name, value in numbers.items() if not math.isfinite(value)]
        if broken:
            raise self._diverged(broken)
        status = self._watch(losses, L_I, window.parameters)
        if status != self.status:
            progress.say(f"step {self.step}: {status}")
        self.status = status
        if self.log is None:
            return
        seconds = window.seconds
        self.log.seconds += seconds
        entry: dict[str, Any] = {
            "step": self.step,
            "seconds": round(self.log.seconds, 3),
            "steps_per_second": round(window.steps / seconds, 3),
            **losses,
            "L_I": L_I,
            "status": self.status,
        }
        self.log.append(entry)
        progress.show(entry)

    def _diverged(self, broken: list[str]) -> RunError:
        """The error that ends the run, whose status says why."""
        status = collapse.diverged(broken)
        if self.fabric.is_global_zero:
            self.run.note(status=status, steps=self.step)
        return RunError(
            f"Training diverged by step {self.step}: {status}.",
            "Lower the learning rates, such as --set optimizer.G.lr=2e-4, and train in another folder.",
        )

    def _watch(self, losses: dict[str, float], information: dict[str, float], parameters: Tensor | None) -> str:
        status = collapse.watch_losses(losses)
        settled = self.step >= max(SETTLED_STEPS, SETTLED_SHARE * self.model.recipe.steps)
        if status == OK and self.model.rewards_information and settled and parameters is not None:
            status = collapse.watch_information(information, self._sigmas(parameters))
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
        if self.status == OK and model.rewards_information:
            self.status = collapse.watch_categories(model.latents, categories)
        digest = sha256(self.run.model_file)
        self.run.note(status=self.status, steps=self.step, categories=categories, model_sha256=digest)
        progress.say(f"{self.run.path}: {self.step} steps, {self.status}.")

    @torch.inference_mode()
    def _categories(self) -> dict[str, list[int]]:
        """For each categorical code, how many training images Q gives to each category (no labels)."""
        spec = self.model.latents
        if not any(isinstance(code, Categorical) for code in spec.codes):
            return {}  # without reading images, which may have to be drawn first
        trained = TrainedModel(self.model, self.model.critic, self.model.critic)
        return {
            code.name: torch.bincount(code.estimate(raw), minlength=code.k).tolist()
            for code, raw in zip(spec.codes, trained.read_real(self.images[:CATEGORY_IMAGES]), strict=True)
            if isinstance(code, Categorical)
        }
