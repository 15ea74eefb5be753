"""What holds for every registered metric, those of plug-ins included.

A registered metric without an entry in `SETTINGS` fails here: add settings that make it fast on the small subjects
below and, if it needs a part that these do not provide, that part.
"""

from __future__ import annotations

import json
import math
import pkgutil
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from importlib import import_module
from typing import Any, get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from disentangle_bench import metrics
from disentangle_bench.latents import Categorical, Gaussian, Latents, LatentSpec, Uniform
from disentangle_bench.metrics import METRICS, MetricInfo, Score, Scores, info_of
from disentangle_bench.metrics.metric import PARTS, Better
from disentangle_bench.representation.variables import Variables

SETTINGS: dict[str, dict[str, Any]] = {
    "c1-accuracy": {"bootstrap": 50},
    "sap": {},
    "sap/regression": {},
    "dci": {},
    "dci/lasso": {},
    "dci/forest": {"trees": 20},
    "dci/lightgbm": {},
    "dci-es": {},
    "mig": {},
    "mig/chen": {"samples": 200, "bootstrap": 50},
    "rmig": {},
    "rmig/posterior": {},
    "mig-sup": {},
    "jemmig": {},
    "dcimig": {},
    "dmig": {},
    "xmig": {},
    "dlig": {},
    "modularity": {},
    "mutual-information-matrix": {},
    "explicitness": {},
    "infomec": {},
    "irs": {},
    "downstream": {"repeats": 1},
    "downstream/forest": {"repeats": 1, "trees": 5},
    "beta-vae-score": {"batch_size": 16, "train_points": 300, "test_points": 200},
    "factor-vae-score": {"batch_size": 16, "train_votes": 300, "test_votes": 200, "min_variance": 1e-5},
    "z-diff": {"batch_size": 16, "train_points": 300, "test_points": 200},
    "z-min-variance": {"batch_size": 16, "train_votes": 300, "test_votes": 200, "min_variance": 1e-5},
    "gaussian-total-correlation": {},
    "gaussian-wasserstein-correlation": {},
    "average-pairwise-information": {},
    "active-units": {"min_variance": 1e-5},
    "udr/lasso": {"min_variance": 1e-5},
    "udr/spearman": {"min_variance": 1e-5},
    "model-centrality": {"batch_size": 16, "votes": 100, "min_variance": 1e-5},
    "mutual-information": {"samples": 200},
    "mutual-information/fresh": {"samples": 200, "train_samples": 300, "validation_samples": 100},
    "mutual-information/nonparametric": {"samples": 200, "bootstrap": 50},
    "traversal-consistency": {"draws": 6, "steps": 5, "bootstrap": 50},
    "image-measures": {"samples": 60, "bootstrap": 50},
    "elbo": {},
    "variation-predictability": {"pairs": 120, "train_share": 0.5},
    "classifier-path-length": {"draws": 6, "steps": 5, "bootstrap": 50},
    "classifier-frechet-distance": {"bootstrap": 20},
    "classifier-kernel-distance": {"subsets": 4},
    "inception-fid": {"samples": 8},
}
FETCHED = {"inception-fid"}
"""Metrics that are undefined unless a file has been downloaded."""
NAMES = sorted(METRICS)
EXTRAS = {"dci/lightgbm": "lightgbm"}
"""Metrics that need an optional package."""
SAMPLES, SIDE = 240, 12
LATENTS = LatentSpec(2, (Categorical(4), Uniform(), Uniform()))

Subject = dict[str, Any]


def paint(latents: Latents) -> Tensor:
    """Bars `(n, 1, 12, 12)`: c1 is their number, c2 their slant, c3 their height, the noise their gray."""
    rows = torch.arange(SIDE)[None, :, None]
    columns = torch.arange(SIDE)[None, None, :]
    number, slant, height = (values.float()[:, None, None] for values in latents.codes)
    inside = (rows - SIDE / 2).abs() < 3 + 2 * height.clamp(-1, 1)
    shifted = columns + slant * (rows - SIDE / 2) / 4
    bars = torch.sin(shifted * (number + 1) * math.pi / SIDE).square()
    gray = 0.8 + 0.2 * torch.tanh(latents.noise[:, :1, None])
    return (bars * inside * gray)[:, None]


