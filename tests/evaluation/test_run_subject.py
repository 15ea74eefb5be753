from __future__ import annotations

import numpy as np
import pytest
import torch

from disentangle_bench.evaluation.run_subject import estimates
from disentangle_bench.latents import Categorical, Gaussian, LatentSpec, Uniform
from disentangle_bench.models.trained import posterior_parameters


def test_a_posterior_has_a_sigma_whether_it_is_learned_or_fixed():
    latents = LatentSpec(1, (Categorical(3), Uniform(), Gaussian(sigma=0.5)))
    reading = (torch.tensor([[0.0, 2.0, 1.0]]), torch.tensor([[0.3, -1.0]]), torch.tensor([[0.7]]))
    found = posterior_parameters(latents, reading)
    assert found["c1"].tolist() == [[0, 2, 1]]
    assert found["c2"][0] == pytest.approx([0.3, -1])
    assert found["c3"][0] == pytest.approx([0.7, np.log(0.5)])
    codes = estimates(latents, reading)
    assert codes.values[0] == pytest.approx([1, 0.3, 0.7])
    assert codes.kinds == ("categorical", "continuous", "continuous")
