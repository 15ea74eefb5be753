"""The loop around a model's updates: one process of a run."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.datasets import Images
from disentangle_bench.errors import RunError
from disentangle_bench.models.model import Draw, ImageRows, Means, Model, Watched
from disentangle_bench.models.optimizers import learning_rate, make_optimizers
from disentangle_bench.models.trained import save_trained
from disentangle_bench.run import OK, Run
from disentangle_bench.seeds import derive_seed
from disentangle_bench.storage import sha256
from disentangle_bench.training import checkpoint
from disentangle_bench.training.batches import Batches, DrawnRows, drawn_order, order_generator
from disentangle_bench.training.log import TrainingLog
from disentangle_bench.training.neighbors import Neighbors
from disentangle_bench.training.pairs import Pairs
from disentangle_bench.training.progress import TrainingProgress
from disentangle_bench.training.signals import stop_requests
from disentangle_bench.training.streaming import StreamedBatches, StreamedImages
from disentangle_bench.training.window import Window
from disentangle_bench.training.wrapping import wrap

LOG_EVERY = 50
WARM_UP, PREDICTION_STEPS = 5, 15
"""The first steps are slow and say little; those after them show how long the run will take."""


class Loop:
    """Trains a model in one process, on rank 0 with log, progress and checkpoints.

    Args:
        fabric: launched.
        model: with its bare networks.
        images: the training images `(n, c, h, w)` uint8: a tensor, which is put on the device, or images that are read
            as they are needed.
        run: the run folder.
        seed: of everything that is drawn.
        classes: `(n, d)` of the images in their factors, for a model that draws pairs.
        weights: `(n,)`: how likely each image is to be drawn, in relation; by default all are as likely.
        compiled: whether to compile the networks.
        tensorboard: whether to write TensorBoard's event files too.
    """

    def __init__(
        self,
        fabric: Fabric,
        model: Model,
        images: Tensor | Images,
        run: Run,
        *,
        seed: int,
        classes: NDArray[np.int64] | None = None,
        weights: NDArray[np.float64] | None = None,
        compiled: bool = False,
        tensorboard: bool = False,
    ) -> None:
        self.fabric, self.model, self.run, self.seed, self.weights = fabric, model, run, seed, weights
        place = (model.recipe.batch_size, seed, fabric.global_rank, fabric.world_size)
        self.images: Tensor | StreamedImages
        self.batches: Batches | StreamedBatches
        self.neighbors: Neighbors | None = None
        if isinstance(images, Tensor):
            self.images = images.to(fabric.device)
            self.batches = resident = Batches(self.images, *place, weights=weights)
            self.neighbors = Neighbors(resident, model.neighbors) if model.neighbors else None
        else:
            self.images = StreamedImages(images, fabric.device)
            self.batches = StreamedBatches(images, *place, device=fabric.device, weights=weights)
        self.pairs = (
            None
            if classes is None
            else Pairs(self.images, classes, self.batches.size, self.batches.share, fabric.device, weights=weights)
        )
        for network in model.networks.values():  # channels last was measured about 1.1 times as fast
            network.to(fabric.device).to(memory_format=torch.channels_last)
        self.optimizers = make_optimizers(model)
        self.play = wrap(fabric, model, self.optimizers, compiled=compiled)
        self.window = self._fresh_window()
        self.step = self._restore()
        values, logged = (*model.means, *model.measures), self.step - self.window.steps
        self.log = TrainingLog(run, values, logged, tensorboard=tensorboard) if fabric.is_global_zero else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.batches.close()
        if self.log is not None:
            self.log.close()

    def _fresh_window(self) -> Window:
        return Window([mean.key for mean in self.model.means], self.fabric.device)

    def _restore(self) -> int:
        """Load the newest checkpoint; its step, or 0 without one."""
        saved = checkpoint.load_checkpoint(self.run.checkpoints)
        if saved is None:
            return 0
        try:
            self.model.load(saved.tensors)
        except RuntimeError as error:
            raise RunError(
                f"The checkpoint of step {saved.step} in {self.run.path} fits other networks than its recipe's.",
                "Restore the recipe.toml that it was trained with, or train in another folder.",
            ) from error
        for player, optimizer in self.optimizers.items():
            checkpoint.unpack_optimizer(f"{player}_optimizer", optimizer, saved.tensors)
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
        window["window.sums"] = self.play.mean(window["window.sums"])
        if not self.fabric.is_global_zero:
            return
        tensors: dict[str, Tensor] = window | self.model.state()
        for player, optimizer in self.optimizers.items():
            tensors |= checkpoint.pack_optimizer(f"{player}_optimizer", optimizer)
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
                saving = self.step % recipe.checkpoint_every == 0
                if saving or self.step % LOG_EVERY == 0:
                    self._report(progress)
                stopping = self._any_process(stop.is_set())
                if saving or stopping or self.step == recipe.steps:
                    self.save()
                if stopping:
                    raise KeyboardInterrupt
            if self.window.steps:  # after the checkpoint, so that a run that is prolonged logs as one made that long
                self._report(progress)

    def _update(self) -> Means:
        recipe = self.model.recipe
        for player, optimizer in self.optimizers.items():
            settings = recipe.optimizer[self.model.players[player].optimizer]
            optimizer.param_groups[0]["lr"] = learning_rate(settings, self.step, recipe.steps)
        with self.fabric.autocast():
            return self.model.update(self._draw(), self.play)

    def _draw(self) -> Draw:
        return Draw(
            self.model,
            self.batches,
            self.fabric.device,
            seed=self.seed,
            step=self.step,
            pairs=self.pairs,
            neighbors=self.neighbors,
        )

    def _clock(self) -> float:
        """The time at which the device has finished all work so far."""
        self.window.sums.sum().item()
        return time.perf_counter()

    def _any_process(self, asked: bool) -> bool:
        """Whether any process was asked to stop: all must leave the loop at the same step."""
        if self.fabric.world_size == 1:  # without a look at the device, which would have to finish its work first
            return asked
        return bool(self.play.mean(torch.tensor(float(asked), device=self.fabric.device)).item() > 0)

    def _report(self, progress: TrainingProgress) -> None:
        """Watch, log and show what the updates reported since the last time."""
        window, self.window = self.window, self._fresh_window()
        means = (self.play.mean(window.sums) / window.steps).tolist()
        values: dict[str, float] = dict(zip(window.keys, means, strict=True))
        broken = [str(mean) for mean in self.model.means if not math.isfinite(values[mean.key])]
        if broken:
            raise self._diverged(broken)
        if self.log is None:
            return
        # of weights that are no longer numbers, which `save` is to report, nothing can be measured
        measured = self.model.measure(self._draw()).items()
        values |= {key: value for key, value in measured if math.isfinite(value)}
        seconds, before = window.seconds, self.log.status or OK
        speed = window.steps / seconds
        status = self.log.append(
            self.step,
            values,
            seconds=seconds,
            speed=speed,
            judge=lambda log: status_of(self.model.watch(log).failure),
        )
        if status != before:
            progress.say(f"step {self.step}: {status}")
        progress.show(self.step, values, speed=speed)

    def _diverged(self, broken: Sequence[str]) -> RunError:
        """The error that ends the run, whose status says why."""
        shown = ", ".join(broken[:3]) + (", ..." if len(broken) > 3 else "")
        status = status_of(f"{shown} {'is not a finite number' if len(broken) == 1 else 'are not finite numbers'}")
        if self.fabric.is_global_zero:
            self.run.note(status=status, steps=self.step)
        *_, (name, optimizer) = self.model.recipe.optimizer.items()
        return RunError(
            f"Training diverged by step {self.step}: {status}.",
            f"Lower the learning rates, such as --set optimizer.{name}.lr={optimizer.lr / 5:g}, and train in another "
            "folder.",
        )

    def _training_images(self) -> ImageRows:
        """The training images, each as often as it is drawn."""
        if self.weights is None:
            return self.images
        order = drawn_order(len(self.images), order_generator(derive_seed(self.seed, "statistics"), 0), self.weights)
        return DrawnRows(self.images, order.to(self.fabric.device))

    def finish(self, progress: TrainingProgress) -> None:
        """Write the trained model and record the run's final status."""
        if self.log is None:
            return
        watched = self.model.watch(self.log.entries) if self.log.entries else Watched()
        finished = self.model.finish(self._training_images(), derive_seed(self.seed, "statistics"))
        save_trained(self.model, self.run.model_file)
        ended = Watched.together((watched, finished))
        digest = sha256(self.run.model_file)
        status = status_of(ended.failure)
        self.run.note(status=status, remark=ended.remark, steps=self.step, **finished.notes, model_sha256=digest)
        steps = f"{self.step} step{'' if self.step == 1 else 's'}"
        progress.say(f"{self.run.path}: {steps}, {self.run.verdict}.")


def status_of(failure: str) -> str:
    """A run's status for a failure, or for none."""
    return f"collapsed: {failure}" if failure else OK