def read(images: Tensor) -> tuple[Tensor, ...]:
    """A rough posterior: linear in the pixels, with fixed weights."""
    weights = torch.randn(SIDE * SIDE, sum(LATENTS.parameters), generator=torch.Generator().manual_seed(0)) / SIDE
    return LATENTS.split(images.flatten(1).float() @ weights)


class Brightness:
    """A classifier: the class is how bright an image is, the features are how bright its parts are."""

    def __call__(self, images: Tensor) -> Tensor:
        return (images.flatten(1).mean(dim=1) * 8).long()

    def features(self, images: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(images, 4).flatten(1)


def lively() -> Subject:
    """A subject that provides every part, with images that follow its codes."""
    latents = LATENTS.sample(SAMPLES, torch.Generator().manual_seed(0))
    images = paint(latents)
    kinds = ("categorical", "continuous", "continuous")
    estimates = [code.estimate(part) for code, part in zip(LATENTS.codes, read(images), strict=True)]
    codes = torch.stack([values.float() for values in estimates], dim=1).numpy()
    factors = np.column_stack([values.numpy() for values in latents.codes[:2]])
    truth = np.column_stack([values.numpy() for values in latents.codes])
    both = {name: Variables.wrap(values, kinds=kinds) for name, values in {"read": codes, "truth": truth}.items()}
    return {
        "codes": Variables.wrap(codes, names=LATENTS.names, kinds=kinds),
        "representations": both,
        "factors": Variables.wrap(factors, names=["number", "slant"], kinds=["categorical", "continuous"]),
        "train": np.arange(SAMPLES) < 160,
        "images": (images.numpy() * 255).astype(np.uint8),
        "generator": paint,
        "posterior": read,
        "posterior_parameters": {
            name: raw.double().numpy() for name, raw in zip(LATENTS.names, read(images), strict=True)
        },
        "latents": LATENTS,
        "classifier": Brightness(),
    }


def collapsed() -> Subject:
    """A collapsed subject: one gray image, one value of each code, one posterior."""
    alive = lively()
    return alive | {
        "codes": Variables.wrap(np.zeros((SAMPLES, 3)), names=LATENTS.names, kinds=alive["codes"].kinds),
        "representations": {name: np.zeros((SAMPLES, 3)) for name in alive["representations"]},
        "images": np.full_like(alive["images"], 128),
        "generator": lambda latents: torch.full((len(latents), 1, SIDE, SIDE), 0.5),
        "posterior": lambda images: tuple(torch.zeros(len(images), width) for width in LATENTS.parameters),
        "posterior_parameters": {
            name: np.zeros((SAMPLES, width)) for name, width in zip(LATENTS.names, LATENTS.parameters, strict=True)
        },
    }


def blank() -> Subject:
    """A subject whose images are black."""
    return collapsed() | {
        "images": np.zeros((SAMPLES, 1, SIDE, SIDE), dtype=np.uint8),
        "generator": lambda latents: torch.zeros(len(latents), 1, SIDE, SIDE),
    }


def with_latents_of_a_vae(subject: Subject) -> Subject:
    """The subject with standard normal codes in place of its own."""
    latents = LatentSpec(0, (Gaussian(), Gaussian()))

    def decode(drawn: Latents) -> Tensor:
        return subject["generator"](LATENTS.sample(len(drawn), torch.Generator().manual_seed(0))).clamp(0.01, 0.99)

    parameters = [subject["posterior_parameters"][name][:, :2] for name in LATENTS.names[:2]]
    own = dict(zip(latents.names, parameters, strict=True))
    return subject | {"latents": latents, "generator": decode, "posterior_parameters": own}


OF_VAES = {"elbo"}
"""Metrics of models whose latents are standard normal codes alone."""
SUBJECTS: dict[str, Callable[[], Subject]] = {"lively": lively, "collapsed": collapsed, "blank": blank}


def score_of(name: str, subject: Subject, **settings: Any) -> dict[str, Score]:
    if name in EXTRAS:
        pytest.importorskip(EXTRAS[name])
    function = METRICS.get(name)
    info = info_of(function)
    subject = with_latents_of_a_vae(subject) if name in OF_VAES else subject
    parts = {part: subject[part] for part in (*info.needs, *info.uses) if part in subject}
    missing = set(info.needs) - set(parts)
    assert not missing, f"{name} needs {missing}, which the small subjects of this file do not provide"
    assert name in SETTINGS, f"{name} has no small settings in this file"
    scores: Scores = function(**parts, **(SETTINGS[name] | settings))
    return {"": scores} if isinstance(scores, Score) else scores


@pytest.fixture(scope="module")
def scored() -> dict[tuple[str, str], dict[str, Score]]:
    """Scores by metric and subject, so that each is computed once."""
    return {}


@pytest.fixture
def scores(name: str, kind: str, scored: dict[tuple[str, str], dict[str, Score]]) -> dict[str, Score]:
    if (name, kind) not in scored:
        scored[name, kind] = score_of(name, SUBJECTS[kind]())
    return scored[name, kind]


every_metric = pytest.mark.parametrize("name", NAMES)
every_subject = pytest.mark.parametrize("kind", SUBJECTS)


def test_every_metric_of_the_package_is_registered_and_collected() -> None:
    declared = set()
    for module in pkgutil.walk_packages(metrics.__path__, f"{metrics.__name__}."):
        for value in vars(import_module(module.name)).values():
            if isinstance(getattr(value, "info", None), MetricInfo) and value.__module__ == module.name:
                declared.add(value.info.name)
    builtin = {name for name in METRICS if METRICS.get(name).__module__.startswith("disentangle_bench.")}
    assert declared == builtin
    assert set(METRICS) == set(NAMES)


def test_every_metric_has_a_small_subject_and_no_other() -> None:
    assert set(SETTINGS) == set(METRICS)


def test_the_small_subjects_provide_only_parts() -> None:
    for make in SUBJECTS.values():
        assert set(make()) <= set(PARTS)


@every_metric
def test_declarations_are_complete(name: str) -> None:
    function = METRICS.get(name)
    info = info_of(function)
    assert info.name == name
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9-]+)?", name)
    assert isinstance(info.version, int)
    assert info.version >= 1
    assert info.better in get_args(Better)
    assert info.unit in ("", "nats")
    assert_ordered(info.bounds)
    assert re.search(r"arXiv:\d{4}\.\d{4,5}|arXiv:[a-z-]+/\d{7}|\(\d{4}\)|defined here", info.source), "no source"
    assert 20 <= len(info.summary) <= 160
    assert info.summary[-1] in ".?:"
    assert info.needs
    assert {*info.needs, *info.uses} <= set(PARTS)


