"""Derived seeds: the same for the same purpose, apart for others."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.seeds import derive_seed

names = st.lists(st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"])) | st.integers(), max_size=3)


def test_values_are_fixed_for_good() -> None:
    """A change would silently change every number that was ever published with this package."""
    assert derive_seed(0, "latents", 1) == 3176931805883220300
    assert derive_seed(1, "order", 0) == 433034383059858670


@given(seed=st.integers(), path=names)
def test_they_fit_every_generator(seed: int, path: list[str | int]) -> None:
    assert 0 <= derive_seed(seed, *path) < 2**63
    assert derive_seed(seed, *path) == derive_seed(seed, *path)


@given(first=st.tuples(st.integers(), names), second=st.tuples(st.integers(), names))
def test_other_seeds_and_other_purposes_differ(
    first: tuple[int, list[str | int]], second: tuple[int, list[str | int]]
) -> None:
    def as_words(pair: tuple[int, list[str | int]]) -> list[str]:
        return [str(word) for word in (pair[0], *pair[1])]

    if as_words(first) != as_words(second):
        assert derive_seed(first[0], *first[1]) != derive_seed(second[0], *second[1])


def test_neighboring_steps_share_nothing() -> None:
    seeds = [derive_seed(0, "latents", step) for step in range(1000)]
    assert len(set(seeds)) == 1000
    ones = [bin(a ^ b).count("1") for a, b in pairwise(seeds)]
    assert 30 < sum(ones) / len(ones) < 33  # half of the 63 bits
