"""Warps against SciPy's affine transformation and NumPy's powers, in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.models.warps import Warp

STILL: dict[str, Any] = {"rotation": 0, "scale": (1, 1), "shear": 0, "shift": 0, "gamma": (1, 1)}
CENTER = 0.5
"""The number that is no rotation, no shear and no shift."""


def images(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def numbers(n: int, seed: int = 1) -> Tensor:
    return torch.rand(n, Warp.numbers, generator=torch.Generator().manual_seed(seed))


def dot(size: int = 41) -> Tensor:
    """A smooth dot to the right of the center and a little above it."""
    y, x = np.mgrid[:size, :size] - size // 2
    return torch.tensor(np.exp(-((x - 5) ** 2 + (y + 2) ** 2) / 4), dtype=torch.float32)[None, None]


def place(image: Tensor) -> tuple[float, float]:
    """The center of mass (x, y) from the image's center."""
    y, x = ndimage.center_of_mass(image[0, 0].double().numpy())
    return x - image.shape[3] // 2, y - image.shape[2] // 2


def by_scipy(image: Tensor, warp: Warp, u: Tensor) -> np.ndarray:
    """A warp of one image `(c, h, w)`: matrices written out and inverted by NumPy, pixels by SciPy."""
    t = u.double().numpy()
    angle, shear = np.deg2rad(warp.rotation) * (2 * t[0] - 1), warp.shear * (2 * t[2] - 1)
    scale, gamma = (low ** (1 - v) * high**v for (low, high), v in ((warp.scale, t[1]), (warp.gamma, t[5])))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    forth = turn @ np.array([[1, shear], [0, 1]]) * scale  # on (x, y)
    back = np.linalg.inv(forth)[::-1, ::-1]  # on (row, column)
    size = np.array(image.shape[1:])
    center, shift = (size - 1) / 2, warp.shift * (2 * t[[4, 3]] - 1) * size
    offset = center - back @ (center + shift)
    planes = image.double().numpy()
    moved = [ndimage.affine_transform(plane, back, offset, order=1, mode="nearest") for plane in planes]
    return np.stack(moved) ** gamma


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 12, 20), (1, 9, 7)])
def test_geometry_and_intensities_are_scipys(shape: tuple[int, int, int]) -> None:
    warp, x, u = Warp(), images(40, *shape), numbers(40)
    warped = warp(x, u)
    assert warped.shape == x.shape
    expected = np.stack([by_scipy(image, warp, row) for image, row in zip(x, u, strict=True)])
    np.testing.assert_allclose(warped.numpy(), expected, atol=2e-4)
    assert np.abs(expected - x.numpy()).mean() > 0.05


def test_no_change_gives_the_image() -> None:
    x = images(5, 3, 10, 14)
    torch.testing.assert_close(Warp(**STILL)(x, numbers(5)), x, atol=1e-5, rtol=0)
    middle = torch.full((5, Warp.numbers), CENTER)
    torch.testing.assert_close(Warp(scale=(0.5, 2), gamma=(0.5, 2))(x, middle), x, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("number", "changed", "value", "expected"),
    [
        (3, {"shift": 0.1}, 1.0, (5 + 4.1, -2)),
        (4, {"shift": 0.1}, 1.0, (5, -2 + 4.1)),
        (1, {"scale": (0.5, 1.5)}, 1.0, (7.5, -3)),
        (1, {"scale": (0.5, 1.5)}, 0.0, (2.5, -1)),
        (2, {"shear": 0.5}, 1.0, (5 - 1, -2)),
        (0, {"rotation": 90}, 1.0, (2, 5)),
        (0, {"rotation": 90}, 0.0, (-2, -5)),
    ],
)
def test_each_number_does_what_it_is_called(
    number: int, changed: dict[str, Any], value: float, expected: tuple[float, float]
) -> None:
    u = torch.full((1, Warp.numbers), CENTER)
    u[0, number] = value
    assert place(Warp(**STILL | changed)(dot(), u)) == pytest.approx(expected, abs=0.05)


def test_the_least_and_the_greatest_gamma_are_reached() -> None:
    x, u = images(2, 1, 6, 6), torch.full((2, Warp.numbers), CENTER)
    u[:, 5] = torch.tensor([0.0, 1.0])
    first, second = Warp(**STILL | {"gamma": (0.6, 1.6)})(x, u).double().numpy()
    bright = x.double().numpy() > 1 / 255
    np.testing.assert_allclose(first[bright[0]], x[0].double().numpy()[bright[0]] ** 0.6, rtol=1e-4)
    np.testing.assert_allclose(second[bright[1]], x[1].double().numpy()[bright[1]] ** 1.6, rtol=1e-4)


def test_images_stay_in_their_range() -> None:
    warped = Warp()(images(100, 1, 8, 8).round(), numbers(100))
    assert 0 <= float(warped.min()) <= float(warped.max()) <= 1 + 1e-6


def test_gradients_pass_through_and_are_bounded_on_black() -> None:
    x = torch.zeros(50, 1, 8, 8, requires_grad=True)
    Warp()(x, numbers(50)).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert 0 < float(x.grad.max()) < 100


def test_mixed_precision_rounds_no_coordinate() -> None:
    x, u = images(20, 1, 28, 28), numbers(20)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = Warp()(x, u)
    assert mixed.dtype == torch.float32
    assert torch.equal(mixed, Warp()(x, u))
    assert Warp()(x.bfloat16(), u).dtype == torch.float32


@pytest.mark.parametrize("name", ["scale", "gamma"])
@pytest.mark.parametrize("bounds", [(1.2, 0.8), (0.0, 1.0), (-1.0, 1.0), (1.0, float("inf")), (float("nan"), 1.0)])
def test_a_range_that_is_not_one_is_named(name: str, bounds: tuple[float, float]) -> None:
    with pytest.raises(SettingError, match=f"The {name} of a warp goes from"):
        Warp(**{name: bounds})
