from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from disentangle_bench.datasets.heads3d import IDENTITIES
from disentangle_bench.datasets.rendering.blobs import Blob
from disentangle_bench.datasets.rendering.head_shapes import HAIR, Traits, both, head, widened


def test_traits_are_spread_over_their_ranges() -> None:
    numbers = np.array([astuple(Traits.of(identity))[:-2] for identity in range(IDENTITIES)], dtype=float)
    assert np.abs(numbers).max() <= 1
    assert (np.ptp(numbers, axis=0) > 1.5).all()
    assert (np.abs(numbers.mean(axis=0)) < 0.25).all()
    assert {Traits.of(identity).hair for identity in range(IDENTITIES)} == set(HAIR)


def test_a_wider_head_is_only_wider() -> None:
    blob = Blob((0.2, 0.3, 0.4), (0.1, 0.2, 0.3), weight=0.5, tilt=10)
    assert widened(blob, 1.5) == Blob((pytest.approx(0.3), 0.3, 0.4), (pytest.approx(0.15), 0.2, 0.3), 0.5, 10)


def test_pairs_mirror_each_other() -> None:
    left, right = both(Blob((0.2, 0.3, 0.4), (0.1, 0.2, 0.3)))
    assert left.center == (0.2, 0.3, 0.4)
    assert right.center == (-0.2, 0.3, 0.4)


@pytest.mark.parametrize("identity", range(IDENTITIES))
def test_heads_are_symmetric(identity: int) -> None:
    body = head(identity, 1.0)
    centers = {tuple(np.round(center, 4)) for center in body.quadrics.center.tolist()}
    assert centers == {(-x if x else x, y, z) for x, y, z in centers}
