"""The speed measurements run, count right, and pit the same networks against each other."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torchvision.datasets import MNIST

from benchmarks.perf import ablation, comparators, counting, dci, metrics, plain_gans, plain_vaes, rendering, startup
from benchmarks.perf.__main__ import main
from benchmarks.perf.plain import InformationPass, PlainLoop, TwoFakes, discriminator, generator, sample, write_images
from benchmarks.perf.timing import Spread, interleave, ratios
from benchmarks.perf.training import Plan, Turns
from benchmarks.perf.work import make_products, multiply_adds, recipe_step
from disentangle_bench.errors import DbenchError
from disentangle_bench.metrics import METRICS, mutual_information_gap
from disentangle_bench.models import make_model
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.representation import open_representation

NARROW = {"networks.width": 0.125, "batch_size": 8}


def narrow(**settings):
    return find_recipe("infogan-mnist").with_settings(NARROW | settings)


def counted_by_hand(width: float) -> int:
    """Multiply-adds per image of one update of the paper's MNIST networks."""
    fc, maps, half, q = (round(channels * width) for channels in (1024, 128, 64, 128))
    G = [74 * fc, fc * 49 * maps, 49 * maps * half * 16, 196 * half * 16]
    trunk = [196 * 16 * half, 49 * maps * half * 16, 49 * maps * fc]
    real, fake = sum(trunk) + fc, sum(trunk) + fc + fc * q + q * 14
    once_backward = lambda forward, first: 2 * forward - first  # noqa: E731 - images and latents need no gradient
    train_D = real + once_backward(real, trunk[0]) + fake + once_backward(fake, trunk[0])
    train_G = sum(G) + once_backward(sum(G), G[0]) + 2 * fake  # D and Q pass the gradient on and keep none
    return train_D + train_G


@pytest.mark.parametrize(("width", "batch"), [(1.0, 2), (0.125, 8)])
def test_multiply_adds_are_those_counted_by_hand(width, batch):
    step = recipe_step(narrow(**{"networks.width": width, "batch_size": batch}))
    assert multiply_adds(step) == batch * counted_by_hand(width)


def test_a_full_step_has_eighteen_thousand_million_multiply_adds():
    assert 128 * counted_by_hand(1.0) == 18_422_530_048


def test_both_products_are_the_product():
    by_torch, by_onednn, work = make_products(32)
    assert by_torch().shape == by_onednn().shape == (32, 32)
    assert work == 32**3 == multiply_adds(by_onednn) == multiply_adds(by_torch)


def test_the_plain_networks_are_the_paper_s():
    model = make_model(narrow(), (1, 28, 28))
    G, (trunk, head, Q) = generator(0.125), discriminator(0.125)
    our_G, our_D = model.networks["G"], model.networks["D"]
    pairs = [(our_G, G), (our_D.trunk, trunk), (our_D.head, head), (our_D.q_head, Q)]
    for ours, plain in pairs:
        plain.load_state_dict(ours.state_dict())
    latents = sample(8)[0]
    images = G(latents)
    torch.testing.assert_close(our_G(latents), images)
    features = trunk(images)
    logits, parameters = our_D(images)
    torch.testing.assert_close(logits, head(features).squeeze(1))
    torch.testing.assert_close(parameters, Q(features))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    write_images(folder, 64)
    return folder


@pytest.mark.parametrize("name", [*comparators.VAES, *comparators.GANS])
def test_a_plain_loop_moves_copies_of_all_networks(name, monkeypatch):
    copies, original = [], plain_vaes.plain

    def copied(network):
        copies.append(original(network))
        return copies[-1]

    for module in (plain_vaes, plain_gans):
        monkeypatch.setattr(module, "plain", copied)
    recipe = find_recipe(name, "sprites").with_settings({"networks.width": 0.125, "batch_size": 8})
    model = make_model(recipe, comparators.SHAPE)
    step = comparators.plain_step(name, model, torch.rand(8, *comparators.SHAPE))
    assert len(copies) == len(model.networks)
    before = [[weight.clone() for weight in network.parameters()] for network in copies]
    step()
    for network, weights in zip(copies, before, strict=True):
        moved = [not torch.equal(*pair) for pair in zip(network.parameters(), weights, strict=True)]
        assert sum(moved) > len(moved) / 2


