"""The mutual information of two readings against NumPy in double precision and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score
from torch import Tensor

from disentangle_bench.models.agreement import mutual_information

TOLERANCE = 5e-5
"""The floor under probabilities adds up to k^2 times 1e-8 of them."""
CERTAIN = 40.0
"""A logit beside zeros whose probability is 1 within float32."""


def normal(n: int, k: int, seed: int = 0) -> Tensor:
    return 2 * torch.randn(n, k, generator=torch.Generator().manual_seed(seed))


def reference(logits: Tensor, others: Tensor) -> float:
    """By entropies, `H(row) + H(column) - H(joint)`, the joint summed up image by image."""
    p, q = (softmax(part.double().numpy(), axis=1) for part in (logits, others))
    joint = sum(np.outer(a, b) + np.outer(b, a) for a, b in zip(p, q, strict=True)) / (2 * len(p))
    return float(entropy(joint.sum(axis=0)) + entropy(joint.sum(axis=1)) - entropy(joint.ravel()))


def readings(categories: Tensor, k: int) -> Tensor:
    """Logits that name these categories with certainty."""
    return CERTAIN * torch.nn.functional.one_hot(categories, k).float()


@pytest.mark.parametrize(("n", "k"), [(7, 2), (128, 10), (16, 20)])
def test_is_that_of_the_joint_distribution(n: int, k: int) -> None:
    logits = normal(n, k)
    for others in (normal(n, k, 1), logits + 0.5 * normal(n, k, 2), logits):
        assert mutual_information(logits, others).item() == pytest.approx(reference(logits, others), abs=TOLERANCE)


@pytest.mark.parametrize("k", [2, 10])
def test_is_ln_k_where_all_agree_and_categories_are_equally_frequent(k: int) -> None:
    logits = readings(torch.arange(8 * k) % k, k)
    assert mutual_information(logits, logits).item() == pytest.approx(np.log(k), abs=TOLERANCE)


def test_is_0_where_readings_are_independent() -> None:
    """Every pair of categories equally often; and readings that do not depend on the image."""
    first, second = torch.arange(5).repeat_interleave(5), torch.arange(5).repeat(5)
    assert mutual_information(readings(first, 5), readings(second, 5)).item() == pytest.approx(0, abs=TOLERANCE)
    constant = normal(1, 5).expand(30, 5)
    assert mutual_information(constant, constant).item() == pytest.approx(0, abs=TOLERANCE)


def test_merged_categories_cost_their_part_of_the_entropy() -> None:
    """Ten classes, two of them in one category: ln 10 less 0.2 ln 2."""
    merged = (torch.arange(100) % 10).clamp(max=8)
    logits = readings(merged, 10)
    assert mutual_information(logits, logits).item() == pytest.approx(np.log(10) - 0.2 * np.log(2), abs=TOLERANCE)


def test_of_certain_readings_is_that_of_the_counts_made_symmetric() -> None:
    first = torch.randint(6, (300,), generator=torch.Generator().manual_seed(3))
    second = torch.where(torch.arange(300) % 3 == 0, (first + 1) % 6, first)
    both, swapped = torch.cat([first, second]), torch.cat([second, first])
    expected = mutual_info_score(both.numpy(), swapped.numpy())
    assert mutual_information(readings(first, 6), readings(second, 6)).item() == pytest.approx(expected, abs=TOLERANCE)


def test_does_not_depend_on_which_is_which() -> None:
    one, two = normal(64, 10), normal(64, 10, 1)
    torch.testing.assert_close(mutual_information(one, two), mutual_information(two, one))


def test_bounds_what_a_reading_tells_of_the_image() -> None:
    """`I(y; y') <= I(y; x)`, which is the entropy of the mean reading less the mean entropy of one."""
    logits = normal(200, 10)
    p = softmax(logits.double().numpy(), axis=1)
    assert mutual_information(logits, logits).item() < entropy(p.mean(axis=0)) - entropy(p, axis=1).mean()


@pytest.mark.parametrize("logits", [readings(torch.zeros(8, dtype=torch.int64), 4), 1e4 * normal(8, 4)])
def test_gradients_are_finite_where_probabilities_are_0(logits: Tensor) -> None:
    free = logits.clone().requires_grad_()
    mutual_information(free, logits).backward()
    assert free.grad is not None
    assert free.grad.isfinite().all()


def test_mixed_precision_does_not_round_it() -> None:
    one, two = normal(128, 10).bfloat16(), normal(128, 10, 1).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        mixed = mutual_information(one, two)
    assert mixed.dtype == torch.float32
    assert mixed.item() == pytest.approx(reference(one.float(), two.float()), abs=TOLERANCE)
