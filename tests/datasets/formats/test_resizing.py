from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from disentangle_bench.datasets.formats.resizing import require_size, resized
from disentangle_bench.errors import SettingError

IMAGES = np.random.default_rng(0).integers(0, 256, size=(3, 3, 32, 32), dtype=np.uint8)


def test_channels_are_resized_as_pillow_resizes_color() -> None:
    expected = [
        np.asarray(Image.fromarray(image.transpose(1, 2, 0)).resize((20, 20), Image.Resampling.LANCZOS))
        for image in IMAGES
    ]
    np.testing.assert_array_equal(resized(IMAGES, 20), np.stack(expected).transpose(0, 3, 1, 2))


def test_every_pixel_counts() -> None:
    spot = np.full((1, 1, 96, 96), 100, np.uint8)
    spot[0, 0, 45:50, 46:50] = 200
    more = resized(spot, 24).astype(int) - 100
    assert more.sum() == pytest.approx(20 * 100 / 16, rel=0.1)
    checks = np.indices((96, 96)).sum(axis=0).astype(np.uint8)[None, None] % 2 * 255
    assert np.ptp(resized(checks, 24)[0, 0, 3:-3, 3:-3]) <= 2, "a fine pattern becomes gray, not a coarse one"


def test_images_of_that_size_stay_as_they_are() -> None:
    assert resized(IMAGES, 32) is IMAGES


@pytest.mark.parametrize("size", [0, 7, 97])
def test_sizes_out_of_range_are_refused(size: int) -> None:
    with pytest.raises(SettingError, match=f"size = {size} of the dataset 'shapes' is out of range") as caught:
        require_size(size, 96, "shapes")
    assert "Choose from 8 to 96" in str(caught.value)


def test_the_own_size_is_in_range() -> None:
    require_size(96, 96, "shapes")