@every_metric
def test_settings_have_json_defaults_and_are_documented(name: str) -> None:
    function = METRICS.get(name)
    info = info_of(function)
    assert json.loads(json.dumps(dict(info.settings))) == dict(info.settings)
    for argument in (*info.needs, *info.uses, *info.settings):
        assert re.search(rf"^\s+{argument}: \S", function.__doc__ or "", re.MULTILINE), f"{argument} is not explained"


@every_subject
@every_metric
def test_parts_are_named_and_undefined_ones_have_a_reason(name: str, kind: str, scores: dict[str, Score]) -> None:
    assert scores
    for part, score in scores.items():
        assert re.fullmatch(r"[a-zA-Z0-9_-]*([./][a-zA-Z0-9_-]+)*", part)
        assert score.code is None or part == ".".join(filter(None, (score.code, score.component)))
        assert (score.value is None) == bool(score.reason), f"{part}: {score.value}, {score.reason!r}"


@pytest.mark.parametrize("kind", ["lively"])
@every_metric
def test_a_lively_subject_has_a_headline(name: str, kind: str, scores: dict[str, Score]) -> None:
    first = next(iter(scores.values()))
    if first.value is None and name in FETCHED:
        pytest.skip(first.reason)
    assert first.value is not None, first.reason


@every_subject
@every_metric
def test_declared_bounds_hold(name: str, kind: str, scores: dict[str, Score]) -> None:
    info = info_of(METRICS.get(name))
    for part, score in scores.items():
        bounds = info.bounds if score.bounds is None else score.bounds
        assert_ordered(bounds)
        low, high = (-math.inf if bounds[0] is None else bounds[0], math.inf if bounds[1] is None else bounds[1])
        for number in (score.value, score.low, score.high, score.chance, score.ceiling):
            assert number is None or (math.isfinite(number) and low - 1e-9 <= number <= high + 1e-9), part


