"""Training as a whole, in this process: what a run holds, what it says, and how it ends when it goes wrong."""

from __future__ import annotations

import math
import shutil
import threading
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_pre_hook

from disentangle_bench.devices import EMULATED
from disentangle_bench.errors import RunError
from disentangle_bench.latents import Latents
from disentangle_bench.models import make_model
from disentangle_bench.models.gan import GANWithCodes
from disentangle_bench.models.gan_with_q import GANWithQ
from disentangle_bench.models.infogan import InfoGAN
from disentangle_bench.models.model import Draw, Finished, Means
from disentangle_bench.models.trained import load_trained
from disentangle_bench.run import Run
from disentangle_bench.training import loop
from disentangle_bench.training.checkpoint import load_checkpoint

Train = Callable[..., Run]


def weights(run: Run) -> dict[str, Tensor]:
    return load_file(run.model_file)


def equal(first: Run, second: Run) -> bool:
    one, other = weights(first), weights(second)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class TestARun:
    def test_is_determined_by_its_seed(self, tmp_path: Path, train_tiny: Train) -> None:
        torch.manual_seed(1)
        first = train_tiny(out=tmp_path / "a", seed=3)
        torch.manual_seed(2)
        assert equal(first, train_tiny(out=tmp_path / "b", seed=3))
        assert not equal(first, train_tiny(out=tmp_path / "c", seed=4))

    def test_logs_what_it_promises(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loop, "LOG_EVERY", 3)
        run = train_tiny({"steps": 8, "checkpoint_every": 5})
        assert [entry["step"] for entry in run.log()] == [3, 5, 6, 8]
        for entry in run.log():
            assert list(entry) == [
                "step", "seconds", "steps_per_second", "discriminator_loss", "generator_loss", "L_I",
                "spread", "effect", "sigma", "status",
            ]  # fmt: skip
            assert list(entry["L_I"]) == list(entry["effect"]) == ["c1", "c2", "c3"]
            assert list(entry["sigma"]) == ["c2", "c3"]
            assert entry["status"] == "ok"
            assert all(map(math.isfinite, (*entry["L_I"].values(), entry["discriminator_loss"])))
            assert entry["steps_per_second"] > 0
        seconds = [entry["seconds"] for entry in run.log()]
        assert seconds == sorted(seconds)

    def test_logs_means_over_the_steps_since_the_last_entry(
        self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[Means] = []
        original = InfoGAN.update

        def update(self: InfoGAN, *arguments: Any) -> Means:
            seen.append(original(self, *arguments))
            return seen[-1]

        monkeypatch.setattr(InfoGAN, "update", update)
        run = train_tiny({"steps": 5, "checkpoint_every": 3})
        first, second = run.log()
        for entry, window in ((first, seen[:3]), (second, seen[3:])):
            expected = {key: sum(means[key].item() for means in window) / len(window) for key in window[0]}
            assert {f"L_I/{code}": value for code, value in entry["L_I"].items()} == pytest.approx(
                {key: value for key, value in expected.items() if key.startswith("L_I/")}, abs=1e-6
            )
            assert entry["generator_loss"] == pytest.approx(expected["generator_loss"], abs=1e-6)

    def test_draws_latents_and_images_by_seed_and_step(
        self, tmp_path: Path, train_tiny: Train, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[tuple[Tensor, ...]] = []
        images: list[Tensor] = []
        real, latents = Draw.real, Draw.latents

        def seen_real(draw: Draw) -> Tensor:
            images.append(real(draw))
            return images[-1]

        def seen_latents(draw: Draw) -> Latents:
            drawn = latents(draw)
            seen.append((images[-1], drawn.noise, *drawn.codes))
            return drawn

        monkeypatch.setattr(Draw, "real", seen_real)
        monkeypatch.setattr(Draw, "latents", seen_latents)
        monkeypatch.setattr(InfoGAN, "measure", lambda *_: {})  # it draws the same again
        for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
            train_tiny(out=tmp_path / folder, seed=seed)
        steps = [torch.cat([part.flatten().float() for part in parts]) for parts in seen]
        first, again, other = steps[:4], steps[4:8], steps[8:]
        assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
        for part in range(5):  # real images, noise, and each code differ between any two steps
            values = [seen[step][part] for step in (*range(4), *range(8, 12))]
            assert not any(torch.equal(one, two) for one, two in combinations(values, 2))
        assert len(other) == 4

    def test_moves_each_player_at_the_learning_rate_of_the_step(self, train_tiny: Train) -> None:
        rates: list[float] = []
        hook = register_optimizer_step_pre_hook(
            lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"])  # type: ignore[attr-defined]
        )
        train_tiny({"steps": 4, "optimizer.D.lr": 0.25, "optimizer.G.lr": 0.5, "optimizer.G.decay_last": 0.5})
        hook.remove()
        assert rates == [0.25, 0.5, 0.25, 0.5, 0.25, 0.5, 0.25, 0.25]

    def test_keeps_the_last_two_checkpoints(self, train_tiny: Train) -> None:
        run = train_tiny({"steps": 7, "checkpoint_every": 2})
        assert sorted(path.name for path in run.checkpoints.iterdir()) == [
            "step-00000006.safetensors", "step-00000007.safetensors",
        ]  # fmt: skip

    def test_ends_with_a_model_that_can_be_asked(self, train_tiny: Train) -> None:
        run = train_tiny()
        trained = load_trained(make_model(run.recipe, (1, 8, 8)), run.model_file, torch.device("cpu"))
        images = trained.generate(trained.latents.sample(3))
        assert images.shape == (3, 1, 8, 8)
        assert [part.shape for part in trained.posterior(images)] == [(3, 10), (3, 2), (3, 2)]

    def test_trains_in_a_side_thread(self, train_tiny: Train) -> None:
        runs: list[Run] = []
        thread = threading.Thread(target=lambda: runs.append(train_tiny()))
        thread.start()
        thread.join()
        assert runs[0].model_file.is_file()

    @pytest.mark.parametrize("settings", [{"model.game": "minimax"}, {"latents.noise_prior": "uniform"}])
    def test_depends_on_what_its_recipe_says(self, tmp_path: Path, train_tiny: Train, settings: dict[str, Any]) -> None:
        assert not equal(train_tiny(out=tmp_path / "a"), train_tiny(settings, out=tmp_path / "b"))

    def test_in_bfloat16_on_a_cpu_is_near_one_in_single_precision(self, tmp_path: Path, train_tiny: Train) -> None:
        single, mixed = train_tiny(out=tmp_path / "a"), train_tiny(out=tmp_path / "b", precision="bf16-mixed")
        assert mixed.provenance()["precision"] == "bf16-mixed"
        assert not equal(single, mixed)
        for name, value in weights(mixed).items():
            assert value.dtype == weights(single)[name].dtype
            torch.testing.assert_close(value, weights(single)[name], atol=0.1, rtol=0.3, msg=name)


class TestWhatAPersonSees:
    def test_nothing_on_standard_output(self, train_tiny: Train, capsys: pytest.CaptureFixture[str]) -> None:
        run = train_tiny()
        captured = capsys.readouterr()
        assert captured.out == ""
        lines = captured.err.splitlines()
        assert lines[-2].startswith("step 4/4  ")
        assert lines[-1] == f"{run.path}: 4 steps, {run.verdict}."

    def test_after_20_steps_how_long_it_will_take(self, train_tiny: Train, capsys: pytest.CaptureFixture[str]) -> None:
        train_tiny({"steps": 25, "checkpoint_every": 100})
        lines = capsys.readouterr().err.splitlines()
        assert lines[0].startswith("infogan-digits seed 0: ")
        assert " steps/s; 5 more steps take " in lines[0]

    def test_on_a_cpu_what_makes_a_long_run_shorter(
        self, train_tiny: Train, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("disentangle_bench.training.progress.LONG_RUN_SECONDS", 0.0)
        train_tiny({"steps": 25, "checkpoint_every": 100})
        assert "\nShorter: --set steps=5, --set networks.width=0.03125" in capsys.readouterr().err

    def test_that_a_cpu_only_emulates_bfloat16(
        self, train_tiny: Train, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for able, warned in ((False, 1), (True, 0)):
            monkeypatch.setattr("disentangle_bench.devices.computes_in_bfloat16", lambda able=able: able)
            run = train_tiny(precision="bf16-mixed")
            said = f"Warning: --precision bf16-mixed: {EMULATED}. Use --precision 32."
            assert capsys.readouterr().err.count(said) == warned
            shutil.rmtree(run.path)
            train_tiny()
            assert "Warning" not in capsys.readouterr().err
            shutil.rmtree(run.path)


def diverge(train_tiny: Train, **settings: Any) -> str:
    with pytest.raises(RunError) as caught:
        train_tiny(settings)
    assert "optimizer.G.lr" in caught.value.remedy
    return caught.value.problem


class TestDivergence:
    """A run whose numbers are no longer numbers ends with an error, and its status says why."""

    def test_of_the_losses(self, tmp_path: Path, train_tiny: Train) -> None:
        problem = diverge(train_tiny, **{"optimizer.D.lr": 1e30, "steps": 20, "checkpoint_every": 10})
        assert problem.startswith("Training diverged by step 10: collapsed: ")
        run = Run(tmp_path / "run")
        assert run.status.startswith("collapsed: ")
        assert "not a finite number" in run.status or "not finite numbers" in run.status
        assert run.provenance()["steps"] == 10
        assert run.log() == []
        assert not run.model_file.exists()
        assert load_checkpoint(run.checkpoints) is None

    def test_of_the_last_update_alone(self, tmp_path: Path, train_tiny: Train) -> None:
        """The losses of a step are those before its update, so the weights are looked at, too."""
        problem = diverge(train_tiny, **{"optimizer.G.lr": 1e39, "steps": 1})
        assert "collapsed: G.0.weight, " in problem
        run = Run(tmp_path / "run")
        assert run.status.startswith("collapsed: G.0.weight")
        assert run.log() == []
        assert not list(run.path.rglob("*.safetensors"))

    def test_of_q_alone(self, tmp_path: Path, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        script(monkeypatch, lambda _: means(L_I=(1.0, math.nan, 0.5)))
        assert "collapsed: L_I of c2 is not a finite number" in diverge(train_tiny, steps=3)
        assert Run(tmp_path / "run").status == "collapsed: L_I of c2 is not a finite number"

    def test_again_when_it_is_gone_on_with(self, train_tiny: Train) -> None:
        settings = {"optimizer.D.lr": 1e30, "steps": 20, "checkpoint_every": 10}
        first = diverge(train_tiny, **settings)
        with pytest.raises(RunError) as caught:
            train_tiny(settings, resume=True)
        assert caught.value.problem == first


def means(discriminator: float = 1.2, L_I: tuple[float, ...] = (2.0, 0.3, 0.3)) -> dict[str, Tensor]:
    values = {"discriminator_loss": discriminator, "generator_loss": 0.8}
    values |= {f"L_I/c{place}": value for place, value in enumerate(L_I, start=1)}
    return {key: torch.tensor(value) for key, value in values.items()}


def script(
    monkeypatch: pytest.MonkeyPatch,
    seen: Callable[[int], dict[str, Tensor]],
    *,
    sigma: float = 0.4,
    spread: float = 1.0,
    effect: float = 0.5,
    first: int = 1,
) -> None:
    """Let updates do nothing but report these means, by step; and let this be measured."""
    steps: Iterator[int] = iter(range(first, 10**6))
    effects = {f"effect/c{place}": effect for place in (1, 2, 3)}
    measured = {"spread": spread, **effects, "sigma/c2": sigma, "sigma/c3": 1}
    for kind in (InfoGAN, GANWithQ):
        monkeypatch.setattr(kind, "update", lambda *_: seen(next(steps)))
        monkeypatch.setattr(kind, "measure", lambda *_: measured)


class TestCollapseWatch:
    """Every status, from scripted losses. A run of the tiny recipe is short, one of another name as long as it says."""

    @pytest.fixture(autouse=True)
    def all_categories_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.use(monkeypatch, [150] * 10)

    def use(self, monkeypatch: pytest.MonkeyPatch, counts: list[int]) -> None:
        """Let Q give so many training images to each category."""

        def finish(model: GANWithCodes, *_: Any) -> Finished:
            model.categories = {"c1": counts}
            return Finished(notes={"categories": model.categories})

        monkeypatch.setattr(GANWithCodes, "finish", finish)

    def status(self, train_tiny: Train, model: str = "infogan", steps: int = 250, **settings: Any) -> str:
        return train_tiny({"steps": steps, "checkpoint_every": 100, **settings}, model=model).verdict

    def test_ok(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        script(monkeypatch, lambda _: means())
        assert self.status(train_tiny) == "ok"

    @pytest.mark.parametrize("model", ["infogan", "gan-with-q"])
    def test_d_always_wins(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
        script(monkeypatch, lambda _: means(discriminator=5e-4))
        assert self.status(train_tiny, model, 50).startswith("collapsed: D's loss is under 0.001")

    def test_a_loss_of_d_far_below_that_of_g(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        script(monkeypatch, lambda _: means(discriminator=0.007))
        assert (
            self.status(train_tiny, steps=50) == "collapsed: D's loss of 0.007 is under 1% of G's, 0.8: D always wins"
        )

    @pytest.mark.parametrize("model", ["infogan", "gan-with-q"])
    def test_one_image_of_all_latents(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
        script(monkeypatch, lambda _: means(), spread=0.1)
        failure = "generated images vary 0.10 times as much as real ones: G makes one image of all latents"
        assert self.status(train_tiny, model, name="mine") == f"collapsed: {failure}"

    def test_codes_that_nobody_sees(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        script(monkeypatch, lambda _: means(L_I=(2.0, 0.3, 0.05)), effect=0.01)
        failure = "Q reads c1, c2 from changes of under 5% of how real images vary: invisible"
        assert self.status(train_tiny, name="mine") == f"collapsed: {failure}"

    def test_images_and_codes_that_may_still_come(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        script(monkeypatch, lambda _: means(), spread=0.1, effect=0.01)
        ok, images, codes = self.status(train_tiny).split("; ")
        assert ok == "ok"
        assert images.startswith("generated images vary 0.10 times as much as real ones")
        assert codes.startswith("Q reads c1, c2, c3 from changes of under 5%")

    def test_a_code_that_is_not_learned_yet(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        script(monkeypatch, lambda _: means(L_I=(2.0, 0.3, 0.001)))
        assert self.status(train_tiny) == "ok; c3 not learned yet"

    def test_a_code_that_a_whole_run_has_not_learned(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        script(monkeypatch, lambda _: means(L_I=(2.0, 0.3, 0.001)))
        failure = "L_I of c3 is under 0.01 nats after all 250 steps: the images do not show it"
        assert self.status(train_tiny, name="mine") == f"collapsed: {failure}"

    def test_a_code_that_was_learned_and_is_lost(
        self, tmp_path: Path, train_tiny: Train, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        script(monkeypatch, lambda step: means(L_I=(2.0, 0.3, 0.3 if step <= 100 else 0.001)))
        failure = "collapsed: L_I of c3 has fallen under 0.01 nats: the images no longer show it"
        assert self.status(train_tiny) == failure
        assert [entry["status"] for entry in Run(tmp_path / "run").log()] == ["ok"] * 2 + [failure] * 3
        assert f"step 150: {failure}\n" in capsys.readouterr().err

    def test_a_resumed_run_remembers_what_was_learned(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(step: int) -> dict[str, Tensor]:
            if step == 120:
                raise KeyboardInterrupt
            return means(L_I=(2.0, 0.3, 0.3))

        script(monkeypatch, interrupted)
        settings = {"steps": 250, "checkpoint_every": 100}
        with pytest.raises(KeyboardInterrupt):
            train_tiny(settings)
        script(monkeypatch, lambda _: means(L_I=(2.0, 0.3, 0.001)), first=101)
        assert train_tiny(settings, resume=True).status.startswith("collapsed: L_I of c3 has fallen")

    def test_the_baseline_is_not_called_collapsed_for_its_low_information(
        self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        script(monkeypatch, lambda _: means(L_I=(0.0, -0.18, -0.18)), sigma=0.001)
        assert self.status(train_tiny, "gan-with-q") == "ok"

    def test_a_posterior_runs_to_a_point(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        script(monkeypatch, lambda _: means(), sigma=0.009)
        assert self.status(train_tiny) == "collapsed: sigma of c2 is under 0.01: the posterior runs to a point"

    def test_categories_are_not_used(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        script(monkeypatch, lambda _: means())
        self.use(monkeypatch, [300] * 5 + [0] * 5)
        unused = "5 of 10 categories of c1 get under 1.0% of the training images each"
        assert self.status(train_tiny, steps=3, name="mine") == f"collapsed: {unused}"

    def test_categories_that_are_not_used_yet(self, train_tiny: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        script(monkeypatch, lambda _: means())
        self.use(monkeypatch, [300] * 5 + [0] * 5)
        assert self.status(train_tiny, steps=3).startswith("ok; 5 of 10 categories of c1 get under 1.0%")

    def test_each_change_is_told_once_and_logged(
        self, tmp_path: Path, train_tiny: Train, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        script(monkeypatch, lambda step: means(discriminator=5e-4 if 50 < step <= 150 else 1.0))
        assert self.status(train_tiny) == "ok"
        statuses = [entry["status"].partition(":")[0] for entry in Run(tmp_path / "run").log()]
        assert statuses == ["ok", "collapsed", "collapsed", "ok", "ok"]
        err = capsys.readouterr().err
        assert err.count("collapsed: D's loss is under 0.001") == 1
        assert "step 200: ok" in err
