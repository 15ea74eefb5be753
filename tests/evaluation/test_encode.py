"""A run's images are encoded once, and again only if model, data or encoding are others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.evaluation import encode
from disentangle_bench.evaluation.encode import encoded
from disentangle_bench.evaluation.samples import Samples, load_samples, save_samples
from disentangle_bench.evaluation.subject import Parts, Subject
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.representation import Representation
from disentangle_bench.representation.variables import Variables
from disentangle_bench.run import Run

CODES = Variables.wrap(np.random.default_rng(0).normal(size=(20, 2)))
POSTERIOR = {"c1": np.random.default_rng(1).normal(size=(20, 2))}


class Encoder:
    """A subject that counts how often its images are encoded."""

    def __init__(self) -> None:
        self.calls = 0

    def subject(self, model: str = "m", data: str = "d") -> Subject:
        parts = Parts({"codes": self.codes, "posterior_parameters": lambda: POSTERIOR, "images": pytest.fail})
        return Subject("mine", parts, {"samples": 20, "model_sha256": model, "data_sha256": data})

    def codes(self) -> Variables:
        self.calls += 1
        return CODES


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", find_recipe("infogan-digits"), {"seed": 0})


@pytest.fixture
def encoder() -> Encoder:
    return Encoder()


def test_codes_and_posterior_are_kept_and_reused_to_the_bit(run: Run, encoder: Encoder) -> None:
    for _ in range(2):
        subject = encoded(run, encoder.subject())
        assert np.array_equal(subject.parts["codes"].values, CODES.values)
        assert np.array_equal(subject.parts["posterior_parameters"]["c1"], POSTERIOR["c1"])
        assert "images" in subject.parts  # and was not made
    assert encoder.calls == 1
    assert np.array_equal(Representation.load(run.representation_file).codes, CODES)


@pytest.mark.parametrize("changes", [{"model": "other"}, {"data": "other"}])
def test_another_model_and_other_data_are_encoded_anew(run: Run, encoder: Encoder, changes: dict[str, str]) -> None:
    encoded(run, encoder.subject())
    encoded(run, encoder.subject(**changes))
    encoded(run, encoder.subject(**changes))
    assert encoder.calls == 2


def test_another_encoding_and_the_wish_to_do_so_encode_anew(
    run: Run, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded(run, encoder.subject())
    encoded(run, encoder.subject(), again=True)
    assert encoder.calls == 2
    monkeypatch.setattr(encode, "ENCODING", "another")
    encoded(run, encoder.subject())
    assert encoder.calls == 3


@pytest.mark.parametrize("damage", [b"", b"not HDF5"])
def test_a_damaged_file_is_written_again(run: Run, encoder: Encoder, damage: bytes) -> None:
    encoded(run, encoder.subject())
    run.representation_file.write_bytes(damage)
    encoded(run, encoder.subject())
    assert np.array_equal(Representation.load(run.representation_file).codes, CODES)


def test_damaged_codes_are_reported_and_written_again(
    run: Run, encoder: Encoder, caplog: pytest.LogCaptureFixture
) -> None:
    encoded(run, encoder.subject())
    content = bytearray(run.representation_file.read_bytes())
    middle = content.rindex(b"TREE") if b"TREE" in content else len(content) // 2
    content[middle : middle + 200] = bytes(200)
    run.representation_file.write_bytes(bytes(content))
    subject = encoded(run, encoder.subject())
    assert np.array_equal(subject.parts["codes"].values, CODES.values)
    assert np.array_equal(Representation.load(run.representation_file).codes, CODES)


def test_what_is_not_to_be_kept_is_reused_but_not_written(run: Run, encoder: Encoder) -> None:
    encoded(run, encoder.subject(), keep=False)
    assert not run.representation_file.exists()
    encoded(run, encoder.subject())
    encoded(run, encoder.subject(), keep=False)
    assert encoder.calls == 2


def test_samples_that_an_earlier_version_kept_in_the_representation_are_not_lost(run: Run, encoder: Encoder) -> None:
    save_samples(run.representation_file, {"mig": Samples(np.ones(3), "rows")})
    encoded(run, encoder.subject())
    assert list(load_samples(run.samples_file)) == ["mig"]
