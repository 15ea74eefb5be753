"""Heads of soft ellipsoids: skull, jaw, brows, eyes, nose, mouth, ears, neck and hair, in proportions of their own.

Coordinates: x to the head's left as the viewer sees it from the front, to the right; y up; z out of the face. The skull
reaches from about -1 at the chin to 1 at the crown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self, TypeVar

import numpy as np

from disentangle_bench.datasets.rendering.blobs import Blob, Body, Paint

HAIR = ("short", "bald", "bob", "bun", "curls", "crest", "receding", "long")
CAPPED = ("short", "bun", "bob", "long", "curls")
"""Those that have a hairline."""
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
_NUMBERS = (
    "length", "jaw", "chin", "cheeks", "brow", "eye_gap", "eye_size", "nose_length", "nose_width", "lips", "ears",
    "skin", "hair_tone",
)  # fmt: skip
AnyBlob = TypeVar("AnyBlob", bound=Blob)


@dataclass(frozen=True)
class Traits:
    """What tells one head from another; each from -1 to 1, 0 being the mean, but for `hair`, one of `HAIR`."""

    length: float
    jaw: float
    chin: float
    cheeks: float
    brow: float
    eye_gap: float
    eye_size: float
    nose_length: float
    nose_width: float
    lips: float
    ears: float
    skin: float
    hair_tone: float
    hair: str = "short"
    beard: bool = False

    @classmethod
    def of(cls, identity: int) -> Self:
        """Derive the traits from a head's number: multiples of irrational numbers spread evenly over all ranges."""
        spread = 2 * ((identity + 0.5) * np.sqrt(_PRIMES) % 1) - 1
        numbers = dict(zip(_NUMBERS, map(float, spread), strict=True))
        return cls(**numbers, hair=HAIR[identity % len(HAIR)], beard=identity % 5 == 3)

    @property
    def low(self) -> float:
        """How far a longer face moves what is below the eyes."""
        return -0.06 * self.length

    @property
    def eye(self) -> float:
        """How far the eyes are from the middle."""
        return 0.23 + 0.025 * self.eye_gap

    @property
    def tone(self) -> float:
        """The albedo of the hair."""
        return 0.40 + 0.20 * self.hair_tone


def head(identity: int, width: float) -> Body:
    """Make the head of a number, wider or narrower by a factor."""
    traits = Traits.of(identity)
    skin = 0.76 + 0.16 * traits.skin
    blobs = [replace(blob, albedo=skin) for blob in (*skull(traits), *features(traits))]
    blobs += [replace(blob, albedo=traits.tone) for blob in hair(traits)]
    return Body([widened(blob, width) for blob in blobs], [widened(paint, width) for paint in paint_of(traits)])


def widened(blob: AnyBlob, width: float) -> AnyBlob:
    """Return a blob as it is in a head that is so much wider."""
    (x, y, z), (half_x, half_y, half_z) = blob.center, blob.half
    return replace(blob, center=(x * width, y, z), half=(half_x * width, half_y, half_z))


def both(*blobs: AnyBlob) -> Iterator[AnyBlob]:
    """Yield blobs of the one side, and their mirror images."""
    for blob in blobs:
        x, y, z = blob.center
        yield from (blob, replace(blob, center=(-x, y, z)))


def skull(traits: Traits) -> list[Blob]:
    """Make cranium, face, jaw, chin, cheeks, ears and neck."""
    t, low = traits, traits.low
    ear = (0.05 + 0.03 * max(t.ears, 0), 0.18 + 0.05 * t.ears, 0.12 + 0.02 * t.ears)
    return [
        Blob((0, 0.36, -0.12), (0.58, 0.57 + 0.03 * t.length, 0.72)),
        Blob((0, 0.02 + low, 0.14), (0.51, 0.66, 0.53)),
        Blob((0, -0.48 + low, 0.22), (0.41 + 0.07 * t.jaw, 0.38, 0.42)),
        Blob((0, -0.78 + low, 0.43 + 0.06 * t.chin), (0.20 + 0.03 * t.jaw, 0.15, 0.16)),
        Blob((0, -1.25, -0.20), (0.35 + 0.05 * t.jaw, 0.90, 0.36)),
        *both(
            Blob((0.29, -0.16 + low, 0.38), (0.20, 0.22, 0.20 + 0.03 * t.cheeks), weight=0.8),
            Blob((0.59, 0.0, -0.06), ear),
        ),
    ]


