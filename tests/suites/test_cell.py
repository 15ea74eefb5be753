"""A cell is named by all that determines its result, and by nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from disentangle_bench.errors import SettingError
from disentangle_bench.suites.cell import cells_of, seeds_in
from disentangle_bench.suites.find import find_suite
from disentangle_bench.suites.suite import Suite


def suite(**changes: object) -> Suite:
    values = {
        "name": "mine",
        "version": 1,
        "seeds": [0, 1],
        "metrics": ["mig"],
        "entries": {"a": {"recipe": "infogan-digits", "settings": {"steps": 5}}},
    }
    return Suite.model_validate({**values, **changes})


def identities(of: Suite) -> set[str]:
    return {cell.identity for cell in cells_of(of)}


def test_cells_are_listed_seed_by_seed() -> None:
    names = [cell.name for cell in cells_of(find_suite("smoke").with_seeds((0, 1)))]
    assert names == ["infogan/seed-0", "gan-with-q/seed-0", "infogan/seed-1", "gan-with-q/seed-1"]


def test_the_identity_depends_on_what_determines_the_result() -> None:
    """Each of these changes is of other cells; of metrics, gates and titles it is not."""
    before = identities(suite())
    assert len(before) == 2
    for changes in (
        {"entries": {"a": {"recipe": "infogan-digits", "settings": {"steps": 6}}}},
        {"entries": {"a": {"recipe": "gan-with-q-digits", "settings": {"steps": 5}}}},
        {"entries": {"a": {"recipe": "infogan-digits", "settings": {"steps": 5, "dataset.correlate": "x:y=0.1"}}}},
        {"seeds": [2, 3]},
        {"training": {"precision": "bf16-mixed"}},
        {"training": {"threads": 2}},
    ):
        assert not before & identities(suite(**changes)), changes
    for changes in (
        {"metrics": ["sap"]},
        {"evaluation": {"bootstrap": 0}},
        {"version": 2},
        {"entries": {"other": {"recipe": "infogan-digits", "settings": {"steps": 5}}}},
    ):
        assert before == identities(suite(**changes)), changes
    assert before < identities(suite(seeds=[0, 1, 2]))


def test_a_variant_has_cells_of_its_own() -> None:
    variant = suite().with_settings({"steps": 6})
    assert variant.label != suite().label
    assert not identities(variant) & identities(suite())
    assert cells_of(variant)[0].recipe.steps == 6  # type: ignore[union-attr]


def test_a_variant_may_be_trained_in_another_way() -> None:
    """It reaches training instead of recipes, and is the same however its value is written."""
    mixed = suite(training={"precision": "bf16-mixed", "threads": 2})
    variant = mixed.with_settings({"training.precision": 32, "steps": 6})
    assert (variant.training.precision, variant.training.threads) == ("32", 2)
    assert variant.variant == {"training.precision": "32", "steps": 6}
    assert variant.label == mixed.with_settings({"training.precision": "32", "steps": 6}).label != mixed.label
    assert identities(variant) == identities(
        suite(training={"precision": 32, "threads": 2}).with_settings({"steps": 6})
    )
    assert not identities(variant) & identities(mixed.with_settings({"steps": 6}))
    assert mixed.training.precision == "bf16-mixed"
    kept = Suite.model_validate(variant.described()["suite"])  # as the folder of results keeps it
    assert kept.with_settings(variant.variant).described() == variant.described()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"precision": 32}, "'precision' is not a setting of recipes.*\nUse --set training.precision=32"),
        ({"training.precison": 32}, "no setting 'training.precison' of a suite.\nDid you mean training.precision"),
        ({"training.x": 1}, "no setting 'training.x' of a suite.\nThe table .training. has device, precision"),
        ({"training.precision": 31}, "training.precision: input should be 'auto', '32'.*given: '31'"),
        ({"training.precision": True}, "training.precision: input should be .*given: True"),
        ({"training.threads": 0}, "training.threads: input should be greater than or equal to 1"),
    ],
)
def test_settings_of_training_are_checked(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SettingError) as caught:
        suite().with_settings(settings)
    assert re.search(said, str(caught.value))


def test_files_of_codes_are_named_by_their_content(opened, suite_file: Path) -> None:  # type: ignore[no-untyped-def]
    bench = opened()
    before = {cell.name: cell.identity for cell in cells_of(bench.suite)}
    assert set(before) == {f"{name}/seed-{seed}" for name in ("clean", "noisy") for seed in range(3)}
    target = suite_file.parent / "clean" / "seed-1.npz"
    target.write_bytes((suite_file.parent / "noisy" / "seed-1.npz").read_bytes())
    after = {cell.name: cell.identity for cell in cells_of(bench.suite)}
    assert {name for name in before if before[name] != after[name]} == {"clean/seed-1"}


def test_your_own_images_are_known_by_their_content(tmp_path: Path) -> None:
    mine = suite(entries={"a": {"recipe": "infogan", "dataset": "arrays"}}, seeds=[0])
    path = tmp_path / "mine.npz"
    path.write_bytes(b"one")
    one = cells_of(mine, data_dir=path)
    path.write_bytes(b"two")
    assert one[0].identity != cells_of(mine, data_dir=path)[0].identity


def test_seeds_are_taken_from_names() -> None:
    assert seeds_in([Path("seed-3.npz"), Path("run_seed_1.h5")]) == [3, 1]
    assert seeds_in([Path("a.npz"), Path("seed-1.npz")]) == [0, 1]
    assert seeds_in([Path("seed-1-a.npz"), Path("seed-1-b.npz")]) == [0, 1]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"recipe": "infogan-digts"}, "entries.a: There is no recipe named 'infogan-digts'"),
        ({"recipe": "infogan-digits", "settings": {"step": 5}}, "entries.a: .*step: there is no such setting"),
        ({"recipe": "infogan", "dataset": "mnst"}, "entries.a: .*'mnst'"),
        ({"recipe": "none.toml"}, "entries.a: Could not read the recipe"),
        ({"representations": ["none/*.npz"]}, "entries.a.representations: no file matches"),
    ],
)
def test_what_does_not_exist_is_named_with_its_entry(entry: dict[str, object], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        cells_of(suite(entries={"a": entry}))
