"""Soft bodies against closed forms: lone ellipsoids are themselves, several are where their field says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.datasets.rendering.blobs import Blob, Body, Paint
from disentangle_bench.datasets.rendering.camera import pixel_centers, turned

X = pixel_centers(240) * np.float32(1.5)
AREA = (3 / 240) ** 2


def field(blobs: list[Blob], points: np.ndarray) -> np.ndarray:
    """The logarithm of the solid blobs' sum less what others carve, at points `(3, n)`, as the module says."""
    solid, carved = np.zeros(points.shape[1]), np.zeros(points.shape[1])
    for blob in blobs:
        q = (((points - np.array(blob.center)[:, None]) / np.array(blob.half)[:, None]) ** 2).sum(axis=0)
        part = blob.weight * np.exp(-min(blob.half) / 0.1 * (q - 1))
        if blob.weight > 0:
            solid += part
        else:
            carved += part
    return np.log(solid) + carved


@given(st.floats(-180, 180), st.floats(-80, 80), st.tuples(*[st.floats(0.3, 1.2)] * 3), st.floats(-60, 60))
def test_a_lone_ellipsoid_has_its_outline_from_everywhere(azimuth, elevation, half, tilt) -> None:
    axes = turned(azimuth, elevation)
    sight = Body([Blob((0.1, -0.05, 0.2), half, tilt=tilt)]).seen(axes, X, -X)
    c, s = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))
    own = np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
    spread = axes @ own.T @ np.diag(np.square(half)) @ own @ axes.T  # the outline's is the upper left part of it
    assert len(sight.rows) * AREA == pytest.approx(np.pi * np.sqrt(np.linalg.det(spread[:2, :2])), rel=0.01)
    np.testing.assert_allclose(np.linalg.norm(sight.normal, axis=0), 1, atol=1e-5)


def test_normals_of_a_ball_point_away_from_its_middle() -> None:
    sight = Body([Blob((0.2, 0.1, -0.4), (0.8, 0.8, 0.8), albedo=0.4)]).seen(turned(0, 0), X, -X)
    across = np.stack([X[sight.columns] - 0.2, -X[sight.rows] - 0.1]) / 0.8
    inner = (across**2).sum(axis=0) < 0.95
    np.testing.assert_allclose(sight.normal[:2, inner], across[:, inner], atol=2e-3)
    np.testing.assert_allclose(sight.albedo, 0.4, rtol=1e-4)


@pytest.mark.parametrize("azimuth", [0, 40, -75])
def test_surface_and_normals_are_the_fields(azimuth: float) -> None:
    blobs = [
        Blob((0, 0, 0), (0.8, 0.9, 0.7)),
        Blob((0.3, 0.4, 0.5), (0.4, 0.3, 0.4)),
        Blob((-0.3, 0.1, 0.7), (0.2, 0.2, 0.2), weight=-0.7),
    ]
    axes = turned(azimuth, 10)
    body = Body(blobs)
    sight = body.seen(axes, X, -X)
    points = axes.T @ np.stack([X[sight.columns], -X[sight.rows], sight.depth])
    found = field(blobs, points)
    assert np.quantile(np.abs(found), 0.99) < 0.02
    step = 1e-4
    slope = np.stack([
        field(blobs, points + step * axis[:, None]) - field(blobs, points - step * axis[:, None]) for axis in axes
    ])  # fmt: skip
    slope /= -np.linalg.norm(slope, axis=0)
    assert np.quantile((slope * sight.normal).sum(axis=0), 0.01) > 0.999


def test_neighbors_flow_together_and_carving_takes_away() -> None:
    ball = Blob((0, 0, 0), (0.6, 0.6, 0.6))
    beside = Blob((1.08, 0, 0), (0.45, 0.45, 0.45))
    cut = Blob((0, 0.5, 0), (0.3, 0.3, 0.9), weight=-1.0)
    axes = turned(0, 0)
    alone, other, both, less = (
        len(Body(blobs).seen(axes, X, -X).rows) for blobs in ([ball], [beside], [ball, beside], [ball, cut])
    )
    assert both > alone + other
    assert less < alone


def test_paint_covers_its_side_and_albedos_mix() -> None:
    body = Body([Blob((0, 0, 0), (0.9, 0.9, 0.9), albedo=0.8)], [Paint((0, 0, 0.9), (0.3, 0.3, 0.3), albedo=0.2)])
    front, back = body.seen(turned(0, 0), X, -X), body.seen(turned(180, 0), X, -X)
    middle = np.hypot(X[front.columns], X[front.rows]) < 0.1
    np.testing.assert_allclose(front.albedo[middle], 0.2, atol=1e-5)
    np.testing.assert_allclose(back.albedo, 0.8, rtol=1e-4)
    two = Body([Blob((-0.5, 0, 0), (0.6,) * 3, albedo=0.2), Blob((0.5, 0, 0), (0.6,) * 3, albedo=0.8)])
    sight = two.seen(turned(0, 0), X, -X)
    between = np.abs(X[sight.columns]) < 0.01
    np.testing.assert_allclose(sight.albedo[between], 0.5, atol=0.05)


def test_what_is_nearer_is_seen_whatever_the_order() -> None:
    near, far = Blob((0, 0, 1), (0.3,) * 3, albedo=0.9), Blob((0, 0, -0.5), (0.9,) * 3, albedo=0.1)
    for order in ([near, far], [far, near]):
        sight = Body(order).seen(turned(0, 0), X, -X)
        middle = np.hypot(X[sight.columns], X[sight.rows]) < 0.2
        np.testing.assert_allclose(sight.albedo[middle], 0.9, atol=1e-3)
        np.testing.assert_allclose(Body(order).seen(turned(180, 0), X, -X).albedo, 0.1, atol=0.05)
