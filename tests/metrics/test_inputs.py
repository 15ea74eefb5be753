"""Codes and factors are checked and split, and constant factors are left out."""

import numpy as np
import pytest
import torch

from disentangle_bench.errors import MetricError, RepresentationError
from disentangle_bench.metrics.inputs import Observations, drawn_mask

CODES = np.arange(12.0).reshape(6, 2)
FACTORS = np.array([[0, 1], [1, 1], [0, 1], [1, 1], [0, 1], [2, 1]])


def test_constant_factors_are_left_out_and_named():
    data = Observations.of(CODES, FACTORS)
    assert data.factors.names == ("f1",)
    assert data.constant == ("f2",)
    assert data.reason == ""


def test_without_a_varying_factor_there_is_a_reason():
    assert Observations.of(CODES, FACTORS[:, 1]).reason == "no factor varies: f1"


def test_constant_codes_stay():
    assert Observations.of(np.zeros((6, 2)), FACTORS).codes.values.shape == (6, 2)


def test_a_mask_is_kept_or_drawn():
    mask = np.arange(6) < 4
    assert np.array_equal(Observations.of(CODES, FACTORS, mask).train, mask)
    assert np.array_equal(Observations.of(CODES, FACTORS, seed=3).train, drawn_mask(6, 3))
    assert drawn_mask(6, 3).sum() == 4


def test_tensors_are_accepted():
    tensors = torch.tensor(CODES, requires_grad=True), torch.tensor(FACTORS), torch.arange(6) < 4
    data = Observations.of(*tensors)
    assert np.array_equal(data.codes.values, CODES)
    assert data.train.sum() == 4


@pytest.mark.parametrize("mask", [np.zeros(6, bool), np.ones(6, bool)])
def test_a_mask_must_leave_rows_on_both_sides(mask):
    with pytest.raises(MetricError, match=r"marks [06] of 6 rows"):
        Observations.of(CODES, FACTORS, mask)


def test_too_few_samples():
    with pytest.raises(MetricError, match="only 3 samples"):
        Observations.of(CODES[:3], FACTORS[:3])


def test_different_lengths():
    with pytest.raises(RepresentationError, match="6 rows and 'factors' has 5"):
        Observations.of(CODES, FACTORS[:5])