def features(traits: Traits) -> list[Blob]:
    """Make brows, eyes in their sockets, nose and mouth."""
    t, low = traits, traits.low
    tip, out = low - 0.15 - 0.05 * t.nose_length, 0.745 + 0.04 * t.nose_length
    return [
        Blob((0, 0.03 + low / 2, 0.64), (0.065, 0.24, 0.10), tilt=-16),
        Blob((0, tip, out), (0.08 + 0.015 * t.nose_width, 0.08, 0.10)),
        Blob((0, -0.44 + low, 0.46), (0.24, 0.18, 0.19)),
        Blob((0, -0.405 + low, 0.60), (0.12, 0.032 + 0.01 * t.lips, 0.05)),
        Blob((0, -0.485 + low, 0.585), (0.10, 0.04 + 0.015 * t.lips, 0.05)),
        *both(
            Blob((0.19, 0.20, 0.56 + 0.02 * t.brow), (0.18, 0.065 + 0.015 * t.brow, 0.10)),
            Blob((t.eye, 0.05, 0.73), (0.15, 0.11, 0.14), weight=-0.75),
            Blob((t.eye, 0.045, 0.55), (0.095, 0.08 + 0.012 * t.eye_size, 0.10)),
            Blob((0.085 + 0.025 * t.nose_width, tip - 0.03, 0.68), (0.055, 0.05, 0.07)),
        ),
    ]


def hair(traits: Traits) -> list[Blob]:
    """Make the hair, as a shape over the skull."""
    cap = Blob((0, 0.50, -0.22), (0.63, 0.56, 0.72), tilt=-14)
    shapes = {
        "short": [cap],
        "bun": [cap, Blob((0, 0.86, -0.66), (0.24, 0.24, 0.24))],
        "curls": [
            Blob((0, 0.62, -0.26), (0.74, 0.66, 0.80)),
            *both(Blob((0.60, 0.20, -0.24), (0.26, 0.36, 0.42))),
        ],
        "crest": [Blob((0, 0.78, -0.08), (0.13, 0.42, 0.70))],
        "bob": [
            cap,
            Blob((0, 0.0, -0.52), (0.56, 0.62, 0.40)),
            *both(Blob((0.60, -0.12, -0.18), (0.13, 0.58, 0.34))),
        ],
        "long": [
            cap,
            Blob((0, -0.50, -0.56), (0.56, 1.05, 0.30)),
            *both(Blob((0.58, -0.45, -0.16), (0.13, 0.95, 0.30))),
        ],
        "receding": [Blob((0, 0.16, -0.46), (0.64, 0.36, 0.46))],
    }
    return shapes.get(traits.hair, [])


def paint_of(traits: Traits) -> list[Paint]:
    """Make the paint of beard, lips, brows and eyes."""
    t, low = traits, traits.low
    beard = Paint((0, -0.74 + low, 0.40), (0.52, 0.42, 0.46), weight=0.75, albedo=t.tone, edge=3)
    cap = Paint((0, 0.66, -0.36), (0.90, 0.68, 0.90), albedo=t.tone, edge=6)
    return [
        *([beard] if t.beard else []),
        *([cap] if t.hair in CAPPED else []),
        Paint((0, -0.445 + low, 0.66), (0.16, 0.075 + 0.02 * t.lips, 0.18), weight=0.9, albedo=0.36, edge=2),
        *both(
            Paint((0.22, 0.215, 0.66), (0.155, 0.04, 0.30), weight=0.85, albedo=0.8 * t.tone, edge=1.5),
            Paint((t.eye, 0.045, 0.64), (0.10, 0.040 + 0.012 * t.eye_size, 0.14), albedo=0.9, edge=2),
            Paint((t.eye, 0.045, 0.64), (0.045, 0.048, 0.14), albedo=0.08, edge=2),
        ),
    ]
