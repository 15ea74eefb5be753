"""What the estimators of mutual information share: the scores of one code, and their details."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from disentangle_bench.latents import Categorical, Code, Latents
from disentangle_bench.metrics.metric import Score, of_code, pairing


def with_share(code: Code, score: Score) -> dict[str, Score]:
    """The score and its share of H(c), which is bounded by 1 only where the entropy is discrete."""

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
        bounds=(None, 1) if isinstance(code, Categorical) else None,
        samples=None if score.samples is None else score.samples / code.entropy,
        details=entropy_details(code),
    )
    return of_code(code.name, {"": score, "share": part})


def undefined_scores(code: Code, parameters: Tensor) -> dict[str, Score]:
    broken = int((~torch.isfinite(parameters)).any(dim=1).sum())
    score = Score.undefined(f"Q's output for {code.name} is NaN or infinite on {broken} of {len(parameters)} images")
    return of_code(code.name, {"": score, "share": score})


def entropy_details(code: Code) -> dict[str, Any]:
    return {"entropy": code.entropy, "entropy_kind": "discrete" if isinstance(code, Categorical) else "differential"}


def latents_pairing(drawn: Latents) -> str:
    return pairing("generated images from the latents", drawn.noise.numpy(), *(code.numpy() for code in drawn.codes))
