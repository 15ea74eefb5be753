"""Models are ranked by the codes that they have for the same samples, and by no others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import disentangle_bench as db
from disentangle_bench.errors import MetricError, RepresentationError, RunError
from disentangle_bench.evaluation.rank import rank_models, read_models
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.representation import Representation
from disentangle_bench.run import Run

N = 600
SOURCES = np.random.default_rng(0).uniform(-1, 1, (N, 3))
FACTORS = np.arange(N) % 5
QUICK = {"model-centrality": {"batch_size": 50, "votes": 200}}


def mixed(seed: int) -> np.ndarray:
    return SOURCES @ np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0]


def models(**more: Representation) -> dict[str, Representation]:
    codes = {"one": SOURCES, "mix": mixed(1), "two": -SOURCES[:, ::-1], "three": SOURCES * [1, -1, 1]}
    return {name: Representation.of(values, FACTORS) for name, values in codes.items()} | more


def test_models_that_agree_come_first():
    ranking = rank_models(models(), settings=QUICK)
    assert ranking.criteria == ["udr/lasso", "udr/spearman", "model-centrality"]
    assert ranking.models[-1].name == "mix"
    assert [place.rank for place in ranking.models[-1].places] == [4, 4, 4]
    assert ranking.samples == N
    assert ranking.unchecked == []


def test_a_collapsed_model_comes_last_with_a_reason():
    ranking = rank_models(models(dead=Representation.of(np.zeros((N, 2)), FACTORS)), ["udr/spearman"])
    assert ranking.models[-1].name == "dead"
    assert ranking.models[-1].mean_rank is None
    assert "no code varies enough" in ranking.models[-1].places[0].reason


def test_a_mean_rank_is_the_mean_of_ranks():
    for model in rank_models(models(), settings=QUICK).models:
        assert model.mean_rank == pytest.approx(np.mean([place.rank for place in model.places]))


def test_models_without_factors_are_taken_on_trust_and_named():
    assert rank_models(models(new=Representation.of(SOURCES)), ["udr/spearman"]).unchecked == ["new"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Representation.of(SOURCES[:-1], FACTORS[:-1]), "three and new have codes .* 600 and 599 of them"),
        (Representation.of(SOURCES, FACTORS[::-1]), "their factors differ in 480 of 600, first in row 0"),
        (Representation.of(SOURCES, np.stack([FACTORS, FACTORS], axis=1)), "with 1 and 2 factors"),
    ],
)
def test_codes_for_other_samples_are_refused(other, said):
    with pytest.raises(RepresentationError, match=said):
        rank_models(models(new=other))


def test_the_type_of_labels_does_not_make_them_others():
    for labels in (FACTORS.astype(float), FACTORS.astype(str), FACTORS.astype(np.uint8)):
        assert rank_models(models(new=Representation.of(SOURCES, labels)), ["udr/spearman"]).unchecked == []


def test_two_models_are_no_ranking():
    with pytest.raises(RepresentationError, match="There are 2 models"):
        rank_models(dict(list(models().items())[:2]))


def test_a_metric_of_one_model_ranks_none():
    with pytest.raises(MetricError, match="'mig' needs codes, factors"):
        rank_models(models(), ["mig"])


def evaluated(path: Path, codes: np.ndarray) -> Run:
    """A run folder with codes in it, as `dbench eval` leaves it."""
    run = Run.create(path, find_recipe("infogan-digits"), {"seed": int(path.name[-1])})
    run.model_file.write_bytes(b"")
    Representation.of(codes, FACTORS).save(run.representation_file)
    return run


def test_runs_folders_of_seeds_and_files(tmp_path):
    for seed in range(2):
        evaluated(tmp_path / "infogan" / f"seed-{seed}", mixed(seed))
    Representation.of(SOURCES, FACTORS).save(tmp_path / "mine.npz")
    single = evaluated(tmp_path / "seed-3", SOURCES)
    read = read_models([tmp_path / "infogan", tmp_path / "mine.npz", single.path])
    names = ["infogan/seed-0", "infogan/seed-1", "mine.npz", "seed-3"]
    assert list(read) == [str(tmp_path / name) for name in names]
    ranking = db.rank(tmp_path / "infogan", tmp_path / "mine.npz", single, metrics=["udr/lasso"])
    assert {model.name for model in ranking.models} == set(read)


def test_representations_by_name():
    ranking = db.rank(metrics=["udr/lasso"], **models())
    assert ranking.models[-1].name == "mix"


def test_what_cannot_be_read(tmp_path):
    run = evaluated(tmp_path / "seed-0", SOURCES)
    with pytest.raises(RunError, match="given twice"):
        read_models([run.path, run.path])
    run.representation_file.unlink()
    with pytest.raises(RunError, match=r"has no representation\.h5"):
        read_models([run.path])
    with pytest.raises(RepresentationError, match="There is no file"):
        read_models([tmp_path / "none.npz"])