def test_the_images_are_mnist_s_files(tmp_path):
    pixels = write_images(tmp_path, 20)
    assert pixels.shape == (20, 1, 28, 28)
    assert 0.1 < (pixels > 0).mean() < 0.3
    assert torch.equal(MNIST(str(tmp_path)).data, torch.from_numpy(pixels[:, 0]))


@pytest.mark.parametrize("kind", [PlainLoop, TwoFakes, InformationPass])
def test_plain_loops_train_every_network(kind, folder):
    loop = kind(folder, batch_size=16, width=0.125)
    networks = {"G": loop.G, "trunk": loop.trunk, "head": loop.head, "Q": loop.Q}
    before = {name: [p.clone() for p in network.parameters()] for name, network in networks.items()}
    losses = [loop.step() for _ in range(5)]  # more than the four batches of an epoch
    assert torch.tensor(losses).isfinite().all()
    for name, network in networks.items():
        assert all(not torch.equal(a, b) for a, b in zip(before[name], network.parameters(), strict=True)), name


def test_a_plain_loop_has_workers(folder):
    loop = PlainLoop(folder, batch_size=32, workers=1, width=0.125)
    assert all(len(loop.step()) == 2 for _ in range(3))


SAME_GAME = [ablation.contiguous, ablation.default_adam, ablation.plain_products, ablation.unfrozen]


@pytest.mark.parametrize("change", SAME_GAME)
def test_an_undone_choice_of_speed_changes_no_number_beyond_rounding(change):
    def play(make):
        torch.manual_seed(0)
        step = make(narrow())
        return [step() for _ in range(3)][-1]

    expected, found = play(recipe_step), play(change)
    assert found.keys() == expected.keys()
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-3, atol=2e-3)


def test_a_second_fake_costs_a_pass_of_the_generator():
    more = multiply_adds(ablation.second_fake(narrow())) - multiply_adds(recipe_step(narrow()))
    assert more == 8 * (74 * 128 + 128 * 49 * 16 + 49 * 16 * 8 * 16 + 196 * 8 * 16)


def test_the_information_term_costs_the_passes_through_q():
    """In D's update through Q and back to its inputs and weights, in G's through it and back to its inputs."""
    more = multiply_adds(recipe_step(narrow())) - multiply_adds(ablation.plain_gan(narrow()))
    assert more == 5 * 8 * (128 * 16 + 16 * 14)


def test_gradients_for_frozen_weights_cost_their_multiply_adds():
    more = multiply_adds(ablation.unfrozen(narrow())) - multiply_adds(recipe_step(narrow()))
    assert more == 8 * (196 * 16 * 8 + 49 * 16 * 8 * 16 + 49 * 16 * 128 + 128 + 128 * 16 + 16 * 14)


def test_contenders_take_turns_and_every_second_turn_goes_backwards():
    calls = []
    ticks = itertools.count()
    contenders = {name: lambda name=name: calls.append(name) for name in "ab"}
    seconds = interleave(contenders, rounds=3, times=1, clock=lambda: float(next(ticks)))
    assert "".join(calls) == "aabb" + "ab" + "ba" + "ab"
    assert seconds == {"a": [1.0] * 3, "b": [1.0] * 3}


def test_ratios_are_taken_round_by_round():
    assert ratios([2.0, 8.0, 9.0], [1.0, 2.0, 3.0]) == Spread(3.0, 2.0, 4.0)


def test_turns_time_whole_steps_without_those_of_others():
    now = 0.0

    def others():
        nonlocal now
        now += 1000.0

    turns = Turns(Plan(rounds=2, steps=2, clock=lambda: now), others)
    for step in range(1, 7):
        now += 1.0 if step <= 4 else 3.0
        turns.advance(step)
    assert turns.seconds == [1.0, 3.0]
    assert now == 2010.0


