"""What `check` checks: by name or by place, of one kind or of every kind that bears the name."""

from __future__ import annotations

import pytest

from disentangle_bench.errors import DbenchError, MetricError, UnknownNameError
from disentangle_bench.models import MODELS
from disentangle_bench.workflow.check import check

METRIC = "disentangle_bench.metrics.predictor.clustering"


def first(name: str, **options: object) -> tuple[str, str]:
    kind, outcome = next(check(name, **options))
    return kind, outcome.fault


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("c1-accuracy", "metric"),
        (f"{METRIC}.c1_accuracy", "metric"),
        (f"{METRIC}:c1_accuracy", "metric"),
        ("digits", "dataset"),
        ("disentangle_bench.datasets.digits:digits", "dataset"),
        ("infogan", "model"),
        ("disentangle_bench.models.infogan.InfoGAN", "model"),
        ("disentangle_bench.models.networks.digits.digits", "networks"),
    ],
)
def test_by_name_and_by_place(name: str, kind: str) -> None:
    assert first(name) == (kind, "")


def test_several_of_one_name() -> None:
    assert {kind for kind, _ in check("digits")} == {"dataset", "networks"}
    assert {kind for kind, _ in check("digits", kind="networks")} == {"networks"}


def test_a_model_at_a_place_is_registered_for_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODELS, "_targets", {**MODELS._all()})
    assert first("tests.models.conformance.test_check_model.Sound") == ("model", "")
    assert MODELS.get("sound").summary == "Linear autoencoder."


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("c1-acuracy", UnknownNameError, "Did you mean 'c1-accuracy'"),
        ("digit", UnknownNameError, "Did you mean 'digits'"),
        ("nowhere.metric", DbenchError, "'nowhere' cannot be imported"),
        (f"{METRIC}.c1_acuracy", UnknownNameError, "Did you mean 'c1_accuracy'"),
        ("disentangle_bench.seeds.derive_seed", MetricError, "is not a metric"),
        ("disentangle_bench.datasets.digits.Digits", DbenchError, "is a class: let the entry point name an instance"),
        ("disentangle_bench.models.model.Model", DbenchError, "it has no text `summary` and no text `source`"),
        ("disentangle_bench.latents.LatentSpec", MetricError, "A model is a subclass of"),
    ],
)
def test_what_is_not_there_or_of_no_kind(name: str, error: type[DbenchError], says: str) -> None:
    with pytest.raises(error) as caught:
        next(check(name))
    assert says in str(caught.value)
