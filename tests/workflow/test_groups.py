"""Which runs and files a path or pattern names, and the seeds in their names."""

from pathlib import Path

import pytest

from disentangle_bench.workflow.groups import group_at, group_of_glob, seed_in, subjects_at


@pytest.mark.parametrize(
    ("path", "seed"),
    [
        ("out/seed-3.npz", 3),
        ("vae_seed12_beta4.npz", 12),
        ("Seed=7.json", 7),
        ("ours/4.h5", 4),
        ("runs/seed-5/codes.npz", 5),
        ("beta4.npz", None),
        ("codes.npz", None),
    ],
)
def test_the_seed_in_a_path(path, seed):
    assert seed_in(Path(path)) == seed


def test_a_file_is_itself_whether_it_is_there_or_not():
    assert group_at(Path("nowhere/codes.npz")).paths == (Path("nowhere/codes.npz"),)


def test_files_of_a_folder_come_in_the_order_of_their_numbers(tmp_path):
    for name in ("seed-10.npz", "seed-9.npz", "seed-1.npz", ".hidden.npz", "notes.txt"):
        (tmp_path / name).touch()
    group = group_at(tmp_path)
    assert [path.name for path in group.paths] == ["seed-1.npz", "seed-9.npz", "seed-10.npz"]
    assert group.name == tmp_path.name


def test_a_pattern_finds_folders_of_seeds_and_files_once(tmp_path):
    (tmp_path / "runs" / "seed-0").mkdir(parents=True)
    (tmp_path / "runs" / "seed-1").mkdir()
    (tmp_path / "codes.npz").touch()
    group = group_of_glob("ours", str(tmp_path / "**"))
    assert [path.name for path in group.paths] == ["codes.npz", "seed-0", "seed-1"]


def test_a_folder_of_codes_is_each_of_its_files_and_any_other_itself(tmp_path):
    for name in (
        "ours/seed-10.npz",
        "ours/seed-9.h5",
        "ours/seed-9.json",
        "empty/notes.txt",
        "runs/seed-1/recipe.toml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in subjects_at(tmp_path / "ours")] == ["seed-9.h5", "seed-10.npz"]
    assert subjects_at(tmp_path / "runs") == [tmp_path / "runs" / "seed-1"]
    assert subjects_at(tmp_path / "empty") == [tmp_path / "empty"]
    assert subjects_at(tmp_path / "nowhere.npz") == [tmp_path / "nowhere.npz"]
    (tmp_path / "ours" / "provenance.json").touch()
    assert subjects_at(tmp_path / "ours") == [tmp_path / "ours"], "a run"