@every_subject
@every_metric
def test_values_intervals_and_levels_are_consistent(name: str, kind: str, scores: dict[str, Score]) -> None:
    info = info_of(METRICS.get(name))
    for part, score in scores.items():
        assert (score.low is None) == (score.high is None), part
        if score.value is None:
            assert score.low is None, part
            continue
        if score.low is not None and score.high is not None:
            assert score.low - 1e-9 <= score.value <= score.high + 1e-9, part
        if score.ceiling is not None and (score.better or info.better) != "neither":
            sign = -1 if (score.better or info.better) == "lower" else 1
            assert sign * score.value <= sign * score.ceiling + 1e-9, part
        assert score.unit in ("", "nats")


@every_subject
@every_metric
def test_samples_average_to_the_value_and_can_be_paired(name: str, kind: str, scores: dict[str, Score]) -> None:
    for part, score in scores.items():
        assert (score.samples is None) == (not score.pairing), part
        if score.samples is not None:
            assert score.samples.ndim == 1
            assert score.samples.dtype == np.float64
            assert score.samples.mean() == pytest.approx(score.value, abs=1e-9), part


@every_subject
@every_metric
def test_details_are_json(name: str, kind: str, scores: dict[str, Score]) -> None:
    for part, score in scores.items():
        assert json.loads(json.dumps(dict(score.details), allow_nan=False)) == dict(score.details), part


@every_metric
def test_scores_are_reproducible(name: str) -> None:
    seed = {"seed": 3} if "seed" in info_of(METRICS.get(name)).settings else {}
    first, second = score_of(name, lively(), **seed), score_of(name, lively(), **seed)
    assert first == second
    for part, score in first.items():
        other = second[part].samples
        assert (score.samples is None and other is None) or np.array_equal(score.samples, other), part


@every_metric
def test_inputs_global_state_and_terminal_stay_untouched(
    name: str, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    subject = lively()
    before = {part: deepcopy(value) for part, value in subject.items() if not callable(value)}
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()
    threads, gradients = torch.get_num_threads(), torch.is_grad_enabled()
    score_of(name, subject)
    assert_same(before, {part: subject[part] for part in before})
    assert torch.equal(torch_state, torch.get_rng_state())
    assert all(np.array_equal(a, b) for a, b in zip(numpy_state, np.random.get_state(), strict=True))
    assert (threads, gradients) == (torch.get_num_threads(), torch.is_grad_enabled())
    assert capfd.readouterr() == ("", "")
    assert [str(warning.message) for warning in recwarn] == []


def assert_ordered(bounds: tuple[float | None, float | None]) -> None:
    low, high = bounds
    assert low is None or high is None or low < high


def assert_same(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    for part, value in before.items():
        if isinstance(value, Variables):
            assert np.array_equal(value.values, after[part].values), part
        elif isinstance(value, np.ndarray):
            assert np.array_equal(value, after[part]), part
        elif isinstance(value, Mapping):
            assert_same(value, after[part])
        else:
            assert value == after[part], part