def test_start_needs_the_command(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(DbenchError, match="dbench is not installed"):
        startup.measure(Plan(rounds=1))


def test_both_ways_to_sap_agree():
    parts = metrics.make_parts(600)
    assert parts["codes"].shape == (600, metrics.CODES)
    assert [len(np.unique(column)) for column in parts["factors"].T] == list(metrics.SIZES)
    assert METRICS.get("sap")(**parts).value == pytest.approx(metrics.plain_sap(**parts), abs=1e-9)


def test_the_metrics_that_are_timed_are_resamplable():
    names = metrics.timed_metrics()
    assert {"mig", "dcimig", "sap", "explicitness", "irs", "infomec"} <= set(names)
    assert not {"dci", "dci/lasso", "downstream", "c1-accuracy"} & set(names)


def test_both_boosters_have_the_same_task():
    codes, factors = dci.make_data(3000)
    assert (codes.shape, factors.shape) == ((2000, dci.CODES), (2000, len(dci.FACTORS)))
    few = factors[:, :2]
    assert dci.our_loop(codes, few, 2) == pytest.approx(dci.plain_loop(codes, few, 2), abs=1e-12)


def test_the_file_to_count_is_a_representation(tmp_path):
    counting.write_codes(tmp_path / "codes.h5", 70_000)
    data = open_representation(tmp_path / "codes.h5")
    assert (len(data.codes), len(data.codes.names), data.codes.kinds[0]) == (70_000, 32, "continuous")
    assert [len(summary.values) for summary in data.factors.summaries] == list(counting.SIZES)
    assert mutual_information_gap(data.codes, data.factors).value > 0.3


def test_the_cost_of_a_command_is_its_own():
    before = counting.run_command(["--version"], time.perf_counter)
    assert before.seconds > 0.05
    assert 10 < before.mebibytes < 500
    with pytest.raises(subprocess.CalledProcessError) as caught:
        counting.run_command(["eval", "missing.h5"], time.perf_counter)
    assert b"missing.h5" in caught.value.stderr


def test_a_million_rows_cost_what_the_further_rows_took():
    costs = {10: counting.Cost(2.0, 300.0), 1_000_010: counting.Cost(5.5, 301.0)}
    cells = [row.cells() for row in counting.rows_of(costs)]
    assert cells[-1] == ("seconds of a million rows, from 10 to 1,000,010", "3.50", "", "")
    assert ("MiB at most, 1,000,010 rows", "301", "", "under 2048") in cells


def test_images_drawn_in_a_second_are_counted_in_whole_batches():
    asked = []
    turn = rendering.draw(
        type("Images", (), {"__len__": lambda _: 50, "__getitem__": lambda _, r: asked.append(r)})(), 4, 11
    )
    turn()
    assert [len(rows) for rows in asked] == [4, 4]
    assert all(((rows >= 0) & (rows < 50)).all() for rows in asked)
    ticks = itertools.count()
    plan = Plan(rounds=3, images=8192, clock=lambda: float(next(ticks)))
    said = rendering.measure_set("sprites", 20_000, plan)
    assert "| images a second, in batches of 128 | 8,192 | 8,192 to 8,192 | at least 20,000 |" in said


@pytest.mark.slow
def test_the_command_prints_its_tables():
    outcome = CliRunner().invoke(main, ["--quick"], catch_exceptions=False)
    assert outcome.exit_code == 0
    for text in (
        "| at most 1.35 |",
        "| a step of factor-vae, in steps of the VAE |",
        "| at least 1.3 |",
        "| at least 3 |",
        "one fake, 1 workers",
        "bf16-mixed",
        "beside one busy program, 300,000 spins",
        "`dbench --help`",
        "`dbench bench run smoke`, all done",
        "| all, with figures |",
        "seconds of sap",
        "seconds of random-encoder",
        "MiB at most",
        "images a second",
    ):
        assert text in outcome.stdout
    assert outcome.stdout.count("###") == 20 + len(rendering.LEAST)


@pytest.mark.slow
def test_the_script_for_a_gpu_runs_without_one():
    script = Path(__file__).parents[2] / "benchmarks" / "gpu.sh"
    environment = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run([script, "--quick"], env=environment, capture_output=True, text=True, check=True)
    assert "| seconds of a step, bf16-mixed, eager |" in done.stdout
    assert "Where the time of 2 steps in bfloat16 goes" in done.stdout
