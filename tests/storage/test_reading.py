from __future__ import annotations

import hashlib
from pathlib import Path

from disentangle_bench.storage import sha256


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")  # the example of FIPS 180-2
    assert sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    path.write_bytes(bytes(3 << 20))
    assert sha256(path) == hashlib.sha256(bytes(3 << 20)).hexdigest()
