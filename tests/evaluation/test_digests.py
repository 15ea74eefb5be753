from __future__ import annotations

from pathlib import Path

import numpy as np

from disentangle_bench.evaluation.representation_subject import subject_of_representation
from disentangle_bench.representation import Representation, open_representation
from disentangle_bench.representation.variables import Variables


def test_rows_have_the_same_name_wherever_they_lie(tmp_path: Path):
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 9, (70_000, 2)).astype(np.int8)
    data = Representation.of(rng.normal(size=(70_000, 1)), factors, rng.random(70_000) < 0.5)
    data.save(tmp_path / "codes.h5")
    stored = subject_of_representation(open_representation(tmp_path / "codes.h5"), "stored")
    wider = Representation.of(data.codes, factors.astype(np.int64), data.train)
    assert stored.samples == subject_of_representation(wider, "wider").samples
    decimals = Representation.of(data.codes, factors.astype(np.float32), data.train)
    assert stored.samples == subject_of_representation(decimals, "as decimals").samples
    huge = Representation.of(data.codes, factors * 1e30, data.train, factor_kinds=["ordinal"] * factors.shape[1])
    assert stored.samples != subject_of_representation(huge, "huge").samples
    other = Representation.of(data.codes, factors[::-1], data.train)
    assert stored.samples != subject_of_representation(other, "other").samples


def test_the_digest_of_the_data_is_of_what_is_evaluated_and_not_of_how_it_lies(tmp_path: Path):
    def digest(data: Representation, **options: object) -> str:
        return subject_of_representation(data, "any", **options).info["data_sha256"]

    data = Representation.of(np.arange(300.0), np.arange(300) % 3, np.arange(300) % 4 > 0)
    data.save(tmp_path / "codes.h5")
    data.save(tmp_path / "codes.npz")
    assert digest(open_representation(tmp_path / "codes.h5")) == digest(data)
    assert digest(Representation.load(tmp_path / "codes.npz"), seed=1) == digest(data)
    others = [
        Representation.of(data.codes, data.factors),
        Representation.of(data.codes, None, data.train),
        Representation.of(data.codes.values + 1, data.factors, data.train),
        Representation.of(Variables.wrap(data.codes.values, names=["other"]), data.factors, data.train),
        Representation(data.codes, data.factors, data.train, {"c1": np.zeros((300, 2))}),
    ]
    digests = [digest(data), digest(data, rows=100), digest(data, rows=101), *map(digest, others)]
    assert len(set(digests)) == len(digests)
