"""Samples and resamples within a JSON file: exact, compact, and never more than a bounded amount."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.errors import RunError
from disentangle_bench.evaluation import packed
from disentangle_bench.evaluation.packed import packed_replicates, packed_samples, unpacked_replicates, unpacked_samples
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.evaluation.samples import Replicates, Samples


def results() -> Results:
    made = Results(subject={"name": "mine"}, scores={"mig": ScoreEntry(metric="mig", value=0.5)})
    made.samples["mig"] = Samples(np.array([0.25, 0.75]), "rows")
    made.replicates["mig"] = Replicates(np.array([0.1, np.nan, 1 / 3]), "3 resamples", "rows")
    return made


def test_come_back_to_the_bit_through_text() -> None:
    values = np.random.default_rng(0).normal(size=100)
    values[3] = np.nan
    samples = json.loads(json.dumps(packed_samples({"a": Samples(values, "rows")})))
    replicates = json.loads(json.dumps(packed_replicates({"a": Replicates(values, "100 resamples", "rows")})))
    assert unpacked_samples(samples)["a"].values.tobytes() == values.tobytes()
    assert unpacked_samples(samples)["a"].pairing == "rows"
    assert unpacked_replicates(replicates)["a"].values.tobytes() == values.tobytes()
    assert unpacked_replicates(replicates)["a"][1:] == ("100 resamples", "rows")


def test_outcomes_of_0_and_1_take_little_room() -> None:
    outcomes = np.random.default_rng(0).integers(0, 2, size=10_000).astype(float)
    assert len(packed_samples({"a": Samples(outcomes, "")})["a"]["values"]) < 8 * 10_000 / 10


def test_are_in_the_file_and_not_in_what_is_printed(tmp_path: Path) -> None:
    results().save(tmp_path / "a.json")
    found = Results.load(tmp_path / "a.json")
    np.testing.assert_array_equal(found.samples["mig"].values, results().samples["mig"].values)
    np.testing.assert_array_equal(found.replicates["mig"].values, results().replicates["mig"].values)
    assert not {"samples", "replicates"} & found.to_values().keys()


def bomb(_: object) -> str:
    return base64.b64encode(zlib.compress(bytes(10_000))).decode()


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: 5,
        lambda _: "&",
        lambda _: "AAAA",
        lambda text: text[: len(text) // 8 * 4],
        lambda _: base64.b64encode(zlib.compress(b"seven..")).decode(),
        bomb,
    ],
)
@pytest.mark.parametrize("part", ["samples", "replicates"])
def test_damage_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, damage) -> None:
    monkeypatch.setattr(packed, "MOST", 1_000)
    results().save(tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    values[part]["mig"]["values"] = damage(values[part]["mig"]["values"])
    (tmp_path / "a.json").write_text(json.dumps(values))
    with pytest.raises(RunError, match=r"a\.json is damaged"):
        Results.load(tmp_path / "a.json")


@pytest.mark.parametrize("values", [[], 3, {"mig": 3}, {"mig": {}}, {"sap": {"pairing": "", "values": "eJwDAAAAAAE="}}])
def test_so_is_what_is_none(tmp_path: Path, values: object) -> None:
    results().save(tmp_path / "a.json")
    whole = {**json.loads((tmp_path / "a.json").read_text()), "samples": values}
    (tmp_path / "a.json").write_text(json.dumps(whole))
    if values == []:
        assert not Results.load(tmp_path / "a.json").samples
        return
    with pytest.raises(RunError, match="is damaged"):
        Results.load(tmp_path / "a.json")


def test_samples_of_another_value_are_an_error(tmp_path: Path) -> None:
    made = results()
    made.samples["mig"] = Samples(np.array([0.9, 0.9]), "rows")
    made.save(tmp_path / "a.json")
    with pytest.raises(RunError, match="the samples of mig do not have its value for their mean"):
        Results.load(tmp_path / "a.json")
