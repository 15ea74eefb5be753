"""What the package adds works. Each number is checked against something that is not the metric itself."""

import numpy as np
import pytest
import torch
from dots.dataset import dots
from dots.metric import correlation_ratio
from dots.networks import networks
from scipy.stats import f_oneway

from disentangle_bench.metrics.conformance import check_metric


def test_the_metric_keeps_every_rule() -> None:
    assert [f"{outcome.rule}: {outcome.fault}" for outcome in check_metric(correlation_ratio) if outcome.fault] == []


def test_the_ratio_is_that_of_an_analysis_of_variance() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 3, 200)
    code = classes + rng.normal(size=200)
    f = f_oneway(*(code[classes == number] for number in range(3))).statistic
    expected = f * 2 / (f * 2 + 197)  # eta squared of 3 classes and 200 samples
    assert correlation_ratio(code[:, None], classes).value == pytest.approx(expected)


@pytest.mark.parametrize("side", [8, 16])
def test_the_dot_is_where_the_factors_say(side: int) -> None:
    data = dots.load(side=side)
    rows, columns = np.divmod(data.images.reshape(len(data.images), -1).argmax(axis=1), side)
    assert np.array_equal(data.factors.column("row"), rows)
    assert np.array_equal(data.factors.column("column"), columns)
    assert data.ground_truth is not None


def test_the_networks_have_the_right_shapes() -> None:
    images = networks.generator(6)(torch.zeros(2, 6))
    logits, q = networks.discriminator(4)(images)
    assert (images.shape, logits.shape, q.shape) == ((2, 1, 8, 8), (2,), (2, 4))
