"""What the estimators of mutual information share: the scores of one code, and their details."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from torch import Tensor, isfinite

from disentangle_bench.latents import Categorical, Code, Latents
from disentangle_bench.metrics.intervals import mean_interval
from disentangle_bench.metrics.metric import Score, of_code, pairing


def with_share(code: Categorical, score: Score) -> dict[str, Score]:
    """The score of a categorical code and its share of H(c); the entropy of a continuous one bounds nothing."""

    def share(value: float | None) -> float | None:
        return None if value is None else value / code.entropy

    part = replace(
        score,
        value=share(score.value),
        low=share(score.low),
        high=share(score.high),
        chance=share(score.chance),
        ceiling=share(score.ceiling),
        unit="",
        bounds=(None, 1),
        samples=None if score.samples is None else score.samples / code.entropy,
        details=entropy_details(code),
    )
    return of_code(code.name, {"": score, "share": part})


def with_errors(code: Code, score: Score, errors: Tensor) -> dict[str, Score]:
    """The score of a continuous code and how well it is read.

    Args:
        code: continuous.
        score: its information in nats.
        errors: `(n,)`, the posterior's mean minus the code.
    """
    variance = 1.0 if isinstance(code, Categorical) else code.variance
    squares = errors.double().square().numpy()
    low, high = mean_interval(squares)
    mean, low = float(squares.mean()), max(low, 0.0)
    interval = {"interval": "Student's, over samples"}
    determination = Score(
        1 - mean / variance,
        low=1 - high / variance,
        high=1 - low / variance,
        chance=0.0,
        ceiling=1.0,
        bounds=(None, 1),
        samples=1 - squares / variance,
        pairing=score.pairing,
        details=interval,
    )
    deviation = Score(
        math.sqrt(mean),
        low=math.sqrt(low),
        high=math.sqrt(high),
        chance=math.sqrt(variance),
        ceiling=0.0,
        bounds=(0, None),
        better="lower",
        details=interval,
    )
    return of_code(code.name, {"": score, "r2": determination, "sd": deviation})


def undefined_scores(code: Code, parameters: Tensor, *further: str) -> dict[str, Score]:
    """The scores of a code, none of which has a value since Q's output is broken.

    Args:
        code: of which.
        parameters: Q's output for it `(n, p)`.
        further: components of a continuous code beside its information.
    """
    broken = int((~isfinite(parameters)).any(dim=1).sum())
    score = Score.undefined(f"Q's output for {code.name} is NaN or infinite on {broken} of {len(parameters)} images")
    parts = ("share",) if isinstance(code, Categorical) else further
    return of_code(code.name, dict.fromkeys(("", *parts), score))


def entropy_details(code: Code) -> dict[str, Any]:
    return {"entropy": code.entropy, "entropy_kind": "discrete" if isinstance(code, Categorical) else "differential"}


def latents_pairing(drawn: Latents) -> str:
    return pairing("generated images from the latents", drawn.noise.numpy(), *(code.numpy() for code in drawn.codes))
