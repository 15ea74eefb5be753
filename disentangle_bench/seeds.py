"""Seeds derived from a name, so that adding one random draw does not change any other."""

from __future__ import annotations

import hashlib


def derive_seed(seed: int, *names: str | int) -> int:
    """Derive a 63-bit seed for one purpose, such as `derive_seed(0, "latents", step)`."""
    text = "/".join(map(str, (seed, *names)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
