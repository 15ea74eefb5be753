from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.datasets.rendering.chair_shapes import ARMS, BACKS, LEGS, STYLES, chair
from disentangle_bench.datasets.rendering.solids import Scene

NUMBERS = range(len(STYLES))


def summary(style: int, width: float = 1.0, back: float = 0.6) -> np.ndarray:
    corners = Scene(chair(style, width, back)).corners.reshape(-1, 3)
    return np.stack([corners.min(axis=0), corners.max(axis=0)])


def test_styles_have_names_of_their_own_and_use_every_builder() -> None:
    assert len({style.name for style in STYLES}) == len(STYLES) >= 20
    assert {style.legs for style in STYLES} == set(LEGS)
    assert {style.back for style in STYLES} == set(BACKS)
    assert {style.arms for style in STYLES} - {""} == set(ARMS)


@pytest.mark.parametrize("style", NUMBERS, ids=[style.name for style in STYLES])
def test_chairs_stand_on_the_floor_and_carry_their_back(style: int) -> None:
    low, high = summary(style)
    assert low[1] == pytest.approx(0, abs=0.06)
    assert high[1] == pytest.approx(STYLES[style].seat[0] + 0.6, abs=0.15)
    assert np.abs([low[2], high[2]]).max() < 0.85


@pytest.mark.parametrize("style", NUMBERS, ids=[style.name for style in STYLES])
def test_width_moves_the_sides_and_back_height_the_top(style: int) -> None:
    low, high = summary(style)
    wide_low, wide_high = summary(style, width=1.4)
    assert wide_high[0] - wide_low[0] > 1.1 * (high[0] - low[0])
    np.testing.assert_allclose((wide_low[1], wide_high[1]), (low[1], high[1]), atol=0.03)
    taller_low, taller_high = summary(style, back=1.0)
    assert taller_high[1] - high[1] == pytest.approx(0.4, abs=0.12)
    np.testing.assert_allclose(taller_low[0], low[0], atol=0.03)


@pytest.mark.parametrize("style", NUMBERS, ids=[style.name for style in STYLES])
def test_chairs_are_symmetric(style: int) -> None:
    scene = Scene(chair(style, 1.0, 0.6))
    boxes = np.stack([scene.corners.min(axis=1), scene.corners.max(axis=1)], axis=1)
    mirrored = boxes.copy()
    mirrored[:, :, 0] = -boxes[:, ::-1, 0]
    distance = np.abs(boxes[:, None] - mirrored[None]).max(axis=(2, 3)).min(axis=1)
    np.testing.assert_allclose(distance, 0, atol=1e-4)
